/* Callers who never finish their requests: each has a connection, sends one header line a second on it, and dials again when it is cut off.
 * Until SIGTERM. Usage:
 *   slow PORT CALLERS
 * of 127.0.0.1. Prints `ready` when all have dialled and sent their first line, and at the end how often they dialled and were cut off. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS = 20 /* each caller has its turn in one of so many parts of a second */ };

static volatile sig_atomic_t is_over;
static struct sockaddr_in hall = {.sin_family = AF_INET};
static unsigned long dialled, cut;

static void end(int signal)
{
    (void)signal;
    is_over = 1;
}

static int dial(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert(fd >= 0);
    if (connect(fd, (struct sockaddr *)&hall, sizeof hall) != 0 && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    dialled++;
    return fd;
}

static bool says(int fd, const char *words)
{
    return send(fd, words, strlen(words), MSG_NOSIGNAL) >= 0 || errno == EAGAIN || errno == ENOTCONN;
}

static bool is_cut(int fd)
{
    char bytes[256];
    ssize_t size = recv(fd, bytes, sizeof bytes, 0);
    return size == 0 || (size < 0 && errno != EAGAIN && errno != ENOTCONN);
}

/* One caller's turn. */
static void trickle(int *fd)
{
    if (*fd >= 0 && !is_cut(*fd) && says(*fd, "X-Slow: yes\r\n"))
        return;
    if (*fd >= 0) {
        cut++;
        close(*fd);
    }
    *fd = dial();
    if (*fd >= 0) {
        struct pollfd connected = {.fd = *fd, .events = POLLOUT};
        poll(&connected, 1, 1);
        says(*fd, "POST /kannel/mo?id=slow HTTP/1.1\r\n");
    }
}

static void allow_descriptors(unsigned count)
{
    struct rlimit limit;
    assert(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max < count ? limit.rlim_max : count;
    assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    hall.sin_port = htons((unsigned short)atoi(argv[1]));
    hall.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    unsigned callers = (unsigned)atoi(argv[2]);
    int *fd = malloc(callers * sizeof *fd);
    assert(fd != NULL && callers > 0);
    memset(fd, -1, callers * sizeof *fd);
    signal(SIGTERM, end);
    allow_descriptors(callers + 16);
    for (unsigned round = 0; !is_over; round++) {
        for (unsigned i = round % ROUNDS; i < callers; i += ROUNDS)
            trickle(&fd[i]);
        if (round == ROUNDS - 1) {
            puts("ready");
            fflush(stdout);
        }
        usleep(1000000 / ROUNDS);
    }
    printf("dialled %lu cut %lu\n", dialled, cut);
    free(fd);
    return 0;
}

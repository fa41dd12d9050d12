/* Loads a real Kannel through its fake SMSC, whose protocol is lines over TCP (kannel.md §2): sends COUNT messages of many subscribers
 * and counts the messages that come back. Prints `sent S seconds T answered A per_second R`. Ends when all have been answered, or nothing
 * came for 15 seconds. Usage: fake_load PORT COUNT FIRST_MSISDN SUBSCRIBERS TEXT [WINDOW] */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum { SILENCE_MS = 15000 };

static int connect_to(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

/* Reads what has come and gives the number of lines in it; -1 at the end. */
static long read_lines(int fd)
{
    static char bytes[65536];
    ssize_t n = read(fd, bytes, sizeof(bytes));
    long lines = 0;
    for (ssize_t i = 0; i < n; i++)
        lines += bytes[i] == '\n';
    return n <= 0 ? -1 : lines;
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return 2;
    unsigned long count = strtoul(argv[2], NULL, 10), subscribers = strtoul(argv[4], NULL, 10), sent = 0, answered = 0;
    unsigned long window = argc > 6 ? strtoul(argv[6], NULL, 10) : 400;
    uint64_t first = strtoull(argv[3], NULL, 10), start_us, last_us;
    int fd = connect_to((unsigned)atoi(argv[1]));
    if (fd < 0) {
        perror("fake_load: connect");
        return 1;
    }
    start_us = last_us = clock_us();
    while (answered < count) {
        while (sent < count && sent - answered < window) {
            char line[256];
            int size = snprintf(line, sizeof(line), "%" PRIu64 " 10086 text %s\n", first + sent % subscribers, argv[5]);
            if (!write_all(fd, line, (size_t)size))
                return 1;
            sent++;
        }
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, SILENCE_MS) <= 0)
            break;
        long lines = read_lines(fd);
        if (lines < 0)
            break;
        answered += (unsigned long)lines;
        last_us = clock_us();
    }
    double seconds = (double)(last_us - start_us) / 1e6;
    printf("sent %lu seconds %.2f answered %lu per_second %.0f\n", sent, seconds, answered, (double)answered / seconds);
    return answered == count ? 0 : 1;
}

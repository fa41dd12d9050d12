/* A TCP proxy on 127.0.0.1 that makes faults at a given byte: it cuts a connection, kills a process, or holds back what comes. Usage:
 *   proxy LISTEN_PORT TARGET_PORT
 * It obeys the lines on its standard input, answers each with one line, and ends with it:
 *   cut up|down N TEXT       the connection on which TEXT comes up next is cut when N bytes more have passed in this direction; up counts
 *                            from the first byte of the piece that TEXT is in, so `up 0` lets nothing of it pass
 *   kill up|down N TEXT PID  the same, and PID is killed (-9) before the connection is cut
 *   hold up|down N TEXT      the same, but the connection stays, and what comes in this direction waits for `go`
 *   go                       lets all go on that is held
 *   refuse N                 the next N connections are closed as soon as they are made
 *   fired                    waits until every order above has been carried out
 *   walk TEXT                whenever a word that begins with TEXT comes up and is not the latest one, cuts its connection: the first time
 *                            before the first byte, then after one byte, and so on, up to the last byte up and on through what comes down,
 *                            until a round trip is over before its turn to be cut. Behind every sixteenth cut a connection is refused too
 *   walked                   answers how many cuts that made, and `over` or `more`
 * What passes is small, so writes may block. */
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIRS_MAX = 256, RULES_MAX = 16, TEXT_MAX = 80, PIECE_MAX = 65536, REFUSE_EVERY = 16 };
enum way { UP, DOWN };
enum action { CUT, KILL, HOLD };

struct pair {
    int fd[2]; /* UP: of who called, what comes from it goes up; DOWN: of the target; -1: free */
    bool is_held[2];
    char *held[2];
    size_t held_size[2];
};

struct rule {
    enum action action;
    enum way way;
    size_t bytes; /* until it acts */
    char text[TEXT_MAX];
    pid_t pid;
    struct pair *pair; /* where the text was met; NULL: not yet */
    bool is_waiting;
};

static struct pair pairs[PAIRS_MAX];
static struct rule rules[RULES_MAX];
static unsigned to_refuse;
static unsigned short target_port;
static bool fired_is_asked;
static struct {
    char text[TEXT_MAX], latest[TEXT_MAX];
    size_t at, left; /* the byte to cut at; of those, what is still to come down */
    struct pair *pair;
    bool is_on, is_over;
} walk;

static struct sockaddr_in address(unsigned short port)
{
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void answer(const char *words)
{
    printf("%s\n", words);
    fflush(stdout);
}

static const char *find(const char *bytes, size_t size, const char *text)
{
    return *text ? memmem(bytes, size, text, strlen(text)) : NULL;
}

/* --- connections --- */

static void pair_cut(struct pair *pair)
{
    for (int way = UP; way <= DOWN; way++) {
        close(pair->fd[way]);
        free(pair->held[way]);
    }
    *pair = (struct pair){.fd = {-1, -1}};
    if (walk.pair == pair)
        walk.pair = NULL;
    for (size_t i = 0; i < RULES_MAX; i++)
        if (rules[i].pair == pair)
            rules[i].pair = NULL; /* its text may come again on another connection */
}

static void pair_open(int listener)
{
    struct sockaddr_in to = address(target_port);
    int caller = accept(listener, NULL, NULL), target = socket(AF_INET, SOCK_STREAM, 0);
    struct pair *pair = pairs;
    while (pair < pairs + PAIRS_MAX && pair->fd[UP] >= 0)
        pair++;
    assert(caller >= 0 && target >= 0 && pair < pairs + PAIRS_MAX);
    if (to_refuse > 0 || connect(target, (struct sockaddr *)&to, sizeof to) != 0) {
        to_refuse -= to_refuse > 0;
        close(caller);
        close(target);
        return;
    }
    int yes = 1; /* each piece goes on at once */
    setsockopt(caller, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(target, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    *pair = (struct pair){.fd = {caller, target}};
}

static void pair_write(const struct pair *pair, enum way way, const char *bytes, size_t size)
{
    for (ssize_t wrote; size > 0; bytes += wrote, size -= (size_t)wrote)
        if ((wrote = write(pair->fd[!way], bytes, size)) < 0)
            return; /* it ended: the next read finds out */
}

static void pair_hold(struct pair *pair, enum way way, const char *bytes, size_t size)
{
    pair->is_held[way] = true;
    pair->held[way] = malloc(size + 1);
    assert(pair->held[way]);
    memcpy(pair->held[way], bytes, size);
    pair->held_size[way] = size;
}

static void go(void)
{
    for (struct pair *pair = pairs; pair < pairs + PAIRS_MAX; pair++)
        for (int way = UP; way <= DOWN; way++) {
            if (!pair->is_held[way])
                continue;
            pair_write(pair, way, pair->held[way], pair->held_size[way]);
            free(pair->held[way]);
            pair->held[way] = NULL;
            pair->is_held[way] = false;
        }
}

/* --- what is to happen to a piece: each gives true when the piece needs nothing more --- */

static bool rule_acts(struct rule *rule, struct pair *pair, enum way way, const char *bytes, size_t size)
{
    if (rule->is_waiting && !rule->pair && way == UP && find(bytes, size, rule->text))
        rule->pair = pair;
    if (!rule->is_waiting || rule->pair != pair || rule->way != way)
        return false;
    if (size < rule->bytes) {
        rule->bytes -= size;
        return false;
    }
    pair_write(pair, way, bytes, rule->bytes);
    rule->is_waiting = false;
    if (rule->action == KILL)
        kill(rule->pid, SIGKILL);
    if (rule->action == HOLD)
        pair_hold(pair, way, bytes + rule->bytes, size - rule->bytes);
    else
        pair_cut(pair);
    return true;
}

/* A new word is met at the head of its piece. */
static bool walk_meets(struct pair *pair, const char *bytes, size_t size)
{
    const char *met = find(bytes, size, walk.text);
    char word[TEXT_MAX] = "";
    for (size_t i = 0; met && i + 1 < TEXT_MAX && met + i < bytes + size && met[i] > ' ' && met[i] <= '~'; i++)
        word[i] = met[i];
    if (!met || strcmp(word, walk.latest) == 0)
        return false;
    memcpy(walk.latest, word, sizeof word);
    size_t at = walk.at++;
    to_refuse += at % REFUSE_EVERY == 0;
    if (at > size) {
        walk.left = at - size;
        walk.pair = pair;
        return false;
    }
    pair_write(pair, UP, bytes, at);
    pair_cut(pair);
    return true;
}

static bool walk_acts(struct pair *pair, enum way way, const char *bytes, size_t size)
{
    if (!walk.is_on || walk.is_over)
        return false;
    if (walk.pair == pair && way == UP) { /* somebody asks for something else: the answer had no more bytes */
        walk.is_over = true;
        return false;
    }
    if (way == UP)
        return walk_meets(pair, bytes, size);
    if (walk.pair != pair)
        return false;
    if (size < walk.left) {
        walk.left -= size;
        return false;
    }
    pair_write(pair, way, bytes, walk.left);
    pair_cut(pair);
    return true;
}

static void pass(struct pair *pair, enum way way)
{
    static char bytes[PIECE_MAX];
    ssize_t size = read(pair->fd[way], bytes, sizeof bytes);
    if (size <= 0) {
        pair_cut(pair);
        return;
    }
    if (walk_acts(pair, way, bytes, (size_t)size))
        return;
    for (size_t i = 0; i < RULES_MAX; i++)
        if (rule_acts(&rules[i], pair, way, bytes, (size_t)size))
            return;
    pair_write(pair, way, bytes, (size_t)size);
}

/* --- orders --- */

static bool all_have_fired(void)
{
    for (size_t i = 0; i < RULES_MAX; i++)
        if (rules[i].is_waiting)
            return false;
    return to_refuse == 0;
}

static bool rule_read(const char *line)
{
    static const char *const actions[] = {"cut", "kill", "hold"};
    char action[8], way[8];
    struct rule rule = {.is_waiting = true};
    int fields = sscanf(line, "%7s %7s %zu %79s %d", action, way, &rule.bytes, rule.text, &rule.pid);
    if (fields < 4 || (strcmp(way, "up") != 0 && strcmp(way, "down") != 0))
        return false;
    rule.way = strcmp(way, "up") == 0 ? UP : DOWN;
    for (rule.action = CUT; rule.action <= HOLD && strcmp(action, actions[rule.action]) != 0;)
        rule.action++;
    if (rule.action > HOLD || (rule.action == KILL) != (fields == 5))
        return false;
    for (size_t i = 0; i < RULES_MAX; i++)
        if (!rules[i].is_waiting) {
            rules[i] = rule;
            return true;
        }
    return false;
}

static void obey(const char *line)
{
    char words[TEXT_MAX];
    bool is_known = true;
    if (strcmp(line, "fired\n") == 0) {
        fired_is_asked = true;
        return;
    }
    if (strcmp(line, "walked\n") == 0) {
        snprintf(words, sizeof words, "%zu %s", walk.at, walk.is_over ? "over" : "more");
        answer(words);
        return;
    }
    if (strcmp(line, "go\n") == 0)
        go();
    else if (sscanf(line, "walk %79s", walk.text) == 1)
        walk.is_on = true;
    else if (sscanf(line, "refuse %u", &to_refuse) != 1)
        is_known = rule_read(line);
    answer(is_known ? "ok" : "this is no order");
}

/* --- the loop --- */

static void serve(int listener)
{
    struct pollfd fd[2 + 2 * PAIRS_MAX];
    char line[256];
    for (;;) {
        if (fired_is_asked && all_have_fired()) {
            fired_is_asked = false;
            answer("fired");
        }
        fd[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
        fd[1] = (struct pollfd){.fd = listener, .events = POLLIN};
        for (size_t i = 0; i < PAIRS_MAX; i++)
            for (int way = UP; way <= DOWN; way++)
                fd[2 + 2 * i + (size_t)way] = (struct pollfd){.fd = pairs[i].is_held[way] ? -1 : pairs[i].fd[way], .events = POLLIN};
        if (poll(fd, 2 + 2 * PAIRS_MAX, -1) < 0)
            continue;
        for (size_t i = 0; i < PAIRS_MAX; i++)
            for (int way = UP; way <= DOWN; way++)
                if (fd[2 + 2 * i + (size_t)way].revents && pairs[i].fd[way] >= 0)
                    pass(&pairs[i], way);
        if (fd[1].revents)
            pair_open(listener);
        if (fd[0].revents) {
            if (!fgets(line, sizeof line, stdin))
                return;
            obey(line);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    struct sockaddr_in at = address((unsigned short)atoi(argv[1]));
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    target_port = (unsigned short)atoi(argv[2]);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdin, NULL, _IONBF, 0); /* a line that lies in a buffer is not seen by poll */
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 64) != 0) {
        perror("proxy");
        return 1;
    }
    for (size_t i = 0; i < PAIRS_MAX; i++)
        pairs[i].fd[UP] = pairs[i].fd[DOWN] = -1;
    answer("ready");
    serve(listener);
    return 0;
}

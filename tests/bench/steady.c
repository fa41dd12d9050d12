/* Holds a rate: messages leave at their moments whether the earlier ones are answered or not, and how long one took is measured from the
 * moment at which it should have left, so that a hall which stands still for a second shows in a thousand messages and not in one. What
 * is said is in mix.h. First it finds out how many a second the hall can carry (as many as go, on all connections, for CAPACITY_S), then
 * holds half of that, or RATE, until SIGTERM. Usage:
 *   steady PORT TOKEN_FILE FIRST_MSISDN SUBSCRIBERS CAPACITY_S WARM_S SECONDS PERIOD_S RATE
 * of 127.0.0.1; RATE 0: half of what the hall can carry. After WARM_S the seconds count; what comes after them does not. Prints, tab
 * between: capacity N         a second rate N             what it holds begin              the seconds count now slot PERIOD US N   so many
 * of the period took at most so long period PERIOD MESSAGES REFUSED LOST P50_US P99_US MAX_US   refused: not 200. Lost: no answer in
 * LOST_S, or cut off kind NAME N        how many were answered 200 in all, also of those that do not count It costs little, because it
 * shares the machine with the hall: one thread, one write and one read a message, no library. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "mix.h"

enum { SEATS = 256, LOST_S = 15, BYTES_MAX = 8192, SLOTS_OCTAVE = 32, SLOTS = 22 * SLOTS_OCTAVE, PERIODS_MAX = 10000 };

struct period {
    uint32_t slot[SLOTS];
    uint32_t messages, under_way, refused, lost;
    uint64_t most_us;
};

/* A connection, and the message on it. */
struct seat {
    int fd; /* -1: cut off, dialled again within a second */
    bool is_busy;
    struct mix_message message;
    struct period *period; /* NULL: it does not count */
    uint64_t due_us;
    size_t size;
    char bytes[BYTES_MAX];
};

struct steady {
    struct sockaddr_in hall;
    struct view token;
    char run[24]; /* begins each id */
    struct mix mix;
    int epoll;
    struct seat seat[SEATS], *free[SEATS]; /* a ring: whoever rested longest is next, so that none is cut off for idleness */
    unsigned first_free, frees;
    uint64_t number; /* of the next message */
    uint64_t answered[MIX_KINDS];
    uint64_t due_us;              /* when the next message leaves */
    uint64_t begin_us, period_us; /* the seconds count from then on */
    struct period *period;
    unsigned periods, told;
};

static volatile sig_atomic_t is_over;

static void end(int signal)
{
    (void)signal;
    is_over = 1;
}

/* --- how long they took --- */

/* A 32nd of the time exact. */
static unsigned slot_of(uint64_t us)
{
    if (us < SLOTS_OCTAVE)
        return (unsigned)us;
    unsigned octave = 63 - (unsigned)__builtin_clzll(us) - 5;
    unsigned slot = (octave + 1) * SLOTS_OCTAVE + (unsigned)(us >> octave) - SLOTS_OCTAVE;
    return slot < SLOTS ? slot : SLOTS - 1;
}

/* The longest time of the slot. */
static uint64_t slot_us(unsigned slot)
{
    unsigned octave = slot / SLOTS_OCTAVE;
    return octave ? ((uint64_t)(slot % SLOTS_OCTAVE + SLOTS_OCTAVE + 1) << (octave - 1)) - 1 : slot;
}

static uint64_t percentile(const struct period *period, unsigned percent)
{
    uint64_t all = 0, below = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        all += period->slot[i];
    for (unsigned i = 0; i < SLOTS; i++)
        if (period->slot[i] && (below += period->slot[i]) * 100 >= all * percent)
            return slot_us(i);
    return 0;
}

static void tell_period(const struct steady *steady, unsigned number)
{
    const struct period *period = &steady->period[number];
    for (unsigned i = 0; i < SLOTS; i++)
        if (period->slot[i])
            printf("slot\t%u\t%" PRIu64 "\t%u\n", number, slot_us(i), period->slot[i]);
    printf("period\t%u\t%u\t%u\t%u\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", number, period->messages, period->refused, period->lost,
           percentile(period, 50), percentile(period, 99), period->most_us);
    fflush(stdout);
}

/* Those whose messages have all left, and have nothing under way. */
static void tell_periods(struct steady *steady)
{
    while (steady->told < steady->periods && steady->due_us >= steady->begin_us + (steady->told + 1) * steady->period_us &&
           steady->period[steady->told].under_way == 0)
        tell_period(steady, steady->told++);
}

static struct period *period_at(const struct steady *steady, uint64_t due_us)
{
    if (!steady->period || due_us < steady->begin_us)
        return NULL;
    uint64_t number = (due_us - steady->begin_us) / steady->period_us;
    return number < steady->periods ? &steady->period[number] : NULL;
}

/* --- connections --- */

static void give_back(struct steady *steady, struct seat *seat)
{
    seat->is_busy = false;
    steady->free[(steady->first_free + steady->frees++) % SEATS] = seat;
}

static bool dial(struct steady *steady, struct seat *seat)
{
    int one = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = seat};
    seat->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (seat->fd >= 0 && connect(seat->fd, (struct sockaddr *)&steady->hall, sizeof(steady->hall)) == 0) {
        setsockopt(seat->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        epoll_ctl(steady->epoll, EPOLL_CTL_ADD, seat->fd, &event);
        give_back(steady, seat);
        return true;
    }
    if (seat->fd >= 0)
        close(seat->fd);
    seat->fd = -1;
    return false;
}

static void finish(struct seat *seat, bool is_lost, bool is_refused)
{
    struct period *period = seat->period;
    uint64_t us = clock_us() - seat->due_us;
    if (!period)
        return;
    period->under_way--;
    period->lost += is_lost;
    period->refused += is_refused;
    period->slot[slot_of(us)]++;
    if (us > period->most_us)
        period->most_us = us;
}

static void cut_off(struct seat *seat)
{
    if (seat->is_busy)
        finish(seat, true, false);
    close(seat->fd);
    seat->fd = -1;
}

/* Once a second: who waits too long is lost, and who was cut off dials again. A free seat that is cut off stays in the ring until its turn.
 */
static void look_after(struct steady *steady, uint64_t now)
{
    for (unsigned i = 0; i < SEATS; i++) {
        struct seat *seat = &steady->seat[i];
        if (seat->fd >= 0 && seat->is_busy && now > seat->due_us + LOST_S * UINT64_C(1000000))
            cut_off(seat);
        if (seat->fd < 0 && seat->is_busy)
            dial(steady, seat);
    }
}

/* --- a message there and back --- */

static int write_request(const struct steady *steady, const struct mix_message *message, char *bytes, size_t size)
{
    long now = (long)clock_unix_s();
    if (message->kind == MIX_REPORT)
        return snprintf(bytes, size,
                        "GET /kannel/dlr?mt=%s&msisdn=%" PRIu64 "&status=1&reason=&time=%ld&token=%.*s HTTP/1.1\r\nHost: hall\r\n\r\n",
                        message->mt, message->msisdn, now, VIEW_ARG(steady->token));
    return snprintf(bytes, size,
                    "POST /kannel/mo?id=%s-%" PRIx64 "&from=%" PRIu64 "&to=10086&coding=0&charset=UTF-8&time=%ld&smsc=soak&udh=&token=%.*s "
                    "HTTP/1.1\r\nHost: hall\r\nContent-Type: text/plain; charset=\"UTF-8\"\r\nContent-Length: %zu\r\n\r\n%s",
                    steady->run, message->number, message->msisdn, now, VIEW_ARG(steady->token), strlen(message->text), message->text);
}

static void send_next(struct steady *steady, uint64_t due_us)
{
    char bytes[1024];
    struct seat *seat = steady->free[steady->first_free];
    steady->first_free = (steady->first_free + 1) % SEATS;
    steady->frees--;
    seat->is_busy = true;
    seat->due_us = due_us;
    seat->size = 0;
    seat->period = period_at(steady, due_us);
    mix_next(&steady->mix, steady->number++, &seat->message);
    if (seat->period) {
        seat->period->messages++;
        seat->period->under_way++;
    }
    int size = write_request(steady, &seat->message, bytes, sizeof(bytes));
    assert(size > 0 && (size_t)size < sizeof(bytes));
    if (seat->fd < 0)
        finish(seat, true, false);
    else if (send(seat->fd, bytes, (size_t)size, MSG_NOSIGNAL) != size)
        cut_off(seat);
}

/* The value of a header, "" when it is not there. */
static void header(const char *head, const char *name, char *value, size_t size)
{
    const char *at = strcasestr(head, name);
    size_t length = at ? strcspn(at + strlen(name), "\r\n") : 0;
    snprintf(value, size, "%.*s", (int)length, at ? at + strlen(name) : "");
}

/* All of an answer is there. */
static void answered(struct steady *steady, struct seat *seat)
{
    char mt[MIX_MT_SIZE];
    bool is_200 = strncmp(seat->bytes, "HTTP/1.1 200", 12) == 0;
    steady->answered[seat->message.kind] += is_200;
    if (seat->message.kind == MIX_BALANCE) {
        header(seat->bytes, "\r\nX-Kannel-Account: ", mt, sizeof(mt));
        if (*mt)
            mix_answered(&steady->mix, &seat->message, mt);
    }
    finish(seat, false, !is_200);
    give_back(steady, seat);
}

static void hear(struct steady *steady, struct seat *seat)
{
    char length[16];
    ssize_t size = recv(seat->fd, seat->bytes + seat->size, BYTES_MAX - 1 - seat->size, MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN)
        return;
    if (size <= 0 || !seat->is_busy) {
        cut_off(seat);
        return;
    }
    seat->size += (size_t)size;
    seat->bytes[seat->size] = '\0';
    char *body = strstr(seat->bytes, "\r\n\r\n");
    if (!body)
        return;
    header(seat->bytes, "\r\nContent-Length: ", length, sizeof(length));
    if (seat->size >= (size_t)(body + 4 - seat->bytes) + strtoul(length, NULL, 10))
        answered(steady, seat);
}

static void hear_all(struct steady *steady)
{
    static uint64_t looked_us;
    struct epoll_event event[SEATS];
    int count = epoll_wait(steady->epoll, event, SEATS, 1);
    for (int i = 0; i < count; i++)
        hear(steady, event[i].data.ptr);
    uint64_t now = clock_us();
    if (now < looked_us + 1000000)
        return;
    looked_us = now;
    look_after(steady, now);
    tell_periods(steady);
}

/* --- the two halves --- */

static void wait_for_all(struct steady *steady)
{
    uint64_t end_us = clock_us() + (LOST_S + 2) * UINT64_C(1000000);
    while (steady->frees < SEATS && clock_us() < end_us)
        hear_all(steady);
}

static double find_capacity(struct steady *steady, unsigned seconds)
{
    uint64_t start_us = clock_us(), end_us = start_us + seconds * UINT64_C(1000000), number = steady->number;
    for (uint64_t now = start_us; now < end_us; now = clock_us()) {
        while (steady->frees)
            send_next(steady, now);
        hear_all(steady);
    }
    double rate = (double)(steady->number - number) / seconds;
    wait_for_all(steady);
    return rate;
}

static void hold(struct steady *steady, double rate, unsigned warm_s)
{
    uint64_t start_us = clock_us(), sent = 0;
    bool has_begun = false;
    steady->due_us = start_us;
    steady->begin_us = start_us + warm_s * UINT64_C(1000000);
    while (!is_over) {
        uint64_t now = clock_us();
        if (!has_begun && now >= steady->begin_us) {
            puts("begin");
            fflush(stdout);
            has_begun = true;
        }
        while (steady->due_us <= now && steady->frees) {
            send_next(steady, steady->due_us);
            steady->due_us = start_us + (uint64_t)((double)++sent * 1e6 / rate);
        }
        hear_all(steady);
    }
    wait_for_all(steady);
}

static void dial_all(struct steady *steady)
{
    steady->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; i < SEATS; i++)
        if (!dial(steady, &steady->seat[i])) {
            perror("steady: the hall cannot be reached");
            exit(1);
        }
}

int main(int argc, char **argv)
{
    static struct steady steady;
    struct secret *token;
    struct err err;
    if (argc != 10)
        return 2;
    unsigned capacity_s = (unsigned)atoi(argv[5]), seconds = (unsigned)atoi(argv[7]), period_s = (unsigned)atoi(argv[8]);
    double rate = atof(argv[9]);
    if (secret_read_file(argv[2], &token, &err) != IS_DONE) {
        fprintf(stderr, "steady: %s\n", err.text);
        return 1;
    }
    steady.hall =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    steady.token = secret_view(token);
    steady.mix.first = strtoull(argv[3], NULL, 10);
    steady.mix.subscribers = strtoull(argv[4], NULL, 10);
    snprintf(steady.run, sizeof(steady.run), "soak-%" PRIx64, (uint64_t)clock_unix_s());
    signal(SIGTERM, end);
    dial_all(&steady);
    double capacity = find_capacity(&steady, capacity_s);
    rate = (double)(uint64_t)(rate > 0 ? rate : capacity / 2);
    printf("capacity\t%.0f\nrate\t%.0f\n", capacity, rate);
    fflush(stdout);
    assert(period_s > 0 && seconds >= period_s && seconds / period_s <= PERIODS_MAX && steady.mix.subscribers >= 5 && rate > 0);
    steady.periods = seconds / period_s;
    steady.period_us = period_s * UINT64_C(1000000);
    steady.period = calloc(steady.periods, sizeof(*steady.period));
    assert(steady.period);
    hold(&steady, rate, (unsigned)atoi(argv[6]));
    for (unsigned i = 0; i < MIX_KINDS; i++)
        printf("kind\t%s\t%" PRIu64 "\n", mix_table[i].name, steady.answered[i]);
    free(steady.period);
    secret_free(&token);
    return 0;
}

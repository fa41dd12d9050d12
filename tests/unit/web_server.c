/* The HTTP server against real sockets on 127.0.0.1. */
#include "web/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/text.h"
#include "web/client.h"

/* --- a server: /now answers at once, /large with much; /later is answered by another thread, as soon as it can, or when it is let; /say
 * tells what came --- */

enum { LARGE = 16 * 1024 * 1024 };

struct bench {
    struct web_server *server;
    pthread_t answerer;
    pthread_mutex_t lock;
    pthread_cond_t change;
    struct web_request *kept[64];
    unsigned count;
    bool is_held; /* the answerer waits */
    bool is_over;
    atomic_uint too_large, too_many, too_slow, too_busy;
};

static void say(struct web_request *request)
{
    struct text out = {0};
    struct view a = web_query(request, "a"), b = web_query(request, "b");
    text_addf(&out, "%.*s %.*s peer=%.*s a=%zd:", VIEW_ARG(web_method(request)), VIEW_ARG(web_path(request)), VIEW_ARG(web_peer(request)),
              a.at != NULL ? (ssize_t)a.size : -1);
    text_add_url(&out, a);
    text_addf(&out, " b=%zd:", b.at != NULL ? (ssize_t)b.size : -1);
    text_add_url(&out, b);
    text_addf(&out, " x=%.*s body=%zu:", VIEW_ARG(web_header(request, "x-test")), web_body(request).size);
    text_add_url(&out, web_body(request));
    web_answer_text(request, 200, text_view(&out));
    text_free(&out);
}

static void say_much(struct web_request *request)
{
    char *much = calloc(1, LARGE);
    assert_non_null(much);
    memset(much, 'x', LARGE);
    web_answer_text(request, 200, (struct view){much, LARGE});
    free(much);
}

static void handle(void *context, struct web_request *request)
{
    struct bench *bench = context;
    if (view_equal(web_path(request), VIEW("/now")))
        web_answer_text(request, 200, VIEW("now"));
    if (view_equal(web_path(request), VIEW("/say")))
        say(request);
    if (view_equal(web_path(request), VIEW("/large")))
        say_much(request);
    if (!view_equal(web_path(request), VIEW("/later")))
        return;
    pthread_mutex_lock(&bench->lock);
    bench->kept[bench->count++] = request;
    pthread_cond_broadcast(&bench->change);
    pthread_mutex_unlock(&bench->lock);
}

static void *answer_kept(void *context)
{
    struct bench *bench = context;
    pthread_mutex_lock(&bench->lock);
    while (!bench->is_over || bench->count > 0) {
        if (bench->count > 0 && !bench->is_held) {
            struct web_request *request = bench->kept[--bench->count];
            pthread_mutex_unlock(&bench->lock);
            web_answer_text(request, 200, VIEW("later"));
            pthread_mutex_lock(&bench->lock);
        } else {
            pthread_cond_wait(&bench->change, &bench->lock);
        }
    }
    pthread_mutex_unlock(&bench->lock);
    return NULL;
}

static bool is_brief(void *context, struct view path)
{
    (void)context;
    return view_equal(path, VIEW("/now"));
}

static void refused(void *context, const char *reason)
{
    struct bench *bench = context;
    const struct {
        const char *reason;
        atomic_uint *count;
    } rows[] = {{"too_large", &bench->too_large},
                {"too_many_connections", &bench->too_many},
                {"too_slow", &bench->too_slow},
                {"too_many_requests", &bench->too_busy}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(reason, rows[i].reason) == 0)
            atomic_fetch_add(rows[i].count, 1);
}

static void bench_start(struct bench *bench, unsigned connections_max, unsigned idle_s, unsigned threads)
{
    struct err err;
    *bench = (struct bench){.is_over = false};
    pthread_mutex_init(&bench->lock, NULL);
    pthread_cond_init(&bench->change, NULL);
    assert_int_equal(pthread_create(&bench->answerer, NULL, answer_kept, bench), 0);
    struct web_server_setup setup = {.listen = "127.0.0.1:0",
                                     .body_size_max = 1000,
                                     .connections_max = connections_max,
                                     .idle_timeout_s = idle_s,
                                     .request_timeout_s = 2,
                                     .threads = threads,
                                     .handle = handle,
                                     .is_brief = is_brief,
                                     .refused = refused,
                                     .context = bench};
    assert_int_equal(web_server_start(&setup, &bench->server, &err), IS_DONE);
}

static void bench_hold(struct bench *bench, bool is_held)
{
    pthread_mutex_lock(&bench->lock);
    bench->is_held = is_held;
    pthread_cond_broadcast(&bench->change);
    pthread_mutex_unlock(&bench->lock);
}

static void bench_stop(struct bench *bench)
{
    web_server_stop(&bench->server);
    assert_null(bench->server);
    pthread_mutex_lock(&bench->lock);
    bench->is_over = true;
    pthread_cond_broadcast(&bench->change);
    pthread_mutex_unlock(&bench->lock);
    pthread_join(bench->answerer, NULL);
    pthread_mutex_destroy(&bench->lock);
    pthread_cond_destroy(&bench->change);
}

/* --- a caller who sees each byte --- */

static int dial(const struct bench *bench)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)web_server_port(bench->server))};
    struct timeval patience = {.tv_sec = 5};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static void tell(int fd, const char *words)
{
    size_t size = strlen(words);
    assert_int_equal(send(fd, words, size, MSG_NOSIGNAL), size);
}

/* Reads until `end` has come `times` times, or the connection ends (then it may be missing). */
static char *hear(int fd, char *out, size_t room, const char *end, int times)
{
    size_t size = 0;
    int seen = 0;
    out[0] = '\0';
    while (seen < times && size + 1 < room) {
        ssize_t got = recv(fd, out + size, 1, 0);
        if (got <= 0)
            break;
        out[++size] = '\0';
        if (size >= strlen(end) && strcmp(out + size - strlen(end), end) == 0)
            seen++;
    }
    return out;
}

static const char *url(const struct bench *bench, const char *path)
{
    static _Thread_local char out[200];
    snprintf(out, sizeof out, "http://127.0.0.1:%u%s", web_server_port(bench->server), path);
    return out;
}

static struct web_response get(struct arena *arena, const struct bench *bench, const char *path)
{
    return web_fetch(arena, &(struct web_call){.method = "GET", .url = url(bench, path), .timeout_ms = 5000});
}

static void assert_body(struct web_response response, unsigned status, const char *body)
{
    assert_int_equal(response.outcome, IS_DONE);
    assert_int_equal(response.status, status);
    assert_string_equal(response.body.at, body);
}

/* --- the tests --- */

static void answers_at_once_and_later(void **state)
{
    struct bench bench;
    struct arena *arena = arena_new();
    (void)state;
    for (unsigned threads = 1; threads <= 2; threads++) {
        bench_start(&bench, 10, 10, threads);
        assert_body(get(arena, &bench, "/now"), 200, "now");
        for (int i = 0; i < 500; i++) {
            assert_body(get(arena, &bench, "/later"), 200, "later");
            arena_reset(arena);
        }
        bench_stop(&bench);
    }
    arena_free(&arena);
}

static void tells_what_came(void **state)
{
    static const struct {
        const char *what, *request, *wanted;
    } rows[] = {
        {"NUL, plus and percent stay apart", "GET /say?a=A%00B+C%2B%E6%9F%A5&b= HTTP/1.1\r\nHost: x\r\n\r\n",
         "GET /say peer=127.0.0.1 a=9:A%00B%20C%2B%E6%9F%A5 b=0: x= body=0:"},
        {"a field that is not there", "GET /say?ab=1 HTTP/1.1\r\nHost: x\r\n\r\n", "GET /say peer=127.0.0.1 a=-1: b=-1: x= body=0:"},
        {"a field without a value", "GET /say?b&a=%zz HTTP/1.1\r\nHost: x\r\n\r\n", "GET /say peer=127.0.0.1 a=3:%25zz b=0: x= body=0:"},
        {"header and body", "POST /s%61y HTTP/1.1\r\nHost: x\r\nX-Test: yes\r\nContent-Length: 4\r\n\r\na\1=\n",
         "POST /say peer=127.0.0.1 a=-1: b=-1: x=yes body=4:a%01%3D%0A"},
        {"a body in pieces", "POST /say HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
         "POST /say peer=127.0.0.1 a=-1: b=-1: x= body=5:abcde"},
    };
    struct bench bench;
    char heard[2000];
    (void)state;
    bench_start(&bench, 10, 10, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = dial(&bench);
        tell(fd, rows[i].request);
        if (strstr(hear(fd, heard, sizeof heard, rows[i].wanted, 1), rows[i].wanted) == NULL)
            fail_msg("%s: wanted \"%s\" in \"%s\"", rows[i].what, rows[i].wanted, heard);
        close(fd);
    }
    bench_stop(&bench);
}

static void refuses_a_large_body(void **state)
{
    struct bench bench;
    struct arena *arena = arena_new();
    char *body = calloc(1, 600000);
    struct web_call call = {.method = "POST", .body = {body, 1000}, .timeout_ms = 5000};
    (void)state;
    memset(body, 'x', 600000);
    bench_start(&bench, 10, 10, 1);
    call.url = url(&bench, "/now");
    assert_body(web_fetch(arena, &call), 200, "now");
    call.body.size = 1001;
    assert_body(web_fetch(arena, &call), 413, "too large\n");
    call.body.size = 600000;
    assert_body(web_fetch(arena, &call), 413, "too large\n");
    assert_int_equal(atomic_load(&bench.too_large), 2);
    bench_stop(&bench);
    free(body);
    arena_free(&arena);
}

/* kannel.md §1: joined texts make long request lines; 64 kB are taken. */
static void takes_a_long_request_line(void **state)
{
    struct bench bench;
    char *line = calloc(1, 200000), heard[3000];
    (void)state;
    bench_start(&bench, 10, 10, 1);
    static const size_t sizes[] = {100, 32000, 60000, 65500, 150000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int fd = dial(&bench);
        const char *wanted = sizes[i] < 100000 ? "\r\n\r\nnow" : "HTTP/1.1 414";
        size_t head = (size_t)sprintf(line, "GET /now?b=");
        memset(line + head, 'x', sizes[i]);
        sprintf(line + head + sizes[i], " HTTP/1.1\r\nHost: x\r\nUser-Agent: Kannel/1.4.5\r\nConnection: keep-alive\r\n\r\n");
        tell(fd, line);
        if (strstr(hear(fd, heard, sizeof heard, wanted, 1), wanted) == NULL)
            fail_msg("%zu bytes: wanted \"%s\" in \"%s\"", sizes[i], wanted, heard);
        close(fd);
    }
    bench_stop(&bench);
    free(line);
}

static void keeps_connections_alive(void **state)
{
    struct bench bench;
    char heard[3000];
    (void)state;
    bench_start(&bench, 10, 10, 1);
    int fd = dial(&bench);
    for (int i = 0; i < 3; i++) {
        tell(fd, i % 2 == 0 ? "GET /now HTTP/1.1\r\nHost: x\r\n\r\n" : "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_non_null(strstr(hear(fd, heard, sizeof heard, i % 2 == 0 ? "\r\n\r\nnow" : "\r\n\r\nlater", 1), "HTTP/1.1 200"));
    }
    tell(fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\nGET /now HTTP/1.1\r\nHost: x\r\n\r\nGET /now HTTP/1.1\r\nHost: x\r\n\r\n"); /* three at
                                                                                                                                   once */
    hear(fd, heard, sizeof heard, "\r\n\r\nnow", 2);
    assert_non_null(strstr(heard, "\r\n\r\nlater"));
    close(fd);
    bench_stop(&bench);
}

enum { CROWD = 200, SEATS = 40 };

static void dial_many(const struct bench *bench, int fds[CROWD], const char *words)
{
    for (int i = 0; i < CROWD; i++) {
        fds[i] = dial(bench);
        assert_true(fds[i] >= 0);
        tell(fds[i], words);
    }
}

static void close_many(const int *fds, int count)
{
    for (int i = 0; i < count; i++)
        close(fds[i]);
}

static bool is_closed(int fd)
{
    struct pollfd end = {.fd = fd, .events = POLLRDHUP};
    return poll(&end, 1, 0) == 1;
}

/* Who waits for an answer keeps his seat, and the next one is told to come later, unless he is answered at once; with a seat that is free
 * again he is served. */
static void tells_who_is_too_many(void **state)
{
    struct bench bench;
    struct arena *arena = arena_new();
    int fds[3];
    char heard[1000];
    (void)state;
    bench_start(&bench, 2, 30, 1);
    bench_hold(&bench, true);
    for (int i = 0; i < 3; i++) {
        fds[i] = dial(&bench);
        tell(fds[i], "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
        usleep(50000);
    }
    hear(fds[2], heard, sizeof heard, "never", 1); /* it is closed */
    assert_non_null(strstr(heard, "HTTP/1.1 503"));
    assert_non_null(strstr(heard, "\r\n\r\nbusy"));
    assert_int_equal(atomic_load(&bench.too_busy), 1);
    assert_body(get(arena, &bench, "/now"), 200, "now");
    bench_hold(&bench, false);
    for (int i = 0; i < 2; i++)
        assert_non_null(strstr(hear(fds[i], heard, sizeof heard, "\r\n\r\nlater", 1), "HTTP/1.1 200"));
    assert_body(get(arena, &bench, "/later"), 200, "later");
    close_many(fds, 3);
    bench_stop(&bench);
    arena_free(&arena);
}

/* The oldest has to go for the newest, but not who waits; and who is idle goes before who is in the middle of a request. He hears
 * why. */
static void makes_room_for_a_new_caller(void **state)
{
    struct bench bench;
    struct arena *arena = arena_new();
    int slow[CROWD], more[CROWD], idle, count = 0;
    char heard[1000];
    (void)state;
    bench_start(&bench, SEATS, 30, 1);
    bench_hold(&bench, true);
    int waits = dial(&bench), early = dial(&bench);
    tell(waits, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    tell(early, "GET /now HTTP/1.1\r\n");
    idle = dial(&bench);
    tell(idle, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n");
    hear(idle, heard, sizeof heard, "\r\n\r\nnow", 1);
    while (count < CROWD && !is_closed(idle)) {
        more[count] = dial(&bench);
        tell(more[count++], "GET /now HTTP/1.1\r\n");
        usleep(2000);
    }
    assert_true(is_closed(idle) && !is_closed(early));
    dial_many(&bench, slow, "GET /now HTTP/1.1\r\n");
    assert_body(get(arena, &bench, "/now"), 200, "now");
    assert_true(is_closed(early) && is_closed(slow[0]) && !is_closed(slow[CROWD - 1]));
    assert_non_null(strstr(hear(early, heard, sizeof heard, "never", 1), "HTTP/1.1 503"));
    assert_non_null(strstr(heard, "\r\n\r\nbusy"));
    assert_true(atomic_load(&bench.too_many) >= CROWD - SEATS - 128);
    bench_hold(&bench, false);
    assert_non_null(strstr(hear(waits, heard, sizeof heard, "\r\n\r\nlater", 1), "HTTP/1.1 200"));
    close_many(slow, CROWD);
    close_many(more, count);
    close(idle);
    close(waits);
    close(early);
    bench_stop(&bench);
    arena_free(&arena);
}

/* Who has to go in the middle of his answer is told nothing more. */
static void says_nothing_into_an_answer(void **state)
{
    struct bench bench;
    struct arena *arena = arena_new();
    int slow[CROWD];
    char heard[65536] = "";
    size_t size = 0;
    (void)state;
    bench_start(&bench, SEATS, 30, 1);
    int lazy = dial(&bench);
    tell(lazy, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
    usleep(150000);
    dial_many(&bench, slow, "GET /now HTTP/1.1\r\n");
    assert_body(get(arena, &bench, "/now"), 200, "now");
    for (ssize_t got; (got = recv(lazy, heard, sizeof heard - 1, 0)) > 0; size += (size_t)got) {
        heard[got] = '\0';
        assert_null(strstr(heard, "busy"));
    }
    assert_in_range(size, 1, LARGE - 1);
    close_many(slow, CROWD);
    close(lazy);
    bench_stop(&bench);
    arena_free(&arena);
}

static void *trickle(void *context)
{
    const int *fd = context;
    while (send(*fd, "X-A: b\r\n", 8, MSG_NOSIGNAL) == 8)
        usleep(100000);
    return NULL;
}

/* A request has so long, whatever trickles: on a new connection, on one that served before, and in its body. */
static void ends_who_trickles(void **state)
{
    static const char *const rows[] = {
        "GET /now HTTP/1.1\r\n",
        "GET /now HTTP/1.1\r\nHost: x\r\n\r\nPOST /now HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx",
        "POST /now HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx",
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    struct bench bench;
    pthread_t trickler[ROWS];
    int fd[ROWS];
    (void)state;
    bench_start(&bench, 10, 30, 1);
    for (size_t i = 0; i < ROWS; i++) {
        fd[i] = dial(&bench);
        tell(fd[i], rows[i]);
        pthread_create(&trickler[i], NULL, trickle, &fd[i]);
    }
    usleep(1500000);
    assert_int_equal(atomic_load(&bench.too_slow), 0);
    for (size_t i = 0; i < ROWS; i++) {
        pthread_join(trickler[i], NULL);
        close(fd[i]);
    }
    assert_int_equal(atomic_load(&bench.too_slow), ROWS);
    bench_stop(&bench);
}

static void closes_what_is_idle_but_not_what_waits(void **state)
{
    struct bench bench;
    char heard[1000];
    (void)state;
    bench_start(&bench, 10, 1, 1);
    bench_hold(&bench, true);
    int idle = dial(&bench), waits = dial(&bench);
    tell(idle, "GET /now HTT");
    tell(waits, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    hear(idle, heard, sizeof heard, "never", 1); /* comes back when the server closes */
    usleep(500000);
    bench_hold(&bench, false);
    assert_non_null(strstr(hear(waits, heard, sizeof heard, "\r\n\r\nlater", 1), "later"));
    close(idle);
    close(waits);
    bench_stop(&bench);
}

static void bears_a_caller_who_leaves(void **state)
{
    struct bench bench;
    struct arena *arena = arena_new();
    (void)state;
    bench_start(&bench, 10, 10, 1);
    bench_hold(&bench, true);
    for (int i = 0; i < 5; i++) {
        int fd = dial(&bench);
        tell(fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
        while (web_server_waiting(bench.server) != (size_t)i + 1)
            usleep(1000);
        close(fd);
    }
    bench_hold(&bench, false);
    assert_body(get(arena, &bench, "/later"), 200, "later");
    bench_stop(&bench);
    arena_free(&arena);
}

static void *release_soon(void *context)
{
    usleep(200000);
    bench_hold(context, false);
    return NULL;
}

static void answers_all_before_it_stops(void **state)
{
    struct bench bench;
    pthread_t helper;
    char heard[1000];
    (void)state;
    bench_start(&bench, 10, 10, 1);
    bench_hold(&bench, true);
    int fd = dial(&bench), other = dial(&bench);
    tell(other, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n");
    hear(other, heard, sizeof heard, "\r\n\r\nnow", 1);
    tell(fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    while (web_server_waiting(bench.server) != 1)
        usleep(1000);
    web_server_quiesce(bench.server);
    assert_int_equal(dial(&bench), -1);
    tell(other, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n"); /* still heard, without the handler, and closed */
    hear(other, heard, sizeof heard, "never", 1);
    assert_non_null(strstr(heard, "HTTP/1.1 503"));
    assert_non_null(strstr(heard, "Connection: close"));
    assert_non_null(strstr(heard, "\r\n\r\nstopping"));
    assert_int_equal(web_server_waiting(bench.server), 1);
    pthread_create(&helper, NULL, release_soon, &bench);
    bench_stop(&bench);
    hear(fd, heard, sizeof heard, "never", 1);
    assert_non_null(strstr(heard, "HTTP/1.1 200"));
    assert_non_null(strstr(heard, "Connection: close"));
    assert_non_null(strstr(heard, "\r\n\r\nlater"));
    pthread_join(helper, NULL);
    close(fd);
    close(other);
}

static void says_why_it_cannot_start(void **state)
{
    static const struct {
        const char *listen;
        enum outcome outcome;
        const char *says;
    } rows[] = {
        {"127.0.0.1", IS_REFUSED, "listen at \"127.0.0.1\": host:port is wanted"},
        {":8086", IS_REFUSED, "host:port is wanted"},
        {NULL, IS_REFUSED, "host:port is wanted"},
        {"127.0.0.1:http", IS_REFUSED, "listen at \"127.0.0.1:http\": "},
        {"192.0.2.1:0", IS_FAILED, "listen at \"192.0.2.1:0\": "},
    };
    struct bench bench;
    struct web_server *server = NULL;
    struct err err;
    char taken[40];
    (void)state;
    bench_start(&bench, 10, 10, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct web_server_setup setup = {.listen = rows[i].listen, .connections_max = 1, .threads = 1, .handle = handle};
        assert_int_equal(web_server_start(&setup, &server, &err), rows[i].outcome);
        assert_non_null(strstr(err.text, rows[i].says));
    }
    snprintf(taken, sizeof taken, "127.0.0.1:%u", web_server_port(bench.server));
    struct web_server_setup setup = {.listen = taken, .connections_max = 1, .threads = 1, .handle = handle};
    assert_int_equal(web_server_start(&setup, &server, &err), IS_FAILED);
    assert_non_null(strstr(err.text, "Address already in use"));
    bench_stop(&bench);
}

/* MHD's own loop stands still when exactly 128 connections become ready at once. */
static void serves_many_at_once(void **state)
{
    struct bench bench;
    int fds[256];
    char heard[1000];
    (void)state;
    bench_start(&bench, 300, 10, 1);
    for (int i = 0; i < 256; i++)
        fds[i] = dial(&bench);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 256; i++)
            tell(fds[i], "GET /now HTTP/1.1\r\nHost: x\r\n\r\n");
        for (int i = 0; i < 256; i++)
            assert_non_null(strstr(hear(fds[i], heard, sizeof heard, "\r\n\r\nnow", 1), "now"));
    }
    for (int i = 0; i < 256; i++)
        close(fds[i]);
    bench_stop(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_at_once_and_later),   cmocka_unit_test(tells_what_came),
        cmocka_unit_test(refuses_a_large_body),        cmocka_unit_test(takes_a_long_request_line),
        cmocka_unit_test(keeps_connections_alive),     cmocka_unit_test(tells_who_is_too_many),
        cmocka_unit_test(makes_room_for_a_new_caller), cmocka_unit_test(says_nothing_into_an_answer),
        cmocka_unit_test(ends_who_trickles),           cmocka_unit_test(closes_what_is_idle_but_not_what_waits),
        cmocka_unit_test(bears_a_caller_who_leaves),   cmocka_unit_test(answers_all_before_it_stops),
        cmocka_unit_test(says_why_it_cannot_start),    cmocka_unit_test(serves_many_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

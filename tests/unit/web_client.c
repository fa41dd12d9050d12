/* The HTTP client against real sockets on 127.0.0.1: our own server, and sockets that misbehave. */
#include "web/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "web/server.h"

/* --- what a call came to --- */

struct seen {
    sem_t come;
    struct web_response response;
    char body[100], reason[300];
    unsigned count;
    unsigned long long statuses;
};

static void on_done(void *context, const struct web_response *response)
{
    struct seen *seen = context;
    seen->response = *response;
    snprintf(seen->body, sizeof seen->body, "%.*s", VIEW_ARG(response->body));
    snprintf(seen->reason, sizeof seen->reason, "%s", response->reason != NULL ? response->reason : "");
    seen->count++;
    seen->statuses += response->status;
    sem_post(&seen->come);
}

static struct web_client *client_start(unsigned connections_max)
{
    struct web_client *client = NULL;
    struct err err;
    assert_int_equal(web_client_start(connections_max, &client, &err), IS_DONE);
    return client;
}

/* --- servers --- */

static void handle(void *context, struct web_request *request)
{
    struct text out = {0};
    (void)context;
    text_addf(&out, "%.*s %.*s type=%.*s expect=%.*s body=%.*s", VIEW_ARG(web_method(request)), VIEW_ARG(web_query(request, "q")),
              VIEW_ARG(web_header(request, "Content-Type")), VIEW_ARG(web_header(request, "Expect")),
              VIEW_ARG(view_head(web_body(request), 20)));
    if (view_equal(web_path(request), VIEW("/large")))
        for (int i = 0; i < 20000; i++)
            text_add(&out, VIEW("0123456789"));
    if (view_equal(web_path(request), VIEW("/elsewhere")))
        web_answer(request, 302, 1, (struct web_header[]){{"Location", "/"}}, VIEW("no"));
    else
        web_answer_text(request, view_equal(web_path(request), VIEW("/503")) ? 503 : 200, text_view(&out));
    text_free(&out);
}

static struct web_server *server_start(void)
{
    struct web_server *server = NULL;
    struct err err;
    struct web_server_setup setup = {
        .listen = "127.0.0.1:0", .body_size_max = 3000000, .connections_max = 100, .idle_timeout_s = 10, .threads = 1, .handle = handle};
    assert_int_equal(web_server_start(&setup, &server, &err), IS_DONE);
    return server;
}

/* A bare socket that listens; gives its port. */
static int bare_listen(int backlog, unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    if (backlog >= 0)
        assert_int_equal(listen(fd, backlog), 0);
    getsockname(fd, (struct sockaddr *)&address, &size);
    *port = ntohs(address.sin_port);
    return fd;
}

/* Takes one connection, reads a request, says `words` and closes; without words it closes after the request. */
struct rude {
    int fd;
    const char *words;
};

static void *be_rude(void *context)
{
    struct rude *rude = context;
    char heard[1000];
    int fd = accept(rude->fd, NULL, NULL);
    assert_true(recv(fd, heard, sizeof heard, 0) > 0);
    if (rude->words != NULL)
        send(fd, rude->words, strlen(rude->words), MSG_NOSIGNAL);
    close(fd);
    return NULL;
}

/* Answers the first request of each connection. Then it closes: at once, or at the second request, which it does not answer. */
struct fickle {
    int fd;
    bool closes_at_once, leaves; /* leaves: listens no more when it closes */
    unsigned requests;
};

static bool hear_request(struct fickle *fickle, int fd)
{
    char heard[1000];
    if (recv(fd, heard, sizeof heard, 0) <= 0)
        return false;
    fickle->requests++;
    return true;
}

static void *be_fickle(void *context)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    struct fickle *fickle = context;
    for (int fd; (fd = accept(fickle->fd, NULL, NULL)) >= 0; close(fd)) {
        if (!hear_request(fickle, fd))
            continue;
        send(fd, answer, strlen(answer), MSG_NOSIGNAL);
        if (fickle->closes_at_once || !hear_request(fickle, fd))
            continue;
        if (fickle->leaves)
            shutdown(fickle->fd, SHUT_RDWR);
    }
    return NULL;
}

static const char *url(unsigned port, const char *path)
{
    static _Thread_local char out[200];
    snprintf(out, sizeof out, "http://127.0.0.1:%u%s", port, path);
    return out;
}

/* --- the tests --- */

/* One row is tried through the loop and through web_fetch. */
static void check(const char *what, struct web_call call, enum outcome outcome, unsigned status, const char *body)
{
    struct seen seen = {.count = 0};
    struct web_client *client = client_start(2);
    struct arena *arena = arena_new();
    sem_init(&seen.come, 0, 0);
    call.done = on_done;
    call.context = &seen;
    web_client_send(client, &call);
    sem_wait(&seen.come);
    web_client_stop(&client);
    struct web_response fetched = web_fetch(arena, &call);
    for (int i = 0; i < 2; i++) {
        struct web_response got = i == 0 ? seen.response : fetched;
        const char *got_body = i == 0 ? seen.body : fetched.body.at;
        const char *reason = i == 0 ? seen.reason : fetched.reason;
        if (got.outcome != outcome || got.status != status || (body != NULL && strcmp(got_body, body) != 0))
            fail_msg("%s, %s: got outcome %d, status %u, \"%s\" (%s)", what, i == 0 ? "loop" : "fetch", got.outcome, got.status, got_body,
                     reason);
        if (outcome != IS_DONE && (reason == NULL || reason[0] == '\0'))
            fail_msg("%s: no reason given", what);
    }
    arena_free(&arena);
    sem_destroy(&seen.come);
}

static void an_answer_is_done(void **state)
{
    struct web_server *server = server_start();
    unsigned port = web_server_port(server);
    char *large = calloc(1, 2000000);
    (void)state;
    memset(large, 'x', 2000000);
    setenv("http_proxy", "http://127.0.0.1:1", 1); // NOLINT(concurrency-mt-unsafe): the server reads no environment
    check("GET", (struct web_call){.method = "GET", .url = url(port, "/?q=1"), .timeout_ms = 3000}, IS_DONE, 200,
          "GET 1 type= expect= body=");
    check("503", (struct web_call){.method = "GET", .url = url(port, "/503"), .timeout_ms = 3000}, IS_DONE, 503,
          "GET  type= expect= body=");
    check("302", (struct web_call){.method = "GET", .url = url(port, "/elsewhere"), .timeout_ms = 3000}, IS_DONE, 302, "no");
    const char *const headers[] = {"Content-Type: text/plain", NULL};
    check("POST",
          (struct web_call){.method = "POST", .url = url(port, "/?q=2"), .body = VIEW("abc"), .headers = headers, .timeout_ms = 3000},
          IS_DONE, 200, "POST 2 type=text/plain expect= body=abc");
    check("large POST",
          (struct web_call){.method = "POST", .url = url(port, "/?q=2"), .body = {large, 2000000}, .headers = headers, .timeout_ms = 3000},
          IS_DONE, 200, "POST 2 type=text/plain expect= body=xxxxxxxxxxxxxxxxxxxx");
    check("empty POST", (struct web_call){.method = "POST", .url = url(port, "/"), .headers = headers, .timeout_ms = 3000}, IS_DONE, 200,
          "POST  type=text/plain expect= body=");
    unsetenv("http_proxy"); // NOLINT(concurrency-mt-unsafe)
    struct arena *arena = arena_new();
    struct web_response response = web_fetch(arena, &(struct web_call){.method = "GET", .url = url(port, "/large"), .timeout_ms = 3000});
    assert_int_equal(response.body.size, 64 * 1024);
    arena_free(&arena);
    free(large);
    web_server_stop(&server);
}

static void nothing_sent_is_failed(void **state)
{
    unsigned port;
    int fd = bare_listen(-1, &port); /* bound, and does not listen: refused */
    (void)state;
    check("refused", (struct web_call){.method = "GET", .url = url(port, "/"), .timeout_ms = 2000}, IS_FAILED, 0, NULL);
    check("no URL", (struct web_call){.method = "GET", .url = "http:///", .timeout_ms = 2000}, IS_FAILED, 0, NULL);
    check("file", (struct web_call){.method = "GET", .url = "file:///etc/passwd", .timeout_ms = 2000}, IS_FAILED, 0, NULL);
    check("no such name", (struct web_call){.method = "GET", .url = "http://no-such-name.invalid/", .timeout_ms = 2000}, IS_FAILED, 0,
          NULL);
    close(fd);
}

/* A listener whose queue is full answers no SYN: the time is up before there is a connection. */
static void no_connection_in_time_is_failed(void **state)
{
    unsigned port;
    int fd = bare_listen(0, &port), callers[3];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = 0};
    (void)state;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    for (int i = 0; i < 3; i++) {
        callers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(callers[i], (struct sockaddr *)&address, sizeof address);
    }
    usleep(50000);
    check("no SYN-ACK", (struct web_call){.method = "GET", .url = url(port, "/"), .timeout_ms = 300}, IS_FAILED, 0, NULL);
    for (int i = 0; i < 3; i++)
        close(callers[i]);
    close(fd);
}

static void a_lost_answer_is_unsure(void **state)
{
    static const struct {
        const char *what, *words;
    } rows[] = {
        {"closed without an answer", NULL},
        {"cut in the head", "HTTP/1.1 200 O"},
        {"cut in the body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"},
        {"no HTTP", "\1\2\3 what is this\r\n\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pthread_t first, second;
        unsigned port;
        struct rude rude = {.fd = bare_listen(5, &port), .words = rows[i].words};
        pthread_create(&first, NULL, be_rude, &rude);
        pthread_create(&second, NULL, be_rude, &rude);
        check(rows[i].what, (struct web_call){.method = "GET", .url = url(port, "/"), .timeout_ms = 3000}, IS_UNSURE, 0, NULL);
        pthread_join(first, NULL);
        pthread_join(second, NULL);
        close(rude.fd);
    }
    unsigned port;
    int fd = bare_listen(5, &port); /* the kernel takes the connection and the request; nobody answers */
    check("no answer", (struct web_call){.method = "GET", .url = url(port, "/"), .timeout_ms = 200}, IS_UNSURE, 0, NULL);
    close(fd);
}

/* One call through the loop, waited for. */
static enum outcome call_once(struct web_client *client, struct seen *seen, struct web_call call)
{
    call.done = on_done;
    call.context = seen;
    web_client_send(client, &call);
    sem_wait(&seen->come);
    return seen->response.outcome;
}

/* libcurl would send it again, on a new connection, when one that was used before ends without an answer. */
static void nothing_is_sent_twice(void **state)
{
    static const struct {
        const char *what, *method;
        struct fickle server;
        enum outcome wanted[4];
    } rows[] = {
        {"GET, closed at the second", "GET", {.leaves = false}, {IS_DONE, IS_UNSURE, IS_DONE, IS_UNSURE}},
        {"POST, closed at the second", "POST", {.leaves = false}, {IS_DONE, IS_UNSURE, IS_DONE, IS_UNSURE}},
        {"closed at the second, and gone", "GET", {.leaves = true}, {IS_DONE, IS_UNSURE, IS_FAILED, IS_FAILED}},
        {"closed while idle", "GET", {.closes_at_once = true}, {IS_DONE, IS_DONE, IS_DONE, IS_DONE}},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        struct fickle fickle = rows[i / 2].server;
        struct web_client *client = client_start(1);
        struct arena *arena = arena_new();
        struct seen seen = {.count = 0};
        unsigned port, requests = 0;
        pthread_t server;
        fickle.fd = bare_listen(5, &port);
        sem_init(&seen.come, 0, 0);
        pthread_create(&server, NULL, be_fickle, &fickle);
        struct web_call call = {.method = rows[i / 2].method, .url = url(port, "/"), .timeout_ms = 3000};
        for (int k = 0; k < 4; k++) {
            enum outcome wanted = rows[i / 2].wanted[k];
            enum outcome got = i % 2 == 0 ? call_once(client, &seen, call) : web_fetch(arena, &call).outcome;
            if (got != wanted)
                fail_msg("%s, %s: call %d ended as %d", rows[i / 2].what, i % 2 == 0 ? "loop" : "fetch", k, got);
            requests += wanted != IS_FAILED;
            usleep(20000); /* the end of the connection arrives */
        }
        web_client_stop(&client);
        shutdown(fickle.fd, SHUT_RDWR);
        pthread_join(server, NULL);
        if (fickle.requests != requests)
            fail_msg("%s: %u requests came of %u", rows[i / 2].what, fickle.requests, requests);
        close(fickle.fd);
        arena_free(&arena);
        sem_destroy(&seen.come);
    }
}

struct order {
    struct web_client *client;
    sem_t come;
    char letters[40];
};

struct step {
    struct order *order;
    char letter;
};

static void note(void *context)
{
    struct step *step = context;
    size_t size = strlen(step->order->letters);
    step->order->letters[size] = step->letter;
    sem_post(&step->order->come);
}

static void post_more(void *context)
{
    struct step *step = context;
    note(step);
    step->letter++;
    if (step->letter <= 'e')
        web_client_post(step->order->client, post_more, step); /* from the loop itself */
}

static void timers_keep_their_order(void **state)
{
    struct order order = {.client = client_start(2)};
    (void)state;
    sem_init(&order.come, 0, 0);
    struct step late = {&order, '3'}, early = {&order, '1'}, middle = {&order, '2'}, same[20], more = {&order, 'a'};
    uint64_t began = clock_us();
    web_client_after(order.client, 150, note, &late);
    web_client_after(order.client, 50, note, &early);
    web_client_after(order.client, 100, note, &middle);
    for (int i = 0; i < 3; i++)
        sem_wait(&order.come);
    assert_string_equal(order.letters, "123");
    assert_in_range(clock_us() - began, 150000, 1000000);
    web_client_post(order.client, post_more, &more);
    for (int i = 0; i < 5; i++)
        sem_wait(&order.come);
    assert_string_equal(order.letters, "123abcde");
    for (int i = 0; i < 20; i++) {
        same[i] = (struct step){&order, (char)('A' + i)};
        web_client_after(order.client, 20, note, &same[i]);
    }
    for (int i = 0; i < 20; i++)
        sem_wait(&order.come);
    assert_string_equal(order.letters, "123abcdeABCDEFGHIJKLMNOPQRST");
    web_client_after(order.client, 100000, note, &late); /* is dropped */
    web_client_stop(&order.client);
    assert_string_equal(order.letters, "123abcdeABCDEFGHIJKLMNOPQRST");
    sem_destroy(&order.come);
}

static void a_stop_ends_every_call(void **state)
{
    unsigned port;
    int fd = bare_listen(10, &port);
    struct seen under_way[2], waiting = {.count = 0};
    struct web_client *client = client_start(2);
    (void)state;
    struct web_call call = {.method = "GET", .url = url(port, "/"), .timeout_ms = 60000, .done = on_done};
    sem_init(&waiting.come, 0, 0);
    for (int i = 0; i < 2; i++) {
        under_way[i] = (struct seen){.count = 0};
        sem_init(&under_way[i].come, 0, 0);
        call.context = &under_way[i];
        web_client_send(client, &call);
        assert_true(recv(accept(fd, NULL, NULL), &(char){0}, 1, 0) == 1);
    }
    call.context = &waiting; /* both seats are taken */
    web_client_send(client, &call);
    web_client_stop(&client);
    assert_null(client);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(under_way[i].count, 1);
        assert_int_equal(under_way[i].response.outcome, IS_UNSURE);
    }
    assert_int_equal(waiting.count, 1);
    assert_int_equal(waiting.response.outcome, IS_FAILED);
    close(fd);
}

static void who_gets_no_seat_in_time_fails(void **state)
{
    static const unsigned within_ms[] = {0, 1000, 100, 0, 100}; /* the first has the only seat, and keeps it */
    enum { COUNT = sizeof within_ms / sizeof within_ms[0] };
    unsigned port;
    int fd = bare_listen(10, &port);
    struct web_client *client = client_start(1);
    struct seen seen[COUNT] = {{.count = 0}};
    uint64_t began = clock_us();
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        sem_init(&seen[i].come, 0, 0);
        web_client_send(client, &(struct web_call){.method = "GET",
                                                   .url = url(port, "/"),
                                                   .timeout_ms = 60000,
                                                   .start_within_ms = within_ms[i],
                                                   .done = on_done,
                                                   .context = &seen[i]});
    }
    sem_wait(&seen[2].come);
    sem_wait(&seen[4].come);
    assert_true(clock_us() - began >= 100000);
    assert_int_equal(sem_trywait(&seen[1].come), -1); /* the one before them may wait longer */
    sem_wait(&seen[1].come);
    assert_true(clock_us() - began >= 1000000);
    for (int i = 1; i < COUNT; i += i == 2 ? 2 : 1) {
        assert_int_equal(seen[i].response.outcome, IS_FAILED);
        assert_string_equal(seen[i].reason, "no seat in time");
    }
    web_client_stop(&client);
    assert_string_equal(seen[3].reason, "stopping"); /* had no limit */
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(seen[i].count, 1);
        sem_destroy(&seen[i].come);
    }
    int first = accept(fd, NULL, NULL);
    assert_true(first >= 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    int next = accept(fd, NULL, NULL);
    assert_int_equal(next, -1); /* nobody else ever called */
    close(first);
    close(fd);
}

/* They wait for each other, none too long. */
static void who_gets_a_seat_in_time_is_sent(void **state)
{
    struct web_server *server = server_start();
    struct web_client *client = client_start(1);
    struct seen seen = {.count = 0};
    (void)state;
    sem_init(&seen.come, 0, 0);
    for (int i = 0; i < 100; i++)
        web_client_send(client, &(struct web_call){.method = "GET",
                                                   .url = url(web_server_port(server), "/"),
                                                   .timeout_ms = 3000,
                                                   .start_within_ms = 5000,
                                                   .done = on_done,
                                                   .context = &seen});
    for (int i = 0; i < 100; i++)
        sem_wait(&seen.come);
    assert_int_equal(seen.statuses, 100 * 200);
    web_client_stop(&client);
    web_server_stop(&server);
    sem_destroy(&seen.come);
}

/* Server and client together, over far fewer connections than calls; a call is sent from within the answer of another. */
enum { CALLS = 10000 };

static void many_calls(void **state)
{
    struct web_server *server = server_start();
    struct web_client *client = client_start(32);
    struct seen seen = {.count = 0};
    const char *const headers[] = {"Content-Type: text/plain", NULL};
    (void)state;
    sem_init(&seen.come, 0, 0);
    uint64_t began = clock_us();
    for (int i = 0; i < CALLS; i++)
        web_client_send(client, &(struct web_call){.method = i % 2 == 0 ? "GET" : "POST",
                                                   .url = url(web_server_port(server), "/?q=1"),
                                                   .body = i % 2 == 0 ? VIEW_NONE : VIEW("text"),
                                                   .headers = headers,
                                                   .timeout_ms = 10000,
                                                   .done = on_done,
                                                   .context = &seen});
    for (int i = 0; i < CALLS; i++)
        sem_wait(&seen.come);
    print_message("%d calls, %.0f/s\n", CALLS, CALLS * 1e6 / (double)(clock_us() - began));
    web_client_stop(&client);
    assert_int_equal(seen.count, CALLS);
    assert_int_equal(seen.statuses, CALLS * 200ULL);
    web_server_stop(&server);
    sem_destroy(&seen.come);
}

/* The server goes while connections are kept, and comes back at the same port. */
static void a_kept_connection_may_die(void **state)
{
    struct web_server *server = server_start();
    struct web_client *client = client_start(1);
    struct seen seen = {.count = 0};
    struct err err;
    char listen[40];
    (void)state;
    sem_init(&seen.come, 0, 0);
    snprintf(listen, sizeof listen, "127.0.0.1:%u", web_server_port(server));
    struct web_call call = {.method = "GET", .url = url(web_server_port(server), "/"), .timeout_ms = 3000};
    static const enum outcome wanted[] = {IS_DONE, IS_FAILED, IS_DONE};
    for (int i = 0; i < 3; i++) {
        if (i == 1)
            web_server_stop(&server);
        struct web_server_setup setup = {.listen = listen, .connections_max = 10, .idle_timeout_s = 10, .threads = 1, .handle = handle};
        if (i == 2)
            assert_int_equal(web_server_start(&setup, &server, &err), IS_DONE);
        assert_int_equal(call_once(client, &seen, call), wanted[i]);
    }
    web_client_stop(&client);
    web_server_stop(&server);
    sem_destroy(&seen.come);
}

/* Rules B7: a client that keeps to public addresses gets nobody into this network, whatever the address is called. */
static void a_client_keeps_to_public_addresses(void **state)
{
    static const struct {
        const char *but_for, *host;
        bool gets_in;
    } rows[] = {
        {"", "127.0.0.1", false},
        {"", "localhost", false},
        {"", "127.1", false},
        {"", "2130706433", false},
        {"", "0x7f000001", false},
        {"", "0.0.0.0", false},
        {"", "[::1]", false},
        {"", "[::ffff:127.0.0.1]", false},
        {"", "[64:ff9b::127.0.0.1]", false},
        {"localhost", "127.0.0.1", false},
        {"localhost", "localhost", true},
        {"localhost", "LocalHost", true},
        {"localhost", "user@127.0.0.1", false},
        {"localhost", "localhost@127.0.0.1", false},
        {"a.example, 127.0.0.1", "127.0.0.1", true},
        {"a.example, 127.0.0.1", "2130706433", true}, /* the same host, written otherwise */
        {"127.0.0.1", "localhost", false},
        {"localhos,t", "localhost", false},
        {"::ffff:127.0.0.1", "[::ffff:127.0.0.1]", true},
    };
    struct web_server *server = server_start();
    struct seen seen = {.count = 0};
    char wanted_url[100];
    (void)state;
    sem_init(&seen.come, 0, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct web_client *client = client_start(1);
        web_client_keep_public(client, rows[i].but_for);
        snprintf(wanted_url, sizeof wanted_url, "http://%s:%u/", rows[i].host, web_server_port(server));
        enum outcome got = call_once(client, &seen, (struct web_call){.method = "GET", .url = wanted_url, .timeout_ms = 3000});
        bool is_right = rows[i].gets_in ? got == IS_DONE : got == IS_FAILED && strcmp(seen.reason, "address not public") == 0;
        if (!is_right)
            fail_msg("%s, but for \"%s\": ended as %d (%s)", wanted_url, rows[i].but_for, got, seen.reason);
        web_client_stop(&client);
    }
    web_server_stop(&server);
    sem_destroy(&seen.come);
}

static void the_host_of_a_url(void **state)
{
    static const struct {
        const char *url, *host;
    } rows[] = {
        {"http://a.example/x?y=z", "a.example"},
        {"https://a.example:8443", "a.example"},
        {"http://user:secret@a.example/", "a.example"},
        {"http://[::1]:80/", "::1"},
        {"http://127.1/", "127.0.0.1"},
        {"http:///", ""},
        {"a b", ""},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char host[HOST_SIZE];
        web_url_host(rows[i].url, host);
        assert_string_equal(host, rows[i].host);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_done),
        cmocka_unit_test(nothing_sent_is_failed),
        cmocka_unit_test(no_connection_in_time_is_failed),
        cmocka_unit_test(a_lost_answer_is_unsure),
        cmocka_unit_test(nothing_is_sent_twice),
        cmocka_unit_test(timers_keep_their_order),
        cmocka_unit_test(a_stop_ends_every_call),
        cmocka_unit_test(who_gets_no_seat_in_time_fails),
        cmocka_unit_test(who_gets_a_seat_in_time_is_sent),
        cmocka_unit_test(many_calls),
        cmocka_unit_test(a_kept_connection_may_die),
        cmocka_unit_test(a_client_keeps_to_public_addresses),
        cmocka_unit_test(the_host_of_a_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

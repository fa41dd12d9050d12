/* Kannel's valve against a bearerbox that is played: what it is told, when, and what becomes of a no or of silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "gateway/bearerbox.h"
#include "web/server.h"

enum { PATIENCE_MS = 9000 };

static char password_path[] = "/tmp/smshall_bearerbox_XXXXXX";
static struct secret *password;
static char url[64];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char told[200]; /* a letter for each command, a small one when it was refused */
static atomic_bool is_ready, denies;
static atomic_int queued;

static void note(char letter)
{
    pthread_mutex_lock(&lock);
    size_t size = strlen(told);
    if (size + 1 < sizeof told && (letter != 'S' || size == 0 || told[size - 1] != 'S'))
        told[size] = letter;
    pthread_mutex_unlock(&lock);
}

/* In bearerbox's own words, of 1.4.5. */
static void handle(void *context, struct web_request *request)
{
    (void)context;
    bool is_denied = atomic_load(&denies) || !view_equal(web_query(request, "password"), VIEW("s e&cret"));
    struct view command = view_from(web_path(request), 1);
    char letter = view_equal(command, VIEW("isolate")) ? 'I' : view_equal(command, VIEW("resume")) ? 'R' : 'S';
    char status[80];
    note(is_denied ? (char)(letter + 'a' - 'A') : letter);
    snprintf(status, sizeof status, "Status: running\nSMS: received 370 (%d queued), sent 9 (0 queued)", atomic_fetch_sub(&queued, 1));
    web_answer_text(request, 200,
                    is_denied       ? VIEW("Denied\n")
                    : letter == 'I' ? VIEW("Kannel isolated from message providers")
                    : letter == 'R' ? VIEW("Already running")
                                    : view_of(status));
}

static struct web_server *server_start(void)
{
    struct web_server *server = NULL;
    const struct web_server_setup setup = {
        .listen = "127.0.0.1:0", .body_size_max = 100, .connections_max = 10, .idle_timeout_s = 10, .threads = 1, .handle = handle};
    assert_int_equal(web_server_start(&setup, &server, NULL), IS_DONE);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", web_server_port(server));
    memset(told, 0, sizeof told);
    atomic_store(&denies, false);
    atomic_store(&queued, 0);
    return server;
}

static bool ask_ready(void *context)
{
    (void)context;
    return atomic_load(&is_ready);
}

static struct bearerbox *box_start(bool ready)
{
    struct bearerbox *bearerbox = NULL;
    const struct bearerbox_setup setup = {.admin_url = url, .admin_password = password, .is_ready = ask_ready};
    atomic_store(&is_ready, ready);
    assert_int_equal(bearerbox_start(&setup, &bearerbox, NULL), IS_DONE);
    return bearerbox;
}

/* Until bearerbox was told just this, repeats of the last aside. */
static void must_be_told(const char *wanted)
{
    char now[sizeof told] = "";
    for (int ms = 0; strcmp(now, wanted) != 0 && ms < PATIENCE_MS; ms += 5) {
        usleep(5000);
        pthread_mutex_lock(&lock);
        memcpy(now, told, sizeof now);
        pthread_mutex_unlock(&lock);
    }
    assert_string_equal(now, wanted);
}

static void test_follows_the_store(void **state)
{
    struct web_server *server = server_start();
    struct bearerbox *bearerbox = box_start(true);
    (void)state;
    must_be_told("R");
    atomic_store(&is_ready, false);
    must_be_told("RI");
    atomic_store(&is_ready, true);
    must_be_told("RIR");
    must_be_told("RIRR"); /* said again: it may have been restarted */
    assert_int_equal(bearerbox_valve(bearerbox), VALVE_OPEN);
    bearerbox_free(&bearerbox);
    web_server_stop(&server);
}

/* A store that is not there yet at the start closes nothing, until it has been too long. */
static void test_start_without_store(void **state)
{
    struct web_server *server = server_start();
    struct bearerbox *bearerbox = box_start(false);
    (void)state;
    usleep(500000);
    must_be_told("");
    must_be_told("I");
    uint64_t start_us = clock_us();
    must_be_told("II"); /* a bearerbox that was restarted meanwhile began open */
    assert_true(clock_us() - start_us < 2500000);
    bearerbox_free(&bearerbox);
    web_server_stop(&server);
}

static void test_no_is_asked_again(void **state)
{
    struct web_server *server = server_start();
    atomic_store(&denies, true);
    struct bearerbox *bearerbox = box_start(true);
    (void)state;
    must_be_told("rr");
    assert_int_equal(bearerbox_valve(bearerbox), VALVE_UNKNOWN);
    atomic_store(&denies, false);
    must_be_told("rrR");
    bearerbox_free(&bearerbox);
    bearerbox_free(&bearerbox);
    web_server_stop(&server);
}

/* At a stop: isolated, then its queue is waited for. */
static void test_shut(void **state)
{
    struct web_server *server = server_start();
    struct bearerbox *bearerbox = box_start(true);
    (void)state;
    must_be_told("R");
    atomic_store(&queued, 3);
    bearerbox_shut(bearerbox);
    must_be_told("RIS");
    assert_true(atomic_load(&queued) < 0);
    assert_int_equal(bearerbox_valve(bearerbox), VALVE_SHUT);
    bearerbox_free(&bearerbox);
    web_server_stop(&server);
}

/* A Kannel that was stopped first holds up nobody. */
static void test_shut_without_bearerbox(void **state)
{
    struct web_server *server = server_start();
    struct bearerbox *bearerbox = box_start(true);
    (void)state;
    must_be_told("R");
    web_server_stop(&server);
    uint64_t start_us = clock_us();
    bearerbox_shut(bearerbox);
    assert_true(clock_us() - start_us < 3000000);
    bearerbox_free(&bearerbox);
}

static void test_tell(void **state)
{
    struct web_server *server = server_start();
    struct arena *arena = arena_new();
    struct view answer;
    struct err err;
    (void)state;
    assert_int_equal(bearerbox_tell(arena, url, password, "status.txt", &answer, &err), IS_DONE);
    assert_true(view_starts_with(answer, VIEW("Status: running")));
    atomic_store(&denies, true);
    assert_int_equal(bearerbox_tell(arena, url, password, "resume", &answer, &err), IS_REFUSED);
    assert_non_null(strstr(err.text, "wrong admin password"));
    web_server_stop(&server);
    assert_int_equal(bearerbox_tell(arena, url, password, "resume", &answer, &err), IS_FAILED);
    assert_null(strstr(err.text, "cret")); /* the password is in no message */
    arena_free(&arena);
}

static int make_password(void **state)
{
    (void)state;
    int fd = mkstemp(password_path);
    bool is_written = fd >= 0 && write(fd, "s e&cret\n", 9) == 9;
    close(fd);
    return is_written && secret_read_file(password_path, &password, NULL) == IS_DONE ? 0 : -1;
}

static int forget_password(void **state)
{
    (void)state;
    secret_free(&password);
    return unlink(password_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_follows_the_store),      cmocka_unit_test(test_start_without_store),
        cmocka_unit_test(test_no_is_asked_again),      cmocka_unit_test(test_shut),
        cmocka_unit_test(test_shut_without_bearerbox), cmocka_unit_test(test_tell),
    };
    return cmocka_run_group_tests_name("gateway_bearerbox", tests, make_password, forget_password);
}

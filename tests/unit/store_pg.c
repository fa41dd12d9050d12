/* The pipeline against a real PostgreSQL: SMSHALL_TEST_DATABASE names it (tests/sql.sh starts one); without it there is nothing to try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "store/pg.h"

enum { TIMEOUT_MS = 10000 };

static struct pg *connect_to_store(void)
{
    const char *conninfo = getenv("SMSHALL_TEST_DATABASE");
    struct err err = {""};
    struct pg *pg = NULL;
    if (!conninfo || !*conninfo)
        skip();
    if (pg_open(conninfo, TIMEOUT_MS, &pg, &err) != IS_DONE)
        fail_msg("%s", err.text);
    return pg;
}

/* A pipeline with two statements: a division, which may fail, and an echo. */
static struct pg *open_pipeline(void)
{
    struct pg *pg = connect_to_store();
    assert_int_equal(pg_prepare(pg, "divide", "SELECT 100 / $1::int", 1, NULL), IS_DONE);
    assert_int_equal(pg_prepare(pg, "echo", "SELECT $1::text, $2::text", 2, NULL), IS_DONE);
    assert_int_equal(pg_pipeline(pg, TIMEOUT_MS, NULL), IS_DONE);
    return pg;
}

static void divide(struct pg *pg, const char *by)
{
    struct view parameter = view_of(by);
    assert_int_equal(pg_send(pg, "divide", 1, &parameter, NULL), IS_DONE);
}

/* The next event; its first value, or its SQLSTATE, is `wanted`. */
static void expect(struct pg *pg, enum pg_event event, const char *wanted)
{
    struct pg_result *result;
    struct pg_fault fault = {"", ""};
    assert_int_equal(pg_next(pg, TIMEOUT_MS, &result, &fault), event);
    if (event == PG_ERROR)
        assert_string_equal(fault.sqlstate, wanted);
    if (event != PG_RESULT) {
        assert_null(result);
        return;
    }
    assert_int_equal(pg_rows(result), 1);
    assert_true(view_equal(pg_value(result, 0, 0), view_of(wanted)));
    pg_result_free(&result);
    assert_null(result);
}

static void batches_come_back_in_order(void **state)
{
    (void)state;
    struct pg *pg = open_pipeline();
    divide(pg, "1");
    divide(pg, "2");
    assert_int_equal(pg_send_sync(pg, NULL), IS_DONE);
    divide(pg, "4");
    assert_int_equal(pg_send_sync(pg, NULL), IS_DONE);
    assert_int_equal(pg_send_sync(pg, NULL), IS_DONE);
    expect(pg, PG_RESULT, "100");
    expect(pg, PG_RESULT, "50");
    expect(pg, PG_SYNCED, NULL);
    expect(pg, PG_RESULT, "25");
    expect(pg, PG_SYNCED, NULL);
    expect(pg, PG_SYNCED, NULL);
    divide(pg, "5");
    assert_int_equal(pg_send_sync(pg, NULL), IS_DONE);
    expect(pg, PG_RESULT, "20");
    expect(pg, PG_SYNCED, NULL);
    assert_true(pg_is_alive(pg));
    pg_free(&pg);
    assert_null(pg);
}

static void an_error_aborts_its_batch_only(void **state)
{
    (void)state;
    struct pg *pg = open_pipeline();
    divide(pg, "1");
    divide(pg, "0");
    divide(pg, "2");
    divide(pg, "no number");
    assert_int_equal(pg_send_sync(pg, NULL), IS_DONE);
    divide(pg, "no number");
    assert_int_equal(pg_send_sync(pg, NULL), IS_DONE);
    divide(pg, "10");
    assert_int_equal(pg_send_sync(pg, NULL), IS_DONE);
    expect(pg, PG_RESULT, "100");
    expect(pg, PG_ERROR, "22012");
    expect(pg, PG_ABORTED, NULL);
    expect(pg, PG_ABORTED, NULL);
    expect(pg, PG_SYNCED, NULL);
    expect(pg, PG_ERROR, "22P02");
    expect(pg, PG_SYNCED, NULL);
    expect(pg, PG_RESULT, "10");
    expect(pg, PG_SYNCED, NULL);
    pg_free(&pg);
}

static void texts_travel_whole(void **state)
{
    static const struct {
        struct view sent, wanted;
    } rows[] = {
        {{"", 0}, {"", 0}},
        {{NULL, 0}, {NULL, 0}},
        {{"话费", 6}, {"话费", 6}},
        {{"A\0B", 3},
         {"A\xEF\xBF\xBD"
          "B",
          5}},
        {{"\0", 1}, {"\xEF\xBF\xBD", 3}},
        {{"A\0\0", 3}, {"A\xEF\xBF\xBD\xEF\xBF\xBD", 7}},
        {{"NACK \xFF!", 7}, {"NACK \xEF\xBF\xBD!", 9}}, /* refused at Bind (22021) otherwise */
        {{"话\xE8\xB4", 5}, {"话\xEF\xBF\xBD\xEF\xBF\xBD", 9}},
        {{"\xE8\0\xB4", 3}, {"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 9}},
        {{"\xED\xA0\x80", 3}, {"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 9}},
    };
    (void)state;
    struct pg *pg = open_pipeline();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct view parameter[] = {rows[i].sent, VIEW("behind")};
        assert_int_equal(pg_send(pg, "echo", 2, parameter, NULL), IS_DONE);
    }
    assert_int_equal(pg_send_sync(pg, NULL), IS_DONE);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pg_result *result;
        assert_int_equal(pg_next(pg, TIMEOUT_MS, &result, NULL), PG_RESULT);
        struct view got = pg_value(result, 0, 0);
        assert_int_equal(got.at == NULL, rows[i].wanted.at == NULL);
        assert_true(view_equal(got, rows[i].wanted));
        assert_true(view_equal(pg_value(result, 0, 1), VIEW("behind")));
        pg_result_free(&result);
    }
    expect(pg, PG_SYNCED, NULL);
    pg_free(&pg);
}

/* More than any socket holds in either direction: whoever only writes, or only reads, would wait for ever. */
static void a_batch_larger_than_the_sockets(void **state)
{
    enum { CALLS = 400, SIZE = 60000 };
    (void)state;
    struct pg *pg = open_pipeline();
    struct text text = {0};
    for (int i = 0; i < SIZE; i++)
        text_add_char(&text, 'x');
    struct view parameter[] = {text_view(&text), VIEW_NONE};
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(pg_send(pg, "echo", 2, parameter, NULL), IS_DONE);
    assert_int_equal(pg_send_sync(pg, NULL), IS_DONE);
    for (int i = 0; i < CALLS; i++)
        expect(pg, PG_RESULT, text.at);
    expect(pg, PG_SYNCED, NULL);
    text_free(&text);
    pg_free(&pg);
}

/* The backend's process number, so that another connection can end it. */
static void end_session(struct pg *other, const char *backend)
{
    struct view parameter = view_of(backend);
    struct err err = {""};
    if (pg_query(other, "SELECT pg_terminate_backend($1::int, 5000)", 1, &parameter, NULL, &err) != IS_DONE)
        fail_msg("%s", err.text);
}

static void a_connection_that_ends(void **state)
{
    (void)state;
    struct pg *pg = connect_to_store(), *other = connect_to_store();
    struct pg_result *result;
    struct pg_fault fault;
    char backend[32];
    assert_int_equal(pg_query(pg, "SELECT pg_backend_pid()", 0, NULL, &result, NULL), IS_DONE);
    snprintf(backend, sizeof backend, "%.*s", VIEW_ARG(pg_value(result, 0, 0)));
    pg_result_free(&result);
    assert_int_equal(pg_prepare(pg, "sleep", "SELECT 1 FROM pg_sleep($1::float)", 1, NULL), IS_DONE);
    assert_int_equal(pg_pipeline(pg, TIMEOUT_MS, NULL), IS_DONE);

    struct view parameter = VIEW("30");
    assert_int_equal(pg_send(pg, "sleep", 1, &parameter, NULL), IS_DONE);
    assert_int_equal(pg_send_sync(pg, NULL), IS_DONE);
    assert_int_equal(pg_next(pg, 100, &result, &fault), PG_LOST); /* silent for too long */
    end_session(other, backend);
    assert_int_equal(pg_next(pg, TIMEOUT_MS, &result, &fault), PG_LOST);
    assert_false(pg_is_alive(pg));
    pg_free(&pg);
    pg_free(&other);
}

static void an_idle_connection_that_ends(void **state)
{
    (void)state;
    struct pg *pg = connect_to_store(), *other = connect_to_store();
    struct pg_result *result;
    char backend[32];
    assert_int_equal(pg_query(pg, "SELECT pg_backend_pid()", 0, NULL, &result, NULL), IS_DONE);
    snprintf(backend, sizeof backend, "%.*s", VIEW_ARG(pg_value(result, 0, 0)));
    pg_result_free(&result);
    assert_int_equal(pg_pipeline(pg, TIMEOUT_MS, NULL), IS_DONE);
    assert_true(pg_is_alive(pg));
    end_session(other, backend);
    assert_false(pg_is_alive(pg));
    pg_free(&pg);
    pg_free(&other);
}

static void statements_that_wait(void **state)
{
    (void)state;
    struct pg *pg = connect_to_store();
    struct pg_result *result;
    struct err err = {""};
    struct view parameter[] = {VIEW("7"), VIEW_NONE};
    assert_int_equal(pg_query(pg, "SELECT $1::int + 1, $2::text UNION ALL SELECT 9, 'x'", 2, parameter, &result, &err), IS_DONE);
    assert_int_equal(pg_rows(result), 2);
    assert_true(view_equal(pg_value(result, 0, 0), VIEW("8")));
    assert_null(pg_value(result, 0, 1).at);
    pg_result_free(&result);
    assert_int_equal(pg_query(pg, "SELECT nothing", 0, NULL, NULL, &err), IS_REFUSED);
    assert_string_equal(err.text, "42703: column \"nothing\" does not exist");
    assert_int_equal(pg_script(pg, "CREATE TEMP TABLE t (x int);\nINSERT INTO t VALUES (1);", &err), IS_DONE);
    assert_int_equal(pg_script(pg, "SELECT '中文';\n\nSELECT '中',\n no;", &err), IS_REFUSED);
    assert_string_equal(err.text, "4: 42703: column \"no\" does not exist");
    assert_int_equal(pg_script(pg, "SELECT 1;\n-- then\nSELECT 1 / x FROM (VALUES (0)) AS v (x)", &err), IS_REFUSED);
    assert_string_equal(err.text, "3: 22012: division by zero");

    assert_true(pg_is_alive(pg));
    pg_free(&pg);
}

static void a_statement_that_cannot_be_prepared(void **state)
{
    (void)state;
    struct pg *pg = connect_to_store();
    struct err err = {""};
    assert_int_equal(pg_prepare(pg, "first", "SELECT 1", 0, &err), IS_DONE);
    assert_int_equal(pg_prepare(pg, "second", "SELECT nothing", 0, &err), IS_DONE);
    assert_int_equal(pg_prepare(pg, "third", "SELECT 3", 0, &err), IS_DONE);
    assert_int_equal(pg_pipeline(pg, TIMEOUT_MS, &err), IS_REFUSED);
    assert_string_equal(err.text, "42703: column \"nothing\" does not exist");
    pg_free(&pg);
}

/* A server that lets anybody in, says that it is ready, and then `words` or nothing more. */
struct mute {
    int fd;
    const char *words;
    size_t words_size;
};

static void *be_mute(void *context)
{
    static const char welcome[] = "R\0\0\0\10\0\0\0\0Z\0\0\0\5I";
    struct mute *mute = context;
    char heard[2000];
    int fd = accept(mute->fd, NULL, NULL);
    assert_true(recv(fd, heard, sizeof heard, 0) > 0);
    send(fd, welcome, sizeof welcome - 1, MSG_NOSIGNAL);
    assert_true(recv(fd, heard, sizeof heard, 0) > 0); /* what is to be prepared */
    if (mute->words)
        send(fd, mute->words, mute->words_size, MSG_NOSIGNAL);
    while (recv(fd, heard, sizeof heard, 0) > 0)
        continue;
    close(fd);
    return NULL;
}

/* The wait for what is prepared has an end, whatever the server does after the login. */
static void a_server_that_stalls(void **state)
{
    static const char fatal[] = "E\0\0\0\46SFATAL\0VFATAL\0C57P01\0Mgoing down\0\0";
    static const struct {
        const char *what, *words;
        size_t words_size;
        const char *wanted;
    } rows[] = {
        {"says nothing", NULL, 0, "store: no answer within 200 ms to what is prepared"},
        {"prepares the first only", "1\0\0\0\4", 5, "store: no answer within 200 ms to what is prepared"},
        {"ends the session", fatal, sizeof fatal - 1, "store: FATAL: going down"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        socklen_t size = sizeof address;
        struct mute mute = {socket(AF_INET, SOCK_STREAM, 0), rows[i].words, rows[i].words_size};
        pthread_t server;
        struct pg *pg;
        struct err err = {""};
        char conninfo[100];
        assert_int_equal(bind(mute.fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(mute.fd, 1), 0);
        getsockname(mute.fd, (struct sockaddr *)&address, &size);
        pthread_create(&server, NULL, be_mute, &mute);
        snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%u user=x dbname=x sslmode=disable gssencmode=disable",
                 (unsigned)ntohs(address.sin_port));
        assert_int_equal(pg_open(conninfo, TIMEOUT_MS, &pg, &err), IS_DONE);
        assert_int_equal(pg_prepare(pg, "first", "SELECT 1", 0, &err), IS_DONE);
        assert_int_equal(pg_prepare(pg, "second", "SELECT 2", 0, &err), IS_DONE);
        enum outcome outcome = pg_pipeline(pg, 200, &err);
        if (outcome != IS_FAILED || strcmp(err.text, rows[i].wanted) != 0)
            fail_msg("a server that %s: got outcome %d, \"%s\"", rows[i].what, outcome, err.text);
        pg_free(&pg);
        pthread_join(server, NULL);
        close(mute.fd);
    }
}

static void nobody_there(void **state)
{
    (void)state;
    struct pg *pg;
    struct err err = {""};
    assert_int_equal(pg_open("host=127.0.0.1 port=1 dbname=x", TIMEOUT_MS, &pg, &err), IS_FAILED);
    assert_null(pg);
    assert_non_null(strstr(err.text, "port 1 failed"));
    assert_int_equal(pg_open("no conninfo", TIMEOUT_MS, &pg, &err), IS_FAILED);
    assert_null(pg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_come_back_in_order), cmocka_unit_test(an_error_aborts_its_batch_only),
        cmocka_unit_test(texts_travel_whole),         cmocka_unit_test(a_batch_larger_than_the_sockets),
        cmocka_unit_test(a_connection_that_ends),     cmocka_unit_test(an_idle_connection_that_ends),
        cmocka_unit_test(statements_that_wait),       cmocka_unit_test(a_statement_that_cannot_be_prepared),
        cmocka_unit_test(a_server_that_stalls),       cmocka_unit_test(nobody_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

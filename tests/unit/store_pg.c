/* The pipeline against a real PostgreSQL: SMSHALL_TEST_DATABASE names it (tests/sql.sh starts one); without it there is nothing to try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
    assert_int_equal(pg_pipeline(pg, NULL), IS_DONE);
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
    assert_int_equal(pg_pipeline(pg, NULL), IS_DONE);

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
    assert_int_equal(pg_pipeline(pg, NULL), IS_DONE);
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

    assert_int_equal(pg_copy_begin(pg, "COPY t FROM STDIN", &err), IS_DONE);
    assert_int_equal(pg_copy_data(pg, VIEW("2\n3\n"), &err), IS_DONE);
    assert_int_equal(pg_copy_end(pg, &err), IS_DONE);
    assert_int_equal(pg_query(pg, "SELECT sum(x) FROM t", 0, NULL, &result, &err), IS_DONE);
    assert_true(view_equal(pg_value(result, 0, 0), VIEW("6")));
    pg_result_free(&result);
    assert_int_equal(pg_copy_begin(pg, "SELECT 1", &err), IS_REFUSED);
    assert_int_equal(pg_copy_begin(pg, "COPY t FROM STDIN", &err), IS_DONE);
    assert_int_equal(pg_copy_data(pg, VIEW("no number\n"), &err), IS_DONE);
    assert_int_equal(pg_copy_end(pg, &err), IS_REFUSED);
    assert_true(pg_is_alive(pg));
    pg_free(&pg);
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
        cmocka_unit_test(statements_that_wait),       cmocka_unit_test(nobody_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

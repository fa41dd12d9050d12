/* Log lines: their form, that nobody can forge one, and that numbers are shortened (rules C5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))

/* Reads what was written to the pipe; gives the text behind the time. */
static const char *line_of(int fd, char *line, size_t size)
{
    ssize_t n = read(fd, line, size - 1);
    assert_true(n > 25);
    line[n] = '\0';
    assert_int_equal(line[n - 1], '\n');
    line[n - 1] = '\0';
    for (const char *shape = "dddd-dd-ddTdd:dd:dd.dddZ ", *at = line; *shape; shape++, at++)
        if (*shape == 'd' ? *at < '0' || *at > '9' : *at != *shape)
            fail_msg("no time in front: %s", line);
    return line + 25;
}

static void test_text(void **state)
{
    static const struct {
        const char *name;
        struct view value;
        const char *wanted;
    } row[] = {
        {"plain", VIEW("abc-1.2:3/x,y"), "abc-1.2:3/x,y"},
        {"blank", VIEW("a b"), "\"a b\""},
        {"a line of its own", VIEW("x\n2026-11-22T00:00:00.000Z info paid"), "\"x\\n2026-11-22T00:00:00.000Z info paid\""},
        {"a field of its own", VIEW("x paid=1"), "\"x paid=1\""},
        {"equals", VIEW("a=b"), "\"a=b\""},
        {"quote", VIEW("\""), "\"\\\"\""},
        {"escape", VIEW("\x1b[2J"), "\"\\u001b[2J\""},
        {"NUL", VIEW("a\0b"), "\"a\\u0000b\""},
        {"Chinese", VIEW("余额"), "\"余额\""},
        {"no UTF-8", VIEW("\xff"), "\"\xEF\xBF\xBD\""},
        {"C1 control",
         VIEW("\xC2\x9B"
              "2J"),
         "\"\\u009b2J\""},
        {"empty", VIEW_NONE, "\"\""},
    };
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    log_setup(LOG_AS_TEXT, LOG_INFO, ends[1]);
    for (size_t i = 0; i < ROWS(row); i++) {
        char line[4096], wanted[4096];
        log_event(LOG_WARN, "mo", LOG_TEXT("id", row[i].value), LOG_INT("us", -5), LOG_MSISDN("msisdn", VIEW("13800138000")));
        const char *got = line_of(ends[0], line, sizeof line);
        snprintf(wanted, sizeof wanted, "warn mo id=%s us=-5 msisdn=138****8000", row[i].wanted);
        if (strcmp(got, wanted) != 0)
            fail_msg("%s: got %s, wanted %s", row[i].name, got, wanted);
    }
    close(ends[0]);
    close(ends[1]);
}

static void test_json(void **state)
{
    int ends[2];
    char line[4096];
    struct err *no_err = NULL;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    log_setup(LOG_AS_JSON, LOG_DEBUG, ends[1]);
    log_event(LOG_DEBUG, "mo", LOG_STR("id", "a\"b\n"), LOG_INT("us", 7), LOG_MSISDN("msisdn", VIEW("13800138000")));
    ssize_t n = read(ends[0], line, sizeof line);
    json_t *value = json_read((struct view){line, (size_t)n}, no_err);
    assert_non_null(value);
    assert_true(view_equal(json_text(value, "id"), VIEW("a\"b\n")));
    assert_true(view_equal(json_text(value, "level"), VIEW("debug")));
    assert_true(view_equal(json_text(value, "event"), VIEW("mo")));
    assert_true(view_equal(json_text(value, "msisdn"), VIEW("138****8000")));
    assert_int_equal(json_int(value, "us", 0), 7);
    assert_int_equal(json_text(value, "time").size, 24);
    json_decref(value);
    close(ends[0]);
    close(ends[1]);
}

static void test_least_and_long(void **state)
{
    static char big[10000];
    char line[8192];
    int ends[2];
    (void)state;
    memset(big, 'x', sizeof big - 1);
    assert_int_equal(pipe(ends), 0);
    log_setup(LOG_AS_TEXT, LOG_WARN, ends[1]);
    log_event(LOG_INFO, "not_written", LOG_INT("n", 1));
    log_event(LOG_ERROR, "big", LOG_STR("value", big));
    const char *got = line_of(ends[0], line, sizeof line);
    assert_int_equal(strncmp(got, "error big value=xxx", 19), 0);
    assert_true(strlen(got) < 1100);
    close(ends[0]);
    close(ends[1]);
}

static void test_shorten(void **state)
{
    static const struct {
        const char *input, *wanted;
    } row[] = {
        {"13800138000", "138****8000"}, {"+8613800138000", "+86****8000"}, {"10086977", "100****6977"}, {"1008611", "****"}, {"", "****"}};
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        char out[32];
        log_shorten_msisdn(view_of(row[i].input), out);
        if (strcmp(out, row[i].wanted) != 0)
            fail_msg("%s: got %s, wanted %s", row[i].input, out, row[i].wanted);
    }
}

static void *write_many(void *letter)
{
    char value[200] = "";
    memset(value, *(const char *)letter, sizeof value - 1);
    for (int i = 0; i < 100; i++)
        log_event(LOG_INFO, "line", LOG_STR("value", value));
    return NULL;
}

/* Lines of several threads do not mix. */
static void test_threads(void **state)
{
    FILE *file = tmpfile();
    pthread_t thread[4];
    char line[512], letter[] = "abcd";
    int count = 0;
    (void)state;
    log_setup(LOG_AS_TEXT, LOG_INFO, fileno(file));
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, write_many, &letter[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    rewind(file);
    for (; fgets(line, sizeof line, file); count++) {
        const char *value = strstr(line, "value=");
        if (!value || strlen(value) != 206 || strspn(value + 6, (char[]){value[6], '\0'}) != 199)
            fail_msg("mixed: %s", line);
    }
    assert_int_equal(count, 400);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),    cmocka_unit_test(test_json),    cmocka_unit_test(test_least_and_long),
        cmocka_unit_test(test_shorten), cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

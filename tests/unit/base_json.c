/* The door to jansson. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/err.h"
#include "base/json.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))

static void test_read_and_write(void **state)
{
    static const struct {
        const char *name, *input, *wanted; /* NULL: refused */
    } row[] = {
        {"order is kept", "{\"b\": 1, \"a\" : [true, null]}", "{\"b\":1,\"a\":[true,null]}"},
        {"Chinese", "{\"名\":\"余额\"}", "{\"名\":\"余额\"}"},
        {"a bare text", "\"x\"", "\"x\""},
        {"U+0000 in a text", "\"a\\u0000b\"", "\"a\\u0000b\""},
        {"a key twice", "{\"a\":1,\"a\":2}", NULL},
        {"rubbish behind", "{} x", NULL},
        {"no UTF-8", "\"\xFF\"", NULL},
        {"empty", "", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct text out = {0};
        struct err err = {""};
        json_t *value = json_read(view_of(row[i].input), &err);
        if (value)
            json_write(&out, value);
        if (!value != !row[i].wanted || (value && strcmp(out.at, row[i].wanted) != 0) || (!value && !err.text[0]))
            fail_msg("%s: %s gave %s (%s), wanted %s", row[i].name, row[i].input, value ? out.at : "nothing", err.text,
                     row[i].wanted ? row[i].wanted : "nothing");
        json_decref(value);
        text_free(&out);
    }
    assert_null(json_read(VIEW_NONE, NULL));
}

static void test_members(void **state)
{
    json_t *value = json_read(VIEW("{\"a\":\"x\\u0000y\",\"n\":-7,\"r\":1.5}"), NULL);
    (void)state;
    assert_true(view_equal(json_text(value, "a"), VIEW("x\0y")));
    assert_null(json_text(value, "n").at);
    assert_null(json_text(value, "none").at);
    assert_null(json_text(NULL, "a").at);
    assert_int_equal(json_int(value, "n", 1), -7);
    assert_int_equal(json_int(value, "r", 1), 1);
    assert_int_equal(json_int(value, "none", 1), 1);
    json_decref(value);
}

static void test_of_view(void **state)
{
    struct text out = {0};
    json_t *mended = json_of_view(VIEW("a\xFF余\xE4\xBD")), *empty = json_of_view(VIEW_NONE);
    (void)state;
    json_write(&out, mended);
    json_write(&out, empty);
    assert_string_equal(out.at, "\"a\xEF\xBF\xBD余\xEF\xBF\xBD\xEF\xBF\xBD\"\"\"");
    json_decref(mended);
    json_decref(empty);
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_and_write),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_of_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Errors are one line of whole characters, and may quote themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/view.h"

static void test_outcomes(void **state)
{
    struct err err;
    (void)state;
    assert_int_equal(err_refused(&err, "%s:%d: no", "a.yaml", 7), IS_REFUSED);
    assert_string_equal(err.text, "a.yaml:7: no");
    assert_int_equal(err_failed(&err, "again"), IS_FAILED);
    assert_int_equal(err_unsure(&err, "who knows"), IS_UNSURE);
    assert_string_equal(err.text, "who knows");
    assert_int_equal(err_refused(NULL, "nobody listens"), IS_REFUSED);
    err_prefix(NULL, "nobody listens");
}

static void test_one_line(void **state)
{
    struct err err;
    (void)state;
    err_failed(&err, "FATAL:  no\n\tsuch role\n\n");
    assert_string_equal(err.text, "FATAL:  no  such role");
}

static void test_quotes_itself(void **state)
{
    struct err err;
    (void)state;
    err_failed(&err, "refused");
    err_failed(&err, "connect: %s", err.text);
    err_prefix(&err, "lane %d (%s)", 3, "was: ");
    assert_string_equal(err.text, "lane 3 (was: ): connect: refused");
}

/* Wherever the room ends, no character is cut in two. */
static void test_whole_characters(void **state)
{
    struct err err;
    (void)state;
    for (int blanks = 0; blanks < 8; blanks++) {
        char words[1024];
        int size = snprintf(words, sizeof words, "%.*s", blanks, "........");
        while (size < 900)
            size += snprintf(words + size, sizeof words - (size_t)size, "%s", size % 2 ? "余" : "😀");
        for (int round = 0; round < 2; round++) {
            if (round == 0)
                err_failed(&err, "%s", words);
            else
                err_prefix(&err, "%.*s", blanks, "xxxxxxxx");
            struct view v = view_of(err.text);
            for (size_t i = 0; i < v.size;)
                if (view_code_point(v, &i) < 0)
                    fail_msg("%d in front, round %d: broken at byte %zu of %zu", blanks, round, i, v.size);
            assert_true(v.size > sizeof err.text - 12);
        }
    }
}

static void test_clocks(void **state)
{
    uint64_t before = clock_us();
    (void)state;
    assert_true(clock_us() >= before);
    assert_true(clock_unix_s() > 1700000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes),         cmocka_unit_test(test_one_line), cmocka_unit_test(test_quotes_itself),
        cmocka_unit_test(test_whole_characters), cmocka_unit_test(test_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

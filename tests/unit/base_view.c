/* Views: cutting, comparing, numbers, and what counts as UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/view.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))

static void test_compare(void **state)
{
    static const struct {
        const char *name, *a, *b;
        bool equal, nocase, starts;
    } row[] = {
        {"same", "YE", "YE", true, true, true},
        {"case", "ye", "YE", false, true, false},
        {"longer", "YE1", "YE", false, false, true},
        {"shorter", "Y", "YE", false, false, false},
        {"empty", "", "", true, true, true},
        {"no string", NULL, "", true, true, true},
        {"Chinese has no case", "余额", "余额", true, true, true},
        {"@ is not a backtick", "@", "`", false, false, false},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct view a = view_of(row[i].a), b = view_of(row[i].b);
        if (view_equal(a, b) != row[i].equal || view_equal_nocase(a, b) != row[i].nocase || view_starts_with(a, b) != row[i].starts)
            fail_msg("%s: \"%s\" and \"%s\": equal %d nocase %d starts %d", row[i].name, row[i].a, row[i].b, view_equal(a, b),
                     view_equal_nocase(a, b), view_starts_with(a, b));
    }
}

static void test_parts(void **state)
{
    struct view v = VIEW("abc");
    (void)state;
    assert_true(view_equal(view_from(v, 1), VIEW("bc")));
    assert_true(view_equal(view_from(v, 9), VIEW("")));
    assert_true(view_equal(view_head(v, 2), VIEW("ab")));
    assert_true(view_equal(view_head(v, 9), VIEW("abc")));
    assert_true(view_equal(view_trim(VIEW(" \t a b\r\n")), VIEW("a b")));
    assert_true(view_equal(view_trim(VIEW(" \n")), VIEW("")));
    assert_int_equal(view_from(VIEW_NONE, 3).size, 0);
}

static void test_cut(void **state)
{
    static const struct {
        const char *text, *first, *rest;
    } row[] = {{"a,b,c", "a", "b,c"}, {"a", "a", ""}, {",a", "", "a"}, {"a,", "a", ""}, {"", "", ""}};
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct view v = view_of(row[i].text);
        struct view first = view_cut(&v, ',');
        if (!view_equal(first, view_of(row[i].first)) || !view_equal(v, view_of(row[i].rest)))
            fail_msg("\"%s\": got \"%.*s\" and \"%.*s\", wanted \"%s\" and \"%s\"", row[i].text, VIEW_ARG(first), VIEW_ARG(v), row[i].first,
                     row[i].rest);
    }
}

static void test_number(void **state)
{
    static const struct {
        const char *text;
        uint64_t most;
        bool is_number;
        uint64_t number;
    } row[] = {
        {"0", 9, true, 0},
        {"007", 9, true, 7},
        {"65535", 65535, true, 65535},
        {"65536", 65535, false, 0},
        {"", 9, false, 0},
        {"-1", 9, false, 0},
        {" 1", 9, false, 0},
        {"1x", 99, false, 0},
        {"１", 9, false, 0},
        {"5", 3, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        uint64_t number = 0;
        bool is_number = view_number(view_of(row[i].text), row[i].most, &number);
        if (is_number != row[i].is_number || number != row[i].number)
            fail_msg("\"%s\": got %d %llu, wanted %d %llu", row[i].text, is_number, (unsigned long long)number, row[i].is_number,
                     (unsigned long long)row[i].number);
    }
}

static void test_hash(void **state)
{
    (void)state;
    assert_true(view_hash(VIEW("YE")) == view_hash(view_of("YE")));
    assert_true(view_hash(VIEW("YE")) != view_hash(VIEW("EY")));
    assert_true((view_hash(VIEW("KTCL1")) & 0xff) != (view_hash(VIEW("KTCL2")) & 0xff));
}

/* What is malformed costs one byte each (rules D2: valid UTF-8). */
static void test_code_points(void **state)
{
    static const struct {
        const char *name, *bytes;
        int32_t code[5];
        size_t count;
    } row[] = {
        {"ASCII", "A", {'A'}, 1},
        {"two bytes", "\xC2\xA0", {0xa0}, 1},
        {"Chinese", "余", {0x4f59}, 1},
        {"emoji", "😀", {0x1f600}, 1},
        {"the last one", "\xF4\x8F\xBF\xBF", {0x10ffff}, 1},
        {"beyond it", "\xF4\x90\x80\x80", {-1, -1, -1, -1}, 4},
        {"overlong slash", "\xC0\xAF", {-1, -1}, 2},
        {"overlong in three", "\xE0\x80\xAF", {-1, -1, -1}, 3},
        {"surrogate", "\xED\xA0\x80", {-1, -1, -1}, 3},
        {"lone continuation",
         "\x80"
         "A",
         {-1, 'A'},
         2},
        {"cut at the end", "A\xE4\xBD", {'A', -1, -1}, 3},
        {"cut by a letter",
         "\xE4\xBD"
         "A",
         {-1, -1, 'A'},
         3},
        {"no lead at all", "\xFF\xFE", {-1, -1}, 2},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct view v = view_of(row[i].bytes);
        size_t at = 0, count = 0;
        while (at < v.size) {
            int32_t code = view_code_point(v, &at);
            if (count >= row[i].count || code != row[i].code[count])
                fail_msg("%s: code %zu is %d, wanted %d of %zu", row[i].name, count, code, row[i].code[count], row[i].count);
            count++;
        }
        assert_int_equal(count, row[i].count);
    }
}

static void test_put_every_code_point(void **state)
{
    (void)state;
    for (int32_t code = 0; code <= 0x10ffff; code++) {
        char bytes[4];
        size_t at = 0;
        if (code == 0xd800)
            code = 0xe000;
        size_t size = view_put_code_point(bytes, code);
        int32_t back = view_code_point((struct view){bytes, size}, &at);
        if (back != code || at != size)
            fail_msg("U+%04X came back as U+%04X, %zu of %zu bytes", (unsigned)code, (unsigned)back, at, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_number),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_code_points),
        cmocka_unit_test(test_put_every_code_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

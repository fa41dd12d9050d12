/* Arenas and growing texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))

static void test_alloc_is_zeroed_and_aligned(void **state)
{
    struct arena *arena = arena_new();
    static const size_t size[] = {0, 1, 7, 16, 100, 5000, 8192, 100000, 1000000, 3};
    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < ROWS(size); i++) {
            unsigned char *at = arena_alloc(arena, size[i]);
            assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
            for (size_t k = 0; k < size[i]; k++)
                if (at[k] != 0)
                    fail_msg("byte %zu of %zu is not zero in round %d", k, size[i], round);
            memset(at, 0xee, size[i]);
        }
        arena_reset(arena);
    }
    arena_free(&arena);
    assert_null(arena);
    arena_free(&arena);
}

static void test_what_was_given_stays(void **state)
{
    struct arena *arena = arena_new();
    struct view copy[500];
    (void)state;
    for (size_t i = 0; i < ROWS(copy); i++)
        copy[i] = arena_printf(arena, "%zu 余额 %0*d", i, (int)i, 0);
    for (size_t i = 0; i < ROWS(copy); i++) {
        char wanted[1024];
        snprintf(wanted, sizeof wanted, "%zu 余额 %0*d", i, (int)i, 0);
        assert_string_equal(copy[i].at, wanted);
        assert_int_equal(copy[i].size, strlen(wanted));
    }
    assert_string_equal(arena_copy(arena, VIEW_NONE).at, "");
    assert_string_equal(arena_string(arena, view_head(VIEW("abc"), 2)), "ab");
    arena_free(&arena);
}

static void test_text_grows(void **state)
{
    struct text text = {0};
    (void)state;
    assert_int_equal(text_view(&text).size, 0);
    for (int i = 0; i < 1000; i++)
        text_addf(&text, "%03d", i);
    text_add_char(&text, '!');
    assert_int_equal(text.size, 3001);
    assert_string_equal(text.at + 2994, "998999!");
    text_clear(&text);
    assert_string_equal(text.at, "");
    text_add(&text, VIEW("a\0b"));
    assert_int_equal(text.size, 3);
    text_free(&text);
    assert_null(text.at);
}

/* Only what is still ours can be looked at: the room of a text that was cleared. */
static void test_text_leaves_nothing(void **state)
{
    struct text text = {0};
    (void)state;
    text_add(&text, VIEW("246810"));
    text_clear(&text);
    for (size_t i = 0; i < strlen("246810"); i++)
        assert_int_equal(text.at[i], '\0');
    text_clear(&text);
    text_free(&text);
    text_clear(&text);
    text_free(&text);
}

static void test_utf8(void **state)
{
    static const struct {
        const char *name;
        struct view input, wanted;
    } row[] = {
        {"ASCII", VIEW("YE 10086"), VIEW("YE 10086")},
        {"well formed", VIEW("余额 é 😀"), VIEW("余额 é 😀")},
        {"U+0000 stays", VIEW("a\0b"), VIEW("a\0b")},
        {"a byte that begins nothing",
         VIEW("a\xFF"
              "b"),
         VIEW("a\xEF\xBF\xBD"
              "b")},
        {"cut at the end", VIEW("余\xE9\xA2"), VIEW("余\xEF\xBF\xBD\xEF\xBF\xBD")},
        {"cut at the beginning", VIEW("\xBD余"), VIEW("\xEF\xBF\xBD余")},
        {"a surrogate", VIEW("\xED\xA0\x80"), VIEW("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD")},
        {"overlong", VIEW("\xC0\x80"), VIEW("\xEF\xBF\xBD\xEF\xBF\xBD")},
        {"empty", VIEW(""), VIEW("")},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct text text = {0};
        text_add_char(&text, '>');
        text_add_utf8(&text, row[i].input);
        if (!view_equal(view_from(text_view(&text), 1), row[i].wanted) || text.at[text.size] != '\0')
            fail_msg("%s: got %s, wanted >%.*s", row[i].name, text.at, VIEW_ARG(row[i].wanted));
        text_free(&text);
    }
}

static void test_url_and_json(void **state)
{
    static const struct {
        const char *name;
        struct view input;
        const char *url, *json;
    } row[] = {
        {"plain", VIEW("aZ09-_.~"), "aZ09-_.~", "\"aZ09-_.~\""},
        {"reserved", VIEW("a b&c=d+%/"), "a%20b%26c%3Dd%2B%25%2F", "\"a b&c=d+%/\""},
        {"Chinese", VIEW("余"), "%E4%BD%99", "\"余\""},
        {"NUL", VIEW("a\0b"), "a%00b", "\"a\\u0000b\""},
        {"quotes and lines", VIEW("\"\\\n\r\t\x1b"), "%22%5C%0A%0D%09%1B", "\"\\\"\\\\\\n\\r\\t\\u001b\""},
        {"no UTF-8", VIEW("a\xFF\xE4\xBD"), "a%FF%E4%BD", "\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"ends lines in JavaScript, moves cursors", VIEW("\xE2\x80\xA8\xC2\x9B"), "%E2%80%A8%C2%9B", "\"\\u2028\\u009b\""},
        {"empty", VIEW_NONE, "", "\"\""},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct text url = {0}, json = {0};
        text_add_char(&url, '?');
        text_add_url(&url, row[i].input);
        text_add_json(&json, row[i].input);
        if (strcmp(url.at + 1, row[i].url) != 0 || strcmp(json.at, row[i].json) != 0)
            fail_msg("%s: got %s and %s, wanted ?%s and %s", row[i].name, url.at, json.at, row[i].url, row[i].json);
        text_free(&url);
        text_free(&json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc_is_zeroed_and_aligned),
        cmocka_unit_test(test_what_was_given_stays),
        cmocka_unit_test(test_text_grows),
        cmocka_unit_test(test_text_leaves_nothing),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_url_and_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

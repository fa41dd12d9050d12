/* Folding (rules D2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sms/fold.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))

static void test_fold(void **state)
{
    static const struct {
        const char *name;
        struct view input;
        const char *wanted;
    } row[] = {
        {"plain", VIEW("YE"), "YE"},
        {"case", VIEW("yE1z"), "YE1Z"},
        {"Kelvin sign is no K, long s no S", VIEW("\xE2\x84\xAA\xC5\xBF"), "\xE2\x84\xAA\xC5\xBF"},
        {"full width", VIEW("ｚｄ２０１２１１"), "ZD201211"},
        {"ends of the full-width row", VIEW("a！～a"), "A!~A"},
        {"behind that row", VIEW("\xEF\xBD\x9F\xEF\xBD\xA1"), "\xEF\xBD\x9F\xEF\xBD\xA1"},
        {"separators stay", VIEW("mmxg＃1＊2"), "MMXG#1*2"},
        {"separators at the end stay", VIEW("KT#*"), "KT#*"},
        {"ideographic blank", VIEW("　HF　201307　"), "HF 201307"},
        {"no-break blank, tab, lines", VIEW("a\xC2\xA0\t\r\nb"), "A B"},
        {"runs of blanks", VIEW("  a  b   c  "), "A B C"},
        {"closing punctuation", VIEW("ye。"), "YE"},
        {"each of it", VIEW("ye。.！!～~，,．、？?；;：:…"), "YE"},
        {"a question", VIEW("余额？"), "余额"},
        {"inside they stay", VIEW("a?b;c:d…e、f"), "A?B;C:D…E、F"},
        {"mixed with blanks", VIEW("是 。 ! ， "), "是"},
        {"inside it stays", VIEW("1，3，"), "1,3"},
        {"amounts", VIEW("10.50."), "10.50"},
        {"in front it stays", VIEW("。ye"), "。YE"},
        {"blank before inner punctuation", VIEW("a , b"), "A , B"},
        {"punctuation only", VIEW(" 。！ "), ""},
        {"empty", VIEW_NONE, ""},
        {"byte order mark", VIEW("\xEF\xBB\xBFYE"), "YE"},
        {"zero width",
         VIEW("Y\xE2\x80\x8B\xE2\x80\x8F"
              "E"),
         "YE"},
        {"next to the zero widths", VIEW("\xE2\x80\x90\xE2\x80\xAF"), "\xE2\x80\x90"},
        {"blanks of typesetters",
         VIEW("a\xE2\x80\x80\xE2\x80\x85"
              "b\xE2\x80\x87\xE2\x80\x8A"
              "c\xE2\x80\xAF"
              "d\xE2\x81\x9F"
              "e"),
         "A B C D E"},
        {"separators of lines", VIEW("\xE2\x80\xA8ye\xE2\x80\xA9jf\xE2\x80\xA9"), "YE JF"},
        {"raw letters of iOS pinyin",
         VIEW("c\xE2\x80\x86x\xE2\x80\x86y\xE2\x80\x86"
              "e"),
         "CXYE"},
        {"how an emoji is drawn",
         VIEW("1\xEF\xB8\x8F\xEF\xB8\x8E"
              "2"),
         "12"},
        {"direction marks",
         VIEW("\xE2\x80\xAAY\xE2\x80\xAE\xE2\x81\xA6" // NOLINT(misc-misleading-bidirectional)
              "E\xE2\x81\xA9"),
         "YE"},
        {"word joiner and soft hyphen",
         VIEW("Y\xE2\x81\xA0\xC2\xAD"
              "E"),
         "YE"},
        {"control characters",
         VIEW("\0Y\x01\x1B\x7F\xC2\x85"
              "E\0"),
         "YE"},
        {"invisible between blanks", VIEW("a \xE2\x80\x8B b"), "A B"},
        {"invisible at the end", VIEW("ye。\xE2\x80\x8B"), "YE"},
        {"no NFKC (½ ① ㎏)", VIEW("½①㎏"), "½①㎏"},
        {"traditional stays", VIEW("餘額"), "餘額"},
        {"emoji stays", VIEW("ye😀"), "YE😀"},
        {"other two bytes stay", VIEW("\xC2\xA1é"), "\xC2\xA1é"},
    };
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct view got = fold(arena, row[i].input);
        if (!view_equal(got, view_of(row[i].wanted)) || got.at[got.size] != '\0')
            fail_msg("%s: got \"%.*s\", wanted \"%s\"", row[i].name, VIEW_ARG(got), row[i].wanted);
    }
    arena_free(&arena);
}

static void test_length_cap(void **state)
{
    static char text[3 * FOLD_SIZE_MAX];
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "余"[i % 3];
    assert_int_equal(fold(arena, (struct view){text, sizeof text}).size, FOLD_SIZE_MAX / 3 * 3);
    memset(text, 'a', sizeof text);
    assert_int_equal(fold(arena, (struct view){text, sizeof text}).size, FOLD_SIZE_MAX);
    assert_int_equal(fold(arena, (struct view){text, FOLD_SIZE_MAX}).size, FOLD_SIZE_MAX);
    arena_free(&arena);
}

/* What is folded folds to itself. */
static void test_twice_is_once(void **state)
{
    static const int32_t codes[] = {' ',    'a',    'Z',     '7',  '#', '.',  ',',    '~',    0x3000, 0x3002, 0xff0c, 0xff21, 0xfeff,
                                    0x200b, 0x4f59, 0x1f600, 0xa0, 0,   '\n', 0xff1f, 0x2006, 0x2028, 0x2026, 0xfe0f, ':'};
    struct arena *arena = arena_new();
    (void)state;
    srandom(20261122);
    for (int round = 0; round < 50000; round++) {
        char bytes[64];
        size_t size = 0, count = (size_t)random() % 12;
        while (count--)
            size += view_put_code_point(bytes + size, codes[(size_t)random() % ROWS(codes)]);
        struct view once = fold(arena, (struct view){bytes, size});
        struct view twice = fold(arena, once);
        if (!view_equal(once, twice))
            fail_msg("\"%.*s\" folds to \"%.*s\"", VIEW_ARG(once), VIEW_ARG(twice));
        arena_reset(arena);
    }
    arena_free(&arena);
}

/* Bytes that are no UTF-8 do not belong here; they harm nothing all the same. */
static void test_any_bytes(void **state)
{
    struct arena *arena = arena_new();
    (void)state;
    srandom(20261122);
    for (int round = 0; round < 50000; round++) {
        size_t size = (size_t)random() % 20;
        char *bytes = malloc(size ? size : 1); /* its own block, so that the sanitizer sees a step too far */
        assert_non_null(bytes);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (char)random();
        assert_true(fold(arena, (struct view){bytes, size}).size <= size);
        free(bytes);
        arena_reset(arena);
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_length_cap),
        cmocka_unit_test(test_twice_is_once),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

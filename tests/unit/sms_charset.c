/* Kannel's bytes become UTF-8 (kannel.md §1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sms/charset.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))
#define FFFD        "\xEF\xBF\xBD"

static void test_decode(void **state)
{
    static const struct {
        const char *name;
        struct view bytes;
        const char *charset;
        int coding;
        struct view wanted;
    } row[] = {
        {"as Kannel recodes it", VIEW("查询话费"), "UTF-8", 0, VIEW("查询话费")},
        {"no charset", VIEW("ye"), "", -1, VIEW("ye")},
        {"charset wins over coding", VIEW("余"), "utf-8", 2, VIEW("余")},
        {"U+FEFF stays", VIEW("\xEF\xBB\xBFYE"), "UTF-8", 0, VIEW("\xEF\xBB\xBFYE")},
        {"U+0000 stays", VIEW("a\0b"), "UTF-8", 0, VIEW("a\0b")},
        {"broken UTF-8", VIEW("a\xFF余\xE4\xBD"), "UTF-8", 0, VIEW("a" FFFD "余" FFFD FFFD)},
        {"overlong", VIEW("\xC0\xB0"), "UTF-8", 0, VIEW(FFFD FFFD)},
        {"surrogate in UTF-8", VIEW("\xED\xA0\x80"), "UTF-8", 0, VIEW(FFFD FFFD FFFD)},
        {"empty", VIEW_NONE, "UTF-8", 0, VIEW("")},
        {"UCS-2 by coding", VIEW("\x4F\x59\x98\x9D"), "", 2, VIEW("余额")},
        {"UCS-2 by charset", VIEW("\x4F\x59\x98\x9D"), "UTF-16BE", 2, VIEW("余额")},
        {"emoji", VIEW("\xD8\x3D\xDE\x00"), "UTF-16BE", 2, VIEW("😀")},
        {"lone high surrogate", VIEW("\xD8\x3D\0A"), "UTF-16BE", 2, VIEW(FFFD "A")},
        {"lone low surrogate", VIEW("\xDE\x00\0A"), "UTF-16BE", 2, VIEW(FFFD "A")},
        {"two high surrogates", VIEW("\xD8\x3D\xD8\x3D\xDE\x00"), "UTF-16BE", 2, VIEW(FFFD "😀")},
        {"high surrogate at the end", VIEW("\0A\xD8\x3D"), "UTF-16BE", 2, VIEW("A" FFFD)},
        {"high surrogate and half a unit", VIEW("\xD8\x3D\xDE"), "UTF-16BE", 2, VIEW(FFFD)},
        {"odd last byte", VIEW("\0Y\0E\x4F"), "UTF-16BE", 2, VIEW("YE")},
        {"one byte", VIEW("\x4F"), "UTF-16BE", 2, VIEW("")},
        {"U+FEFF and U+0000 in UTF-16", VIEW("\xFE\xFF\0\0\0A"), "UTF-16BE", 2, VIEW("\xEF\xBB\xBF\0A")},
        {"little endian", VIEW("\x59\x4F"), "UTF-16LE", 2, VIEW("余")},
        {"GBK", VIEW("\xD3\xE0\xB6\xEE"), "gbk", 0, VIEW("余额")},
        {"GB18030", VIEW("\xD3\xE0\x94\x39\xFC\x36"), "GB18030", 0, VIEW("余😀")},
        {"Big5", VIEW("\xBE\x6C\xC3\x42"), "BIG5", 0, VIEW("餘額")},
        {"Latin-1",
         VIEW("\xA3"
              "5"),
         "ISO-8859-1", 0, VIEW("£5")},
        {"broken GBK",
         VIEW("A\xFF"
              "B\xD3"),
         "GBK", 0, VIEW("A" FFFD "B" FFFD)},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct arena *arena = arena_new();
        struct view got;
        struct err err = {""};
        enum outcome outcome = charset_decode(arena, row[i].bytes, view_of(row[i].charset), row[i].coding, &got, &err);
        if (outcome != IS_DONE || !view_equal(got, row[i].wanted))
            fail_msg("%s: got %d \"%.*s\" (%s), wanted \"%.*s\"", row[i].name, outcome, VIEW_ARG(got), err.text, VIEW_ARG(row[i].wanted));
        arena_free(&arena);
    }
}

static void test_refusals(void **state)
{
    static const struct {
        const char *charset;
        int coding;
        const char *wanted;
    } row[] = {
        {"8-BIT", 1, "binary message"},
        {"", 1, "binary message"},
        {"UTF-8", 1, "binary message"},
        {"8-bit", 0, "binary message"},
        {"BINARY", -1, "binary message"},
        {"KLINGON", 0, "unknown charset \"KLINGON\""},
        {"GBNONE", 0, "unknown charset \"GBNONE\""},
        {"INTERNAL", 0, "unknown charset \"INTERNAL\""},
        {"GBK//TRANSLIT", 0, "no name of a charset"},
        {"a b\n", 0, "no name of a charset"},
        {"x123456789x123456789x123456789x123456789x", 0, "no name of a charset"},
    };
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct view got = VIEW("untouched");
        struct err err = {""};
        enum outcome outcome = charset_decode(arena, VIEW("YE"), view_of(row[i].charset), row[i].coding, &got, &err);
        if (outcome != IS_REFUSED || strcmp(err.text, row[i].wanted) != 0 || got.size)
            fail_msg("\"%s\" %d: got %d \"%s\", wanted \"%s\"", row[i].charset, row[i].coding, outcome, err.text, row[i].wanted);
    }
    arena_free(&arena);
}

/* Whatever comes, valid UTF-8 goes out. */
static void test_any_bytes(void **state)
{
    static const char *const charset[] = {"UTF-8", "UTF-16BE", "UTF-16LE", "GBK", "GB18030", "BIG5", "SHIFT_JIS", "EUC-KR"};
    struct arena *arena = arena_new();
    (void)state;
    srandom(20261122);
    for (int round = 0; round < 20000; round++) {
        char bytes[64];
        struct view got, in = {bytes, (size_t)random() % sizeof bytes};
        for (size_t i = 0; i < in.size; i++)
            bytes[i] = (char)random();
        assert_int_equal(charset_decode(arena, in, view_of(charset[round % ROWS(charset)]), -1, &got, NULL), IS_DONE);
        for (size_t i = 0; i < got.size;)
            if (view_code_point(got, &i) < 0)
                fail_msg("%s gave no UTF-8 in round %d", charset[round % ROWS(charset)], round);
        arena_reset(arena);
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

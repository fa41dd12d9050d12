/* How many SMS a text makes, and where it is cut (rules D1; 3GPP TS 23.038, 23.040). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sms/segments.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))

/* "12余3😀": twelve times 余, three times 😀, and so on, so that rows stay readable. */
static struct view repeat(struct arena *arena, const char *recipe)
{
    struct text out = {0};
    struct view v = view_of(recipe), copy;
    for (size_t i = 0; i < v.size;) {
        char *end;
        long count = strtol(v.at + i, &end, 10);
        size_t start = i = (size_t)(end - v.at);
        view_code_point(v, &i);
        while (count-- > 0)
            text_add(&out, (struct view){v.at + start, i - start});
    }
    copy = arena_copy(arena, text_view(&out));
    text_free(&out);
    return copy;
}

static void test_count(void **state)
{
    static const struct {
        const char *recipe;
        struct segments wanted;
    } row[] = {
        {"", {false, 0, 1}},
        {"1a", {false, 1, 1}},
        {"160a", {false, 160, 1}},
        {"161a", {false, 161, 2}},
        {"306a", {false, 306, 2}},
        {"307a", {false, 307, 3}},
        {"158a1€", {false, 160, 1}},
        {"159a1{", {false, 161, 2}},
        {"152a1€152a", {false, 306, 3}}, /* the escape does not end a part */
        {"153a1€151a", {false, 306, 2}},
        {"1@1£1$1¥1è1Ω1Ä1à1\n1\r", {false, 10, 1}},
        {"1ç", {true, 1, 1}},
        {"1`", {true, 1, 1}},
        {"1\t", {true, 1, 1}},
        {"69a1余", {true, 70, 1}},
        {"70余", {true, 70, 1}},
        {"71余", {true, 71, 2}},
        {"134余", {true, 134, 2}},
        {"135余", {true, 135, 3}},
        {"35😀", {true, 70, 1}},
        {"36😀", {true, 72, 2}},
        {"66余1😀66余", {true, 134, 3}}, /* the pair goes into the second part */
        {"67余1😀65余", {true, 134, 2}},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct arena *arena = arena_new();
        struct segments got = segments_count(repeat(arena, row[i].recipe)), wanted = row[i].wanted;
        if (got.is_ucs2 != wanted.is_ucs2 || got.units != wanted.units || got.parts != wanted.parts)
            fail_msg("%s: got %d %zu %zu, wanted %d %zu %zu", row[i].recipe, got.is_ucs2, got.units, got.parts, wanted.is_ucs2,
                     wanted.units, wanted.parts);
        arena_free(&arena);
    }
}

static void test_split(void **state)
{
    static const struct {
        const char *recipe;
        size_t parts_max, count;
        const char *first, *last; /* behind their "(1/3)" when there are several */
    } row[] = {
        {"", 1, 1, "", ""},
        {"70余", 1, 1, "70余", "70余"},
        {"71余", 1, 2, "65余", "6余"},
        {"134余", 2, 1, "134余", "134余"},
        {"135余", 2, 2, "129余", "6余"},
        {"55余1。80余", 1, 3, "55余1。", "15余"},
        {"50余1\n19余1。19余", 1, 2, "50余1\n", "19余1。19余"},
        {"30余1。60余", 1, 2, "30余1。34余", "26余"}, /* too early to cut there */
        {"161a", 1, 2, "155a", "6a"},
        {"66余1😀10余", 2, 1, "66余1 1😀10余", "66余1 1😀10余"},
        {"66余1😀", 2, 1, "66余1😀", "66余1😀"}, /* 68 units are one SMS: nothing is cut */
        {"61余1😀100余", 2, 2, "61余1 1😀65余", "35余"},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct arena *arena = arena_new();
        struct view *pieces, first = repeat(arena, row[i].first), last = repeat(arena, row[i].last);
        size_t count = segments_split(arena, repeat(arena, row[i].recipe), row[i].parts_max, &pieces);
        if (row[i].count > 1) {
            first = arena_printf(arena, "(1/%zu)%s", row[i].count, first.at);
            last = arena_printf(arena, "(%zu/%zu)%s", row[i].count, row[i].count, last.at);
        }
        if (count != row[i].count || !view_equal(pieces[0], first) || !view_equal(pieces[count - 1], last))
            fail_msg("%s in %zu: got %zu, \"%.*s\" … \"%.*s\", wanted %zu, \"%.*s\" … \"%.*s\"", row[i].recipe, row[i].parts_max, count,
                     VIEW_ARG(pieces[0]), VIEW_ARG(pieces[count - 1]), row[i].count, VIEW_ARG(first), VIEW_ARG(last));
        arena_free(&arena);
    }
}

/* As Kannel counts and cuts: every 67 units of a message of more than 70, wherever that falls. */
static void check_piece(struct view piece, size_t parts_max)
{
    size_t units = 0;
    struct segments s = segments_count(piece);
    if (!s.is_ucs2)
        return;
    for (size_t i = 0; i < piece.size;) {
        bool is_pair = view_code_point(piece, &i) > 0xffff;
        if (s.units > SEGMENT_UCS2_SINGLE && is_pair && units % SEGMENT_UCS2_JOINED == SEGMENT_UCS2_JOINED - 1)
            fail_msg("a pair is cut %zu units into \"%.*s\"", units, VIEW_ARG(piece));
        units += is_pair ? 2 : 1;
    }
    size_t parts = units <= SEGMENT_UCS2_SINGLE ? 1 : (units + SEGMENT_UCS2_JOINED - 1) / SEGMENT_UCS2_JOINED;
    if (parts > parts_max || parts != s.parts)
        fail_msg("\"%.*s\" makes %zu parts of at most %zu, counted %zu", VIEW_ARG(piece), parts, parts_max, s.parts);
}

/* The text without its blanks; pieces lose their "(i/n)" as well. What is left must be the same. */
static void add_visible(struct text *out, struct view v)
{
    for (size_t i = 0; i < v.size; i++)
        if (v.at[i] != ' ')
            text_add_char(out, v.at[i]);
}

static void check_text(struct view utf8, size_t parts_max, const struct view *pieces, size_t count)
{
    struct text got = {0}, wanted = {0};
    add_visible(&wanted, utf8);
    for (size_t i = 0; i < count; i++) {
        struct view body = pieces[i];
        char head[48];
        check_piece(body, parts_max);
        snprintf(head, sizeof head, "(%zu/%zu)", i + 1, count);
        assert_true(count == 1 || view_starts_with(body, view_of(head)));
        add_visible(&got, view_from(body, count == 1 ? 0 : strlen(head)));
    }
    if (!view_equal(text_view(&got), text_view(&wanted)))
        fail_msg("\"%.*s\" became \"%.*s\"", VIEW_ARG(wanted), VIEW_ARG(got));
    text_free(&got);
    text_free(&wanted);
}

static void test_any_text(void **state)
{
    static const int32_t codes[] = {'a', '7', '(', '[', ' ', '\n', 0x3002, 0x4f59, 0x989d, 0x1f600, 0x1f600, 0x20ac};
    struct arena *arena = arena_new();
    (void)state;
    srandom(20261122);
    for (int round = 0; round < 3000; round++) {
        char bytes[4 * 1500];
        struct view *pieces;
        size_t size = 0, length = (size_t)random() % (round % 10 ? 300 : 1500), parts_max = 1 + (size_t)random() % 4;
        while (length--)
            size += view_put_code_point(bytes + size, codes[(size_t)random() % ROWS(codes)]);
        size_t count = segments_split(arena, (struct view){bytes, size}, parts_max, &pieces);
        check_text((struct view){bytes, size}, parts_max, pieces, count);
        arena_reset(arena);
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_any_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/talk.h"

#define VIEW_IS(v, literal) assert_string_equal(arena_string(arena, (v)), (literal))

/* One line each: what is read of it. */
static void test_lines(void **state)
{
    static const struct {
        const char *line;
        enum talk_kind kind;
        const char *msisdn, *port, *text;
    } rows[] = {
        {"13800138000 > 10086 YE", TALK_SAYS, "13800138000", "10086", "YE"},
        {"13800138000 > 10086", TALK_SAYS, "13800138000", "10086", ""},
        {"  +8613800138000\t>  10086977   Y E  ", TALK_SAYS, "+8613800138000", "10086977", "Y E"},
        {"13800138000 > 10086 ＹＥ\r", TALK_SAYS, "13800138000", "10086", "ＹＥ"},
        {"13800138000 > 10086 MMXG#1#2 # no comment", TALK_SAYS, "13800138000", "10086", "MMXG#1#2 # no comment"},
        {"13800138000 > 10086 \"  \" # blanks", TALK_SAYS, "13800138000", "10086", "  "},
        {"13800138000 > 10086 \"a\\n\\t\\\"\\\\\\u{1F600}\\u{41}\"", TALK_SAYS, "13800138000", "10086", "a\n\t\"\\😀A"},
        {"13800138000 > 10086 \"\\r \"", TALK_SAYS, "13800138000", "10086", "\r "},
        {"13800138000 > 10086 a\\n", TALK_SAYS, "13800138000", "10086", "a\\n"},
        {"13800138000 < 10086 *56.78元*", TALK_HEARS, "13800138000", "10086", "*56.78元*"},
        {"13800138000 < 10086 \"\\*\\\\ *\"", TALK_HEARS, "13800138000", "10086", "\\*\\\\ *"},
        {"13800138000 <~ 10086 /^您.+元/   # PCRE2", TALK_HEARS_LIKE, "13800138000", "10086", "^您.+元"},
        {"13800138000 <~ 10086 /a\\/b#c/", TALK_HEARS_LIKE, "13800138000", "10086", "a\\/b#c"},
        {"13800138000 ! 10086   # no further reply", TALK_SILENCE, "13800138000", "10086", ""},
        {"10086 > 10086 loop", TALK_SAYS, "10086", "10086", "loop"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct arena *arena = arena_new();
        struct talk *talk;
        struct err err = {""};
        if (talk_read(arena, VIEW("t"), view_of(rows[i].line), &talk, &err) != IS_DONE)
            fail_msg("%s: %s", rows[i].line, err.text);
        assert_int_equal(talk->count, 1);
        assert_int_equal(talk->event[0].kind, rows[i].kind);
        assert_int_equal(talk->event[0].line, 1);
        VIEW_IS(talk->event[0].msisdn, rows[i].msisdn);
        VIEW_IS(talk->event[0].port, rows[i].port);
        VIEW_IS(talk->event[0].text, rows[i].text);
        talk_end(&talk);
        assert_null(talk);
        arena_free(&arena);
    }
}

static void test_file(void **state)
{
    static const char content[] = "\xEF\xBB\xBF# a comment\n\n  # another\n1 > 2 a\nwait 3s   # real time\nwait 200ms\n1 ! 2";
    static const struct {
        enum talk_kind kind;
        int line;
        unsigned wait_ms;
    } wanted[] = {{TALK_SAYS, 4, 0}, {TALK_WAITS, 5, 3000}, {TALK_WAITS, 6, 200}, {TALK_SILENCE, 7, 0}};
    struct arena *arena = arena_new();
    struct talk *talk;
    (void)state;
    assert_int_equal(talk_read(arena, VIEW("t"), VIEW(content), &talk, NULL), IS_DONE);
    assert_int_equal(talk->count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(talk->event[i].kind, wanted[i].kind);
        assert_int_equal(talk->event[i].line, wanted[i].line);
        assert_int_equal(talk->event[i].wait_ms, wanted[i].wait_ms);
    }
    talk_end(&talk);
    arena_free(&arena);
}

static void test_nul_survives(void **state)
{
    struct arena *arena = arena_new();
    struct talk *talk;
    (void)state;
    assert_int_equal(talk_read(arena, VIEW("t"), VIEW("1 > 2 \"A\\u{0}B\""), &talk, NULL), IS_DONE);
    assert_int_equal(talk->event[0].text.size, 3);
    assert_memory_equal(talk->event[0].text.at, "A\0B", 3);
    talk_end(&talk);
    arena_free(&arena);
}

static void test_many_events(void **state)
{
    struct arena *arena = arena_new();
    struct talk *talk;
    char content[1000 * 8];
    (void)state;
    for (size_t i = 0; i < 1000; i++)
        memcpy(content + i * 8, "1 > 2 a\n", 8);
    assert_int_equal(talk_read(arena, VIEW("t"), (struct view){content, sizeof(content)}, &talk, NULL), IS_DONE);
    assert_int_equal(talk->count, 1000);
    assert_int_equal(talk->event[999].line, 1000);
    VIEW_IS(talk->event[0].text, "a");
    talk_end(&talk);
    arena_free(&arena);
}

/* Each is refused, with the file and the line. */
static void test_malformed(void **state)
{
    static const char *const lines[] = {
        "13800138000",
        "13800138000 >",
        "13800138000 = 10086 YE",
        "13800138000 ! 10086 x",
        "13800138000 <~ 10086",
        "13800138000 <~ 10086 ^x",
        "13800138000 <~ 10086 /x",
        "13800138000 <~ 10086 /x\\/",
        "13800138000 <~ 10086 /x/ y",
        "13800138000 <~ 10086 /(x/",
        "13800138000 > 10086 \"x",
        "13800138000 > 10086 \"x\" y",
        "13800138000 > 10086 \"\\x\"",
        "13800138000 > 10086 \"\\*\"",
        "13800138000 > 10086 \"\\u{}\"",
        "13800138000 > 10086 \"\\u{110000}\"",
        "13800138000 > 10086 \"\\u{D800}\"",
        "13800138000 > 10086 \"\\u{12\"",
        "13800138000 > 10086 \"\\",
        "wait",
        "wait 3",
        "wait 0s",
        "wait 3s 4s",
        "wait 3m",
        "wait 99999999999999s",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        struct arena *arena = arena_new();
        struct talk *talk = NULL;
        struct err err = {""};
        struct view content = arena_printf(arena, "1 <~ 2 /a/\n%s\n", lines[i]);
        if (talk_read(arena, VIEW("odd.talk"), content, &talk, &err) != IS_REFUSED)
            fail_msg("%s is taken", lines[i]);
        assert_memory_equal(err.text, "odd.talk:2: ", 12);
        assert_null(talk);
        arena_free(&arena);
    }
}

static void test_globs(void **state)
{
    static const struct {
        const char *glob, *text;
        bool fits;
    } rows[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "a\nb", true},
        {"a", "a", true},
        {"a", "A", false},
        {"a*", "a", true},
        {"*a", "ba", true},
        {"*a", "bab", false},
        {"*56.78元*", "您的余额为56.78元。", true},
        {"*56.78元*", "您的余额为56.87元。", false},
        {"*ab*ab", "abab", true},
        {"*ab*ab", "aab", false},
        {"a*b*c", "a b b c c", true},
        {"a**b", "ab", true},
        {"\\*", "*", true},
        {"\\*", "a", false},
        {"*\\*", "a*", true},
        {"\\\\", "\\", true},
        {"\\n", "\\n", true},
        {"a\\", "a\\", true},
        {"*aaaaaaaaaaaaaaab", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (talk_glob_fits(view_of(rows[i].glob), view_of(rows[i].text)) != rows[i].fits)
            fail_msg("\"%s\" on \"%s\": wanted %d", rows[i].glob, rows[i].text, rows[i].fits);
}

static void test_event_fits(void **state)
{
    struct arena *arena = arena_new();
    struct talk *talk;
    (void)state;
    assert_int_equal(talk_read(arena, VIEW("t"), VIEW("1 < 2 a*\n1 <~ 2 /b.+c/\n1 < 2 \"a\\nb \""), &talk, NULL), IS_DONE);
    assert_true(talk_event_fits(&talk->event[0], VIEW("ab")));
    assert_false(talk_event_fits(&talk->event[0], VIEW("ba")));
    assert_true(talk_event_fits(&talk->event[1], VIEW("ab\ncd")));
    assert_false(talk_event_fits(&talk->event[1], VIEW("bc")));
    assert_true(talk_event_fits(&talk->event[2], VIEW("a\nb ")));
    talk_end(&talk);
    arena_free(&arena);
}

static void test_patterns(void **state)
{
    static const struct {
        const char *source, *text;
        bool fits;
    } rows[] = {
        {"^您.+元", "您的余额为1元。", true},
        {"^您.+元", "尊敬的您：1元", false},
        {"", "", true},
        {"^.$", "元", true},
        {"a.b", "a\nb", true},
        {"(?i)ye", "YE", true},
        {"[0-9]+\\.[0-9]{2}元", "0.50元", true},
        {"a", "a\xFF", false},
        {"(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", false},
    };
    struct pattern *pattern = NULL;
    struct err err = {""};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        assert_int_equal(pattern_new(view_of(rows[i].source), &pattern, &err), IS_DONE);
        if (pattern_matches(pattern, view_of(rows[i].text)) != rows[i].fits)
            fail_msg("/%s/ on \"%s\": wanted %d", rows[i].source, rows[i].text, rows[i].fits);
        pattern_free(&pattern);
        assert_null(pattern);
    }
    pattern_free(&pattern);
    assert_int_equal(pattern_new(VIEW("a)"), &pattern, &err), IS_REFUSED);
    assert_non_null(strstr(err.text, "(at byte 1)"));
    assert_null(pattern);
}

static void test_durations(void **state)
{
    static const struct {
        const char *written;
        unsigned bare_ms;
        bool is_read;
        unsigned ms;
    } rows[] = {
        {"3s", 0, true, 3000},
        {"200ms", 0, true, 200},
        {"5", 1000, true, 5000},
        {"700", 1, true, 700},
        {"0", 1, true, 0},
        {"", 1, false, 0},
        {"s", 1, false, 0},
        {"-1s", 1, false, 0},
        {"1.5s", 1, false, 0},
        {"3sec", 1, false, 0},
        {"86400s", 1, true, 86400000},
        {"86401s", 1, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        unsigned ms = 0;
        if (talk_duration(view_of(rows[i].written), rows[i].bare_ms, &ms) != rows[i].is_read || ms != rows[i].ms)
            fail_msg("\"%s\": %u", rows[i].written, ms);
    }
}

/* What is written is read as the same: a text, and a glob that fits its reply and no other. */
static void test_written(void **state)
{
    static const struct {
        const char *text, *said, *glob;
    } rows[] = {
        {"YE", "YE", "YE"},
        {"", "", ""},
        {"# 1*2", "# 1*2", "# 1\\*2"},
        {"a\\b", "a\\b", "a\\\\b"},
        {" YE", "\" YE\"", "\" YE\""},
        {"\"YE\"", "\"\\\"YE\\\"\"", "\"\\\"YE\\\"\""},
        {"一\n二*\t\r", "\"一\\n二*\\t\\r\"", "\"一\\n二\\*\\t\\r\""},
        {"\x01\\\x7F", "\"\\u{1}\\\\\\u{7F}\"", "\"\\u{1}\\\\\\u{7F}\""},
        {"\xC2\x9B"
         "2J\xE2\x80\xA8",
         "\"\\u{9B}2J\\u{2028}\"", "\"\\u{9B}2J\\u{2028}\""},
        {"密码***。", "密码***。", "密码*。"},
        {"****", "****", "*\\*"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct text said = {0}, glob = {0}, file = {0};
        struct arena *arena = arena_new();
        struct talk *talk;
        talk_write_text(&said, view_of(rows[i].text));
        talk_write_glob(&glob, view_of(rows[i].text));
        text_addf(&file, "1 > 2 %.*s\n1 < 2 %.*s\n", VIEW_ARG(text_view(&said)), VIEW_ARG(text_view(&glob)));
        if (!view_equal(text_view(&said), view_of(rows[i].said)) || !view_equal(text_view(&glob), view_of(rows[i].glob)))
            fail_msg("\"%s\" is written %s", rows[i].text, file.at);
        assert_int_equal(talk_read(arena, VIEW("t"), text_view(&file), &talk, NULL), IS_DONE);
        if (!view_equal(talk->event[0].text, view_of(rows[i].text)) || !talk_event_fits(&talk->event[1], view_of(rows[i].text)))
            fail_msg("\"%s\" is not read again from %s", rows[i].text, file.at);
        talk_end(&talk);
        arena_free(&arena);
        text_free(&said);
        text_free(&glob);
        text_free(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),       cmocka_unit_test(test_file),      cmocka_unit_test(test_nul_survives),
        cmocka_unit_test(test_many_events), cmocka_unit_test(test_malformed), cmocka_unit_test(test_globs),
        cmocka_unit_test(test_event_fits),  cmocka_unit_test(test_patterns),  cmocka_unit_test(test_durations),
        cmocka_unit_test(test_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

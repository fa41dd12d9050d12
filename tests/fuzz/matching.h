/* What must hold of a text that was read, whatever it is, and how much work it was: shared by the targets that read texts. */
#ifndef TESTS_FUZZ_MATCHING_H
#define TESTS_FUZZ_MATCHING_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <dlfcn.h>
#include <pcre2.h>

#include "base/json.h"
#include "fuzz.h"
#include "grammar/grammar.h"
#include "sms/fold.h"

/* --- every search that the grammar asks PCRE2 for (rules D3) --- */

static size_t searches, runaways; /* runaways: those that PCRE2 gave up at its limits */

int pcre2_match(const pcre2_code *code, PCRE2_SPTR subject, PCRE2_SIZE size, PCRE2_SIZE start, uint32_t options, pcre2_match_data *data,
                pcre2_match_context *context)
{
    static int (*real)(const pcre2_code *, PCRE2_SPTR, PCRE2_SIZE, PCRE2_SIZE, uint32_t, pcre2_match_data *, pcre2_match_context *);
    uint32_t match_limit = UINT32_MAX, depth_limit = UINT32_MAX;
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "pcre2_match_8");
    pcre2_pattern_info(code, PCRE2_INFO_MATCHLIMIT, &match_limit);
    pcre2_pattern_info(code, PCRE2_INFO_DEPTHLIMIT, &depth_limit);
    HOLDS(match_limit <= 20000 && depth_limit <= 1000, "a pattern without limits: %u, %u", match_limit, depth_limit);
    int found = real(code, subject, size, start, options, data, context);
    searches++;
    runaways += found < PCRE2_ERROR_PARTIAL;
    return found;
}

/* --- the grammar of commands/, loaded once --- */

static inline const struct grammar *real_grammar(void)
{
    static struct grammar *grammar;
    struct faults faults = {0};
    if (!grammar)
        grammar = grammar_load("commands", &faults);
    HOLDS(grammar, "%s", faults.lines.at ? faults.lines.at : "");
    faults_free(&faults);
    return grammar;
}

/* --- texts made of what the hall understands and what people put around it --- */

static inline json_t *read_words(void)
{
    static const char others[] = "#|＃|*| "
                                 "|　|+|空格|,|，|、|。|?|？|!|“|”|(|)|/"
                                 "|-|:|；|\n|\xE2\x80\x8B|发送|转发|10086|请您将本信息直接转发至10086，即可|业务|开通|取消|查询|"
                                 "13800138000|8613800138001|246810|135790|11010519491231002X|201211|10.5元|1,3|是|Y|1|2|否|彩铃|GPRS|火星|"
                                 "CL8|新密码|旧密码|服务密码|密码|"
                                 "MMXG|0000|00000|TD|退订|遇忙|信号不好|余额提醒|x|我|明天";
    json_t *page = json_read(grammar_commands_page(real_grammar()), NULL), *words = json_array(), *command;
    size_t i;
    for (struct view rest = view_of(others); rest.size;)
        json_array_append_new(words, json_of_view(view_cut(&rest, '|')));
    json_array_foreach(json_object_get(page, "commands"), i, command)
    {
        json_array_extend(words, json_object_get(command, "codes"));
    }
    json_decref(page);
    return words;
}

/* Two bytes pick a word: one of those above, or a code of a command. */
static inline struct view picked_text(struct arena *arena, struct input *in)
{
    static json_t *words;
    struct text out = {0};
    if (!words)
        words = read_words();
    while (in->left.size) {
        size_t number = input_byte(in);
        number = (number * 256 + input_byte(in)) % json_array_size(words);
        text_add(&out, view_of(json_string_value(json_array_get(words, number))));
    }
    struct view copy = fuzz_exact(arena, text_view(&out));
    text_free(&out);
    return copy;
}

/* --- a match --- */

/* Digits that anybody would read as one: ASCII, full width, Arabic, circled, raised. */
static inline bool is_any_digit(int32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 0xff10 && c <= 0xff19) || (c >= 0x660 && c <= 0x669) || (c >= 0x2460 && c <= 0x2473) ||
           (c >= 0x2080 && c <= 0x2089) || (c >= 0x1d7ce && c <= 0x1d7ff);
}

static inline bool has_any_digit(struct view v)
{
    for (size_t i = 0; i < v.size;)
        if (is_any_digit(view_code_point(v, &i)))
            return true;
    return false;
}

static inline bool is_question(struct view utf8)
{
    return fuzz_has(utf8, VIEW("?")) || fuzz_has(utf8, VIEW("？"));
}

/* Command, arguments and answer; texts, which may be masked, are left out. */
static inline struct view reading_of(struct arena *arena, const struct match *match)
{
    struct text args = {0};
    match_write_args(match, true, &args);
    struct view name = match->command ? match->command->name : VIEW("-"), maybe = match->maybe ? match->maybe->name : VIEW("-");
    struct view answer = match_answer_text(match, arena);
    struct view reading =
        arena_printf(arena, "%.*s %.*s %.*s %.*s", VIEW_ARG(name), VIEW_ARG(maybe), VIEW_ARG(text_view(&args)), VIEW_ARG(answer));
    text_free(&args);
    return reading;
}

static inline struct view read_again(const struct grammar *grammar, struct arena *arena, struct view utf8, int at)
{
    struct match match;
    grammar_match(grammar, arena, utf8, at, &match);
    return reading_of(arena, &match);
}

/* "" | yes | no | [yes,|no,]serials:1,3 */
static inline bool is_answer(struct view v)
{
    if (!view_starts_with(v, VIEW("serials:"))) {
        struct view word = view_cut(&v, ',');
        if (!v.size)
            return !word.size || view_equal(word, VIEW("yes")) || view_equal(word, VIEW("no"));
    }
    if (!view_starts_with(v, VIEW("serials:")))
        return false;
    struct view numbers = view_from(v, 8);
    for (uint64_t number; numbers.size;)
        if (!view_number(view_cut(&numbers, ','), 999, &number))
            return false;
    return v.size > 8;
}

/* The arguments are JSON; without secrets there is none of a secret in it. */
static inline void check_args(const struct match *match)
{
    struct text open = {0}, shut = {0};
    match_write_args(match, true, &open);
    match_write_args(match, false, &shut);
    json_t *read = json_read(text_view(&open), NULL), *masked = json_read(text_view(&shut), NULL);
    HOLDS(json_object_size(read) == match->arguments && json_object_size(masked) == match->arguments, "%s", open.at);
    for (size_t i = 0; i < match->arguments; i++) {
        const struct argument *argument = &match->argument[i];
        const char *name = strndupa(argument->name.at, argument->name.size);
        HOLDS(view_equal(json_text(read, name), argument->value), "%s", open.at);
        HOLDS(view_equal(json_text(masked, name), argument->is_secret ? VIEW("***") : argument->value), "%s", shut.at);
    }
    json_decref(read);
    json_decref(masked);
    text_free(&open);
    text_free(&shut);
}

/* A secret that was read stands in no text that goes on (rules C5). */
static inline void check_secrets(const struct match *match, struct view utf8)
{
    bool has_secret = false;
    for (size_t i = 0; i < match->arguments; i++)
        has_secret |= match->argument[i].is_secret;
    if (!has_secret)
        return;
    HOLDS(match->has_secret, "\"%.*s\"", VIEW_ARG(utf8));
    HOLDS(!has_any_digit(match->text), "\"%.*s\" of \"%.*s\"", VIEW_ARG(match->text), VIEW_ARG(utf8));
    HOLDS(!has_any_digit(match->folded), "\"%.*s\" of \"%.*s\"", VIEW_ARG(match->folded), VIEW_ARG(utf8));
}

/* Reads the text and checks all that needs no other text to compare with. */
static inline void check_match(const struct grammar *grammar, struct arena *arena, struct view utf8, int at, struct match *match)
{
    struct view copy = arena_copy(arena, utf8), codes[3], title, *help;
    searches = runaways = 0;
    grammar_match(grammar, arena, utf8, at, match);
    HOLDS(searches <= 2000, "%zu searches for \"%.*s\"", searches, VIEW_ARG(utf8));
    HOLDS(view_equal(copy, utf8) && fuzz_is_utf8(match->text) && fuzz_is_utf8(match->folded), "\"%.*s\"", VIEW_ARG(utf8));
    HOLDS(!match->command || !match->maybe, "\"%.*s\"", VIEW_ARG(utf8));
    bool is_read = match->command || match->maybe || match->answer;
    HOLDS(!is_read || (utf8.size <= FOLD_SIZE_MAX && match->folded.size), "read in %zu bytes", utf8.size);
    HOLDS(!match->answer || !is_question(utf8), "a question answers: \"%.*s\"", VIEW_ARG(utf8));
    HOLDS(match->has_secret || view_equal(match->text, utf8), "\"%.*s\" is not \"%.*s\"", VIEW_ARG(match->text), VIEW_ARG(utf8));
    HOLDS(is_answer(match_answer_text(match, arena)), "\"%.*s\"", VIEW_ARG(match_answer_text(match, arena)));
    check_args(match);
    check_secrets(match, utf8);
    size_t count = grammar_suggest(grammar, arena, match->folded, at, 3, codes);
    for (size_t i = 0; i < count; i++)
        HOLDS(codes[i].size && (i == 0 || !view_equal(codes[i], codes[i - 1])), "suggestions for \"%.*s\"", VIEW_ARG(utf8));
    HOLDS(grammar_help(grammar, arena, utf8, at, &title, &help) <= 4, "help on \"%.*s\"", VIEW_ARG(utf8));
}

/* What people and phones do to a text without meaning anything by it does not change what it is (rules D2). */
static inline void check_spellings(const struct grammar *grammar, struct arena *arena, struct view utf8, int at, const struct match *match,
                                   unsigned bits)
{
    struct view reading = reading_of(arena, match);
    if (utf8.size * 4 > FOLD_SIZE_MAX)
        return;
    struct view other[] = {
        utf8,
        fuzz_widen(arena, utf8),
        fuzz_sprinkle(arena, utf8, VIEW("\xE2\x80\x8B"), bits),
        FUZZ_JOIN(arena, VIEW(" \n"), utf8, VIEW("。\xEF\xBB\xBF")),
    };
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        struct view again = read_again(grammar, arena, other[i], at);
        HOLDS(view_equal(again, reading), "\"%.*s\" is [%.*s], and \"%.*s\" is [%.*s]", VIEW_ARG(utf8), VIEW_ARG(reading),
              VIEW_ARG(other[i]), VIEW_ARG(again));
    }
}

#endif

/* PCRE2 needs memory for the offsets of a match. It takes it from the message's arena, so matching neither calls malloc nor keeps anything
 * for a thread. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "grammar/regex.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* More tries than this for one text is a runaway: it counts as no match (rules D3). */
#define LIMIT "(*LIMIT_MATCH=20000)(*LIMIT_DEPTH=1000)"

struct regex {
    pcre2_code *code;
    bool begins[256];  /* a text that matches may begin with this byte */
    size_t points_min; /* and has so many characters at least */
};

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static const char *fault_of(struct view piece)
{
    for (size_t i = 0; i < piece.size; i++) {
        char c = piece.at[i], next = 0;
        if (i + 1 < piece.size)
            next = piece.at[i + 1];
        if (c == '\\' && is_letter_or_digit(next) && next != 'p' && next != 'x')
            return "a \\ before a letter or digit: \\d, \\w, \\b and their like read more than they seem to";
        if (c == '\\')
            i++;
        else if (c == '$' || (c == '^' && (i == 0 || piece.at[i - 1] != '[')))
            return "an anchor: a capture has no ends of its own";
        else if (c == '(' && !view_starts_with(view_from(piece, i), VIEW("(?:")))
            return "a group that is not (?: )";
    }
    return NULL;
}

static pcre2_code *compile(struct view text, struct err *err)
{
    int number;
    PCRE2_SIZE offset;
    char reason[160] = "";
    const uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)text.at, text.size, options, &number, &offset, NULL);
    if (!code) {
        pcre2_get_error_message(number, (PCRE2_UCHAR *)reason, sizeof reason);
        err_refused(err, "%s in the pattern %.*s", reason, VIEW_ARG(text));
    }
    return code;
}

enum outcome regex_check(struct view piece, struct err *err)
{
    const char *fault = fault_of(piece);
    if (fault)
        return err_refused(err, "the pattern %.*s has %s", VIEW_ARG(piece), fault);
    if (!piece.size)
        return err_refused(err, "the pattern is empty");
    pcre2_code *code = compile(piece, err);
    if (!code)
        return IS_REFUSED;
    pcre2_code_free(code);
    return IS_DONE;
}

/* PCRE2 works out the first bytes of a pattern only when it may stand anywhere, so it is asked about one without anchors. */
static void note_beginnings(struct regex *regex, struct view text)
{
    struct err err;
    uint32_t kind = 0, byte = 0, least = 0;
    const uint8_t *bits = NULL;
    pcre2_code *loose = compile(text, &err);
    if (loose) {
        pcre2_pattern_info(loose, PCRE2_INFO_FIRSTCODETYPE, &kind);
        pcre2_pattern_info(loose, PCRE2_INFO_FIRSTCODEUNIT, &byte);
        pcre2_pattern_info(loose, PCRE2_INFO_FIRSTBITMAP, &bits);
        pcre2_pattern_info(loose, PCRE2_INFO_MINLENGTH, &least);
    }
    regex->points_min = least;
    for (size_t i = 0; i < 256; i++)
        regex->begins[i] = kind == 1 ? i == byte : !bits || (bits[i / 8] >> (i % 8) & 1);
    pcre2_code_free(loose);
}

enum outcome regex_compile(struct view text, struct regex **regex, struct err *err)
{
    struct arena *arena = arena_new();
    pcre2_code *code = compile(arena_printf(arena, LIMIT "\\A(?:%.*s)\\z", VIEW_ARG(text)), err);
    arena_free(&arena);
    *regex = NULL;
    if (!code)
        return IS_REFUSED;
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* where there is no JIT, pcre2_match interprets */
    *regex = calloc(1, sizeof **regex);
    if (!*regex)
        abort();
    (*regex)->code = code;
    note_beginnings(*regex, text);
    return IS_DONE;
}

void regex_free(struct regex **regex)
{
    if (!*regex)
        return;
    pcre2_code_free((*regex)->code);
    free(*regex);
    *regex = NULL;
}

static void *take(PCRE2_SIZE size, void *arena)
{
    return arena_alloc(arena, size);
}

static void leave(void *memory, void *arena)
{
    (void)memory, (void)arena; /* it ends with the arena */
}

bool regex_may_begin(const struct regex *regex, char byte)
{
    return regex->begins[(unsigned char)byte];
}

bool regex_match(const struct regex *regex, struct arena *arena, struct view subject, struct view *captured, size_t captures)
{
    if (subject.size < regex->points_min || (subject.size && !regex_may_begin(regex, subject.at[0])))
        return false; /* most subjects are told by these */
    pcre2_general_context *context = pcre2_general_context_create(take, leave, arena);
    pcre2_match_data *data = pcre2_match_data_create((uint32_t)captures + 1, context);
    int found = pcre2_match(regex->code, (PCRE2_SPTR)subject.at, subject.size, 0, PCRE2_NO_UTF_CHECK, data, NULL);
    if (found < 0)
        return false;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data);
    for (size_t i = 0; i < captures; i++) {
        bool is_set = (int)i + 1 < found && at[2 * i + 2] != PCRE2_UNSET;
        captured[i] = is_set ? (struct view){subject.at + at[2 * i + 2], at[2 * i + 3] - at[2 * i + 2]} : VIEW_NONE;
    }
    return true;
}

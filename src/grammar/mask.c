/* Masks too much rather than too little: what is masked here is only what goes to logs, tables and pages. */
#include "grammar/mask.h"

#include <string.h>

enum { ROW_DIGITS = 4, PIN_DIGITS = 6, ID_CARD_DIGITS = 17, SHAPE_DIGITS = 2 * PIN_DIGITS, SHORT_CODE = 4 };

/* Of the character there, so that most places of a text are passed over at one look: a byte, or three of what has three and more. */
static size_t key_of(const char *at, size_t left)
{
    const unsigned char *p = (const unsigned char *)at;
    return *p < 0xe0 || left < 3 ? *p : (*p * 17u + p[1] * 5u + p[2]) % 1024;
}

/* --- what a character is here --- */

enum sign { SIGN_DIGIT, SIGN_NUMERAL, SIGN_X, SIGN_BETWEEN, SIGN_OTHER };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A blank or mark of ASCII. */
static bool is_mark(unsigned char c)
{
    return c < 0x80 && !is_digit((char)c) && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Digits of other scripts, in circles, raised … */
static bool is_other_digit(int32_t code)
{
    static const int32_t ten_from[] = {0x660, 0x6f0, 0x7c0, 0x966, 0x9e6,  0xa66,  0xae6,  0xb66,  0xbe6,  0xc66,  0xce6,
                                       0xd66, 0xe50, 0xed0, 0xf20, 0x1040, 0x17e0, 0x1810, 0x2070, 0x2080, 0x3220, 0x3280};
    if ((code >= 0x2460 && code <= 0x249b) || (code >= 0x24ea && code <= 0x24ff) || (code >= 0x2776 && code <= 0x2793))
        return true;
    if (code == 0xb2 || code == 0xb3 || code == 0xb9 || (code >= 0x1d7ce && code <= 0x1d7ff) || (code >= 0x1f100 && code <= 0x1f10a))
        return true;
    for (size_t i = 0; i < sizeof ten_from / sizeof *ten_from; i++)
        if (code >= ten_from[i] && code < ten_from[i] + 10)
            return true;
    return false;
}

static bool is_numeral(int32_t code)
{
    static const int32_t numerals[] = {
        U'〇', U'零', U'一', U'二', U'三', U'四', U'五', U'六', U'七', U'八', U'九', U'幺', U'两',
        U'兩', U'壹', U'贰', U'貳', U'叁', U'參', U'肆', U'伍', U'陆', U'陸', U'柒', U'捌', U'玖',
    };
    for (size_t i = 0; i < sizeof numerals / sizeof *numerals; i++)
        if (code == numerals[i])
            return true;
    return false;
}

static enum sign sign_of(int32_t code)
{
    if (code >= 0xff01 && code <= 0xff5e)
        code -= 0xff01 - 0x21;
    if (code >= '0' && code <= '9')
        return SIGN_DIGIT;
    if (code == 'x' || code == 'X')
        return SIGN_X;
    if (code >= 0 && code < 0x80)
        return is_mark((unsigned char)code) ? SIGN_BETWEEN : SIGN_OTHER;
    if (code >= 0x3400 && code < 0xa000)
        return is_numeral(code) ? SIGN_NUMERAL : SIGN_OTHER;
    if (is_other_digit(code))
        return SIGN_DIGIT;
    if (code == 0x3007)
        return SIGN_NUMERAL;
    bool is_invisible = code == 0xad || code == 0xfe0e || code == 0xfe0f || code == 0xfeff || (code >= 0x2000 && code <= 0x206f);
    bool is_blank_or_mark = code == 0xa0 || code == 0x20e3 || (code >= 0x3000 && code <= 0x3002);
    return is_invisible || is_blank_or_mark ? SIGN_BETWEEN : SIGN_OTHER;
}

/* --- what needs masking --- */

/* A digit of any kind somewhere, or enough numerals. */
static bool has_digits(struct view v)
{
    size_t numerals = 0;
    for (size_t i = 0; i < v.size && numerals < ROW_DIGITS;) {
        enum sign sign = sign_of(view_code_point(v, &i));
        if (sign == SIGN_DIGIT)
            return true;
        numerals += sign == SIGN_NUMERAL;
    }
    return numerals >= ROW_DIGITS;
}

/* The bytes of v that the word takes, blanks and marks between its letters overlooked; 0: v does not begin with it. */
static size_t size_of_word(struct view v, struct view word)
{
    size_t i = 0;
    for (size_t k = 0; k < word.size; k++) {
        while (k > 0 && i < v.size && v.at[i] != word.at[k] && is_mark((unsigned char)v.at[i]))
            i++;
        if (i == v.size || v.at[i++] != word.at[k])
            return 0;
    }
    return i;
}

static bool is_letter(struct view v, size_t i)
{
    return i < v.size && v.at[i] >= 'A' && v.at[i] <= 'Z';
}

/* A short code stands for itself only where no letter is beside it: there is no FJ in KFJ. */
static bool stands_alone(struct view v, size_t from, size_t size)
{
    bool is_short_code = is_letter(v, from) && size < SHORT_CODE;
    return !is_short_code || (!is_letter(v, from + size) && (from == 0 || !is_letter(v, from - 1)));
}

enum { WORDS = 1, EVERYDAY = 2 }; /* bits of begins */

/* One of the words stands at that place of the text. */
static bool is_word_at(const struct words *words, struct view folded, size_t i)
{
    for (size_t k = 0; k < words->count; k++) {
        if (words->word[k].at[0] != folded.at[i])
            continue;
        size_t size = size_of_word(view_from(folded, i), words->word[k]);
        if (size && stands_alone(folded, i, size))
            return true;
    }
    return false;
}

/* kind: WORDS or EVERYDAY. */
static bool has_word(const struct masks *masks, unsigned kind, struct view folded)
{
    const struct words *words = kind == WORDS ? &masks->words : &masks->everyday;
    for (size_t i = 0; i < folded.size; i++)
        if ((masks->begins[key_of(folded.at + i, folded.size - i)] & kind) && is_word_at(words, folded, i))
            return true;
    return false;
}

void masks_open(struct masks *masks, struct arena *arena, size_t words, struct words separators)
{
    *masks = (struct masks){.separators = separators};
    masks->words.word = ARENA_ARRAY(arena, struct view, words + 1);
    masks->everyday.word = ARENA_ARRAY(arena, struct view, words + 1);
}

void masks_add(struct masks *masks, struct view word, bool is_everyday)
{
    struct words *words = is_everyday ? &masks->everyday : &masks->words;
    if (!word.size || has_word(masks, WORDS, word) || is_word_at(words, word, 0))
        return;
    words->word[words->count++] = word;
    masks->begins[key_of(word.at, word.size)] |= is_everyday ? EVERYDAY : WORDS;
}

/* The bytes of the separator that v begins with; 0: it is none. */
static size_t separator_size(const struct masks *masks, struct view v)
{
    size_t size = 0;
    if (sign_of(view_code_point(v, &size)) == SIGN_BETWEEN)
        return size;
    for (size_t i = 0; i < masks->separators.count; i++)
        if (view_starts_with(v, masks->separators.word[i]))
            return masks->separators.word[i].size;
    return 0;
}

static bool has_shape(const struct masks *masks, struct view folded)
{
    bool is_after_pin = false; /* six digits stand before, and nothing but separators since */
    for (size_t i = 0; i < folded.size;) {
        size_t start = i;
        while (i < folded.size && is_digit(folded.at[i]))
            i++;
        size_t digits = i - start;
        bool has_x = digits && i < folded.size && folded.at[i] == 'X';
        if (digits + has_x > ID_CARD_DIGITS || (digits == PIN_DIGITS && is_after_pin))
            return true;
        if (digits) {
            is_after_pin = digits == PIN_DIGITS;
            continue;
        }
        size_t separator = is_after_pin ? separator_size(masks, view_from(folded, i)) : 0;
        is_after_pin = separator > 0;
        i += separator ? separator : 1;
    }
    return false;
}

/* What parts the numbers of a list (rules A4) parts no password: "1,2,3,4,5,6" is an answer. */
static bool parts_a_list(int32_t code)
{
    return code == 0x3001 || (code > ' ' && code < 0x80 && strchr(",/;+*#", code));
}

/* Six digits or numerals, and beside them nothing but blanks and marks: what people send who were asked for their service password. */
static bool is_bare_pin(struct view folded)
{
    size_t signs = 0;
    for (size_t i = 0; i < folded.size && signs <= PIN_DIGITS;) {
        int32_t code = view_code_point(folded, &i);
        enum sign sign = sign_of(code);
        bool is_beside = sign == SIGN_BETWEEN && !parts_a_list(code);
        if (sign != SIGN_DIGIT && sign != SIGN_NUMERAL && !is_beside)
            return false;
        signs += !is_beside;
    }
    return signs == PIN_DIGITS;
}

enum masking masks_needed(const struct masks *masks, struct view folded)
{
    size_t digits = 0, others = 0;
    for (size_t i = 0; i < folded.size; i++) {
        digits += is_digit(folded.at[i]);
        others += (unsigned char)folded.at[i] >= 0x80;
    }
    if (digits + others == 0)
        return MASK_NOTHING;
    if (is_bare_pin(folded))
        return MASK_EVERY;
    bool is_beside = has_word(masks, WORDS, folded) || is_word_at(&masks->everyday, folded, 0);
    if (is_beside && (digits || has_digits(folded)))
        return MASK_EVERY;
    bool is_long = digits >= ROW_DIGITS && has_word(masks, EVERYDAY, folded);
    return is_long || (digits >= SHAPE_DIGITS && has_shape(masks, folded)) ? MASK_LONG : MASK_NOTHING;
}

/* --- masking --- */

/* Digits and numerals with what stands between them and at their ends; empty where there is something else. */
struct digit_row {
    size_t end, digits, numerals;
};

static struct digit_row row_at(struct view v, size_t start)
{
    struct digit_row row = {.end = start};
    enum sign before = SIGN_OTHER;
    for (size_t i = start; i < v.size; row.end = i) {
        enum sign sign = sign_of(view_code_point(v, &i));
        if (sign == SIGN_OTHER || (sign == SIGN_X && before != SIGN_DIGIT))
            break;
        row.digits += sign == SIGN_DIGIT;
        row.numerals += sign == SIGN_NUMERAL;
        before = sign;
    }
    return row;
}

static void put(char *out, size_t *size, struct view v)
{
    memcpy(out + *size, v.at, v.size);
    *size += v.size;
}

/* Writes the row's text with *** for each run of what is masked in it. */
static void put_row(char *out, size_t *size, struct view text, bool masks_digits, bool masks_numerals)
{
    bool is_in_run = false;
    for (size_t i = 0; i < text.size;) {
        size_t start = i;
        enum sign sign = sign_of(view_code_point(text, &i));
        bool is_secret = sign == SIGN_NUMERAL ? masks_numerals : masks_digits && (sign == SIGN_DIGIT || (sign == SIGN_X && is_in_run));
        if (!is_secret)
            put(out, size, (struct view){text.at + start, i - start});
        else if (!is_in_run)
            put(out, size, VIEW("***"));
        is_in_run = is_secret;
    }
}

struct view mask_digits(struct arena *arena, struct view utf8, enum masking masking)
{
    char *out = arena_alloc(arena, utf8.size * 3 + 1); /* a lone digit becomes three stars */
    size_t size = 0;
    if (masking == MASK_NOTHING)
        return utf8;
    for (size_t i = 0; i < utf8.size;) {
        size_t start = i;
        struct digit_row row = row_at(utf8, start);
        bool is_every = masking == MASK_EVERY;
        bool is_long = row.digits + (is_every ? row.numerals : 0) >= ROW_DIGITS;
        if (row.end > start)
            i = row.end;
        else
            view_code_point(utf8, &i);
        put_row(out, &size, (struct view){utf8.at + start, i - start}, is_long || is_every, is_long && is_every);
    }
    return (struct view){out, size};
}

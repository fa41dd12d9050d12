/* Masks too much rather than too little: what is masked here is only what goes to logs, tables and pages. */
#include "grammar/mask.h"

#include <string.h>

enum { DIGITS_MIN = 4 };

void masks_set(struct masks *masks, struct view *word, size_t count)
{
    *masks = (struct masks){.word = word, .count = count};
    for (size_t i = 0; i < count; i++)
        masks->begins[(unsigned char)word[i].at[0]] = true;
}

static bool has_digits(struct view v)
{
    size_t digits = 0;
    for (size_t i = 0; i < v.size; i++)
        digits += v.at[i] >= '0' && v.at[i] <= '9';
    return digits >= DIGITS_MIN;
}

/* A blank or mark of ASCII. */
static bool is_mark(unsigned char c)
{
    return c < 0x80 && !(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* v begins with the word, blanks and marks between its letters overlooked. */
static bool begins_with(struct view v, struct view word)
{
    size_t i = 0;
    for (size_t k = 0; k < word.size; k++) {
        while (k > 0 && i < v.size && v.at[i] != word.at[k] && is_mark((unsigned char)v.at[i]))
            i++;
        if (i == v.size || v.at[i++] != word.at[k])
            return false;
    }
    return true;
}

bool masks_meet(const struct masks *masks, struct view folded)
{
    if (!has_digits(folded))
        return false;
    for (size_t i = 0; i < folded.size; i++) {
        if (!masks->begins[(unsigned char)folded.at[i]])
            continue;
        for (size_t k = 0; k < masks->count; k++)
            if (begins_with(view_from(folded, i), masks->word[k]))
                return true;
    }
    return false;
}

enum sign { SIGN_DIGIT, SIGN_X, SIGN_BETWEEN, SIGN_OTHER };

static enum sign sign_of(int32_t code)
{
    if (code >= 0xff01 && code <= 0xff5e)
        code -= 0xff01 - 0x21;
    if (code >= '0' && code <= '9')
        return SIGN_DIGIT;
    if (code == 'x' || code == 'X')
        return SIGN_X;
    bool is_invisible = code == 0xad || code == 0xfeff || code == 0xa0 || code == 0x3000 || (code >= 0x2000 && code <= 0x206f);
    bool is_chinese_mark = code == 0x3001 || code == 0x3002;
    bool is_ascii_mark = code >= 0 && code < 0x80 && is_mark((unsigned char)code);
    return is_invisible || is_chinese_mark || is_ascii_mark ? SIGN_BETWEEN : SIGN_OTHER;
}

/* A row: digits, and what stands between them. Gives its end, and how many digits it has. */
static size_t row_end(struct view v, size_t start, size_t *digits)
{
    size_t end = start;
    enum sign before = SIGN_OTHER;
    *digits = 0;
    for (size_t i = start; i < v.size; end = i) {
        enum sign sign = sign_of(view_code_point(v, &i));
        *digits += sign == SIGN_DIGIT;
        if (sign == SIGN_OTHER || (sign == SIGN_X && (before != SIGN_DIGIT || *digits < DIGITS_MIN)))
            break;
        before = sign;
    }
    return end;
}

static void put(char *out, size_t *size, struct view v)
{
    memcpy(out + *size, v.at, v.size);
    *size += v.size;
}

/* Writes the row with *** for each run. */
static void put_masked(char *out, size_t *size, struct view row)
{
    bool is_in_run = false;
    for (size_t i = 0; i < row.size;) {
        size_t start = i;
        enum sign sign = sign_of(view_code_point(row, &i));
        bool is_secret = sign == SIGN_DIGIT || sign == SIGN_X;
        if (!is_secret)
            put(out, size, (struct view){row.at + start, i - start});
        else if (!is_in_run)
            put(out, size, VIEW("***"));
        is_in_run = is_secret;
    }
}

struct view mask_digits(struct arena *arena, struct view utf8)
{
    char *out = arena_alloc(arena, utf8.size * 3 + 1); /* a lone digit of a row becomes three stars */
    size_t size = 0;
    for (size_t i = 0; i < utf8.size;) {
        size_t start = i, digits;
        if (sign_of(view_code_point(utf8, &i)) == SIGN_DIGIT) {
            i = row_end(utf8, start, &digits);
            if (digits >= DIGITS_MIN) {
                put_masked(out, &size, (struct view){utf8.at + start, i - start});
                continue;
            }
        }
        put(out, &size, (struct view){utf8.at + start, i - start});
    }
    return (struct view){out, size};
}

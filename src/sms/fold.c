/* One pass over the bytes, into a buffer that is never smaller than what came: every fold keeps or shortens. The blank of a run is written
 * when the next visible character comes, so that none is left at the beginning or the end; where the closing punctuation begins is
 * remembered on the way, so that nothing is walked twice. */
#include "sms/fold.h"

/* What one character means to the fold. */
enum what { STAYS, CLOSES, IS_BLANK, IS_INVISIBLE };

struct character {
    size_t size; /* bytes it takes in the text */
    enum what what;
    char ascii; /* what it becomes; 0 = its own bytes */
};

static bool closes(unsigned char c)
{
    return c == '.' || c == '!' || c == '~' || c == ',' || c == '?' || c == ';' || c == ':';
}

static struct character ascii(unsigned char c, size_t size)
{
    if (c >= 'a' && c <= 'z')
        return (struct character){size, STAYS, (char)(c - ('a' - 'A'))};
    if (c > ' ' && c < 0x7f)
        return (struct character){size, closes(c) ? CLOSES : STAYS, (char)c};
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        return (struct character){size, IS_BLANK, 0};
    return (struct character){size, IS_INVISIBLE, 0};
}

/* Characters of two bytes: only U+0080–00BF hold anything to fold. */
static struct character two_bytes(const unsigned char *p)
{
    struct character c = {2, STAYS, 0};
    if (p[0] != 0xc2)
        return c;
    if (p[1] < 0xa0 || p[1] == 0xad)
        c.what = IS_INVISIBLE;
    else if (p[1] == 0xa0)
        c.what = IS_BLANK;
    return c;
}

static bool is_invisible(unsigned code)
{
    return (code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e) || code == 0x2060 ||
           (code >= 0x2066 && code <= 0x2069) || code == 0x2006 || code == 0xfe0e || code == 0xfe0f || code == 0xfeff;
}

static bool is_blank(unsigned code)
{
    return code == 0x3000 || (code >= 0x2000 && code <= 0x200a && code != 0x2006) || code == 0x2028 || code == 0x2029 || code == 0x202f ||
           code == 0x205f;
}

static bool is_closing(unsigned code)
{
    return code == 0x3001 || code == 0x3002 || code == 0x2026; /* 、 。 … */
}

static struct character three_bytes(const unsigned char *p)
{
    struct character c = {3, STAYS, 0};
    unsigned code = (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    if (code > 0x3002 && code < 0xfe00) /* nearly all of them */
        return c;
    if (code >= 0xff01 && code <= 0xff5e)
        return ascii((unsigned char)(code - 0xff01 + '!'), 3);
    if (is_blank(code))
        c.what = IS_BLANK;
    else if (is_closing(code))
        c.what = CLOSES;
    else if (is_invisible(code))
        c.what = IS_INVISIBLE;
    return c;
}

static struct character next(const unsigned char *p, size_t left)
{
    if (*p < 0x80)
        return ascii(*p, 1);
    if (*p < 0xe0 && left >= 2)
        return two_bytes(p);
    if (*p < 0xf0 && left >= 3)
        return three_bytes(p);
    return (struct character){left < 4 ? left : 4, STAYS, 0};
}

/* The text up to FOLD_SIZE_MAX, but no half character at the end. */
static struct view capped(struct view utf8)
{
    size_t size = FOLD_SIZE_MAX;
    if (utf8.size <= size)
        return utf8;
    while (size > 0 && ((unsigned char)utf8.at[size] & 0xc0) == 0x80)
        size--;
    return view_head(utf8, size);
}

static size_t put(char *out, const unsigned char *p, struct character c)
{
    if (c.ascii) {
        *out = c.ascii;
        return 1;
    }
    for (size_t i = 0; i < c.size; i++)
        out[i] = (char)p[i];
    return c.size;
}

struct view fold(struct arena *arena, struct view utf8)
{
    utf8 = capped(utf8);
    char *out = arena_alloc(arena, utf8.size + 1);
    const unsigned char *p = (const unsigned char *)(utf8.size ? utf8.at : ""), *end = p + utf8.size;
    size_t size = 0, kept = 0; /* kept: up to here it is more than closing punctuation */
    bool has_blank = false;

    for (struct character c; p < end; p += c.size) {
        c = next(p, (size_t)(end - p));
        if (c.what >= IS_BLANK) {
            has_blank |= c.what == IS_BLANK && size > 0;
            continue;
        }
        if (has_blank)
            out[size++] = ' ';
        has_blank = false;
        size += put(out + size, p, c);
        if (c.what == STAYS)
            kept = size;
    }
    out[kept] = '\0';
    return (struct view){out, kept};
}

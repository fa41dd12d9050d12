/* Views own nothing and never allocate. What needs care is UTF-8: view_code_point is the one place of the hall that decides what is well
 * formed, so it is strict (no overlong forms, no surrogates, nothing beyond U+10FFFF), and it always moves on. */
#include "base/view.h"

#include <string.h>

struct view view_of(const char *string)
{
    return string ? (struct view){string, strlen(string)} : VIEW_NONE;
}

bool view_equal(struct view a, struct view b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool view_equal_nocase(struct view a, struct view b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    return true;
}

bool view_starts_with(struct view v, struct view head)
{
    return v.size >= head.size && view_equal(view_head(v, head.size), head);
}

struct view view_from(struct view v, size_t n)
{
    if (n >= v.size)
        return (struct view){v.at ? v.at + v.size : NULL, 0};
    return (struct view){v.at + n, v.size - n};
}

struct view view_head(struct view v, size_t n)
{
    return (struct view){v.at, n < v.size ? n : v.size};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct view view_trim(struct view v)
{
    while (v.size && is_blank(v.at[0]))
        v = view_from(v, 1);
    while (v.size && is_blank(v.at[v.size - 1]))
        v.size--;
    return v;
}

struct view view_cut(struct view *v, char mark)
{
    const char *at = v->size ? memchr(v->at, mark, v->size) : NULL;
    struct view before = at ? view_head(*v, (size_t)(at - v->at)) : *v;
    *v = view_from(*v, at ? before.size + 1 : before.size);
    return before;
}

bool view_number(struct view v, uint64_t most, uint64_t *number)
{
    uint64_t n = 0;
    if (v.size == 0)
        return false;
    for (size_t i = 0; i < v.size; i++) {
        unsigned digit = (unsigned)(unsigned char)v.at[i] - '0';
        if (digit > 9 || digit > most || n > most / 10 || n * 10 > most - digit)
            return false;
        n = n * 10 + digit;
    }
    *number = n;
    return true;
}

uint64_t view_hash(struct view v)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < v.size; i++)
        h = (h ^ (unsigned char)v.at[i]) * 0x100000001b3u;
    /* FNV leaves the low bits of short keys alike; tables take just those. */
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
    h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
    return h ^ (h >> 33);
}

/* How many bytes a sequence that starts so has, and the least code it may stand for: anything below is an overlong form. */
static size_t sequence_size(unsigned char lead, int32_t *bits, int32_t *least)
{
    static const struct {
        unsigned char mask, mark;
        int32_t least;
    } form[] = {{0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

    for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
        if ((lead & form[i].mask) != form[i].mark)
            continue;
        *bits = lead & ~form[i].mask & 0xff;
        *least = form[i].least;
        return i + 2;
    }
    return 0;
}

int32_t view_code_point(struct view v, size_t *i)
{
    const unsigned char *p = (const unsigned char *)v.at + *i;
    size_t left = v.size - *i;
    int32_t code = 0, least = 0;

    if (*p < 0x80) {
        *i += 1;
        return *p;
    }
    size_t size = sequence_size(*p, &code, &least);
    if (size == 0 || size > left)
        goto malformed;
    for (size_t k = 1; k < size; k++) {
        if ((p[k] & 0xc0) != 0x80)
            goto malformed;
        code = code << 6 | (p[k] & 0x3f);
    }
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        goto malformed;
    *i += size;
    return code;
malformed:
    *i += 1;
    return -1;
}

size_t view_put_code_point(char *out, int32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t k = size - 1; k > 0; k--) {
        out[k] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)(lead[size] | code);
    return size;
}

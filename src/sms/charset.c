/* Three ways in. UTF-8 is what Kannel sends when mo-recode is on: it is checked in one pass and copied. UTF-16 is decoded here, because a
 * lone surrogate from a careless phone must cost one character, and iconv would stop at it. All else goes through iconv. */
#include "sms/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/text.h"

enum { CODING_BINARY = 1, CODING_UCS2 = 2 };
enum { REPLACEMENT = 0xfffd };
enum { NAME_SIZE_MAX = 40 };

static void add_code(struct text *out, int32_t code)
{
    char bytes[4];
    text_add(out, (struct view){bytes, view_put_code_point(bytes, code < 0 ? REPLACEMENT : code)});
}

/* Hands what was decoded over to the arena. */
static struct view into_arena(struct arena *arena, struct text *out)
{
    struct view copy = arena_copy(arena, text_view(out));
    text_free(out);
    return copy;
}

static bool is_well_formed(struct view bytes)
{
    for (size_t i = 0; i < bytes.size;)
        if (view_code_point(bytes, &i) < 0)
            return false;
    return true;
}

static struct view from_utf8(struct arena *arena, struct view bytes)
{
    struct text out = {0};
    if (is_well_formed(bytes))
        return arena_copy(arena, bytes);
    for (size_t i = 0; i < bytes.size;)
        add_code(&out, view_code_point(bytes, &i));
    return into_arena(arena, &out);
}

static int32_t unit_at(struct view bytes, size_t i, bool is_little)
{
    int32_t first = (unsigned char)bytes.at[i], second = (unsigned char)bytes.at[i + 1];
    return is_little ? second << 8 | first : first << 8 | second;
}

static struct view from_utf16(struct arena *arena, struct view bytes, bool is_little)
{
    struct text out = {0};
    size_t size = bytes.size & ~(size_t)1;
    for (size_t i = 0; i < size; i += 2) {
        int32_t unit = unit_at(bytes, i, is_little);
        int32_t next = i + 2 < size ? unit_at(bytes, i + 2, is_little) : 0;
        if ((unit & 0xf800) != 0xd800) {
            add_code(&out, unit);
        } else if (unit < 0xdc00 && (next & 0xfc00) == 0xdc00) {
            add_code(&out, 0x10000 + ((unit & 0x3ff) << 10 | (next & 0x3ff)));
            i += 2;
        } else {
            add_code(&out, REPLACEMENT);
        }
    }
    return into_arena(arena, &out);
}

/* One call of iconv; gives an errno value, or 0. */
static int convert_some(iconv_t converter, char **in, size_t *left, struct text *out)
{
    char chunk[1024], *to = chunk;
    size_t room = sizeof chunk;
    int fault = iconv(converter, in, left, &to, &room) == (size_t)-1 ? errno : 0;
    text_add(out, (struct view){chunk, sizeof chunk - room});
    return fault;
}

/* A byte that means nothing becomes U+FFFD and is skipped; a beginning without its end becomes one U+FFFD. */
static void convert(iconv_t converter, struct view bytes, struct text *out)
{
    char *in = (char *)bytes.at; /* iconv does not write there */
    size_t left = bytes.size;
    while (left) {
        int fault = convert_some(converter, &in, &left, out);
        if (fault != EILSEQ && fault != EINVAL)
            continue;
        size_t skipped = fault == EINVAL ? left : 1;
        in += skipped;
        left -= skipped;
        add_code(out, REPLACEMENT);
    }
    convert_some(converter, NULL, NULL, out);
}

/* What phones and gateways use. iconv knows hundreds more, and its rare converters have hung and crashed on bad input. */
static bool is_known(struct view charset)
{
    static const char *const family[] = {"GB", "BIG5", "EUC-", "SHIFT_JIS", "ISO-8859-", "LATIN", "WINDOWS-", "CP125", "KOI8-"};
    for (size_t i = 0; i < sizeof family / sizeof *family; i++)
        if (view_equal_nocase(view_head(charset, strlen(family[i])), view_of(family[i])))
            return true;
    return false;
}

static enum outcome from_other(struct arena *arena, struct view bytes, struct view charset, struct view *utf8, struct err *err)
{
    struct text out = {0};
    char name[NAME_SIZE_MAX + 1] = "";
    memcpy(name, charset.at, charset.size);
    iconv_t none = (iconv_t)-1; // NOLINT(performance-no-int-to-ptr): how iconv says no
    iconv_t converter = is_known(charset) ? iconv_open("UTF-8", name) : none;
    if (converter == none)
        return err_refused(err, "unknown charset \"%s\"", name);
    convert(converter, bytes, &out);
    iconv_close(converter);
    *utf8 = into_arena(arena, &out);
    return IS_DONE;
}

enum way { UTF8, UTF16BE, UTF16LE, BINARY, OTHER };

/* The names that are not iconv's business. UCS-2 without a byte order is big-endian on the air (3GPP TS 23.038). */
static enum way way_of(struct view charset)
{
    static const struct {
        const char *name;
        enum way way;
    } table[] = {
        {"UTF-8", UTF8},      {"UTF8", UTF8},       {"US-ASCII", UTF8}, {"UTF-16BE", UTF16BE},        {"UTF-16", UTF16BE},
        {"UCS-2", UTF16BE},   {"UCS-2BE", UTF16BE}, {"UCS2", UTF16BE},  {"ISO-10646-UCS-2", UTF16BE}, {"UTF-16LE", UTF16LE},
        {"UCS-2LE", UTF16LE}, {"8-BIT", BINARY},    {"8BIT", BINARY},   {"BINARY", BINARY},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (view_equal_nocase(charset, view_of(table[i].name)))
            return table[i].way;
    return OTHER;
}

/* iconv's own syntax ("//TRANSLIT", a list, a path) has no place in a name that came over the net. */
static bool is_charset_name(struct view charset)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:";
    for (size_t i = 0; i < charset.size; i++)
        if (!memchr(letters, charset.at[i], sizeof letters - 1))
            return false;
    return charset.size <= NAME_SIZE_MAX;
}

enum outcome charset_decode(struct arena *arena, struct view bytes, struct view charset, int coding, struct view *utf8, struct err *err)
{
    *utf8 = VIEW_NONE;
    if (charset.size == 0)
        charset = coding == CODING_UCS2 ? VIEW("UTF-16BE") : VIEW("UTF-8");
    if (!is_charset_name(charset))
        return err_refused(err, "no name of a charset");

    enum way way = coding == CODING_BINARY ? BINARY : way_of(charset);
    switch (way) {
    case UTF8:
        *utf8 = from_utf8(arena, bytes);
        return IS_DONE;
    case UTF16BE:
    case UTF16LE:
        *utf8 = from_utf16(arena, bytes, way == UTF16LE);
        return IS_DONE;
    case BINARY:
        return err_refused(err, "binary message");
    case OTHER:
        return from_other(arena, bytes, charset, utf8, err);
    }
    return IS_REFUSED;
}

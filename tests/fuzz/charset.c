/* Decoding (kannel.md §1): whatever the bytes are, UTF-8 comes out; what is well formed comes out as it was; and what is not costs one
 * character, not the rest. */
#include "fuzz.h"

static const char *const charsets[] = {"",           "UTF-8",      "UTF-16BE",     "UTF-16LE", "UCS-2",  "GBK",   "GB18030",
                                       "GB2312",     "BIG5",       "BIG5-HKSCS",   "EUC-KR",   "EUC-JP", "8-BIT", "SHIFT_JIS",
                                       "ISO-8859-1", "ISO-8859-5", "WINDOWS-1252", "KOI8-R",   "LATIN1", "CP1251"};
enum { CHARSETS = sizeof charsets / sizeof *charsets };

static struct view utf16_of(struct arena *arena, struct view utf8, bool is_little)
{
    char *out = arena_alloc(arena, utf8.size * 2 + 1);
    size_t size = 0;
    for (size_t i = 0; i < utf8.size;) {
        uint32_t code = (uint32_t)view_code_point(utf8, &i), units[2] = {code, 0};
        if (code > 0xffff) {
            units[0] = 0xd800 + ((code - 0x10000) >> 10);
            units[1] = 0xdc00 + ((code - 0x10000) & 0x3ff);
        }
        for (size_t k = 0; k < (code > 0xffff ? 2 : 1); k++) {
            out[size++] = (char)(is_little ? units[k] : units[k] >> 8);
            out[size++] = (char)(is_little ? units[k] >> 8 : units[k]);
        }
    }
    return (struct view){out, size};
}

static struct view decoded(struct arena *arena, struct view bytes, const char *charset)
{
    struct view utf8;
    struct err err = {""};
    enum outcome outcome = charset_decode(arena, bytes, view_of(charset), -1, &utf8, &err);
    HOLDS(outcome == IS_DONE, "%s: %s", charset, err.text);
    return utf8;
}

static size_t characters(struct view utf8)
{
    size_t count = 0;
    for (size_t i = 0; i < utf8.size; count++)
        view_code_point(utf8, &i);
    return count;
}

/* A pair is one character, everything else is one a unit. */
static size_t characters_of_utf16(struct view bytes)
{
    size_t count = 0;
    for (size_t i = 0; i + 1 < bytes.size; i += 2, count++) {
        bool is_high = ((unsigned char)bytes.at[i] & 0xfc) == 0xd8;
        if (is_high && i + 3 < bytes.size && ((unsigned char)bytes.at[i + 2] & 0xfc) == 0xdc)
            i += 2;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct input in = input_of(data, size);
    int coding = (int)(input_byte(&in) % 4) - 1;
    unsigned which = input_byte(&in);
    struct view utf8, charset = which < CHARSETS ? view_of(charsets[which]) : input_take(&in, which % 48), bytes = in.left;
    struct err err = {""};
    if (charset_decode(arena, bytes, charset, coding, &utf8, &err) != IS_DONE)
        HOLDS(err.text[0] && !utf8.size, "a refusal says why: %.*s", VIEW_ARG(charset));
    else
        HOLDS(fuzz_is_utf8(utf8), "charset %.*s", VIEW_ARG(charset));

    struct view mended = decoded(arena, bytes, "UTF-8");
    HOLDS(view_equal(mended, bytes) == fuzz_is_utf8(bytes), "%.*s", VIEW_ARG(mended));
    HOLDS(view_equal(decoded(arena, utf16_of(arena, mended, false), "UTF-16BE"), mended), "%.*s", VIEW_ARG(mended));
    HOLDS(view_equal(decoded(arena, utf16_of(arena, mended, true), "UTF-16LE"), mended), "%.*s", VIEW_ARG(mended));
    HOLDS(characters(decoded(arena, bytes, "UCS-2")) == characters_of_utf16(bytes), "of %zu bytes", bytes.size);
    arena_free(&arena);
    return 0;
}

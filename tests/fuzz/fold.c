/* Folding (rules D2): one spelling for what thumbs type many ways. */
#include "sms/fold.h"
#include "fuzz.h"

static bool is_dropped(int32_t c)
{
    return c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0xad || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || c == 0x2060 ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static bool is_folded(int32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 0xff01 && c <= 0xff5e) || c == 0x3000 || c == 0xa0;
}

static bool closes(int32_t c)
{
    return c == ' ' || c == '.' || c == '!' || c == '~' || c == ',' || c == 0x3002; /* ！～， are ASCII by now */
}

static void check_folded(struct view folded)
{
    int32_t before = ' ';
    for (size_t i = 0; i < folded.size;) {
        int32_t code = view_code_point(folded, &i);
        HOLDS(code >= 0 && !is_dropped(code) && !is_folded(code), "U+%04X in \"%.*s\"", (unsigned)code, VIEW_ARG(folded));
        HOLDS(code != ' ' || before != ' ', "two blanks, or one in front: \"%.*s\"", VIEW_ARG(folded));
        before = code;
    }
    HOLDS(!folded.size || !closes(before), "\"%.*s\"", VIEW_ARG(folded));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct input in = input_of(data, size);
    unsigned bits = input_byte(&in);
    struct view text = fuzz_text(arena, in.left), folded = fold(arena, text);
    HOLDS(folded.size <= text.size && folded.size <= FOLD_SIZE_MAX && folded.at[folded.size] == '\0', "%zu bytes", folded.size);
    check_folded(folded);
    HOLDS(view_equal(fold(arena, folded), folded), "folded twice: \"%.*s\"", VIEW_ARG(folded));
    if (text.size * 4 <= FOLD_SIZE_MAX) {
        static const char *const marks[] = {"\xE2\x80\x8B", "\xEF\xBB\xBF", "\xC2\xAD", "\x01", "\xE2\x81\xA0"};
        struct view hidden = fuzz_sprinkle(arena, text, view_of(marks[bits % 5]), bits);
        HOLDS(view_equal(fold(arena, hidden), folded), "with what cannot be seen: \"%.*s\"", VIEW_ARG(hidden));
        HOLDS(view_equal(fold(arena, fuzz_widen(arena, text)), folded), "full width: \"%.*s\"", VIEW_ARG(text));
    }
    arena_free(&arena);
    return 0;
}

/* Reading with the real commands: whatever the text is, what must hold of a match holds; what people do to it without meaning anything by
 * it changes nothing; and nothing is read in a text over the cap (rules A4, D2, D3). */
#include "matching.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct input in = input_of(data, size);
    unsigned how = input_byte(&in), bits = input_byte(&in);
    int at = how & 1 ? AT_PROVIDER : AT_HALL;
    struct view utf8 = how & 2 ? picked_text(arena, &in) : fuzz_text(arena, in.left);
    struct match match;
    check_match(real_grammar(), arena, utf8, at, &match);
    HOLDS(runaways == 0, "PCRE2 gave up at \"%.*s\"", VIEW_ARG(utf8));
    check_spellings(real_grammar(), arena, utf8, at, &match, bits);
    if (how & 4) {
        struct view longer = FUZZ_JOIN(arena, utf8, arena_printf(arena, "%*s", FOLD_SIZE_MAX, "!"));
        check_match(real_grammar(), arena, longer, at, &match);
        HOLDS(!match.command && !match.maybe && !match.answer, "a text over the cap: \"%.*s\"", VIEW_ARG(utf8));
    }
    arena_free(&arena);
    return 0;
}

/* Masking (rules C5): what is masked is gone, the rest stays, and masking twice is masking once. */
#include "grammar/mask.h"
#include "matching.h"

/* All that is not masked stands there as it stood: what is between stars is found in the text, in its order. */
static void check_rest(struct view masked, struct view utf8)
{
    struct view stars = VIEW("***"), left = masked, rest = utf8;
    for (const char *at; (at = memmem(left.at, left.size, stars.at, stars.size));) {
        struct view piece = view_head(left, (size_t)(at - left.at));
        const char *found = piece.size ? memmem(rest.at, rest.size, piece.at, piece.size) : rest.at;
        HOLDS(found, "\"%.*s\" of \"%.*s\"", VIEW_ARG(masked), VIEW_ARG(utf8));
        rest = view_from(rest, (size_t)(found - rest.at) + piece.size);
        left = view_from(left, piece.size + stars.size);
    }
    HOLDS(view_equal(left, view_from(rest, rest.size - left.size)), "\"%.*s\" of \"%.*s\"", VIEW_ARG(masked), VIEW_ARG(utf8));
}

/* Digits in a row with only blanks and marks between. */
static size_t longest_row(struct view v)
{
    size_t row = 0, longest = 0;
    for (size_t i = 0; i < v.size;) {
        int32_t c = view_code_point(v, &i);
        if (is_any_digit(c))
            row++;
        else if (c != ' ' && c != '-')
            row = 0;
        longest = row > longest ? row : longest;
    }
    return longest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct view utf8 = fuzz_text(arena, (struct view){(const char *)data, size});
    for (char *star = (char *)utf8.at; (star = memchr(star, '*', utf8.size - (size_t)(star - utf8.at)));)
        *star = '+'; /* so that each star is one of the mask's */
    struct view every = mask_digits(arena, utf8, MASK_EVERY), most = mask_digits(arena, utf8, MASK_LONG);
    HOLDS(view_equal(mask_digits(arena, utf8, MASK_NOTHING), utf8), "\"%.*s\"", VIEW_ARG(utf8));
    HOLDS(fuzz_is_utf8(every) && !has_any_digit(every), "\"%.*s\" of \"%.*s\"", VIEW_ARG(every), VIEW_ARG(utf8));
    HOLDS(fuzz_is_utf8(most) && longest_row(most) < 4, "\"%.*s\" of \"%.*s\"", VIEW_ARG(most), VIEW_ARG(utf8));
    HOLDS(view_equal(mask_digits(arena, every, MASK_EVERY), every), "twice: \"%.*s\"", VIEW_ARG(every));
    HOLDS(view_equal(mask_digits(arena, most, MASK_LONG), most), "twice: \"%.*s\"", VIEW_ARG(most));
    check_rest(every, utf8);
    check_rest(most, utf8);
    arena_free(&arena);
    return 0;
}

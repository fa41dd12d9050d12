/* Long replies (rules D1): the pieces are the text, each goes into so many SMS as it may, and Kannel, which cuts every 67 units whatever
 * stands there, cuts no surrogate pair. */
#include "sms/segments.h"
#include "fuzz.h"

/* Kannel's own counting of a UCS-2 text, and that no pair lies across its cuts. */
static size_t parts_of_kannel(struct view utf8)
{
    size_t units = 0;
    bool is_cut = false;
    for (size_t i = 0; i < utf8.size;) {
        bool is_pair = view_code_point(utf8, &i) > 0xffff;
        is_cut |= is_pair && units % SEGMENT_UCS2_JOINED == SEGMENT_UCS2_JOINED - 1;
        units += is_pair ? 2 : 1;
    }
    if (units <= SEGMENT_UCS2_SINGLE)
        return 1;
    HOLDS(!is_cut, "a pair is cut in \"%.*s\"", VIEW_ARG(utf8));
    return (units + SEGMENT_UCS2_JOINED - 1) / SEGMENT_UCS2_JOINED;
}

/* The piece without its "(1/3)" is the next of the text, but for blanks in front of pairs. */
static void check_text(struct view piece, struct view *rest)
{
    for (size_t i = 0, k = 0; i < piece.size;) {
        int32_t code = view_code_point(piece, &i);
        size_t start = k = 0;
        int32_t wanted = rest->size ? view_code_point(*rest, &k) : -1;
        if (code == ' ' && wanted > 0xffff)
            continue;
        HOLDS(code == wanted, "\"%.*s\" at %zu, not U+%04X", VIEW_ARG(piece), i + start, (unsigned)wanted);
        *rest = view_from(*rest, k);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct input in = input_of(data, size);
    size_t parts_max = input_byte(&in) % 12 + 1;
    struct view text = fuzz_text(arena, in.left), rest = text, *pieces;
    struct segments whole = segments_count(text);
    size_t count = segments_split(arena, text, parts_max, &pieces);
    HOLDS(count > 0 && (count == 1) == (whole.parts <= parts_max), "%zu pieces of %zu parts", count, whole.parts);
    for (size_t i = 0; i < count; i++) {
        struct view head = count > 1 ? arena_printf(arena, "(%zu/%zu)", i + 1, count) : VIEW("");
        struct segments piece = segments_count(pieces[i]);
        HOLDS(piece.parts <= parts_max, "%zu parts of \"%.*s\"", piece.parts, VIEW_ARG(pieces[i]));
        HOLDS(!piece.is_ucs2 || parts_of_kannel(pieces[i]) == piece.parts, "%zu parts of \"%.*s\"", piece.parts, VIEW_ARG(pieces[i]));
        HOLDS(view_starts_with(pieces[i], head), "\"%.*s\"", VIEW_ARG(pieces[i]));
        check_text(view_from(pieces[i], head.size), &rest);
    }
    HOLDS(rest.size == 0, "\"%.*s\" is lost", VIEW_ARG(rest));
    arena_free(&arena);
    return 0;
}

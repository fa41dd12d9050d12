/* Costs are counted character by character: a UTF-16 unit or two, a septet or two. A character of cost two never lies across the end of a
 * joined part: phones show rubbish there (UCS-2 surrogates), or 3GPP TS 23.038 forbids it (the escape of the extension table). Kannel knows
 * nothing of this and cuts surrogate pairs; a blank in front of such a pair moves it into the next part, and makes Kannel's counting ours.
 */
#include "sms/segments.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"

/* GSM 7-bit default alphabet beyond ASCII, and what of ASCII is only in its extension table (3GPP TS 23.038 §6.2.1). */
static const uint16_t default_alphabet[] = {
    0xa1, 0xa3, 0xa4, 0xa5, 0xa7, 0xbf, 0xc4, 0xc5, 0xc6, 0xc7,  0xc9,  0xd1,  0xd6,  0xd8,  0xdc,  0xdf,  0xe0,  0xe4,  0xe5,  0xe6,
    0xe8, 0xe9, 0xec, 0xf1, 0xf2, 0xf6, 0xf8, 0xf9, 0xfc, 0x393, 0x394, 0x398, 0x39b, 0x39e, 0x3a0, 0x3a3, 0x3a6, 0x3a8, 0x3a9,
};
enum { EURO = 0x20ac, FORM_FEED = 0x0c };

/* Septets of a character; 0 = GSM 7-bit does not have it. */
static size_t gsm_cost(int32_t code)
{
    if (code == EURO || code == FORM_FEED || (code > 0 && code < 0x80 && strchr("[\\]^{|}~", code)))
        return 2;
    if (code == '\n' || code == '\r' || (code >= ' ' && code < 0x7f && code != '`'))
        return 1;
    for (size_t i = 0; i < sizeof default_alphabet / sizeof *default_alphabet; i++)
        if (code == default_alphabet[i])
            return 1;
    return 0;
}

static size_t cost(int32_t code, bool is_ucs2)
{
    return is_ucs2 ? (code > 0xffff ? 2 : 1) : gsm_cost(code);
}

static bool needs_ucs2(struct view utf8)
{
    for (size_t i = 0; i < utf8.size;)
        if (gsm_cost(view_code_point(utf8, &i)) == 0)
            return true;
    return false;
}

static size_t single(bool is_ucs2)
{
    return is_ucs2 ? SEGMENT_UCS2_SINGLE : SEGMENT_GSM_SINGLE;
}

static size_t joined(bool is_ucs2)
{
    return is_ucs2 ? SEGMENT_UCS2_JOINED : SEGMENT_GSM_JOINED;
}

/* A character of this cost, `units` into the message, would lie across the end of a joined part. */
static bool straddles(size_t units, size_t character, bool is_ucs2)
{
    return character == 2 && units % joined(is_ucs2) == joined(is_ucs2) - 1;
}

struct segments segments_count(struct view utf8)
{
    struct segments s = {.is_ucs2 = needs_ucs2(utf8), .parts = 1};
    size_t filled = 0; /* as units, with the gaps that straddling characters leave */
    for (size_t i = 0; i < utf8.size;) {
        size_t c = cost(view_code_point(utf8, &i), s.is_ucs2);
        filled += c + straddles(filled, c, s.is_ucs2);
        s.units += c;
    }
    if (s.units > single(s.is_ucs2))
        s.parts = (filled + joined(s.is_ucs2) - 1) / joined(s.is_ucs2);
    return s;
}

/* A line or a sentence may end with this character. The ASCII full stop is none: it stands in amounts. */
static bool ends_sentence(int32_t code)
{
    static const int32_t end[] = {'\n', '!', '?', ';', 0x3002, 0xff01, 0xff1f, 0xff1b};
    for (size_t i = 0; i < sizeof end / sizeof *end; i++)
        if (code == end[i])
            return true;
    return false;
}

/* How many bytes of rest go into a message of `capacity` units of which `used` are taken. */
static size_t cut_at(struct view rest, bool is_ucs2, size_t used, size_t capacity)
{
    size_t i = 0, after_sentence = 0;
    while (i < rest.size) {
        size_t before = i;
        int32_t code = view_code_point(rest, &i);
        size_t c = cost(code, is_ucs2);
        used += c + straddles(used, c, is_ucs2);
        if (used > capacity)
            return after_sentence ? after_sentence : before;
        if (ends_sentence(code) && used >= capacity - capacity / 4)
            after_sentence = i;
    }
    return rest.size;
}

/* body behind `units` units of a long message, a blank before each pair that Kannel would cut. */
static void add_padded(struct text *out, struct view body, size_t units)
{
    for (size_t i = 0; i < body.size;) {
        size_t start = i, c = cost(view_code_point(body, &i), true);
        if (straddles(units, c, true)) {
            text_add_char(out, ' ');
            units++;
        }
        text_add(out, (struct view){body.at + start, i - start});
        units += c;
    }
}

/* A message as it is sent: head, which is ASCII, then body. */
static struct view build(struct arena *arena, struct view head, struct view body)
{
    struct text out = {0};
    text_add(&out, head);
    text_add(&out, body);
    struct segments s = segments_count(text_view(&out));
    if (s.is_ucs2 && s.parts > 1) {
        text_clear(&out);
        text_add(&out, head);
        add_padded(&out, body, head.size);
    }
    struct view piece = arena_copy(arena, text_view(&out));
    text_free(&out);
    return piece;
}

/* Cuts into bodies that leave head_size units free in each; gives their number, and the bodies when there is room for them. */
static size_t cut_all(struct view utf8, bool is_ucs2, size_t head_size, size_t capacity, struct view *bodies)
{
    size_t count = 0;
    for (struct view rest = utf8; rest.size; count++) {
        size_t size = cut_at(rest, is_ucs2, head_size, capacity);
        if (bodies)
            bodies[count] = view_head(rest, size);
        rest = view_from(rest, size);
    }
    return count;
}

size_t segments_split(struct arena *arena, struct view utf8, size_t parts_max, struct view **pieces)
{
    assert(parts_max > 0);
    struct segments s = segments_count(utf8);
    size_t capacity = parts_max == 1 ? single(s.is_ucs2) : parts_max * joined(s.is_ucs2);
    size_t count = 1, digits = 0;
    if (s.parts <= parts_max) {
        *pieces = ARENA_NEW(arena, struct view);
        (*pieces)[0] = build(arena, VIEW_NONE, utf8);
        return 1;
    }
    /* "(1/3)": how wide it is depends on how many there are, and the other way round. */
    for (size_t most = 1; count >= most; most *= 10)
        count = cut_all(utf8, s.is_ucs2, strlen("(/)") + 2 * ++digits, capacity, NULL);
    struct view *piece = ARENA_ARRAY(arena, struct view, count);
    cut_all(utf8, s.is_ucs2, strlen("(/)") + 2 * digits, capacity, piece);
    for (size_t i = 0; i < count; i++)
        piece[i] = build(arena, arena_printf(arena, "(%zu/%zu)", i + 1, count), piece[i]);
    *pieces = piece;
    return count;
}

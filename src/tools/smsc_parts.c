#include "tools/smsc_parts.h"

#include <string.h>

#include "base/text.h"
#include "sms/segments.h"

/* --- cutting --- */

/* Units of one character: segments_count knows what each costs, but is asked about whole texts. */
static size_t units_of(struct view character, int32_t code, bool is_ucs2)
{
    return is_ucs2 ? (code > 0xffff ? 2 : 1) : segments_count(character).units;
}

static void add_utf16(struct text *out, int32_t code)
{
    if (code < 0)
        code = 0xfffd;
    if (code > 0xffff) {
        add_utf16(out, 0xd800 + ((code - 0x10000) >> 10));
        code = 0xdc00 + ((code - 0x10000) & 0x3ff);
    }
    text_add_char(out, (char)(code >> 8));
    text_add_char(out, (char)(code & 0xff));
}

/* Takes as many characters off the front of rest as fit into one part. */
static struct view take_part(struct arena *arena, struct view *rest, bool is_ucs2, size_t units_max)
{
    struct text out = {0};
    size_t units = 0, i = 0;
    while (i < rest->size) {
        size_t before = i;
        int32_t code = view_code_point(*rest, &i);
        struct view character = {rest->at + before, i - before};
        units += units_of(character, code, is_ucs2);
        if (units > units_max) {
            i = before;
            break;
        }
        if (is_ucs2)
            add_utf16(&out, code);
        else
            text_add(&out, character);
    }
    *rest = view_from(*rest, i);
    struct view bytes = arena_copy(arena, text_view(&out));
    text_free(&out);
    return bytes;
}

size_t parts_cut(struct arena *arena, struct view utf8, unsigned char reference, bool *is_ucs2, struct part **parts)
{
    struct segments segments = segments_count(utf8);
    struct view rest = utf8;
    size_t count = 0, units_max;
    if (segments.parts > PARTS_MAX)
        return 0;
    *is_ucs2 = segments.is_ucs2;
    *parts = ARENA_ARRAY(arena, struct part, PARTS_MAX);
    if (segments.parts == 1) {
        (*parts)[0].bytes = take_part(arena, &rest, segments.is_ucs2, segments.is_ucs2 ? SEGMENT_UCS2_SINGLE : SEGMENT_GSM_SINGLE);
        return 1;
    }
    units_max = segments.is_ucs2 ? SEGMENT_UCS2_JOINED : SEGMENT_GSM_JOINED;
    while (rest.size > 0 && count < PARTS_MAX)
        (*parts)[count++].bytes = take_part(arena, &rest, segments.is_ucs2, units_max);
    for (size_t i = 0; i < count; i++) {
        const char udh[UDH_SIZE] = {5, 0, 3, (char)reference, (char)count, (char)(i + 1)};
        memcpy((*parts)[i].udh, udh, sizeof udh);
        (*parts)[i].udh_size = sizeof udh;
    }
    return rest.size == 0 ? count : 0;
}

/* --- joining --- */

static unsigned byte_at(struct view v, size_t i)
{
    return (unsigned char)v.at[i];
}

/* element: without its own two bytes of head. */
static bool place_of_element(unsigned kind, struct view element, struct place *place)
{
    bool is_wide = kind == 0x08 && element.size == 4;
    if (!is_wide && !(kind == 0x00 && element.size == 3))
        return false;
    place->reference = is_wide ? byte_at(element, 0) << 8 | byte_at(element, 1) : byte_at(element, 0);
    place->total = byte_at(element, element.size - 2);
    place->number = byte_at(element, element.size - 1);
    return place->number >= 1 && place->number <= place->total;
}

bool place_read(struct view udh, struct place *place)
{
    if (udh.size == 0 || byte_at(udh, 0) >= udh.size)
        return false;
    struct view rest = view_head(view_from(udh, 1), byte_at(udh, 0));
    while (rest.size >= 2 && byte_at(rest, 1) + 2 <= rest.size) {
        struct view element = view_head(view_from(rest, 2), byte_at(rest, 1));
        if (place_of_element(byte_at(rest, 0), element, place))
            return true;
        rest = view_from(rest, 2 + element.size);
    }
    return false;
}

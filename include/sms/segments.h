/* How many SMS a text makes, and where a long one may be cut (rules D1; 3GPP TS 23.038, 23.040). */
#ifndef SMS_SEGMENTS_H
#define SMS_SEGMENTS_H

#include "base/arena.h"

enum {
    SEGMENT_UCS2_SINGLE = 70,
    SEGMENT_UCS2_JOINED = 67, /* UTF-16 units */
    SEGMENT_GSM_SINGLE = 160,
    SEGMENT_GSM_JOINED = 153, /* septets; extension characters cost 2 */
};

struct segments {
    bool is_ucs2; /* one character outside GSM 7-bit makes the whole text UCS-2 */
    size_t units; /* UTF-16 units, or septets */
    size_t parts; /* SMS on the air; an empty text is one */
};

struct segments segments_count(struct view utf8);

/* Cuts a text into pieces of at most parts_max SMS each, to be sent as messages of their own, "(1/3)" in front of each
 * when there are several; cuts after a line or a sentence when one ends in the last quarter. Kannel cuts a surrogate pair at a
 * part's end in two: a blank is put before a pair that would fall there. Pieces live in the arena; gives their number. */
size_t segments_split(struct arena *arena, struct view utf8, size_t parts_max, struct view **pieces);

#endif

/* What travels on the air: a text cut into parts, and where a part belongs (3GPP TS 23.040 §9.2.3.24). Pure. */
#ifndef TOOLS_SMSC_PARTS_H
#define TOOLS_SMSC_PARTS_H

#include "base/arena.h"

enum { PARTS_MAX = 255, UDH_SIZE = 6 };

struct part {
    struct view bytes; /* UTF-16BE when is_ucs2, else UTF-8 */
    char udh[UDH_SIZE];
    size_t udh_size; /* 0: the whole text */
};

/* Cuts as a phone does: one part of 70 or 160 units, or parts of 67 or 153 with a UDH; a character is never cut in two. All in the
 * arena; gives the number of parts, or 0 when there would be more than PARTS_MAX. */
size_t parts_cut(struct arena *arena, struct view utf8, unsigned char reference, bool *is_ucs2, struct part **parts);

/* Where a part belongs. */
struct place {
    unsigned reference, total, number; /* number from 1 */
};

/* Reads the concatenation element of a UDH, with 8 or 16 bits of reference. False: there is none, or it makes no sense. */
bool place_read(struct view udh, struct place *place);

#endif

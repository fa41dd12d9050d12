/* Folding: what a thumb types many ways becomes one spelling (rules D2). */
#ifndef SMS_FOLD_H
#define SMS_FOLD_H

#include "base/arena.h"

/* A longer text is cut here when it is folded, and the grammar reads nothing in it (rules D2: length cap). */
enum { FOLD_SIZE_MAX = 4096 };

/* utf8 must be valid UTF-8. Gives the folded text in the arena:
 *  - invisible characters dropped: U+FEFF, U+200B–200F, U+202A–202E, U+2060, U+2066–2069, U+00AD, U+FE0E, U+FE0F (how an emoji
 *    is drawn), U+2006 (the pinyin keyboard of iOS leaves it between raw letters), control characters;
 *  - blanks of other kinds become a blank: tab, CR, LF, U+00A0, U+2000–200A but for U+2006, U+2028, U+2029, U+202F, U+205F,
 *    U+3000; runs of blanks become one;
 *  - U+FF01–FF5E become ASCII;
 *  - ASCII letters become capitals;
 *  - blanks at both ends and closing punctuation (。.！!～~，,、？?；;：:…) at the end are trimmed.
 * Nothing else changes: no NFKC. */
struct view fold(struct arena *arena, struct view utf8);

#endif

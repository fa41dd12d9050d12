/* Folding: what a thumb types many ways becomes one spelling (rules D2). */
#ifndef SMS_FOLD_H
#define SMS_FOLD_H

#include "base/arena.h"

/* Texts are read up to here; the rest is left out of the folded text (rules D2: length cap). */
enum { FOLD_SIZE_MAX = 4096 };

/* utf8 must be valid UTF-8. Gives the folded text in the arena:
 *  - invisible characters dropped: U+FEFF, U+200B–200F, U+202A–202E, U+2060, U+2066–2069, U+00AD, control characters
 *    (tab, CR, LF and U+00A0 become a blank);
 *  - U+FF01–FF5E become ASCII, U+3000 a blank; runs of blanks become one;
 *  - ASCII letters become capitals;
 *  - blanks at both ends and closing punctuation (。.！!～~，,) at the end are trimmed.
 * Nothing else changes: no NFKC. */
struct view fold(struct arena *arena, struct view utf8);

#endif

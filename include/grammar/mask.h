/* Secrets are masked before anything else sees a text (rules C5), also in attempts that are no command. */
#ifndef GRAMMAR_MASK_H
#define GRAMMAR_MASK_H

#include "base/arena.h"

/* Words beside which digits are taken for a secret: the heads of forms with secret captures, and the list `masked`. */
struct masks {
    struct view *word; /* folded */
    size_t count;
    bool begins[256]; /* some word begins with this byte */
};

/* Keeps words. */
void masks_set(struct masks *masks, struct view *word, size_t count);

/* The folded text has one of the words somewhere, also with blanks between its letters, and four digits or more. */
bool masks_meet(const struct masks *masks, struct view folded);

/* utf8 with *** for each run of digits (of either width, an X of an ID included) that has four or more, or is part of a row of runs with
 * only blanks and marks between them that has: "MMXG 246 810" gives "MMXG *** ***". */
struct view mask_digits(struct arena *arena, struct view utf8);

#endif

/* Secrets are masked before anything else sees a text (rules C5), also in attempts that are no command. */
#ifndef GRAMMAR_MASK_H
#define GRAMMAR_MASK_H

#include "base/arena.h"

/* Some texts of a table. */
struct words {
    struct view *word;
    size_t count;
};

/* What gives a secret away. */
struct masks {
    struct words words;      /* beside which digits are a secret, folded: the list `masked`, and heads of forms that want one */
    struct words everyday;   /* the same, but they stand alone too (挂失, FJ): heads of forms that can do without the secret */
    struct words separators; /* what people type between an old password and a new one */
    uint8_t begins[1024];    /* bits: some word, some everyday word begins with a character of this key (src/grammar/mask.c) */
};

/* Room for so many words; keeps separators. */
void masks_open(struct masks *masks, struct arena *arena, size_t words, struct words separators);

/* Adds a folded word, which it keeps, unless others give away all that it would. */
void masks_add(struct masks *masks, struct view word, bool is_everyday);

/* How much of a text is masked. Digits are those of any width and script, circled ones too; an X behind digits belongs to them. */
enum masking {
    MASK_NOTHING,
    MASK_LONG, /* digits in rows of four and more, with only blanks and marks between them */
    MASK_EVERY /* every digit, and Chinese numerals in rows of four and more */
};

/* What the folded text needs that no form has read. One of the words is in it, also with blanks between its letters, and digits are:
 * every digit; an everyday one asks for that at the beginning of the text, and for the long ones elsewhere: "复机要50元吗" has no secret.
 * It has the shape of a secret (an ID card's 17 digits and one more or X; two groups of six digits with only separators between them): the
 * long ones. It is six digits or numerals and nothing else but blanks and marks, those aside that part the numbers of a list: all of them;
 * a month alone, 201211, is masked with the passwords. A text too long to be folded whole is no matter of this: all of it is masked. */
enum masking masks_needed(const struct masks *masks, struct view folded);

/* utf8 with *** for each run that is masked: "MMXG 246 810" gives "MMXG *** ***". */
struct view mask_digits(struct arena *arena, struct view utf8, enum masking masking);

#endif

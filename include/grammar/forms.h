/* A form, as a command file has it (`MMXG#{old:pin}#{new:pin}`, `ZD[{month:month}]`), is read into parts; each choice of its optional
 * parts gives a variant: a fixed head, found by hash, and a tail for PCRE2, or no tail. A form that starts with one of some words
 * (`{when:condition}HZ{number:msisdn}`) gives a variant for each of them, whose head it begins. */
#ifndef GRAMMAR_FORMS_H
#define GRAMMAR_FORMS_H

#include "base/err.h"
#include "grammar/match.h"
#include "grammar/types.h"

enum { FORM_PARTS_MAX = 24, FORM_OPTIONS_MAX = 5 };

enum part_kind { PART_LITERAL, PART_SEPARATOR, PART_CAPTURE };
struct part {
    enum part_kind kind;
    struct view text;        /* a literal, folded; the name of a capture */
    const struct type *type; /* of a capture */
    unsigned option;         /* bit of the [ ] it stands in; 0 = always there */
};

struct form {
    struct view text;
    int line;
    struct part part[FORM_PARTS_MAX];
    size_t parts;
    unsigned options; /* bits of all its [ ] */
};

struct capture {
    struct view name;
    const struct type *type;
};

struct regex; /* a compiled tail (index.h) */

struct variant {
    const struct row *row; /* whose it is (spec.h) */
    const struct form *form;
    unsigned chosen;             /* its optional parts, as in form_variant */
    struct view word;            /* what its first capture is, which is then in the head; empty: any */
    struct view head;            /* fixed beginning, folded; empty when it starts with a capture */
    struct view tail;            /* PCRE2 for the rest; empty: the head is the whole text */
    struct view end;             /* literal that the tail ends with; else empty */
    const struct regex *pattern; /* of the tail */
    struct capture capture[ARGUMENTS_MAX];
    size_t captures;
    bool is_loose, has_secret; /* one of its captures is */
    size_t samples;            /* how many texts form_sample can make of it */
    struct variant *next;      /* with the same head */
};

/* Reads a form. IS_REFUSED says what is wrong with it. */
enum outcome form_read(struct arena *arena, const struct types *types, struct view text, struct form *form, struct err *err);

/* The type of a capture at the beginning that is one of some words, if another capture follows; else NULL. chosen as below. */
const struct type *form_leading_words(const struct form *form, unsigned chosen);

/* The variant with the optional parts in `chosen` (bits of form->options). word: for the leading capture; VIEW_NONE: it is not fixed.
 * separator: PCRE2 for what people type for `#`. */
void form_variant(struct arena *arena, const struct form *form, unsigned chosen, struct view word, struct view separator,
                  struct variant *variant);

/* The text of the variant with the number-th sample of each capture, as a subscriber might type it. */
struct view form_sample(struct arena *arena, const struct variant *variant, size_t number);

/* v as PCRE2 that matches just v. */
struct view pattern_quote(struct arena *arena, struct view v);

#endif

/* Where forms are found. A fixed text takes one look into a hash table. A form with captures is found by its head: the text is walked byte
 * by byte for as long as some head begins so, and only the forms whose head was met are tried. Equal tails share one compiled pattern.
 * So the cost of a text does not grow with the number of forms (DESIGN 3). */
#ifndef GRAMMAR_INDEX_H
#define GRAMMAR_INDEX_H

#include "grammar/forms.h"
#include "grammar/regex.h"

enum { PORT_KINDS = 2 }; /* AT_HALL, AT_PROVIDER */

/* What a fixed text stands for. */
struct fixed {
    const struct variant *variant[PORT_KINDS]; /* NULL: no command there */
    enum answer answer;                        /* ANSWER_NONE, ANSWER_YES or ANSWER_NO */
};

struct prefix; /* a beginning of some head */

struct index {
    struct arena *arena;
    struct table fixed_of; /* text → fixed[] */
    struct fixed *fixed;
    size_t fixed_room;
    struct prefix *prefix; /* open addressing by hash */
    size_t prefix_room, prefix_count;
    size_t heads_max;          /* so many heads at most can be met in one text */
    struct variant *headless;  /* start with a capture: tried last */
    bool headless_begins[256]; /* a text of theirs may begin with this byte */
    struct table pattern_of;   /* tail → pattern[] */
    struct regex **pattern;
    size_t pattern_room;
};

/* The row of a fixed text, made when there is none. The pointer holds until the next call. Keeps text. */
struct fixed *index_fixed(struct index *index, struct view text);

/* NULL: not in the table. */
const struct fixed *index_find(const struct index *index, struct view text);

/* False: no form begins with the first character of the text, and none can read it. */
bool index_may_read(const struct index *index, struct view folded);

/* Puts a variant with a tail in, which it keeps; compiles the tail. */
enum outcome index_add(struct index *index, struct variant *variant, struct err *err);

/* The lists of variants whose head the text begins with, longest head first, headless ones last. */
size_t index_candidates(const struct index *index, struct arena *arena, struct view folded, struct variant ***lists);

/* The text is what the variant says; value[i] are its captures in their normal form. */
bool variant_reads(const struct variant *variant, struct arena *arena, struct view folded, struct view value[ARGUMENTS_MAX]);

/* Frees what does not live in the arena. */
void index_close(struct index *index);

#endif

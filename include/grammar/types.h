/* The types of captures (commands/types.yaml). A row says what people type; the code below knows how a value is checked and brought to its
 * normal form, by the row's `normal`. */
#ifndef GRAMMAR_TYPES_H
#define GRAMMAR_TYPES_H

#include "base/arena.h"
#include "grammar/table.h"

struct type;

/* What a type knows of the services, of which only the store has all (commands/names.yaml has those that are known without it). */
enum catalogue {
    CATALOGUE_NONE,
    CATALOGUE_ANY,   /* takes any word; a known one is written as the catalogue has it */
    CATALOGUE_NAMES, /* takes a known one for sure; any other is for the store to look at */
    CATALOGUE_CODES, /* the same, but Latin letters and digits are taken as they are */
};

/* Brings what a pattern captured (folded) to its normal form; false: it is no such value after all (month 13, a wrong check digit). */
struct normal {
    const char *name;
    bool (*apply)(const struct type *type, struct arena *arena, struct view raw, struct view *value);
};

struct type {
    struct view name;
    struct view pattern;         /* PCRE2, without groups that capture: the row's patterns as alternatives */
    const struct normal *normal; /* text | words | month | id_card | pin | yuan | serials | msisdn | hidden */
    struct view *word;           /* of words: what people type, folded, longer ones first */
    size_t words;
    struct table word_of;     /* the same → word_value[] */
    struct view *word_value;  /* the value that stands for it */
    bool is_secret;           /* never written anywhere (rules C5) */
    bool is_loose;            /* takes nearly anything: gives way to a form that says more */
    bool is_code;             /* takes only what is a code or title of some command, or a known name of a service */
    enum catalogue catalogue; /* it names a service */
    uint64_t least, most;     /* of month (201211); 0 = no limit */
    struct view *sample;      /* values that people might type; the loader tries every form with them */
    size_t samples;
    int line;
};

struct types {
    struct type *type;
    size_t count;
};

/* It takes what must be a service for its command to mean anything. */
bool type_names_service(const struct type *type);

/* NULL: no such. */
const struct type *types_find(const struct types *types, struct view name);
const struct normal *normal_find(struct view name);

/* The numbers of a list "1、3" with commas between: "1,3". In their order, repeated ones kept, zeros in front dropped. */
struct view serials_normal(struct arena *arena, struct view raw);

#endif

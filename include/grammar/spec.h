/* The grammar as it lies in memory, and the reading of its files into that shape. Only the grammar's own files include this.
 *
 * A folder holds types.yaml, reading.yaml, answers.yaml, reserved.yaml and names.yaml; every other file is one command (DESIGN 3). */
#ifndef GRAMMAR_SPEC_H
#define GRAMMAR_SPEC_H

#include "base/yaml.h"
#include "grammar/faults.h"
#include "grammar/index.h"
#include "grammar/mask.h"
#include "grammar/suggest.h"
#include "grammar/template.h"

/* A reply's words in one language. */
struct wording {
    struct view source; /* empty: there are none */
    int line;
    size_t parts; /* SMS they may take (rules D10) */
    struct template template;
};

struct reply {
    struct view outcome;
    int line;
    struct wording wording[LANGUAGES]; /* by enum language */
    struct words one_language;         /* fields that not every language needs: what is a word in Chinese is the sentence in English */
};

/* A service that is opened or closed by a command of its own: "开通余额提醒" is open_reminder. */
struct instead {
    struct view service; /* as the argument has it */
    struct view name;    /* of the command */
    int line;
    const struct row *row; /* that command */
};

struct row {
    struct command command;
    struct form *form;
    size_t forms;
    struct variant *variant; /* of all its forms */
    size_t variants;
    struct reply *reply;
    size_t replies;
    struct code *code;
    size_t codes;
    size_t parts[LANGUAGES]; /* of replies that name no number of their own */
    struct instead *instead; /* services that have another command in the place of this one */
    size_t insteads;
    const struct yaml *gives; /* field → the widest sample; NULL: not said, only its arguments are checked */
    const struct yaml *examples;
};

/* How people write around a code (rules D9). */
struct reading {
    struct words separators;     /* what they type for `#` */
    struct view separator;       /* PCRE2 for one of them */
    struct words quotes;         /* marks around a code */
    bool quote_begins[256];      /* some quote begins with this byte */
    struct words ends;           /* what ends the code in a forwarded instruction */
    bool end_begins[256];        /* some end begins with this byte */
    struct words words, numbers; /* what the rest of it must hold */
    struct regex *serials;       /* a list of numbers, as an answer; begins with a digit */
};

struct reserved {
    struct view text; /* folded */
    int at, line;
};

/* Names of services that are known without the store. */
struct names {
    struct table word_of; /* folded, in all spellings → word[] */
    struct view *word;    /* as the catalogue has it */
};

struct grammar {
    struct arena *arena;
    struct types types;
    struct names names;
    struct reading reading;
    struct reserved *reserved;
    size_t reserved_count;
    struct view reserved_file;
    struct words answers; /* folded, yes and no together */
    struct words masked;  /* words of reserved.yaml that stand beside secrets */
    struct masks masks;
    struct index index;
    struct row *row;
    size_t rows;
    struct table row_of;               /* name → row[] */
    struct table topic_of[PORT_KINDS]; /* what help is given on at that port, but for fixed texts: codes and titles → row[] */
    const struct row *hall;
    struct view page; /* of grammar_commands_page */
};

/* One file on its way into the grammar. */
struct sheet {
    struct grammar *grammar;
    struct fault_log *log;
    struct view file; /* as messages name it */
    const struct yaml *root;
};

void spec_read_types(const struct sheet *sheet);
void spec_read_reading(const struct sheet *sheet);
void spec_read_answers(const struct sheet *sheet);
void spec_read_reserved(const struct sheet *sheet);
void spec_read_names(const struct sheet *sheet);

/* Fills the row; its forms are read, their variants not yet made. */
void spec_read_command(const struct sheet *sheet, struct row *row);

/* What is a code or title of some command heard at `at`: its row; NULL: nothing. */
const struct row *row_of_topic(const struct grammar *grammar, struct view folded, int at);

/* A known name of a service, as the catalogue has it; any other: VIEW_NONE. */
struct view names_find(const struct names *names, struct view folded);

/* The kinds of port that a word stands for (hall, provider, any); 0: none. */
int spec_at(struct view word);

#endif

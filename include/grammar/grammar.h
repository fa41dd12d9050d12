/* The grammar: a text becomes a command with typed arguments, an answer, or nothing. Loaded from a folder of YAML (DESIGN 3);
 * after loading it never changes, so any number of threads may read it. No clock, socket, file or database is touched by
 * grammar_match and the functions after it. */
#ifndef GRAMMAR_GRAMMAR_H
#define GRAMMAR_GRAMMAR_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "grammar/effect.h"
#include "grammar/language.h"
#include "grammar/match.h"

struct grammar;

/* One row of the grammar, as far as others need it. Lives as long as its grammar. */
struct command {
    struct view name; /* also the key of statistics and logs */
    struct view title;
    struct view call; /* hall_command.<call>; empty for a file that has replies only */
    struct view file; /* commands/bill.yaml, for messages */
    int call_line;    /* where `call` stands in it; 0: nowhere */
    int at;
    enum effect effect;
    enum confirm confirm;
    bool also_suspended; /* heard from whoever is suspended too, though it changes something */
    struct {
        struct view name; /* of the argument; empty: it makes none */
        struct view type; /* "pin" */
    } makes;              /* the secret that the hall makes afresh for it */
    size_t number;        /* 0 … grammar_commands - 1 */
};

/* Faults found while loading: `file:line: text`, each a line, in order. Those that are in no file, but in a row of the store, have line 0:
 * `hall.service TQ: text`. */
struct faults {
    struct text lines; /* with newlines */
    size_t count;
    struct text untranslated; /* likewise, each reply without words in some language, and each field that only one names: refuses nothing */
    size_t wordless_replies, uneven_fields; /* how many of each */
};
void faults_add(struct faults *faults, struct view file, int line, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Adds "4 replies lack a translation, 1 field is in one language only", as far as there are any. True: there were. */
bool faults_sum_untranslated(const struct faults *faults, struct text *out);
void faults_free(struct faults *faults);

/* Reads all of folder/ *.yaml. Every fault of every file is added to faults; NULL when there was any, but for missing translations. */
struct grammar *grammar_load(const char *folder, struct faults *faults);
void grammar_free(struct grammar **grammar);

size_t grammar_commands(const struct grammar *grammar);
const struct command *grammar_command(const struct grammar *grammar, size_t number);
const struct command *grammar_find(const struct grammar *grammar, struct view name); /* NULL: none */

/* Up to `most` command codes nearest to the folded text by edit distance, in order; gives their number. Codes are the fixed
 * beginnings of forms heard at `at`, but for those that want a word of the subscriber's own behind them (KT). Only near ones: none when
 * nothing is within a third of the text's length (at least 1). */
size_t grammar_suggest(const struct grammar *grammar, struct arena *arena, struct view folded, int at, size_t most, struct view *codes);

/* Help on one command: topic is one of its codes or its title, as typed, heard at `at`. Gives the title and up to four texts that may be
 * sent for it ("ZD", "ZD201211"), in the arena; 0 when topic is none of these. */
size_t grammar_help(const struct grammar *grammar, struct arena *arena, struct view topic, int at, struct view *title, struct view **codes);

/* The reply's text: the template of `outcome` in the command's replies, or else in those of the command `hall`, filled with
 * fields. language: its code, "en"; in another one, or none (VIEW_NONE), and where a translation is missing, the words are Chinese.
 * IS_REFUSED when neither command has the outcome or a field is missing: err says which. */
enum outcome grammar_render(const struct grammar *grammar, struct arena *arena, struct view command, struct view outcome,
                            struct view language, const json_t *fields, struct view *text, struct err *err);

/* The list of commands for handheld clients (GET /commands.json): name, title, codes. Written once, when the grammar is loaded, and lives
 * as long as it. */
struct view grammar_commands_page(const struct grammar *grammar);

#endif

/* Reading a text: what came of it, as a command with its arguments and as an answer to an open dialogue. */
#ifndef GRAMMAR_MATCH_H
#define GRAMMAR_MATCH_H

#include "base/arena.h"
#include "base/text.h"

struct grammar;
struct command;

/* The kinds of port a command is heard at; masks of a command's `at`. */
enum { AT_HALL = 1, AT_PROVIDER = 2 };

struct argument {
    struct view name;
    struct view value; /* in its type's normal form: month "201211", yuan "10.00" … */
    struct view type;  /* its type's name: "pin" … */
    bool is_secret;
};
enum { ARGUMENTS_MAX = 8 };

enum answer { ANSWER_NONE, ANSWER_YES, ANSWER_NO, ANSWER_SERIALS };

/* How a text was read. Views live in the arena, the folded text or the grammar. */
struct match {
    const struct command *command; /* NULL: no command */
    const struct command *maybe;   /* what it is if the store has such a service, with these arguments; then command is NULL */
    size_t arguments;
    struct argument argument[ARGUMENTS_MAX];
    enum answer answer;  /* what it would be as an answer; a text can be both command and answer */
    struct view serials; /* of ANSWER_SERIALS: "1,3"; also of a yes or no that is a number; else empty */
    bool has_secret;     /* `text` had to be masked; also for malformed attempts (rules C5) */
    struct view text;    /* the text as it came with every secret replaced by *** */
    struct view folded;  /* likewise the folded text */
};

/* Reads a text as it is understood at a port of kind `at` (AT_HALL or AT_PROVIDER). utf8 is the text as decoded; folding happens
 * inside. Never fails: a text that is nothing gives command NULL, and so does one longer than FOLD_SIZE_MAX. A text with a question mark
 * is no answer, and no order about a service: "是？" consents to nothing (rules A4), "取消彩铃？" cancels nothing. */
void grammar_match(const struct grammar *grammar, struct arena *arena, struct view utf8, int at, struct match *match);

/* The arguments as a JSON object; secrets as they are, or as "***". */
void match_write_args(const struct match *match, bool with_secrets, struct text *out);

/* The answer as the store takes it, with all that the text may mean, since only the open dialogue can tell: "yes", "no", "serials:1,3",
 * "yes,serials:1", "no,serials:2", or empty. */
struct view match_answer_text(const struct match *match, struct arena *arena);

/* The first of these meanings: "yes", "no", "serials:1,3", or empty. */
struct view match_answer_first(const struct match *match, struct arena *arena);

#endif

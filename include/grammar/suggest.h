/* Codes as suggestions compare them; suggestions themselves, help and lists are in grammar.h. */
#ifndef GRAMMAR_SUGGEST_H
#define GRAMMAR_SUGGEST_H

#include "grammar/grammar.h"

/* The fixed beginning of a form, as suggestions compare it. */
struct code {
    struct view text;
    const int32_t *point; /* its code points */
    size_t points;
    uint64_t letters; /* which characters it has: one bit each, by hash */
    bool is_offered;  /* as a suggestion: not what needs a word of the subscriber's own behind it, such as KT, nor a single letter */
};

/* Keeps text. */
struct code code_of(struct arena *arena, struct view text);

/* What grammar_commands_page gives: written once, at load. */
void suggest_write_commands(const struct grammar *grammar, struct text *out);

#endif

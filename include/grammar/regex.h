/* The patterns of forms and types (PCRE2): compiled once with JIT, then shared by all threads. */
#ifndef GRAMMAR_REGEX_H
#define GRAMMAR_REGEX_H

#include "base/arena.h"
#include "base/err.h"

struct regex;

/* A piece of pattern from a table keeps to the rules (D3): no \d and its like, no $, no group that captures. IS_REFUSED says why not. */
enum outcome regex_check(struct view piece, struct err *err);

/* Compiles text to match a whole subject, from \A to \z. Free it with regex_free. */
enum outcome regex_compile(struct view text, struct regex **regex, struct err *err);
void regex_free(struct regex **regex);

/* A subject that matches may begin with this byte. */
bool regex_may_begin(const struct regex *regex, char byte);

/* The subject matches; captured[0 … captures-1] become its groups in their order, views into the subject. The subject must be valid
 * UTF-8. Working memory comes from the arena. */
bool regex_match(const struct regex *regex, struct arena *arena, struct view subject, struct view *captured, size_t captures);

#endif

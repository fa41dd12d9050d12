/* Replies: `{month|month_zh}账单合计{total|yuan}元`. Compiled once at load; rendering writes into the arena.
 *
 *   {field}            the field's text or number
 *   {field|filter|…}   put through filters first (src/grammar/filters.c)
 *   {?field}…{/field}  only if the field is there and not empty ("", [], {}, null, false, 0); these do not nest
 *   {!field}…{/field}  only if it is not there, or empty
 *   {{ and }}          a brace
 */
#ifndef GRAMMAR_TEMPLATE_H
#define GRAMMAR_TEMPLATE_H

#include "base/err.h"
#include "grammar/filters.h"

enum { FILTERS_MAX = 3 };

enum step_kind { STEP_TEXT, STEP_FIELD, STEP_IF, STEP_UNLESS };
struct step {
    enum step_kind kind;
    struct view text; /* itself, or the name of the field; a C string too */
    const struct filter *filter[FILTERS_MAX];
    size_t filters;
    size_t end; /* of a section: the step behind it */
};

struct template
{
    struct step *step;
    size_t steps;
};

/* The template keeps source. IS_REFUSED: an unknown filter, or braces that do not fit. */
enum outcome template_compile(struct arena *arena, struct view source, struct template *template, struct err *err);

/* IS_REFUSED: a field is missing, or is not what a filter takes; err names it. */
enum outcome template_render(const struct template *template, const struct writer *writer, const json_t *fields, struct view *text,
                             struct err *err);

#endif

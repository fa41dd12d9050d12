/* How the values of a reply are written for a subscriber, in the language of its words: yuan, price, duration, list, list_comma, lines,
 * count, mb; month_zh, date_zh, time_zh are for Chinese words, month, date, time for English ones. */
#ifndef GRAMMAR_FILTERS_H
#define GRAMMAR_FILTERS_H

#include "base/arena.h"
#include "base/json.h"
#include "grammar/language.h"

/* Where a reply is written, and in what language. */
struct writer {
    struct arena *arena;
    enum language language;
};

/* A value on its way through filters: JSON, or text when json is NULL. */
struct value {
    const json_t *json;
    struct view text;
};

struct filter {
    const char *name;
    const char *takes; /* for messages: "whole fen" */
    bool (*apply)(const struct writer *writer, const struct value *in, struct value *out);
};

/* NULL: no such. */
const struct filter *filter_find(struct view name);

/* Text of a string or number, or of the words that a value has in several languages: {"zh": …, "en": …}; false for anything else. */
bool value_text(const struct writer *writer, const struct value *value, struct view *text);

#endif

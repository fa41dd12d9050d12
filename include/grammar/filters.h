/* How the values of a reply are written for a subscriber: yuan, price, duration, month_zh, date_zh,
 * time_zh, list, list_comma, lines, count, mb. */
#ifndef GRAMMAR_FILTERS_H
#define GRAMMAR_FILTERS_H

#include "base/arena.h"
#include "base/json.h"

/* A value on its way through filters: JSON, or text when json is NULL. */
struct value {
    const json_t *json;
    struct view text;
};

struct filter {
    const char *name;
    const char *takes; /* for messages: "whole fen" */
    bool (*apply)(struct arena *arena, const struct value *in, struct value *out);
};

/* NULL: no such. */
const struct filter *filter_find(struct view name);

/* Text of a string or number; false for anything else. */
bool value_text(struct arena *arena, const struct value *value, struct view *text);

#endif

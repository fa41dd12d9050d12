/* A filter put to a value: for the targets of filters. */
#ifndef TESTS_FUZZ_FILTERS_H
#define TESTS_FUZZ_FILTERS_H

#include "grammar/filters.h"

#include <inttypes.h>

#include "fuzz.h"

/* The words; NULL: the filter does not take the value. */
static inline const char *apply(struct arena *arena, const char *name, enum language language, const struct value *in)
{
    const struct writer writer = {arena, language};
    struct value out = {0};
    const struct filter *filter = filter_find(view_of(name));
    HOLDS(filter && filter->takes[0], "no filter %s", name);
    if (!filter->apply(&writer, in, &out))
        return NULL;
    HOLDS(!out.json && fuzz_is_utf8(out.text), "%s: \"%.*s\"", name, VIEW_ARG(out.text));
    return arena_string(arena, out.text);
}

#endif

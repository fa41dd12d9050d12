/* Texts and the number each stands for: an open-addressing hash table, filled at load, then only read. */
#ifndef GRAMMAR_TABLE_H
#define GRAMMAR_TABLE_H

#include "base/arena.h"

struct table_slot {
    uint64_t hash;
    struct view key; /* at == NULL: free */
    uint32_t number;
};

/* Starts as {.arena = …}; lives in that arena. */
struct table {
    struct arena *arena;
    struct table_slot *slot;
    size_t room, count; /* room is a power of two, or 0 */
    size_t longest;     /* bytes of the longest key: a longer text is not in here */
};

/* The number of key, or NULL. */
uint32_t *table_get(const struct table *table, struct view key);

/* The number of key, which is put in with `number` when it was not there. Keeps key. */
uint32_t *table_put(struct table *table, struct view key, uint32_t number);

#endif

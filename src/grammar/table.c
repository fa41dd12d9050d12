/* Linear probing at a load of at most one half: most look-ups, and nearly all that find nothing, touch one slot. */
#include "grammar/table.h"

static struct table_slot *slot_of(const struct table *table, struct view key, uint64_t hash)
{
    size_t i = hash & (table->room - 1);
    while (table->slot[i].key.at && !(table->slot[i].hash == hash && view_equal(table->slot[i].key, key)))
        i = (i + 1) & (table->room - 1);
    return &table->slot[i];
}

static void grow(struct table *table)
{
    struct table old = *table;
    table->room = old.room ? old.room * 2 : 64;
    table->slot = ARENA_ARRAY(table->arena, struct table_slot, table->room);
    for (size_t i = 0; i < old.room; i++)
        if (old.slot[i].key.at)
            *slot_of(table, old.slot[i].key, old.slot[i].hash) = old.slot[i];
}

uint32_t *table_get(const struct table *table, struct view key)
{
    if (!table->room || key.size > table->longest)
        return NULL;
    struct table_slot *slot = slot_of(table, key, view_hash(key));
    return slot->key.at ? &slot->number : NULL;
}

uint32_t *table_put(struct table *table, struct view key, uint32_t number)
{
    if (table->count * 2 >= table->room)
        grow(table);
    uint64_t hash = view_hash(key);
    struct table_slot *slot = slot_of(table, key, hash);
    if (slot->key.at)
        return &slot->number;
    *slot = (struct table_slot){.hash = hash, .key = {key.at ? key.at : "", key.size}, .number = number};
    table->count++;
    if (key.size > table->longest)
        table->longest = key.size;
    return &slot->number;
}

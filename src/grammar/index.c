/* The heads are kept as the set of all their beginnings, each by a running hash. Two beginnings with one hash only cost a needless try:
 * the head itself is compared before a variant counts as met. */
#include "grammar/index.h"

#include <string.h>

struct prefix {
    uint64_t hash;
    bool is_used;
    struct variant *first; /* whose head this is; NULL: only the beginning of longer ones */
};

static const uint64_t HASH_START = 0xcbf29ce484222325u;

static uint64_t hash_step(uint64_t hash, char c)
{
    return (hash ^ (unsigned char)c) * 0x100000001b3u;
}

static struct prefix *prefix_slot(const struct index *index, uint64_t hash)
{
    size_t i = (hash ^ hash >> 32) & (index->prefix_room - 1);
    while (index->prefix[i].is_used && index->prefix[i].hash != hash)
        i = (i + 1) & (index->prefix_room - 1);
    return &index->prefix[i];
}

static void prefix_grow(struct index *index)
{
    const struct prefix *old = index->prefix;
    size_t old_room = index->prefix_room;
    index->prefix_room = old_room ? old_room * 2 : 256;
    index->prefix = ARENA_ARRAY(index->arena, struct prefix, index->prefix_room);
    for (size_t i = 0; i < old_room; i++)
        if (old[i].is_used)
            *prefix_slot(index, old[i].hash) = old[i];
}

static struct prefix *prefix_put(struct index *index, uint64_t hash)
{
    if (index->prefix_count * 4 >= index->prefix_room)
        prefix_grow(index);
    struct prefix *prefix = prefix_slot(index, hash);
    if (!prefix->is_used) {
        *prefix = (struct prefix){.hash = hash, .is_used = true};
        index->prefix_count++;
    }
    return prefix;
}

/* All beginnings of the text; gives its own hash. */
static uint64_t put_prefixes(struct index *index, struct view text)
{
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < text.size; i++) {
        hash = hash_step(hash, text.at[i]);
        prefix_put(index, hash);
    }
    return hash;
}

static struct view first_character(struct view text)
{
    size_t size = 0;
    if (text.size)
        view_code_point(text, &size);
    return view_head(text, size);
}

struct fixed *index_fixed(struct index *index, struct view text)
{
    uint32_t next = (uint32_t)index->fixed_of.count;
    uint32_t number = *table_put(&index->fixed_of, text, next);
    put_prefixes(index, first_character(text)); /* for index_may_read */
    if (number == index->fixed_room) {
        struct fixed *old = index->fixed;
        index->fixed_room = index->fixed_room ? index->fixed_room * 2 : 64;
        index->fixed = ARENA_ARRAY(index->arena, struct fixed, index->fixed_room);
        if (number)
            memcpy(index->fixed, old, number * sizeof *old);
    }
    return &index->fixed[number];
}

const struct fixed *index_find(const struct index *index, struct view text)
{
    const uint32_t *number = table_get(&index->fixed_of, text);
    return number ? &index->fixed[*number] : NULL;
}

/* The compiled tail; equal ones are compiled once. */
static enum outcome share_pattern(struct index *index, struct view tail, const struct regex **pattern, struct err *err)
{
    uint32_t next = (uint32_t)index->pattern_of.count;
    uint32_t number = *table_put(&index->pattern_of, tail, next);
    if (number == next) {
        if (number == index->pattern_room) {
            struct regex **old = index->pattern;
            index->pattern_room = index->pattern_room ? index->pattern_room * 2 : 64;
            index->pattern = ARENA_ARRAY(index->arena, struct regex *, index->pattern_room);
            for (uint32_t i = 0; i < number; i++)
                index->pattern[i] = old[i];
        }
        enum outcome outcome = regex_compile(tail, &index->pattern[number], err);
        if (outcome != IS_DONE)
            return outcome;
    }
    *pattern = index->pattern[number];
    if (!*pattern)
        return err_refused(err, "has the same faulty pattern as a form before it");
    return IS_DONE;
}

enum outcome index_add(struct index *index, struct variant *variant, struct err *err)
{
    struct variant **list = &index->headless;
    size_t met = 1;
    enum outcome outcome = share_pattern(index, variant->tail, &variant->pattern, err);
    if (outcome != IS_DONE)
        return outcome;
    uint64_t hash = put_prefixes(index, variant->head);
    if (variant->head.size)
        list = &prefix_slot(index, hash)->first;
    for (int byte = 0; byte < 256 && !variant->head.size; byte++)
        index->headless_begins[byte] |= regex_may_begin(variant->pattern, (char)byte);
    while (*list)
        list = &(*list)->next;
    *list = variant;
    met += variant->head.size; /* no text meets more heads than the longest has bytes */
    if (met > index->heads_max)
        index->heads_max = met;
    return IS_DONE;
}

size_t index_candidates(const struct index *index, struct arena *arena, struct view folded, struct variant ***lists)
{
    uint64_t hash = HASH_START;
    size_t last = index->heads_max, first = last;
    struct variant **list = *lists = ARENA_ARRAY(arena, struct variant *, index->heads_max + 1);
    if (index->headless && folded.size && index->headless_begins[(unsigned char)folded.at[0]])
        list[--first] = index->headless;
    for (size_t i = 0; i < folded.size && index->prefix_room; i++) {
        hash = hash_step(hash, folded.at[i]);
        const struct prefix *prefix = prefix_slot(index, hash);
        if (!prefix->is_used)
            break;
        if (prefix->first && first > 0)
            list[--first] = prefix->first;
    }
    *lists = list + first;
    return last - first;
}

bool index_may_read(const struct index *index, struct view folded)
{
    uint64_t hash = HASH_START;
    struct view first = first_character(folded);
    if (!first.size || index->headless_begins[(unsigned char)first.at[0]])
        return first.size > 0;
    for (size_t i = 0; i < first.size; i++)
        hash = hash_step(hash, first.at[i]);
    return index->prefix_room && prefix_slot(index, hash)->is_used;
}

static bool ends_with(struct view v, struct view end)
{
    return v.size >= end.size && view_equal(view_from(v, v.size - end.size), end);
}

bool variant_reads(const struct variant *variant, struct arena *arena, struct view folded, struct view value[ARGUMENTS_MAX])
{
    struct view raw[ARGUMENTS_MAX] = {variant->word};
    size_t fixed = variant->word.size > 0;                                            /* captures that the head has */
    if (!view_starts_with(folded, variant->head) || !ends_with(folded, variant->end)) /* cheaper to see than the pattern */
        return false;
    if (!regex_match(variant->pattern, arena, view_from(folded, variant->head.size), raw + fixed, variant->captures - fixed))
        return false;
    for (size_t i = 0; i < variant->captures; i++) {
        const struct type *type = variant->capture[i].type;
        if (!type->normal->apply(type, arena, raw[i], &value[i]))
            return false;
    }
    return true;
}

void index_close(struct index *index)
{
    for (size_t i = 0; i < index->pattern_of.count; i++)
        if (i < index->pattern_room)
            regex_free(&index->pattern[i]);
}

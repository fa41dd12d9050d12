/* Likeness is the share of pairs of characters that two texts have in common (Jaccard). To hold each text against every group would take
 * the square of their number; so each group is found by the smallest hashes of its pairs (MinHash): texts that share half of their pairs
 * share one of BANDS bands of two such hashes nearly always, and others hardly ever. Only those that do are compared in full. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tools/replay.h"

enum { PAIRS_MAX = 256, BANDS = 12, HASHES = BANDS * 2, GROUPS_MAX = 200000, CANDIDATES_MAX = 16 };

struct kin {
    struct group group;
    uint32_t *pair; /* sorted, each once */
    size_t pairs;
};

struct band {
    uint64_t key;
    uint32_t kin, next; /* 1 and on; 0: none */
};

struct groups {
    struct arena *arena;
    struct kin *kin;
    size_t count, room;
    struct band *band; /* bands of all groups; heads by key */
    size_t bands, bands_room;
    uint32_t *head;
    uint64_t beyond; /* texts that found no place any more */
};

enum { HEADS = 1 << 18 };

struct groups *groups_new(void)
{
    struct arena *arena = arena_new();
    struct groups *groups = ARENA_NEW(arena, struct groups);
    groups->arena = arena;
    groups->head = ARENA_ARRAY(arena, uint32_t, HEADS);
    return groups;
}

void groups_free(struct groups **groups)
{
    if (!*groups)
        return;
    struct arena *arena = (*groups)->arena;
    free((*groups)->kin);
    free((*groups)->band);
    *groups = NULL;
    arena_free(&arena);
}

/* --- a text as pairs --- */

static uint32_t mix(uint32_t x)
{
    x = (x ^ (x >> 16)) * 0x7FEB352D;
    x = (x ^ (x >> 15)) * 0x846CA68B;
    return x ^ (x >> 16);
}

static int by_value(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

/* Case and figures make no difference; the ends of the text count as characters. */
static uint32_t likened(int32_t code)
{
    if (code >= '0' && code <= '9')
        return '0';
    return (uint32_t)(code >= 'A' && code <= 'Z' ? code + 'a' - 'A' : code);
}

static size_t pairs_of(struct view text, uint32_t pair[PAIRS_MAX])
{
    size_t count = 0, kept = 0;
    uint32_t before = 0;
    for (size_t i = 0; i < text.size && count < PAIRS_MAX - 1;) {
        uint32_t code = likened(view_code_point(text, &i));
        if (code == '0' && before == '0')
            continue;
        pair[count++] = mix(mix(before + 1) ^ code);
        before = code;
    }
    pair[count++] = mix(mix(before + 1) ^ 1);
    qsort(pair, count, sizeof(*pair), by_value);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || pair[i] != pair[i - 1])
            pair[kept++] = pair[i];
    return kept;
}

static bool are_alike(const struct kin *kin, const uint32_t *pair, size_t pairs)
{
    size_t shared = 0;
    for (size_t i = 0, k = 0; i < kin->pairs && k < pairs;) {
        shared += kin->pair[i] == pair[k];
        bool is_less = kin->pair[i]<pair[k], is_more = kin->pair[i]> pair[k];
        i += !is_more;
        k += !is_less;
    }
    return shared * 2 >= kin->pairs + pairs - shared;
}

/* --- bands --- */

static void keys_of(const uint32_t *pair, size_t pairs, uint64_t key[BANDS])
{
    uint32_t least[HASHES];
    memset(least, 0xFF, sizeof(least));
    for (size_t i = 0; i < pairs; i++)
        for (uint32_t h = 0; h < HASHES; h++) {
            uint32_t hash = mix(pair[i] ^ (h * 0x9E3779B9));
            if (hash < least[h])
                least[h] = hash;
        }
    for (size_t i = 0; i < BANDS; i++)
        key[i] = ((uint64_t)least[i * 2] << 32 | least[i * 2 + 1]) ^ ((uint64_t)i << 60);
}

static uint32_t *head_of(const struct groups *groups, uint64_t key)
{
    return &groups->head[(key * 0x9E3779B97F4A7C15) >> 46];
}

static struct kin *find(const struct groups *groups, const uint64_t key[BANDS], const uint32_t *pair, size_t pairs)
{
    for (size_t i = 0; i < BANDS; i++) {
        unsigned tried = 0;
        for (uint32_t at = *head_of(groups, key[i]); at && tried < CANDIDATES_MAX; at = groups->band[at - 1].next) {
            const struct band *band = &groups->band[at - 1];
            if (band->key != key[i])
                continue;
            tried++;
            if (are_alike(&groups->kin[band->kin - 1], pair, pairs))
                return &groups->kin[band->kin - 1];
        }
    }
    return NULL;
}

static void *grown(void *array, size_t size, size_t count, size_t *room)
{
    if (count < *room)
        return array;
    *room = *room ? *room * 2 : 1024;
    array = realloc(array, *room * size);
    assert(array);
    return array;
}

static void begin_group(struct groups *groups, struct view text, const uint64_t key[BANDS], const uint32_t *pair, size_t pairs)
{
    groups->kin = grown(groups->kin, sizeof(*groups->kin), groups->count, &groups->room);
    struct kin *kin = &groups->kin[groups->count++];
    *kin = (struct kin){{arena_copy(groups->arena, text), 1}, ARENA_ARRAY(groups->arena, uint32_t, pairs), pairs};
    memcpy(kin->pair, pair, pairs * sizeof(*pair));
    for (size_t i = 0; i < BANDS; i++) {
        uint32_t *head = head_of(groups, key[i]);
        groups->band = grown(groups->band, sizeof(*groups->band), groups->bands, &groups->bands_room);
        groups->band[groups->bands++] = (struct band){key[i], (uint32_t)groups->count, *head};
        *head = (uint32_t)groups->bands;
    }
}

void groups_add(struct groups *groups, struct view text)
{
    uint32_t pair[PAIRS_MAX];
    uint64_t key[BANDS];
    size_t pairs = pairs_of(text, pair);
    keys_of(pair, pairs, key);
    struct kin *kin = find(groups, key, pair, pairs);
    if (kin)
        kin->group.count++;
    else if (groups->count < GROUPS_MAX)
        begin_group(groups, text, key, pair, pairs);
    else
        groups->beyond++;
}

/* Keeps the largest in order, the older one first among equals: an insertion sort of a few. */
size_t groups_largest(const struct groups *groups, struct group *group, size_t most, size_t *all)
{
    size_t count = 0;
    for (size_t i = 0; i < groups->count; i++) {
        size_t at = count;
        while (at && group[at - 1].count < groups->kin[i].group.count)
            at--;
        if (at == most)
            continue;
        count += count < most;
        memmove(&group[at + 1], &group[at], (count - at - 1) * sizeof(*group));
        group[at] = groups->kin[i].group;
    }
    *all = groups->count + groups->beyond;
    return count;
}

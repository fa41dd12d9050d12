/* Who sends which message is settled before the first one goes, and does not depend on how quick anybody is: with the same files, pool and
 * seed it is the same. */
#include <inttypes.h>
#include <string.h>

#include "tools/replay.h"

/* The subscriber in whose table's place `hash` belongs, or the free place. */
static uint32_t *place_of(const struct plan *plan, uint64_t hash)
{
    size_t place = hash % plan->table_size;
    while (plan->table[place] != NO_TURN && plan->subscriber[plan->table[place]].hash != hash)
        place = (place + 1) % plan->table_size;
    return &plan->table[place];
}

static uint64_t hash_of(struct view msisdn)
{
    struct arena *arena = arena_new_small();
    uint64_t hash = view_hash(way_subscriber(arena, msisdn));
    arena_free(&arena);
    return hash;
}

struct subscriber *plan_find(const struct plan *plan, struct view msisdn)
{
    const uint32_t *place = place_of(plan, hash_of(msisdn));
    return *place == NO_TURN ? NULL : &plan->subscriber[*place];
}

static uint32_t subscriber_at(struct plan *plan, struct view msisdn)
{
    uint64_t hash = hash_of(msisdn);
    uint32_t *place = place_of(plan, hash);
    if (*place == NO_TURN) {
        *place = (uint32_t)plan->subscribers++;
        plan->subscriber[*place] = (struct subscriber){.msisdn = msisdn, .hash = hash, .after = -1, .number = RUN_NOBODY};
    }
    return *place;
}

/* Rows that name nobody go to the pool's in turn. */
static void find_subscribers(struct arena *arena, const struct pool *pool, const struct corpus *corpus, struct plan *plan)
{
    size_t from_pool = plan->turns < pool->count ? plan->turns : pool->count, room = from_pool + corpus->count;
    uint32_t *pooled = ARENA_ARRAY(arena, uint32_t, from_pool);
    plan->subscriber = ARENA_ARRAY(arena, struct subscriber, room);
    plan->table_size = room * 2 + 1;
    plan->table = ARENA_ARRAY(arena, uint32_t, plan->table_size);
    memset(plan->table, 0xFF, plan->table_size * sizeof(*plan->table));
    memset(pooled, 0xFF, from_pool * sizeof(*pooled));
    for (uint32_t turn = 0; turn < plan->turns; turn++) {
        struct view from = corpus->row[turn % corpus->count].from;
        uint32_t *known = &pooled[turn % from_pool];
        if (from.size)
            plan->subscriber_of[turn] = subscriber_at(plan, from);
        else if (*known != NO_TURN)
            plan->subscriber_of[turn] = *known;
        else
            plan->subscriber_of[turn] = *known = subscriber_at(plan, arena_printf(arena, "%" PRIu64, pool_msisdn(pool, turn % from_pool)));
    }
}

/* A message changes places with the one before it of the same subscriber, each at most once. */
static void reorder(struct arena *arena, struct mischief *mischief, struct plan *plan)
{
    uint32_t *before = ARENA_ARRAY(arena, uint32_t, plan->subscribers);
    memset(before, 0xFF, plan->subscribers * sizeof(*before));
    for (uint32_t turn = 0; turn < plan->turns; turn++) {
        uint32_t *last = &before[plan->subscriber_of[turn]];
        if (*last != NO_TURN && mischief_strikes(mischief, MISCHIEF_REORDER, turn)) {
            plan->message_of[turn] = *last;
            plan->message_of[*last] = turn;
            *last = NO_TURN;
        } else {
            *last = turn;
        }
    }
}

static void give_to_walkers(struct arena *arena, struct plan *plan)
{
    uint32_t *last = ARENA_ARRAY(arena, uint32_t, plan->walkers);
    plan->first = ARENA_ARRAY(arena, uint32_t, plan->walkers);
    memset(plan->first, 0xFF, plan->walkers * sizeof(*plan->first));
    for (uint32_t turn = 0; turn < plan->turns; turn++) {
        uint32_t walker = plan->subscriber_of[turn] % plan->walkers;
        *(plan->first[walker] == NO_TURN ? &plan->first[walker] : &plan->next[last[walker]]) = turn;
        plan->next[turn] = NO_TURN;
        last[walker] = turn;
    }
}

void plan_make(struct arena *arena, const struct replay_options *options, const struct corpus *corpus, struct plan *plan)
{
    *plan = (struct plan){.turns = (uint32_t)(corpus->count * options->repeat)};
    plan->subscriber_of = ARENA_ARRAY(arena, uint32_t, plan->turns);
    plan->next = ARENA_ARRAY(arena, uint32_t, plan->turns);
    plan->message_of = ARENA_ARRAY(arena, uint32_t, plan->turns);
    for (uint32_t turn = 0; turn < plan->turns; turn++)
        plan->message_of[turn] = turn;
    find_subscribers(arena, &options->pool, corpus, plan);
    plan->walkers = plan->subscribers < options->concurrency ? (uint32_t)plan->subscribers : options->concurrency;
    reorder(arena, options->mischief, plan);
    give_to_walkers(arena, plan);
}

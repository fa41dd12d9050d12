#include "store/pipeline.h"

#include <assert.h>
#include <stdlib.h>

enum { SHARED_LEAST = 6 }; /* fewer cost less one by one: a shared call has its price too */

struct pipeline {
    struct lane_call **shared; /* those that go as one call, sorted by key; none for a key twice */
    const struct view **row;   /* their parameters */
    size_t shared_count;
    struct pg_result **result; /* of the shared call, if there is one, and of each other */
    size_t results;
};

struct pipeline *pipeline_new(size_t batch_max)
{
    struct pipeline *pipeline = calloc(1, sizeof(*pipeline));
    assert(pipeline);
    pipeline->shared = calloc(batch_max, sizeof(*pipeline->shared));
    pipeline->row = calloc(batch_max, sizeof(*pipeline->row));
    pipeline->result = calloc(batch_max, sizeof(*pipeline->result));
    assert(pipeline->shared && pipeline->row && pipeline->result);
    return pipeline;
}

void pipeline_free(struct pipeline **pipeline)
{
    if (!*pipeline)
        return;
    pipeline_clear(*pipeline);
    free((*pipeline)->shared);
    free((*pipeline)->row);
    free((*pipeline)->result);
    free(*pipeline);
    *pipeline = NULL;
}

void pipeline_clear(struct pipeline *pipeline)
{
    while (pipeline->results > 0)
        pg_result_free(&pipeline->result[--pipeline->results]);
}

/* A message whose command only reads is quick; one that acts may take long, and has a statement and so a time limit of its own. */
static bool is_question(const struct lane_call *call)
{
    return call->function == API_RECEIVE && call->parameter[RECEIVE_CALL].at && view_equal(call->parameter[RECEIVE_EFFECT], VIEW("reads"));
}

/* The first of each sender, if it is a question: what he sent after it stays after it. */
static void choose_shared(struct pipeline *pipeline, struct lane_call **call, size_t count)
{
    pipeline->shared_count = 0;
    for (size_t i = 0; i < count; i++) {
        call[i]->is_shared = is_question(call[i]) && (i == 0 || call[i - 1]->key != call[i]->key);
        if (!call[i]->is_shared)
            continue;
        pipeline->row[pipeline->shared_count] = call[i]->parameter;
        pipeline->shared[pipeline->shared_count++] = call[i];
    }
    if (pipeline->shared_count >= SHARED_LEAST)
        return;
    while (pipeline->shared_count > 0)
        pipeline->shared[--pipeline->shared_count]->is_shared = false;
}

static enum outcome send_calls(struct pipeline *pipeline, struct pg *pg, struct lane_call **call, size_t count)
{
    const struct api *many = &api_table[API_RECEIVE_MANY];
    enum outcome outcome = IS_DONE;
    if (pipeline->shared_count > 0)
        outcome = pg_send_rows(pg, many->name, many->parameters, pipeline->shared_count, pipeline->row, NULL);
    for (size_t i = 0; outcome == IS_DONE && i < count; i++) {
        const struct api *api = &api_table[call[i]->function];
        if (!call[i]->is_shared)
            outcome = pg_send(pg, api->name, api->parameters, call[i]->parameter, NULL);
    }
    return outcome == IS_DONE ? pg_send_sync(pg, NULL) : outcome;
}

/* Reads to the Sync. */
static enum outcome collect_results(struct pipeline *pipeline, struct pg *pg, int timeout_ms, size_t wanted, struct pg_fault *fault)
{
    enum outcome outcome = IS_DONE;
    for (;;) {
        struct pg_result *result = NULL;
        struct pg_fault this_fault;
        switch (pg_next(pg, timeout_ms, &result, &this_fault)) {
        case PG_RESULT:
            assert(pipeline->results < wanted);
            pipeline->result[pipeline->results++] = result;
            break;
        case PG_ERROR: /* may also come after the last result: the commit itself was refused */
            if (outcome == IS_DONE)
                *fault = this_fault;
            outcome = IS_REFUSED;
            break;
        case PG_ABORTED:
            break;
        case PG_SYNCED:
            return outcome;
        case PG_LOST:
            return IS_UNSURE;
        }
    }
}

static int by_key(const void *key, const void *element)
{
    uint64_t wanted = *(const uint64_t *)key, has = (*(struct lane_call *const *)element)->key;
    return wanted < has ? -1 : wanted > has;
}

/* Each row of hall.receive_many is a sender and his answer; they come in any order. */
static bool share_out(struct pipeline *pipeline, const struct pg_result *rows)
{
    for (size_t i = 0; i < pg_rows(rows); i++) {
        uint64_t key = strtoull(pg_value(rows, i, 0).at, NULL, 10); /* ends with a NUL, as all of libpq's values */
        struct lane_call **call = bsearch(&key, pipeline->shared, pipeline->shared_count, sizeof(*pipeline->shared), by_key);
        if (!call)
            return false;
        (*call)->value = pg_value(rows, i, 1);
    }
    return pg_rows(rows) == pipeline->shared_count;
}

static bool give_values(struct pipeline *pipeline, struct lane_call **call, size_t count)
{
    size_t next = 0;
    if (pipeline->shared_count > 0 && !share_out(pipeline, pipeline->result[next++]))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (call[i]->is_shared)
            continue;
        const struct pg_result *rows = pipeline->result[next++];
        call[i]->value = pg_rows(rows) > 0 ? pg_value(rows, 0, 0) : VIEW_NONE;
    }
    return true;
}

enum outcome pipeline_run(struct pipeline *pipeline, struct pg *pg, int timeout_ms, struct lane_call **call, size_t count,
                          struct pg_fault *fault)
{
    pipeline_clear(pipeline);
    choose_shared(pipeline, call, count);
    size_t wanted = count - pipeline->shared_count + (pipeline->shared_count > 0);
    enum outcome outcome = send_calls(pipeline, pg, call, count) == IS_DONE ? IS_DONE : IS_UNSURE;
    if (outcome == IS_DONE)
        outcome = collect_results(pipeline, pg, timeout_ms, wanted, fault);
    if (outcome == IS_DONE && !(pipeline->results == wanted && give_values(pipeline, call, count)))
        outcome = IS_UNSURE; /* not what was asked for: whatever it is, it is not to be relied on */
    return outcome;
}

/* What is hard here is to know what happened. A batch is one transaction: its results count only when its Sync has come back
 * clean. Three endings:
 *
 *   synced                  every call is committed and answered
 *   refused by the server   nothing of the batch is committed; its calls run again one by one, each with a Sync of its own
 *   connection lost         the commit may have happened: the batch runs again on a new connection. That does no harm, since every
 *                           function of the API is idempotent (hall.receive by gateway id, settle by mt)
 *
 * Within a batch the calls are sorted by MSISDN, each subscriber's in their order: two daemons that meet in the same rows lock them
 * in the same order, so they wait for each other. Out of that order lock what shares a call (store/pipeline.h), which comes first, and the
 * few commands that look at another's number (a lost phone reported from a friend's); when two meet crosswise the server refuses one, whose
 * batch runs again one by one. */
#include "store/lanes.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "store/pipeline.h"

enum {
    PAUSE_FIRST_MS = 50,  /* before a lost store is asked again; doubles … */
    PAUSE_MOST_MS = 1000, /* … up to here: what Kannel holds meanwhile lies in smsbox's memory alone (rules E3) */
    KEPT_PAUSE_MS = 50,   /* before an owed call that failed is tried again */
    IDLE_MS = 1000,       /* an idle lane looks whether its connection still lives */
    CONNECT_TIMEOUT_MS = 5000,
    PATIENT_MAX = 128, /* calls that wait for a store that is away; more are told at once: each holds a connection of its caller's */
    ALONE_TRIES = 3,   /* a call alone that meets a passing fault (deadlock, restart) is tried so often */
};

struct lane {
    struct lanes *lanes;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards the next three */
    pthread_cond_t wake;
    struct lane_call *first, **last; /* what gathers */
    bool has_ended;                  /* nothing gathers any more */
    atomic_bool is_ready;
    struct pg *pg; /* these are the lane thread's own */
    unsigned pause_ms;
    struct lane_call **batch;
    struct pipeline *pipeline;
    struct lane_call *kept, **kept_last; /* owed calls of this batch that failed: they go first in the next */
};

struct lanes {
    struct lanes_setup setup;
    atomic_size_t waiting, kept;
    atomic_bool is_stopping;
    struct counter *batches, *calls, *alone, *lost;
    struct histogram *commit;
    struct lane lane[];
};

static bool fault_is_one_of(const struct pg_fault *fault, const char *const *classes)
{
    for (; *classes; classes++)
        if (strncmp(fault->sqlstate, *classes, strlen(*classes)) == 0)
            return true;
    return false;
}

/* Faults that pass with time: connection, resources, locks held too long, operator intervention, system, read-only store. */
static bool fault_passes(const struct pg_fault *fault)
{
    static const char *const classes[] = {"08", "25006", "40", "53", "55", "57", "58", NULL};
    return fault_is_one_of(fault, classes);
}

/* Deadlock and serialization: gone at the next try. */
static bool fault_is_gone_at_once(const struct pg_fault *fault)
{
    static const char *const classes[] = {"40", NULL};
    return fault_is_one_of(fault, classes);
}

static void call_end(struct lane *lane, struct lane_call *call, enum outcome outcome, const struct pg_fault *fault)
{
    struct lane_answer answer = {.outcome = outcome, .value = outcome == IS_DONE ? call->value : VIEW_NONE, .fault = fault};
    if (call->is_kept)
        atomic_fetch_sub(&lane->lanes->kept, 1);
    atomic_fetch_sub(&lane->lanes->waiting, 1);
    call->done(call, &answer); /* the call is its owner's again */
}

/* --- connection --- */

static void lane_disconnect(struct lane *lane)
{
    atomic_store(&lane->is_ready, false);
    pg_free(&lane->pg);
}

static enum outcome lane_open(struct lane *lane, struct err *err)
{
    enum outcome outcome = pg_open(lane->lanes->setup.conninfo, CONNECT_TIMEOUT_MS, &lane->pg, err);
    for (size_t i = 0; outcome == IS_DONE && i < API_FUNCTIONS; i++)
        outcome = pg_prepare(lane->pg, api_table[i].name, api_table[i].sql, api_table[i].parameters, err);
    return outcome == IS_DONE ? pg_pipeline(lane->pg, CONNECT_TIMEOUT_MS, err) : outcome;
}

static bool lane_connect(struct lane *lane)
{
    if (lane->pg)
        return true;
    struct err err = {{0}};
    if (lane_open(lane, &err) != IS_DONE) {
        pg_free(&lane->pg);
        if (lane->pause_ms == PAUSE_FIRST_MS)
            log_event(LOG_ERROR, "store_away", LOG_STR("error", err.text));
        return false;
    }
    if (lane->pause_ms != PAUSE_FIRST_MS)
        log_event(LOG_INFO, "store_back", LOG_INT("lane", lane - lane->lanes->lane));
    lane->pause_ms = PAUSE_FIRST_MS;
    atomic_store(&lane->is_ready, true);
    return true;
}

/* --- batches --- */

static enum outcome batch_try(struct lane *lane, struct lane_call **batch, size_t count, struct pg_fault *fault)
{
    uint64_t start_us = clock_us();
    enum outcome outcome = pipeline_run(lane->pipeline, lane->pg, lane->lanes->setup.timeout_ms, batch, count, fault);
    if (outcome == IS_UNSURE) {
        counter_add(lane->lanes->lost, 1);
        lane_disconnect(lane);
    }
    histogram_add(lane->lanes->commit, clock_us() - start_us);
    counter_add(lane->lanes->batches, 1);
    counter_add(lane->lanes->calls, count);
    return outcome;
}

/* The same, once more on a new connection when the first was lost. */
static enum outcome batch_run(struct lane *lane, struct lane_call **batch, size_t count, struct pg_fault *fault)
{
    enum outcome outcome = batch_try(lane, batch, count, fault);
    if (outcome == IS_UNSURE && lane_connect(lane))
        outcome = batch_try(lane, batch, count, fault);
    return outcome;
}

/* An owed call, or one with patience, stays: it goes first in the next batch, so that one subscriber's keep their order. */
static void lane_keep(struct lane *lane, struct lane_call *call)
{
    call->next = NULL;
    *lane->kept_last = call;
    lane->kept_last = &call->next;
    if (!call->is_kept)
        atomic_fetch_add(&lane->lanes->kept, 1);
    call->is_kept = true;
}

static void call_failed(struct lane *lane, struct lane_call *call, enum outcome outcome, const struct pg_fault *fault)
{
    bool is_patient = !fault && clock_us() < call->patient_until_us; /* it was not refused: there was nobody to do so */
    if ((call->is_owed || is_patient) && !atomic_load(&lane->lanes->is_stopping))
        lane_keep(lane, call);
    else
        call_end(lane, call, outcome, fault);
}

static void run_alone(struct lane *lane, struct lane_call *call)
{
    struct pg_fault fault = {{0}, {0}};
    enum outcome outcome = IS_REFUSED;
    for (int try = 0; try < ALONE_TRIES && outcome == IS_REFUSED && (try == 0 || fault_is_gone_at_once(&fault)); try++) {
        counter_add(lane->lanes->alone, 1);
        outcome = batch_run(lane, &call, 1, &fault);
    }
    if (outcome == IS_DONE)
        call_end(lane, call, IS_DONE, NULL);
    else if (outcome == IS_REFUSED && !fault_passes(&fault))
        call_end(lane, call, IS_REFUSED, &fault);
    else
        call_failed(lane, call, outcome == IS_REFUSED ? IS_FAILED : IS_UNSURE, fault.sqlstate[0] ? &fault : NULL);
}

/* Refused, or lost twice over (perhaps one of them kills its backend): each for itself, as long as there is a connection. */
static void batch_end(struct lane *lane, struct lane_call **batch, size_t count)
{
    struct pg_fault fault;
    enum outcome outcome = batch_run(lane, batch, count, &fault);
    for (size_t i = 0; i < count; i++)
        if (outcome == IS_DONE)
            call_end(lane, batch[i], IS_DONE, NULL);
        else if ((outcome == IS_REFUSED || count > 1) && lane_connect(lane))
            run_alone(lane, batch[i]);
        else
            call_failed(lane, batch[i], IS_UNSURE, NULL);
}

static int by_key(const void *a, const void *b)
{
    const struct lane_call *x = *(struct lane_call *const *)a, *y = *(struct lane_call *const *)b;
    return x->key < y->key ? -1 : x->key > y->key;
}

/* Stable, which qsort does not promise; batches are short and arrive almost sorted by nothing, so merge. */
static void batch_sort(struct lane_call **batch, size_t count, struct lane_call **spare)
{
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t from = 0; from < count; from += 2 * width) {
            size_t middle = from + width < count ? from + width : count, to = from + 2 * width < count ? from + 2 * width : count;
            size_t i = from, j = middle;
            for (size_t k = from; k < to; k++)
                spare[k] = j >= to || (i < middle && by_key(&batch[i], &batch[j]) <= 0) ? batch[i++] : batch[j++];
        }
        memcpy(batch, spare, count * sizeof(*batch));
    }
}

/* --- the queue --- */

static void lane_append(struct lane *lane, struct lane_call *call)
{
    call->next = NULL;
    *lane->last = call;
    lane->last = &call->next;
}

static void wait_ms(struct lane *lane, unsigned ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&lane->wake, &lane->mutex, &until);
}

/* The moment's rest keeps a store that refuses for now (disk full, read only) from being asked in a spin. */
static void put_kept_first(struct lane *lane)
{
    if (!lane->kept)
        return;
    *lane->kept_last = lane->first;
    if (!lane->first)
        lane->last = lane->kept_last;
    lane->first = lane->kept;
    lane->kept = NULL;
    lane->kept_last = &lane->kept;
    wait_ms(lane, KEPT_PAUSE_MS);
}

/* Takes what has gathered, at most batch_max; waits up to IDLE_MS for it. */
static size_t lane_take(struct lane *lane)
{
    size_t count = 0;
    pthread_mutex_lock(&lane->mutex);
    put_kept_first(lane);
    if (!lane->first && lane->pg && !atomic_load(&lane->lanes->is_stopping))
        wait_ms(lane, IDLE_MS);
    while (lane->first && count < lane->lanes->setup.batch_max) {
        struct lane_call *call = lane->first;
        lane->first = call->next;
        lane->batch[count++] = call;
    }
    if (!lane->first)
        lane->last = &lane->first;
    lane->has_ended = count == 0 && atomic_load(&lane->lanes->is_stopping);
    pthread_mutex_unlock(&lane->mutex);
    return count;
}

/* The store is away: what may be asked again is told so now, what is owed or has patience waits. At the end nothing waits. */
static void lane_put_off(struct lane *lane, size_t count)
{
    for (size_t i = 0; i < count; i++)
        call_failed(lane, lane->batch[i], IS_FAILED, NULL);
    pthread_mutex_lock(&lane->mutex);
    if (!atomic_load(&lane->lanes->is_stopping))
        wait_ms(lane, lane->pause_ms / 2 + (unsigned)(clock_us() % lane->pause_ms)); /* jitter: lanes come back one by one */
    pthread_mutex_unlock(&lane->mutex);
    if (lane->pause_ms < PAUSE_MOST_MS)
        lane->pause_ms *= 2;
}

static void *lane_run(void *context)
{
    struct lane *lane = context;
    lane_connect(lane);
    for (;;) {
        size_t count = lane_take(lane);
        if (lane->has_ended)
            return NULL;
        if (count == 0 && lane->pg && !pg_is_alive(lane->pg))
            lane_disconnect(lane);
        if (!lane_connect(lane)) {
            lane_put_off(lane, count);
        } else if (count > 0) {
            batch_sort(lane->batch, count, lane->batch + lane->lanes->setup.batch_max);
            batch_end(lane, lane->batch, count);
        }
    }
}

/* --- the public face --- */

static void lane_start(struct lanes *lanes, struct lane *lane)
{
    lane->lanes = lanes;
    lane->last = &lane->first;
    lane->kept_last = &lane->kept;
    lane->pause_ms = PAUSE_FIRST_MS;
    lane->batch = calloc(2 * lanes->setup.batch_max, sizeof(*lane->batch));
    assert(lane->batch);
    lane->pipeline = pipeline_new(lanes->setup.batch_max);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&lane->mutex, NULL);
    pthread_cond_init(&lane->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int failed = pthread_create(&lane->thread, NULL, lane_run, lane);
    assert(!failed);
}

struct lanes *lanes_start(const struct lanes_setup *setup)
{
    assert(setup->count > 0 && setup->batch_max > 0);
    struct lanes *lanes = calloc(1, sizeof(*lanes) + setup->count * sizeof(struct lane));
    assert(lanes);
    lanes->setup = *setup;
    lanes->batches = counter_get("smshall_store_batches_total", "Commits asked of the store.", "");
    lanes->calls = counter_get("smshall_store_calls_total", "Calls carried by those commits.", "");
    lanes->alone = counter_get("smshall_store_alone_total", "Calls run again alone after their batch was refused.", "");
    lanes->lost = counter_get("smshall_store_lost_total", "Batches whose connection was lost before the answer.", "");
    lanes->commit = histogram_get("smshall_store_batch_seconds", "From a batch's first byte to its commit.", "");
    for (unsigned i = 0; i < setup->count; i++)
        lane_start(lanes, &lanes->lane[i]);
    return lanes;
}

static bool lane_takes(struct lane *lane, const struct lane_call *call)
{
    const struct lanes *lanes = lane->lanes;
    size_t waiting = atomic_load(&lanes->waiting);
    bool has_room = call->is_urgent || waiting < lanes->setup.waiting_max;
    bool may_wait = call->patience_ms && waiting < PATIENT_MAX;
    return call->is_owed || (has_room && (may_wait || atomic_load(&lane->is_ready)));
}

enum outcome lanes_submit(struct lanes *lanes, struct lane_call *call)
{
    /* Neighbouring numbers are spread by a multiplicative hash. */
    struct lane *lane = &lanes->lane[(call->key * UINT64_C(0x9E3779B97F4A7C15) >> 32) % lanes->setup.count];
    if (!lane_takes(lane, call))
        return IS_FAILED;
    call->is_kept = false;
    call->patient_until_us = call->patience_ms ? clock_us() + call->patience_ms * UINT64_C(1000) : 0;
    pthread_mutex_lock(&lane->mutex);
    bool is_taken = !lane->has_ended;
    if (is_taken) {
        atomic_fetch_add(&lanes->waiting, 1);
        lane_append(lane, call);
        pthread_cond_signal(&lane->wake);
    }
    pthread_mutex_unlock(&lane->mutex);
    return is_taken ? IS_DONE : IS_FAILED;
}

bool lanes_are_ready(const struct lanes *lanes)
{
    for (unsigned i = 0; i < lanes->setup.count; i++)
        if (!atomic_load(&lanes->lane[i].is_ready))
            return false;
    return true;
}

size_t lanes_waiting(const struct lanes *lanes)
{
    return atomic_load(&lanes->waiting);
}

size_t lanes_kept(const struct lanes *lanes)
{
    return atomic_load(&lanes->kept);
}

void lanes_stop(struct lanes *lanes)
{
    atomic_store(&lanes->is_stopping, true);
    for (unsigned i = 0; i < lanes->setup.count; i++) {
        struct lane *lane = &lanes->lane[i];
        pthread_mutex_lock(&lane->mutex);
        pthread_cond_signal(&lane->wake);
        pthread_mutex_unlock(&lane->mutex);
        pthread_join(lane->thread, NULL);
        pg_free(&lane->pg);
    }
}

void lanes_free(struct lanes **lanes)
{
    for (unsigned i = 0; *lanes && i < (*lanes)->setup.count; i++) {
        struct lane *lane = &(*lanes)->lane[i];
        pthread_mutex_destroy(&lane->mutex);
        pthread_cond_destroy(&lane->wake);
        free(lane->batch);
        pipeline_free(&lane->pipeline);
    }
    free(*lanes);
    *lanes = NULL;
}

/* What a chunk's call may come to, and what is done then:
 *
 *     done ──────────────────▶ rows that the store names with their reasons are faults, the rest is put
 *     refused for its data ──▶ nothing of it is put: its halves are tried, down to the one row that it was about
 *     refused for now, lost ─▶ again after a pause, for a while: to put twice is to put once
 *     refused otherwise ─────▶ no row of any file would be taken (rights, a store of another version): the lane ends
 *
 * A SQLSTATE's first letters tell which it is. */
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "tools/load.h"
#include "tools/owner.h"

enum { PAUSE_MS = 100, PAUSE_MAX_MS = 2000, SPANS_MAX = 40 };

struct span {
    size_t first, count;
};

struct load_lane {
    const struct load_lane_setup *setup;
    struct text sql;
    size_t parameters;
    struct pg *pg;
    struct arena *arena; /* of the rows under way */
    struct text array[LOAD_PARAMETERS_MAX];
    pthread_t thread;
    struct load_row **row;
    size_t rows;
    uint64_t created, changed;
    enum outcome outcome;
    struct err err;
};

/* --- the call --- */

/* A value in an array's text form: NULL, or in quotes. */
static void add_value(struct text *array, struct view value)
{
    if (!value.at) {
        text_add(array, VIEW("NULL"));
        return;
    }
    text_add_char(array, '"');
    while (value.size) {
        size_t plain = 0;
        while (plain < value.size && value.at[plain] != '"' && value.at[plain] != '\\')
            plain++;
        text_add(array, view_head(value, plain));
        if (plain < value.size)
            text_add(array, value.at[plain] == '"' ? VIEW("\\\"") : VIEW("\\\\"));
        value = view_from(value, plain + 1);
    }
    text_add_char(array, '"');
}

static void write_arrays(struct load_lane *lane, struct span span, struct view *parameter)
{
    for (size_t i = 0; i < lane->parameters; i++) {
        struct text *array = &lane->array[i];
        text_clear(array);
        for (size_t k = 0; k < span.count; k++) {
            text_add_char(array, k ? ',' : '{');
            add_value(array, lane->row[span.first + k]->value[i]);
        }
        text_add_char(array, '}');
        parameter[i] = text_view(array);
    }
}

/* {"new": 3, "changed": 1, "rejected": {"2": "there is no subscriber …"}} */
static enum outcome read_answer(struct load_lane *lane, struct span span, struct view text, struct err *err)
{
    json_t *answer = json_read(text, err), *reason;
    const char *place;
    json_object_foreach(json_object_get(answer, "rejected"), place, reason)
    {
        size_t number = strtoul(place, NULL, 10);
        assert(number >= 1 && number <= span.count);
        lane->row[span.first + number - 1]->fault = arena_copy(lane->arena, view_of(json_string_value(reason)));
    }
    lane->created += (uint64_t)json_int(answer, "new", 0);
    lane->changed += (uint64_t)json_int(answer, "changed", 0);
    bool is_read = answer != NULL;
    json_decref(answer);
    return is_read ? IS_DONE : IS_FAILED;
}

static enum outcome put(struct load_lane *lane, struct span span, struct err *err)
{
    struct view parameter[LOAD_PARAMETERS_MAX];
    struct pg_result *rows;
    write_arrays(lane, span, parameter);
    enum outcome outcome = pg_query(lane->pg, lane->sql.at, lane->parameters, parameter, &rows, err);
    if (outcome != IS_DONE)
        return outcome;
    outcome = read_answer(lane, span, pg_value(rows, 0, 0), err);
    pg_result_free(&rows);
    return outcome;
}

/* --- trying again --- */

/* The words of a refusal begin with its SQLSTATE. */
static bool is_of_class(const struct err *err, const char *classes)
{
    return strstr(classes, (char[]){err->text[0], err->text[1], '\0'}) != NULL;
}

/* The data is to blame: 22 data, 23 constraints, 54 limits, P0 a function's own words, XX what should never be. */
static bool is_about_rows(enum outcome outcome, const struct err *err)
{
    return outcome == IS_REFUSED && is_of_class(err, "22 23 54 P0 XX");
}

/* 40 a deadlock, 53 resources, 55 a lock, 57 shut down or cancelled. */
static bool is_for_now(enum outcome outcome, const struct err *err)
{
    return outcome != IS_REFUSED || is_of_class(err, "40 53 55 57");
}

static void pause_ms(unsigned ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

static enum outcome connect_anew(struct load_lane *lane, struct err *err)
{
    pg_free(&lane->pg);
    return owner_open(lane->setup->database, lane->setup->config, &lane->pg, err);
}

/* A connection that is shut down may still say so as the answer to a call: so after every surprise there is a new one. */
static enum outcome put_patiently(struct load_lane *lane, struct span span, struct err *err)
{
    uint64_t end_us = clock_us() + (uint64_t)lane->setup->retry_s * 1000000;
    unsigned wait_ms = PAUSE_MS;
    enum outcome outcome = put(lane, span, err);
    while (outcome != IS_DONE && is_for_now(outcome, err) && clock_us() < end_us) {
        pause_ms(wait_ms);
        wait_ms = wait_ms * 2 < PAUSE_MAX_MS ? wait_ms * 2 : PAUSE_MAX_MS;
        outcome = connect_anew(lane, err);
        if (outcome == IS_DONE)
            outcome = put(lane, span, err);
    }
    return outcome;
}

/* The first half goes first, so that the order of a subscriber's rows holds. */
static enum outcome put_in_halves(struct load_lane *lane, struct err *err)
{
    struct span open[SPANS_MAX] = {{0, lane->rows}};
    enum outcome outcome = IS_DONE;
    for (size_t spans = lane->rows > 0; spans > 0;) {
        struct span span = open[--spans];
        outcome = put_patiently(lane, span, err);
        if (outcome == IS_DONE)
            continue;
        if (!is_about_rows(outcome, err))
            return outcome;
        if (span.count == 1) {
            lane->row[span.first]->fault = arena_copy(lane->arena, view_of(err->text));
            outcome = IS_DONE;
            continue;
        }
        assert(spans + 2 <= SPANS_MAX);
        size_t half = span.count / 2;
        open[spans++] = (struct span){span.first + half, span.count - half};
        open[spans++] = (struct span){span.first, half};
    }
    return outcome;
}

/* --- a chunk --- */

static enum outcome make_values(const struct load_lane *lane, struct load_row *row, struct err *err)
{
    uint64_t end_us = clock_us() + (uint64_t)lane->setup->retry_s * 1000000;
    const struct load_lane_setup *setup = lane->setup;
    enum outcome outcome;
    while ((outcome = load_make_values(setup->kind, setup->header, setup->pepper, lane->arena, row, err)) == IS_FAILED &&
           clock_us() < end_us)
        pause_ms(PAUSE_MS); /* there was not enough memory to hash with */
    return outcome;
}

static enum outcome work(struct load_lane *lane, struct err *err)
{
    size_t good = 0;
    for (size_t i = 0; i < lane->rows; i++) {
        enum outcome outcome = make_values(lane, lane->row[i], err);
        if (outcome != IS_DONE)
            return outcome;
        if (!lane->row[i]->fault.size)
            lane->row[good++] = lane->row[i];
    }
    lane->rows = good;
    return put_in_halves(lane, err);
}

static void *run(void *context)
{
    struct load_lane *lane = context;
    lane->outcome = work(lane, &lane->err);
    return NULL;
}

enum outcome load_lane_open(const struct load_lane_setup *setup, struct load_lane **lane, struct err *err)
{
    struct load_lane *made = calloc(1, sizeof *made);
    assert(made);
    made->setup = setup;
    made->arena = arena_new();
    made->parameters = load_statement(setup->kind, setup->header, &made->sql);
    *lane = made;
    return connect_anew(made, err);
}

void load_lane_close(struct load_lane **lane)
{
    struct load_lane *old = *lane;
    if (!old)
        return;
    pg_free(&old->pg);
    arena_free(&old->arena);
    text_free(&old->sql);
    for (size_t i = 0; i < LOAD_PARAMETERS_MAX; i++)
        text_free(&old->array[i]);
    free(old);
    *lane = NULL;
}

void load_lane_start(struct load_lane *lane, struct load_row **row, size_t rows)
{
    arena_reset(lane->arena);
    lane->row = row;
    lane->rows = rows;
    lane->created = lane->changed = 0;
    int code = pthread_create(&lane->thread, NULL, run, lane);
    assert(code == 0);
}

enum outcome load_lane_end(struct load_lane *lane, uint64_t *created, uint64_t *changed, struct err *err)
{
    pthread_join(lane->thread, NULL);
    *created += lane->created;
    *changed += lane->changed;
    if (lane->outcome != IS_DONE && err)
        *err = lane->err;
    return lane->outcome;
}

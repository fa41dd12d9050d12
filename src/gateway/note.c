#include "gateway/note.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"

struct note {
    struct lane_call call;
    struct notes *notes;
    struct arena *arena; /* holds the note and its parameters */
};

static void count_reply(const char *state)
{
    char labels[64];
    snprintf(labels, sizeof(labels), "state=\"%s\"", state);
    counter_add(counter_get("smshall_replies_total", "Replies by how they ended, or went back to wait.", labels), 1);
}

static void noted(struct lane_call *call, const struct lane_answer *answer)
{
    struct note *note = call->context;
    struct arena *arena = note->arena;
    if (answer->outcome != IS_DONE)
        log_event(LOG_ERROR, "note_failed", LOG_TEXT("mt", call->parameter[SETTLE_MT]),
                  LOG_MSISDN("msisdn", call->parameter[SETTLE_MSISDN]), LOG_TEXT("state", call->parameter[SETTLE_STATE]),
                  LOG_STR("error", answer->fault ? answer->fault->text : "the store is away"));
    atomic_fetch_sub(&note->notes->open, 1);
    arena_free(&arena);
}

static void note_fill(struct note *note, const struct letter *letter, const char *state, const char *reason, unsigned wait_s)
{
    struct view *parameter = note->call.parameter;
    parameter[SETTLE_MSISDN] = arena_copy(note->arena, view_of(letter->msisdn));
    parameter[SETTLE_MT] = arena_copy(note->arena, view_of(letter->mt));
    parameter[SETTLE_STATE] = view_of(state);
    parameter[SETTLE_TEXT] = letter->noted.size ? arena_copy(note->arena, letter->noted) : VIEW_NONE;
    parameter[SETTLE_PIECES] = arena_printf(note->arena, "%zu", letter->pieces_sent);
    parameter[SETTLE_REASON] = reason ? arena_copy(note->arena, view_of(reason)) : VIEW_NONE;
    parameter[SETTLE_WAIT_S] = arena_printf(note->arena, "%u", wait_s);
    parameter[SETTLE_CLAIMS] = arena_printf(note->arena, "%lld", (long long)letter->claims);
}

void note_write(struct notes *notes, const struct letter *letter, const char *state, const char *reason, unsigned wait_s)
{
    struct arena *arena = arena_new_small();
    struct note *note = ARENA_NEW(arena, struct note);
    *note = (struct note){.notes = notes, .arena = arena};
    note->call = (struct lane_call){.function = API_SETTLE, .key = letter->key, .is_owed = true, .done = noted, .context = note};
    note_fill(note, letter, state, reason, wait_s);
    count_reply(state);
    log_event(reason ? LOG_WARN : LOG_INFO, "mt", LOG_STR("mt", letter->mt), LOG_MSISDN("msisdn", view_of(letter->msisdn)),
              LOG_STR("command", letter->command), LOG_STR("outcome", letter->outcome), LOG_STR("state", state),
              LOG_STR("reason", reason ? reason : ""), LOG_INT("us", (int64_t)(clock_us() - letter->taken_us)));
    atomic_fetch_add(&notes->open, 1);
    if (lanes_submit(notes->lanes, &note->call) != IS_DONE)
        noted(&note->call, &(struct lane_answer){.outcome = IS_FAILED});
}

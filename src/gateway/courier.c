/* All of this runs in the web client's loop, so it needs no locks; only courier_take and courier_settle come from other threads.
 *
 * Two things are hard. Order: a subscriber's replies go one at a time, and none may pass an earlier one that waits in the store, put back
 * there by us, left by a daemon that died, or in another's hands. The store knows: hall.receive says of a reply which other unsent one it
 * comes after. If that one did not pass through our hands just now, the reply goes back too, and hall.claim_unsent gives them out in order.
 * The lease: the store leaves a reply to us for lease_s; a letter that could outlive it is given back instead of being sent, or another
 * daemon might send it too. */
#include "gateway/courier.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "gateway/note.h"
#include "sms/segments.h"

enum {
    LETTERS_MAX = 3000, /* more in memory: backlog, the store keeps the rest */
    CLAIM_MOST_AT_ONCE = 500,
    TICK_MS = 50,
    CLAIM_PAUSE_MS = 2000, /* between looks into the store when all is well */
    AWAY_PAUSE_FIRST_MS = 200,
    AWAY_PAUSE_MOST_MS = 30000,
    UNSURE_WAIT_S = 90, /* a report may come meanwhile and tell that it was sent */
    LATER_WAIT_LEAST_S = 3,
    LATER_WAIT_MOST_S = 300,
    LINE_IDLE_US = 3000000, /* a line is kept so long after its last letter: by then the store has its note */
    STOP_WAIT_MS = 5000,
    LINES = 8192,      /* buckets of the table of lines */
    LINES_SWEPT = 256, /* of them at each tick */
};

/* One subscriber's letters: the first is under way, the others wait for it. */
struct line {
    struct line *next; /* in its bucket */
    uint64_t key;
    struct letter *first, **last;
    char latest[32]; /* mt of the last one that we took to send; empty once one went back to the store */
    uint64_t used_us;
};

struct courier {
    struct courier_setup setup;
    struct line *line[LINES];
    size_t swept;          /* the bucket to look for idle lines in next */
    atomic_size_t letters; /* in memory */
    bool is_backlog;       /* everything goes by the store until it has no more */
    atomic_bool is_claiming;
    atomic_bool is_stopping;
    bool is_away;           /* Kannel took nothing when last asked */
    unsigned away_pause_ms; /* before the next try; grows while it is away */
    uint64_t claim_at_us;   /* when to look into the store again */
    struct notes notes;
    struct histogram *latency;
};

/* Notes how a letter ended, or that it waits in the store again, and frees it. */
static void settle(struct courier *courier, struct letter *letter, const char *state, const char *reason, unsigned wait_s)
{
    note_write(&courier->notes, letter, state, reason, wait_s);
    letter_free(&letter);
}

/* --- lines --- */

static struct line **line_place(struct courier *courier, uint64_t key)
{
    struct line **at = &courier->line[(key * UINT64_C(0x9E3779B97F4A7C15) >> 40) % LINES];
    while (*at && (*at)->key != key)
        at = &(*at)->next;
    return at;
}

static struct line *line_get(struct courier *courier, uint64_t key)
{
    struct line **at = line_place(courier, key);
    if (!*at) {
        *at = calloc(1, sizeof(**at));
        assert(*at);
        (*at)->key = key;
        (*at)->last = &(*at)->first;
    }
    (*at)->used_us = clock_us();
    return *at;
}

static void sweep_bucket(struct line **at, uint64_t now_us)
{
    while (*at) {
        struct line *line = *at;
        if (line->first || now_us - line->used_us < LINE_IDLE_US) {
            at = &line->next;
            continue;
        }
        *at = line->next;
        free(line);
    }
}

static void sweep_lines(struct courier *courier)
{
    uint64_t now_us = clock_us();
    for (size_t i = 0; i < LINES_SWEPT; i++, courier->swept++)
        sweep_bucket(&courier->line[courier->swept % LINES], now_us);
}

static void line_append(struct courier *courier, struct line *line, struct letter *letter)
{
    letter->next = NULL;
    *line->last = letter;
    line->last = &letter->next;
    atomic_fetch_add(&courier->letters, 1);
}

static struct letter *line_take_first(struct courier *courier, struct line *line)
{
    struct letter *letter = line->first;
    line->first = letter->next;
    if (!line->first)
        line->last = &line->first;
    atomic_fetch_sub(&courier->letters, 1);
    return letter;
}

/* --- back to the store --- */

static void give_back(struct courier *courier, struct letter *letter, const char *reason, unsigned wait_s)
{
    line_get(courier, letter->key)->latest[0] = '\0';
    settle(courier, letter, "unsent", reason, wait_s);
}

static void give_back_line(struct courier *courier, struct line *line)
{
    while (line->first)
        give_back(courier, line_take_first(courier, line), NULL, 0);
}

/* Doubles with each claim, which the store counts; with jitter, so that many do not come back at once. */
static unsigned later_wait_s(const struct letter *letter)
{
    unsigned wait_s = LATER_WAIT_LEAST_S;
    for (int64_t i = 0; i < letter->claims && wait_s < LATER_WAIT_MOST_S; i++)
        wait_s *= 2;
    return wait_s + (unsigned)(clock_us() % (wait_s / 2 + 1));
}

static void enter_backlog(struct courier *courier, const char *why)
{
    if (!courier->is_backlog)
        log_event(LOG_WARN, "courier_backlog", LOG_STR("reason", why));
    courier->is_backlog = true;
}

static void kannel_is_away(struct courier *courier, const char *why)
{
    enter_backlog(courier, why);
    courier->is_away = true;
}

static void kannel_is_here(struct courier *courier)
{
    if (courier->is_away)
        courier->claim_at_us = 0;
    courier->is_away = false;
    courier->away_pause_ms = 0;
}

/* --- sending --- */

struct posted {
    struct courier *courier;
    struct letter *letter;
};

static struct posted *posted_new(struct courier *courier, struct letter *letter)
{
    struct posted *posted = calloc(1, sizeof(*posted));
    assert(posted);
    *posted = (struct posted){courier, letter};
    return posted;
}

static void line_go_on(struct courier *courier, struct line *line);
static void piece_answered(void *context, const struct web_response *response);

/* How long the store still leaves a letter to us, less the time that one send may take and a margin. */
static int64_t letter_time_left_ms(const struct courier *courier, const struct letter *letter)
{
    enum { MARGIN_MS = 5000 };
    int64_t age_ms = (int64_t)((clock_us() - letter->taken_us) / 1000);
    return (int64_t)courier->setup.lease_s * 1000 - age_ms - courier->setup.timeout_ms - MARGIN_MS;
}

static int64_t letter_valid_s(const struct letter *letter)
{
    return letter->valid_s - (int64_t)((clock_us() - letter->taken_us) / 1000000);
}

static size_t pieces_of(const struct courier *courier, const struct letter *letter, struct view **pieces)
{
    return segments_split(letter->arena, letter->text, courier->setup.parts_max, pieces);
}

/* A long reply's pieces go one by one. Kannel reports on the last one alone: a report ends a reply. */
static void send_piece(struct courier *courier, struct letter *letter)
{
    struct view *pieces;
    size_t count = pieces_of(courier, letter, &pieces);
    int64_t left_ms = letter_time_left_ms(courier, letter);
    assert(letter->pieces_sent < count);
    struct text url = {0};
    struct mt mt = {.mt = view_of(letter->mt),
                    .from = view_of(letter->port),
                    .to = view_of(letter->msisdn),
                    .text = pieces[letter->pieces_sent],
                    .valid_s = letter_valid_s(letter),
                    .asks_report = letter->pieces_sent + 1 == count};
    kannel_write_sendsms(&url, &courier->setup.account, &mt);
    struct web_call call = {.method = "GET",
                            .url = url.at,
                            .is_secret = letter->has_secret,
                            .timeout_ms = courier->setup.timeout_ms,
                            .start_within_ms = left_ms > 1 ? (unsigned)left_ms : 1,
                            .done = piece_answered,
                            .context = posted_new(courier, letter)};
    web_client_send(courier->setup.client, &call);
    text_free(&url);
}

static void piece_sent(struct courier *courier, struct line *line)
{
    struct view *pieces;
    line->first->pieces_sent++;
    if (line->first->pieces_sent < pieces_of(courier, line->first, &pieces))
        note_write(&courier->notes, line->first, "unsent", NULL, courier->setup.lease_s); /* its progress; it stays ours */
    kannel_is_here(courier);
    line_go_on(courier, line);
}

/* Not now: this letter waits in the store, and those behind it with it. */
static void line_later(struct courier *courier, struct line *line, const char *reason, unsigned wait_s)
{
    give_back(courier, line_take_first(courier, line), reason, wait_s);
    give_back_line(courier, line);
}

static void line_dead(struct courier *courier, struct line *line, const char *reason)
{
    settle(courier, line_take_first(courier, line), "dead", reason, 0);
    line_go_on(courier, line);
}

static enum sending sending_of(const struct web_response *response)
{
    switch (response->outcome) {
    case IS_DONE:
        return kannel_read_sendsms(response->status, response->body);
    case IS_UNSURE:
        return SENDING_UNSURE;
    case IS_REFUSED:
    case IS_FAILED:
        break;
    }
    return SENDING_AWAY;
}

static void words_of(const struct web_response *response, char *words, size_t size)
{
    struct view body = view_head(response->body, 80);
    if (response->outcome == IS_DONE)
        snprintf(words, size, "sendsms answered %u %.*s", response->status, VIEW_ARG(body));
    else
        snprintf(words, size, "sendsms: %s", response->reason ? response->reason : "no answer");
}

static void line_answered(struct courier *courier, struct line *line, const struct web_response *response)
{
    char words[160];
    words_of(response, words, sizeof(words));
    switch (sending_of(response)) {
    case SENDING_SENT:
        piece_sent(courier, line);
        break;
    case SENDING_DEAD:
        line_dead(courier, line, words);
        break;
    case SENDING_LATER:
        line_later(courier, line, words, later_wait_s(line->first));
        break;
    case SENDING_UNSURE: /* a bearerbox that hangs sends all of it when it wakes: put no more into it (kannel.md §4) */
        kannel_is_away(courier, words);
        line_later(courier, line, words, UNSURE_WAIT_S);
        break;
    case SENDING_AWAY:
        kannel_is_away(courier, words);
        give_back_line(courier, line);
        break;
    }
}

static void piece_answered(void *context, const struct web_response *response)
{
    struct posted posted = *(struct posted *)context;
    free(context);
    struct line *line = line_get(posted.courier, posted.letter->key);
    assert(line->first == posted.letter);
    line_answered(posted.courier, line, response);
}

/* What is to be done with the first of a line. */
enum next { NEXT_SEND, NEXT_IS_SENT, NEXT_WAS_SENT, NEXT_IS_EXPIRED, NEXT_GIVE_BACK };

static enum next next_of(struct courier *courier, const struct letter *letter)
{
    struct view *pieces;
    if (letter->is_reported)
        return NEXT_WAS_SENT;
    if (letter->pieces_sent >= pieces_of(courier, letter, &pieces))
        return NEXT_IS_SENT;
    if (letter_valid_s(letter) <= 0)
        return NEXT_IS_EXPIRED;
    return letter_time_left_ms(courier, letter) > 0 && !atomic_load(&courier->is_stopping) ? NEXT_SEND : NEXT_GIVE_BACK;
}

/* Goes on with a line until something of it is under way, or nothing is left. */
static void line_go_on(struct courier *courier, struct line *line)
{
    while (line->first) {
        switch (next_of(courier, line->first)) {
        case NEXT_SEND:
            send_piece(courier, line->first);
            return;
        case NEXT_IS_SENT:
            histogram_add(courier->latency, clock_us() - line->first->taken_us);
            settle(courier, line_take_first(courier, line), "sent", NULL, 0);
            break;
        case NEXT_WAS_SENT:
            settle(courier, line_take_first(courier, line), "sent", "rendered afterwards", 0);
            break;
        case NEXT_IS_EXPIRED:
            settle(courier, line_take_first(courier, line), "expired", "validity", 0);
            break;
        case NEXT_GIVE_BACK:
            give_back_line(courier, line);
            break;
        }
    }
}

static void line_put(struct courier *courier, struct letter *letter)
{
    struct line *line = line_get(courier, letter->key);
    bool is_first = !line->first;
    line_append(courier, line, letter);
    snprintf(line->latest, sizeof(line->latest), "%s", letter->mt);
    if (is_first)
        line_go_on(courier, line);
}

/* The unsent reply that it comes after is not the last one we took: it waits in the store, or another daemon has it. */
static bool must_not_pass(struct courier *courier, const struct letter *letter)
{
    const struct line *line = *line_place(courier, letter->key);
    return *letter->after && (!line || strcmp(line->latest, letter->after) != 0);
}

static void take_in_loop(void *context)
{
    struct posted posted = *(struct posted *)context;
    free(context);
    struct courier *courier = posted.courier;
    atomic_fetch_sub(&courier->letters, 1); /* was counted when it was posted */
    if (atomic_load(&courier->letters) >= LETTERS_MAX)
        enter_backlog(courier, "more replies than Kannel takes");
    if (courier->is_backlog || must_not_pass(courier, posted.letter))
        give_back(courier, posted.letter, NULL, 0);
    else
        line_put(courier, posted.letter);
}

/* --- what is unsent in the store --- */

struct claiming {
    struct lane_call call;
    struct courier *courier;
    unsigned most;
    char most_text[16], lease_text[16];
    struct letter *first, **last; /* what was claimed */
    size_t count;
    bool is_answered;
};

static unsigned away_pause_ms(struct courier *courier)
{
    unsigned pause_ms = courier->away_pause_ms ? 2 * courier->away_pause_ms : AWAY_PAUSE_FIRST_MS;
    courier->away_pause_ms = pause_ms < AWAY_PAUSE_MOST_MS ? pause_ms : AWAY_PAUSE_MOST_MS;
    return pause_ms / 2 + (unsigned)(clock_us() % pause_ms); /* jitter: many halls do not come at once */
}

/* Fewer than asked for: the store has no more that may go now, and what comes fresh may go at once again. */
static void claim_look_on(struct courier *courier, const struct claiming *claiming)
{
    bool is_dry = claiming->is_answered && claiming->count < claiming->most;
    if (is_dry && claiming->count == 0)
        courier->is_away = false; /* nothing to try Kannel with: the next fresh reply will tell */
    if (is_dry && !courier->is_away && courier->is_backlog) {
        log_event(LOG_INFO, "courier_direct", LOG_INT("waiting", (int64_t)atomic_load(&courier->letters)));
        courier->is_backlog = false;
    }
    unsigned pause_ms = courier->is_away ? away_pause_ms(courier) : is_dry || !claiming->is_answered ? CLAIM_PAUSE_MS : 0;
    courier->claim_at_us = clock_us() + pause_ms * UINT64_C(1000);
}

static void claim_in_loop(void *context)
{
    struct claiming *claiming = context;
    struct courier *courier = claiming->courier;
    claim_look_on(courier, claiming);
    for (struct letter *letter = claiming->first, *next; letter; letter = next) {
        next = letter->next;
        if (letter->text.size)
            line_put(courier, letter);
        else
            settle(courier, letter, "dead", letter->error, 0);
    }
    free(claiming);
    atomic_store(&courier->is_claiming, false);
}

/* On the lane's thread: words are found here, so that the loop only sends. */
static void claimed(struct lane_call *call, const struct lane_answer *answer)
{
    struct claiming *claiming = call->context;
    struct courier *courier = claiming->courier;
    struct held *held = current_hold(courier->setup.current);
    struct err err = {{0}};
    json_t *replies = answer->outcome == IS_DONE ? json_read(answer->value, &err) : NULL;
    claiming->is_answered = replies != NULL;
    if (answer->outcome == IS_REFUSED || *err.text)
        log_event(LOG_ERROR, "claim_failed", LOG_STR("error", answer->fault ? answer->fault->text : err.text));
    size_t i;
    json_t *reply;
    json_array_foreach(replies, i, reply)
    {
        struct letter *letter = letter_new(held_grammar(held), courier->setup.pepper, reply, VIEW_NONE);
        *claiming->last = letter;
        claiming->last = &letter->next;
        claiming->count++;
    }
    json_decref(replies);
    held_release(&held);
    web_client_post(courier->setup.client, claim_in_loop, claiming);
}

static struct claiming *claiming_new(struct courier *courier)
{
    struct claiming *claiming = calloc(1, sizeof(*claiming));
    assert(claiming);
    /* While Kannel is away one reply is enough to find out whether it is back. */
    *claiming = (struct claiming){.courier = courier, .most = courier->is_away ? 1 : CLAIM_MOST_AT_ONCE, .last = &claiming->first};
    snprintf(claiming->most_text, sizeof(claiming->most_text), "%u", claiming->most);
    snprintf(claiming->lease_text, sizeof(claiming->lease_text), "%u", courier->setup.lease_s);
    /* The key sorts it behind all subscribers in its batch, whose rows it locks out of their order. */
    claiming->call =
        (struct lane_call){.function = API_CLAIM_UNSENT, .key = UINT64_MAX, .is_urgent = true, .done = claimed, .context = claiming};
    claiming->call.parameter[CLAIM_MOST] = view_of(claiming->most_text);
    claiming->call.parameter[CLAIM_LEASE_S] = view_of(claiming->lease_text);
    return claiming;
}

static void claim(struct courier *courier)
{
    struct claiming *claiming = claiming_new(courier);
    atomic_store(&courier->is_claiming, true);
    if (lanes_submit(courier->setup.claim_lanes, &claiming->call) == IS_DONE)
        return;
    atomic_store(&courier->is_claiming, false);
    courier->claim_at_us = clock_us() + CLAIM_PAUSE_MS * UINT64_C(1000);
    free(claiming);
}

/* Not while notes of ours wait for a store that was away: what they say is sent still looks unsent there. */
static bool may_claim(const struct courier *courier)
{
    return !atomic_load(&courier->is_claiming) && clock_us() >= courier->claim_at_us && atomic_load(&courier->letters) <= LETTERS_MAX / 2 &&
           lanes_kept(courier->setup.lanes) == 0;
}

static void tick(void *context)
{
    struct courier *courier = context;
    if (atomic_load(&courier->is_stopping))
        return;
    sweep_lines(courier);
    if (may_claim(courier))
        claim(courier);
    web_client_after(courier->setup.client, TICK_MS, tick, courier);
}

/* --- the public face --- */

struct courier *courier_start(const struct courier_setup *setup)
{
    struct courier *courier = calloc(1, sizeof(*courier));
    assert(courier);
    courier->setup = *setup;
    courier->notes.lanes = setup->lanes;
    courier->latency = histogram_get("smshall_reply_seconds", "From a reply's commit to Kannel's yes.", "");
    web_client_after(setup->client, 1, tick, courier);
    return courier;
}

void courier_take(struct courier *courier, struct letter *letter)
{
    if (!letter->text.size) {
        settle(courier, letter, "dead", letter->error, 0);
        return;
    }
    atomic_fetch_add(&courier->letters, 1);
    web_client_post(courier->setup.client, take_in_loop, posted_new(courier, letter));
}

void courier_settle(struct courier *courier, struct letter *letter, const char *state, const char *reason)
{
    settle(courier, letter, state, reason, 0);
}

size_t courier_waiting(const struct courier *courier)
{
    return atomic_load(&courier->letters);
}

static bool is_idle(const struct courier *courier)
{
    return atomic_load(&courier->letters) == 0 && atomic_load(&courier->notes.open) == 0 && !atomic_load(&courier->is_claiming);
}

/* The lines whose first letter is under way empty themselves: line_go_on gives the rest back. */
void courier_drain(struct courier *courier)
{
    atomic_store(&courier->is_stopping, true);
    for (int ms = 0; !is_idle(courier) && ms < STOP_WAIT_MS; ms += 10)
        usleep(10000);
}

void courier_free(struct courier **courier)
{
    for (size_t i = 0; *courier && i < LINES; i++)
        for (struct line *line = (*courier)->line[i], *next; line; line = next) {
            next = line->next;
            while (line->first) {
                struct letter *letter = line_take_first(*courier, line);
                letter_free(&letter);
            }
            free(line);
        }
    free(*courier);
    *courier = NULL;
}

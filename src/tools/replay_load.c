/* Sends a corpus, as the plan has it: each walker takes its turns one after the other, one message at a time.
 *
 *     to the hall:      POST ──200──▶ (the copies are answered) ──▶ (once more, with a new id) ──▶ next
 *              └─503, broken─ pause ─┘
 *     through phones:   (inbox, once) ─▶ POST ──▶ inbox … until the reply is there ──▶ (once more) ──▶ next
 *
 * Replies come in the answer, or to the stand-in's thread whenever they come. Walkers live in the client's loop and need no lock among
 * themselves; the stand-in's thread does, so what both touch is under one. A reply that does not come in its answer belongs to its
 * subscriber's oldest message without one, or when all have theirs to the last: sendsms carries nothing that would tell. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "tools/progress.h"
#include "tools/replay.h"
#include "web/client.h"

enum { DRAW_MS = 200, REQUEST_TIMEOUT_MS = 30000, CUT_MS = 8 };

struct load;

struct walker {
    struct load *load;
    struct arena *arena; /* of one turn */
    uint32_t turn;
    struct subscriber *subscriber;
    const struct corpus_row *row;
    uint32_t number; /* of the message */
    struct view url;
    unsigned tries, copies; /* copies that are not answered yet */
    bool is_over, is_taken, is_once_more;
    struct view answer, copied; /* what the message and its copies were answered; VIEW_NONE: not yet, or nothing */
    uint64_t start_us;
};

struct load {
    const struct replay_options *options;
    const struct corpus *corpus;
    struct run *run;
    struct load_summary *summary;
    struct plan plan;
    struct web_client *client;
    struct sendsms *sendsms;
    struct walker *walkers;
    int64_t first; /* number in the run of the first message */
    uint64_t start_us;
    pthread_mutex_t lock; /* over the summary, the run, the rings, and: */
    pthread_cond_t ended;
    unsigned walking;
    uint64_t waiting; /* messages without a reply, in all rings */
    uint64_t last_us; /* something came */
};

/* --- counting --- */

static void note_answer(struct load *load, uint64_t since_us, const struct web_response *response)
{
    struct load_summary *summary = load->summary;
    unsigned status = response->outcome == IS_DONE && response->status < STATUS_MAX ? response->status : 0;
    pthread_mutex_lock(&load->lock);
    load->last_us = clock_us();
    summary->status[status]++;
    if (status == 200 || status == 202)
        summary->answer_us[summary->answers++] = (uint32_t)(load->last_us - since_us);
    pthread_mutex_unlock(&load->lock);
}

/* Before it is sent: the reply may be quicker than the answer. A full ring forgets its oldest, which counts as silent. */
static void note_sent(struct load *load, struct subscriber *subscriber, int64_t number, uint64_t now_us)
{
    pthread_mutex_lock(&load->lock);
    if (subscriber->waiting == WAITING_MAX)
        subscriber->oldest++;
    else {
        subscriber->waiting++;
        load->waiting++;
    }
    unsigned place = (subscriber->oldest + subscriber->waiting - 1) % WAITING_MAX;
    subscriber->sent[place].sent_us = now_us;
    subscriber->sent[place].number = number;
    subscriber->number = number;
    pthread_mutex_unlock(&load->lock);
}

/* The newest one will have no reply: it is lost, or its answer was empty. */
static void note_silent(struct load *load, struct subscriber *subscriber)
{
    pthread_mutex_lock(&load->lock);
    if (subscriber->waiting) {
        subscriber->waiting--;
        load->waiting--;
    }
    pthread_mutex_unlock(&load->lock);
}

/* A message older than the timeout has missed its reply: this one is for the next, when there is a next. */
static void note_reply(struct load *load, struct subscriber *subscriber, struct view text)
{
    struct load_summary *summary = load->summary;
    uint64_t age_us = 0;
    bool is_found = false;
    pthread_mutex_lock(&load->lock);
    int64_t number = subscriber->number;
    load->last_us = clock_us();
    summary->replies++;
    while (subscriber->waiting && !is_found) {
        unsigned place = subscriber->oldest++ % WAITING_MAX;
        age_us = load->last_us - subscriber->sent[place].sent_us;
        number = subscriber->sent[place].number;
        subscriber->waiting--;
        load->waiting--;
        is_found = age_us < (uint64_t)load->options->timeout_ms * 1000 || !subscriber->waiting;
    }
    if (is_found)
        summary->reply_us[summary->reply_times++] = (uint32_t)age_us;
    run_heard(load->run, number, text);
    pthread_mutex_unlock(&load->lock);
}

/* The stand-in's thread: an MT for one of the subscribers, or for somebody else. */
static void heard(void *context, const struct reply *reply)
{
    struct load *load = context;
    struct subscriber *subscriber = plan_find(&load->plan, reply->msisdn);
    if (subscriber)
        note_reply(load, subscriber, reply->text);
}

/* --- one message --- */

static void walk(void *context);
static void begin_message(void *context);
static void send_message(void *context);

static void end_turn(struct walker *walker)
{
    struct load *load = walker->load;
    if (!walker->is_taken)
        note_silent(load, walker->subscriber);
    pthread_mutex_lock(&load->lock);
    *(walker->is_taken ? &load->summary->taken : &load->summary->lost) += 1;
    pthread_mutex_unlock(&load->lock);
    walker->turn = load->plan.next[walker->turn];
    walk(walker);
}

/* A repeat is answered as the message was, or with nothing when that went by sendsms (rules D6). */
static void compare_copies(struct walker *walker)
{
    if (walker->answer.size && walker->copied.size && !view_equal(walker->answer, walker->copied)) {
        pthread_mutex_lock(&walker->load->lock);
        walker->load->summary->differing++;
        pthread_mutex_unlock(&walker->load->lock);
    }
}

/* When the message and its copies are answered, and the reply to a phone has come. */
static void end_message(struct walker *walker)
{
    if (!walker->is_over || walker->copies)
        return;
    compare_copies(walker);
    if (walker->is_taken && !walker->is_once_more && mischief_strikes(walker->load->options->mischief, MISCHIEF_NEW_ID, walker->number)) {
        walker->is_once_more = true;
        begin_message(walker);
    } else {
        end_turn(walker);
    }
}

static void post(struct walker *walker, unsigned timeout_ms, void (*done)(void *context, const struct web_response *response))
{
    web_client_send(walker->load->client, &(struct web_call){.method = "POST",
                                                             .url = walker->url.at,
                                                             .body = walker->row->text,
                                                             .headers = way_mo_headers,
                                                             .timeout_ms = timeout_ms,
                                                             .done = done,
                                                             .context = walker});
}

static void copy_answered(void *context, const struct web_response *response)
{
    struct walker *walker = context;
    walker->copies--;
    if (response->outcome == IS_DONE && response->status == 200 && response->body.size)
        walker->copied = arena_copy(walker->arena, response->body);
    end_message(walker);
}

/* Some copies go at the same moment as the message, some after its answer. */
static void send_copy(struct walker *walker, bool is_after)
{
    struct mischief *mischief = walker->load->options->mischief;
    uint32_t key = walker->number;
    bool wants_after = mischief_draw(mischief, MISCHIEF_SAME_ID, key, 2) == 1;
    if (walker->is_once_more || wants_after != is_after || !mischief_strikes(mischief, MISCHIEF_SAME_ID, key))
        return;
    walker->copies++;
    post(walker, REQUEST_TIMEOUT_MS, copy_answered);
}

/* --- replies out of a phone's inbox --- */

static void ask_inbox(struct walker *walker, unsigned wait_s, void (*done)(void *context, const struct web_response *response))
{
    struct load *load = walker->load;
    int64_t after = walker->subscriber->after;
    struct view url = way_inbox_url(walker->arena, load->options, walker->subscriber->msisdn, after < 0 ? 0 : after, wait_s);
    web_client_send(load->client,
                    &(struct web_call){
                        .method = "GET", .url = url.at, .timeout_ms = REQUEST_TIMEOUT_MS + wait_s * 1000, .done = done, .context = walker});
}

/* Reads what is new in an inbox, and gives how many replies that was; before the first message they are old ones. */
static size_t read_inbox(struct walker *walker, const struct web_response *response)
{
    struct subscriber *subscriber = walker->subscriber;
    json_t *inbox = response->outcome == IS_DONE && response->status == 200 ? json_read(response->body, NULL) : NULL;
    const json_t *messages = json_object_get(inbox, "messages"), *message;
    size_t i, count = json_array_size(messages);
    bool is_first = subscriber->after < 0;
    subscriber->after = is_first ? 0 : subscriber->after;
    json_array_foreach(messages, i, message)
    {
        subscriber->after = json_int(message, "n", subscriber->after);
        if (!is_first)
            note_reply(walker->load, subscriber, json_text(message, "text"));
    }
    json_decref(inbox);
    return count;
}

static void inbox_known(void *context, const struct web_response *response)
{
    read_inbox(context, response);
    send_message(context);
}

static void inbox_came(void *context, const struct web_response *response)
{
    struct walker *walker = context;
    uint64_t waited_ms = (clock_us() - walker->start_us) / 1000;
    bool is_heard = read_inbox(walker, response) > 0;
    if (!is_heard && response->outcome == IS_DONE && waited_ms < walker->load->options->timeout_ms) {
        ask_inbox(walker, 1, inbox_came);
        return;
    }
    if (!is_heard)
        note_silent(walker->load, walker->subscriber);
    walker->is_over = true;
    end_message(walker);
}

/* --- the answer --- */

/* 200: the hall has it. The reply is in the answer, or comes to the stand-in; from phones it is asked for. */
static void message_taken(struct walker *walker, struct view body)
{
    struct load *load = walker->load;
    walker->is_taken = true;
    if (load->options->smsc) {
        ask_inbox(walker, 1, inbox_came);
        return;
    }
    if (body.size) {
        walker->answer = arena_copy(walker->arena, body);
        note_reply(load, walker->subscriber, body);
    } else if (!load->sendsms) {
        note_silent(load, walker->subscriber);
    }
    send_copy(walker, true);
    walker->is_over = true;
    end_message(walker);
}

static void answered(void *context, const struct web_response *response)
{
    struct walker *walker = context;
    struct load *load = walker->load;
    note_answer(load, walker->start_us, response);
    if (response->outcome == IS_DONE && (response->status == 200 || response->status == 202)) {
        message_taken(walker, response->body);
    } else if ((response->outcome == IS_DONE && response->status != 503) || walker->tries > load->options->retries) {
        walker->is_over = true;
        end_message(walker);
    } else {
        pthread_mutex_lock(&load->lock);
        load->summary->retried++;
        pthread_mutex_unlock(&load->lock);
        web_client_after(load->client, load->options->retry_pause_ms, send_message, walker);
    }
}

/* --- sending --- */

/* A cut is a time that is nearly always too short. */
static unsigned time_for(const struct walker *walker)
{
    struct mischief *mischief = walker->load->options->mischief;
    uint64_t key = (uint64_t)walker->number * 2 + walker->is_once_more;
    if (walker->tries > 1 || !mischief_strikes(mischief, MISCHIEF_CUT, key))
        return REQUEST_TIMEOUT_MS;
    return 1 + mischief_draw(mischief, MISCHIEF_CUT, key, CUT_MS);
}

/* Sends it, or sends it again with the same id. */
static void send_message(void *context)
{
    struct walker *walker = context;
    struct load *load = walker->load;
    if (walker->tries++ == 0) {
        walker->start_us = clock_us();
        note_sent(load, walker->subscriber, load->first + walker->number, walker->start_us);
        send_copy(walker, false);
    }
    post(walker, time_for(walker), answered);
}

/* What was overtaken was sent off before that which overtook it. */
static int64_t time_of(const struct walker *walker)
{
    bool is_overtaken = walker->load->plan.message_of[walker->turn] < walker->turn;
    return walker->subscriber->time_s = is_overtaken ? walker->subscriber->time_s - 1 : clock_unix_s();
}

static void begin_message(void *context)
{
    struct walker *walker = context;
    struct load *load = walker->load;
    struct view from = walker->subscriber->msisdn, to = walker->row->to.size ? walker->row->to : load->options->to;
    struct mischief *mischief = load->options->mischief;
    char id[MESSAGE_ID_SIZE];
    way_new_id(id);
    walker->tries = 0;
    walker->is_over = walker->is_taken = false;
    walker->answer = walker->copied = VIEW_NONE;
    walker->url = load->options->smsc ? way_phone_url(walker->arena, load->options, from, to)
                                      : way_mo_url(walker->arena, load->options, view_of(id), from, to, time_of(walker));
    if (load->options->smsc && walker->subscriber->after < 0)
        ask_inbox(walker, 0, inbox_known);
    else if (mischief_strikes(mischief, MISCHIEF_DELAY, walker->number))
        web_client_after(load->client, mischief_draw(mischief, MISCHIEF_DELAY, walker->number, mischief->delay_ms), send_message, walker);
    else
        send_message(walker);
}

/* --- walking --- */

static void stop_walking(struct load *load)
{
    pthread_mutex_lock(&load->lock);
    load->walking--;
    pthread_cond_signal(&load->ended);
    pthread_mutex_unlock(&load->lock);
}

/* The next turn, when its time has come. */
static void walk(void *context)
{
    struct walker *walker = context;
    struct load *load = walker->load;
    if (walker->turn == NO_TURN) {
        stop_walking(load);
        return;
    }
    arena_reset(walker->arena);
    walker->number = load->plan.message_of[walker->turn];
    walker->row = &load->corpus->row[walker->number % load->corpus->count];
    walker->subscriber = &load->plan.subscriber[load->plan.subscriber_of[walker->turn]];
    walker->is_once_more = false;
    uint64_t now = clock_us();
    uint64_t due = load->options->rate > 0 ? load->start_us + (uint64_t)((double)walker->turn * 1e6 / load->options->rate) : now;
    if (due > now)
        web_client_after(load->client, (due - now) / 1000, begin_message, walker);
    else
        begin_message(walker);
}

/* --- watching --- */

static void draw(const struct load *load)
{
    const struct load_summary *summary = load->summary;
    uint64_t done = summary->taken + summary->lost;
    double seconds = (double)(clock_us() - load->start_us) / 1e6;
    progress_draw(done, summary->messages, "%llu/%llu, %.0f a second, %llu without reply", (unsigned long long)done,
                  (unsigned long long)summary->messages, (double)done / seconds, (unsigned long long)load->waiting);
}

/* All are sent, and their replies have come, or none has come for a while. Call it under the lock. */
static bool is_over(const struct load *load)
{
    return load->walking == 0 && (load->waiting == 0 || clock_us() - load->last_us > (uint64_t)load->options->timeout_ms * 1000);
}

static void watch(struct load *load)
{
    pthread_mutex_lock(&load->lock);
    while (!is_over(load)) {
        uint64_t due_us = clock_us() + (uint64_t)DRAW_MS * 1000;
        struct timespec due = {(time_t)(due_us / 1000000), (long)(due_us % 1000000) * 1000};
        pthread_cond_timedwait(&load->ended, &load->lock, &due);
        draw(load);
    }
    pthread_mutex_unlock(&load->lock);
    progress_clear();
}

/* --- the whole --- */

static int by_size(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

static void open_lock(struct load *load)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&load->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&load->lock, NULL);
}

static void open_load(struct load *load, struct arena *arena)
{
    struct load_summary *summary = load->summary;
    const struct replay_options *options = load->options;
    plan_make(arena, options, load->corpus, &load->plan);
    *summary = (struct load_summary){.messages = load->plan.turns, .concurrency = load->plan.walkers};
    size_t sendings = summary->messages * (options->mischief->share[MISCHIEF_NEW_ID] > 0 ? 2 : 1);
    summary->answer_us = ARENA_ARRAY(arena, uint32_t, sendings);
    summary->reply_us = ARENA_ARRAY(arena, uint32_t, sendings);
    load->walkers = ARENA_ARRAY(arena, struct walker, summary->concurrency);
    for (unsigned i = 0; i < summary->concurrency; i++)
        load->walkers[i] = (struct walker){.load = load, .turn = load->plan.first[i], .arena = arena_new()};
    load->walking = summary->concurrency;
    open_lock(load);
}

static void close_load(struct load *load)
{
    struct load_summary *summary = load->summary;
    sendsms_stop(&load->sendsms);
    web_client_stop(&load->client);
    for (unsigned i = 0; i < summary->concurrency; i++)
        arena_free(&load->walkers[i].arena);
    pthread_cond_destroy(&load->ended);
    pthread_mutex_destroy(&load->lock);
    summary->seconds = (double)(load->last_us - load->start_us) / 1e6;
    summary->silent = summary->taken > summary->reply_times ? summary->taken - summary->reply_times : 0;
    qsort(summary->answer_us, summary->answers, sizeof(uint32_t), by_size);
    qsort(summary->reply_us, summary->reply_times, sizeof(uint32_t), by_size);
}

enum outcome load_run(const struct replay_options *options, struct arena *arena, const struct corpus *corpus, struct run *run,
                      struct load_summary *summary, struct err *err)
{
    struct load load = {.options = options, .corpus = corpus, .run = run, .summary = summary};
    struct sendsms_setup setup = {.listen = options->sendsms_listen, .mischief = options->mischief, .heard = heard, .context = &load};
    load.first = run_said_corpus(run, options, corpus);
    open_load(&load, arena);
    enum outcome outcome = options->sendsms_listen ? sendsms_start(&setup, &load.sendsms, err) : IS_DONE;
    if (outcome == IS_DONE)
        outcome = web_client_start(summary->concurrency * 2, &load.client, err);
    load.start_us = load.last_us = clock_us();
    if (outcome == IS_DONE) {
        for (unsigned i = 0; i < summary->concurrency; i++)
            web_client_post(load.client, walk, &load.walkers[i]);
        watch(&load);
    }
    close_load(&load);
    return outcome;
}

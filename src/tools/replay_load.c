/* Sends a corpus. `concurrency` walkers take the next text each, one message at a time; walker w serves the subscribers w,
 * w + concurrency, w + 2 * concurrency …, so one subscriber never has two messages under way, and their order holds.
 *
 *     to the hall:      POST ──200──▶ next       replies come in the answer, or to the stand-in's thread whenever they come
 *              └─503, broken─ pause ─┘
 *     through phones:   (inbox, once) ─▶ POST ──▶ inbox … until the reply is there ──▶ next
 *
 * Walkers live in the client's loop and need no lock among themselves; the stand-in's thread does, so what both touch is under one. A
 * reply belongs to its subscriber's oldest message without one: sendsms carries nothing that would tell. */
#include "tools/replay.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "sms/msisdn.h"
#include "web/client.h"

enum { HEAD_CHARACTERS = 12, DRAW_MS = 200, BAR = 30, REQUEST_TIMEOUT_MS = 30000, WAITING_MAX = 8 };

/* Messages of one subscriber that have no reply yet: a ring of their times. */
struct subscriber {
    uint64_t sent_us[WAITING_MAX];
    unsigned oldest, waiting;
    int64_t after; /* phones: how far the inbox was read; -1: not yet */
};

struct load;

struct walker {
    struct load *load;
    struct arena *arena; /* of one message */
    unsigned number, turn;
    struct view text, url;
    uint32_t subscriber;
    unsigned tries;
    uint64_t start_us;
};

struct load {
    const struct replay_options *options;
    const struct corpus *corpus;
    struct load_summary *summary;
    struct web_client *client;
    struct sendsms *sendsms;
    struct walker *walkers;
    struct subscriber *subscribers;
    uint64_t next, start_us;
    pthread_mutex_t lock; /* over the summary, the rings, and: */
    pthread_cond_t ended;
    unsigned walking;
    uint64_t waiting; /* messages without a reply, in all rings */
    uint64_t last_us; /* something came */
};

/* --- counting --- */

void load_count_head(struct load_summary *summary, struct view reply)
{
    char text[sizeof(summary->head[0].text)] = "";
    size_t size = 0, i = 0;
    for (unsigned n = 0; n < HEAD_CHARACTERS && i < reply.size; n++) {
        int32_t code = view_code_point(reply, &i);
        size += view_put_code_point(text + size, code < 0 ? 0xFFFD : code < ' ' ? ' ' : code);
    }
    size_t place = 0;
    while (place < summary->heads && strcmp(summary->head[place].text, text) != 0)
        place++;
    if (place >= HEADS_MAX - 1) {
        place = HEADS_MAX - 1;
        strcpy(text, "(others)");
    }
    if (place >= summary->heads) {
        memcpy(summary->head[place].text, text, sizeof(text));
        summary->heads = place + 1;
    }
    summary->head[place].count++;
}

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
static void note_sent(struct load *load, struct subscriber *subscriber, uint64_t now_us)
{
    pthread_mutex_lock(&load->lock);
    if (subscriber->waiting == WAITING_MAX)
        subscriber->oldest++;
    else {
        subscriber->waiting++;
        load->waiting++;
    }
    subscriber->sent_us[(subscriber->oldest + subscriber->waiting - 1) % WAITING_MAX] = now_us;
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
    pthread_mutex_lock(&load->lock);
    load->last_us = clock_us();
    summary->replies++;
    load_count_head(summary, text);
    uint64_t age_us = 0;
    bool is_found = false;
    while (subscriber->waiting && !is_found) {
        age_us = load->last_us - subscriber->sent_us[subscriber->oldest++ % WAITING_MAX];
        subscriber->waiting--;
        load->waiting--;
        is_found = age_us < (uint64_t)load->options->timeout_ms * 1000 || !subscriber->waiting;
    }
    if (is_found)
        summary->reply_us[summary->reply_times++] = (uint32_t)age_us;
    pthread_mutex_unlock(&load->lock);
}

/* The stand-in's thread: an MT for a subscriber of the pool, or for somebody else. */
static void heard(void *context, const struct reply *reply)
{
    struct load *load = context;
    uint64_t number;
    struct msisdn read = msisdn_read(reply->msisdn);
    if (view_number(view_of(read.digits), UINT64_MAX, &number) && number >= load->options->first &&
        number - load->options->first < load->options->subscribers)
        note_reply(load, &load->subscribers[number - load->options->first], reply->text);
}

/* --- one message --- */

static void walk(void *context);
static void send_message(void *context);

static struct view msisdn_of(const struct walker *walker)
{
    return arena_printf(walker->arena, "%" PRIu64, walker->load->options->first + walker->subscriber);
}

static void end_message(struct walker *walker, bool is_taken)
{
    struct load *load = walker->load;
    if (!is_taken)
        note_silent(load, &load->subscribers[walker->subscriber]);
    pthread_mutex_lock(&load->lock);
    *(is_taken ? &load->summary->taken : &load->summary->lost) += 1;
    pthread_mutex_unlock(&load->lock);
    walk(walker);
}

static void ask_inbox(struct walker *walker, unsigned wait_s, void (*done)(void *context, const struct web_response *response))
{
    struct load *load = walker->load;
    int64_t after = load->subscribers[walker->subscriber].after;
    struct view url = way_inbox_url(walker->arena, load->options, msisdn_of(walker), after < 0 ? 0 : after, wait_s);
    web_client_send(load->client,
                    &(struct web_call){
                        .method = "GET", .url = url.at, .timeout_ms = REQUEST_TIMEOUT_MS + wait_s * 1000, .done = done, .context = walker});
}

/* Reads what is new in an inbox, and gives how many replies that was; before the first message they are old ones. */
static size_t read_inbox(struct walker *walker, const struct web_response *response)
{
    struct subscriber *subscriber = &walker->load->subscribers[walker->subscriber];
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
        note_silent(walker->load, &walker->load->subscribers[walker->subscriber]);
    end_message(walker, true);
}

/* 200: the hall has it. The reply is in the answer, or comes to the stand-in; from phones it is asked for. */
static void message_taken(struct walker *walker, struct view body)
{
    struct load *load = walker->load;
    struct subscriber *subscriber = &load->subscribers[walker->subscriber];
    if (load->options->smsc) {
        ask_inbox(walker, 1, inbox_came);
        return;
    }
    if (body.size)
        note_reply(load, subscriber, body);
    else if (!load->sendsms)
        note_silent(load, subscriber);
    end_message(walker, true);
}

static void answered(void *context, const struct web_response *response)
{
    struct walker *walker = context;
    struct load *load = walker->load;
    note_answer(load, walker->start_us, response);
    if (response->outcome == IS_DONE && (response->status == 200 || response->status == 202)) {
        message_taken(walker, response->body);
    } else if ((response->outcome == IS_DONE && response->status != 503) || walker->tries > load->options->retries) {
        end_message(walker, false);
    } else {
        pthread_mutex_lock(&load->lock);
        load->summary->retried++;
        pthread_mutex_unlock(&load->lock);
        web_client_after(load->client, load->options->retry_pause_ms, send_message, walker);
    }
}

/* Sends it, or sends it again with the same id. */
static void send_message(void *context)
{
    struct walker *walker = context;
    struct load *load = walker->load;
    if (walker->tries++ == 0) {
        walker->start_us = clock_us();
        note_sent(load, &load->subscribers[walker->subscriber], walker->start_us);
    }
    web_client_send(load->client, &(struct web_call){.method = "POST",
                                                     .url = walker->url.at,
                                                     .body = walker->text,
                                                     .headers = way_mo_headers,
                                                     .timeout_ms = REQUEST_TIMEOUT_MS,
                                                     .done = answered,
                                                     .context = walker});
}

/* --- walking --- */

static void stop_walking(struct load *load)
{
    pthread_mutex_lock(&load->lock);
    load->walking--;
    pthread_cond_signal(&load->ended);
    pthread_mutex_unlock(&load->lock);
}

/* w, w + concurrency, w + 2 * concurrency …, and from the start again. */
static uint32_t next_subscriber(struct walker *walker)
{
    uint64_t number = walker->number + (uint64_t)walker->turn++ * walker->load->summary->concurrency;
    if (number < walker->load->options->subscribers)
        return (uint32_t)number;
    walker->turn = 1;
    return walker->number;
}

static void begin_message(void *context)
{
    struct walker *walker = context;
    struct load *load = walker->load;
    char id[MESSAGE_ID_SIZE];
    walker->subscriber = next_subscriber(walker);
    walker->tries = 0;
    way_new_id(id);
    walker->url = load->options->smsc ? way_phone_url(walker->arena, load->options, msisdn_of(walker), load->options->to)
                                      : way_mo_url(walker->arena, load->options, view_of(id), msisdn_of(walker), load->options->to);
    if (load->options->smsc && load->subscribers[walker->subscriber].after < 0)
        ask_inbox(walker, 0, inbox_known);
    else
        send_message(walker);
}

/* The next text, when its time has come. */
static void walk(void *context)
{
    struct walker *walker = context;
    struct load *load = walker->load;
    if (load->next == load->summary->messages) {
        stop_walking(load);
        return;
    }
    arena_reset(walker->arena);
    uint64_t number = load->next++, now = clock_us();
    walker->text = load->corpus->text[number % load->corpus->count];
    uint64_t due = load->options->rate > 0 ? load->start_us + (uint64_t)((double)number * 1e6 / load->options->rate) : now;
    if (due > now)
        web_client_after(load->client, (due - now) / 1000, begin_message, walker);
    else
        begin_message(walker);
}

/* --- watching --- */

static void draw(struct load *load)
{
    char bar[BAR + 1];
    const struct load_summary *summary = load->summary;
    uint64_t done = summary->taken + summary->lost;
    size_t filled = (size_t)(done * BAR / summary->messages);
    double seconds = (double)(clock_us() - load->start_us) / 1e6;
    memset(bar, '.', BAR);
    memset(bar, '#', filled);
    bar[BAR] = '\0';
    fprintf(stderr, "\r[%s] %llu/%llu, %.0f a second, %llu without reply ", bar, (unsigned long long)done,
            (unsigned long long)summary->messages, (double)done / seconds, (unsigned long long)load->waiting);
}

/* All are sent, and their replies have come, or none has come for a while. Call it under the lock. */
static bool is_over(const struct load *load)
{
    return load->walking == 0 && (load->waiting == 0 || clock_us() - load->last_us > (uint64_t)load->options->timeout_ms * 1000);
}

static void watch(struct load *load)
{
    bool is_seen = isatty(STDERR_FILENO);
    pthread_mutex_lock(&load->lock);
    while (!is_over(load)) {
        uint64_t due_us = clock_us() + (uint64_t)DRAW_MS * 1000;
        struct timespec due = {(time_t)(due_us / 1000000), (long)(due_us % 1000000) * 1000};
        pthread_cond_timedwait(&load->ended, &load->lock, &due);
        if (is_seen)
            draw(load);
    }
    pthread_mutex_unlock(&load->lock);
    if (is_seen)
        fputs("\r\033[K", stderr);
}

/* --- the whole --- */

enum outcome corpus_read(struct arena *arena, struct view name, struct view content, struct corpus *corpus, struct err *err)
{
    size_t lines = 1;
    int line = 0;
    for (size_t i = 0; i < content.size; i++)
        lines += content.at[i] == '\n';
    *corpus = (struct corpus){.text = ARENA_ARRAY(arena, struct view, lines)};
    while (content.size) {
        struct view row = view_cut(&content, '\n');
        line++;
        if (row.size && row.at[row.size - 1] == '\r')
            row.size--;
        if (row.size && !memchr(row.at, '\t', row.size))
            return err_refused(err, "%.*s:%d: no tab between id and text", VIEW_ARG(name), line);
        if (!row.size)
            continue;
        view_cut(&row, '\t');
        corpus->text[corpus->count++] = row;
    }
    return IS_DONE;
}

static int by_size(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

static int by_count(const void *a, const void *b)
{
    uint64_t left = ((const struct head *)a)->count, right = ((const struct head *)b)->count;
    return left > right ? -1 : left < right;
}

static void open_load(struct load *load, struct arena *arena)
{
    struct load_summary *summary = load->summary;
    const struct replay_options *options = load->options;
    pthread_condattr_t attributes;
    *summary = (struct load_summary){.messages = (uint64_t)load->corpus->count * options->repeat};
    summary->concurrency = options->concurrency < options->subscribers ? options->concurrency : options->subscribers;
    summary->answer_us = ARENA_ARRAY(arena, uint32_t, summary->messages);
    summary->reply_us = ARENA_ARRAY(arena, uint32_t, summary->messages);
    load->subscribers = ARENA_ARRAY(arena, struct subscriber, options->subscribers);
    for (unsigned i = 0; i < options->subscribers; i++)
        load->subscribers[i].after = -1;
    load->walkers = ARENA_ARRAY(arena, struct walker, summary->concurrency);
    for (unsigned i = 0; i < summary->concurrency; i++)
        load->walkers[i] = (struct walker){.load = load, .number = i, .arena = arena_new()};
    load->walking = summary->concurrency;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&load->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&load->lock, NULL);
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
    qsort(summary->head, summary->heads, sizeof(struct head), by_count);
}

enum outcome load_run(const struct replay_options *options, struct arena *arena, const struct corpus *corpus, struct load_summary *summary,
                      struct err *err)
{
    struct load load = {.options = options, .corpus = corpus, .summary = summary};
    struct sendsms_setup setup = {.listen = options->sendsms_listen, .heard = heard, .context = &load};
    open_load(&load, arena);
    enum outcome outcome = options->sendsms_listen ? sendsms_start(&setup, &load.sendsms, err) : IS_DONE;
    if (outcome == IS_DONE)
        outcome = web_client_start(summary->concurrency, &load.client, err);
    load.start_us = load.last_us = clock_us();
    if (outcome == IS_DONE) {
        for (unsigned i = 0; i < summary->concurrency; i++)
            web_client_post(load.client, walk, &load.walkers[i]);
        watch(&load);
    }
    close_load(&load);
    return outcome;
}

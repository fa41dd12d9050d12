/* Ways to a hall for a talk, which goes step by step and waits at each. Replies come at any time and for any of its subscribers: by
 * an HTTP answer, by the stand-in's thread, or out of a phone's inbox. All of them go through one mailbox, in which way_hear looks for
 * the first one of its subscriber. */
#include "tools/replay.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "sms/msisdn.h"
#include "web/client.h"

enum { POLL_MS = 50, REQUEST_TIMEOUT_MS = 30000, CUT_MS = 8 };

struct letter {
    struct reply reply;
    struct letter *next;
    char bytes[];
};

/* How far a phone's inbox was read. */
struct cursor {
    struct view msisdn;
    int64_t after;
    struct cursor *next;
};

struct way {
    const struct replay_options *options;
    uint64_t start_us, said; /* messages */
    struct sendsms *sendsms;
    struct arena *arena;
    struct cursor *cursors;
    pthread_mutex_t lock;
    pthread_cond_t came;
    struct letter *first, **end; /* under the lock */
};

/* --- the mailbox --- */

static struct view put_bytes(char **at, struct view v)
{
    struct view copy = {*at, v.size};
    if (v.size)
        memcpy(*at, v.at, v.size);
    *at += v.size;
    return copy;
}

static void mailbox_put(void *context, const struct reply *reply)
{
    struct way *way = context;
    struct letter *letter = malloc(sizeof(*letter) + reply->msisdn.size + reply->port.size + reply->text.size);
    if (!letter)
        abort();
    char *at = letter->bytes;
    letter->reply.msisdn = put_bytes(&at, reply->msisdn);
    letter->reply.port = put_bytes(&at, reply->port);
    letter->reply.text = put_bytes(&at, reply->text);
    letter->next = NULL;
    pthread_mutex_lock(&way->lock);
    *way->end = letter;
    way->end = &letter->next;
    pthread_cond_broadcast(&way->came);
    pthread_mutex_unlock(&way->lock);
}

/* Takes the subscriber's first letter out; NULL: there is none. Call it under the lock. */
static struct letter *mailbox_take(struct way *way, struct view msisdn)
{
    for (struct letter **link = &way->first; *link; link = &(*link)->next)
        if (view_equal((*link)->reply.msisdn, msisdn)) {
            struct letter *letter = *link;
            *link = letter->next;
            if (!*link)
                way->end = link;
            return letter;
        }
    return NULL;
}

static bool mailbox_hear(struct way *way, struct arena *arena, struct view msisdn, struct reply *reply)
{
    struct letter *letter = mailbox_take(way, msisdn);
    if (!letter)
        return false;
    *reply = (struct reply){
        .msisdn = arena_copy(arena, letter->reply.msisdn),
        .port = arena_copy(arena, letter->reply.port),
        .text = arena_copy(arena, letter->reply.text),
    };
    free(letter);
    return true;
}

/* --- requests --- */

void way_new_id(char id[MESSAGE_ID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char random[16];
    size_t size = 0;
    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        abort();
    random[6] = (random[6] & 0x0F) | 0x40; /* a UUID of version 4 */
    random[8] = (random[8] & 0x3F) | 0x80;
    for (size_t i = 0; i < sizeof(random); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            id[size++] = '-';
        id[size++] = digits[random[i] >> 4];
        id[size++] = digits[random[i] & 15];
    }
    id[size] = '\0';
}

struct view way_subscriber(struct arena *arena, struct view msisdn)
{
    struct msisdn read = msisdn_read(msisdn);
    return arena_copy(arena, read.kind == MSISDN_MOBILE ? view_of(read.digits) : msisdn);
}

static void add_field(struct text *url, const char *name, struct view value)
{
    text_addf(url, "%s=", name);
    text_add_url(url, value);
}

static struct view keep(struct arena *arena, struct text *url)
{
    struct view kept = arena_copy(arena, text_view(url));
    text_free(url);
    return kept;
}

/* As smsbox with mo-recode sends every text: coding 0, UTF-8 (kannel.md §1). */
const char *const way_mo_headers[] = {"Content-Type: text/plain; charset=\"UTF-8\"", NULL};

struct view way_mo_url(struct arena *arena, const struct replay_options *options, struct view id, struct view from, struct view to,
                       int64_t time_s)
{
    struct text url = {0};
    text_addf(&url, "%s/kannel/mo?id=%.*s&coding=0&charset=UTF-8&smsc=replay&udh=&time=%lld", options->hall, VIEW_ARG(id),
              (long long)time_s);
    add_field(&url, "&from", from);
    add_field(&url, "&to", to);
    if (options->token.size)
        add_field(&url, "&token", options->token);
    return keep(arena, &url);
}

struct view way_phone_url(struct arena *arena, const struct replay_options *options, struct view from, struct view to)
{
    struct text url = {0};
    text_addf(&url, "%s/phone/send", options->smsc);
    add_field(&url, "?from", from);
    add_field(&url, "&to", to);
    return keep(arena, &url);
}

struct view way_inbox_url(struct arena *arena, const struct replay_options *options, struct view msisdn, int64_t after, unsigned wait_s)
{
    struct text url = {0};
    text_addf(&url, "%s/phone/inbox", options->smsc);
    add_field(&url, "?msisdn", msisdn);
    text_addf(&url, "&after=%lld&wait=%u", (long long)after, wait_s);
    return keep(arena, &url);
}

static void sleep_ms(unsigned ms)
{
    nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * 1000000}, NULL);
}

/* Asks as Kannel does: again after a constant pause, the same request, until it is taken or refused. The first time may be cut short. */
static enum outcome ask_until_taken(struct way *way, struct arena *arena, const struct web_call *call, unsigned first_timeout_ms,
                                    struct web_response *response, struct err *err)
{
    struct web_call first = *call;
    first.timeout_ms = first_timeout_ms;
    for (unsigned try = 0;; try++) {
        *response = web_fetch(arena, try ? call : &first);
        if (response->outcome == IS_DONE && (response->status == 200 || response->status == 202))
            return IS_DONE;
        if (response->outcome == IS_DONE && response->status != 503)
            return err_refused(err, "the message was answered %u %.*s", response->status, VIEW_ARG(view_trim(response->body)));
        if (try == way->options->retries)
            break;
        sleep_ms(way->options->retry_pause_ms);
    }
    if (response->outcome == IS_DONE)
        return err_failed(err, "the message is lost: answered 503, %u times", way->options->retries + 1);
    return err_failed(err, "the message is lost: %s, %u times", response->reason, way->options->retries + 1);
}

/* --- saying --- */

/* When the message's turn has come at the rate that is wanted. */
static void wait_for_turn(const struct way *way)
{
    uint64_t now = clock_us(), due = now;
    if (way->options->rate > 0)
        due = way->start_us + (uint64_t)((double)way->said * 1e6 / way->options->rate);
    if (due > now)
        sleep_ms((unsigned)((due - now) / 1000));
}

/* The message is on the way. */
static void hold_up(const struct way *way)
{
    struct mischief *mischief = way->options->mischief;
    if (mischief_strikes(mischief, MISCHIEF_DELAY, way->said))
        sleep_ms(mischief_draw(mischief, MISCHIEF_DELAY, way->said, mischief->delay_ms));
}

static unsigned time_for(const struct way *way)
{
    struct mischief *mischief = way->options->mischief;
    return mischief_strikes(mischief, MISCHIEF_CUT, way->said) ? 1 + mischief_draw(mischief, MISCHIEF_CUT, way->said, CUT_MS)
                                                               : REQUEST_TIMEOUT_MS;
}

/* What a repeat is answered must be what the message was answered, or nothing (rules D6). */
static enum outcome say_again(struct way *way, struct arena *arena, const struct web_call *call, struct view answer, struct err *err)
{
    if (!mischief_strikes(way->options->mischief, MISCHIEF_SAME_ID, way->said))
        return IS_DONE;
    struct web_response response = web_fetch(arena, call);
    if (response.outcome != IS_DONE || !response.body.size || view_equal(response.body, answer))
        return IS_DONE;
    return err_refused(err, "its repeat was answered otherwise: %.*s", VIEW_ARG(response.body));
}

static enum outcome say_to_hall(struct way *way, struct arena *arena, const struct talk_event *said, struct err *err)
{
    char id[MESSAGE_ID_SIZE];
    struct web_response response;
    way_new_id(id);
    struct web_call call = {
        .method = "POST",
        .url = way_mo_url(arena, way->options, view_of(id), said->msisdn, said->port, clock_unix_s()).at,
        .body = said->text,
        .headers = way_mo_headers,
        .timeout_ms = REQUEST_TIMEOUT_MS,
    };
    hold_up(way);
    enum outcome outcome = ask_until_taken(way, arena, &call, time_for(way), &response, err);
    struct reply reply = {way_subscriber(arena, said->msisdn), said->port, response.body};
    if (outcome == IS_DONE && reply.text.size)
        mailbox_put(way, &reply);
    return outcome == IS_DONE ? say_again(way, arena, &call, response.body, err) : outcome;
}

static enum outcome say_by_phone(struct way *way, struct arena *arena, const struct talk_event *said, struct err *err)
{
    struct web_response response;
    struct web_call call = {
        .method = "POST",
        .url = way_phone_url(arena, way->options, said->msisdn, said->port).at,
        .body = said->text,
        .headers = way_mo_headers,
        .timeout_ms = REQUEST_TIMEOUT_MS,
    };
    hold_up(way);
    return ask_until_taken(way, arena, &call, REQUEST_TIMEOUT_MS, &response, err);
}

enum outcome way_say(struct way *way, const struct talk_event *said, struct err *err)
{
    struct arena *arena = arena_new();
    wait_for_turn(way);
    enum outcome outcome = way->options->smsc ? say_by_phone(way, arena, said, err) : say_to_hall(way, arena, said, err);
    way->said++;
    arena_free(&arena);
    return outcome;
}

/* --- hearing --- */

static struct cursor *cursor_of(struct way *way, struct view msisdn)
{
    struct cursor *cursor = way->cursors;
    while (cursor && !view_equal(cursor->msisdn, msisdn))
        cursor = cursor->next;
    if (!cursor) {
        cursor = ARENA_NEW(way->arena, struct cursor);
        *cursor = (struct cursor){.msisdn = arena_copy(way->arena, msisdn), .next = way->cursors};
        way->cursors = cursor;
    }
    return cursor;
}

/* Carries what is new in the phone's inbox into the mailbox; waits for it at most wait_s. */
static void empty_inbox(struct way *way, struct view msisdn, unsigned wait_s)
{
    struct arena *arena = arena_new();
    struct cursor *cursor = cursor_of(way, msisdn);
    struct web_call call = {
        .method = "GET",
        .url = way_inbox_url(arena, way->options, msisdn, cursor->after, wait_s).at,
        .timeout_ms = REQUEST_TIMEOUT_MS + wait_s * 1000,
    };
    struct web_response response = web_fetch(arena, &call);
    json_t *inbox = response.outcome == IS_DONE && response.status == 200 ? json_read(response.body, NULL) : NULL;
    const json_t *message;
    size_t i;
    json_array_foreach(json_object_get(inbox, "messages"), i, message)
    {
        cursor->after = json_int(message, "n", cursor->after);
        mailbox_put(way, &(struct reply){msisdn, json_text(message, "from"), json_text(message, "text")});
    }
    json_decref(inbox);
    arena_free(&arena);
}

static bool hear_by_phone(struct way *way, struct arena *arena, struct view msisdn, uint64_t due_us, struct reply *reply)
{
    while (!mailbox_hear(way, arena, msisdn, reply)) {
        uint64_t now = clock_us();
        if (now >= due_us)
            return false;
        unsigned wait_s = (unsigned)((due_us - now) / 1000000);
        empty_inbox(way, msisdn, wait_s);
        if (wait_s == 0)
            sleep_ms(POLL_MS);
    }
    return true;
}

static bool hear_by_mailbox(struct way *way, struct arena *arena, struct view msisdn, uint64_t due_us, struct reply *reply)
{
    struct timespec due = {(time_t)(due_us / 1000000), (long)(due_us % 1000000) * 1000};
    bool is_heard, is_late = false;
    pthread_mutex_lock(&way->lock);
    while (!(is_heard = mailbox_hear(way, arena, msisdn, reply)) && !is_late)
        is_late = pthread_cond_timedwait(&way->came, &way->lock, &due) != 0;
    pthread_mutex_unlock(&way->lock);
    return is_heard;
}

bool way_hear(struct way *way, struct arena *arena, struct view msisdn, unsigned within_ms, struct reply *reply)
{
    struct view subscriber = way_subscriber(arena, msisdn);
    uint64_t due_us = clock_us() + (uint64_t)within_ms * 1000;
    return way->options->smsc ? hear_by_phone(way, arena, subscriber, due_us, reply)
                              : hear_by_mailbox(way, arena, subscriber, due_us, reply);
}

unsigned way_quiet_ms(const struct way *way)
{
    return way->options->smsc || way->sendsms ? way->options->quiet_ms : 0;
}

void way_forget(struct way *way, const struct talk *talk)
{
    struct arena *arena = arena_new();
    for (size_t i = 0; i < talk->count; i++) {
        struct view msisdn = way_subscriber(arena, talk->event[i].msisdn);
        struct letter *letter;
        if (way->options->smsc && talk->event[i].kind != TALK_WAITS)
            empty_inbox(way, msisdn, 0);
        pthread_mutex_lock(&way->lock);
        while ((letter = mailbox_take(way, msisdn)))
            free(letter);
        pthread_mutex_unlock(&way->lock);
    }
    arena_free(&arena);
}

/* --- opening and closing --- */

/* due times are of the monotonic clock, clock_us's. */
static void open_mailbox(struct way *way)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&way->came, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&way->lock, NULL);
    way->end = &way->first;
}

enum outcome way_open(const struct replay_options *options, struct way **way, struct err *err)
{
    struct sendsms_setup setup = {.listen = options->sendsms_listen, .mischief = options->mischief, .heard = mailbox_put};
    struct way *new = calloc(1, sizeof(*new));
    if (!new)
        abort();
    new->options = options;
    new->start_us = clock_us();
    new->arena = arena_new();
    open_mailbox(new);
    setup.context = new;
    enum outcome outcome = options->sendsms_listen ? sendsms_start(&setup, &new->sendsms, err) : IS_DONE;
    if (outcome == IS_DONE)
        *way = new;
    else
        way_close(&new);
    return outcome;
}

void way_close(struct way **way)
{
    sendsms_stop(&(*way)->sendsms);
    while ((*way)->first) {
        struct letter *letter = (*way)->first;
        (*way)->first = letter->next;
        free(letter);
    }
    pthread_cond_destroy(&(*way)->came);
    pthread_mutex_destroy(&(*way)->lock);
    arena_free(&(*way)->arena);
    free(*way);
    *way = NULL;
}

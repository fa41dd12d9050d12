/* Nothing here keeps order or counts tries: the store does. It gives out only the first waiting event of a stream, and at most a few of one
 * hook to all halls together, and by the status it decides what comes next. So whatever is claimed is sent at once, and a hook that hangs
 * holds a few of many seats until its requests are timed out, and nobody else waits for it.
 *
 * What is left is pace. A look into the store follows each claim that found something, each settled event (the next of its stream may go
 * now), each wake, and each second. Looks that are wanted while one is under way become one. A look is made in the client's loop alone;
 * answers of the store come on a lane's thread, and are passed on. */
#include "gateway/webhook.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/json.h"
#include "base/log.h"
#include "base/secret.h"

enum {
    POLL_MS = 1000,
    WAKE_MS = 50, /* many wakes within it are one look */
    STOP_WAIT_MS = 5000,
};

struct webhook {
    struct webhook_setup setup;
    atomic_size_t events; /* claimed and not settled */
    atomic_bool is_claiming, is_woken, is_stopping;
    bool is_look_wanted; /* as soon as the claim under way is answered */
    struct histogram *latency;
};

/* One event on its way. All of it lives in its arena. */
struct event {
    struct event *next; /* of those claimed together */
    struct webhook *webhook;
    struct arena *arena;
    struct view msisdn, id, claims; /* what the store knows it by */
    struct view uuid, hook, kind, body;
    const char *url;
    const char *headers[5];
    const char *fault; /* why it cannot be sent; else NULL */
    char host[HOST_SIZE];
    uint64_t sent_us;
    struct lane_call settle;
};

static void event_free(struct event *event)
{
    struct arena *arena = event->arena;
    atomic_fetch_sub(&event->webhook->events, 1);
    arena_free(&arena);
}

/* --- what the store gave --- */

/* "v1,<base64>" for each key, a blank between. False: there is no key, or one is none. */
static bool add_signatures(const struct event *event, struct view timestamp, const json_t *keys, struct text *header)
{
    const struct view part[] = {event->uuid, VIEW("."), timestamp, VIEW("."), event->body};
    char signature[SIGNATURE_SIZE];
    size_t i;
    json_t *key;
    json_array_foreach(keys, i, key)
    {
        struct view base64 = {json_string_value(key), json_string_length(key)};
        if (!secret_sign(base64, sizeof(part) / sizeof(*part), part, signature))
            return false;
        text_addf(header, "%sv1,%s", i ? " " : "", signature);
    }
    return json_array_size(keys) > 0;
}

static void event_sign(struct event *event, const json_t *keys)
{
    struct view timestamp = arena_printf(event->arena, "%lld", (long long)clock_unix_s());
    struct text header = {0};
    text_add(&header, VIEW("webhook-signature: "));
    if (!add_signatures(event, timestamp, keys, &header))
        event->fault = "the hook has no key to sign with";
    event->headers[0] = "Content-Type: application/json";
    event->headers[1] = arena_printf(event->arena, "webhook-id: %.*s", VIEW_ARG(event->uuid)).at;
    event->headers[2] = arena_printf(event->arena, "webhook-timestamp: %.*s", VIEW_ARG(timestamp)).at;
    event->headers[3] = arena_string(event->arena, text_view(&header));
    text_free(&header);
}

static struct event *event_new(struct webhook *webhook, const json_t *claimed)
{
    struct arena *arena = arena_new_small();
    struct event *event = ARENA_NEW(arena, struct event);
    *event = (struct event){
        .webhook = webhook,
        .arena = arena,
        .msisdn = arena_copy(arena, json_text(claimed, "msisdn")),
        .id = arena_copy(arena, json_text(claimed, "id")),
        .claims = arena_printf(arena, "%lld", (long long)json_int(claimed, "claims", 0)),
        .uuid = arena_copy(arena, json_text(claimed, "uuid")),
        .hook = arena_copy(arena, json_text(claimed, "hook")),
        .kind = arena_copy(arena, json_text(claimed, "kind")),
        .body = arena_copy(arena, json_text(claimed, "body")),
        .url = arena_string(arena, json_text(claimed, "url")),
    };
    web_url_host(event->url, event->host);
    event_sign(event, json_object_get(claimed, "keys"));
    atomic_fetch_add(&webhook->events, 1);
    return event;
}

/* --- how it ended --- */

static void look_in_loop(void *context);

static void settled(struct lane_call *call, const struct lane_answer *answer)
{
    struct event *event = call->context;
    struct webhook *webhook = event->webhook;
    if (answer->outcome != IS_DONE)
        log_event(LOG_ERROR, "event_not_settled", LOG_TEXT("id", event->uuid), LOG_MSISDN("msisdn", event->msisdn),
                  LOG_STR("error", answer->fault ? answer->fault->text : "the store is away"));
    event_free(event);
    web_client_post(webhook->setup.client, look_in_loop, webhook);
}

/* Only the host: an address's path and query may be somebody's secret, and the body is what a subscriber did. */
static void event_log(const struct event *event, unsigned status, const char *reason)
{
    const char *labels = reason ? "result=\"failed\"" : "result=\"delivered\"";
    counter_add(counter_get("smshall_events_total", "Tries to tell a webhook of an event, by how they ended.", labels), 1);
    histogram_add(event->webhook->latency, clock_us() - event->sent_us);
    log_event(reason ? LOG_WARN : LOG_INFO, "event", LOG_TEXT("id", event->uuid), LOG_MSISDN("msisdn", event->msisdn),
              LOG_TEXT("kind", event->kind), LOG_TEXT("hook", event->hook), LOG_STR("host", event->host), LOG_INT("status", status),
              LOG_STR("reason", reason ? reason : ""), LOG_INT("us", (int64_t)(clock_us() - event->sent_us)));
}

/* A note is owed: it is kept until the store takes it. */
static void event_settle(struct event *event, unsigned status, const char *reason)
{
    struct lane_call *call = &event->settle;
    event_log(event, status, reason);
    *call = (struct lane_call){.function = API_SETTLE_EVENT, .is_owed = true, .done = settled, .context = event};
    view_number(event->msisdn, UINT64_MAX, &call->key);
    call->parameter[EVENT_MSISDN] = event->msisdn;
    call->parameter[EVENT_ID] = event->id;
    call->parameter[EVENT_CLAIMS] = event->claims;
    call->parameter[EVENT_STATUS] = arena_printf(event->arena, "%u", status);
    call->parameter[EVENT_REASON] = reason ? arena_copy(event->arena, view_of(reason)) : VIEW_NONE;
    if (lanes_submit(event->webhook->setup.lanes, call) != IS_DONE)
        settled(call, &(struct lane_answer){.outcome = IS_FAILED});
}

static void answered(void *context, const struct web_response *response)
{
    struct event *event = context;
    char reason[32];
    if (response->outcome != IS_DONE && atomic_load(&event->webhook->is_stopping)) {
        event_free(event); /* we cut it, which is not the hook's fault: its lease runs out and it is told again */
    } else if (response->outcome != IS_DONE) {
        event_settle(event, 0, response->reason);
    } else if (response->status / 100 == 2) {
        event_settle(event, response->status, NULL);
    } else {
        snprintf(reason, sizeof(reason), "%s %u", response->status / 100 == 3 ? "a redirect," : "answered", response->status);
        event_settle(event, response->status, reason);
    }
}

static void event_send(struct event *event)
{
    const struct web_call call = {.method = "POST",
                                  .url = event->url,
                                  .body = event->body,
                                  .headers = event->headers,
                                  .timeout_ms = event->webhook->setup.timeout_ms,
                                  .done = answered,
                                  .context = event};
    event->sent_us = clock_us();
    if (event->fault)
        event_settle(event, 0, event->fault);
    else
        web_client_send(event->webhook->setup.client, &call);
}

/* --- looks into the store --- */

struct claiming {
    struct lane_call call;
    struct webhook *webhook;
    struct event *first, **last; /* what was claimed */
    char most_text[16], lease_text[16];
};

static void look(struct webhook *webhook);

static void claim_in_loop(void *context)
{
    struct claiming *claiming = context;
    struct webhook *webhook = claiming->webhook;
    bool is_more = claiming->first != NULL || webhook->is_look_wanted;
    for (struct event *event = claiming->first, *next; event; event = next) {
        next = event->next;
        event_send(event);
    }
    free(claiming);
    webhook->is_look_wanted = false;
    atomic_store(&webhook->is_claiming, false);
    if (is_more)
        look(webhook);
}

/* On the lane's thread: signed here, so that the loop only sends. */
static void claimed(struct lane_call *call, const struct lane_answer *answer)
{
    struct claiming *claiming = call->context;
    struct err err = {{0}};
    json_t *events = answer->outcome == IS_DONE ? json_read(answer->value, &err) : NULL;
    if (answer->outcome == IS_REFUSED || *err.text)
        log_event(LOG_ERROR, "claim_events_failed", LOG_STR("error", answer->fault ? answer->fault->text : err.text));
    size_t i;
    json_t *found;
    json_array_foreach(events, i, found)
    {
        struct event *event = event_new(claiming->webhook, found);
        *claiming->last = event;
        claiming->last = &event->next;
    }
    json_decref(events);
    web_client_post(claiming->webhook->setup.client, claim_in_loop, claiming);
}

static void claim(struct webhook *webhook, size_t most)
{
    struct claiming *claiming = calloc(1, sizeof(*claiming));
    assert(claiming);
    claiming->webhook = webhook;
    claiming->last = &claiming->first;
    snprintf(claiming->most_text, sizeof(claiming->most_text), "%zu", most);
    snprintf(claiming->lease_text, sizeof(claiming->lease_text), "%u", webhook->setup.lease_s);
    /* The key sorts it behind what is settled in the same batch, which may let others go. */
    claiming->call =
        (struct lane_call){.function = API_CLAIM_EVENTS, .key = UINT64_MAX, .is_urgent = true, .done = claimed, .context = claiming};
    claiming->call.parameter[CLAIM_MOST] = view_of(claiming->most_text);
    claiming->call.parameter[CLAIM_LEASE_S] = view_of(claiming->lease_text);
    atomic_store(&webhook->is_claiming, true);
    if (lanes_submit(webhook->setup.lanes, &claiming->call) == IS_DONE)
        return;
    atomic_store(&webhook->is_claiming, false);
    free(claiming);
}

/* Not while notes of ours wait for a store that was away: what they say is delivered still looks waiting there. */
static void look(struct webhook *webhook)
{
    size_t events = atomic_load(&webhook->events);
    if (atomic_load(&webhook->is_claiming))
        webhook->is_look_wanted = true;
    else if (!atomic_load(&webhook->is_stopping) && events < WEBHOOK_CALLS_MAX && lanes_kept(webhook->setup.lanes) == 0)
        claim(webhook, WEBHOOK_CALLS_MAX - events);
}

static void look_in_loop(void *context)
{
    look(context);
}

static void wake_in_loop(void *context)
{
    struct webhook *webhook = context;
    atomic_store(&webhook->is_woken, false);
    look(webhook);
}

static void tick(void *context)
{
    struct webhook *webhook = context;
    look(webhook);
    web_client_after(webhook->setup.client, POLL_MS, tick, webhook);
}

/* --- the public face --- */

struct webhook *webhook_start(const struct webhook_setup *setup)
{
    struct webhook *webhook = calloc(1, sizeof(*webhook));
    assert(webhook && setup->lease_s * UINT64_C(1000) > setup->timeout_ms);
    webhook->setup = *setup;
    webhook->latency = histogram_get("smshall_event_seconds", "From a webhook's request to its answer, or to none.", "");
    web_client_after(setup->client, 1, tick, webhook);
    return webhook;
}

void webhook_wake(struct webhook *webhook)
{
    if (!atomic_exchange(&webhook->is_woken, true))
        web_client_after(webhook->setup.client, WAKE_MS, wake_in_loop, webhook);
}

size_t webhook_waiting(const struct webhook *webhook)
{
    return atomic_load(&webhook->events);
}

void webhook_drain(struct webhook *webhook)
{
    atomic_store(&webhook->is_stopping, true);
    for (int ms = 0; (atomic_load(&webhook->is_claiming) || webhook_waiting(webhook) > 0) && ms < STOP_WAIT_MS; ms += 10)
        usleep(10000);
}

void webhook_free(struct webhook **webhook)
{
    free(*webhook);
    *webhook = NULL;
}

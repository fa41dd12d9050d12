/* The webhook sender tells providers and network elements what happened: it claims events from the store, signs them (Standard Webhooks),
 * posts them, and notes in the store how that ended. It keeps nothing that matters: what is not noted is claimed again when its lease is
 * over, by this daemon or another, and told once more with the same id (rules B7).
 *
 *   hall.claim_events ──▶ POST, signed ──▶ hall.settle_event: the HTTP status, 0 when no answer came
 *          ▲                                   │ the store decides by it: delivered, a later try, dead, gone
 *          └──── at once while there is more ──┘ and who comes next in the stream
 *
 * A request carries webhook-id (the same at each try), webhook-timestamp (Unix seconds of this try) and webhook-signature: for each key of
 * the hook `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64, a blank between. 2xx means taken; everything else, redirects
 * too, means not taken. */
#ifndef GATEWAY_WEBHOOK_H
#define GATEWAY_WEBHOOK_H

#include "store/lanes.h"
#include "web/client.h"

struct webhook;

/* So many requests are under way at most: as many connections the client must have. */
enum { WEBHOOK_CALLS_MAX = 128 };

struct webhook_setup {
    struct lanes *lanes; /* not those of messages: nobody who texts waits for events */
    struct web_client
        *client;         /* the sender's own, so that hooks which hang take no seat from sendsms; its loop is where the sender lives */
    unsigned lease_s;    /* the store leaves an event to us for so long */
    unsigned timeout_ms; /* of one request; well under lease_s */
};

/* Copies setup. Looks into the store at once, and then every second. */
struct webhook *webhook_start(const struct webhook_setup *setup);

/* Something has happened that others may have to be told: it looks soon, in less than a second. From any thread. */
void webhook_wake(struct webhook *webhook);

/* Events claimed and not settled. */
size_t webhook_waiting(const struct webhook *webhook);

/* Claims no more and lets what is under way end, for a few seconds at most. Lanes and client must still run. */
void webhook_drain(struct webhook *webhook);

/* Frees it once lanes and client have stopped. NULL inside is fine. */
void webhook_free(struct webhook **webhook);

#endif

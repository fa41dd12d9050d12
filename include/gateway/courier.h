/* The courier brings replies to Kannel's sendsms, one subscriber's in their order, and settles each in the store with the exact text
 * that was sent. It keeps nothing that matters: a reply that cannot go now goes back to the store with a time to wait, and is claimed
 * from there again, by this daemon or another (DESIGN 1.7).
 *
 *   fresh from hall.receive ──▶ its subscriber's line ──▶ sendsms ──▶ settled: sent
 *            │                        ▲                      ├──▶ settled: dead        bad parameter
 *            │ backlog, or behind     │ claimed              ├──▶ back, for a while            not routable; unsure
 *            └──▶ back to the store ──┘                      └──▶ back, backlog until the store has no more    Kannel is away
 */
#ifndef GATEWAY_COURIER_H
#define GATEWAY_COURIER_H

#include "gateway/kannel.h"
#include "gateway/letter.h"
#include "grammar/current.h"
#include "store/lanes.h"
#include "web/client.h"

struct courier;

struct courier_setup {
    struct lanes *lanes;         /* those of messages: what is settled goes there */
    struct lanes *claim_lanes;   /* looks into the outbox take long: no message waits for one */
    struct web_client *client;   /* its loop is where the courier lives */
    struct current *current;     /* the grammar, for replies found in the store */
    const struct pepper *pepper; /* opens the secrets in them; NULL: there is none */
    struct kannel_account account;
    size_t parts_max;    /* SMS in one sendsms call: Kannel's max-messages */
    unsigned lease_s;    /* the store leaves a reply to us for so long */
    unsigned timeout_ms; /* of one sendsms call; well under lease_s */
};

/* Keeps what setup points to. Starts looking for what a crash left unsent at once. */
struct courier *courier_start(const struct courier_setup *setup);

/* Takes a fresh letter over. From any thread. */
void courier_take(struct courier *courier, struct letter *letter);

/* Settles a letter that went another way (inline: state "answered") or not at all ("dead" with a reason), and frees it. From any thread. */
void courier_settle(struct courier *courier, struct letter *letter, const char *state, const char *reason);

/* Letters held in memory. */
size_t courier_waiting(const struct courier *courier);

/* Lets what is under way end (for a few seconds at most) and gives the rest back to the store. Lanes and client must still run. */
void courier_drain(struct courier *courier);

/* Frees what is left once lanes and client have stopped. */
void courier_free(struct courier **courier);

#endif

/* Whose turn it is, where some messages take long to be made ready for the store: hashing a secret is slow on purpose (rules C3). That is
 * done by a few workers of low priority and never by a thread that serves others. A sender's later messages wait behind the one that is
 * made ready, so that they take effect in their order; nobody else's do, and when nobody is waited for it costs one look.
 *
 *   message ──▶ nothing to prove, nothing of this sender before it ────────────────────────────────────▶ go
 *      │                                                                                                 ▲ ▲
 *      ├──▶ a secret: its sender joins the row of those who wait for a worker ──▶ prove ─────────────────┘ │
 *      └──▶ its sender is in that row, or with a worker: behind his others ──▶ those are gone ────────────┘
 *
 * One secret of a sender is proved before he joins the row again, at its end: many from one do not hold up the others. */
#ifndef GATEWAY_TURNS_H
#define GATEWAY_TURNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct turns;

/* A message's turn. The caller owns it and keeps it alive until go() is called, once. */
struct turn {
    uint64_t key;                             /* the sender */
    enum outcome (*prove)(struct turn *turn); /* the slow work, on a worker's thread: takes no lock that others take. NULL: there is none */
    /* In the order of turns_take for each sender, on a thread of the turns or within turns_take. outcome: what prove gave; IS_FAILED also
     * when the turns were stopped before it was proved. */
    void (*go)(struct turn *turn, enum outcome outcome);
    void *context;
    struct turn *next; /* the turns' own */
};

/* senders_max: how many may wait for their secrets to be proved. */
struct turns *turns_start(unsigned workers, size_t senders_max);

/* IS_DONE: taken, go() will be called or was already. IS_FAILED: too many wait, or too many of this sender, or the turns have stopped: it
 * will not. From any thread. */
enum { TURNS_OF_ONE_MAX = 32 };
enum outcome turns_take(struct turns *turns, struct turn *turn);

/* Messages that wait, or are being proved. */
size_t turns_waiting(const struct turns *turns);

/* Lets the workers end what they are at, and lets go of what waits with IS_FAILED. */
void turns_stop(struct turns *turns);

/* Frees what turns_stop has stopped. NULL inside is fine. */
void turns_free(struct turns **turns);

#endif

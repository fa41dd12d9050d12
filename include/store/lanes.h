/* Lanes: one subscriber's calls keep their order, and many calls share one commit (DESIGN 1.4).
 * A lane is a thread with one connection. While one batch commits the next one gathers; all that has gathered goes as one libpq
 * pipeline with one Sync; the questions among them as one call, where they are many. When a batch fails its calls run again one by one, so
 * that a poisoned one harms only itself. */
#ifndef STORE_LANES_H
#define STORE_LANES_H

#include "base/err.h"
#include "store/api.h"
#include "store/pg.h"

struct lanes;

struct lane_answer {
    /* IS_DONE: committed. IS_REFUSED: the store will never take this call (fault says why). IS_FAILED: it did not happen;
     * later it may. IS_UNSURE: the connection broke at the commit and did not come back in time. */
    enum outcome outcome;
    struct view value;            /* first column of the first row, when done */
    const struct pg_fault *fault; /* when refused or failed by the server; else NULL */
};

/* One call of an API function. The caller owns it and keeps it and its parameters alive until done() is called, once, on the
 * lane's thread. */
struct lane_call {
    enum api_function function;
    uint64_t key; /* the MSISDN as a number: calls with one key run in the order of lanes_submit */
    struct view parameter[API_PARAMETERS_MAX];
    /* Owed: it notes what already happened outside (a reply that was sent). Taken also when the queue is full or the store away, and
     * kept until the store is back. */
    bool is_owed;
    unsigned patience_ms; /* taken also while the store is away, unless too many wait then, and kept so long for its return */
    bool is_urgent;       /* taken also when the queue is full: it is what empties it */
    void (*done)(struct lane_call *call, const struct lane_answer *answer);
    void *context;

    struct lane_call *next; /* the rest is the lanes' own */
    struct view value;
    bool is_shared;
    uint64_t patient_until_us;
    bool is_kept;
};

struct lanes_setup {
    const char *conninfo;
    unsigned count;
    size_t waiting_max; /* calls taken and not done, over all lanes */
    size_t batch_max;   /* calls in one commit */
    int timeout_ms;     /* a store silent for longer is taken for dead */
};

/* Starts at once; connections are made, and made again, in the background. setup is copied, conninfo kept. */
struct lanes *lanes_start(const struct lanes_setup *setup);

/* IS_DONE: taken, done() will be called. IS_FAILED: the queue is full, the store is away (and the call has no patience) or the lanes have
 * stopped: done() will not be called. */
enum outcome lanes_submit(struct lanes *lanes, struct lane_call *call);

/* Every lane has its connection. */
bool lanes_are_ready(const struct lanes *lanes);

/* Calls taken and not done; and of these the ones that failed and are kept until the store takes them, or their patience ends. */
size_t lanes_waiting(const struct lanes *lanes);
size_t lanes_kept(const struct lanes *lanes);

/* Runs what is waiting (fails it when the store is away), then ends; from then on lanes_submit fails. */
void lanes_stop(struct lanes *lanes);

/* Frees what lanes_stop has stopped. NULL inside is fine. */
void lanes_free(struct lanes **lanes);

#endif

/* A batch of calls as one libpq pipeline with one Sync, and what came back of each. Questions of several senders share one call of
 * hall.receive_many, which costs the store half of what as many of hall.receive cost. */
#ifndef STORE_PIPELINE_H
#define STORE_PIPELINE_H

#include "store/lanes.h"

struct pipeline;

/* For batches of at most batch_max calls. */
struct pipeline *pipeline_new(size_t batch_max);
void pipeline_free(struct pipeline **pipeline);

/* Runs the calls, which are sorted by key with each key's in their order, as one transaction; pg is silent for timeout_ms at most.
 * IS_DONE: committed; value of each call is what it gave, until pipeline_clear. IS_REFUSED: rolled back, *fault is the first refusal.
 * IS_UNSURE: pg is lost, and is to be dropped. */
enum outcome pipeline_run(struct pipeline *pipeline, struct pg *pg, int timeout_ms, struct lane_call **call, size_t count,
                          struct pg_fault *fault);

void pipeline_clear(struct pipeline *pipeline);

#endif

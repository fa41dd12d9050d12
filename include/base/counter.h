/* Counters and latency histograms, kept in one registry and written as Prometheus text. Safe from any thread; counting
 * is one atomic add once the caller has looked its counter up. */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include "base/text.h"

struct counter;   /* only grows */
struct histogram; /* of durations */

/* The counter of this name and labels (`reason="token"`, "" for none), made at the first call; lives as long as the program.
 * Name and help of a family are those of its first call. */
struct counter *counter_get(const char *name, const char *help, const char *labels);
void counter_add(struct counter *counter, uint64_t n);
uint64_t counter_value(const struct counter *counter);

/* Likewise for latencies. */
struct histogram *histogram_get(const char *name, const char *help, const char *labels);
void histogram_add(struct histogram *histogram, uint64_t microseconds);

/* A gauge is asked for its value when the metrics are written. */
void gauge_set_reader(const char *name, const char *help, double (*read)(void *context), void *context);

/* All of them in the Prometheus text format 0.0.4. */
void counter_write_all(struct text *out);

#endif

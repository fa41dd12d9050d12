/* The registry: families sorted by name, and the series of each sorted by labels, in lists under one mutex. The mutex guards look-up and
 * writing out; counting itself is an atomic add on a series, which never moves and is never freed. */
#include "base/counter.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t bound_us[] = {100,   250,    500,    1000,   2500,    5000,    10000,   25000,
                                    50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000};
enum { BOUNDS = sizeof bound_us / sizeof *bound_us };

enum kind { IS_COUNTER, IS_HISTOGRAM, IS_GAUGE };
static const char *const kind_name[] = {"counter", "histogram", "gauge"};

struct counter {
    atomic_uint_fast64_t value;
};

struct histogram {
    atomic_uint_fast64_t count[BOUNDS + 1]; /* of each bucket alone; the last has no bound */
    atomic_uint_fast64_t sum_us;
};

struct gauge {
    double (*read)(void *context);
    void *context;
};

struct series {
    struct series *next;
    char *labels;
    union {
        struct counter counter;
        struct histogram histogram;
        struct gauge gauge;
    };
};

struct family {
    struct family *next;
    char *name, *help;
    enum kind kind;
    struct series *series;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct family *families;

static void *must(void *memory)
{
    if (!memory) {
        fputs("out of memory\n", stderr);
        abort();
    }
    return memory;
}

static struct family *family_get(const char *name, const char *help, enum kind kind)
{
    struct family **at = &families;
    while (*at && strcmp((*at)->name, name) < 0)
        at = &(*at)->next;
    if (*at && strcmp((*at)->name, name) == 0) {
        assert((*at)->kind == kind);
        return *at;
    }
    struct family *family = must(calloc(1, sizeof *family));
    *family = (struct family){.next = *at, .name = must(strdup(name)), .help = must(strdup(help)), .kind = kind};
    return *at = family;
}

static struct series *series_get(const char *name, const char *help, enum kind kind, const char *labels)
{
    struct series **at = &family_get(name, help, kind)->series;
    while (*at && strcmp((*at)->labels, labels) < 0)
        at = &(*at)->next;
    if (*at && strcmp((*at)->labels, labels) == 0)
        return *at;
    struct series *series = must(calloc(1, sizeof *series));
    series->next = *at;
    series->labels = must(strdup(labels));
    return *at = series;
}

struct counter *counter_get(const char *name, const char *help, const char *labels)
{
    pthread_mutex_lock(&mutex);
    struct series *series = series_get(name, help, IS_COUNTER, labels);
    pthread_mutex_unlock(&mutex);
    return &series->counter;
}

void counter_add(struct counter *counter, uint64_t n)
{
    atomic_fetch_add_explicit(&counter->value, n, memory_order_relaxed);
}

uint64_t counter_value(const struct counter *counter)
{
    return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

struct histogram *histogram_get(const char *name, const char *help, const char *labels)
{
    pthread_mutex_lock(&mutex);
    struct series *series = series_get(name, help, IS_HISTOGRAM, labels);
    pthread_mutex_unlock(&mutex);
    return &series->histogram;
}

void histogram_add(struct histogram *histogram, uint64_t microseconds)
{
    size_t i = 0;
    while (i < BOUNDS && microseconds > bound_us[i])
        i++;
    atomic_fetch_add_explicit(&histogram->count[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_us, microseconds, memory_order_relaxed);
}

void gauge_set_reader(const char *name, const char *help, double (*read)(void *context), void *context)
{
    pthread_mutex_lock(&mutex);
    series_get(name, help, IS_GAUGE, "")->gauge = (struct gauge){read, context};
    pthread_mutex_unlock(&mutex);
}

static void write_name(struct text *out, const char *name, const char *labels)
{
    text_addf(out, labels[0] ? "%s{%s} " : "%s%s ", name, labels);
}

static void write_histogram(struct text *out, const char *name, const char *labels, const struct histogram *h)
{
    const char *comma = labels[0] ? "," : "";
    uint64_t sum_us = atomic_load(&h->sum_us), count = 0;
    for (size_t i = 0; i < BOUNDS; i++) {
        count += atomic_load(&h->count[i]);
        text_addf(out, "%s_bucket{%s%sle=\"%g\"} %llu\n", name, labels, comma, (double)bound_us[i] / 1e6, (unsigned long long)count);
    }
    count += atomic_load(&h->count[BOUNDS]);
    text_addf(out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, labels, comma, (unsigned long long)count);
    text_addf(out, labels[0] ? "%s_sum{%s} %.6f\n" : "%s_sum%s %.6f\n", name, labels, (double)sum_us / 1e6);
    text_addf(out, labels[0] ? "%s_count{%s} %llu\n" : "%s_count%s %llu\n", name, labels, (unsigned long long)count);
}

static void write_series(struct text *out, const struct family *family, const struct series *series)
{
    switch (family->kind) {
    case IS_COUNTER:
        write_name(out, family->name, series->labels);
        text_addf(out, "%llu\n", (unsigned long long)counter_value(&series->counter));
        return;
    case IS_GAUGE:
        write_name(out, family->name, series->labels);
        text_addf(out, "%.15g\n", series->gauge.read(series->gauge.context));
        return;
    case IS_HISTOGRAM:
        write_histogram(out, family->name, series->labels, &series->histogram);
        return;
    }
}

void counter_write_all(struct text *out)
{
    pthread_mutex_lock(&mutex);
    for (const struct family *family = families; family; family = family->next) {
        text_addf(out, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name, kind_name[family->kind]);
        for (const struct series *series = family->series; series; series = series->next)
            write_series(out, family, series);
    }
    pthread_mutex_unlock(&mutex);
}

/* Readers count themselves on the grammar they hold, and so does its place as the current one: the last to leave frees it. */
#include "grammar/current.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct held {
    struct grammar *grammar;
    atomic_size_t holders;
};

struct current {
    pthread_mutex_t mutex; /* between reading `held` and counting oneself on it */
    struct held *held;
};

static struct held *held_new(struct grammar *grammar)
{
    struct held *held = calloc(1, sizeof(*held));
    assert(held && grammar);
    held->grammar = grammar;
    atomic_init(&held->holders, 1);
    return held;
}

void held_release(struct held **held_at)
{
    struct held *held = *held_at;
    *held_at = NULL;
    if (!held || atomic_fetch_sub(&held->holders, 1) != 1)
        return;
    grammar_free(&held->grammar);
    free(held);
}

const struct grammar *held_grammar(const struct held *held)
{
    return held->grammar;
}

struct current *current_new(struct grammar *grammar)
{
    struct current *current = calloc(1, sizeof(*current));
    assert(current);
    pthread_mutex_init(&current->mutex, NULL);
    current->held = held_new(grammar);
    return current;
}

struct held *current_hold(struct current *current)
{
    pthread_mutex_lock(&current->mutex);
    struct held *held = current->held;
    atomic_fetch_add(&held->holders, 1);
    pthread_mutex_unlock(&current->mutex);
    return held;
}

void current_swap(struct current *current, struct grammar *grammar)
{
    struct held *fresh = held_new(grammar);
    pthread_mutex_lock(&current->mutex);
    struct held *old = current->held;
    current->held = fresh;
    pthread_mutex_unlock(&current->mutex);
    held_release(&old);
}

void current_free(struct current **current)
{
    if (!*current)
        return;
    held_release(&(*current)->held);
    pthread_mutex_destroy(&(*current)->mutex);
    free(*current);
    *current = NULL;
}

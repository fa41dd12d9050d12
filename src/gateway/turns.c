/* A sender is in the table from his first secret until his last message has gone, which is after it was given to the lane. So whoever finds
 * him there lines up behind, and whoever does not find him cannot overtake him: that is why the usual road needs no more than a look at
 * how many are in the table. A sender in the table is in the row of those who are due, or with one worker.
 *
 * A thread of low priority that holds a lock while others want the core holds up all who want the lock. So workers take none: an usher of
 * ordinary priority gives each its next turn and lets go what was proved; semaphores tell them of each other. */
#include "gateway/turns.h"

#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BUCKETS = 1024, NICENESS = 15 };

struct sender {
    struct sender *next;     /* in his bucket */
    struct sender *next_due; /* in the row */
    uint64_t key;
    struct turn *first, **last; /* the first has something to prove, unless a worker has the sender */
    size_t turns;
};

struct worker {
    struct turns *turns;
    pthread_t thread;
    struct sender *sender; /* NULL: the worker is idle; the usher's own, as outcome is once it is proved */
    struct turn *turn;     /* NULL: there is no more work */
    sem_t work;
    enum outcome outcome;
    atomic_bool is_proved;
};

struct turns {
    size_t senders_max;
    atomic_size_t senders, waiting;
    pthread_mutex_t mutex; /* guards the next four */
    struct sender *bucket[BUCKETS];
    struct sender *due, **due_last;
    bool is_stopping;
    sem_t news; /* for the usher */
    pthread_t usher;
    unsigned workers;
    struct worker worker[];
};

/* --- senders --- */

static struct sender **sender_place(struct turns *turns, uint64_t key)
{
    struct sender **at = &turns->bucket[(key * UINT64_C(0x9E3779B97F4A7C15) >> 40) % BUCKETS];
    while (*at && (*at)->key != key)
        at = &(*at)->next;
    return at;
}

static struct sender *sender_add(struct turns *turns, uint64_t key)
{
    struct sender *sender = calloc(1, sizeof(*sender)), **at = sender_place(turns, key);
    assert(sender);
    sender->key = key;
    sender->last = &sender->first;
    *at = sender;
    atomic_fetch_add(&turns->senders, 1);
    return sender;
}

static void sender_leave(struct turns *turns, struct sender *sender)
{
    *sender_place(turns, sender->key) = sender->next;
    free(sender);
    atomic_fetch_sub(&turns->senders, 1);
}

static void sender_line_up(struct turns *turns, struct sender *sender)
{
    sender->next_due = NULL;
    *turns->due_last = sender;
    turns->due_last = &sender->next_due;
}

static struct sender *sender_take(struct turns *turns)
{
    struct sender *sender = turns->due;
    turns->due = sender->next_due;
    if (!turns->due)
        turns->due_last = &turns->due;
    return sender;
}

static void turn_append(struct turns *turns, struct sender *sender, struct turn *turn)
{
    turn->next = NULL;
    *sender->last = turn;
    sender->last = &turn->next;
    sender->turns++;
    atomic_fetch_add(&turns->waiting, 1);
}

/* The sender's first turn goes. Without the mutex, and while he is in the table: what comes meanwhile lines up. */
static void first_goes(struct turns *turns, struct sender *sender, enum outcome outcome)
{
    struct turn *turn = sender->first;
    sender->first = turn->next;
    if (!sender->first)
        sender->last = &sender->first;
    sender->turns--;
    atomic_fetch_sub(&turns->waiting, 1);
    pthread_mutex_unlock(&turns->mutex);
    turn->go(turn, outcome);
    pthread_mutex_lock(&turns->mutex);
}

/* --- workers --- */

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0) /* a signal came */
        ;
}

/* Niceness is a thread's own on Linux: what serves others comes first on every core. */
static void *worker_run(void *context)
{
    struct worker *worker = context;
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
    for (;;) {
        wait_for(&worker->work);
        if (!worker->turn)
            return NULL;
        worker->outcome = worker->turn->prove(worker->turn);
        atomic_store(&worker->is_proved, true);
        sem_post(&worker->turns->news);
    }
}

static void worker_start(struct turns *turns, struct worker *worker)
{
    worker->turns = turns;
    sem_init(&worker->work, 0, 0);
    int failed = pthread_create(&worker->thread, NULL, worker_run, worker);
    assert(!failed);
}

static void worker_give(struct worker *worker, struct sender *sender)
{
    worker->sender = sender;
    worker->turn = sender->first;
    atomic_store(&worker->is_proved, false);
    sem_post(&worker->work);
}

static void worker_end(struct worker *worker)
{
    worker->turn = NULL;
    sem_post(&worker->work);
    pthread_join(worker->thread, NULL);
    sem_destroy(&worker->work);
}

/* --- the usher --- */

/* What was proved goes, and those behind it that need nothing. Then the sender lines up again, or leaves. */
static void worker_finish(struct turns *turns, struct worker *worker)
{
    struct sender *sender = worker->sender;
    worker->sender = NULL;
    first_goes(turns, sender, worker->outcome);
    while (sender->first && !sender->first->prove)
        first_goes(turns, sender, IS_DONE);
    if (sender->first)
        sender_line_up(turns, sender);
    else
        sender_leave(turns, sender);
}

/* Looks after every worker once. False: nobody works and nobody will. */
static bool go_round(struct turns *turns)
{
    bool is_working = false;
    for (unsigned i = 0; i < turns->workers; i++) {
        struct worker *worker = &turns->worker[i];
        if (worker->sender && atomic_load(&worker->is_proved))
            worker_finish(turns, worker);
        if (!worker->sender && turns->due && !turns->is_stopping)
            worker_give(worker, sender_take(turns));
        is_working = is_working || worker->sender;
    }
    return is_working || !turns->is_stopping;
}

/* The workers are idle: whoever is in the table is due. */
static void let_go(struct turns *turns)
{
    while (turns->due) {
        struct sender *sender = sender_take(turns);
        while (sender->first)
            first_goes(turns, sender, IS_FAILED);
        sender_leave(turns, sender);
    }
}

static void *usher_run(void *context)
{
    struct turns *turns = context;
    pthread_mutex_lock(&turns->mutex);
    while (go_round(turns)) {
        pthread_mutex_unlock(&turns->mutex);
        wait_for(&turns->news);
        pthread_mutex_lock(&turns->mutex);
    }
    let_go(turns);
    pthread_mutex_unlock(&turns->mutex);
    return NULL;
}

/* --- the public face --- */

struct turns *turns_start(unsigned workers, size_t senders_max)
{
    struct turns *turns = calloc(1, sizeof(*turns) + workers * sizeof(struct worker));
    assert(turns && workers > 0);
    turns->senders_max = senders_max;
    turns->workers = workers;
    turns->due_last = &turns->due;
    pthread_mutex_init(&turns->mutex, NULL);
    sem_init(&turns->news, 0, 0);
    for (unsigned i = 0; i < workers; i++)
        worker_start(turns, &turns->worker[i]);
    int failed = pthread_create(&turns->usher, NULL, usher_run, turns);
    assert(!failed);
    return turns;
}

/* What to do with a turn that did not find the table empty. */
enum place { GOES_AT_ONCE, WAITS, HAS_NO_ROOM };

static enum place find_place(struct turns *turns, struct turn *turn)
{
    struct sender *sender = *sender_place(turns, turn->key);
    if (!sender && !turn->prove)
        return GOES_AT_ONCE;
    bool has_room = sender ? sender->turns < TURNS_OF_ONE_MAX : atomic_load(&turns->senders) < turns->senders_max;
    if (!has_room || turns->is_stopping)
        return HAS_NO_ROOM;
    if (!sender) {
        sender = sender_add(turns, turn->key);
        sender_line_up(turns, sender);
        sem_post(&turns->news);
    }
    turn_append(turns, sender, turn);
    return WAITS;
}

enum outcome turns_take(struct turns *turns, struct turn *turn)
{
    enum place place = GOES_AT_ONCE;
    if (turn->prove || atomic_load(&turns->senders) > 0) {
        pthread_mutex_lock(&turns->mutex);
        place = find_place(turns, turn);
        pthread_mutex_unlock(&turns->mutex);
    }
    if (place == GOES_AT_ONCE)
        turn->go(turn, IS_DONE);
    return place == HAS_NO_ROOM ? IS_FAILED : IS_DONE;
}

size_t turns_waiting(const struct turns *turns)
{
    return atomic_load(&turns->waiting);
}

void turns_stop(struct turns *turns)
{
    pthread_mutex_lock(&turns->mutex);
    turns->is_stopping = true;
    pthread_mutex_unlock(&turns->mutex);
    sem_post(&turns->news);
    pthread_join(turns->usher, NULL);
    for (unsigned i = 0; i < turns->workers; i++)
        worker_end(&turns->worker[i]);
}

void turns_free(struct turns **turns)
{
    if (!*turns)
        return;
    pthread_mutex_destroy(&(*turns)->mutex);
    sem_destroy(&(*turns)->news);
    free(*turns);
    *turns = NULL;
}

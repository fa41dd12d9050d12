/* Turns: each sender's messages go in their order, nobody waits for another's secret, nothing is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/turns.h"

enum { MESSAGES = 4000, SENDERS = 50 };

/* A message of the tests: what became of it, and as which of its sender's. */
struct sent {
    struct turn turn;
    unsigned number; /* among its sender's */
    atomic_bool is_gone;
    enum outcome outcome;
};

static struct sent sent[MESSAGES];
static atomic_uint gone, proved, at_once, most_at_once;
static atomic_uint next_of[SENDERS]; /* number of the message that must go next */
static atomic_bool is_shut;          /* the gate in front of prove */

static void reset(void)
{
    memset(sent, 0, sizeof sent);
    for (size_t i = 0; i < SENDERS; i++)
        atomic_store(&next_of[i], 0);
    atomic_store(&gone, 0);
    atomic_store(&proved, 0);
    atomic_store(&at_once, 0);
    atomic_store(&most_at_once, 0);
    atomic_store(&is_shut, false);
}

static enum outcome prove(struct turn *turn)
{
    unsigned here = atomic_fetch_add(&at_once, 1) + 1;
    (void)turn;
    if (here > atomic_load(&most_at_once))
        atomic_store(&most_at_once, here);
    while (atomic_load(&is_shut))
        usleep(500);
    atomic_fetch_add(&proved, 1);
    atomic_fetch_sub(&at_once, 1);
    return IS_DONE;
}

static enum outcome prove_in_vain(struct turn *turn)
{
    (void)turn;
    return IS_FAILED;
}

static void go(struct turn *turn, enum outcome outcome)
{
    struct sent *message = turn->context;
    if (turn->key < SENDERS && atomic_fetch_add(&next_of[turn->key], 1) != message->number)
        fprintf(stderr, "sender %u: number %u out of order\n", (unsigned)turn->key, message->number), atomic_store(&gone, MESSAGES * 2);
    message->outcome = outcome;
    atomic_store(&message->is_gone, true);
    atomic_fetch_add(&gone, 1);
}

static enum outcome take(struct turns *turns, size_t i, uint64_t key, unsigned number, enum outcome (*with)(struct turn *turn))
{
    sent[i].number = number;
    sent[i].turn = (struct turn){.key = key, .prove = with, .go = go, .context = &sent[i]};
    return turns_take(turns, &sent[i].turn);
}

static void wait_for(atomic_uint *count, unsigned wanted)
{
    for (int ms = 0; atomic_load(count) < wanted && ms < 10000; ms++)
        usleep(1000);
    assert_int_equal(atomic_load(count), wanted);
}

static void end(struct turns *turns)
{
    turns_stop(turns);
    assert_int_equal(turns_waiting(turns), 0);
    turns_free(&turns);
    assert_null(turns);
}

static void test_nothing_to_wait_for(void **state)
{
    struct turns *turns = turns_start(1, 4);
    (void)state;
    reset();
    assert_int_equal(take(turns, 0, 1, 0, NULL), IS_DONE);
    assert_true(sent[0].is_gone); /* within the call */
    assert_int_equal(sent[0].outcome, IS_DONE);
    end(turns);
}

/* MMXG, and at once YE and a second MMXG; somebody else's YE meanwhile. */
static void test_order_of_one_sender(void **state)
{
    struct turns *turns = turns_start(2, 4);
    (void)state;
    reset();
    atomic_store(&is_shut, true);
    assert_int_equal(take(turns, 0, 1, 0, prove), IS_DONE);
    wait_for(&at_once, 1);
    assert_int_equal(take(turns, 1, 1, 1, NULL), IS_DONE);
    assert_int_equal(take(turns, 2, 1, 2, prove), IS_DONE);
    assert_int_equal(take(turns, 3, 1, 3, NULL), IS_DONE);
    assert_int_equal(take(turns, 4, 2, 0, NULL), IS_DONE);
    assert_true(sent[4].is_gone);
    assert_int_equal(atomic_load(&gone), 1);
    assert_int_equal(turns_waiting(turns), 4);
    usleep(5000);
    assert_int_equal(atomic_load(&at_once), 1); /* the second worker leaves the sender's other secret alone */
    atomic_store(&is_shut, false);
    wait_for(&gone, 5);
    assert_int_equal(atomic_load(&proved), 2);
    end(turns);
}

/* A sender with many secrets does not hold up the one who comes later. */
static void test_senders_take_turns(void **state)
{
    struct turns *turns = turns_start(1, 4);
    (void)state;
    reset();
    atomic_store(&is_shut, true);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(take(turns, i, 1, i, prove), IS_DONE);
    wait_for(&at_once, 1);
    assert_int_equal(take(turns, 10, 2, 0, prove), IS_DONE);
    atomic_store(&is_shut, false);
    for (int ms = 0; !sent[10].is_gone && ms < 10000; ms++)
        usleep(100);
    assert_true(sent[10].is_gone);
    wait_for(&gone, 11);
    end(turns);
}

static void test_bounds(void **state)
{
    struct turns *turns = turns_start(1, 3);
    (void)state;
    reset();
    atomic_store(&is_shut, true);
    for (unsigned i = 0; i < TURNS_OF_ONE_MAX; i++)
        assert_int_equal(take(turns, i, 0, i, i % 2 ? NULL : prove), IS_DONE);
    assert_int_equal(take(turns, 100, 0, 99, NULL), IS_FAILED); /* too many of one sender */
    assert_int_equal(take(turns, 101, 1, 0, prove), IS_DONE);
    assert_int_equal(take(turns, 102, 2, 0, prove), IS_DONE);
    assert_int_equal(take(turns, 103, 3, 0, prove), IS_FAILED); /* too many senders */
    assert_int_equal(take(turns, 104, 3, 0, NULL), IS_DONE);    /* who has no secret is not concerned */
    assert_int_equal(take(turns, 105, 2, 1, prove), IS_DONE);
    atomic_store(&is_shut, false);
    wait_for(&gone, TURNS_OF_ONE_MAX + 4);
    assert_false(sent[100].is_gone || sent[103].is_gone);
    assert_int_equal(take(turns, 106, 4, 0, prove), IS_DONE); /* there is room again */
    wait_for(&gone, TURNS_OF_ONE_MAX + 5);
    end(turns);
}

/* What could not be proved says so; what stands behind it goes on. */
static void test_not_proved(void **state)
{
    struct turns *turns = turns_start(1, 3);
    (void)state;
    reset();
    atomic_store(&is_shut, true);
    assert_int_equal(take(turns, 0, 1, 0, prove), IS_DONE);
    assert_int_equal(take(turns, 1, 1, 1, prove_in_vain), IS_DONE);
    assert_int_equal(take(turns, 2, 1, 2, NULL), IS_DONE);
    atomic_store(&is_shut, false);
    wait_for(&gone, 3);
    assert_int_equal(sent[0].outcome, IS_DONE);
    assert_int_equal(sent[1].outcome, IS_FAILED);
    assert_int_equal(sent[2].outcome, IS_DONE);
    end(turns);
}

static void *open_gate(void *context)
{
    (void)context;
    usleep(50000);
    atomic_store(&is_shut, false);
    return NULL;
}

/* At the end what is being proved goes, what waits is let go of, nobody new comes in. */
static void test_stop(void **state)
{
    struct turns *turns = turns_start(1, 8);
    pthread_t thread;
    (void)state;
    reset();
    atomic_store(&is_shut, true);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(take(turns, i, i, 0, prove), IS_DONE);
    assert_int_equal(take(turns, 5, 4, 1, NULL), IS_DONE);
    wait_for(&at_once, 1);
    assert_int_equal(pthread_create(&thread, NULL, open_gate, NULL), 0);
    turns_stop(turns);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&gone), 6);
    assert_int_equal(atomic_load(&proved), 1);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(sent[i].outcome, i == 0 ? IS_DONE : IS_FAILED);
    assert_int_equal(take(turns, 6, 6, 0, prove), IS_FAILED);
    turns_free(&turns);
}

/* Many senders, two workers, secrets between other messages: all go, each sender's in order. */
static void test_many(void **state)
{
    struct turns *turns = turns_start(2, SENDERS);
    unsigned number[SENDERS] = {0};
    (void)state;
    reset();
    for (size_t i = 0; i < MESSAGES; i++) {
        size_t sender = (i * 7919) % SENDERS;
        while (take(turns, i, sender, number[sender], i % 3 == 0 ? prove : NULL) != IS_DONE)
            usleep(100);
        number[sender]++;
    }
    wait_for(&gone, MESSAGES);
    assert_true(atomic_load(&most_at_once) <= 2);
    end(turns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_to_wait_for),
        cmocka_unit_test(test_order_of_one_sender),
        cmocka_unit_test(test_senders_take_turns),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_not_proved),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Stand-ins for all that lies behind the hall's doors: the store, which answers as `how` says, and what brings replies and events away. */
#ifndef TESTS_FUZZ_HALL_H
#define TESTS_FUZZ_HALL_H

#include "gateway/ingress.h"

static unsigned how;

/* Looks at each call of hall.receive. */
static void check_receive(const struct lane_call *call);

static inline struct view answer_of_store(enum api_function function)
{
    static const char *const answers[] = {
        "{\"was\": \"new\", \"replies\": [{\"mt\": \"2611-1\", \"port\": \"10086\", \"command\": \"balance\", \"outcome\": \"ok\", "
        "\"state\": \"answered\", \"fields\": {\"balance\": 5678}}]}",
        "{\"was\": \"repeat\", \"replies\": [{\"mt\": \"2611-2\", \"port\": \"10086\", \"command\": \"hall\", \"outcome\": \"fault\", "
        "\"state\": \"answered\", \"fields\": {}}]}",
        "{\"was\": \"new\", \"replies\": [{}, {\"command\": \"menu\", \"outcome\": \"ok\", \"language\": \"en\"}]}",
        "{\"was\": \"new\", \"replies\": []}",
        "{\"was\": 7}",
        "no JSON",
    };
    static const char *const states[] = {"done", "in_work", "failed", "unchanged", "unknown", ""};
    return view_of(function == API_RECEIVE ? answers[how % 6] : states[how % 6]);
}

enum outcome lanes_submit(struct lanes *lanes, struct lane_call *call)
{
    static const struct pg_fault fault = {.sqlstate = "22000", .text = "the store's words"};
    const enum outcome outcome[] = {IS_DONE, IS_DONE, IS_DONE, IS_REFUSED, IS_FAILED, IS_UNSURE, IS_DONE, IS_DONE};
    struct lane_answer answer = {.outcome = outcome[how / 8 % 8], .value = answer_of_store(call->function), .fault = &fault};
    (void)lanes;
    if (call->function == API_RECEIVE)
        check_receive(call);
    if (how / 64 == 3)
        return IS_FAILED;
    call->done(call, &answer);
    return IS_DONE;
}

bool lanes_are_ready(const struct lanes *lanes)
{
    return lanes == NULL && how % 2;
}

enum outcome turns_take(struct turns *turns, struct turn *turn)
{
    (void)turns;
    turn->go(turn, turn->prove ? turn->prove(turn) : IS_DONE);
    return IS_DONE;
}

void courier_take(struct courier *courier, struct letter *letter)
{
    (void)courier;
    letter_free(&letter);
}

void courier_settle(struct courier *courier, struct letter *letter, const char *state, const char *reason)
{
    (void)state, (void)reason;
    courier_take(courier, letter);
}

void webhook_wake(struct webhook *webhook)
{
    (void)webhook;
}

#endif

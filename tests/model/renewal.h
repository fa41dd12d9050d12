/* The model of what happens by itself: notices, renewals, failed charges, the ends of trials (rules A12, A13, F1). */
#ifndef TESTS_MODEL_RENEWAL_H
#define TESTS_MODEL_RENEWAL_H

#include "service.h"

/* When something is due next; INT64_MAX: nothing is. */
static inline ms_t person_due(const struct person *p)
{
    ms_t due = INT64_MAX;
    for (int s = 0; s < SERVICES; s++)
        if (p->has[s].is_open && p->has[s].step && p->has[s].step_at < due)
            due = p->has[s].step_at;
    return due;
}

/* One that comes up by night, since it was ordered by night, waits for the morning; what it tells of leaves it all of its day (A12). */
static inline void give_notice(struct person *p, int s)
{
    struct subscription *has = &p->has[s];
    if (is_quiet(p->now)) {
        has->step_at = after_quiet(p->now);
        return;
    }
    ms_t due = has->is_trial ? has->trial_until : first_of(has->unpaid, RENEWAL_HOUR);
    has->step = has->is_trial && !costs(s, has->price) ? STEP_END : STEP_CHARGE;
    has->step_at = due > p->now + DAY ? due : p->now + DAY;
    struct reply *reply = say(p, "open", has->is_trial ? "trial_notice" : "renewal_notice");
    with(p, reply, "at", iso(p, has->step_at));
    with_number(p, reply, "price", has->price);
    with(p, reply, "service", catalogue[s].name);
}

static inline void fail_to_charge(struct person *p, int s)
{
    struct subscription *has = &p->has[s];
    int month = month_of(p->now);
    const char *outcome = NULL;
    if (has->failed_month != month) {
        has->failed_month = month;
        outcome = ++has->failed >= FAILED_MONTHS ? "closed_arrears" : "charge_failed";
    }
    if (outcome) {
        struct reply *reply = say(p, "open", outcome);
        with(p, reply, "service", catalogue[s].name);
        if (has->failed < FAILED_MONTHS)
            with_number(p, reply, "balance", p->balance);
    }
    if (has->failed >= FAILED_MONTHS) {
        *has = (struct subscription){0};
        return;
    }
    has->is_trial = false;
    has->unpaid = month + 1;
    plan_renewal(p, has);
    if (p->now + DAY < has->step_at) {
        has->step = STEP_CHARGE;
        has->step_at = p->now + DAY;
    }
}

static inline void renew(struct person *p, int s)
{
    struct subscription *has = &p->has[s];
    bool is_share = has->is_trial && catalogue[s].first_month == SHARE;
    int64_t fee = is_share ? share_of_month(has->price, p->now) : has->price;
    if (p->charged[s] != month_of(p->now)) {
        if (p->state != ACTIVE || p->balance < fee) {
            fail_to_charge(p, s);
            return;
        }
        charge(p, s, fee);
        struct reply *reply = say(p, "open", "renewed");
        with_number(p, reply, "balance", p->balance);
        with_number(p, reply, "fen", fee);
        with(p, reply, "service", catalogue[s].name);
    }
    has->failed = 0;
    has->is_trial = false;
    has->unpaid = month_of(p->now) + 1;
    plan_renewal(p, has);
}

/* A trial of what is free is over, which is told (F1); what was cancelled for the month's end goes without a word (B6). */
static inline void end_by_itself(struct person *p, int s)
{
    if (!p->has[s].ends)
        with(p, say(p, "open", "trial_ended"), "service", catalogue[s].name);
    p->has[s] = (struct subscription){0};
}

/* The service whose turn it is of what is due now: what was due first, and of that the oldest; -1: none. */
static inline int next_due(const struct person *p)
{
    int next = -1;
    for (int s = 0; s < SERVICES; s++) {
        const struct subscription *has = &p->has[s], *other = &p->has[next < 0 ? s : next];
        if (!has->is_open || !has->step || has->step_at > p->now)
            continue;
        if (next < 0 || has->step_at < other->step_at || (has->step_at == other->step_at && has->since < other->since))
            next = s;
    }
    return next;
}

/* Does all that is due now. */
static inline void person_lives(struct person *p)
{
    p->said.count = 0;
    for (int s; (s = next_due(p)) >= 0;) {
        struct subscription *has = &p->has[s];
        if (has->step == STEP_NOTICE)
            give_notice(p, s);
        else if (has->step == STEP_CHARGE)
            renew(p, s);
        else
            end_by_itself(p, s);
    }
}

#endif

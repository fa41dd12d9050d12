/* The model of what commands do: opening and closing services, leaving, stopping the number, asking (rules A1, A2, A10–A12, B1–B6, B9). */
#ifndef TESTS_MODEL_SERVICE_H
#define TESTS_MODEL_SERVICE_H

#include "person.h"

/* --- money and months --- */

static inline bool costs(int s, int64_t price)
{
    return price > 0 && strcmp(catalogue[s].period, "message") != 0;
}

static inline bool is_bought_once(int s)
{
    return strcmp(catalogue[s].period, "once") == 0;
}

static inline int64_t share_of_month(int64_t fee, ms_t at)
{
    int month = month_of(at);
    int days = (int)((first_of(month + 1, 0) - first_of(month, 0)) / DAY);
    return fee * (days - local(at).tm_mday + 1) / days;
}

static inline bool gets_trial(const struct person *p, int s)
{
    return catalogue[s].trial_days > 0 && !(costs(s, p->price[s]) && p->had[s]);
}

/* What the month at hand costs when the service begins, or begins to cost, now. */
static inline int64_t fee_now(const struct person *p, int s, int64_t price)
{
    if (is_bought_once(s))
        return price;
    if (p->charged[s] == month_of(p->now) || catalogue[s].first_month == FREE)
        return 0;
    return catalogue[s].first_month == SHARE ? share_of_month(price, p->now) : price;
}

static inline void charge(struct person *p, int s, int64_t fen)
{
    p->balance -= fen;
    p->charges++;
    if (!is_bought_once(s))
        p->charged[s] = month_of(p->now);
}

/* The notice of what comes, or at once when it is too late for that. */
static inline void plan_notice(struct person *p, struct subscription *has, ms_t coming)
{
    ms_t notice = notice_of(coming);
    has->step = STEP_NOTICE;
    has->step_at = notice > p->now ? notice : p->now;
}

static inline void plan_renewal(struct person *p, struct subscription *has)
{
    plan_notice(p, has, first_of(has->unpaid, RENEWAL_HOUR));
}

static inline void plan_first(struct person *p, int s, bool is_trial)
{
    struct subscription *has = &p->has[s];
    has->is_trial = is_trial;
    if (is_trial) {
        has->trial_until = p->now + catalogue[s].trial_days * DAY;
        has->unpaid = month_of(has->trial_until);
        plan_notice(p, has, has->trial_until);
    } else if (costs(s, has->price)) {
        has->unpaid = month_of(p->now) + 1;
        plan_renewal(p, has);
    }
}

/* --- opening --- */

static inline int open_in_group(const struct person *p, int s)
{
    for (int i = 0; catalogue[s].group && i < SERVICES; i++)
        if (i != s && p->has[i].is_open && catalogue[i].group && strcmp(catalogue[i].group, catalogue[s].group) == 0)
            return i;
    return -1;
}

static inline void begin(struct person *p, int s, int64_t price, bool is_trial)
{
    p->has[s] = (struct subscription){.is_open = true, .since = p->now, .price = price};
    plan_first(p, s, is_trial);
    p->had[s] = true;
}

static inline const char *refusal(struct person *p, int s, bool is_charged, int64_t fee, struct reply *reply)
{
    const struct service *service = &catalogue[s];
    int other = open_in_group(p, s), need = service->needs ? service_of(service->needs) : -1;
    bool resumes = p->has[s].is_open && p->has[s].ends;
    if (p->has[s].is_open && !resumes) {
        with(p, reply, "since", iso(p, p->has[s].since));
        return "already";
    }
    if (service->is_withdrawn && !resumes)
        return "not_offered";
    if (other >= 0) {
        with(p, reply, "other", catalogue[other].name);
        return "excluded";
    }
    if (need >= 0 && !p->has[need].is_open) {
        with(p, reply, "needs", catalogue[need].name);
        return "requires";
    }
    if (is_charged && p->is_blacklisted)
        return "blacklisted";
    if (p->balance < fee) {
        with_number(p, reply, "balance", p->balance);
        return "no_balance";
    }
    return NULL;
}

static inline void say_question(struct person *p, struct reply *reply, const struct question *q)
{
    const struct service *service = &catalogue[q->service];
    with(p, reply, "collected", service->port ? "true" : NULL);
    with(p, reply, "off", is_bought_once(q->service) ? NULL : off_code(p, q->service));
    with_number(p, reply, "price", q->price);
    if (q->is_trial)
        with_number(p, reply, "trial_days", service->trial_days);
    else if (q->fee == 0)
        with(p, reply, "now_free", "true");
    else if (q->fee != q->price)
        with_number(p, reply, "now", q->fee);
}

static inline int64_t fee_of_order(const struct person *p, int s, int64_t price, bool is_trial)
{
    return costs(s, price) && !is_trial ? fee_now(p, s, price) : 0;
}

static inline void ask_order(struct person *p, int s, int port, struct reply *reply, int64_t fee)
{
    reply->outcome = "ask";
    with_number(p, reply, "window", catalogue[s].window_s);
    say_replaced(p, port, reply, true);
    struct question *q = ask(p, port, ABOUT_ORDER, catalogue[s].window_s * (ms_t)SECOND);
    q->service = s;
    q->price = p->price[s];
    q->fee = fee;
    q->is_trial = gets_trial(p, s) && !p->has[s].is_open;
    q->command = "open";
    say_question(p, reply, q);
}

static inline void charge_order(struct person *p, int s, int64_t fee, struct reply *reply)
{
    if (fee == 0)
        return;
    charge(p, s, fee);
    with_number(p, reply, "charged", fee);
    with_number(p, reply, "balance", p->balance);
}

/* It was cancelled, and goes on; at the price of now, if that costs anything. */
static inline void resume_service(struct person *p, int s, int64_t price, struct reply *reply)
{
    struct subscription *has = &p->has[s];
    reply->outcome = "resumed";
    has->ends = 0;
    has->step = STEP_NONE;
    has->price = price;
    plan_first(p, s, false);
}

static inline void open_service(struct person *p, int s, int64_t price, bool is_trial, struct reply *reply)
{
    reply->outcome = is_bought_once(s) ? "bought" : "ok";
    if (is_trial)
        with(p, reply, "trial_until", iso(p, p->now + catalogue[s].trial_days * DAY));
    if (!is_bought_once(s)) {
        begin(p, s, price, is_trial);
        with(p, reply, "off", off_code(p, s));
    }
}

static inline bool is_suspended(struct person *p)
{
    if (p->state == ACTIVE)
        return false;
    struct reply *reply = say(p, "hall", "suspended");
    with(p, reply, "stopped", p->state == STOPPED && p->balance >= 0 ? "true" : NULL);
    return true;
}

/* consent: the question about it to which yes was said, with the price that holds then; NULL: it was not asked yet. */
static inline void order(struct person *p, int s, int port, const struct question *consent)
{
    bool resumes = p->has[s].is_open && p->has[s].ends, is_trial = consent ? consent->is_trial : gets_trial(p, s) && !resumes;
    int64_t price = consent ? consent->price : p->price[s];
    int64_t fee = fee_of_order(p, s, price, is_trial);
    if (is_suspended(p))
        return;
    struct reply *reply = say(p, "open", NULL);
    with(p, reply, "service", catalogue[s].name);
    reply->outcome = refusal(p, s, costs(s, price), fee, reply);
    if (reply->outcome)
        return;
    if (costs(s, price) && !consent) {
        ask_order(p, s, port, reply, fee);
        return;
    }
    charge_order(p, s, fee, reply);
    if (resumes)
        resume_service(p, s, price, reply);
    else
        open_service(p, s, price, is_trial, reply);
}

/* --- closing and leaving --- */

/* Gives when it ends: now, or with the month that was paid for. */
static inline ms_t close_service(struct person *p, int s)
{
    struct subscription *has = &p->has[s];
    if (!catalogue[s].ends_with_month || p->charged[s] != month_of(p->now)) {
        *has = (struct subscription){0};
        return p->now;
    }
    has->ends = has->step_at = first_of(month_of(p->now) + 1, 0);
    has->step = STEP_END;
    return has->ends;
}

static inline void close_by_code(struct person *p, int s)
{
    struct reply *reply = say(p, "close", "not_open");
    int questions = withdraw(p, s);
    with(p, reply, "service", catalogue[s].name);
    if (p->has[s].is_open) {
        ms_t until = close_service(p, s);
        reply->outcome = until > p->now ? "month_end" : "ok";
        with(p, reply, "until", until > p->now ? iso(p, until) : NULL);
    } else if (questions) {
        reply->outcome = "declined";
    }
}

static inline const char *join(struct person *p, const char *list, const char *item)
{
    return list ? arena_printf(p->arena, "%s,%s", list, item).at : item;
}

/* What leaving some lines comes to, as it is told. */
struct departure {
    const char *items, *later, *gone, *wrong, *repeated, *replaced;
};

static inline void leave_service(struct person *p, int s, struct departure *d)
{
    const char *name = catalogue[s].name;
    if (withdraw(p, s))
        d->replaced = join(p, d->replaced, name);
    if (!p->has[s].is_open) {
        d->gone = join(p, d->gone, name);
        return;
    }
    ms_t until = close_service(p, s);
    if (until > p->now)
        d->later = join(p, d->later, arena_printf(p->arena, "%s@%s", name, iso(p, until)).at);
    else
        d->items = join(p, d->items, name);
}

static inline int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of withdrawn questions, in order, as they are told. */
static inline void say_withdrawn(struct person *p, struct reply *reply, const char *names)
{
    const char *name[SERVICES + 1] = {NULL}, *sorted = NULL;
    size_t count = 0;
    for (char *rest = NULL, *at = names ? strtok_r(arena_string(p->arena, view_of(names)), ",", &rest) : NULL; at;
         at = strtok_r(NULL, ",", &rest))
        name[count++] = at;
    qsort(name, count, sizeof(*name), compare_names);
    for (size_t i = 0; i < count; i++)
        sorted = sorted ? arena_printf(p->arena, "%s、%s", sorted, name[i]).at : name[i];
    with(p, reply, "replaced", sorted);
}

static inline void say_left(struct person *p, const char *command, const struct departure *d)
{
    struct reply *reply = say(p, command, "left");
    with(p, reply, "gone", d->gone);
    with(p, reply, "items", d->items);
    with(p, reply, "later", d->later);
    with(p, reply, "repeated", d->repeated);
    with(p, reply, "wrong", d->wrong);
    say_withdrawn(p, reply, d->replaced);
}

static inline bool is_of_port(int s, int port)
{
    return !ports[port].own || (catalogue[s].port && strcmp(catalogue[s].port, ports[port].own) == 0);
}

static inline bool comes_before(const struct person *p, int s, int other)
{
    int by_port = catalogue[s].port ? strcmp(catalogue[s].port, catalogue[other].port) : 0;
    return by_port < 0 || (by_port == 0 && p->has[s].since < p->has[other].since);
}

/* What is open and heard of at a port: the operator's own first, then by port, and as it was opened (B2). */
static inline int open_lines(const struct person *p, int port, int *line)
{
    int lines = 0;
    for (int group = 0; group < 2; group++)
        for (int from = lines, s = 0; s < SERVICES; s++) {
            if (!p->has[s].is_open || !is_of_port(s, port) || !!catalogue[s].port != group)
                continue;
            int at = lines++;
            for (; at > from && comes_before(p, s, line[at - 1]); at--)
                line[at] = line[at - 1];
            line[at] = s;
        }
    return lines;
}

static inline void say_lines(struct person *p, const struct question *q, int first, int last, struct reply *reply)
{
    const char *own = NULL, *collected = NULL;
    for (int i = first; i < last; i++) {
        int s = q->line[i];
        const char *item = arena_printf(p->arena, "%d%s", i + 1, s < 0 ? "全部" : catalogue[s].name).at;
        if (s >= 0 && !catalogue[s].port)
            own = join(p, own, item);
        else
            collected = join(p, collected, item);
    }
    with(p, reply, "collected", collected);
    with(p, reply, "own", own);
}

/* A list in as many messages as it takes; where is what else its first one says. */
static inline void say_list(struct person *p, const struct question *q, const char *replaced)
{
    for (int i = 0; i < q->lines; i += LIST_LINES) {
        struct reply *reply = say(p, q->command, "list");
        say_lines(p, q, i, i + LIST_LINES < q->lines ? i + LIST_LINES : q->lines, reply);
        with(p, reply, "first", i == 0 ? "true" : "false");
        with(p, reply, "last", i + LIST_LINES >= q->lines ? "true" : "false");
        with(p, reply, "replaced", i == 0 ? replaced : NULL);
        if (q->at == p->now) /* put again it says what is left of it */
            with_number(p, reply, "window", LIST_MS / SECOND);
    }
}

/* Whoever leaves all there is at a port is asked no more about it; at the hall that is everything (B9). Adds the names to *names. */
static inline void withdraw_all(struct person *p, int port, const char **names)
{
    for (int s = 0; s < SERVICES; s++)
        if (is_of_port(s, port) && withdraw(p, s))
            *names = join(p, *names, catalogue[s].name);
    for (int i = 0; i < PORTS && !ports[port].own; i++) {
        struct question *q = &p->asked[i];
        bool is_open = is_open_question(p, q);
        if (!q->was_asked || q->ended != IS_OPEN || q->subject != ABOUT_STOP)
            continue;
        end_question(p, q, ENDED_WITHDRAWN);
        if (is_open && (!*names || !strstr(*names, name_of_question(q))))
            *names = join(p, *names, name_of_question(q));
    }
}

static inline void put_list(struct person *p, int port, const char *command, const int *line, int lines)
{
    const struct question *old = &p->asked[port];
    const char *replaced = is_open_question(p, old) && !is_list(old) ? name_of_question(old) : NULL, *withdrawn = NULL;
    if (lines == 0) {
        withdraw_all(p, port, &withdrawn);
        say_withdrawn(p, say(p, command, "none"), withdrawn);
        return;
    }
    struct question *q = ask(p, port, ABOUT_LEAVING, LIST_MS);
    q->command = command;
    q->takes_yes = strcmp(command, "leave_all") == 0;
    if (ports[port].own)
        q->line[q->lines++] = -1;
    memcpy(q->line + q->lines, line, sizeof(*line) * (size_t)lines);
    q->lines += lines;
    say_list(p, q, replaced);
}

static inline void leave_list(struct person *p, int port)
{
    int line[SERVICES];
    int lines = open_lines(p, port, line);
    put_list(p, port, ports[port].own ? "provider_list" : "leave_list", line, lines);
}

static inline bool is_line(const struct question *q, int s)
{
    for (int i = 0; i < q->lines; i++)
        if (q->line[i] == s)
            return true;
    return false;
}

/* 00000 at the hall: while a list is open, what is open still of that list (B3). */
static inline void leave_all(struct person *p, int port)
{
    int line[SERVICES], rest[SERVICES], lines = open_lines(p, port, line), rests = 0;
    const struct question *q = &p->asked[port];
    bool is_listed = is_open_question(p, q) && q->subject == ABOUT_LEAVING;
    for (int i = 0; i < lines && is_listed; i++)
        if (is_line(q, line[i]))
            rest[rests++] = line[i];
    put_list(p, port, "leave_all", rests ? rest : line, rests ? rests : lines);
}

/* At a provider's port: all of it at once, and what was asked about it (B3, B5, B9). */
static inline void leave_port(struct person *p, int port)
{
    int line[SERVICES];
    struct departure d = {0};
    int lines = open_lines(p, port, line);
    for (int i = 0; i < lines; i++)
        leave_service(p, line[i], &d);
    withdraw_all(p, port, &d.replaced);
    if (lines)
        say_left(p, "provider_leave", &d);
    else
        say_withdrawn(p, say(p, "provider_leave", "none"), d.replaced);
}

/* --- stopping the number --- */

static inline void stop(struct person *p, int port, bool consents)
{
    struct reply *reply = say(p, "stop", "already");
    if (p->state != ACTIVE) {
        with(p, reply, p->state == STOPPED ? "other" : "arrears", "true");
    } else if (consents) {
        reply->outcome = "ok";
        p->state = STOPPED;
    } else {
        reply->outcome = "ask";
        with_number(p, reply, "window", LIST_MS / SECOND);
        say_replaced(p, port, reply, true);
        ask(p, port, ABOUT_STOP, LIST_MS)->command = "stop";
    }
}

static inline void resume(struct person *p)
{
    struct reply *reply = say(p, "resume", "not_stopped");
    if (p->state == IN_ARREARS && p->balance < 0) {
        reply->outcome = "arrears";
        with_number(p, reply, "balance", p->balance);
    } else if (p->state != ACTIVE) {
        reply->outcome = "ok";
        p->state = ACTIVE;
    }
}

/* --- asking --- */

static inline void query(struct person *p, int s)
{
    const struct subscription *has = &p->has[s];
    struct reply *reply = say(p, "query_service", has->is_open ? "open" : "closed");
    with(p, reply, "service", catalogue[s].name);
    with(p, reply, "since", has->is_open ? iso(p, has->since) : NULL);
    with(p, reply, "until", has->is_open && has->ends ? iso(p, has->ends) : NULL);
}

static inline void list_services(struct person *p)
{
    int line[SERVICES];
    int lines = open_lines(p, 0, line);
    struct reply *reply = say(p, "services", lines ? "ok" : "none");
    if (lines)
        with_number(p, reply, "count", lines);
}

static inline void put_menu(struct person *p, int port, int menu)
{
    struct reply *reply = say(p, "speed", "menu");
    with_number(p, reply, "window", LIST_MS / SECOND);
    say_replaced(p, port, reply, false);
    struct question *q = ask(p, port, ABOUT_MENU, LIST_MS);
    q->command = "speed";
    q->menu = menu;
}

/* What is no command and no answer. */
static inline void not_understood(struct person *p, int port)
{
    if (ports[port].own)
        say(p, "hall", "provider_text");
    else if (ports[port].menu)
        put_menu(p, port, menu_of(ports[port].menu));
    else
        say(p, "hall", "unknown");
}

#endif

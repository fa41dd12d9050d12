/* What a conversation is, and how one is drawn while it is played: only the model knows what is worth doing next. */
#ifndef TESTS_MODEL_DRAW_H
#define TESTS_MODEL_DRAW_H

#include "spelling.h"

enum { EVENTS_MAX = 80 };

/* --- events --- */

struct event {
    enum { SAY, REPEAT, WAIT, TOP_UP, PRICE } what;
    int id;    /* of a message: what a repeat calls it by */
    ms_t wait; /* before it */
    enum { FOR, UNTIL_DEADLINE, UNTIL_FIRST, UNTIL_DUE } until;
    ms_t offset;
    int port;
    int64_t fen;
    int service; /* whose price changes */
    struct message message;
};

struct conversation {
    ms_t start;
    int64_t balance;
    int state; /* as in struct person */
    bool is_blacklisted;
    unsigned has; /* services from before, a bit each */
    size_t events;
    struct event event[EVENTS_MAX];
};

/* --- drawing --- */

static inline void draw_person(struct dice *dice, struct conversation *talk)
{
    static const int64_t balances[] = {0, 50, 290, 500, 799, 1000, 2000, 10000};
    struct tm tm = {.tm_year = 126,
                    .tm_mon = roll(dice, 6),
                    .tm_mday = 1 + roll(dice, 31),
                    .tm_hour = roll(dice, 24) - 8,
                    .tm_min = roll(dice, 60),
                    .tm_sec = roll(dice, 60)};
    *talk = (struct conversation){.start = timegm(&tm) * (ms_t)SECOND + roll(dice, SECOND), .balance = balances[roll(dice, 8)]};
    talk->state = chance(dice, 8) ? IN_ARREARS : ACTIVE;
    if (talk->state == IN_ARREARS && chance(dice, 50))
        talk->balance = -100;
    talk->is_blacklisted = chance(dice, 5);
    for (int s = 0; s < SERVICES && chance(dice, 95); s++)
        if (costs(s, catalogue[s].fee_fen) ? catalogue[s].port && !is_bought_once(s) && chance(dice, 30) : chance(dice, 20))
            talk->has |= 1u << s;
}

static inline void draw_numbers(struct dice *dice, const struct question *q, struct message *m)
{
    int most = q->was_asked && is_list(q) ? (q->subject == ABOUT_MENU ? menus[q->menu].items : q->lines) + 2 : 3;
    m->numbers = chance(dice, 60) ? 1 : 1 + roll(dice, NUMBERS_MAX);
    for (int i = 0; i < m->numbers; i++)
        m->number[i] = chance(dice, 3) ? 100 + roll(dice, 900) : roll(dice, 8) ? 1 + roll(dice, most) : 0;
}

/* What somebody would say next; an answer when there is a question. */
static inline enum meaning draw_meaning(struct dice *dice, const struct person *p, int port)
{
    static const enum meaning hall[] = {SAYS_ORDER, SAYS_ORDER, SAYS_ORDER, SAYS_ORDER, SAYS_ORDER, SAYS_CLOSE, SAYS_CLOSE, SAYS_CLOSE,
                                        SAYS_LIST,  SAYS_LIST,  SAYS_ALL,   SAYS_QUERY, SAYS_MENU,  SAYS_MENU,  SAYS_STOP,  SAYS_RESUME};
    static const enum meaning provider[] = {SAYS_ORDER_CODE, SAYS_ORDER_CODE, SAYS_ORDER_CODE, SAYS_ORDER_CODE,
                                            SAYS_LIST,       SAYS_ALL,        SAYS_LEAVE_WORD};
    static const enum meaning answers[] = {SAYS_YES, SAYS_YES, SAYS_YES, SAYS_NO, SAYS_NUMBERS};
    const struct question *q = &p->asked[port];
    if (is_open_question(p, q) && q->subject == ABOUT_LEAVING && !ports[port].own && chance(dice, 10))
        return SAYS_ALL;
    if (q->was_asked && q->ended == IS_OPEN && chance(dice, 55))
        return is_list(q) && chance(dice, 75) ? SAYS_NUMBERS : answers[roll(dice, 5)];
    if (chance(dice, 12))
        return roll(dice, MEANINGS);
    if (p->state != ACTIVE && chance(dice, 25))
        return SAYS_RESUME;
    return ports[port].own ? provider[roll(dice, 7)] : hall[roll(dice, 16)];
}

/* One of those that are open, or are cancelled and run on; -1: there is none. */
static inline int draw_open(struct dice *dice, const struct person *p, bool ends)
{
    int from = roll(dice, SERVICES);
    for (int i = 0; i < SERVICES; i++) {
        int s = (from + i) % SERVICES;
        if (p->has[s].is_open && (!ends || p->has[s].ends))
            return s;
    }
    return -1;
}

static inline int draw_service(struct dice *dice, const struct person *p, enum meaning meaning, int port)
{
    int s = chance(dice, 60) && (meaning == SAYS_CLOSE || meaning == SAYS_QUERY) ? draw_open(dice, p, false) : -1;
    if (s < 0 && meaning == SAYS_ORDER && chance(dice, 30))
        s = draw_open(dice, p, true);
    if (s < 0)
        s = roll(dice, SERVICES);
    while (meaning == SAYS_ORDER_CODE && !(catalogue[s].order_code && (is_of_port(s, port) || chance(dice, 10))))
        s = roll(dice, SERVICES);
    return s;
}

static inline void draw_answer(struct dice *dice, const struct person *p, int port, struct message *m)
{
    m->port = port;
    m->meaning = is_list(&p->asked[port]) ? SAYS_NUMBERS : SAYS_YES;
    if (m->meaning == SAYS_NUMBERS)
        draw_numbers(dice, &p->asked[port], m);
    spell(dice, m);
}

static inline void draw_message(struct dice *dice, const struct person *p, int port, struct event *event)
{
    struct message *m = &event->message;
    event->what = SAY;
    m->port = port;
    m->meaning = draw_meaning(dice, p, port);
    m->about = m->meaning == SAYS_MENU ? roll(dice, MENUS) : draw_service(dice, p, m->meaning, port);
    m->late_s = chance(dice, 8) ? 1 + roll(dice, 20) : 0;
    m->is_lost = chance(dice, 3);
    if (m->meaning == SAYS_NUMBERS)
        draw_numbers(dice, &p->asked[port], m);
    spell(dice, m);
}

static inline void draw_wait(struct dice *dice, int port, struct event *event)
{
    static const ms_t around[] = {-SECOND, -1, 0, 1, SECOND};
    event->what = WAIT;
    event->port = port;
    event->until = roll(dice, 4);
    event->offset = event->until == FOR ? roll(dice, 3 * DAY_S) * (ms_t)SECOND : around[roll(dice, 5)];
}

/* The price of what is asked about, more often than not. */
static inline void draw_price(struct dice *dice, const struct person *p, int port, struct event *event)
{
    static const int64_t prices[] = {0, 100, 310, 900};
    const struct question *q = &p->asked[port];
    event->what = PRICE;
    event->service = q->was_asked && q->subject == ABOUT_ORDER && chance(dice, 60) ? q->service : roll(dice, SERVICES);
    event->fen = prices[roll(dice, 4)];
}

static inline ms_t draw_pause(struct dice *dice)
{
    if (chance(dice, 70))
        return 1 + roll(dice, 20 * SECOND);
    return chance(dice, 90) ? (55 + roll(dice, 8)) * (ms_t)SECOND : roll(dice, HOUR);
}

/* It was waited for a question's deadline, and it has come. */
static inline bool is_at_deadline(const struct person *p, const struct conversation *talk)
{
    const struct event *last = &talk->event[talk->events - 1];
    return talk->events && last->what == WAIT && last->until == UNTIL_DEADLINE && p->asked[last->port].was_asked &&
           p->now == p->asked[last->port].until + last->offset;
}

/* The message of an earlier event, by number from the end; NULL: it is none. */
static inline const struct event *earlier(const struct conversation *talk, size_t back)
{
    if (talk->events <= back || talk->event[talk->events - 1 - back].what != SAY)
        return NULL;
    return &talk->event[talk->events - 1 - back];
}

static inline void draw_event(struct dice *dice, const struct person *p, struct conversation *talk, int *port)
{
    struct event *event = &talk->event[talk->events];
    const struct event *before = earlier(talk, (size_t)(chance(dice, 70) ? 0 : roll(dice, 10)));
    if (is_at_deadline(p, talk) && chance(dice, 80)) {
        *port = talk->event[talk->events - 1].port;
        *event = (struct event){.what = SAY};
        draw_answer(dice, p, *port, &event->message);
        event->id = (int)talk->events++;
        return;
    }
    if (chance(dice, 20))
        *port = chance(dice, 50) ? 0 : roll(dice, PORTS);
    *event = (struct event){.wait = draw_pause(dice)};
    if (before && chance(dice, 10)) {
        *event = *before;
        event->wait = draw_pause(dice);
        event->what = chance(dice, 40) ? REPEAT : SAY;
    } else if (chance(dice, p->is_lost ? 30 : 12)) {
        draw_wait(dice, *port, event);
    } else if (chance(dice, 3)) {
        event->what = TOP_UP;
        event->fen = 1 + roll(dice, 1000);
    } else if (chance(dice, 3)) {
        draw_price(dice, p, *port, event);
    } else {
        draw_message(dice, p, *port, event);
    }
    if (event->what != REPEAT)
        event->id = (int)talk->events;
    talk->events++;
}

/* A machine, or somebody who loses patience: the same text over and over (E4). */
static inline void draw_burst(struct dice *dice, struct conversation *talk)
{
    struct event event = talk->event[talk->events - 1];
    if (event.what != SAY || talk->events + LOOP_MOST + 4 > EVENTS_MAX)
        return;
    for (int i = 0; i < LOOP_MOST + 2; i++) {
        event.id = (int)talk->events;
        event.wait = 1 + roll(dice, 25 * SECOND);
        talk->event[talk->events++] = event;
    }
}

#endif

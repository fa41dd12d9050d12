/* The model's subscriber: what he says and hears, what he has and was asked. Times are milliseconds since 1970; days and months are those
 * of Beijing, which has no summer time. */
#ifndef TESTS_MODEL_PERSON_H
#define TESTS_MODEL_PERSON_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "catalogue.h"

typedef int64_t ms_t;

enum {
    SECOND = 1000,
    MINUTE = 60 * SECOND,
    HOUR = 60 * MINUTE,
    LIST_MS = 2 * HOUR,   /* a list, and a question before a change of the account (B2) */
    AGAIN_MS = MINUTE,    /* the same text so soon is a resend (D6) */
    LOOP_MS = 5 * MINUTE, /* and so often in that time a machine's (E4) */
    LOOP_MOST = 20,
    LIST_LINES = 8, /* in one message */
    RENEWAL_HOUR = 10,
    QUIET_FROM = 21, /* quiet hours (F1) */
    QUIET_TO = 8,
    FAILED_MONTHS = 2, /* of failed charges close (A13) */
};
static const ms_t DAY = 24 * (ms_t)HOUR;
static const ms_t EXPLAINED = 7 * 24 * (ms_t)HOUR; /* so long an answer to a question that is over is explained (A5) */

/* --- what is said --- */

enum meaning {
    SAYS_NOTHING, /* no command anywhere, and no answer */
    SAYS_ORDER,
    SAYS_CLOSE,
    SAYS_QUERY,
    SAYS_ORDER_CODE, /* a provider's */
    SAYS_UNKNOWN_ORDER,
    SAYS_LIST,       /* 0000 */
    SAYS_ALL,        /* 00000 */
    SAYS_LEAVE_WORD, /* TD, 退订, STOP … */
    SAYS_YES,
    SAYS_NO,
    SAYS_NUMBERS,
    SAYS_BALANCE,
    SAYS_SERVICES,
    SAYS_HELP,
    SAYS_PORT_TEST,
    SAYS_STOP,
    SAYS_RESUME,
    SAYS_MENU,
    MEANINGS,
};

enum { NUMBERS_MAX = 6, TEXT_MAX = 160 };

struct message {
    enum meaning meaning;
    int port;
    int about; /* service or menu, by what is meant */
    int numbers;
    int number[NUMBERS_MAX];
    int late_s;   /* the gateway had it so many seconds before it came */
    bool is_lost; /* the replies to it never go out */
    char text[TEXT_MAX];
    char folded[TEXT_MAX]; /* what it is but for width, case and marks: tells a resend */
};

/* --- what is answered --- */

enum { FIELDS_MAX = 24, REPLIES_MAX = 8 };

struct reply {
    const char *command, *outcome;
    size_t fields;
    const char *field[FIELDS_MAX]; /* "service=彩铃", in order of the keys once it is written */
};

struct replies {
    size_t count;
    struct reply reply[REPLIES_MAX];
};

/* --- the subscriber --- */

enum step { STEP_NONE, STEP_NOTICE, STEP_CHARGE, STEP_END };

struct subscription {
    bool is_open;
    ms_t since, ends; /* ends: cancelled, and runs until then; 0: not cancelled */
    enum step step;   /* what happens to it next */
    ms_t step_at;
    int unpaid; /* the first month that is not charged yet */
    int failed; /* months whose charge failed, in a row */
    int failed_month;
    bool is_trial; /* until it is charged */
    ms_t trial_until;
    int64_t price; /* that was consented to, whatever it is now; 0: nothing was */
};

enum subject { ABOUT_ORDER, ABOUT_STOP, ABOUT_LEAVING, ABOUT_MENU };
enum ended { IS_OPEN, ENDED_YES, ENDED_NO, ENDED_WITHDRAWN, ENDED_EXPIRED };

/* The latest question at a port. */
struct question {
    bool was_asked;
    bool was_sent;
    enum subject subject;
    enum ended ended;
    ms_t at, until, ended_at;
    int service, menu;
    int64_t price, fee; /* what was said that it costs, and now */
    bool is_trial;
    ms_t hides_list; /* it took the place of a list, and until then a number may be meant for that */
    bool takes_yes;  /* of a list: yes is all of it */
    const char *command;
    int lines;
    int line[SERVICES + 1]; /* its services; -1: all of them */
};

struct person {
    struct arena *arena; /* of the conversation */
    ms_t now;
    bool is_lost;    /* what is said now never goes out */
    bool picks;      /* from a menu: that is not told to have gone */
    bool puts_again; /* a question that stands already */
    enum { ACTIVE, STOPPED, IN_ARREARS } state;
    bool is_blacklisted;
    int64_t balance;
    int charges; /* rows of the ledger for services */
    int64_t price[SERVICES];
    struct subscription has[SERVICES];
    bool had[SERVICES];           /* ordered before: no second trial (A12) */
    int charged[SERVICES];        /* the last month charged */
    struct question asked[PORTS]; /* by port */
    struct replies said;          /* to the message at hand */
    struct {
        bool is_there, has_acted;
        int port;
        ms_t at, put_at; /* put_at: when the question was made that it put */
        char folded[TEXT_MAX];
        struct replies replies;
    } last;
    struct {
        ms_t at;
        char text[TEXT_MAX];
    } answered[64]; /* a ring: those that had a reply, by their text as it came */
    size_t answers;
};

/* --- time --- */

static inline struct tm local(ms_t at)
{
    struct tm tm;
    time_t s = at / SECOND + 8 * 3600;
    gmtime_r(&s, &tm);
    return tm;
}

static inline int month_of(ms_t at)
{
    struct tm tm = local(at);
    return tm.tm_year * 12 + tm.tm_mon;
}

/* That hour of the first of a month. */
static inline ms_t first_of(int month, int hour)
{
    struct tm tm = {.tm_year = month / 12, .tm_mon = month % 12, .tm_mday = 1};
    return ((ms_t)timegm(&tm) + (hour - 8) * 3600) * SECOND;
}

static inline const char *iso(struct person *p, ms_t at)
{
    struct tm tm = local(at);
    char text[32];
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S+08:00", &tm);
    return arena_printf(p->arena, "%s", text).at;
}

static inline bool is_quiet(ms_t at)
{
    int hour = local(at).tm_hour;
    return hour >= QUIET_FROM || hour < QUIET_TO;
}

static inline ms_t midnight_before(ms_t at)
{
    return at - (at + 8 * (ms_t)HOUR) % DAY;
}

static inline ms_t after_quiet(ms_t at)
{
    return midnight_before(at) + QUIET_TO * (ms_t)HOUR + (local(at).tm_hour >= QUIET_FROM ? DAY : 0);
}

/* A day before; or earlier, in the hour before quiet hours (F1), so that what comes need not wait. */
static inline ms_t notice_of(ms_t coming)
{
    ms_t at = coming - DAY;
    if (!is_quiet(at))
        return at;
    return midnight_before(at) + (QUIET_FROM - 1) * (ms_t)HOUR - (local(at).tm_hour < QUIET_TO ? DAY : 0);
}

/* --- saying something --- */

static inline struct reply *say(struct person *p, const char *command, const char *outcome)
{
    struct reply *reply = &p->said.reply[p->said.count++];
    *reply = (struct reply){.command = command, .outcome = outcome};
    return reply;
}

static inline void with(struct person *p, struct reply *reply, const char *key, const char *value)
{
    if (value)
        reply->field[reply->fields++] = arena_printf(p->arena, "%s=%s", key, value).at;
}

static inline void with_number(struct person *p, struct reply *reply, const char *key, int64_t value)
{
    with(p, reply, key, arena_printf(p->arena, "%lld", (long long)value).at);
}

static inline const char *off_code(struct person *p, int s)
{
    return arena_printf(p->arena, "QX%s", catalogue[s].code).at;
}

/* --- questions --- */

static inline bool is_open_question(const struct person *p, const struct question *q)
{
    return q->was_asked && q->ended == IS_OPEN && p->now <= q->until;
}

static inline bool is_list(const struct question *q)
{
    return q->subject == ABOUT_LEAVING || q->subject == ABOUT_MENU;
}

static inline const char *name_of_question(const struct question *q)
{
    return q->subject == ABOUT_STOP ? "停机" : catalogue[q->service].name;
}

static inline void end_question(struct person *p, struct question *q, enum ended ended)
{
    q->ended = ended;
    q->ended_at = p->now;
}

/* One question a port: the one that was open there is replaced, and the new one says so (A6). */
static inline void say_replaced(struct person *p, int port, struct reply *reply, bool says_lists)
{
    const struct question *old = &p->asked[port];
    if (!is_open_question(p, old))
        return;
    if (!is_list(old))
        with(p, reply, "replaced", name_of_question(old));
    else if (says_lists && !p->picks)
        with(p, reply, "replaced_list", "true");
}

static inline struct question *ask(struct person *p, int port, enum subject subject, ms_t window)
{
    struct question *q = &p->asked[port];
    bool hides_list = is_open_question(p, q) && is_list(q) && (subject == ABOUT_ORDER || subject == ABOUT_STOP);
    ms_t listed_until = q->until;
    *q = (struct question){.was_asked = true,
                           .was_sent = !p->is_lost,
                           .subject = subject,
                           .at = p->now,
                           .until = p->now + window,
                           .service = -1,
                           .hides_list = hides_list ? listed_until : 0};
    return q;
}

/* Open questions about a service, at whatever port, when it is left (B9); gives how many. */
static inline int withdraw(struct person *p, int service)
{
    int count = 0;
    for (int port = 0; port < PORTS; port++) {
        struct question *q = &p->asked[port];
        if (q->was_asked && q->ended == IS_OPEN && q->subject == ABOUT_ORDER && q->service == service) {
            count += is_open_question(p, q);
            end_question(p, q, ENDED_WITHDRAWN);
        }
    }
    return count;
}

#endif

/* The model: what the hall must answer, and what must be open, asked and charged after it, for one subscriber. Written from the rules
 * (rules A and B, D5, D6, E4) and from DESIGN.md, not from the SQL. It knows what a text means, since whoever drew the text says so; it
 * never sees how the hall read it.
 *
 *                 order of what costs                      yes in time            first of the month
 *      nothing ───────────────────────▶ question at a port ───────────▶ open ─────────────────────▶ charged, or failed
 *         ▲                               │  no, another question, leaving │ notice a day before     │ twice: closed
 *         └───────────────────────────────┴────────────────────────────────┴─────────────────────────┘
 */
#ifndef TESTS_MODEL_DIALOGUE_H
#define TESTS_MODEL_DIALOGUE_H

#include "renewal.h"

/* --- answers --- */

static inline const char *print_number(struct person *p, int number)
{
    return arena_printf(p->arena, "%d", number).at;
}

/* Whoever leaves all of a list orders nothing either (B9). */
static inline void leave_all_of(struct person *p, const struct question *q, int port, struct departure *d)
{
    for (int i = 0; i < q->lines; i++)
        if (q->line[i] >= 0)
            leave_service(p, q->line[i], d);
    withdraw_all(p, port, &d->replaced);
}

static inline int times_said(const int *number, int numbers, int n)
{
    int times = 0;
    for (int i = 0; i < numbers; i++)
        times += number[i] == n;
    return times;
}

/* Numbers mean the list that was sent; it stays open (B4). Beside the line for all no other line says anything. */
static inline void leave_numbers(struct person *p, const struct question *q, const struct message *m)
{
    struct departure d = {0};
    bool is_all = q->line[0] < 0 && times_said(m->number, m->numbers, 1);
    for (int i = 0; i < m->numbers; i++) {
        int n = m->number[i];
        int before = times_said(m->number, i, n);
        bool is_wrong = n < 1 || n > q->lines;
        if (is_wrong && before == 0)
            d.wrong = join(p, d.wrong, print_number(p, n));
        else if (before == 1 && !is_all)
            d.repeated = join(p, d.repeated, print_number(p, n));
        else if (!is_wrong && before == 0 && !is_all)
            leave_service(p, q->line[n - 1], &d);
    }
    if (is_all)
        leave_all_of(p, q, m->port, &d);
    say_left(p, q->command, &d);
}

static inline void leave_whole_list(struct person *p, struct question *q, int port)
{
    struct departure d = {0};
    leave_all_of(p, q, port, &d);
    end_question(p, q, ENDED_YES);
    say_left(p, q->command, &d);
}

static inline void pick_from_menu(struct person *p, const struct question *q, int port, const struct message *m)
{
    const struct menu *menu = &menus[q->menu];
    int n = m->number[0] - 1;
    if (m->numbers != 1 || n < 0 || n >= menu->items) {
        struct reply *reply = say(p, "speed", "wrong");
        const char *wrong = NULL;
        for (int i = 0; i < m->numbers; i++)
            wrong = join(p, wrong, print_number(p, m->number[i]));
        with(p, reply, "wrong", wrong);
        return;
    }
    p->picks = true;
    int s = menu->item[n].service ? service_of(menu->item[n].service) : -1;
    switch (menu->item[n].does) {
    case OPENS:
        order(p, s, port, NULL);
        break;
    case CLOSES:
        close_by_code(p, s);
        break;
    case ASKS:
        query(p, s);
        break;
    case STOPS:
        stop(p, port, false);
        break;
    case RESUMES:
        resume(p);
        break;
    }
}

static inline void say_expired(struct person *p, const struct question *q)
{
    struct reply *reply = say(p, q->command, "expired");
    switch (q->subject) {
    case ABOUT_ORDER:
        with(p, reply, "how", arena_printf(p->arena, "KT%s", catalogue[q->service].code).at);
        with(p, reply, "service", catalogue[q->service].name);
        break;
    case ABOUT_STOP:
        with(p, reply, "how", "TJ");
        break;
    case ABOUT_MENU:
        with(p, reply, "how", menus[q->menu].code);
        break;
    case ABOUT_LEAVING:
        with(p, reply, "how", q->takes_yes ? "00000" : "0000");
        break;
    }
}

/* The same question once more: the answer was older than it, or it had never gone out (A6). */
static inline void put_again(struct person *p, struct question *q)
{
    q->was_sent |= !p->is_lost;
    p->puts_again = true;
    if (q->subject == ABOUT_LEAVING) {
        say_list(p, q, NULL);
        return;
    }
    struct reply *reply = say(p, q->command, q->subject == ABOUT_MENU ? "menu" : "again");
    if (q->subject == ABOUT_ORDER) {
        with(p, reply, "service", catalogue[q->service].name);
        q->fee = fee_of_order(p, q->service, q->price, q->is_trial); /* it may be another day by now */
        say_question(p, reply, q);
    }
}

/* Whoever is suspended may say yes when he is no longer. */
static inline void answer_consent(struct person *p, struct question *q, int port, bool is_yes)
{
    if (is_yes && is_suspended(p))
        return;
    end_question(p, q, is_yes ? ENDED_YES : ENDED_NO);
    if (!is_yes) {
        struct reply *reply = say(p, q->command, "declined");
        with(p, reply, "service", q->subject == ABOUT_ORDER ? catalogue[q->service].name : NULL);
    } else if (q->subject == ABOUT_ORDER) {
        order(p, q->service, port, q);
    } else {
        stop(p, port, true);
    }
}

static inline void answer_list(struct person *p, struct question *q, const struct message *m)
{
    if (m->meaning == SAYS_NO) {
        end_question(p, q, ENDED_NO);
        say(p, q->command, "declined");
    } else if (m->meaning == SAYS_NUMBERS && q->subject == ABOUT_LEAVING) {
        leave_numbers(p, q, m);
    } else if (m->meaning == SAYS_NUMBERS) {
        pick_from_menu(p, q, m->port, m);
    } else if (q->takes_yes) {
        leave_whole_list(p, q, m->port);
    } else {
        say(p, "hall", "use_serials");
    }
}

static inline void answer_open(struct person *p, struct question *q, const struct message *m)
{
    bool is_number = m->meaning == SAYS_NUMBERS;
    if (p->now > q->until) {
        end_question(p, q, ENDED_EXPIRED);
        say_expired(p, q);
    } else if (!q->was_sent || p->now / SECOND - m->late_s < q->at / SECOND) {
        put_again(p, q);
    } else if (is_list(q)) {
        answer_list(p, q, m);
    } else if (is_number && p->now <= q->hides_list) {
        say(p, "hall", "use_words");
    } else {
        answer_consent(p, q, m->port, is_number ? m->number[0] == 1 : m->meaning == SAYS_YES);
    }
}

/* Is this text an answer to such a question? 1 and 2 are yes and no where there is no list (A4). */
static inline bool answers(const struct question *q, const struct message *m)
{
    if (m->meaning != SAYS_NUMBERS)
        return true;
    return is_list(q) || (m->numbers == 1 && (m->number[0] == 1 || m->number[0] == 2));
}

/* An answer to what is over is explained still (A5); at a provider's port, where it may be meant for the provider (B8), once after the
 * deadline and for a moment after an answer. */
static inline bool is_remembered(const struct person *p, const struct question *q, int port)
{
    if (ports[port].own && q->ended != IS_OPEN)
        return p->now <= q->ended_at + AGAIN_MS;
    return p->now <= q->until + EXPLAINED;
}

static inline void answer(struct person *p, const struct message *m)
{
    struct question *q = &p->asked[m->port];
    bool is_known = q->was_asked && is_remembered(p, q, m->port);
    bool is_over = q->ended != IS_OPEN || p->now > q->until;
    if (ports[m->port].menu && (!is_known || (is_over && is_list(q))))
        put_menu(p, m->port, menu_of(ports[m->port].menu));
    else if (!is_known && ports[m->port].own)
        say(p, "hall", "provider_text");
    else if (is_known && !answers(q, m))
        say(p, "hall", ports[m->port].own ? "provider_text" : "unknown");
    else if (!is_known || q->ended == ENDED_WITHDRAWN)
        say(p, "hall", "no_question");
    else if (q->ended == ENDED_EXPIRED)
        say_expired(p, q);
    else if (q->ended != IS_OPEN)
        say(p, "hall", "answered");
    else
        answer_open(p, q, m);
}

/* --- a message --- */

static inline void act_at_provider(struct person *p, const struct message *m)
{
    switch (m->meaning) {
    case SAYS_ORDER_CODE:
        if (is_of_port(m->about, m->port))
            order(p, m->about, m->port, NULL);
        else
            not_understood(p, m->port);
        break;
    case SAYS_LIST:
        leave_list(p, m->port);
        break;
    case SAYS_ALL:
    case SAYS_LEAVE_WORD:
        leave_port(p, m->port);
        break;
    case SAYS_YES:
    case SAYS_NO:
    case SAYS_NUMBERS:
        answer(p, m);
        break;
    case SAYS_HELP:
        say(p, "provider_help", "ok");
        break;
    case SAYS_PORT_TEST:
        say(p, "port_test", "ok");
        break;
    default:
        not_understood(p, m->port);
    }
}

static inline void act_at_hall(struct person *p, const struct message *m)
{
    switch (m->meaning) {
    case SAYS_ORDER:
        order(p, m->about, m->port, NULL);
        break;
    case SAYS_CLOSE:
        close_by_code(p, m->about);
        break;
    case SAYS_QUERY:
        query(p, m->about);
        break;
    case SAYS_UNKNOWN_ORDER:
        if (!is_suspended(p))
            say(p, "open", "no_service");
        break;
    case SAYS_LIST:
        leave_list(p, m->port);
        break;
    case SAYS_ALL:
        leave_all(p, m->port);
        break;
    case SAYS_LEAVE_WORD:
        say(p, "leave_hint", "ok");
        break;
    case SAYS_YES:
    case SAYS_NO:
    case SAYS_NUMBERS:
        answer(p, m);
        break;
    case SAYS_BALANCE:
        with_number(p, say(p, "balance", "ok"), "balance", p->balance);
        break;
    case SAYS_SERVICES:
        list_services(p);
        break;
    case SAYS_HELP:
        say(p, "help", "ok");
        break;
    case SAYS_STOP:
        stop(p, m->port, false);
        break;
    case SAYS_RESUME:
        resume(p);
        break;
    case SAYS_MENU:
        put_menu(p, m->port, m->about);
        break;
    default:
        not_understood(p, m->port);
    }
}

/* What leads out is done whatever else is said (B5). */
static inline bool leaves(const struct message *m)
{
    bool is_provider = ports[m->port].own != NULL;
    return m->meaning == SAYS_LIST || m->meaning == SAYS_ALL || (m->meaning == SAYS_LEAVE_WORD && is_provider) ||
           (m->meaning == SAYS_CLOSE && !is_provider);
}

static inline bool is_command_that_changes(const struct message *m)
{
    bool is_order = m->meaning == SAYS_ORDER || m->meaning == SAYS_UNKNOWN_ORDER || m->meaning == SAYS_STOP || m->meaning == SAYS_RESUME;
    return leaves(m) || (is_order && !ports[m->port].own);
}

/* Nothing happened, for a reason that may have gone when the same is said again. */
static inline bool is_refusal(const char *outcome)
{
    static const char *const refusals[] = {"no_balance", "blacklisted", "excluded",    "requires", "not_offered",
                                           "arrears",    "suspended",   "not_stopped", "not_open", "no_service"};
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (strcmp(refusals[i], outcome) == 0)
            return true;
    return false;
}

/* Something happened that must not happen twice (D6). A question is simply answered again; so is the code of a menu, but whatever else led
 * to the menu of its port is no choice from it when it comes twice. What was only put once more may be answered by the same word (A6). */
static inline bool has_acted(const struct person *p, const struct message *m)
{
    if (p->said.count == 0 || p->puts_again)
        return false;
    const struct reply *reply = &p->said.reply[0];
    if (is_refusal(reply->outcome))
        return false;
    if (strcmp(reply->outcome, "menu") == 0)
        return m->meaning != SAYS_MENU;
    bool is_answer = m->meaning == SAYS_YES || m->meaning == SAYS_NO || m->meaning == SAYS_NUMBERS || m->meaning == SAYS_ORDER_CODE;
    return is_command_that_changes(m) || (is_answer && strcmp(reply->command, "hall") != 0);
}

/* Letters in any case, wide ones too. */
static inline bool is_same_text(struct view a, struct view b)
{
    size_t i = 0, k = 0;
    while (i < a.size && k < b.size) {
        int32_t one = view_code_point(a, &i), other = view_code_point(b, &k);
        one -= (one >= 'a' && one <= 'z') || (one >= 0xff41 && one <= 0xff5a) ? 32 : 0;
        other -= (other >= 'a' && other <= 'z') || (other >= 0xff41 && other <= 0xff5a) ? 32 : 0;
        if (one != other)
            return false;
    }
    return i == a.size && k == b.size;
}

/* More than so many times the same text in so long: a machine (E4). */
static inline bool is_loop(const struct person *p, const struct message *m)
{
    int count = 0;
    size_t ring = sizeof p->answered / sizeof *p->answered;
    for (size_t i = p->answers > ring ? p->answers - ring : 0; i < p->answers; i++)
        count += p->now - p->answered[i % ring].at < LOOP_MS && is_same_text(view_of(p->answered[i % ring].text), view_of(m->text));
    return count >= LOOP_MOST;
}

static inline void remember(struct person *p, const struct message *m, bool is_again)
{
    size_t ring = sizeof p->answered / sizeof *p->answered;
    p->last.is_there = true;
    p->last.has_acted = p->said.count && (is_again || has_acted(p, m));
    p->last.port = m->port;
    if (!is_again)
        p->last.put_at = p->asked[m->port].at == p->now ? p->now : -1;
    p->last.at = p->now;
    p->last.replies = p->said;
    strcpy(p->last.folded, m->folded);
    if (p->said.count) {
        p->answered[p->answers % ring].at = p->now;
        strcpy(p->answered[p->answers++ % ring].text, m->text);
    }
}

/* The stored replies once more (D6); a question among them may go out by this for the first time. */
static inline void say_again(struct person *p)
{
    struct question *q = &p->asked[p->last.port];
    p->said = p->last.replies;
    if (q->at == p->last.put_at)
        q->was_sent |= !p->is_lost;
}

static inline void person_hears(struct person *p, const struct message *m)
{
    bool is_same = p->last.is_there && p->last.port == m->port && strcmp(p->last.folded, m->folded) == 0;
    bool is_again = is_same && p->last.has_acted && p->now - p->last.at <= AGAIN_MS;
    bool loops = is_loop(p, m);
    p->said.count = 0;
    p->is_lost = m->is_lost || loops;
    p->picks = p->puts_again = false;
    if (is_again)
        say_again(p);
    else if (ports[m->port].own && (!loops || leaves(m)))
        act_at_provider(p, m);
    else if (!loops || leaves(m))
        act_at_hall(p, m);
    if (loops)
        p->said.count = 0;
    remember(p, m, is_again);
}

#endif

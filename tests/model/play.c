/* Plays random conversations with the store and with the model (dialogue.h) at once, and compares after each thing that happens what was
 * said and how everything stands. Texts go through the real reader, and from there to hall.receive as gateway/message.c calls it.
 *
 *   play CONNINFO SEED STEPS       run from tests/model.sh, which says what the store must be
 *
 * What is hard: a failure in a long conversation shows little. So a conversation is drawn while it is played, since only the model knows
 * what is worth doing next (a second before a deadline), but kept as a list of events that mean something by themselves ("wait until a
 * second before the deadline at that port"). The list is then played again without this or that event, as long as it still fails. Each
 * conversation is one transaction, rolled back: all begin with the same store. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "grammar/grammar.h"
#include "spelling.h"
#include "store/api.h"
#include "store/pg.h"

enum { EVENTS_MAX = 80, SHRINKS_MAX = 400, REPLY_KINDS_MAX = 100 };
static const char msisdn[] = "13700000001";

/* --- events --- */

struct event {
    enum { SAY, REPEAT, WAIT, TOP_UP } what;
    int id;    /* of a message: what a repeat calls it by */
    ms_t wait; /* before it */
    enum { FOR, UNTIL_DEADLINE, UNTIL_FIRST, UNTIL_DUE } until;
    ms_t offset;
    int port;
    int64_t fen;
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

struct player {
    struct pg *pg;
    const struct grammar *grammar;
    struct arena *arena; /* of a conversation */
    struct person person;
    ms_t store_due;                  /* when the store has something to do next, as it says */
    struct replies said[EVENTS_MAX]; /* by id */
    ms_t said_at[EVENTS_MAX];        /* 0: it was not */
    struct {
        const char *command, *outcome;
        unsigned times;
    } heard[REPLY_KINDS_MAX]; /* what the model and the hall agreed on */
    size_t heards;
    bool shows;      /* prints what is said */
    bool has_failed; /* the rest of the conversation is not played */
    uint64_t steps;
};

/* --- the store --- */

static void must(enum outcome outcome, const struct err *err)
{
    if (outcome == IS_DONE)
        return;
    printf("Bail out! %s\n", err->text);
    exit(2);
}

static void run(struct player *player, const char *sql)
{
    struct err err;
    must(pg_query(player->pg, sql, 0, NULL, NULL, &err), &err);
}

/* "13:05:09.250" of the model's time, with its day. */
static const char *clock_of(struct player *player, ms_t at)
{
    struct tm tm = local(at);
    char text[40];
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
    return arena_printf(player->arena, "%s.%03d", text, (int)(at % SECOND)).at;
}

static struct view number_view(struct player *player, int64_t number)
{
    return arena_printf(player->arena, "%" PRId64, number);
}

/* --- comparing --- */

static void write_field(struct text *out, const json_t *value)
{
    size_t i;
    json_t *item;
    if (json_is_string(value))
        text_add(out, view_of(json_string_value(value)));
    else if (json_is_integer(value))
        text_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_boolean(value))
        text_addf(out, "%s", json_is_true(value) ? "true" : "false");
    json_array_foreach(value, i, item)
    {
        text_add(out, i ? VIEW(",") : VIEW_NONE);
        if (json_is_object(item) && json_object_get(item, "serial"))
            text_addf(out, "%" PRId64 "%.*s", json_int(item, "serial", 0), VIEW_ARG(json_text(item, "name")));
        else if (json_is_object(item))
            text_addf(out, "%.*s@%.*s", VIEW_ARG(json_text(item, "service")), VIEW_ARG(json_text(item, "until")));
        else
            write_field(out, item);
    }
}

static const char *wanted_field(const struct reply *reply, const char *key)
{
    size_t size = strlen(key);
    for (size_t i = 0; i < reply->fields; i++)
        if (strncmp(reply->field[i], key, size) == 0 && reply->field[i][size] == '=')
            return reply->field[i] + size + 1;
    return NULL;
}

/* Fields that mean something by being there: the hall may not say them unless the model does. */
static bool is_strict(const char *key, const json_t *value)
{
    static const char *const strict[] = {"charged",    "now",   "now_free", "replaced", "replaced_list", "trial_until",
                                         "trial_days", "later", "gone",     "wrong",    "repeated",      "until"};
    if (json_is_array(value) && (strcmp(key, "own") == 0 || strcmp(key, "collected") == 0))
        return true;
    for (size_t i = 0; i < sizeof strict / sizeof *strict; i++)
        if (strcmp(strict[i], key) == 0)
            return true;
    return false;
}

static bool fields_agree(const struct reply *wanted, const json_t *fields)
{
    const char *key;
    json_t *value;
    size_t found = 0;
    json_object_foreach((json_t *)fields, key, value)
    {
        struct text text = {0};
        const char *must_be = wanted_field(wanted, key);
        write_field(&text, value);
        bool is_there = text.size && strcmp(text.at, "false") != 0 && strcmp(text.at, "0") != 0;
        bool agrees = must_be ? view_equal(view_of(must_be), text_view(&text)) : !is_strict(key, value) || !is_there;
        text_free(&text);
        if (!agrees)
            return false;
        found += must_be != NULL;
    }
    return found == wanted->fields;
}

static bool reply_agrees(const struct reply *wanted, const json_t *reply, int port)
{
    return view_equal(json_text(reply, "command"), view_of(wanted->command)) &&
           view_equal(json_text(reply, "outcome"), view_of(wanted->outcome)) &&
           (port < 0 || view_equal(json_text(reply, "port"), view_of(ports[port].number))) &&
           fields_agree(wanted, json_object_get(reply, "fields"));
}

static bool replies_agree(const struct replies *wanted, const json_t *replies, int port)
{
    if (json_array_size(replies) != wanted->count)
        return false;
    for (size_t i = 0; i < wanted->count; i++)
        if (!reply_agrees(&wanted->reply[i], json_array_get(replies, i), port))
            return false;
    return true;
}

/* Of things that are done at the same moment the order is the store's own. */
static bool replies_agree_in_any_order(const struct replies *wanted, const json_t *replies)
{
    bool is_taken[REPLIES_MAX] = {false};
    if (json_array_size(replies) != wanted->count)
        return false;
    for (size_t i = 0, j; i < wanted->count; i++) {
        for (j = 0; j < wanted->count; j++)
            if (!is_taken[j] && reply_agrees(&wanted->reply[i], json_array_get(replies, j), -1))
                break;
        if (j == wanted->count)
            return false;
        is_taken[j] = true;
    }
    return true;
}

/* As test.look writes it. */
static const char *look(struct player *player)
{
    static const char *const states[] = {"active", "suspended own_wish", "suspended arrears"};
    const struct person *p = &player->person;
    struct text open = {0}, asked = {0};
    int order[SERVICES] = {0}, count = 0;
    for (int s = 0; s < SERVICES; s++) {
        int at = count++;
        for (; at > 0 && strcmp(catalogue[order[at - 1]].code, catalogue[s].code) > 0; at--)
            order[at] = order[at - 1];
        order[at] = s;
    }
    for (int i = 0; i < count; i++)
        if (p->has[order[i]].is_open)
            text_addf(&open, " %s@%" PRId64, catalogue[order[i]].code, p->has[order[i]].since);
    for (int port = 0; port < PORTS; port++) {
        const struct question *q = &p->asked[port];
        int first = q->subject == ABOUT_ORDER ? q->service : q->subject == ABOUT_LEAVING ? q->line[0] : -1;
        if (is_open_question(p, q))
            text_addf(&asked, "%s%s %s%s%s %" PRId64, asked.size ? ", " : " ", ports[port].number, q->command, first >= 0 ? " " : "",
                      first >= 0 ? catalogue[first].code : "", q->until);
    }
    struct view seen = arena_printf(player->arena, "%s %" PRId64 "; charged %d; open%s; asked%s", states[p->state], p->balance, p->charges,
                                    open.size ? open.at : " -", asked.size ? asked.at : " -");
    text_free(&open);
    text_free(&asked);
    return seen.at;
}

/* --- telling --- */

static void show_found(struct player *player, const json_t *replies)
{
    size_t i;
    json_t *reply;
    json_array_foreach(replies, i, reply)
    {
        struct view text;
        struct err err;
        if (grammar_render(player->grammar, player->arena, json_text(reply, "command"), json_text(reply, "outcome"), VIEW_NONE,
                           json_object_get(reply, "fields"), &text, &err) != IS_DONE)
            text = view_of(err.text);
        printf("# %s < %.*s ", msisdn, VIEW_ARG(json_text(reply, "port")));
        for (size_t at = 0; at < text.size; at++)
            putchar(text.at[at] == '\n' ? '*' : text.at[at]);
        putchar('\n');
    }
}

static void show_difference(struct player *player, const json_t *found)
{
    const struct replies *said = &player->person.said;
    printf("#     the model says:");
    for (size_t i = 0; i < said->count; i++) {
        printf(" [%s %s", said->reply[i].command, said->reply[i].outcome);
        for (size_t k = 0; k < said->reply[i].fields; k++)
            printf(" %s", said->reply[i].field[k]);
        printf("]");
    }
    struct text text = {0};
    json_write(&text, json_object_get(found, "replies"));
    printf("\n#     the hall says:  %s\n", text.at);
    printf("#     model: %s\n#     hall:  %.*s\n", look(player), VIEW_ARG(json_text(found, "look")));
    text_free(&text);
}

static void count_replies(struct player *player)
{
    const struct replies *said = &player->person.said;
    for (size_t i = 0, k; i < said->count; i++) {
        for (k = 0; k < player->heards; k++)
            if (strcmp(player->heard[k].command, said->reply[i].command) == 0 &&
                strcmp(player->heard[k].outcome, said->reply[i].outcome) == 0)
                break;
        if (k == REPLY_KINDS_MAX)
            return;
        if (k == player->heards) {
            player->heard[k].command = said->reply[i].command;
            player->heard[k].outcome = said->reply[i].outcome;
            player->heards++;
        }
        player->heard[k].times++;
    }
}

/* What came of one thing that happened. */
static void compare(struct player *player, const json_t *found, bool says_agree)
{
    bool agrees = says_agree && view_equal(json_text(found, "look"), view_of(look(player)));
    if (player->shows)
        show_found(player, json_object_get(found, "replies"));
    if (player->shows && !agrees)
        show_difference(player, found);
    player->has_failed |= !agrees;
    count_replies(player);
    player->store_due = json_int(found, "due", INT64_MAX);
}

/* Calls a function of store.sql. NULL: the store refused it. */
static json_t *call(struct player *player, const char *sql, size_t parameters, const struct view *parameter)
{
    struct pg_result *result = NULL;
    struct err err;
    json_t *found = NULL;
    enum outcome outcome = pg_query(player->pg, sql, parameters, parameter, &result, &err);
    if (outcome == IS_DONE) {
        found = json_read(pg_value(result, 0, 0), NULL);
        pg_result_free(&result);
        return found;
    }
    if (outcome != IS_REFUSED)
        must(outcome, &err);
    if (player->shows)
        printf("#     the store refuses it: %s\n", err.text);
    player->has_failed = true;
    return NULL;
}

/* --- a message --- */

/* As gateway/message.c hands it over, but for what is suggested to whoever is not understood. */
static struct view args_of(struct player *player, const struct match *match)
{
    const struct command *maybe = match->maybe;
    struct text args = {0}, out = {0};
    match_write_args(match, false, &args);
    if (match->command) {
        text_add(&out, text_view(&args));
    } else {
        text_add(&out, VIEW("{\"near\":[],\"folded\":"));
        text_add_json(&out, match->folded);
        if (maybe)
            text_addf(&out, ",\"maybe\":{\"command\":\"%.*s\",\"call\":\"%.*s\",\"effect\":\"%s\",\"confirm\":\"%s\",\"args\":%s}",
                      VIEW_ARG(maybe->name), VIEW_ARG(maybe->call), effect_name(maybe->effect), confirm_name(maybe->confirm), args.at);
        text_add_char(&out, '}');
    }
    struct view kept = arena_copy(player->arena, text_view(&out));
    text_free(&args);
    text_free(&out);
    return kept;
}

static const char *effect_of(const struct command *command)
{
    return command->effect == EFFECT_CHANGES && command->also_suspended ? "manages" : effect_name(command->effect);
}

static json_t *send(struct player *player, const struct message *m, int id)
{
    static const char sql[] = "SELECT test.hears($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    const struct person *p = &player->person;
    struct match match;
    int at = ports[m->port].own ? AT_PROVIDER : AT_HALL;
    grammar_match(player->grammar, player->arena, view_of(m->text), at, &match);
    const struct command *command = match.command;
    struct view answer = match_answer_text(&match, player->arena);
    const struct view parameter[] = {
        view_of(msisdn),
        number_view(player, p->now),
        m->is_lost ? VIEW("dead") : VIEW("sent"),
        arena_printf(player->arena, "id %d", id),
        view_of(ports[m->port].number),
        at == AT_HALL ? VIEW("hall") : VIEW("provider"),
        match.text,
        number_view(player, (int64_t)view_hash(match.folded)),
        number_view(player, p->now / SECOND - m->late_s),
        command ? command->name : VIEW_NONE,
        view_of(command ? effect_of(command) : "reads"),
        command ? view_of(confirm_name(command->confirm)) : VIEW("never"),
        args_of(player, &match),
        answer.size ? answer : VIEW_NONE,
        command && command->call.size ? command->call : VIEW_NONE,
    };
    return call(player, sql, sizeof parameter / sizeof *parameter, parameter);
}

static void play_message(struct player *player, const struct event *event)
{
    const struct message *m = &event->message;
    if (player->shows)
        printf("# %s\n%s > %s %s%s%s\n", clock_of(player, player->person.now), msisdn, ports[m->port].number, m->text,
               m->late_s ? arena_printf(player->arena, "\n# (the gateway had it %d s before)", m->late_s).at : "",
               m->is_lost ? "\n# (no reply to it goes out)" : "");
    person_hears(&player->person, m);
    player->said[event->id] = player->person.said;
    player->said_at[event->id] = player->person.now;
    json_t *found = send(player, m, event->id);
    if (found)
        compare(player, found, replies_agree(&player->person.said, json_object_get(found, "replies"), m->port));
    json_decref(found);
}

/* The gateway asks again with the same id: nothing happens, and the replies are those it had (D6). It does so for days, not for months. */
static void play_repeat(struct player *player, const struct event *event)
{
    const struct message *m = &event->message;
    ms_t said_at = player->said_at[event->id], now = player->person.now;
    if (said_at == 0 || (now - said_at > 2 * DAY && month_of(now) != month_of(said_at)))
        return;
    if (player->shows)
        printf("# %s again, with the same id: %s > %s %s\n", clock_of(player, now), msisdn, ports[m->port].number, m->text);
    player->person.said = player->said[event->id];
    json_t *found = send(player, m, event->id);
    if (found)
        compare(player, found, replies_agree(&player->person.said, json_object_get(found, "replies"), m->port));
    json_decref(found);
}

/* --- time and money --- */

static void play_due(struct player *player)
{
    struct person *p = &player->person;
    const struct view parameter[] = {view_of(msisdn), number_view(player, p->now)};
    person_lives(p);
    json_t *found = call(player, "SELECT test.lives($1, $2)", 2, parameter);
    if (player->shows && json_array_size(json_object_get(found, "replies")))
        printf("# %s\n", clock_of(player, p->now));
    if (found)
        compare(player, found, replies_agree_in_any_order(&p->said, json_object_get(found, "replies")));
    json_decref(found);
}

/* Whoever of the two has something to do next, both are asked. */
static ms_t next_due_of_both(const struct player *player)
{
    ms_t due = person_due(&player->person);
    return due < player->store_due ? due : player->store_due;
}

static void wait_until(struct player *player, ms_t until)
{
    struct person *p = &player->person;
    for (ms_t due; !player->has_failed && (due = next_due_of_both(player)) <= until;) {
        p->now = due > p->now ? due : p->now;
        play_due(player);
    }
    p->now = until > p->now ? until : p->now;
}

static ms_t target_of(struct player *player, const struct event *event)
{
    const struct person *p = &player->person;
    ms_t due = person_due(p);
    switch (event->until) {
    case UNTIL_DEADLINE:
        return p->asked[event->port].was_asked ? p->asked[event->port].until + event->offset : p->now;
    case UNTIL_FIRST:
        return first_of(month_of(p->now) + 1, RENEWAL_HOUR) + event->offset;
    case UNTIL_DUE:
        return due < INT64_MAX ? due + event->offset : p->now;
    default:
        return p->now + event->offset;
    }
}

static void play_top_up(struct player *player, const struct event *event)
{
    struct person *p = &player->person;
    char reference[16];
    snprintf(reference, sizeof(reference), "%d", event->id);
    const struct view parameter[] = {view_of(msisdn), number_view(player, event->fen), view_of(reference), number_view(player, p->now)};
    if (player->shows)
        printf("# %s tops up %" PRId64 " fen\n", clock_of(player, p->now), event->fen);
    p->balance += event->fen;
    json_decref(call(player, "SELECT test.at_ms($4), to_json(hall.top_up($1, $2, $3))", 4, parameter));
    play_due(player);
}

static void play_event(struct player *player, const struct event *event)
{
    player->steps++;
    wait_until(player, player->person.now + event->wait);
    if (player->has_failed)
        return;
    switch (event->what) {
    case SAY:
        play_message(player, event);
        break;
    case REPEAT:
        play_repeat(player, event);
        break;
    case WAIT:
        wait_until(player, target_of(player, event));
        break;
    case TOP_UP:
        play_top_up(player, event);
        break;
    }
}

/* --- a conversation --- */

static void bring_person(struct player *player, const struct conversation *talk)
{
    static const char *const state[] = {"active", "suspended", "suspended"}, *const reason[] = {NULL, "own_wish", "arrears"};
    struct person *p = &player->person;
    const struct view parameter[] = {view_of(msisdn),
                                     view_of(state[talk->state]),
                                     view_of(reason[talk->state]),
                                     number_view(player, talk->balance),
                                     talk->is_blacklisted ? VIEW("true") : VIEW("false"),
                                     number_view(player, talk->start)};
    *p = (struct person){
        .arena = player->arena, .now = talk->start, .balance = talk->balance, .state = talk->state, .is_blacklisted = talk->is_blacklisted};
    json_decref(call(player, "SELECT test.brings($1, $2, $3, $4, $5, $6)", 6, parameter));
    for (int s = 0; s < SERVICES; s++) {
        if (!(talk->has >> s & 1))
            continue;
        ms_t since = talk->start - 100 * DAY + s * (ms_t)HOUR;
        const struct view had[] = {view_of(msisdn), view_of(catalogue[s].code), number_view(player, since)};
        p->has[s] = (struct subscription){.is_open = true, .since = since};
        p->had[s] = true;
        json_decref(call(player, "SELECT test.had($1, $2, $3)", 3, had));
    }
}

static void begin_conversation(struct player *player, const struct conversation *talk)
{
    arena_reset(player->arena);
    memset(player->said_at, 0, sizeof(player->said_at));
    player->has_failed = false;
    player->store_due = INT64_MAX;
    run(player, "BEGIN");
    bring_person(player, talk);
}

static void play_again(struct player *player, const struct conversation *talk)
{
    begin_conversation(player, talk);
    for (size_t i = 0; i < talk->events && !player->has_failed; i++)
        play_event(player, &talk->event[i]);
    run(player, "ROLLBACK");
}

/* --- drawing --- */

static void draw_person(struct dice *dice, struct conversation *talk)
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
        if (costs(s) ? catalogue[s].port && !is_bought_once(s) && chance(dice, 30) : chance(dice, 20))
            talk->has |= 1u << s;
}

static void draw_numbers(struct dice *dice, const struct question *q, struct message *m)
{
    int most = q->was_asked && is_list(q) ? (q->subject == ABOUT_MENU ? menus[q->menu].items : q->lines) + 2 : 3;
    m->numbers = chance(dice, 60) ? 1 : 1 + roll(dice, NUMBERS_MAX);
    for (int i = 0; i < m->numbers; i++)
        m->number[i] = chance(dice, 3) ? 100 + roll(dice, 900) : roll(dice, 8) ? 1 + roll(dice, most) : 0;
}

/* What somebody would say next; an answer when there is a question. */
static enum meaning draw_meaning(struct dice *dice, const struct person *p, int port)
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
static int draw_open(struct dice *dice, const struct person *p, bool ends)
{
    int from = roll(dice, SERVICES);
    for (int i = 0; i < SERVICES; i++) {
        int s = (from + i) % SERVICES;
        if (p->has[s].is_open && (!ends || p->has[s].ends))
            return s;
    }
    return -1;
}

static int draw_service(struct dice *dice, const struct person *p, enum meaning meaning, int port)
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

static void draw_answer(struct dice *dice, const struct person *p, int port, struct message *m)
{
    m->port = port;
    m->meaning = is_list(&p->asked[port]) ? SAYS_NUMBERS : SAYS_YES;
    if (m->meaning == SAYS_NUMBERS)
        draw_numbers(dice, &p->asked[port], m);
    spell(dice, m);
}

static void draw_message(struct dice *dice, const struct person *p, int port, struct event *event)
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

static void draw_wait(struct dice *dice, int port, struct event *event)
{
    static const ms_t around[] = {-SECOND, -1, 0, 1, SECOND};
    event->what = WAIT;
    event->port = port;
    event->until = roll(dice, 4);
    event->offset = event->until == FOR ? roll(dice, 3 * DAY_S) * (ms_t)SECOND : around[roll(dice, 5)];
}

static ms_t draw_pause(struct dice *dice)
{
    if (chance(dice, 70))
        return 1 + roll(dice, 20 * SECOND);
    return chance(dice, 90) ? (55 + roll(dice, 8)) * (ms_t)SECOND : roll(dice, HOUR);
}

/* It was waited for a question's deadline, and it has come. */
static bool is_at_deadline(const struct person *p, const struct conversation *talk)
{
    const struct event *last = &talk->event[talk->events - 1];
    return talk->events && last->what == WAIT && last->until == UNTIL_DEADLINE && p->asked[last->port].was_asked &&
           p->now == p->asked[last->port].until + last->offset;
}

/* The message of an earlier event, by number from the end; NULL: it is none. */
static const struct event *earlier(const struct conversation *talk, size_t back)
{
    if (talk->events <= back || talk->event[talk->events - 1 - back].what != SAY)
        return NULL;
    return &talk->event[talk->events - 1 - back];
}

static void draw_event(struct dice *dice, struct player *player, struct conversation *talk, int *port)
{
    struct event *event = &talk->event[talk->events];
    const struct event *before = earlier(talk, (size_t)(chance(dice, 70) ? 0 : roll(dice, 10)));
    if (is_at_deadline(&player->person, talk) && chance(dice, 80)) {
        *port = talk->event[talk->events - 1].port;
        *event = (struct event){.what = SAY};
        draw_answer(dice, &player->person, *port, &event->message);
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
    } else if (chance(dice, 12)) {
        draw_wait(dice, *port, event);
    } else if (chance(dice, 3)) {
        event->what = TOP_UP;
        event->fen = 1 + roll(dice, 1000);
    } else {
        draw_message(dice, &player->person, *port, event);
    }
    if (event->what != REPEAT)
        event->id = (int)talk->events;
    talk->events++;
}

/* A machine, or somebody who loses patience: the same text over and over (E4). */
static void draw_burst(struct dice *dice, struct conversation *talk)
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

static void draw_and_play(struct player *player, struct conversation *talk, struct dice *dice)
{
    size_t most = 10 + (size_t)roll(dice, EVENTS_MAX - 10), played = 0;
    int port = 0;
    draw_person(dice, talk);
    begin_conversation(player, talk);
    while (played < most && !player->has_failed) {
        if (played == talk->events) {
            draw_event(dice, player, talk, &port);
            if (chance(dice, 1))
                draw_burst(dice, talk);
        }
        play_event(player, &talk->event[played++]);
    }
    talk->events = played;
    run(player, "ROLLBACK");
}

/* --- the shortest that still fails --- */

static bool fails_without(struct player *player, struct conversation *talk, size_t from, size_t count)
{
    static struct conversation shorter;
    shorter = *talk;
    memmove(shorter.event + from, shorter.event + from + count, sizeof(*shorter.event) * (shorter.events - from - count));
    shorter.events -= count;
    play_again(player, &shorter);
    if (player->has_failed)
        *talk = shorter;
    return player->has_failed;
}

static void shrink(struct player *player, struct conversation *talk)
{
    int tries = 0;
    for (size_t count = talk->events / 2; count > 0 && tries < SHRINKS_MAX;) {
        bool is_shorter = false;
        for (size_t from = 0; from + count <= talk->events && tries < SHRINKS_MAX; tries++) {
            if (fails_without(player, talk, from, count))
                is_shorter = true;
            else
                from += count;
        }
        if (count > 1)
            count /= 2;
        else if (!is_shorter)
            break;
    }
    for (int s = 0; s < SERVICES; s++) {
        struct conversation poorer = *talk;
        poorer.has &= ~(1u << s);
        play_again(player, &poorer);
        if (player->has_failed)
            talk->has = poorer.has;
    }
}

static void show_failure(struct player *player, struct conversation *talk, uint64_t number)
{
    static const char *const states[] = {"active", "stopped", "in arrears"};
    shrink(player, talk);
    printf("# conversation %" PRIu64 ": %s, %" PRId64 " fen%s; open:", number, states[talk->state], talk->balance,
           talk->is_blacklisted ? ", on the black list" : "");
    for (int s = 0; s < SERVICES; s++)
        if (talk->has >> s & 1)
            printf(" %s", catalogue[s].code);
    puts("");
    player->shows = true;
    play_again(player, talk);
    player->shows = false;
}

/* --- all of it --- */

static const char *provider_of(const struct service *service)
{
    for (int port = 0; port < PORTS; port++)
        if (service->port && ports[port].own && strcmp(service->port, ports[port].own) == 0)
            return ports[port].provider;
    return NULL;
}

static void put_catalogue(struct player *player)
{
    static const char *const first_month[] = {"full", "share", "free"};
    for (int s = 0; s < SERVICES; s++) {
        const struct service *service = &catalogue[s];
        const struct view parameter[] = {
            view_of(service->code),
            view_of(service->name),
            view_of(service->spelled),
            number_view(player, service->fee_fen),
            view_of(service->period),
            view_of(provider_of(service)),
            view_of(service->port),
            view_of(service->order_code),
            view_of(service->group),
            view_of(service->needs),
            number_view(player, service->window_s),
            number_view(player, service->trial_days),
            service->ends_with_month ? VIEW("month_end") : VIEW("at_once"),
            service->is_withdrawn ? VIEW("false") : VIEW("true"),
            view_of(first_month[service->first_month]),
        };
        json_decref(call(player, "SELECT test.offers($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)", 15, parameter));
    }
}

static void open_player(struct player *player, const char *conninfo)
{
    struct err err;
    struct faults faults = {0};
    player->grammar = grammar_load("commands", &faults);
    if (!player->grammar) {
        printf("Bail out! %s\n", faults.lines.at);
        exit(2);
    }
    player->arena = arena_new();
    must(pg_open(conninfo, 5000, &player->pg, &err), &err);
    put_catalogue(player);
}

/* How often each kind of reply came: what was never said was never compared. */
static void show_replies(const struct player *player)
{
    for (size_t k = 0; k < player->heards; k++)
        printf("%s%s %s %u", k ? ", " : "# ", player->heard[k].command, player->heard[k].outcome, player->heard[k].times);
    puts("");
}

int main(int count, char **argument)
{
    static struct player player;
    static struct conversation talk;
    if (count != 4) {
        fputs("play CONNINFO SEED STEPS\n", stderr);
        return 2;
    }
    uint64_t seed = strtoull(argument[2], NULL, 10), steps = strtoull(argument[3], NULL, 10), number = 0;
    open_player(&player, argument[1]);
    uint64_t start = clock_us();
    while (player.steps < steps) {
        struct dice dice = {(seed << 32) + ++number};
        draw_and_play(&player, &talk, &dice);
        if (player.has_failed) {
            printf("# seed %" PRIu64 ", step %" PRIu64 "\n", seed, player.steps);
            show_failure(&player, &talk, number);
            return 1;
        }
    }
    show_replies(&player);
    double seconds = (double)(clock_us() - start) / 1e6;
    printf("# %" PRIu64 " steps in %" PRIu64 " conversations, %.0f a second\n", player.steps, number, (double)player.steps / seconds);
    return 0;
}

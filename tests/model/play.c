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
#include "draw.h"
#include "grammar/grammar.h"
#include "store/api.h"
#include "store/pg.h"

enum { SHRINKS_MAX = 400, REPLY_KINDS_MAX = 100 };
static const char msisdn[] = "13700000001";

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
    else if (json_object_get(value, "fen"))
        write_field(out, json_object_get(value, "fen"));
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
           view_equal(json_text(reply, "port"), view_of(ports[port].number)) && fields_agree(wanted, json_object_get(reply, "fields"));
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

/* --- the catalogue --- */

static const char *provider_of(const struct service *service)
{
    for (int port = 0; port < PORTS; port++)
        if (service->port && ports[port].own && strcmp(service->port, ports[port].own) == 0)
            return ports[port].provider;
    return NULL;
}

static void put_service(struct player *player, int s, int64_t price)
{
    static const char *const first_month[] = {"full", "share", "free"};
    const struct service *service = &catalogue[s];
    const struct view parameter[] = {
        view_of(service->code),
        view_of(service->name),
        view_of(service->spelled),
        number_view(player, price),
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
        compare(player, found, replies_agree(&p->said, json_object_get(found, "replies"), 0));
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

static void play_price(struct player *player, const struct event *event)
{
    struct person *p = &player->person;
    if (player->shows)
        printf("# %s %s costs %" PRId64 " fen from now on\n", clock_of(player, p->now), catalogue[event->service].name, event->fen);
    p->price[event->service] = event->fen;
    put_service(player, event->service, event->fen);
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
    case PRICE:
        play_price(player, event);
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
        p->price[s] = catalogue[s].fee_fen;
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

/* --- a new one --- */

static void draw_and_play(struct player *player, struct conversation *talk, struct dice *dice)
{
    size_t most = 10 + (size_t)roll(dice, EVENTS_MAX - 10), played = 0;
    int port = 0;
    draw_person(dice, talk);
    begin_conversation(player, talk);
    while (played < most && !player->has_failed) {
        if (played == talk->events) {
            draw_event(dice, &player->person, talk, &port);
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
    for (int s = 0; s < SERVICES; s++)
        put_service(player, s, catalogue[s].fee_fen);
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

/* A message lives in its request's arena. It is touched by one thread at a time: the server's until lanes_submit, then its lane's; between
 * them, if it holds a secret or waits behind one that does, a worker's (gateway/turns.h). */
#include "gateway/message.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/secret.h"
#include "gateway/prover.h"
#include "sms/charset.h"
#include "sms/msisdn.h"
#include "sms/segments.h"

/* While the store is away a message rather waits here than in smsbox's memory: there it would make room for the next one, and die with
 * smsbox (kannel.md §3); here it is taken all the same. With what a hung store adds it stays under Kannel's http-timeout of 20 s. */
enum { SUGGESTIONS_MAX = 3, STORE_PATIENCE_MS = 5000 };

struct message {
    const struct message_setup *setup;
    struct web_request *request;
    struct arena *arena;
    struct held *held; /* the grammar it was read with, and is answered with */
    struct mo mo;
    struct msisdn from;
    int at; /* AT_HALL or AT_PROVIDER */
    struct match match;
    struct turn turn;
    struct view proved; /* the arguments with proofs in the place of secrets; VIEW_NONE: there are no secrets */
    const char *why_not_proved;
    uint64_t proof_us; /* what it took */
    struct lane_call call;
    uint64_t start_us;
    bool is_fault_noted; /* the store refused it: it is being noted as a fault instead */
};

void message_count_refused(const char *reason)
{
    char labels[64];
    snprintf(labels, sizeof(labels), "reason=\"%s\"", reason);
    counter_add(counter_get("smshall_refused_total", "Requests refused, by reason.", labels), 1);
}

void message_refused(const char *reason, struct view id, struct view from, const char *words)
{
    message_count_refused(reason);
    log_event(LOG_WARN, "refused", LOG_TEXT("id", id), LOG_MSISDN("msisdn", from), LOG_STR("reason", reason), LOG_STR("words", words));
}

static const struct grammar *grammar_of(const struct message *message)
{
    return held_grammar(message->held);
}

static void message_end(struct message *message, unsigned status)
{
    held_release(&message->held);
    web_answer_text(message->request, status, VIEW_NONE);
}

/* Kannel asks again with the same id. */
static void message_put_off(struct message *message, const char *reason, const char *words)
{
    message_refused(reason, message->mo.id, view_of(message->from.digits), words);
    message_end(message, 503);
}

/* --- what the store is told --- */

static bool port_is_hall(struct view ports, struct view port)
{
    while (ports.size) {
        struct view own = view_trim(view_cut(&ports, ','));
        if (own.size && view_starts_with(port, own))
            return true;
    }
    return false;
}

static void add_list(struct text *json, const struct view *items, size_t count)
{
    text_add_char(json, '[');
    for (size_t i = 0; i < count; i++) {
        text_add(json, i ? VIEW(",") : VIEW_NONE);
        text_add_json(json, items[i]);
    }
    text_add_char(json, ']');
}

/* An argument named topic asks about a command: the grammar knows its title and codes, the store does not. */
static void add_topic(struct message *message, struct view topic, struct text *args)
{
    struct view title, *codes;
    size_t count = grammar_help(grammar_of(message), message->arena, topic, AT_HALL, &title, &codes);
    if (count == 0)
        return;
    args->size--; /* the closing brace */
    text_add(args, VIEW(",\"title\":"));
    text_add_json(args, title);
    text_add(args, VIEW(",\"codes\":"));
    add_list(args, codes, count);
    text_add_char(args, '}');
}

static void add_member(struct text *json, const char *key, struct view value)
{
    text_addf(json, "\"%s\":", key);
    text_add_json(json, value);
    text_add_char(json, ',');
}

/* The arguments of what was read: secrets are in here as proofs alone. */
static void add_read(const struct message *message, struct text *args)
{
    if (message->proved.size)
        text_add(args, message->proved);
    else
        match_write_args(&message->match, false, args);
}

static const char *effect_of(const struct command *command)
{
    return command->effect == EFFECT_CHANGES && command->also_suspended ? "manages" : effect_name(command->effect);
}

/* What the text is if the store knows the service that it names. */
static void add_maybe(const struct message *message, struct text *args)
{
    const struct command *command = message->match.maybe;
    text_add(args, VIEW(",\"maybe\":{"));
    add_member(args, "command", command->name);
    add_member(args, "call", command->call);
    add_member(args, "effect", view_of(effect_of(command)));
    add_member(args, "confirm", view_of(confirm_name(command->confirm)));
    text_add(args, VIEW("\"args\":"));
    add_read(message, args);
    text_add_char(args, '}');
}

/* A text that is no command here: the store may still know it, as a service's name or as an order code at a provider's port. */
static void add_reading(struct message *message, struct text *args)
{
    struct view codes[SUGGESTIONS_MAX];
    const struct match *match = &message->match;
    size_t count = grammar_suggest(grammar_of(message), message->arena, match->folded, message->at, SUGGESTIONS_MAX, codes);
    text_add_char(args, '{');
    add_member(args, "folded", match->folded);
    text_add(args, VIEW("\"near\":"));
    add_list(args, codes, count);
    if (match->maybe)
        add_maybe(message, args);
    text_add_char(args, '}');
}

static void add_arguments(struct message *message, struct text *args)
{
    const struct match *match = &message->match;
    add_read(message, args);
    for (size_t i = 0; i < match->arguments; i++)
        if (view_equal(match->argument[i].name, VIEW("topic")))
            add_topic(message, match->argument[i].value, args);
}

static struct view args_of(struct message *message)
{
    struct text args = {0};
    if (message->match.command)
        add_arguments(message, &args);
    else
        add_reading(message, &args);
    struct view kept = arena_copy(message->arena, text_view(&args));
    text_free(&args);
    return kept;
}

/* Tells two texts apart, nothing more. Of a text with a secret in it the hash is keyed, or six digits could be guessed from it. */
static struct view fingerprint_of(struct message *message)
{
    const struct pepper *pepper = message->setup->pepper;
    uint64_t hash = view_hash(message->match.folded);
    if (message->match.has_secret)
        hash =
            pepper ? pepper_fingerprint(pepper, view_of(message->from.digits), message->mo.bytes) : secret_fingerprint(message->mo.bytes);
    return arena_printf(message->arena, "%" PRId64, (int64_t)hash);
}

static void fill_parameters(struct message *message)
{
    const struct match *match = &message->match;
    const struct command *command = match->command;
    struct view *parameter = message->call.parameter;
    struct view answer = match_answer_text(match, message->arena);
    parameter[RECEIVE_MSISDN] = view_of(message->from.digits);
    parameter[RECEIVE_GATEWAY_ID] = message->mo.id;
    parameter[RECEIVE_PORT] = message->mo.to;
    parameter[RECEIVE_AT] = message->at == AT_HALL ? VIEW("hall") : VIEW("provider");
    parameter[RECEIVE_TEXT] = match->text;
    parameter[RECEIVE_FINGERPRINT] = fingerprint_of(message);
    parameter[RECEIVE_GATEWAY_TIME] = message->mo.time;
    parameter[RECEIVE_COMMAND] = command ? command->name : VIEW_NONE;
    parameter[RECEIVE_CALL] = command && command->call.size ? command->call : VIEW_NONE;
    parameter[RECEIVE_EFFECT] = view_of(command ? effect_of(command) : "reads");
    parameter[RECEIVE_CONFIRM] = command ? view_of(confirm_name(command->confirm)) : VIEW("never");
    parameter[RECEIVE_ARGS] = args_of(message);
    parameter[RECEIVE_ANSWER] = answer.size ? answer : VIEW_NONE;
    parameter[RECEIVE_WAY] = message->setup->is_inline ? VIEW("inline") : VIEW("sendsms");
}

/* A poisoned message harms only itself: it is noted as a fault, and the subscriber is told. */
static void turn_into_fault(struct message *message)
{
    struct view *parameter = message->call.parameter;
    message->is_fault_noted = true;
    parameter[RECEIVE_COMMAND] = VIEW("hall");
    parameter[RECEIVE_CALL] = VIEW_NONE;
    parameter[RECEIVE_EFFECT] = VIEW("reads");
    parameter[RECEIVE_CONFIRM] = VIEW("never");
    parameter[RECEIVE_ARGS] = VIEW("{\"outcome\":\"fault\"}");
    parameter[RECEIVE_ANSWER] = VIEW_NONE;
    parameter[RECEIVE_FINGERPRINT] = VIEW_NONE; /* the next try is no repeat: nothing was done */
}

/* --- what the subscriber is told --- */

static void count_message(const struct message *message, struct view command, struct view outcome, struct view was)
{
    char labels[160];
    uint64_t us = clock_us() - message->start_us;
    snprintf(labels, sizeof(labels), "command=\"%.*s\",outcome=\"%.*s\"", VIEW_ARG(command), VIEW_ARG(outcome));
    counter_add(counter_get("smshall_messages_total", "Messages that took effect, by command and outcome.", labels), 1);
    snprintf(labels, sizeof(labels), "command=\"%.*s\"", VIEW_ARG(command));
    histogram_add(histogram_get("smshall_message_seconds", "From a request's arrival to its commit, by command.", labels), us);
    log_event(LOG_INFO, "mo", LOG_TEXT("id", message->mo.id), LOG_MSISDN("msisdn", view_of(message->from.digits)),
              LOG_TEXT("port", message->mo.to), LOG_TEXT("command", command), LOG_TEXT("outcome", outcome), LOG_TEXT("was", was),
              LOG_INT("us", (int64_t)us));
}

/* A sync reply (kannel.md §3): without X-Kannel-Coding 2 Chinese arrives as ????. */
static void answer_inline(struct message *message, const struct letter *letter)
{
    struct text dlr = {0};
    kannel_write_dlr_url(&dlr, &message->setup->account, view_of(letter->mt));
    char mask[8];
    snprintf(mask, sizeof(mask), "%d", KANNEL_DLR_MASK);
    const struct web_header headers[] = {
        {"Content-Type", "text/plain; charset=UTF-8"},
        {"X-Kannel-Coding", segments_count(letter->text).is_ucs2 ? "2" : "0"},
        {"X-Kannel-From", letter->port},
        {"X-Kannel-Account", letter->mt},
        {"X-Kannel-DLR-Mask", mask},
        {"X-Kannel-DLR-Url", dlr.at},
    };
    size_t count = dlr.size ? 6 : 4;
    held_release(&message->held);
    web_answer(message->request, 200, count, headers, letter->text);
    text_free(&dlr);
}

/* The words of a mere question's reply follow from outcome and fields, which are committed; those of anything else are evidence and are
 * noted as they were said (rules A8). The store may have read a command where the grammar saw none: the reply says whose it is. */
static bool words_are_evidence(const struct message *message, const struct letter *letter)
{
    const struct command *read = message->match.command, *replied = grammar_find(grammar_of(message), view_of(letter->command));
    bool has_acted = (read && read->effect != EFFECT_READS) || (replied && replied->effect != EFFECT_READS);
    return has_acted || message->match.answer != ANSWER_NONE;
}

/* An answer is one body, of which Kannel drops what exceeds max-messages (rules D1); the courier cuts. */
static bool fits_inside(const struct message *message, const struct letter *letter)
{
    return letter->text.size && !letter->has_secret && segments_count(letter->text).parts <= message->setup->parts_max;
}

/* The reply that the store lets go with the answer is returned, if it fits. All others go by the courier: they are in *rest, in their
 * order. */
static struct letter *sort_letters(struct message *message, const json_t *replies, bool is_repeat, struct letter **rest)
{
    struct letter *inside = NULL, **end = rest;
    size_t i;
    json_t *reply;
    json_array_foreach(replies, i, reply)
    {
        bool is_answered = view_equal(json_text(reply, "state"), VIEW("answered"));
        if (is_repeat && !(is_answered && message->setup->is_inline))
            continue; /* it is in the outbox and goes, or went, from there (rules D6) */
        struct letter *letter = letter_new(grammar_of(message), message->setup->pepper, reply, view_of(message->from.digits));
        if (is_answered && !inside && fits_inside(message, letter)) {
            inside = letter;
        } else {
            *end = letter;
            end = &letter->next;
        }
    }
    return inside;
}

static void take_letters(struct courier *courier, struct letter *letter)
{
    while (letter) {
        struct letter *next = letter->next;
        letter->next = NULL;
        courier_take(courier, letter);
        letter = next;
    }
}

/* There may be no reply at all: a text that was passed to a provider, who answers it. */
static void deliver(struct message *message, const json_t *replies, bool is_repeat)
{
    struct courier *courier = message->setup->courier;
    struct letter *rest = NULL, *inside = sort_letters(message, replies, is_repeat, &rest);
    if (!inside) {
        take_letters(courier, rest);
        message_end(message, 200);
        return;
    }
    bool is_noted = words_are_evidence(message, inside);
    answer_inline(message, inside); /* the message is gone now */
    if (is_noted)
        courier_settle(courier, inside, "answered", NULL);
    else
        letter_free(&inside);
    take_letters(courier, rest);
}

/* For counters and logs: the command that was read, or that the store found in the text. */
static struct view command_of(const struct message *message, const json_t *first_reply)
{
    struct view replied = json_text(first_reply, "command");
    if (message->match.command)
        return message->match.command->name;
    return replied.size && !view_equal(replied, VIEW("hall")) ? replied : VIEW("none");
}

static void message_done(struct message *message, struct view value)
{
    struct err err = {"it is no such answer"};
    json_t *answer = json_read(value, &err);
    json_t *replies = json_object_get(answer, "replies");
    if (json_is_array(replies)) {
        const json_t *first = json_array_get(replies, 0);
        struct view was = json_text(answer, "was");
        count_message(message, command_of(message, first), first ? json_text(first, "outcome") : VIEW("silent"), was);
        deliver(message, replies, view_equal(was, VIEW("repeat")));
    } else {
        message_put_off(message, "store_answer", err.text);
    }
    json_decref(answer);
}

static void message_refused_by_store(struct message *message, const struct pg_fault *fault)
{
    log_event(LOG_ERROR, "fault", LOG_TEXT("id", message->mo.id), LOG_MSISDN("msisdn", view_of(message->from.digits)),
              LOG_TEXT("command", message->call.parameter[RECEIVE_COMMAND]), LOG_STR("sqlstate", fault ? fault->sqlstate : ""),
              LOG_STR("error", fault ? fault->text : ""));
    if (!message->is_fault_noted) {
        turn_into_fault(message);
        if (lanes_submit(message->setup->lanes, &message->call) == IS_DONE)
            return;
    }
    message_put_off(message, "fault", "the store refuses it, and its note as a fault too");
}

static void received(struct lane_call *call, const struct lane_answer *answer)
{
    struct message *message = call->context;
    switch (answer->outcome) {
    case IS_DONE:
        message_done(message, answer->value);
        break;
    case IS_REFUSED:
        message_refused_by_store(message, answer->fault);
        break;
    case IS_FAILED:
    case IS_UNSURE: /* Kannel asks again with the same id: if it was committed, that is a repeat */
        message_put_off(message, "store_away", answer->fault ? answer->fault->text : "no answer");
        break;
    }
}

/* --- the way in --- */

static struct message *message_new(const struct message_setup *setup, struct web_request *request, const struct mo *mo)
{
    struct message *message = ARENA_NEW(web_arena(request), struct message);
    message->setup = setup;
    message->request = request;
    message->arena = web_arena(request);
    message->mo = *mo;
    message->from = msisdn_read(mo->from);
    message->at = port_is_hall(setup->ports, mo->to) ? AT_HALL : AT_PROVIDER;
    message->start_us = clock_us();
    return message;
}

/* Senders that are machines are never answered (rules D4, E4). Refused for good is a 200: anything else comes again. */
static bool sender_is_fit(const struct message *message)
{
    if (message->from.kind == MSISDN_MOBILE)
        return true;
    message_refused(msisdn_kind_name(message->from.kind), message->mo.id, message->mo.from, "the sender is no mobile number");
    web_answer_text(message->request, 200, VIEW_NONE);
    return false;
}

static bool message_read(struct message *message)
{
    struct view utf8;
    struct err err;
    const struct mo *mo = &message->mo;
    if (charset_decode(message->arena, mo->bytes, mo->charset, mo->coding, &utf8, &err) != IS_DONE) {
        message_refused(mo->coding == 1 ? "binary" : "charset", mo->id, mo->from, err.text);
        web_answer_text(message->request, 200, VIEW_NONE);
        return false;
    }
    message->held = current_hold(message->setup->current);
    grammar_match(grammar_of(message), message->arena, utf8, message->at, &message->match);
    if (message->match.has_secret)
        secret_wipe_stack();
    return true;
}

/* On a worker's thread, of low priority: it takes no lock that others wait for. */
static enum outcome message_prove(struct turn *turn)
{
    struct message *message = turn->context;
    struct text args = {0};
    struct err err;
    uint64_t start_us = clock_us();
    enum outcome outcome = prover_write_args(message->setup->pepper, &message->match, view_of(message->from.digits), &args, &err);
    if (outcome == IS_DONE)
        message->proved = arena_copy(message->arena, text_view(&args));
    else
        message->why_not_proved = arena_string(message->arena, view_of(err.text));
    text_free(&args);
    secret_wipe_stack();
    message->proof_us = clock_us() - start_us;
    return outcome;
}

/* Its turn has come: everything this sender sent before is with the lane. */
static void message_go(struct turn *turn, enum outcome outcome)
{
    struct message *message = turn->context;
    if (message->proof_us)
        histogram_add(histogram_get("smshall_proof_seconds", "What it took to prove the secrets of a message.", ""), message->proof_us);
    if (outcome != IS_DONE) {
        message_put_off(message, "not_proved", message->why_not_proved ? message->why_not_proved : "the hall stops");
        return;
    }
    struct lanes *lanes = message->setup->lanes;
    fill_parameters(message);
    if (lanes_submit(lanes, &message->call) != IS_DONE)
        message_put_off(message, lanes_are_ready(lanes) ? "queue_full" : "store_away", "asked to come again");
}

void message_take(const struct message_setup *setup, struct web_request *request, const struct mo *mo)
{
    struct message *message = message_new(setup, request, mo);
    if (!sender_is_fit(message) || !message_read(message))
        return;
    message->call = (struct lane_call){.function = API_RECEIVE, .patience_ms = STORE_PATIENCE_MS, .done = received, .context = message};
    view_number(view_of(message->from.digits), UINT64_MAX, &message->call.key);
    message->turn = (struct turn){.key = message->call.key, .go = message_go, .context = message};
    if (prover_is_needed(&message->match))
        message->turn.prove = message_prove;
    if (turns_take(setup->turns, &message->turn) != IS_DONE)
        message_put_off(message, "password_queue", "too many wait for their passwords to be checked");
}

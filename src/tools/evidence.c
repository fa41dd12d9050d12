/* What a dispute turns on, as a person can read it: each consent of a subscriber's from the request to what was charged, and whether all
 * of it holds. The store composes a consent into one document (hall.consents); here it is laid out in lines. Words of subscribers are
 * printed as JSON strings, exactly and with nothing in them that a terminal would obey.
 *
 * Through the store's functions alone, so that the role smshall_operator is enough. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "sms/msisdn.h"
#include "tools/owner.h"
#include "tools/tools.h"

static const char help[] =
    "usage: smshall evidence MSISDN [SERVICE] [--json]\n"
    "       smshall evidence MSISDN --verify\n"
    "       smshall evidence --verify\n"
    "\n"
    "Prints the consents that a subscriber was asked for: the request, the question as it was sent, the answer, what was opened and\n"
    "charged, and the evidence kept of it. Each time it verifies the chain of that subscriber's evidence and the charges that rest on it.\n"
    "\n"
    "  MSISDN               13800138000, 8613800138000, +86…\n"
    "  SERVICE              consents to this service only: its code, name or alias\n"
    "  --json               one JSON document instead\n"
    "  --verify             verifies only; without MSISDN the evidence of all subscribers\n"
    "  --database CONNINFO  the store (default: as configured, owner_database or else database)\n"
    "  --config FILE        the configuration (default: conf/smshall.yaml)\n"
    "\n"
    "Exit code: 0; 1 when the evidence does not hold, or something failed; 2 when called wrongly.\n";

struct evidence {
    struct pg *pg;
    const char *service, *database, *config;
    struct msisdn msisdn; /* without digits: every one */
    bool is_json, is_verify;
    json_t *consents, *rows; /* what the store has of the subscriber */
    json_t *faults;          /* what does not hold: [{msisdn, number, dialogue, charge, fault}, …] */
};

/* --- reading --- */

/* Each row's first column is a JSON value: adds them to list. */
static enum outcome read_rows(struct evidence *evidence, const char *sql, size_t parameters, const struct view *parameter, json_t *list,
                              struct err *err)
{
    struct pg_result *rows;
    enum outcome outcome = pg_query(evidence->pg, sql, parameters, parameter, &rows, err);
    if (outcome != IS_DONE)
        return outcome;
    for (size_t row = 0; row < pg_rows(rows) && outcome == IS_DONE; row++) {
        json_t *value = json_read(pg_value(rows, row, 0), err);
        outcome = value ? IS_DONE : IS_FAILED;
        if (value)
            json_array_append_new(list, value);
    }
    pg_result_free(&rows);
    return outcome;
}

static enum outcome read_consents(struct evidence *evidence, struct err *err)
{
    struct view parameter[] = {view_of(evidence->msisdn.digits), view_of(evidence->service)};
    enum outcome outcome = read_rows(evidence, "SELECT hall.consents($1::bigint, $2)", 2, parameter, evidence->consents, err);
    if (outcome != IS_DONE)
        return outcome;
    return read_rows(evidence,
                     "SELECT jsonb_build_object('number', e.number, 'at',"
                     " to_char(e.at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+08:00\"'),"
                     " 'dialogue', e.dialogue, 'service', e.service, 'kind', e.kind, 'content', e.content, 'hash', e.hash)"
                     " FROM hall.evidence($1::bigint, $2) AS e",
                     2, parameter, evidence->rows, err);
}

/* --- verifying --- */

/* The subscribers from first to last. */
static enum outcome verify_range(struct evidence *evidence, struct view first, struct view last, struct err *err)
{
    struct view range[] = {first, last};
    enum outcome outcome = read_rows(evidence,
                                     "SELECT jsonb_strip_nulls(jsonb_build_object('msisdn', v.msisdn::text, 'number', v.number,"
                                     " 'dialogue', v.dialogue, 'fault', v.fault)) FROM hall.verify_evidence($1::bigint, $2::bigint) AS v",
                                     2, range, evidence->faults, err);
    if (outcome != IS_DONE)
        return outcome;
    return read_rows(evidence,
                     "SELECT jsonb_build_object('msisdn', v.msisdn::text, 'charge', v.number, 'fault', v.fault)"
                     " FROM hall.verify_money($1::bigint, $2::bigint) AS v",
                     2, range, evidence->faults, err);
}

/* Piece by piece, so that neither side has to hold all of it, and whoever waits sees it move. */
static enum outcome verify_all(struct evidence *evidence, struct err *err)
{
    struct pg_result *ranges;
    enum outcome outcome = pg_query(
        evidence->pg, "SELECT first, last, subscribers, sum(subscribers) OVER () FROM hall.evidence_ranges(2000)", 0, NULL, &ranges, err);
    if (outcome != IS_DONE)
        return outcome;
    bool is_seen = isatty(STDERR_FILENO);
    uint64_t done = 0, count = 0;
    for (size_t row = 0; row < pg_rows(ranges) && outcome == IS_DONE; row++) {
        outcome = verify_range(evidence, pg_value(ranges, row, 0), pg_value(ranges, row, 1), err);
        view_number(pg_value(ranges, row, 2), UINT64_MAX, &count);
        done += count;
        if (is_seen)
            fprintf(stderr, "\r%llu of %.*s subscribers verified ", (unsigned long long)done, VIEW_ARG(pg_value(ranges, row, 3)));
    }
    if (is_seen)
        fputs("\r\033[K", stderr);
    pg_result_free(&ranges);
    return outcome;
}

static enum outcome verify(struct evidence *evidence, struct err *err)
{
    struct view msisdn = view_of(evidence->msisdn.digits);
    return msisdn.size ? verify_range(evidence, msisdn, msisdn, err) : verify_all(evidence, err);
}

/* --- printing --- */

/* The member as it is said in a line: a string bare, a number in digits; "-" when there is none. */
static void print_plain(const json_t *object, const char *key)
{
    const json_t *member = json_object_get(object, key);
    struct view v = json_text(object, key);
    if (json_is_integer(member))
        printf("%lld", (long long)json_integer_value(member));
    else
        printf("%.*s", VIEW_ARG(v.at ? v : VIEW("-")));
}

/* The value as JSON, on one line. */
static void print_json(const json_t *value)
{
    struct text text = {0};
    if (value)
        json_write(&text, value);
    printf("%.*s", VIEW_ARG(text_view(&text)));
    text_free(&text);
}

static void print_yuan(int64_t fen)
{
    printf("%s%lld.%02lld", fen < 0 ? "-" : "", llabs(fen) / 100, llabs(fen) % 100);
}

/* A line's words: `{key}` is a member said bare, `{"key}` as JSON, `{$key}` fen as yuan; all else stands for itself. */
static void print_words(const char *words, const json_t *object)
{
    char key[32];
    while (*words) {
        size_t size = strcspn(words, "}");
        if (*words != '{' || size >= sizeof key) {
            putchar(*words++);
            continue;
        }
        snprintf(key, sizeof key, "%.*s", (int)size - 1, words + 1);
        if (*key == '"')
            print_json(json_object_get(object, key + 1));
        else if (*key == '$')
            print_yuan(json_int(object, key + 1, 0));
        else
            print_plain(object, key);
        words += size + 1;
    }
}

static void print_line(const char *label, const char *words, const json_t *object)
{
    printf("  %-10s ", label);
    print_words(words, object);
    putchar('\n');
}

static void print_message(const char *label, const json_t *message)
{
    if (json_is_object(message))
        print_line(label, "{at} {\"text} to {port}, number {message}; the gateway had it at {gateway_at}, id {gateway_id}", message);
    else
        print_line(label, "(no message of it is kept)", message);
}

static void print_question(const json_t *question)
{
    const json_t *reply;
    size_t i;
    print_line("asked", "{at} at {port}, may be answered until {until}", question);
    json_array_foreach(json_object_get(question, "replies"), i, reply)
    {
        print_line("reply", "{mt}: {\"text}", reply);
        print_line("", json_text(reply, "report_at").at ? "sent at {sent_at}, {state} at {report_at}" : "sent at {sent_at}, {state}",
                   reply);
    }
}

static void print_end(const json_t *consent)
{
    const char *ended = json_string_value(json_object_get(consent, "ended"));
    if (!ended) {
        print_line("open", "not answered", consent);
        return;
    }
    print_line("ended", "{ended_at} {ended}", consent);
    if (strcmp(ended, "expired") != 0)
        print_message(strcmp(ended, "yes") == 0 || strcmp(ended, "no") == 0 ? "answer" : "by", json_object_get(consent, "answer"));
}

/* A line for each row; `ended_words` instead for one that has an end, when given. */
static void print_rows(const char *label, const char *words, const char *ended_words, const json_t *rows)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        print_line(label, ended_words && json_text(row, "until").at ? ended_words : words, row);
    }
}

static void print_consent(const json_t *consent)
{
    const json_t *price = json_object_get(consent, "price");
    print_words("{msisdn} was asked for {name} ({service}, {provider}), ", consent);
    print_words(view_equal(json_text(price, "period"), VIEW("once")) ? "{$fen} once" : "{$fen} a {period}", price);
    putchar('\n');
    print_message("requested", json_object_get(consent, "request"));
    print_question(json_object_get(consent, "question"));
    print_end(consent);
    print_rows("opened", "{since}, open", "{since}, ended {until} ({end_reason})", json_object_get(consent, "subscriptions"));
    print_rows("charged", "{at} {$charged_fen} for {month}, balance {$balance_fen} after it", NULL, json_object_get(consent, "charges"));
    print_rows("evidence", "{number} {at} {kind} {hash}", NULL, json_object_get(consent, "evidence"));
    putchar('\n');
}

static bool is_of_consent(const struct evidence *evidence, const json_t *row)
{
    const json_t *consent;
    size_t i;
    json_array_foreach(evidence->consents, i, consent)
    {
        if (json_equal(json_object_get(consent, "number"), json_object_get(row, "dialogue")))
            return true;
    }
    return false;
}

/* The rest of the evidence: what was opened and left without a consent. The lines of a list are in the JSON document. */
static void print_others(const struct evidence *evidence)
{
    const json_t *row;
    size_t i;
    bool is_first = true;
    json_array_foreach(evidence->rows, i, row)
    {
        if (is_of_consent(evidence, row))
            continue;
        if (is_first)
            puts("other evidence");
        is_first = false;
        json_object_del(json_object_get(row, "content"), "options");
        print_line("", "{number} {at} {kind} {\"content} {hash}", row);
    }
    if (!is_first)
        putchar('\n');
}

static void print_faults(const struct evidence *evidence)
{
    const json_t *fault;
    size_t i;
    json_array_foreach(evidence->faults, i, fault)
    {
        print_words("BROKEN: {msisdn}", fault);
        if (json_object_get(fault, "number"))
            print_words(", evidence {number}", fault);
        if (json_object_get(fault, "dialogue"))
            print_words(", question {dialogue}", fault);
        if (json_object_get(fault, "charge"))
            print_words(", ledger row {charge}", fault);
        print_words(": {fault}\n", fault);
    }
}

static void print_text(const struct evidence *evidence)
{
    for (size_t i = 0; i < json_array_size(evidence->consents); i++)
        print_consent(json_array_get(evidence->consents, i));
    print_others(evidence);
    if (!evidence->is_verify && json_array_size(evidence->consents) == 0)
        printf("%s was asked for no consent%s%s\n", evidence->msisdn.digits, evidence->service ? " to " : "",
               evidence->service ? evidence->service : "");
    print_faults(evidence);
    puts(json_array_size(evidence->faults) ? "the evidence does not hold" : "the evidence holds");
}

static void print_document(const struct evidence *evidence)
{
    json_t *document = json_pack("{s:b, s:O}", "holds", json_array_size(evidence->faults) == 0, "faults", evidence->faults);
    if (*evidence->msisdn.digits)
        json_object_set_new(document, "msisdn", json_string(evidence->msisdn.digits));
    if (!evidence->is_verify) {
        json_object_set(document, "consents", evidence->consents);
        json_object_set(document, "evidence", evidence->rows);
    }
    print_json(document);
    putchar('\n');
    json_decref(document);
}

/* --- calling --- */

/* 0: go on. Else main's exit code + 1. */
static int read_options(int argc, char **argv, struct evidence *evidence)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},         {"verify", no_argument, NULL, 'v'}, {"database", required_argument, NULL, 'b'},
        {"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'},   {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case 'j':
            evidence->is_json = true;
            break;
        case 'v':
            evidence->is_verify = true;
            break;
        case 'b':
            evidence->database = optarg;
            break;
        case 'c':
            evidence->config = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return 1;
        default:
            fputs(help, stderr);
            return 3;
        }
    }
    return 0;
}

/* MSISDN [SERVICE]; nothing at all only with --verify, and then no SERVICE. */
static bool read_words(int words, char **word, struct evidence *evidence)
{
    if (words > 2 || (words == 2 && evidence->is_verify) || (words == 0 && !evidence->is_verify)) {
        fputs(help, stderr);
        return false;
    }
    if (words == 0)
        return true;
    evidence->service = words == 2 ? word[1] : NULL;
    evidence->msisdn = msisdn_read(view_of(word[0]));
    if (evidence->msisdn.kind != MSISDN_MOBILE)
        fprintf(stderr, "smshall evidence: \"%s\" is no mobile number\n", word[0]);
    return evidence->msisdn.kind == MSISDN_MOBILE;
}

static enum outcome show(void *context, struct pg *pg, struct err *err)
{
    struct evidence *evidence = context;
    evidence->pg = pg;
    enum outcome outcome = evidence->is_verify ? IS_DONE : read_consents(evidence, err);
    if (outcome == IS_DONE)
        outcome = verify(evidence, err);
    if (outcome == IS_DONE && evidence->is_json)
        print_document(evidence);
    else if (outcome == IS_DONE)
        print_text(evidence);
    return outcome;
}

int evidence_main(int argc, char **argv)
{
    struct evidence evidence = {0};
    int end = read_options(argc, argv, &evidence);
    if (end)
        return end - 1;
    if (!read_words(argc - optind, argv + optind, &evidence))
        return 2;

    evidence.consents = json_array();
    evidence.rows = json_array();
    evidence.faults = json_array();
    enum outcome outcome = owner_run("evidence", evidence.database, evidence.config, show, &evidence);
    bool holds = json_array_size(evidence.faults) == 0;
    json_decref(evidence.consents);
    json_decref(evidence.rows);
    json_decref(evidence.faults);
    return outcome == IS_DONE && holds ? 0 : 1;
}

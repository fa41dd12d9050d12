/* Providers and network elements, for operators: who is told of services and work orders, with which keys, and what they were never told.
 * All of it through the store's functions, so that the role smshall_operator is enough. What changes is one transaction, and a key is
 * printed only when that is committed. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tools/owner.h"
#include "tools/tools.h"

static const char help[] =
    "usage: smshall provider list [--json]\n"
    "       smshall provider add NAME --telephone T --port P [--port P…] [--hook URL]\n"
    "       smshall provider element NAME --hook URL\n"
    "       smshall provider hook NAME URL\n"
    "       smshall provider rotate NAME [--overlap TIME]\n"
    "       smshall provider dead [NAME] [--since TIME] [--full] [--json]\n"
    "       smshall provider resend NAME ID...\n"
    "       smshall provider resend NAME --all [--since TIME]\n"
    "\n"
    "Providers offer services at ports of their own; their hook is the address that is told what is ordered, ended and said there.\n"
    "Elements have hooks for work orders: a service names one in its column `element`. What is told is signed as Standard Webhooks has "
    "it.\n"
    "\n"
    "  list      all of them: name, kind, telephone, ports, host of the hook, keys that sign, events that wait, events that are dead\n"
    "  add       a provider, its ports, and with --hook its address and first key\n"
    "  element   a network element, or another system that works on orders, its address and first key\n"
    "  hook      another address; one that had answered 410 is told again\n"
    "  rotate    a new key; the old ones sign beside it for a while\n"
    "  dead      events that were never delivered: when, hook, MSISDN, id, kind, state, tries, HTTP status, reason\n"
    "  resend    makes dead events wait again, in their order; the hall sends them within moments, if it runs. Not sent again is what "
    "would\n"
    "            mislead an element: orders that have failed meanwhile, or that others came after\n"
    "\n"
    "A key is printed once, when it is made: nobody can ask for it again, only for a new one.\n"
    "\n"
    "  --telephone T        what subscribers may call\n"
    "  --port P             a port, or the beginning of several\n"
    "  --hook URL           http:// or https://\n"
    "  --overlap TIME       so long the old keys sign too: 24h (the default), \"2 days\"; 0: they end now\n"
    "  --since TIME         no older ones, as PostgreSQL reads a time: 2026-11-22, yesterday, \"2026-11-22 08:00+08\"\n"
    "  --all                resends every one that dead shows\n"
    "  --full               prints whole MSISDNs\n"
    "  --json               one JSON object a line\n"
    "  --database CONNINFO  the store (default: as configured, owner_database or else database)\n"
    "  --config FILE        the configuration (default: conf/smshall.yaml)\n"
    "\n"
    "Exit code: 0; 1 when something failed or was not found; 2 when called wrongly.\n";

enum { PORTS_MAX = 16 };

struct verb;

struct job {
    struct pg *pg;
    const struct verb *verb; /* what is to be done */
    const char *telephone, *url, *overlap, *since, *database, *config;
    const char *port[PORTS_MAX];
    size_t ports;
    bool is_all, is_full, is_json;
    char given[16]; /* letters of the options, but for --database and --config */
    char **name;    /* what stands behind the verb */
    int names;
    struct text key;    /* a new one */
    struct text report; /* what else is to be printed when all of it is committed */
};

/* --- asking the store --- */

/* One statement whose answer is one value, added to `value`, which may be NULL. *is_null: it was NULL, or there was no row. */
static enum outcome ask(struct job *job, const char *sql, size_t parameters, const struct view *parameter, struct text *value,
                        bool *is_null, struct err *err)
{
    struct pg_result *rows;
    enum outcome outcome = pg_query(job->pg, sql, parameters, parameter, &rows, err);
    if (outcome != IS_DONE)
        return outcome;
    struct view answer = pg_rows(rows) ? pg_value(rows, 0, 0) : VIEW_NONE;
    if (value)
        text_add(value, answer);
    if (is_null)
        *is_null = !answer.at;
    pg_result_free(&rows);
    return IS_DONE;
}

static enum outcome tell(struct job *job, const char *sql, struct view first, struct view second, struct err *err)
{
    return ask(job, sql, 2, (struct view[]){first, second}, NULL, NULL, err);
}

/* Prints the rows of a statement that answers whole lines. */
static enum outcome print_lines(struct job *job, const char *sql, size_t parameters, const struct view *parameter, struct err *err)
{
    struct pg_result *rows;
    enum outcome outcome = pg_query(job->pg, sql, parameters, parameter, &rows, err);
    if (outcome != IS_DONE)
        return outcome;
    for (size_t row = 0; row < pg_rows(rows); row++)
        printf("%.*s\n", VIEW_ARG(pg_value(rows, row, 0)));
    pg_result_free(&rows);
    return IS_DONE;
}

/* The name of somebody's hook: that of the provider, or of an element. */
static enum outcome find_hook(struct job *job, const char *name, struct text *hook, struct err *err)
{
    struct pg_result *rows;
    enum outcome outcome = pg_query(job->pg,
                                    "SELECT h.hook, p.name FROM (SELECT $1::text AS name) AS w "
                                    "LEFT JOIN hall.provider AS p ON p.name = w.name "
                                    "LEFT JOIN hall.list_hooks() AS h ON h.hook = CASE WHEN p.name IS NULL THEN w.name ELSE p.hook END",
                                    1, (struct view[]){view_of(name)}, &rows, err);
    if (outcome != IS_DONE)
        return outcome;
    struct view found = pg_value(rows, 0, 0);
    text_add(hook, found);
    if (!found.at && pg_value(rows, 0, 1).at)
        outcome = err_refused(err, "provider \"%s\" has no hook: `smshall provider hook` gives it one", name);
    else if (!found.at)
        outcome = err_refused(err, "there is no provider or element \"%s\"", name);
    pg_result_free(&rows);
    return outcome;
}

static enum outcome is_provider(struct job *job, const char *name, bool *is, struct err *err)
{
    bool is_null;
    enum outcome outcome =
        ask(job, "SELECT p.name FROM hall.provider AS p WHERE p.name = $1", 1, (struct view[]){view_of(name)}, NULL, &is_null, err);
    *is = outcome == IS_DONE && !is_null;
    return outcome;
}

/* --- what changes something --- */

/* A hook that must be new, and its first key. */
static enum outcome make_hook(struct job *job, const char *name, const char *url, struct err *err)
{
    struct text is_new = {0};
    enum outcome outcome = ask(job, "SELECT hall.put_hook($1, $2)", 2, (struct view[]){view_of(name), view_of(url)}, &is_new, NULL, err);
    if (outcome == IS_DONE && !view_equal(text_view(&is_new), VIEW("t")))
        outcome = err_refused(err, "there is a hook \"%s\" already: `smshall provider hook` changes its address", name);
    if (outcome == IS_DONE)
        outcome = ask(job, "SELECT hall.rotate_hook_key($1)", 1, (struct view[]){view_of(name)}, &job->key, NULL, err);
    text_free(&is_new);
    return outcome;
}

static enum outcome make_provider_hook(struct job *job, const char *url, struct err *err)
{
    enum outcome outcome = make_hook(job, job->name[0], url, err);
    if (outcome == IS_DONE)
        outcome = tell(job, "SELECT hall.set_provider_hook($1, $2)", view_of(job->name[0]), view_of(job->name[0]), err);
    return outcome;
}

static enum outcome add_port(struct job *job, const char *port, struct err *err)
{
    struct text owner = {0};
    bool is_free;
    enum outcome outcome =
        ask(job, "SELECT o.provider FROM hall.port AS o WHERE o.prefix = $1", 1, (struct view[]){view_of(port)}, &owner, &is_free, err);
    if (outcome == IS_DONE && !is_free)
        outcome = err_refused(err, "port %s is provider \"%.*s\"'s", port, VIEW_ARG(text_view(&owner)));
    if (outcome == IS_DONE)
        outcome = tell(job, "SELECT hall.put_port($1, $2)", view_of(port), view_of(job->name[0]), err);
    text_free(&owner);
    return outcome;
}

static enum outcome add(struct job *job, struct err *err)
{
    bool is_there;
    enum outcome outcome = is_provider(job, job->name[0], &is_there, err);
    if (outcome == IS_DONE && is_there)
        outcome = err_refused(err, "there is a provider \"%s\" already", job->name[0]);
    if (outcome == IS_DONE)
        outcome = tell(job, "SELECT hall.put_provider($1, $2)", view_of(job->name[0]), view_of(job->telephone), err);
    for (size_t i = 0; i < job->ports && outcome == IS_DONE; i++)
        outcome = add_port(job, job->port[i], err);
    if (outcome == IS_DONE && job->url)
        outcome = make_provider_hook(job, job->url, err);
    return outcome;
}

static enum outcome element(struct job *job, struct err *err)
{
    bool is_there;
    enum outcome outcome = is_provider(job, job->name[0], &is_there, err);
    if (outcome == IS_DONE && is_there)
        outcome = err_refused(err, "\"%s\" is a provider", job->name[0]);
    if (outcome == IS_DONE)
        outcome = make_hook(job, job->name[0], job->url, err);
    return outcome;
}

static enum outcome hook(struct job *job, struct err *err)
{
    struct text name = {0};
    bool is_there, has_none = true;
    enum outcome outcome = is_provider(job, job->name[0], &is_there, err);
    if (outcome == IS_DONE && is_there)
        outcome = ask(job, "SELECT p.hook FROM hall.provider AS p WHERE p.name = $1", 1, (struct view[]){view_of(job->name[0])}, NULL,
                      &has_none, err);
    if (outcome == IS_DONE && is_there && has_none)
        return make_provider_hook(job, job->name[1], err);
    if (outcome == IS_DONE)
        outcome = find_hook(job, job->name[0], &name, err);
    if (outcome == IS_DONE)
        outcome = tell(job, "SELECT hall.put_hook($1, $2)", text_view(&name), view_of(job->name[1]), err);
    text_free(&name);
    return outcome;
}

static enum outcome rotate(struct job *job, struct err *err)
{
    struct text name = {0};
    enum outcome outcome = find_hook(job, job->name[0], &name, err);
    if (outcome == IS_DONE)
        outcome = ask(job, "SELECT hall.rotate_hook_key($1, $2::interval)", 2,
                      (struct view[]){text_view(&name), view_of(job->overlap ? job->overlap : "24h")}, &job->key, NULL, err);
    text_free(&name);
    return outcome;
}

static enum outcome resend_one(struct job *job, struct view hook_name, const char *id, struct err *err)
{
    struct text is_resent = {0};
    bool is_null;
    enum outcome outcome =
        ask(job, "SELECT hall.resend_event(d.msisdn, d.id) FROM hall.dead_events($1, NULL, NULL) AS d WHERE d.id = $2::bigint", 2,
            (struct view[]){hook_name, view_of(id)}, &is_resent, &is_null, err);
    if (outcome == IS_DONE && is_null)
        outcome = err_refused(err, "%s: no dead event of \"%s\"", id, job->name[0]);
    else if (outcome == IS_DONE && !view_equal(text_view(&is_resent), VIEW("t")))
        outcome = err_refused(err, "%s: is not sent again: its order is over", id);
    text_free(&is_resent);
    return outcome;
}

static enum outcome resend_all(struct job *job, struct view hook_name, struct err *err)
{
    struct view which[] = {hook_name, view_of(job->since)};
    struct text left = {0};
    enum outcome outcome = ask(job, "SELECT hall.resend_events($1, $2::timestamptz)", 2, which, &job->report, NULL, err);
    if (outcome == IS_DONE)
        outcome = ask(job, "SELECT nullif(count(*), 0) FROM hall.dead_events($1, $2::timestamptz, NULL)", 2, which, &left, NULL, err);
    if (outcome == IS_DONE)
        text_add(&job->report, VIEW(" will be sent again\n"));
    if (outcome == IS_DONE && left.size)
        text_addf(&job->report, "%.*s stay as they are: their orders are over\n", VIEW_ARG(text_view(&left)));
    text_free(&left);
    return outcome;
}

static enum outcome resend(struct job *job, struct err *err)
{
    struct text name = {0};
    enum outcome outcome = find_hook(job, job->name[0], &name, err);
    if (outcome == IS_DONE && job->is_all)
        outcome = resend_all(job, text_view(&name), err);
    for (int i = 1; i < job->names && outcome == IS_DONE; i++)
        outcome = resend_one(job, text_view(&name), job->name[i], err);
    text_free(&name);
    return outcome;
}

/* --- what only shows --- */

#define LISTED                                                                                                                             \
    "FROM (SELECT coalesce(p.name, h.hook) AS name, CASE WHEN p.name IS NULL THEN 'element' ELSE 'provider' END AS kind, p.telephone, "    \
    "ARRAY(SELECT o.prefix FROM hall.port AS o WHERE o.provider = p.name ORDER BY o.prefix) AS ports, "                                    \
    "substring(h.url FROM '^https?://([^/?#]+)') AS host, h.gone_at, coalesce(h.keys, 0) AS keys, coalesce(h.waiting, 0) AS waiting, "     \
    "h.waiting_since, coalesce(h.dead, 0) AS dead FROM hall.provider AS p FULL JOIN hall.list_hooks() AS h ON h.hook = p.hook) AS l "      \
    "ORDER BY l.kind DESC, l.name"

static enum outcome list(struct job *job, struct err *err)
{
    if (job->is_json)
        return print_lines(job, "SELECT to_jsonb(l) " LISTED, 0, NULL, err);
    return print_lines(job,
                       "SELECT concat_ws(E'\\t', l.name, l.kind, coalesce(l.telephone, '-'), "
                       "coalesce(nullif(array_to_string(l.ports, ','), ''), '-'), "
                       "coalesce(l.host, '-') || coalesce(to_char(l.gone_at, '\" (gone since \"YYYY-MM-DD HH24:MI:SSOF\")\"'), ''), "
                       "'keys ' || l.keys, 'waiting ' || l.waiting, 'dead ' || l.dead) " LISTED,
                       0, NULL, err);
}

#define DEAD                                                                                                                               \
    "FROM (SELECT d.at, d.hook, CASE WHEN $3::boolean THEN d.msisdn::text ELSE overlay(d.msisdn::text PLACING '****' FROM 4 FOR 4) END "   \
    "AS msisdn, d.id, d.uuid, d.kind, d.state, d.tries, d.status, d.reason "                                                               \
    "FROM hall.dead_events($1, $2::timestamptz, 100000) AS d) AS l ORDER BY l.at, l.id"

static enum outcome dead(struct job *job, struct err *err)
{
    struct text name = {0};
    enum outcome outcome = job->names ? find_hook(job, job->name[0], &name, err) : IS_DONE;
    struct view which[] = {job->names ? text_view(&name) : VIEW_NONE, view_of(job->since), job->is_full ? VIEW("t") : VIEW("f")};
    if (outcome == IS_DONE && job->is_json)
        outcome = print_lines(job, "SELECT to_jsonb(l) " DEAD, 3, which, err);
    else if (outcome == IS_DONE)
        outcome = print_lines(job,
                              "SELECT concat_ws(E'\\t', to_char(l.at, 'YYYY-MM-DD HH24:MI:SSOF'), l.hook, l.msisdn, l.id, l.kind, "
                              "l.state, l.tries, coalesce(l.status, 0), coalesce(l.reason, '-')) " DEAD,
                              3, which, err);
    text_free(&name);
    return outcome;
}

/* --- the words --- */

static const struct verb {
    const char *word;
    enum outcome (*run)(struct job *, struct err *);
    int least, most;     /* names behind it */
    const char *options; /* letters of those it takes */
    const char *needs;   /* and of those it cannot do without */
} verbs[] = {
    {"list", list, 0, 0, "j", ""},       {"add", add, 1, 1, "tpu", "tp"},     {"element", element, 1, 1, "u", "u"},
    {"hook", hook, 2, 2, "", ""},        {"rotate", rotate, 1, 1, "o", ""},   {"dead", dead, 0, 1, "sfj", ""},
    {"resend", resend, 2, 1000, "", ""}, {"resend", resend, 1, 1, "as", "a"},
};

static bool takes(const struct verb *verb, const struct job *job)
{
    return job->names >= verb->least && job->names <= verb->most && strspn(job->given, verb->options) == strlen(job->given) &&
           strspn(verb->needs, job->given) == strlen(verb->needs);
}

/* What the words ask for; NULL when they ask for nothing sensible. */
static const struct verb *find_verb(int words, char **word, struct job *job)
{
    job->name = word + 1;
    job->names = words - 1;
    for (size_t i = 0; words > 0 && i < sizeof(verbs) / sizeof(*verbs); i++)
        if (strcmp(verbs[i].word, word[0]) == 0 && takes(&verbs[i], job))
            return &verbs[i];
    return NULL;
}

/* False: there are too many of it. */
static bool take_option(struct job *job, int option)
{
    if (!strchr("bc", option) && !strchr(job->given, option))
        job->given[strlen(job->given)] = (char)option;
    switch (option) {
    case 't':
        job->telephone = optarg;
        break;
    case 'p':
        if (job->ports == PORTS_MAX)
            return false;
        job->port[job->ports++] = optarg;
        break;
    case 'u':
        job->url = optarg;
        break;
    case 'o':
        job->overlap = optarg;
        break;
    case 's':
        job->since = optarg;
        break;
    case 'a':
        job->is_all = true;
        break;
    case 'f':
        job->is_full = true;
        break;
    case 'j':
        job->is_json = true;
        break;
    case 'b':
        job->database = optarg;
        break;
    default:
        job->config = optarg;
    }
    return true;
}

/* 0: go on. Else main's exit code + 1. */
static int read_options(int argc, char **argv, struct job *job)
{
    static const struct option options[] = {
        {"telephone", required_argument, NULL, 't'},
        {"port", required_argument, NULL, 'p'},
        {"hook", required_argument, NULL, 'u'},
        {"overlap", required_argument, NULL, 'o'},
        {"since", required_argument, NULL, 's'},
        {"all", no_argument, NULL, 'a'},
        {"full", no_argument, NULL, 'f'},
        {"json", no_argument, NULL, 'j'},
        {"database", required_argument, NULL, 'b'},
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h') {
            fputs(help, stdout);
            return 1;
        }
        if (option == '?' || !take_option(job, option)) {
            fputs(help, stderr);
            return 3;
        }
    }
    return 0;
}

static enum outcome run(void *context, struct pg *pg, struct err *err)
{
    struct job *job = context;
    job->pg = pg;
    enum outcome outcome = pg_query(pg, "BEGIN", 0, NULL, NULL, err);
    if (outcome == IS_DONE)
        outcome = job->verb->run(job, err);
    if (outcome == IS_DONE)
        outcome = pg_query(pg, "COMMIT", 0, NULL, NULL, err);
    if (outcome != IS_DONE)
        return outcome;
    printf("%.*s", VIEW_ARG(text_view(&job->report)));
    if (job->key.size) {
        fprintf(stderr, "the key of \"%s\", which is not shown again:\n", job->name[0]);
        printf("%.*s\n", VIEW_ARG(text_view(&job->key)));
    }
    return IS_DONE;
}

int provider_main(int argc, char **argv)
{
    struct job job = {0};
    int end = read_options(argc, argv, &job);
    if (end)
        return end - 1;
    job.verb = find_verb(argc - optind, argv + optind, &job);
    if (!job.verb) {
        fputs(help, stderr);
        return 2;
    }

    enum outcome outcome = owner_run("provider", job.database, job.config, run, &job);
    text_free(&job.key);
    text_free(&job.report);
    return outcome == IS_DONE ? 0 : 1;
}

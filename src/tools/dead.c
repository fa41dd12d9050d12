/* What could not be delivered, for operators: the list, and sending again. All of it through the store's functions, so that the role
 * smshall_operator is enough. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "sms/msisdn.h"
#include "tools/owner.h"
#include "tools/tools.h"

static const char help[] =
    "usage: smshall dead list [--since TIME] [--msisdn N] [--full]\n"
    "       smshall dead resend MT... --msisdn N\n"
    "       smshall dead resend --all [--since TIME] [--msisdn N]\n"
    "\n"
    "Replies that never arrived: refused for good or given up (dead), too late (expired), or reported so (failed).\n"
    "resend makes them unsent again: the hall sends them within moments, if it runs. resend --all passes by what is no dead letter any\n"
    "more when its turn comes.\n"
    "\n"
    "  --since TIME         no older ones, as PostgreSQL reads a time: 2026-11-22, yesterday, \"2026-11-22 08:00+08\"\n"
    "  --msisdn N           of this subscriber only: 13800138000, 8613800138000, +86…\n"
    "  --full               prints whole MSISDNs\n"
    "  --all                resends every one that list shows\n"
    "  --database CONNINFO  the store (default: as configured, owner_database or else database)\n"
    "  --config FILE        the configuration (default: conf/smshall.yaml)\n"
    "\n"
    "Exit code: 0; 1 when something failed or a reply was not found; 2 when called wrongly.\n";

struct dead;
typedef enum outcome dead_work(struct dead *dead, struct err *err);

struct dead {
    struct pg *pg;
    const char *since, *database, *config;
    struct msisdn msisdn; /* without digits: every one */
    bool is_full, is_all;
    dead_work *work;
    char **mt; /* what stands behind `resend` */
    int mts;
};

/* Columns: msisdn, mt, at, state, reason, port, command, outcome. */
static enum outcome find_letters(struct dead *dead, struct pg_result **letters, struct err *err)
{
    struct view msisdn = *dead->msisdn.digits ? view_of(dead->msisdn.digits) : VIEW_NONE;
    return pg_query(dead->pg,
                    "SELECT msisdn, mt, to_char(at, 'YYYY-MM-DD HH24:MI:SSOF'), state, coalesce(reason, '-'), port, command, outcome "
                    "FROM hall.dead_letters($1::timestamptz, $2::bigint, $3::int)",
                    3, (struct view[]){view_of(dead->since), msisdn, VIEW("100000")}, letters, err);
}

static enum outcome list(struct dead *dead, struct err *err)
{
    struct pg_result *letters;
    enum outcome outcome = find_letters(dead, &letters, err);
    if (outcome != IS_DONE)
        return outcome;
    for (size_t row = 0; row < pg_rows(letters); row++) {
        struct view msisdn = pg_value(letters, row, 0);
        char shortened[32];
        log_shorten_msisdn(msisdn, shortened);
        if (!dead->is_full)
            msisdn = view_of(shortened);
        printf("%.*s\t%.*s\t%.*s\t%.*s\t%.*s\t%.*s %.*s\t%.*s\n", VIEW_ARG(pg_value(letters, row, 2)), VIEW_ARG(msisdn),
               VIEW_ARG(pg_value(letters, row, 1)), VIEW_ARG(pg_value(letters, row, 3)), VIEW_ARG(pg_value(letters, row, 5)),
               VIEW_ARG(pg_value(letters, row, 6)), VIEW_ARG(pg_value(letters, row, 7)), VIEW_ARG(pg_value(letters, row, 4)));
    }
    pg_result_free(&letters);
    return IS_DONE;
}

static enum outcome resend_one(struct dead *dead, struct view msisdn, struct view mt, bool *is_resent, struct err *err)
{
    struct pg_result *answer;
    enum outcome outcome = pg_query(dead->pg, "SELECT hall.resend($1::bigint, $2)", 2, (struct view[]){msisdn, mt}, &answer, err);
    if (outcome != IS_DONE)
        return outcome;
    *is_resent = view_equal(pg_value(answer, 0, 0), VIEW("t"));
    pg_result_free(&answer);
    return IS_DONE;
}

static enum outcome resend_named(struct dead *dead, struct err *err)
{
    enum outcome outcome = IS_DONE;
    for (int i = 0; i < dead->mts && outcome == IS_DONE; i++) {
        bool is_resent = false;
        outcome = resend_one(dead, view_of(dead->msisdn.digits), view_of(dead->mt[i]), &is_resent, err);
        if (outcome == IS_DONE && !is_resent)
            outcome = err_refused(err, "%s: this subscriber has no such dead letter", dead->mt[i]);
    }
    return outcome;
}

static enum outcome resend_all(struct dead *dead, struct err *err)
{
    struct pg_result *letters;
    enum outcome outcome = find_letters(dead, &letters, err);
    if (outcome != IS_DONE)
        return outcome;
    size_t resent = 0, moved = 0;
    for (size_t row = 0; row < pg_rows(letters) && outcome == IS_DONE; row++) {
        bool is_resent = false;
        outcome = resend_one(dead, pg_value(letters, row, 0), pg_value(letters, row, 1), &is_resent, err);
        resent += outcome == IS_DONE && is_resent;
        moved += outcome == IS_DONE && !is_resent;
    }
    printf("%zu will be sent again\n", resent);
    if (moved)
        printf("%zu moved on meanwhile and stay as they are\n", moved);
    pg_result_free(&letters);
    return outcome;
}

static bool read_msisdn(const char *word, struct msisdn *msisdn)
{
    *msisdn = msisdn_read(view_of(word));
    if (msisdn->kind != MSISDN_MOBILE)
        fprintf(stderr, "smshall dead: --msisdn \"%s\" is no mobile number\n", word);
    return msisdn->kind == MSISDN_MOBILE;
}

/* 0: go on. Else main's exit code + 1. */
static int read_options(int argc, char **argv, struct dead *dead)
{
    static const struct option options[] = {
        {"since", required_argument, NULL, 's'},    {"msisdn", required_argument, NULL, 'm'},
        {"full", no_argument, NULL, 'f'},           {"all", no_argument, NULL, 'a'},
        {"database", required_argument, NULL, 'b'}, {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case 's':
            dead->since = optarg;
            break;
        case 'm':
            if (!read_msisdn(optarg, &dead->msisdn))
                return 3;
            break;
        case 'f':
            dead->is_full = true;
            break;
        case 'a':
            dead->is_all = true;
            break;
        case 'b':
            dead->database = optarg;
            break;
        case 'c':
            dead->config = optarg;
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

/* What the words ask for; NULL when they ask for nothing sensible. */
static dead_work *find_work(int words, char **word, struct dead *dead)
{
    dead->mt = word + 1;
    dead->mts = words - 1;
    if (words == 1 && strcmp(word[0], "list") == 0 && !dead->is_all)
        return list;
    if (words < 1 || strcmp(word[0], "resend") != 0)
        return NULL;
    if (dead->is_all)
        return dead->mts == 0 ? resend_all : NULL;
    return dead->mts > 0 && *dead->msisdn.digits ? resend_named : NULL;
}

static enum outcome run(void *context, struct pg *pg, struct err *err)
{
    struct dead *dead = context;
    dead->pg = pg;
    return dead->work(dead, err);
}

int dead_main(int argc, char **argv)
{
    struct dead dead = {0};
    int end = read_options(argc, argv, &dead);
    if (end)
        return end - 1;
    dead.work = find_work(argc - optind, argv + optind, &dead);
    if (!dead.work) {
        fputs(help, stderr);
        return 2;
    }

    return owner_run("dead", dead.database, dead.config, run, &dead) == IS_DONE ? 0 : 1;
}

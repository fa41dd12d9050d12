/* Brings the store up to date, all of it in one transaction: tables by numbered migrations, each once and for ever the same; functions
 * as they stand in the files, each time; rights last. Two at once wait for each other. What stands in the way is named with file and
 * line, and nothing has happened then. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/pepper.h"
#include "base/secret.h"
#include "base/text.h"
#include "tools/load.h"
#include "tools/owner.h"
#include "tools/tools.h"

static const char help[] =
    "usage: smshall migrate [--demo] [--database CONNINFO] [--sql DIR] [--config FILE] [--quiet]\n"
    "\n"
    "Creates the store or brings it up to date, inside one transaction.\n"
    "\n"
    "  --demo               loads the demo data too; may be given again. Passwords and ID cards among them only with\n"
    "                       pepper_file, behind the transaction\n"
    "  --database CONNINFO  the store, as a role that owns it and may create roles (default: as configured,\n"
    "                       owner_database or else database)\n"
    "  --sql DIR            folder with migrations/, functions/, finish.sql, demo.sql (default: as configured)\n"
    "  --config FILE        the configuration (default: conf/smshall.yaml)\n"
    "  --quiet              prints faults only\n"
    "\n"
    "Exit code: 0; 1 when the store could not be migrated, and is as it was; 2 when called wrongly.\n";

/* Taken by the number of the advisory lock, so that no table is needed for it. */
static const char begin[] = "BEGIN;"
                            "SELECT pg_advisory_xact_lock(hashtext('smshall migrate'));"
                            "CREATE SCHEMA IF NOT EXISTS hall;"
                            "CREATE TABLE IF NOT EXISTS hall.migration ("
                            "    name text PRIMARY KEY,"
                            "    checksum text NOT NULL," /* SHA-256 of the file */
                            "    at timestamptz NOT NULL DEFAULT pg_catalog.now());";

struct migration {
    struct pg *pg;
    const char *sql; /* the folder */
    bool is_demo, is_quiet;
    const char *database, *config;
};

static void print_step(const struct migration *m, const char *path, const char *what)
{
    if (!m->is_quiet)
        printf("%s: %s\n", path, what);
}

static enum outcome read_file(const char *path, struct text *content, struct err *err)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return err_refused(err, "%s: %s", path, strerror(errno));
    char block[16384];
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
        text_add(content, (struct view){block, n});
    bool is_read = !ferror(file);
    fclose(file);
    return is_read ? IS_DONE : err_refused(err, "%s: cannot be read", path);
}

static enum outcome run_text(struct migration *m, const char *path, const struct text *script, struct err *err)
{
    enum outcome outcome = pg_script(m->pg, script->at ? script->at : "", err);
    if (outcome == IS_REFUSED) {
        char words[sizeof err->text];
        snprintf(words, sizeof words, "%s", err->text);
        err_refused(err, "%s:%s", path, words); /* what pg_script says begins with the line */
    }
    return outcome;
}

static enum outcome run_file(struct migration *m, const char *path, struct err *err)
{
    struct text script = {0};
    enum outcome outcome = read_file(path, &script, err);
    if (outcome == IS_DONE)
        outcome = run_text(m, path, &script, err);
    if (outcome == IS_DONE)
        print_step(m, path, "loaded");
    text_free(&script);
    return outcome;
}

/* Whether a migration of this name was applied with this content. IS_REFUSED: with another content. */
static enum outcome find_applied(struct migration *m, const char *name, const char *path, struct view content, bool *is_applied,
                                 struct err *err)
{
    struct pg_result *found = NULL;
    enum outcome outcome =
        pg_query(m->pg, "SELECT checksum = encode(sha256(convert_to($2, 'UTF8')), 'hex') FROM hall.migration WHERE name = $1", 2,
                 (struct view[]){view_of(name), content}, &found, err);
    if (outcome != IS_DONE)
        return outcome;
    *is_applied = pg_rows(found) > 0;
    if (*is_applied && !view_equal(pg_value(found, 0, 0), VIEW("t")))
        outcome = err_refused(err, "%s: was applied with another content; a change needs a new migration", path);
    pg_result_free(&found);
    return outcome;
}

static enum outcome apply_migration(struct migration *m, const char *path, struct err *err)
{
    const char *name = strrchr(path, '/') + 1;
    struct text script = {0};
    bool is_applied = false;
    enum outcome outcome = read_file(path, &script, err);
    if (outcome == IS_DONE)
        outcome = find_applied(m, name, path, text_view(&script), &is_applied, err);
    if (outcome == IS_DONE && !is_applied) {
        outcome = run_text(m, path, &script, err);
        if (outcome == IS_DONE)
            outcome =
                pg_query(m->pg, "INSERT INTO hall.migration (name, checksum) VALUES ($1, encode(sha256(convert_to($2, 'UTF8')), 'hex'))", 2,
                         (struct view[]){view_of(name), text_view(&script)}, NULL, err);
        if (outcome == IS_DONE)
            print_step(m, path, "applied");
    }
    text_free(&script);
    return outcome;
}

static int is_sql(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return entry->d_name[0] != '.' && size > 4 && strcmp(entry->d_name + size - 4, ".sql") == 0;
}

/* Every *.sql of a folder below m->sql, in the order of names. */
static enum outcome each_file(struct migration *m, const char *folder, enum outcome (*run)(struct migration *, const char *, struct err *),
                              struct err *err)
{
    char path[4096];
    struct dirent **entry;
    snprintf(path, sizeof path, "%s/%s", m->sql, folder);
    int count = scandir(path, &entry, is_sql, alphasort);
    if (count < 0)
        return err_refused(err, "%s: %s", path, strerror(errno));
    enum outcome outcome = count ? IS_DONE : err_refused(err, "%s: holds no .sql file", path);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s/%s", m->sql, folder, entry[i]->d_name);
        if (outcome == IS_DONE)
            outcome = run(m, path, err);
        free(entry[i]);
    }
    free(entry);
    return outcome;
}

/* A store that is newer than this program is left alone: its functions would be set back. */
static enum outcome refuse_newer(struct migration *m, struct err *err)
{
    struct pg_result *rows = NULL;
    enum outcome outcome = pg_query(m->pg, "SELECT name FROM hall.migration ORDER BY name DESC LIMIT 1", 0, NULL, &rows, err);
    if (outcome != IS_DONE)
        return outcome;
    if (pg_rows(rows) > 0) {
        char path[4096];
        struct view name = pg_value(rows, 0, 0);
        snprintf(path, sizeof path, "%s/migrations/%.*s", m->sql, VIEW_ARG(name));
        FILE *file = fopen(path, "r");
        if (file)
            fclose(file);
        else
            outcome = err_refused(err, "the store has a migration that is not here: %s", path);
    }
    pg_result_free(&rows);
    return outcome;
}

static enum outcome migrate(struct migration *m, struct err *err)
{
    char path[4096];
    enum outcome outcome = pg_script(m->pg, begin, err);
    if (outcome == IS_DONE)
        outcome = refuse_newer(m, err);
    if (outcome == IS_DONE)
        outcome = each_file(m, "migrations", apply_migration, err);
    if (outcome == IS_DONE)
        outcome = each_file(m, "functions", run_file, err);
    snprintf(path, sizeof path, "%s/finish.sql", m->sql);
    if (outcome == IS_DONE)
        outcome = run_file(m, path, err);
    snprintf(path, sizeof path, "%s/demo.sql", m->sql);
    if (outcome == IS_DONE && m->is_demo)
        outcome = run_file(m, path, err);
    if (outcome == IS_DONE)
        outcome = pg_script(m->pg, "COMMIT", err);
    return outcome;
}

/* Demo passwords, as any others are loaded. Whose hashes they are nobody can tell without the key, and so they are no part of the files. */
static enum outcome load_credentials(struct migration *m, const struct config *config, struct err *err)
{
    char path[4096];
    struct load_tally tally = {0};
    struct load_setup setup = {.kind = load_kind_find("credentials"), .database = m->database, .config = config, .lanes = 1, .retry_s = 1};
    struct pepper *pepper = NULL;
    snprintf(path, sizeof path, "%s/demo_credentials.csv", m->sql);
    if (!*config->pepper_file) {
        print_step(m, path, "left out; passwords need pepper_file, and none is configured");
        return IS_DONE;
    }
    secret_keep_memory();
    enum outcome outcome = pepper_read_file(config->pepper_file, &pepper, err);
    setup.pepper = pepper;
    if (outcome == IS_DONE)
        outcome = load_file(&setup, path, &tally, err);
    if (outcome == IS_DONE && tally.aside)
        outcome = err_refused(err, "%s: not all of it could be loaded", path);
    if (outcome == IS_DONE)
        print_step(m, path, "loaded");
    pepper_free(&pepper);
    return outcome;
}

/* 0: go on. Else main's exit code + 1. */
static int read_options(int argc, char **argv, struct migration *m)
{
    static const struct option options[] = {
        {"demo", no_argument, NULL, 'd'},
        {"database", required_argument, NULL, 'b'},
        {"sql", required_argument, NULL, 's'},
        {"config", required_argument, NULL, 'c'},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "qh", options, NULL)) != -1;) {
        switch (option) {
        case 'd':
            m->is_demo = true;
            break;
        case 'b':
            m->database = optarg;
            break;
        case 's':
            m->sql = optarg;
            break;
        case 'c':
            m->config = optarg;
            break;
        case 'q':
            m->is_quiet = true;
            break;
        case 'h':
            fputs(help, stdout);
            return 1;
        default:
            fputs(help, stderr);
            return 3;
        }
    }
    if (optind == argc)
        return 0;
    fprintf(stderr, "smshall migrate: \"%s\" is not understood\n%s", argv[optind], help);
    return 3;
}

int migrate_main(int argc, char **argv)
{
    struct migration m = {0};
    int end = read_options(argc, argv, &m);
    if (end)
        return end - 1;

    struct err err;
    struct config config = {0};
    enum outcome outcome = config_load(&config, m.config, &err);
    if (outcome == IS_DONE) {
        m.sql = m.sql ? m.sql : config.sql;
        outcome = owner_open(m.database, &config, &m.pg, &err);
    }
    if (outcome == IS_DONE)
        outcome = migrate(&m, &err);
    if (outcome == IS_DONE && m.is_demo)
        outcome = load_credentials(&m, &config, &err);
    if (outcome != IS_DONE)
        fprintf(stderr, "smshall migrate: %s\n", err.text);
    else if (!m.is_quiet)
        puts("the store is up to date");
    pg_free(&m.pg);
    config_free(&config);
    return outcome == IS_DONE ? 0 : 1;
}

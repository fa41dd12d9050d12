/* Holds the command files against their rules, and, with a database, the commands against the functions they call and against the services
 * that they must hear. */
#include <getopt.h>
#include <stdio.h>

#include "base/config.h"
#include "grammar/catalogue.h"
#include "grammar/grammar.h"
#include "store/pg.h"
#include "tools/owner.h"
#include "tools/tools.h"

static const char help[] = "usage: smshall check [--commands DIR] [--database CONNINFO | --with-database] [--config FILE]\n"
                           "\n"
                           "Reads the command files and prints every fault as file:line: text, and every reply that lacks a translation.\n"
                           "\n"
                           "  --commands DIR        folder of the grammar (default: as configured)\n"
                           "  --database CONNINFO   also prove that each command's function is in this database, and that subscribers\n"
                           "                        can say the codes and aliases of its services, and their order codes\n"
                           "  --with-database       the same with the configured owner_database, or else database\n"
                           "  --config FILE         the configuration (default: conf/smshall.yaml)\n"
                           "\n"
                           "Exit code: 0 no fault; 1 any fault, a missing translation, or no database to be had; 2 called wrongly.\n";

struct options {
    const char *commands, *database, *config;
    bool has_database;
};

/* True: go on; else the exit code is set. */
static bool read_options(int argc, char **argv, struct options *options, int *exit_code)
{
    static const struct option known[] = {
        {"commands", required_argument, NULL, 'c'}, {"database", required_argument, NULL, 'd'}, {"with-database", no_argument, NULL, 'w'},
        {"config", required_argument, NULL, 'f'},   {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
    };
    int option;
    *options = (struct options){0};
    *exit_code = 2;
    optind = 0;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
        switch (option) {
        case 'c':
            options->commands = optarg;
            break;
        case 'd':
            options->database = optarg;
            options->has_database = true;
            break;
        case 'w':
            options->has_database = true;
            break;
        case 'f':
            options->config = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            *exit_code = 0;
            return false;
        default:
            fputs("Try `smshall check --help`.\n", stderr);
            return false;
        }
    if (optind == argc)
        return true;
    fprintf(stderr, "smshall check: takes no \"%s\"\nTry `smshall check --help`.\n", argv[optind]);
    return false;
}

/* A function of the name with the parameters (hall.subscriber, jsonb), and whether it answers what hall.receive takes. */
static const char find_function[] =
    "SELECT NOT f.proretset AND f.proargmodes = '{i,i,o,o}' AND f.proargnames[3:4] = '{outcome,fields}'"
    "   AND f.proallargtypes[3:4] = '{pg_catalog.text,pg_catalog.jsonb}'::pg_catalog.regtype[]::oid[],"
    " pg_catalog.pg_get_function_arguments(f.oid), pg_catalog.pg_get_function_result(f.oid)"
    " FROM pg_catalog.pg_proc AS f"
    " JOIN pg_catalog.pg_namespace AS s ON s.oid = f.pronamespace AND s.nspname = 'hall_command'"
    " JOIN pg_catalog.pg_type AS t ON t.oid = f.proargtypes[0] AND t.typname = 'subscriber'"
    " JOIN pg_catalog.pg_namespace AS ts ON ts.oid = t.typnamespace AND ts.nspname = 'hall'"
    " WHERE f.proname = $1 AND f.pronargs = 2 AND f.proargtypes[1] = 'pg_catalog.jsonb'::pg_catalog.regtype";

static enum outcome prove_call(struct pg *pg, const struct command *command, struct faults *faults, struct err *err)
{
    struct pg_result *result = NULL;
    enum outcome outcome = pg_query(pg, find_function, 1, &command->call, &result, err);
    if (outcome == IS_DONE && pg_rows(result) == 0)
        faults_add(faults, command->file, command->call_line,
                   "the function hall_command.%.*s(hall.subscriber, jsonb) is not in the database", VIEW_ARG(command->call));
    else if (outcome == IS_DONE && !view_equal(pg_value(result, 0, 0), VIEW("t")))
        faults_add(faults, command->file, command->call_line,
                   "the function hall_command.%.*s must have the parameters OUT outcome text, OUT fields jsonb: it is (%.*s) RETURNS %.*s",
                   VIEW_ARG(command->call), VIEW_ARG(pg_value(result, 0, 1)), VIEW_ARG(pg_value(result, 0, 2)));
    pg_result_free(&result);
    return outcome;
}

/* Each command's function exists and answers as it must. */
static enum outcome prove_calls(const struct grammar *grammar, struct pg *pg, struct faults *faults, struct err *err)
{
    enum outcome outcome = IS_DONE;
    for (size_t i = 0; outcome == IS_DONE && i < grammar_commands(grammar); i++) {
        const struct command *command = grammar_command(grammar, i);
        if (command->call.size)
            outcome = prove_call(pg, command, faults, err);
    }
    return outcome;
}

/* One row when there is a catalogue: whether it may be read. */
static const char find_catalogue[] = "SELECT pg_catalog.has_table_privilege(c.oid, 'SELECT')"
                                     " FROM pg_catalog.pg_class AS c"
                                     " JOIN pg_catalog.pg_namespace AS s ON s.oid = c.relnamespace AND s.nspname = 'hall'"
                                     " WHERE c.relname = 'service'";

/* What services are called, but for their names: those are for reading. In the order of struct calling. */
static const char find_callings[] = "SELECT s.code, w.word, w.what, CASE w.what WHEN 'order code' THEN s.port END,"
                                    " pg_catalog.upper(pg_catalog.array_to_string(s.aliases || ARRAY[s.code, s.name], E'\n'))"
                                    " FROM hall.service AS s"
                                    " CROSS JOIN LATERAL (SELECT s.code AS word, 'code' AS what"
                                    "   UNION ALL SELECT a, 'alias' FROM pg_catalog.unnest(s.aliases) AS a"
                                    "   UNION ALL SELECT o, 'order code' FROM pg_catalog.unnest(s.order_codes) AS o) AS w"
                                    " ORDER BY s.code COLLATE \"C\", w.what, w.word COLLATE \"C\"";

/* Each service can be ordered, and left. A database without a catalogue has other faults. */
static enum outcome prove_catalogue(const struct grammar *grammar, struct pg *pg, struct faults *faults, struct err *err)
{
    struct pg_result *result = NULL;
    enum outcome outcome = pg_query(pg, find_catalogue, 0, NULL, &result, err);
    bool is_there = outcome == IS_DONE && pg_rows(result) > 0, may_read = is_there && view_equal(pg_value(result, 0, 0), VIEW("t"));
    pg_result_free(&result);
    if (is_there && !may_read)
        fputs("smshall check: the catalogue was not looked at: this role may not read hall.service\n", stderr);
    if (!may_read)
        return outcome;
    outcome = pg_query(pg, find_callings, 0, NULL, &result, err);
    for (size_t i = 0; outcome == IS_DONE && i < pg_rows(result); i++) {
        struct calling calling = {.service = pg_value(result, i, 0),
                                  .word = pg_value(result, i, 1),
                                  .what = pg_value(result, i, 2),
                                  .port = pg_value(result, i, 3),
                                  .own = pg_value(result, i, 4)};
        catalogue_prove(grammar, &calling, faults);
    }
    pg_result_free(&result);
    return outcome;
}

/* Other than IS_DONE: it could not be found out. */
static enum outcome prove_store(const struct grammar *grammar, const char *database, const struct config *config, struct faults *faults,
                                struct err *err)
{
    struct pg *pg = NULL;
    enum outcome outcome = owner_open(database, config, &pg, err);
    if (outcome == IS_DONE)
        outcome = prove_calls(grammar, pg, faults, err);
    if (outcome == IS_DONE)
        outcome = prove_catalogue(grammar, pg, faults, err);
    pg_free(&pg);
    return outcome;
}

/* True: there is nothing to mend. */
static bool sum_up(const char *folder, size_t commands, const struct faults *faults)
{
    struct text untranslated = {0};
    bool is_good = !faults_sum_untranslated(faults, &untranslated) && !faults->count;
    if (faults->count)
        fprintf(stderr, "%s: %zu %s\n", folder, faults->count, faults->count == 1 ? "fault" : "faults");
    if (untranslated.size)
        fprintf(stderr, "%s: %s\n", folder, untranslated.at);
    if (is_good)
        fprintf(stderr, "%s: %zu command files, no fault\n", folder, commands);
    text_free(&untranslated);
    return is_good;
}

static int check(const struct options *options, const struct config *config)
{
    const char *folder = options->commands ? options->commands : config->commands;
    struct faults faults = {0};
    struct err err;
    enum outcome outcome = IS_DONE;
    struct grammar *grammar = grammar_load(folder, &faults);
    size_t commands = grammar ? grammar_commands(grammar) : 0;
    if (grammar && options->has_database)
        outcome = prove_store(grammar, options->database, config, &faults, &err);
    grammar_free(&grammar);

    printf("%.*s%.*s", VIEW_ARG(text_view(&faults.lines)), VIEW_ARG(text_view(&faults.untranslated)));
    fflush(stdout);
    if (outcome != IS_DONE)
        fprintf(stderr, "smshall check: the database: %s\n", err.text);
    bool is_good = sum_up(folder, commands, &faults) && outcome == IS_DONE;
    faults_free(&faults);
    return is_good ? 0 : 1;
}

int check_main(int argc, char **argv)
{
    struct options options;
    struct config config;
    struct err err;
    int exit_code;
    if (!read_options(argc, argv, &options, &exit_code))
        return exit_code;
    if (config_load(&config, options.config, &err) != IS_DONE) {
        fprintf(stderr, "smshall check: %s\n", err.text);
        return 2;
    }
    exit_code = check(&options, &config);
    config_free(&config);
    return exit_code;
}

/* The feed of a billing system. A file is taken in rounds: while the lanes put one, the next is read. A round is over when all lanes are
 * through with it; then its rows are reported in their order, and what is said of lines ("up to line 70000 all is loaded") is simply true.
 * Nothing is noted of how far a load came: to put again is to change nothing, so whoever was stopped begins anew. */
#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/pepper.h"
#include "base/secret.h"
#include "sms/msisdn.h"
#include "tools/load.h"
#include "tools/progress.h"
#include "tools/tools.h"

static const char usage[] =
    "usage: smshall load KIND FILE... [--rejected PATH] [--lanes N] [--rows N] [--retry SECONDS]\n"
    "                                 [--database CONNINFO] [--config FILE]\n"
    "\n"
    "Loads what a billing system says, from CSV: UTF-8 (iconv -f GBK -t UTF-8 makes it), a first line that names the columns in any "
    "order,\n"
    "fields in double quotes when they hold commas or line ends. FILE - is standard input. Rows that cannot be put are named, as\n"
    "file:line: reason, and set aside into FILE.rejected (of standard input: load.rejected), whose rows may be mended and loaded as they\n"
    "stand; all others are loaded. Of two rows for the same thing the later one counts. Loading again what was loaded changes nothing, so "
    "a\n"
    "load that was stopped is begun anew.\n"
    "\n"
    "Connects as configured (owner_database or else database), and needs no more than the rights of smshall_feed.\n"
    "\n"
    "Kinds and their columns; * must be there. A column that is not there leaves what is in the store as it is:\n"
    "\n";

static const char options_help[] = "\n"
                                   "Amounts are whole fen in NAME_fen, or yuan with decimals in NAME_yuan.\n"
                                   "\n"
                                   "  --rejected PATH      where rows are set aside to; with one FILE only\n"
                                   "  --lanes N            connections to the store (default: one for each processor here)\n"
                                   "  --rows N             rows of one call and commit (default: 5000; credentials 4)\n"
                                   "  --retry SECONDS      so long a store that is away is asked again (30)\n"
                                   "  --database CONNINFO  the store\n"
                                   "  --config FILE        the configuration (default: conf/smshall.yaml)\n"
                                   "\n"
                                   "Exit code: 0 all is loaded; 1 some rows were set aside; 2 it could not be done, or not to the end.\n";

enum { IS_ALL = 0, IS_ASIDE = 1, IS_NOTHING = 2, ROUNDS = 2 };

struct round {
    struct arena *arena;
    struct load_row *row; /* in the order of the file */
    size_t rows;
    struct load_row **of_lane; /* the same, by lane */
};

struct load {
    const struct load_setup *setup;
    const char *name; /* of the file, for messages */
    struct arena *arena;
    struct load_csv *csv;
    struct load_header header;
    struct load_lane_setup lane_setup;
    struct load_lane *lane[LOAD_LANES_MAX];
    size_t lanes;
    struct load_aside *aside;
    struct round round[ROUNDS];
    size_t room; /* rows of a round */
    struct load_tally *tally;
    uint64_t start_us, last_line; /* up to which all is loaded */
};

/* --- rounds --- */

static enum outcome read_round(struct load *load, struct round *round, struct err *err)
{
    arena_reset(round->arena);
    round->rows = 0;
    while (round->rows < load->room) {
        enum outcome outcome = load_csv_next(load->csv, round->arena, &round->row[round->rows], err);
        if (outcome != IS_DONE || !round->row[round->rows].line)
            return outcome;
        round->rows++;
    }
    return IS_DONE;
}

/* One subscriber's rows take one lane, however his number is written, and so keep their order. */
static size_t lane_of(const struct load *load, const struct load_row *row)
{
    size_t place = load->header.place[0];
    if (load->lanes == 1 || row->cells <= place)
        return 0;
    struct msisdn msisdn = msisdn_read(row->cell[place]);
    return view_hash(view_of(msisdn.digits)) % load->lanes;
}

static void start_round(struct load *load, struct round *round)
{
    size_t first = 0;
    for (size_t lane = 0; lane < load->lanes; lane++) {
        size_t rows = 0;
        for (size_t i = 0; i < round->rows; i++)
            if (lane_of(load, &round->row[i]) == lane)
                round->of_lane[first + rows++] = &round->row[i];
        load_lane_start(load->lane[lane], round->of_lane + first, rows);
        first += rows;
    }
}

/* Waits for all lanes; when each is through, reports. */
static enum outcome end_round(struct load *load, struct round *round, struct err *err)
{
    enum outcome outcome = IS_DONE;
    for (size_t lane = 0; lane < load->lanes; lane++) {
        enum outcome ended = load_lane_end(load->lane[lane], &load->tally->created, &load->tally->changed, outcome == IS_DONE ? err : NULL);
        outcome = outcome == IS_DONE ? ended : outcome;
    }
    for (size_t i = 0; i < round->rows && outcome == IS_DONE; i++) {
        load->tally->rows++;
        load->last_line = round->row[i].line;
        if (round->row[i].fault.size)
            outcome = load_aside_add(load->aside, &round->row[i], err);
    }
    load->tally->aside = load_aside_count(load->aside);
    return outcome;
}

static void draw(const struct load *load)
{
    uint64_t all, done = load_csv_read(load->csv, &all);
    double seconds = (double)(clock_us() - load->start_us) / 1e6;
    progress_draw(done, all, "%s: %llu rows, %.0f a second, %llu set aside", load->name, (unsigned long long)load->tally->rows,
                  (double)load->tally->rows / seconds, (unsigned long long)load->tally->aside);
}

static enum outcome load_rounds(struct load *load, struct err *err)
{
    struct err reading_err;
    size_t now = 0;
    enum outcome outcome = read_round(load, &load->round[now], err);
    while (outcome == IS_DONE && load->round[now].rows) {
        start_round(load, &load->round[now]);
        enum outcome reading = read_round(load, &load->round[!now], &reading_err);
        outcome = end_round(load, &load->round[now], err);
        if (outcome == IS_DONE && reading != IS_DONE)
            *err = reading_err, outcome = reading;
        draw(load);
        now = !now;
    }
    progress_clear();
    return outcome;
}

/* --- a file --- */

static enum outcome read_header(struct load *load, struct err *err)
{
    struct load_row row;
    enum outcome outcome = load_csv_next(load->csv, load->arena, &row, err);
    if (outcome != IS_DONE)
        return outcome;
    if (!row.line)
        return err_refused(err, "it is empty: its first line names the columns");
    if (row.fault.size)
        outcome = err_refused(err, "%.*s", VIEW_ARG(row.fault));
    else
        outcome = load_header_read(load->setup->kind, load->arena, row.cell, row.cells, &load->header, err);
    if (outcome != IS_DONE)
        err_prefix(err, "%llu", (unsigned long long)row.line);
    return outcome;
}

/* What is set aside goes beside the file, and never into it. */
static enum outcome begin_aside(struct load *load, const char *path, struct err *err)
{
    struct stat file, aside;
    const char *to = load->setup->rejected;
    if (!to)
        to = strcmp(path, "-") == 0 ? "load.rejected" : arena_printf(load->arena, "%s.rejected", path).at;
    if (stat(path, &file) == 0 && stat(to, &aside) == 0 && file.st_dev == aside.st_dev && file.st_ino == aside.st_ino)
        return err_refused(err, "rows cannot be set aside into the file that they are read from");
    load->aside = load_aside_new(load->name, to, &load->header);
    return IS_DONE;
}

static enum outcome open_lanes(struct load *load, struct err *err)
{
    const struct load_setup *setup = load->setup;
    enum outcome outcome = IS_DONE;
    load->lane_setup = (struct load_lane_setup){.kind = setup->kind,
                                                .header = &load->header,
                                                .pepper = setup->pepper,
                                                .database = setup->database,
                                                .config = setup->config,
                                                .retry_s = setup->retry_s};
    size_t wanted = setup->kind->is_by_msisdn ? setup->lanes : 1;
    while (load->lanes < wanted && outcome == IS_DONE)
        outcome = load_lane_open(&load->lane_setup, &load->lane[load->lanes++], err);
    return outcome;
}

static void make_rounds(struct load *load)
{
    size_t rows = load->setup->rows ? load->setup->rows : load->setup->kind->rows;
    load->room = rows * load->lanes;
    for (size_t i = 0; i < ROUNDS; i++) {
        struct round *round = &load->round[i];
        round->arena = arena_new();
        round->row = calloc(load->room, sizeof *round->row);
        round->of_lane = calloc(load->room, sizeof(struct load_row *));
        assert(round->row && round->of_lane);
    }
}

static void close_load(struct load *load)
{
    for (size_t i = 0; i < load->lanes; i++)
        load_lane_close(&load->lane[i]);
    for (size_t i = 0; i < ROUNDS; i++) {
        arena_free(&load->round[i].arena);
        free(load->round[i].row);
        free(load->round[i].of_lane);
    }
    load_csv_close(&load->csv);
    arena_free(&load->arena);
}

static enum outcome load_all(struct load *load, const char *path, struct err *err)
{
    enum outcome outcome = read_header(load, err);
    if (outcome == IS_DONE)
        outcome = open_lanes(load, err);
    if (outcome == IS_DONE)
        outcome = begin_aside(load, path, err);
    if (outcome != IS_DONE)
        return outcome;
    make_rounds(load);
    load->start_us = clock_us();
    outcome = load_rounds(load, err);
    load->tally->seconds = (double)(clock_us() - load->start_us) / 1e6;
    if (outcome != IS_DONE && load->last_line)
        err_prefix(err, "up to line %llu all is loaded, and then", (unsigned long long)load->last_line);
    enum outcome closed = load_aside_close(&load->aside, outcome == IS_DONE ? err : NULL);
    return outcome == IS_DONE ? closed : outcome;
}

enum outcome load_file(const struct load_setup *setup, const char *path, struct load_tally *tally, struct err *err)
{
    struct load load = {.setup = setup, .name = strcmp(path, "-") == 0 ? "stdin" : path, .tally = tally, .arena = arena_new()};
    *tally = (struct load_tally){0};
    assert(setup->lanes >= 1 && setup->lanes <= LOAD_LANES_MAX);
    enum outcome outcome = load_csv_open(path, &load.csv, err);
    if (outcome == IS_DONE) {
        outcome = load_all(&load, path, err);
        if (outcome != IS_DONE)
            err_prefix(err, "%s", load.name);
    }
    close_load(&load);
    return outcome;
}

/* --- the tool --- */

static void print_help(FILE *out)
{
    struct text kinds = {0};
    load_kinds_write_help(&kinds);
    fprintf(out, "%s%.*s%s", usage, VIEW_ARG(text_view(&kinds)), options_help);
    text_free(&kinds);
}

static int wrong(const char *what, const char *which)
{
    fprintf(stderr, "smshall load: %s%s\n`smshall load --help` tells more.\n", what, which);
    return IS_NOTHING + 1;
}

static bool take_number(const char *written, uint64_t most, uint64_t *number)
{
    return view_number(view_of(written), most, number) && *number >= 1;
}

/* 0: go on. Else main's exit code + 1. */
static int read_options(int argc, char **argv, struct load_setup *setup, const char **config)
{
    static const struct option options[] = {
        {"rejected", required_argument, NULL, 'r'}, {"lanes", required_argument, NULL, 'l'},
        {"rows", required_argument, NULL, 'n'},     {"retry", required_argument, NULL, 't'},
        {"database", required_argument, NULL, 'b'}, {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
    };
    uint64_t number = 1;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case 'r':
            setup->rejected = optarg;
            break;
        case 'l':
            if (!take_number(optarg, LOAD_LANES_MAX, &number))
                return wrong("--lanes is a number from 1 to 16, and not ", optarg);
            setup->lanes = number;
            break;
        case 'n':
            if (!take_number(optarg, 100000, &number))
                return wrong("--rows is a number from 1 to 100000, and not ", optarg);
            setup->rows = number;
            break;
        case 't':
            if (!take_number(optarg, 86400, &number))
                return wrong("--retry is a number of seconds from 1, and not ", optarg);
            setup->retry_s = (unsigned)number;
            break;
        case 'b':
            setup->database = optarg;
            break;
        case 'c':
            *config = optarg;
            break;
        case 'h':
            print_help(stdout);
            return IS_ALL + 1;
        default:
            return wrong("it has no such option, or a value is missing", "");
        }
    }
    return 0;
}

/* What stands behind the options: KIND FILE… */
static int read_words(int words, char **word, struct load_setup *setup)
{
    if (words < 2)
        return wrong("it needs a KIND and a FILE", "");
    if (words > 2 && setup->rejected)
        return wrong("--rejected goes with one FILE", "");
    setup->kind = load_kind_find(word[0]);
    return setup->kind ? 0 : wrong("there is no kind ", word[0]);
}

static enum outcome read_pepper(const struct config *config, struct pepper **pepper, struct err *err)
{
    if (!*config->pepper_file)
        return err_refused(err, "secrets are hashed with the key in pepper_file, and none is configured");
    secret_keep_memory();
    return pepper_read_file(config->pepper_file, pepper, err);
}

static void print_tally(const char *path, const struct load_tally *tally)
{
    double seconds = tally->seconds > 0 ? tally->seconds : 1e-6;
    printf("%s: %llu rows, %llu loaded (%llu new, %llu changed), %llu set aside, %.0f rows/s\n", strcmp(path, "-") == 0 ? "stdin" : path,
           (unsigned long long)tally->rows, (unsigned long long)(tally->rows - tally->aside), (unsigned long long)tally->created,
           (unsigned long long)tally->changed, (unsigned long long)tally->aside, (double)tally->rows / seconds);
    fflush(stdout);
}

/* A file that is not there does not keep the others from being loaded; a store that is away does. */
static int load_files(const struct load_setup *setup, int files, char **path)
{
    int code = IS_ALL;
    for (int i = 0; i < files; i++) {
        struct err err;
        struct load_tally tally;
        enum outcome outcome = load_file(setup, path[i], &tally, &err);
        if (outcome != IS_DONE) {
            fprintf(stderr, "smshall load: %s\n", err.text);
            code = IS_NOTHING;
        } else if (tally.aside && code == IS_ALL) {
            code = IS_ASIDE;
        }
        if (outcome == IS_DONE || tally.rows)
            print_tally(path[i], &tally);
        if (outcome == IS_FAILED || outcome == IS_UNSURE)
            break;
    }
    return code;
}

int load_main(int argc, char **argv)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct load_setup setup = {.retry_s = 30, .lanes = processors < 1 ? 1 : processors > 8 ? 8 : (size_t)processors};
    const char *path = NULL;
    int end = read_options(argc, argv, &setup, &path);
    if (!end)
        end = read_words(argc - optind, argv + optind, &setup);
    if (end)
        return end - 1;

    struct err err;
    struct config config = {0};
    struct pepper *pepper = NULL;
    int code = IS_NOTHING;
    enum outcome outcome = config_load(&config, path, &err);
    if (outcome == IS_DONE && setup.kind->made[0])
        outcome = read_pepper(&config, &pepper, &err);
    setup.config = &config;
    setup.pepper = pepper;
    if (outcome == IS_DONE)
        code = load_files(&setup, argc - optind - 1, argv + optind + 1);
    else
        fprintf(stderr, "smshall load: %s\n", err.text);
    pepper_free(&pepper);
    config_free(&config);
    return code;
}

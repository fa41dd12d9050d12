/* Everything comes through one cursor, in one snapshot, so that a long period takes no more memory than a short one.
 *
 * What cannot be played again as it was is made so that it does not fail for that: to a message that is not kept as it came (its secret is
 * masked, its U+0000 or broken bytes became U+FFFD) any reply will do, a secret in a reply is any text, and what the hall said by itself is
 * a comment. */
#include "tools/export.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "grammar/grammar.h"
#include "sms/msisdn.h"
#include "sms/segments.h"
#include "tools/owner.h"
#include "tools/talk.h"
#include "tools/tools.h"

static const char help[] =
    "usage: smshall export --from TIME [--to TIME] [--msisdn N]\n"
    "\n"
    "Writes the messages of a period and their replies to standard output, as a talk file that `smshall replay` plays.\n"
    "Secrets are masked, as they are in the store: *** is what is sent in their place then, and any reply to it will do. What the hall "
    "said\n"
    "by itself (reminders, renewals) stands in comments, and so does the time: it is played without the pauses, so that what depends on\n"
    "them, such as a question that ran out, may go another way.\n"
    "\n"
    "  --from TIME          since then, as PostgreSQL reads a time: 2026-11-22, yesterday, \"2026-11-22 08:00+08\"\n"
    "  --to TIME            before then (default: until now)\n"
    "  --msisdn N           of this subscriber only: 13800138000, 8613800138000, +86…\n"
    "  --commands DIR       command files, for words that the store does not keep (as configured)\n"
    "  --database CONNINFO  the store (default: as configured, owner_database or else database)\n"
    "  --config FILE        the configuration (default: conf/smshall.yaml)\n"
    "\n"
    "Exit code: 0; 1 when something failed; 2 when called wrongly.\n";

enum {
    COLUMN_AT,
    COLUMN_MSISDN,
    COLUMN_PORT,
    COLUMN_IS_SAID,
    COLUMN_IS_ASKED,
    COLUMN_WORDS,
    COLUMN_STATE,
    COLUMN_COMMAND,
    COLUMN_OUTCOME,
    COLUMN_LANGUAGE,
    COLUMN_FIELDS
};

/* --- lines --- */

static bool is_true(const struct pg_result *rows, size_t row, size_t column)
{
    return view_equal(pg_value(rows, row, column), VIEW("t"));
}

static bool has(struct view words, const char *part)
{
    return words.size && memmem(words.at, words.size, part, strlen(part));
}

static void close_message(struct scribe *scribe)
{
    if (scribe->is_open)
        text_addf(&scribe->line, "%s ! %s\n", scribe->msisdn, scribe->port);
    scribe->is_open = false;
}

static void add_said(struct scribe *scribe, const struct pg_result *rows, size_t row)
{
    struct view words = pg_value(rows, row, COLUMN_WORDS), at = pg_value(rows, row, COLUMN_AT);
    close_message(scribe);
    snprintf(scribe->msisdn, sizeof(scribe->msisdn), "%.*s", VIEW_ARG(pg_value(rows, row, COLUMN_MSISDN)));
    snprintf(scribe->port, sizeof(scribe->port), "%.*s", VIEW_ARG(pg_value(rows, row, COLUMN_PORT)));
    scribe->is_open = true;
    scribe->is_changed = has(words, "***") || has(words, "\xEF\xBF\xBD");
    scribe->messages++;
    text_addf(&scribe->line, "# %.*s%s\n%s > %s ", VIEW_ARG(at), scribe->is_changed ? ", not as it came" : "", scribe->msisdn,
              scribe->port);
    talk_write_text(&scribe->line, words);
    text_add_char(&scribe->line, '\n');
}

/* As they went out, or as they are rendered from what they are made of; VIEW_NONE: nobody knows. */
static struct view words_of(const struct scribe *scribe, struct arena *arena, const struct pg_result *rows, size_t row)
{
    struct view words = pg_value(rows, row, COLUMN_WORDS);
    json_t *fields = words.size || !scribe->grammar ? NULL : json_read(pg_value(rows, row, COLUMN_FIELDS), NULL);
    if (fields && grammar_render(scribe->grammar, arena, pg_value(rows, row, COLUMN_COMMAND), pg_value(rows, row, COLUMN_OUTCOME),
                                 pg_value(rows, row, COLUMN_LANGUAGE), fields, &words, NULL) != IS_DONE)
        words = VIEW_NONE;
    json_decref(fields);
    return words;
}

/* One reply, or one of its pieces. */
static void add_piece(struct scribe *scribe, const struct pg_result *rows, size_t row, struct view words, const char *head)
{
    text_addf(&scribe->line, "%s%.*s < %.*s ", head, VIEW_ARG(pg_value(rows, row, COLUMN_MSISDN)),
              VIEW_ARG(pg_value(rows, row, COLUMN_PORT)));
    if (words.size)
        talk_write_glob(&scribe->line, words);
    else
        text_add_char(&scribe->line, '*');
    text_add_char(&scribe->line, '\n');
}

static void add_reply(struct scribe *scribe, const struct pg_result *rows, size_t row)
{
    struct arena *arena = arena_new_small();
    bool is_asked = is_true(rows, row, COLUMN_IS_ASKED);
    const char *head = is_asked ? "" : "# by itself: ";
    struct view *piece = NULL, words = words_of(scribe, arena, rows, row);
    size_t pieces = segments_split(arena, words, scribe->parts_max, &piece);
    scribe->replies++;
    if (is_asked)
        scribe->is_open = false;
    if (!pg_value(rows, row, COLUMN_WORDS).size)
        text_addf(&scribe->line, "# %.*s, not as it was sent:\n", VIEW_ARG(pg_value(rows, row, COLUMN_STATE)));
    for (size_t i = 0; i < pieces; i++)
        add_piece(scribe, rows, row, is_asked && scribe->is_changed ? VIEW_NONE : piece[i], head);
    arena_free(&arena);
}

void export_add(struct scribe *scribe, const struct pg_result *rows, size_t row)
{
    if (is_true(rows, row, COLUMN_IS_SAID))
        add_said(scribe, rows, row);
    else
        add_reply(scribe, rows, row);
}

void export_end(struct scribe *scribe)
{
    close_message(scribe);
}

/* --- the tool --- */

struct tool {
    struct scribe scribe;
    struct grammar *grammar;
    const char *from, *to, *commands, *database, *config;
    struct msisdn msisdn; /* without digits: every one */
};

static enum outcome write_line(struct scribe *scribe, struct err *err)
{
    bool is_good = !scribe->line.size || fwrite(scribe->line.at, 1, scribe->line.size, stdout) == scribe->line.size;
    text_clear(&scribe->line);
    return is_good ? IS_DONE : err_failed(err, "standard output: %m");
}

static enum outcome open_cursor(const struct tool *tool, struct pg *pg, struct err *err)
{
    struct view msisdn = *tool->msisdn.digits ? view_of(tool->msisdn.digits) : VIEW_NONE;
    struct view parameter[] = {view_of(tool->from), view_of(tool->to), msisdn};
    enum outcome outcome = pg_query(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0, NULL, NULL, err);
    if (outcome != IS_DONE)
        return outcome;
    return pg_query(
        pg,
        "DECLARE export NO SCROLL CURSOR FOR SELECT to_char(at, 'YYYY-MM-DD HH24:MI:SS.MSOF'), msisdn, port, is_said, is_asked, "
        "words, state, command, outcome, language, fields FROM hall.export_messages($1::timestamptz, $2::timestamptz, $3::bigint)",
        3, parameter, NULL, err);
}

static enum outcome write_all(void *context, struct pg *pg, struct err *err)
{
    struct tool *tool = context;
    struct scribe *scribe = &tool->scribe;
    size_t count = 1;
    enum outcome outcome = open_cursor(tool, pg, err);
    while (outcome == IS_DONE && count > 0) {
        struct pg_result *rows;
        outcome = pg_query(pg, "FETCH 1000 FROM export", 0, NULL, &rows, err);
        if (outcome != IS_DONE)
            return outcome;
        count = pg_rows(rows);
        for (size_t row = 0; row < count; row++)
            export_add(scribe, rows, row);
        if (count == 0)
            export_end(scribe);
        pg_result_free(&rows);
        outcome = write_line(scribe, err);
    }
    return outcome;
}

/* 0: go on. Else main's exit code + 1. */
static int read_options(int argc, char **argv, struct tool *tool)
{
    static const struct option options[] = {
        {"from", required_argument, NULL, 'f'},     {"to", required_argument, NULL, 't'},
        {"msisdn", required_argument, NULL, 'm'},   {"commands", required_argument, NULL, 'g'},
        {"database", required_argument, NULL, 'b'}, {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
    };
    const char **taken[] = {
        ['f'] = &tool->from, ['t'] = &tool->to, ['g'] = &tool->commands, ['b'] = &tool->database, ['c'] = &tool->config};
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h' || option == '?') {
            fputs(help, option == 'h' ? stdout : stderr);
            return option == 'h' ? 1 : 3;
        }
        if (option != 'm') {
            *taken[option] = optarg;
            continue;
        }
        tool->msisdn = msisdn_read(view_of(optarg));
        if (tool->msisdn.kind != MSISDN_MOBILE) {
            fprintf(stderr, "smshall export: --msisdn \"%s\" is no mobile number\n", optarg);
            return 3;
        }
    }
    if (tool->from && optind == argc)
        return 0;
    fputs(help, stderr);
    return 3;
}

/* Without the grammar what is not kept is any text, which is said. */
static enum outcome prepare(struct tool *tool)
{
    struct config config;
    struct faults faults = {0};
    struct err err;
    if (config_load(&config, tool->config, &err) != IS_DONE) {
        fprintf(stderr, "smshall export: %s\n", err.text);
        return IS_REFUSED;
    }
    tool->grammar = grammar_load(tool->commands ? tool->commands : config.commands, &faults);
    if (!tool->grammar)
        fprintf(stderr, "smshall export: the command files have faults: replies that the store has no words of are *\n");
    tool->scribe.grammar = tool->grammar;
    tool->scribe.parts_max = (size_t)config.max_messages;
    faults_free(&faults);
    config_free(&config);
    return IS_DONE;
}

int export_main(int argc, char **argv)
{
    struct tool tool = {0};
    int end = read_options(argc, argv, &tool);
    if (end)
        return end - 1;
    if (prepare(&tool) != IS_DONE)
        return 2;
    enum outcome outcome = owner_run("export", tool.database, tool.config, write_all, &tool);
    if (fflush(stdout) != 0)
        outcome = IS_FAILED;
    fprintf(stderr, "%llu messages, %llu replies\n", (unsigned long long)tool.scribe.messages, (unsigned long long)tool.scribe.replies);
    text_free(&tool.scribe.line);
    grammar_free(&tool.grammar);
    return outcome == IS_DONE ? 0 : 1;
}

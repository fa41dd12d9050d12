/* smshall replay: plays talk files one after the other, then sends the corpora, compares, and reports. */
#include "tools/replay.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/secret.h"
#include "tools/tools.h"

enum { IS_GOOD = 0, IS_BAD = 1, IS_USAGE = 2 };
static const size_t MESSAGES_MAX = 100000000;

struct replay {
    struct replay_words words;
    struct arena *arena;
    struct config config;
    struct secret *token;
    struct reading *reading;
    struct run *run;
    struct files files;
    struct verdict *verdict;
    size_t verdicts, tests;
};

static int usage(const char *what)
{
    fprintf(stderr, "smshall replay: %s\nsmshall replay --help tells more.\n", what);
    return IS_USAGE;
}

static struct replay_options *options_of(struct replay *replay)
{
    return &replay->words.options;
}

/* --- what was not said --- */

/* Kannel and its phones ask for neither address nor token. */
static enum outcome complete_options(struct replay *replay, struct err *err)
{
    struct replay_options *to = options_of(replay);
    if (to->smsc || to->is_offline)
        return IS_DONE;
    if (!to->hall)
        to->hall = arena_printf(replay->arena, "http://%s", replay->config.listen).at;
    if (!replay->words.token_file)
        replay->words.token_file = replay->config.token_file;
    if (!*replay->words.token_file)
        return IS_DONE;
    enum outcome outcome = secret_read_file(replay->words.token_file, &replay->token, err);
    if (outcome == IS_DONE)
        to->token = secret_view(replay->token);
    return outcome;
}

/* A hall far away may be asked where there are no command files: then nothing is told apart, which is said. Where it must be told, it is
 * a failure. */
static enum outcome open_reading(struct replay *replay, struct err *err)
{
    const struct replay_words *words = &replay->words;
    const char *commands = words->commands ? words->commands : replay->config.commands;
    enum outcome outcome = reading_open(commands, replay->config.ports, &replay->reading, err);
    bool is_needed = words->commands || words->options.is_offline || words->store || words->compare;
    if (outcome == IS_DONE || is_needed)
        return outcome;
    fprintf(stderr, "smshall replay: %s; texts and replies are not told apart\n", err->text);
    return IS_DONE;
}

static bool read_files(struct replay *replay, char **path, size_t count)
{
    bool is_good = true;
    struct err err;
    for (size_t i = 0; i < count; i++)
        if (files_read(replay->arena, path[i], &replay->files, &err) != IS_DONE) {
            fprintf(stderr, "%s\n", err.text);
            is_good = false;
        }
    const struct files *files = &replay->files;
    if (is_good && files->corpus.count > MESSAGES_MAX / options_of(replay)->repeat) {
        fprintf(stderr, "smshall replay: that is more than %zu messages\n", MESSAGES_MAX);
        is_good = false;
    }
    replay->tests = (options_of(replay)->is_offline ? 0 : files->talks) + (files->corpus.count > 0) + (replay->words.compare != NULL);
    replay->verdict = ARENA_ARRAY(replay->arena, struct verdict, replay->tests + 1);
    return is_good;
}

/* --- playing --- */

static void print(const struct text *text)
{
    fwrite(text->at, 1, text->size, stdout);
    fflush(stdout);
}

static void report(struct replay *replay)
{
    struct text line = {0};
    const struct verdict *verdict = &replay->verdict[replay->verdicts++];
    if (replay->words.wants_tap)
        report_write_tap(&line, verdict, replay->verdicts);
    else
        report_write_plain(&line, verdict);
    print(&line);
    text_free(&line);
}

/* In TAP a summary is a comment. */
static void print_summary(const struct replay *replay, struct text *text)
{
    struct view rest = text_view(text);
    while (rest.size) {
        struct view line = view_cut(&rest, '\n');
        printf("%s%.*s\n", replay->words.wants_tap ? "# " : "", VIEW_ARG(line));
    }
    text_free(text);
}

static enum outcome play_talks(struct replay *replay, struct err *err)
{
    struct way *way;
    if (!replay->files.talks)
        return IS_DONE;
    enum outcome outcome = way_open(options_of(replay), &way, err);
    if (outcome != IS_DONE)
        return outcome;
    for (size_t i = 0; i < replay->files.talks; i++) {
        play_talk(way, options_of(replay), replay->arena, replay->files.talk[i], replay->run, &replay->verdict[replay->verdicts]);
        report(replay);
    }
    way_close(&way);
    return IS_DONE;
}

static enum outcome play_corpus(struct replay *replay, struct err *err)
{
    struct load_summary summary;
    struct text text = {0};
    if (!replay->files.corpus.count)
        return IS_DONE;
    enum outcome outcome = load_run(options_of(replay), replay->arena, &replay->files.corpus, replay->run, &summary, err);
    if (outcome != IS_DONE)
        return outcome;
    replay->verdict[replay->verdicts] = (struct verdict){
        .name = replay->files.corpus.name,
        .is_good = summary.lost == 0 && summary.differing == 0,
        .wanted = VIEW("every message is taken, and its repeats are answered as it was"),
        .came = arena_printf(replay->arena, "%llu of %llu are lost, %llu answered otherwise", (unsigned long long)summary.lost,
                             (unsigned long long)summary.messages, (unsigned long long)summary.differing),
        .said = (unsigned)summary.messages,
        .heard = (unsigned)summary.replies,
        .seconds = summary.seconds,
    };
    report(replay);
    report_write_load(&text, &summary);
    print_summary(replay, &text);
    return IS_DONE;
}

/* What is said in talks and corpora, without saying it. */
static void read_only(struct replay *replay)
{
    for (size_t i = 0; i < replay->files.talks; i++)
        for (size_t k = 0; k < replay->files.talk[i]->count; k++) {
            const struct talk_event *event = &replay->files.talk[i]->event[k];
            if (event->kind == TALK_SAYS)
                run_said(replay->run, arena_printf(replay->arena, "%.*s:%d", VIEW_ARG(replay->files.talk[i]->name), event->line),
                         event->text, event->port);
        }
    if (!replay->files.corpus.count)
        return;
    run_said_corpus(replay->run, options_of(replay), &replay->files.corpus);
    replay->verdict[replay->verdicts] =
        (struct verdict){.name = replay->files.corpus.name, .is_good = true, .said = (unsigned)replay->run->messages};
    report(replay);
}

/* --- the end --- */

/* At most so many differences are told; the others are counted. */
enum { DIFFERENCES_SHOWN = 50 };

static struct view first_lines(struct view all, size_t most)
{
    struct view rest = all;
    while (rest.size && most--)
        view_cut(&rest, '\n');
    return view_head(all, all.size - rest.size);
}

static enum outcome compare(struct replay *replay, struct err *err)
{
    const char *path = replay->words.compare;
    struct view stored = VIEW_NONE;
    struct text differences = {0};
    size_t count = 0;
    if (!path)
        return IS_DONE;
    enum outcome outcome = files_read_whole(replay->arena, path, &stored, err);
    if (outcome == IS_DONE)
        outcome = run_compare(replay->run, view_of(path), stored, &differences, &count, err);
    if (outcome == IS_DONE) {
        replay->verdict[replay->verdicts] = (struct verdict){
            .name = arena_printf(replay->arena, "as in %s", path),
            .is_good = count == 0,
            .wanted = VIEW("no difference"),
            .came = arena_printf(replay->arena, "%zu differences\n%.*s", count,
                                 VIEW_ARG(first_lines(text_view(&differences), DIFFERENCES_SHOWN))),
        };
        report(replay);
    }
    text_free(&differences);
    return outcome;
}

static bool write_file(const char *path, const struct text *content)
{
    FILE *file = fopen(path, "wb");
    bool is_good = file && fwrite(content->at, 1, content->size, file) == content->size;
    if (file && fclose(file) != 0)
        is_good = false;
    if (!is_good)
        fprintf(stderr, "smshall replay: %s cannot be written: %m\n", path);
    return is_good;
}

static bool write_files(const struct replay *replay)
{
    const struct replay_words *words = &replay->words;
    struct text xml = {0}, stored = {0};
    report_write_junit(&xml, replay->verdict, replay->verdicts);
    run_write(&stored, replay->run, !words->wants_counts);
    bool is_good = !words->junit || write_file(words->junit, &xml);
    is_good &= !words->store || write_file(words->store, &stored);
    text_free(&xml);
    text_free(&stored);
    return is_good;
}

static enum outcome play(struct replay *replay, struct err *err)
{
    struct text text = {0};
    enum outcome outcome = IS_DONE;
    if (options_of(replay)->is_offline)
        read_only(replay);
    else if ((outcome = play_talks(replay, err)) == IS_DONE)
        outcome = play_corpus(replay, err);
    if (outcome != IS_DONE)
        return outcome;
    run_end(replay->run);
    report_write_mischief(&text, &replay->words.mischief);
    report_write_run(&text, replay->run);
    print_summary(replay, &text);
    return compare(replay, err);
}

static int play_all(struct replay *replay)
{
    struct err err;
    size_t failed = 0;
    if (replay->words.wants_tap)
        printf("TAP version 13\n1..%zu\n", replay->tests);
    if (play(replay, &err) != IS_DONE) {
        fprintf(replay->words.wants_tap ? stdout : stderr, "%s%s\n", replay->words.wants_tap ? "Bail out! " : "smshall replay: ", err.text);
        return IS_BAD;
    }
    for (size_t i = 0; i < replay->verdicts; i++)
        failed += !replay->verdict[i].is_good;
    if (!replay->words.wants_tap)
        printf("%zu passed, %zu failed\n", replay->verdicts - failed, failed);
    return write_files(replay) && !failed ? IS_GOOD : IS_BAD;
}

static int print_help(void)
{
    struct text text = {0};
    replay_write_help(&text);
    print(&text);
    text_free(&text);
    return IS_GOOD;
}

/* -1: go on; else the exit code. */
static int prepare(struct replay *replay, int argc, char **argv)
{
    struct err err;
    if (replay_read_words(replay->arena, argc, argv, &replay->words, &err) != IS_DONE)
        return usage(err.text);
    if (replay->words.wants_help)
        return print_help();
    if (optind == argc)
        return usage("no FILE is named");
    if (!read_files(replay, argv + optind, (size_t)(argc - optind)))
        return IS_USAGE;
    if (!replay->files.talks && !replay->files.corpus.count)
        return usage("the files hold no message");
    if (config_load(&replay->config, NULL, &err) != IS_DONE || complete_options(replay, &err) != IS_DONE ||
        open_reading(replay, &err) != IS_DONE)
        return usage(err.text);
    replay->run = run_new(replay->reading, replay->words.store || replay->words.compare);
    return -1;
}

int replay_main(int argc, char **argv)
{
    struct replay replay = {.arena = arena_new()};
    int code = prepare(&replay, argc, argv);
    if (code < 0)
        code = play_all(&replay);
    files_end(&replay.files);
    run_free(&replay.run);
    reading_close(&replay.reading);
    secret_free(&replay.token);
    config_free(&replay.config);
    arena_free(&replay.arena);
    return code;
}

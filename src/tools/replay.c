/* smshall replay: plays talk files one after the other, then sends the corpora, and reports. All files are read before the first
 * message goes out, so that a slip in the last one does not cost a run. */
#include "tools/replay.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/secret.h"
#include "base/view.h"
#include "tools/tools.h"

enum { IS_GOOD = 0, IS_BAD = 1, IS_USAGE = 2 };

struct replay {
    struct replay_options options;
    struct arena *arena;
    struct config config;
    struct secret *token;
    const char *token_file, *junit;
    bool wants_tap;
    struct talk **talk;
    size_t talks;
    struct corpus corpus; /* all corpora in one */
    struct view corpus_name;
    struct verdict *verdict;
    size_t verdicts, tests;
};

static const char help[] =
    "Plays conversations (.talk) and corpora (.tsv: id<TAB>text) against a hall.\n"
    "\n"
    "Usage: smshall replay [OPTIONS] FILE...\n"
    "\n"
    "The way to the hall:\n"
    "  --hall URL             calls the hall as Kannel would; default: http:// and `listen` of the configuration\n"
    "  --token-file FILE      the token to present; default: token_file of the configuration\n"
    "  --sendsms-listen H:P   stands in for Kannel's sendsms there; without it replies come in the HTTP answer\n"
    "  --smsc URL             through the real Kannel instead: by the phones of `smshall smsc`\n"
    "  --timeout TIME         a reply must come within (5s)\n"
    "  --quiet-ms MS          so long nothing means: no further reply (700)\n"
    "  --retry-pause TIME     between two tries of a message that was answered 503, or not at all (1s)\n"
    "  --retries N            at most (30)\n"
    "\n"
    "Corpora:\n"
    "  --to PORT              where to (10086)\n"
    "  --from MSISDN          the first subscriber (13800138000)\n"
    "  --subscribers N        so many, counting up (1000)\n"
    "  --concurrency N        messages under way at a time, each of another subscriber (16)\n"
    "  --rate N/s             messages a second; 0: as many as go (0)\n"
    "  --repeat N             the corpus so many times (1)\n"
    "\n"
    "Reports:\n"
    "  --tap                  TAP on standard output\n"
    "  --junit FILE           JUnit XML into FILE\n"
    "\n"
    "Talk files, one event a line:\n"
    "  MSISDN > PORT text     sent; in double quotes \\n \\t \\r \\\" \\\\ \\u{1F600} are escapes and blanks at the ends count\n"
    "  MSISDN < PORT glob     the next reply; * is any text, \\* a star\n"
    "  MSISDN <~ PORT /re/    the same, a PCRE2 expression\n"
    "  MSISDN ! PORT          no further reply\n"
    "  wait 3s                or 200ms\n"
    "\n"
    "TIME is 5s, 700ms, or a number of seconds. Exit code: 0 all is well; 1 an expectation failed or a message was lost;\n"
    "2 called wrongly, or a file cannot be read.\n";

/* --- options --- */

enum {
    OPT_HALL = 256,
    OPT_TOKEN,
    OPT_SENDSMS,
    OPT_SMSC,
    OPT_TIMEOUT,
    OPT_QUIET,
    OPT_PAUSE,
    OPT_RETRIES,
    OPT_TO,
    OPT_FROM,
    OPT_SUBSCRIBERS,
    OPT_CONCURRENCY,
    OPT_RATE,
    OPT_REPEAT,
    OPT_TAP,
    OPT_JUNIT
};

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"hall", required_argument, NULL, OPT_HALL},
    {"token-file", required_argument, NULL, OPT_TOKEN},
    {"sendsms-listen", required_argument, NULL, OPT_SENDSMS},
    {"smsc", required_argument, NULL, OPT_SMSC},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"quiet-ms", required_argument, NULL, OPT_QUIET},
    {"retry-pause", required_argument, NULL, OPT_PAUSE},
    {"retries", required_argument, NULL, OPT_RETRIES},
    {"to", required_argument, NULL, OPT_TO},
    {"from", required_argument, NULL, OPT_FROM},
    {"subscribers", required_argument, NULL, OPT_SUBSCRIBERS},
    {"concurrency", required_argument, NULL, OPT_CONCURRENCY},
    {"rate", required_argument, NULL, OPT_RATE},
    {"repeat", required_argument, NULL, OPT_REPEAT},
    {"tap", no_argument, NULL, OPT_TAP},
    {"junit", required_argument, NULL, OPT_JUNIT},
    {NULL, 0, NULL, 0},
};

static bool take_unsigned(const char *written, unsigned least, unsigned most, unsigned *number)
{
    uint64_t read;
    if (!view_number(view_of(written), most, &read) || read < least)
        return false;
    *number = (unsigned)read;
    return true;
}

/* "50", "50/s", "0.5/s" */
static bool take_rate(const char *written, double *rate)
{
    char *end;
    *rate = strtod(written, &end);
    return end != written && (*end == '\0' || strcmp(end, "/s") == 0) && *rate >= 0 && *rate <= 1e6;
}

/* A base URL; slashes at its end would be doubled. */
static bool take_url(struct arena *arena, const char *written, const char **url)
{
    struct view v = view_of(written);
    while (v.size && v.at[v.size - 1] == '/')
        v.size--;
    *url = arena_string(arena, v);
    return view_starts_with(v, VIEW("http://")) || view_starts_with(v, VIEW("https://"));
}

/* False: the value will not do. */
static bool take_option(struct replay *replay, int option, const char *value)
{
    struct replay_options *to = &replay->options;
    switch (option) {
    case OPT_HALL:
        return take_url(replay->arena, value, &to->hall);
    case OPT_TOKEN:
        replay->token_file = value;
        return true;
    case OPT_SENDSMS:
        to->sendsms_listen = value;
        return true;
    case OPT_SMSC:
        return take_url(replay->arena, value, &to->smsc);
    case OPT_TIMEOUT:
        return talk_duration(view_of(value), 1000, &to->timeout_ms);
    case OPT_QUIET:
        return talk_duration(view_of(value), 1, &to->quiet_ms);
    case OPT_PAUSE:
        return talk_duration(view_of(value), 1000, &to->retry_pause_ms);
    case OPT_RETRIES:
        return take_unsigned(value, 0, 1000000, &to->retries);
    case OPT_TO:
        to->to = view_of(value);
        return to->to.size > 0;
    case OPT_FROM:
        return view_number(view_of(value), 99999999999, &to->first);
    case OPT_SUBSCRIBERS:
        return take_unsigned(value, 1, 10000000, &to->subscribers);
    case OPT_CONCURRENCY:
        return take_unsigned(value, 1, 2000, &to->concurrency);
    case OPT_RATE:
        return take_rate(value, &to->rate);
    case OPT_REPEAT:
        return take_unsigned(value, 1, 1000000, &to->repeat);
    case OPT_TAP:
        replay->wants_tap = true;
        return true;
    default: /* OPT_JUNIT */
        replay->junit = value;
        return true;
    }
}

static int usage(const char *what, const char *which)
{
    fprintf(stderr, "smshall replay: %s%s\nsmshall replay --help tells more.\n", what, which);
    return IS_USAGE;
}

/* -1: go on; else the exit code. */
static int read_options(struct replay *replay, int argc, char **argv)
{
    int option, which = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, &which)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return IS_GOOD;
        }
        if (option == '?')
            return usage("it has no such option, or a value is missing", "");
        if (!take_option(replay, option, optarg)) {
            fprintf(stderr, "smshall replay: --%s \"%s\" will not do\n", options[which].name, optarg);
            return IS_USAGE;
        }
    }
    if (optind == argc)
        return usage("no FILE is named", "");
    if (replay->options.smsc && (replay->options.hall || replay->options.sendsms_listen))
        return usage("--smsc goes through the real Kannel: --hall and --sendsms-listen do not go with it", "");
    return -1;
}

/* What was not said is taken from the configuration. Kannel and its phones ask for neither address nor token. */
static enum outcome complete_options(struct replay *replay, struct err *err)
{
    struct replay_options *to = &replay->options;
    if (to->smsc)
        return IS_DONE;
    if (!to->hall || !replay->token_file) {
        enum outcome outcome = config_load(&replay->config, NULL, err);
        if (outcome != IS_DONE)
            return outcome;
        if (!to->hall)
            to->hall = arena_printf(replay->arena, "http://%s", replay->config.listen).at;
        if (!replay->token_file)
            replay->token_file = replay->config.token_file;
    }
    if (!*replay->token_file)
        return IS_DONE;
    enum outcome outcome = secret_read_file(replay->token_file, &replay->token, err);
    if (outcome == IS_DONE)
        to->token = secret_view(replay->token);
    return outcome;
}

/* --- files --- */

static enum outcome read_file(struct arena *arena, const char *path, struct view *content, struct err *err)
{
    struct text text = {0};
    char block[65536];
    size_t size;
    FILE *file = fopen(path, "rb");
    if (!file)
        return err_refused(err, "%s: %m", path);
    while ((size = fread(block, 1, sizeof(block), file)) > 0)
        text_add(&text, (struct view){block, size});
    enum outcome outcome = ferror(file) ? err_refused(err, "%s: cannot be read: %m", path) : IS_DONE;
    fclose(file);
    *content = arena_copy(arena, text_view(&text));
    text_free(&text);
    return outcome;
}

static bool ends_with(struct view v, struct view tail)
{
    return v.size >= tail.size && view_equal(view_from(v, v.size - tail.size), tail);
}

static void join_corpus(struct replay *replay, struct view name, const struct corpus *corpus)
{
    struct corpus *all = &replay->corpus;
    struct view *text = ARENA_ARRAY(replay->arena, struct view, all->count + corpus->count + 1);
    for (size_t i = 0; i < all->count + corpus->count; i++)
        text[i] = i < all->count ? all->text[i] : corpus->text[i - all->count];
    *all = (struct corpus){text, all->count + corpus->count};
    replay->corpus_name =
        replay->corpus_name.size ? arena_printf(replay->arena, "%.*s %.*s", VIEW_ARG(replay->corpus_name), VIEW_ARG(name)) : name;
}

static enum outcome read_one(struct replay *replay, const char *path, struct err *err)
{
    struct view name = view_of(path), content = VIEW_NONE;
    struct corpus corpus;
    enum outcome outcome;
    if (!ends_with(name, VIEW(".talk")) && !ends_with(name, VIEW(".tsv")))
        return err_refused(err, "%s: neither a .talk nor a .tsv file", path);
    if ((outcome = read_file(replay->arena, path, &content, err)) != IS_DONE)
        return outcome;
    if (ends_with(name, VIEW(".talk"))) {
        outcome = talk_read(replay->arena, name, content, &replay->talk[replay->talks], err);
        replay->talks += outcome == IS_DONE;
        return outcome;
    }
    if ((outcome = corpus_read(replay->arena, name, content, &corpus, err)) == IS_DONE)
        join_corpus(replay, name, &corpus);
    return outcome;
}

static bool read_files(struct replay *replay, char **path, size_t count)
{
    bool is_good = true;
    struct err err;
    replay->talk = ARENA_ARRAY(replay->arena, struct talk *, count);
    for (size_t i = 0; i < count; i++)
        if (read_one(replay, path[i], &err) != IS_DONE) {
            fprintf(stderr, "%s\n", err.text);
            is_good = false;
        }
    replay->tests = replay->talks + (replay->corpus.count > 0);
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
    if (replay->wants_tap)
        report_write_tap(&line, verdict, replay->verdicts);
    else
        report_write_plain(&line, verdict);
    print(&line);
    text_free(&line);
}

static enum outcome play_talks(struct replay *replay, struct err *err)
{
    struct way *way;
    if (!replay->talks)
        return IS_DONE;
    enum outcome outcome = way_open(&replay->options, &way, err);
    if (outcome != IS_DONE)
        return outcome;
    for (size_t i = 0; i < replay->talks; i++) {
        play_talk(way, &replay->options, replay->arena, replay->talk[i], &replay->verdict[replay->verdicts]);
        report(replay);
    }
    way_close(&way);
    return IS_DONE;
}

/* In TAP the summary is a comment. */
static void print_summary(const struct replay *replay, const struct load_summary *summary)
{
    struct text text = {0};
    report_write_load(&text, summary);
    struct view rest = text_view(&text);
    while (rest.size) {
        struct view line = view_cut(&rest, '\n');
        printf("%s%.*s\n", replay->wants_tap ? "# " : "", VIEW_ARG(line));
    }
    text_free(&text);
}

static enum outcome play_corpus(struct replay *replay, struct err *err)
{
    struct load_summary summary;
    if (!replay->corpus.count)
        return IS_DONE;
    enum outcome outcome = load_run(&replay->options, replay->arena, &replay->corpus, &summary, err);
    if (outcome != IS_DONE)
        return outcome;
    replay->verdict[replay->verdicts] = (struct verdict){
        .name = replay->corpus_name,
        .is_good = summary.lost == 0,
        .wanted = VIEW("every message is taken"),
        .came =
            arena_printf(replay->arena, "%llu of %llu are lost", (unsigned long long)summary.lost, (unsigned long long)summary.messages),
        .said = (unsigned)summary.messages,
        .heard = (unsigned)summary.replies,
        .seconds = summary.seconds,
    };
    report(replay);
    print_summary(replay, &summary);
    return IS_DONE;
}

static bool write_junit(const struct replay *replay)
{
    struct text xml = {0};
    FILE *file = fopen(replay->junit, "wb");
    report_write_junit(&xml, replay->verdict, replay->verdicts);
    bool is_good = file && fwrite(xml.at, 1, xml.size, file) == xml.size;
    if (file && fclose(file) != 0)
        is_good = false;
    if (!is_good)
        fprintf(stderr, "smshall replay: %s cannot be written: %m\n", replay->junit);
    text_free(&xml);
    return is_good;
}

static int play_all(struct replay *replay)
{
    struct err err;
    size_t failed = 0;
    if (replay->wants_tap)
        printf("TAP version 13\n1..%zu\n", replay->tests);
    if (play_talks(replay, &err) != IS_DONE || play_corpus(replay, &err) != IS_DONE) {
        fprintf(replay->wants_tap ? stdout : stderr, "%s%s\n", replay->wants_tap ? "Bail out! " : "smshall replay: ", err.text);
        return IS_BAD;
    }
    for (size_t i = 0; i < replay->verdicts; i++)
        failed += !replay->verdict[i].is_good;
    if (!replay->wants_tap)
        printf("%zu passed, %zu failed\n", replay->verdicts - failed, failed);
    if (replay->junit && !write_junit(replay))
        return IS_BAD;
    return failed ? IS_BAD : IS_GOOD;
}

static int prepare(struct replay *replay, int argc, char **argv)
{
    struct err err;
    int code = read_options(replay, argc, argv);
    if (code >= 0)
        return code;
    if (!read_files(replay, argv + optind, (size_t)(argc - optind)))
        return IS_USAGE;
    if (!replay->tests)
        return usage("the files hold no message", "");
    if (complete_options(replay, &err) != IS_DONE)
        return usage(err.text, "");
    return -1;
}

int replay_main(int argc, char **argv)
{
    struct replay replay = {
        .arena = arena_new(),
        .options = {.timeout_ms = 5000,
                    .quiet_ms = 700,
                    .retry_pause_ms = 1000,
                    .retries = 30,
                    .to = VIEW("10086"),
                    .first = 13800138000,
                    .subscribers = 1000,
                    .concurrency = 16,
                    .repeat = 1},
    };
    int code = prepare(&replay, argc, argv);
    if (code < 0)
        code = play_all(&replay);
    for (size_t i = 0; i < replay.talks; i++)
        talk_end(&replay.talk[i]);
    secret_free(&replay.token);
    config_free(&replay.config);
    arena_free(&replay.arena);
    return code;
}

/* The command line of replay. The shares of mischief are options of their own, each named after its kind. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/replay.h"

static const char help[] =
    "Plays conversations (.talk) and corpora against a hall, and tells what came of them.\n"
    "\n"
    "Usage: smshall replay [OPTIONS] FILE...\n"
    "\n"
    "Files, by the end of their names:\n"
    "  .talk                  a conversation: what is said and what must be heard, one event a line, as below\n"
    "  .tsv                   id<TAB>text\n"
    "  .csv                   with a header, in which `text` is named, and perhaps `id`, `from` (who) and `to` (the port)\n"
    "  .jsonl .ndjson .json   an object a line with the same names\n"
    "`smshall export` writes what a hall heard and said as a .talk.\n"
    "\n"
    "The way to the hall:\n"
    "  --hall URL             calls the hall as Kannel would; default: http:// and `listen` of the configuration\n"
    "  --token-file FILE      the token to present; default: token_file of the configuration\n"
    "  --sendsms-listen H:P   stands in for Kannel's sendsms there; without it replies come in the HTTP answer\n"
    "  --smsc URL             through the real Kannel instead: by the phones of `smshall smsc`\n"
    "  --offline              sends nothing: the texts are only read, without a hall or a store\n"
    "  --timeout TIME         a reply must come within (5s)\n"
    "  --quiet-ms MS          so long nothing means: no further reply (700)\n"
    "  --retry-pause TIME     between two tries of a message that was answered 503, or not at all (1s)\n"
    "  --retries N            at most (30)\n"
    "  --rate N/s             messages a second; 0: as many as go (0)\n"
    "\n"
    "Corpora:\n"
    "  --to PORT              where to (10086)\n"
    "  --subscribers WHO      the pool that sends, each in turn: FIRST-LAST, a file with a number a line, or how many (1000) …\n"
    "  --from MSISDN          … counting up from this one (13800138000)\n"
    "  --concurrency N        messages under way at a time, each of another subscriber (16)\n"
    "  --repeat N             the corpus so many times (1)\n"
    "\n"
    "What networks do, each to a share in PERCENT. The same seed, files and subscribers give the same again:\n";

static const char help_behind[] =
    "  --delay-time TIME      at most so long (2s)\n"
    "  --seed N               of all that (1)\n"
    "In a conversation nothing is sent with a new id or reordered; reports are the stand-in's, --sendsms-listen; a real Kannel is not\n"
    "tampered with, so of these --smsc takes --repeat-new-id, --reorder and --delay.\n"
    "\n"
    "Reports: what was read as what, replies by template, texts that are nothing by likeness, how long answers and replies took.\n"
    "  --commands DIR         the command files by which they are told apart (as configured)\n"
    "  --store FILE           writes the run: the counts, and each message by its id with what it was read as and its replies\n"
    "  --counts               … the counts alone\n"
    "  --compare FILE         tells each difference to a stored run; one is a failure\n"
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
    "TIME is 5s, 700ms, or a number of seconds. Exit code: 0 all is well; 1 an expectation failed, a message was lost, or there is a\n"
    "difference; 2 called wrongly, or a file cannot be read.\n";

void replay_write_help(struct text *out)
{
    text_add(out, view_of(help));
    for (int i = 0; i < MISCHIEFS; i++) {
        const char *name = mischief_name((enum mischief_kind)i);
        text_addf(out, "  --%s PERCENT%*s%s\n", name, (int)(18 - view_of(name).size), "", mischief_meaning((enum mischief_kind)i));
    }
    text_add(out, view_of(help_behind));
}

/* --- one option --- */

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

static bool take_string(const char *value, const char **string)
{
    *string = value;
    return *value != '\0';
}

static bool take_flag(bool *flag)
{
    *flag = true;
    return true;
}

enum {
    OPT_HALL = 256,
    OPT_TOKEN,
    OPT_SENDSMS,
    OPT_SMSC,
    OPT_OFFLINE,
    OPT_TIMEOUT,
    OPT_QUIET,
    OPT_PAUSE,
    OPT_RETRIES,
    OPT_RATE,
    OPT_TO,
    OPT_SUBSCRIBERS,
    OPT_FROM,
    OPT_CONCURRENCY,
    OPT_REPEAT,
    OPT_DELAY_TIME,
    OPT_SEED,
    OPT_COMMANDS,
    OPT_STORE,
    OPT_COUNTS,
    OPT_COMPARE,
    OPT_TAP,
    OPT_JUNIT,
    OPT_MISCHIEF, /* and on */
};

static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"hall", required_argument, NULL, OPT_HALL},
    {"token-file", required_argument, NULL, OPT_TOKEN},
    {"sendsms-listen", required_argument, NULL, OPT_SENDSMS},
    {"smsc", required_argument, NULL, OPT_SMSC},
    {"offline", no_argument, NULL, OPT_OFFLINE},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"quiet-ms", required_argument, NULL, OPT_QUIET},
    {"retry-pause", required_argument, NULL, OPT_PAUSE},
    {"retries", required_argument, NULL, OPT_RETRIES},
    {"rate", required_argument, NULL, OPT_RATE},
    {"to", required_argument, NULL, OPT_TO},
    {"subscribers", required_argument, NULL, OPT_SUBSCRIBERS},
    {"from", required_argument, NULL, OPT_FROM},
    {"concurrency", required_argument, NULL, OPT_CONCURRENCY},
    {"repeat", required_argument, NULL, OPT_REPEAT},
    {"delay-time", required_argument, NULL, OPT_DELAY_TIME},
    {"seed", required_argument, NULL, OPT_SEED},
    {"commands", required_argument, NULL, OPT_COMMANDS},
    {"store", required_argument, NULL, OPT_STORE},
    {"counts", no_argument, NULL, OPT_COUNTS},
    {"compare", required_argument, NULL, OPT_COMPARE},
    {"tap", no_argument, NULL, OPT_TAP},
    {"junit", required_argument, NULL, OPT_JUNIT},
};
enum { OPTIONS = sizeof(options) / sizeof(*options) };

/* False: the value will not do. */
static bool take_option(struct arena *arena, struct replay_words *words, int option, const char *value)
{
    struct replay_options *to = &words->options;
    switch (option) {
    case OPT_HALL:
        return take_url(arena, value, &to->hall);
    case OPT_TOKEN:
        words->token_file = value;
        return true;
    case OPT_SENDSMS:
        return take_string(value, &to->sendsms_listen);
    case OPT_SMSC:
        return take_url(arena, value, &to->smsc);
    case OPT_OFFLINE:
        return take_flag(&to->is_offline);
    case OPT_TIMEOUT:
        return talk_duration(view_of(value), 1000, &to->timeout_ms);
    case OPT_QUIET:
        return talk_duration(view_of(value), 1, &to->quiet_ms);
    case OPT_PAUSE:
        return talk_duration(view_of(value), 1000, &to->retry_pause_ms);
    case OPT_RETRIES:
        return take_unsigned(value, 0, 1000000, &to->retries);
    case OPT_RATE:
        return take_rate(value, &to->rate);
    case OPT_TO:
        to->to = view_of(value);
        return to->to.size > 0;
    case OPT_SUBSCRIBERS:
        return take_string(value, &words->subscribers);
    case OPT_FROM:
        return view_number(view_of(value), 99999999999, &words->first);
    case OPT_CONCURRENCY:
        return take_unsigned(value, 1, 2000, &to->concurrency);
    case OPT_REPEAT:
        return take_unsigned(value, 1, 1000000, &to->repeat);
    case OPT_DELAY_TIME:
        return talk_duration(view_of(value), 1000, &words->mischief.delay_ms);
    case OPT_SEED:
        return view_number(view_of(value), UINT64_MAX, &words->mischief.seed);
    case OPT_COMMANDS:
        return take_string(value, &words->commands);
    case OPT_STORE:
        return take_string(value, &words->store);
    case OPT_COUNTS:
        return take_flag(&words->wants_counts);
    case OPT_COMPARE:
        return take_string(value, &words->compare);
    case OPT_TAP:
        return take_flag(&words->wants_tap);
    case OPT_JUNIT:
        return take_string(value, &words->junit);
    default:
        return mischief_read_share(view_of(value), &words->mischief.share[option - OPT_MISCHIEF]);
    }
}

/* --- all of them --- */

static void fill_options(struct option all[OPTIONS + MISCHIEFS + 1])
{
    memcpy(all, options, sizeof(options));
    for (int i = 0; i < MISCHIEFS; i++)
        all[OPTIONS + i] = (struct option){mischief_name((enum mischief_kind)i), required_argument, NULL, OPT_MISCHIEF + i};
    all[OPTIONS + MISCHIEFS] = (struct option){NULL, 0, NULL, 0};
}

/* Options that do not go together would be silently without effect. */
static enum outcome check_words(const struct replay_words *words, struct err *err)
{
    const struct replay_options *to = &words->options;
    if (to->smsc && (to->hall || to->sendsms_listen))
        return err_refused(err, "--smsc goes through the real Kannel: --hall and --sendsms-listen do not go with it");
    if (to->is_offline && (to->smsc || to->hall || to->sendsms_listen))
        return err_refused(err, "--offline sends nothing: no way to a hall goes with it");
    if (words->wants_counts && !words->store)
        return err_refused(err, "--counts says what --store writes");
    for (int i = 0; i < MISCHIEFS; i++) {
        const char *name = mischief_name((enum mischief_kind)i);
        if (words->mischief.share[i] > 0 && to->smsc && mischief_is_kannels((enum mischief_kind)i))
            return err_refused(err, "--%s happens between Kannel and the hall: it does not go with --smsc", name);
        if (words->mischief.share[i] > 0 && !to->sendsms_listen && mischief_is_of_reports((enum mischief_kind)i))
            return err_refused(err, "--%s: reports are the stand-in's, --sendsms-listen", name);
    }
    return IS_DONE;
}

enum outcome replay_read_words(struct arena *arena, int argc, char **argv, struct replay_words *words, struct err *err)
{
    struct option all[OPTIONS + MISCHIEFS + 1];
    int option, which = 0;
    *words = (struct replay_words){
        .options = {.timeout_ms = 5000,
                    .quiet_ms = 700,
                    .retry_pause_ms = 1000,
                    .retries = 30,
                    .to = VIEW("10086"),
                    .concurrency = 16,
                    .repeat = 1},
        .mischief = {.seed = 1, .delay_ms = 2000},
        .subscribers = "1000",
        .first = 13800138000,
    };
    words->options.mischief = &words->mischief;
    fill_options(all);
    optind = 0;
    while ((option = getopt_long(argc, argv, "h", all, &which)) != -1) {
        if (option == 'h')
            return take_flag(&words->wants_help) ? IS_DONE : IS_REFUSED;
        if (option == '?')
            return err_refused(err, "it has no such option, or a value is missing");
        if (!take_option(arena, words, option, optarg))
            return err_refused(err, "--%s \"%s\" will not do", all[which].name, optarg);
    }
    enum outcome outcome = check_words(words, err);
    return outcome == IS_DONE ? pool_read(arena, words->subscribers, words->first, &words->options.pool, err) : outcome;
}

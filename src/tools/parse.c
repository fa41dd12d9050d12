/* How a text is read, one JSON line each. Meant for pipes of any length, so lines are written through one large buffer and all of a text
 * lives in an arena that starts anew with the next. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "grammar/grammar.h"
#include "sms/charset.h"
#include "tools/tools.h"

static const char help[] = "usage: smshall parse [--commands DIR] [--config FILE] [--at hall|provider] [--tsv] [TEXT...]\n"
                           "\n"
                           "Prints how each text is read, one JSON line each; without TEXT, one text per line from standard input.\n"
                           "The key \"maybe\" names the command that a text is if the store knows the service in its args.\n"
                           "\n"
                           "  --commands DIR   folder of the grammar (default: as configured)\n"
                           "  --config FILE    the configuration (default: conf/smshall.yaml)\n"
                           "  --at KIND        the kind of port it comes to: hall (default) or provider\n"
                           "  --tsv            input lines are id<TAB>text\n"
                           "\n"
                           "Exit code: 0; 1 when a line has no tab, or the grammar has a fault; 2 when called wrongly.\n";

struct options {
    const char *commands, *config;
    int at;
    bool is_tsv;
};

struct parser {
    const struct grammar *grammar;
    struct arena *arena;
    struct text line;
    struct options options;
    int exit_code;
};

/* A value, or null when there is none. */
static void add_or_null(struct text *line, const char *key, struct view value)
{
    text_addf(line, ",\"%s\":", key);
    if (value.size)
        text_add_json(line, value);
    else
        text_add(line, VIEW("null"));
}

static void parse_text(struct parser *parser, const struct view *id, struct view bytes)
{
    struct text *line = &parser->line;
    struct match match;
    struct view utf8;
    struct err err;
    arena_reset(parser->arena);
    if (charset_decode(parser->arena, bytes, VIEW("UTF-8"), -1, &utf8, &err) != IS_DONE)
        utf8 = VIEW(""); /* cannot be: UTF-8 is always decoded */
    grammar_match(parser->grammar, parser->arena, utf8, parser->options.at, &match);

    text_clear(line);
    text_add_char(line, '{');
    if (id) {
        text_add(line, VIEW("\"id\":"));
        text_add_json(line, *id);
        text_add_char(line, ',');
    }
    text_add(line, VIEW("\"text\":"));
    text_add_json(line, match.text);
    text_add(line, VIEW(",\"folded\":"));
    text_add_json(line, match.folded);
    add_or_null(line, "command", match.command ? match.command->name : VIEW_NONE);
    add_or_null(line, "effect", match.command ? view_of(effect_name(match.command->effect)) : VIEW_NONE);
    text_add(line, VIEW(",\"args\":"));
    match_write_args(&match, false, line);
    add_or_null(line, "answer", match_answer_first(&match, parser->arena));
    if (match.maybe)
        add_or_null(line, "maybe", match.maybe->name);
    text_add(line, VIEW("}\n"));
    fwrite(line->at, 1, line->size, stdout);
}

static void parse_line(struct parser *parser, struct view line, unsigned long number)
{
    struct view id = line, text = line;
    if (!parser->options.is_tsv) {
        parse_text(parser, NULL, line);
        return;
    }
    if (!line.size || !memchr(line.at, '\t', line.size)) {
        fprintf(stderr, "smshall parse: line %lu has no tab\n", number);
        parser->exit_code = 1;
        return;
    }
    id = view_cut(&text, '\t');
    parse_text(parser, &id, text);
}

static void parse_input(struct parser *parser)
{
    char *at = NULL;
    size_t room = 0;
    unsigned long number = 0;
    ssize_t size;
    while ((size = getline(&at, &room, stdin)) >= 0) {
        if (size > 0 && at[size - 1] == '\n')
            size--;
        parse_line(parser, (struct view){at, (size_t)size}, ++number);
    }
    free(at);
}

static bool read_port(const char *word, int *at)
{
    *at = view_equal(view_of(word), VIEW("provider")) ? AT_PROVIDER : AT_HALL;
    if (*at == AT_PROVIDER || view_equal(view_of(word), VIEW("hall")))
        return true;
    fprintf(stderr, "smshall parse: --at is hall or provider, not \"%s\"\n", word);
    return false;
}

/* True: go on; else the exit code is set. */
static bool read_options(int argc, char **argv, struct options *options, int *exit_code)
{
    static const struct option known[] = {
        {"commands", required_argument, NULL, 'c'}, {"config", required_argument, NULL, 'f'},
        {"at", required_argument, NULL, 'a'},       {"tsv", no_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
    };
    int option;
    *options = (struct options){.at = AT_HALL};
    *exit_code = 2;
    optind = 0;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'c':
            options->commands = optarg;
            break;
        case 'f':
            options->config = optarg;
            break;
        case 'a':
            if (!read_port(optarg, &options->at))
                return false;
            break;
        case 't':
            options->is_tsv = true;
            break;
        case 'h':
            fputs(help, stdout);
            *exit_code = 0;
            return false;
        default:
            fputs("Try `smshall parse --help`.\n", stderr);
            return false;
        }
    }
    return true;
}

static int run(struct parser *parser, int argc, char **argv)
{
    unsigned long number = 0;
    parser->arena = arena_new();
    for (int i = optind; i < argc; i++)
        parse_line(parser, view_of(argv[i]), ++number);
    if (optind == argc)
        parse_input(parser);
    arena_free(&parser->arena);
    text_free(&parser->line);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("smshall parse: standard output");
        return 1;
    }
    return parser->exit_code;
}

int parse_main(int argc, char **argv)
{
    struct parser parser = {0};
    struct config config;
    struct faults faults = {0};
    struct err err;
    int exit_code;
    if (!read_options(argc, argv, &parser.options, &exit_code))
        return exit_code;
    if (config_load(&config, parser.options.config, &err) != IS_DONE) {
        fprintf(stderr, "smshall parse: %s\n", err.text);
        return 2;
    }
    struct grammar *grammar = grammar_load(parser.options.commands ? parser.options.commands : config.commands, &faults);
    struct text untranslated = {0};
    if (faults_sum_untranslated(&faults, &untranslated))
        fprintf(stderr, "smshall parse: %s: see smshall check\n", untranslated.at);
    text_free(&untranslated);
    if (grammar) {
        parser.grammar = grammar;
        exit_code = run(&parser, argc, argv);
    } else {
        fprintf(stderr, "%.*s", VIEW_ARG(text_view(&faults.lines)));
        exit_code = 1;
    }
    grammar_free(&grammar);
    faults_free(&faults);
    config_free(&config);
    return exit_code;
}

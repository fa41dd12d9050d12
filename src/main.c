/* One binary, a word for each thing it does. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "serve.h"
#include "tools/tools.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} subcommands[] = {
    {"serve", serve_main, "runs the hall"},
    {"check", check_main, "proves the command files, and with a database their functions"},
    {"parse", parse_main, "shows how texts are read, one JSON line each"},
    {"migrate", migrate_main, "creates or upgrades the store; --demo loads the demo data"},
    {"load", load_main, "loads what a billing system says, from CSV"},
    {"replay", replay_main, "plays transcripts and corpora against a hall"},
    {"export", export_main, "writes what was said and replied in a period, for replay"},
    {"dead", dead_main, "lists and resends replies that could not be sent"},
    {"evidence", evidence_main, "prints what a subscriber consented to, and verifies it"},
    {"provider", provider_main, "keeps providers and elements: their hooks, keys, and what they were never told"},
    {"kannel", kannel_main, "isolates Kannel, or resumes it"},
    {"smsc", smsc_main, "stands in for the network behind Kannel's http SMSC"},
    {"phone", phone_main, "a phone in the terminal, connected to smsc"},
};

static void print_help(FILE *out)
{
    fputs("smshall: an SMS business hall behind Kannel\n\nUsage: smshall SUBCOMMAND [OPTIONS]\n\n", out);
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(*subcommands); i++)
        fprintf(out, "  %-9s %s\n", subcommands[i].name, subcommands[i].what);
    fputs("\n`smshall SUBCOMMAND --help` tells more.\n", out);
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    umask(077); /* what is written holds subscribers' numbers and texts */
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        print_help(stdout);
        return 0;
    }
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(*subcommands); i++)
        if (strcmp(word, subcommands[i].name) == 0)
            return subcommands[i].run(argc - 1, argv + 1);
    if (*word)
        fprintf(stderr, "smshall: there is no subcommand \"%s\"\n\n", word);
    print_help(stderr);
    return 2;
}

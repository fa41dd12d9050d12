/* Kannel's valve by hand, and for the unit file: `smshall kannel isolate` behind a hall that ended, however it did. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "gateway/bearerbox.h"
#include "tools/tools.h"

static const char help[] = "usage: smshall kannel isolate | resume | status\n"
                           "\n"
                           "Tells bearerbox, at the bearerbox_admin_url of the configuration, to keep messages from coming in, or to let "
                           "them in again; or prints\n"
                           "how it stands. A hall that runs and is ready resumes by itself within seconds: isolate is for when none runs.\n"
                           "\n"
                           "  --config FILE  the configuration (default: conf/smshall.yaml)\n"
                           "\n"
                           "Exit code: 0, also when the configuration names no admin port: there is nothing to do; 1 when bearerbox did "
                           "not; 2 when called wrongly.\n";

static const char *command_of(const char *word)
{
    static const struct {
        const char *word, *command;
    } commands[] = {{"isolate", "isolate"}, {"resume", "resume"}, {"status", "status.txt"}};
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
        if (strcmp(word, commands[i].word) == 0)
            return commands[i].command;
    return NULL;
}

static enum outcome tell(const struct config *config, const char *command, struct err *err)
{
    struct secret *password;
    struct view answer;
    enum outcome outcome = secret_read_file(config->bearerbox_admin_password_file, &password, err);
    if (outcome != IS_DONE) {
        err_prefix(err, "bearerbox_admin_password_file");
        return outcome;
    }
    struct arena *arena = arena_new();
    outcome = bearerbox_tell(arena, config->bearerbox_admin_url, password, command, &answer, err);
    if (outcome == IS_DONE)
        printf("%.*s\n", VIEW_ARG(answer));
    arena_free(&arena);
    secret_free(&password);
    return outcome;
}

static int run(const char *config_path, const char *command)
{
    struct config config;
    struct err err;
    enum outcome outcome = config_load(&config, config_path, &err);
    if (outcome == IS_DONE && !*config.bearerbox_admin_url)
        puts("no bearerbox_admin_url is configured");
    else if (outcome == IS_DONE)
        outcome = tell(&config, command, &err);
    if (outcome != IS_DONE)
        fprintf(stderr, "smshall kannel: %s\n", err.text);
    config_free(&config);
    return outcome == IS_DONE ? 0 : 1;
}

int kannel_main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {0}};
    const char *config = NULL;
    for (int option; (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
        if (option == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (option != 'c')
            return 2;
        config = optarg;
    }
    const char *command = optind + 1 == argc ? command_of(argv[optind]) : NULL;
    if (!command) {
        fputs(help, stderr);
        return 2;
    }
    return run(config, command);
}

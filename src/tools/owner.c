#include "tools/owner.h"

#include <stdio.h>

#include "base/config.h"

enum { CONNECT_TIMEOUT_MS = 10000 };

enum outcome owner_open(const char *database, const struct config *config, struct pg **pg, struct err *err)
{
    bool has_owner = config->owner_database && *config->owner_database;
    if (!database)
        database = has_owner ? config->owner_database : config->database;
    return pg_open(database, CONNECT_TIMEOUT_MS, pg, err);
}

enum outcome owner_run(const char *tool, const char *database, const char *config,
                       enum outcome (*work)(void *context, struct pg *pg, struct err *err), void *context)
{
    struct err err;
    struct config loaded = {0};
    struct pg *pg = NULL;
    enum outcome outcome = config_load(&loaded, config, &err);
    if (outcome == IS_DONE)
        outcome = owner_open(database, &loaded, &pg, &err);
    if (outcome == IS_DONE)
        outcome = work(context, pg, &err);
    if (outcome != IS_DONE)
        fprintf(stderr, "smshall %s: %s\n", tool, err.text);
    pg_free(&pg);
    config_free(&loaded);
    return outcome;
}

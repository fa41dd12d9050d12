#include "tools/owner.h"

#include "base/config.h"

enum { CONNECT_TIMEOUT_MS = 10000 };

enum outcome owner_open(const char *database, const struct config *config, struct pg **pg, struct err *err)
{
    bool has_owner = config->owner_database && *config->owner_database;
    if (!database)
        database = has_owner ? config->owner_database : config->database;
    return pg_open(database, CONNECT_TIMEOUT_MS, pg, err);
}

/* The tools that work on the store as its owner, or as an operator: where they connect to. */
#ifndef TOOLS_OWNER_H
#define TOOLS_OWNER_H

#include "store/pg.h"

struct config;

/* Connects to `database`, or when that is NULL to the configuration's owner_database, or else its database. */
enum outcome owner_open(const char *database, const struct config *config, struct pg **pg, struct err *err);

/* The whole of a tool that does one piece of work on the store: reads the configuration (config NULL: the usual one), connects as
 * owner_open does, and works. What went wrong is printed behind the tool's name. */
enum outcome owner_run(const char *tool, const char *database, const char *config,
                       enum outcome (*work)(void *context, struct pg *pg, struct err *err), void *context);

#endif

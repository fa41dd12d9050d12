/* The tools that work on the store as its owner, or as an operator: where they connect to. */
#ifndef TOOLS_OWNER_H
#define TOOLS_OWNER_H

#include "store/pg.h"

struct config;

/* Connects to `database`, or when that is NULL to the configuration's owner_database, or else its database. */
enum outcome owner_open(const char *database, const struct config *config, struct pg **pg, struct err *err);

#endif

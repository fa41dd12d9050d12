/* What the program may do in the system. It needs no right of root's but to read what only root may read, at the start. */
#ifndef BASE_RIGHTS_H
#define BASE_RIGHTS_H

#include "base/err.h"

/* This process may do everything. */
bool rights_are_roots(void);

/* Becomes `user` for good: its number, its groups, no capability, and no program run from here gets more. Empty: stays who it is. Nothing
 * is changed when it is that user already. IS_REFUSED names what stood in the way. Before there are threads. */
enum outcome rights_drop(const char *user, struct err *err);

#endif

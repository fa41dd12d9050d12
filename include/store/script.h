/* SQL scripts of many statements, as far as the server does not read them for us: where its n-th statement begins. */
#ifndef STORE_SCRIPT_H
#define STORE_SCRIPT_H

#include <stddef.h>

/* The line, from 1, on which statement `number` (from 0) begins; comments and blanks before it do not count. The last line when the
 * script has fewer. Knows quotes, dollar quotes, comments and BEGIN ATOMIC bodies. */
int script_line(const char *sql, size_t number);

#endif

/* The configuration: one table of options (src/base/config.c), read from conf/smshall.yaml, each overridden by its environment
 * variable SMSHALL_<KEY>. A test holds the sample file and the README against that table. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include "base/err.h"
#include "base/text.h"

struct config {
    const char *listen;         /* host:port of the hall's HTTP service */
    const char *database;       /* libpq conninfo of the hall's role */
    const char *owner_database; /* of the role that owns the store, for `migrate`; empty = database */
    const char *commands;       /* folder of the grammar */
    const char *sql;            /* folder of the store's migrations and functions */
    const char *ports;          /* the hall's own short codes, comma between: 10086 */
    const char *allow;          /* addresses that may call /kannel/…, comma between; * = any */
    const char *user;           /* whom the hall becomes when root started it; empty = it stays */
    const char *token_file;     /* what Kannel must present; empty = nothing asked */
    const char *reply;          /* sendsms | inline */
    const char *sendsms_url;
    const char *sendsms_user;
    const char *sendsms_password_file;
    const char *dlr_url;             /* where Kannel reports deliveries to; empty = asks for none */
    const char *bearerbox_admin_url; /* where Kannel is isolated while the hall cannot take messages; empty = it is not */
    const char *bearerbox_admin_password_file;
    const char *pepper_file;   /* keys for service passwords (base/pepper.h); empty = there are none */
    const char *webhook_allow; /* hosts that webhooks may call although their address is not public, comma between */
    const char *log;           /* text | json */
    long lanes;                /* connections to the store */
    long queue;                /* messages that may wait for the store; more are answered 503 */
    long password_workers;     /* service passwords that are checked at a time */
    long connections;          /* HTTP connections taken */
    long sendsms_connections;  /* kept-alive connections to sendsms (kannel.md §5) */
    long max_messages;         /* Kannel's max-messages: parts of one sendsms call */
    void *owned;               /* the memory of the texts above */
};

/* path: the file; NULL = conf/smshall.yaml when it is there, else defaults and environment alone. IS_REFUSED names file, line and key, or
 * the variable, and the reason. */
enum outcome config_load(struct config *config, const char *path, struct err *err);
void config_free(struct config *config);

/* The options with their defaults and meanings, as `--help` prints them. */
void config_write_help(struct text *out);

#endif

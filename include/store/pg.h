/* One connection to PostgreSQL, libpq's only door. Two ways of use: pg_query for tools, which waits; and the pipeline for lanes,
 * non-blocking, one Sync for many calls. On any surprise the connection is dropped (rules E2). */
#ifndef STORE_PG_H
#define STORE_PG_H

#include "base/arena.h"
#include "base/err.h"

struct pg;

/* Connects and waits at most timeout_ms. conninfo as libpq takes it. IS_FAILED with libpq's words in err. */
enum outcome pg_open(const char *conninfo, int timeout_ms, struct pg **pg, struct err *err);
void pg_free(struct pg **pg);

/* A result: rows of text columns. Owned by whoever got it. */
struct pg_result;
size_t pg_rows(const struct pg_result *result);
struct view pg_value(const struct pg_result *result, size_t row, size_t column); /* NULL gives VIEW_NONE (at == NULL) */
void pg_result_free(struct pg_result **result);

/* Runs one statement with text parameters ($1 …; NULL at = SQL NULL) and waits. In a parameter U+0000 and each byte that is not UTF-8
 * become U+FFFD, here as in pg_send. result may be NULL when none is wanted.
 * IS_REFUSED: the server said no (err: SQLSTATE and its message). IS_UNSURE: the connection broke before its answer. */
enum outcome pg_query(struct pg *pg, const char *sql, size_t parameters, const struct view *parameter, struct pg_result **result,
                      struct err *err);

/* Runs a script of many statements, as psql -f would, in one implicit transaction when it has none of its own. When it is refused,
 * err begins with the line: `12: 42601: syntax error …`. */
enum outcome pg_script(struct pg *pg, const char *sql, struct err *err);

/* --- pipeline --- */

/* Makes a new connection a non-blocking pipeline: pg_prepare queues the preparing of one statement under a name and waits for nothing;
 * pg_pipeline, after the last, sends them and waits until all are prepared, timeout_ms at most between two signs of life. From the first
 * of these calls on, nothing of the other way of use. IS_REFUSED: the server refused a statement (err: SQLSTATE and its message).
 * IS_FAILED: lost, or too slow. After either the connection is of no use any more. */
enum outcome pg_prepare(struct pg *pg, const char *name, const char *sql, size_t parameters, struct err *err);
enum outcome pg_pipeline(struct pg *pg, int timeout_ms, struct err *err);

/* Queues one call of a prepared statement; nothing waits. Text parameters, copied. */
enum outcome pg_send(struct pg *pg, const char *name, size_t parameters, const struct view *parameter, struct err *err);

/* The same with an array of text for each parameter, whose i-th element is row[i][parameter]. */
enum outcome pg_send_rows(struct pg *pg, const char *name, size_t parameters, size_t rows, const struct view *const *row, struct err *err);

/* Ends a batch: one Sync. */
enum outcome pg_send_sync(struct pg *pg, struct err *err);

/* What comes back, in the order of sending. */
enum pg_event {
    PG_RESULT,  /* *result has the rows */
    PG_ERROR,   /* this call was refused: *fault is filled */
    PG_ABORTED, /* an earlier one of the batch was: this one did not run */
    PG_SYNCED,  /* the end of a batch: all of it is committed, unless there was a PG_ERROR */
    PG_LOST,    /* the connection is gone, or too slow: drop it. What was not answered is unsure */
};

struct pg_fault {
    char sqlstate[6];
    char text[512];
};

/* Sends what is queued and waits for the next event, timeout_ms at most between two signs of life. */
enum pg_event pg_next(struct pg *pg, int timeout_ms, struct pg_result **result, struct pg_fault *fault);

/* The connection is known to be open; notices a server that closed an idle one. */
bool pg_is_alive(struct pg *pg);

#endif

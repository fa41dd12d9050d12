/* What is hard here: libpq's pipeline gives a NULL between the results of two calls and none after a Sync, an error aborts all that
 * follows up to the next Sync, and a server that closes the connection says so first as an error of whatever call was running. So one
 * place, pg_next, turns all of it into a flat row of events, and everything that is not plainly the answer to a call is PG_LOST:
 * whoever holds the connection drops it and asks the store again (rules E2). */
#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "store/pg.h"
#include "store/script.h"

enum { PARAMETERS_MAX = 32 };

struct pg {
    PGconn *conn;
    struct text values; /* the C strings of the call that is being sent */
    size_t syncs;       /* batches that still owe their PG_SYNCED */
};

/* struct pg_result is libpq's PGresult under our name. */
static PGresult *of_libpq(struct pg_result *result)
{
    return (PGresult *)result;
}

static const PGresult *of_libpq_const(const struct pg_result *result)
{
    return (const PGresult *)result;
}

static struct pg_result *of_ours(PGresult *result)
{
    return (struct pg_result *)result;
}

/* libpq's words end with a newline and may have several; ours are one line. */
static void one_line(const char *words, char *out, size_t room)
{
    size_t n = 0;
    for (const char *c = words ? words : ""; *c && n + 1 < room; c++) {
        bool is_blank = *c == '\n' || *c == '\r' || *c == '\t' || *c == ' ';
        if (!is_blank)
            out[n++] = *c;
        else if (n > 0 && out[n - 1] != ' ')
            out[n++] = ' ';
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}

static const char *field(const PGresult *result, int code)
{
    const char *text = PQresultErrorField(result, code);
    return text ? text : "";
}

static bool is_lost(const struct pg *pg)
{
    return PQstatus(pg->conn) == CONNECTION_BAD;
}

static enum outcome connection_failed(struct pg *pg, struct err *err)
{
    char words[512];
    one_line(PQerrorMessage(pg->conn), words, sizeof words);
    return err_failed(err, "store: %s", words);
}

/* What a statement's result means. */
static enum outcome judge(struct pg *pg, const PGresult *result, struct err *err)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
        return IS_DONE;
    char words[512];
    if (is_lost(pg) || !result) {
        one_line(PQerrorMessage(pg->conn), words, sizeof words);
        return err_unsure(err, "store: %s", words);
    }
    one_line(field(result, PG_DIAG_MESSAGE_PRIMARY), words, sizeof words);
    return err_refused(err, "%s: %s", field(result, PG_DIAG_SQLSTATE), words);
}

/* The line of the script that an error is about: where the server points (it counts characters, not bytes), or else where the
 * statement begins that stands behind the `done` ones. */
static int error_line(const PGresult *result, const char *sql, size_t done)
{
    size_t position = strtoul(field(result, PG_DIAG_STATEMENT_POSITION), NULL, 10);
    if (!position)
        return script_line(sql, done);
    int line = 1;
    for (const char *c = sql; *c && position > 1; c++) {
        line += *c == '\n';
        position -= ((unsigned char)c[1] & 0xC0) != 0x80;
    }
    return line;
}

/* Notices are the server talking to itself; a script's RAISE is worth a look when debugging. */
static void take_notice(void *context, const PGresult *result)
{
    (void)context;
    char words[256];
    one_line(field(result, PG_DIAG_MESSAGE_PRIMARY), words, sizeof words);
    log_event(LOG_DEBUG, "store_notice", LOG_STR("text", words));
}

/* Waits until the socket is ready for `events`; gives what it is ready for, 0 when the time is over. */
static short wait_for(const struct pg *pg, short events, int timeout_ms)
{
    struct pollfd fd = {.fd = PQsocket(pg->conn), .events = events};
    uint64_t end_us = clock_us() + (uint64_t)timeout_ms * 1000;
    for (;;) {
        int ready = poll(&fd, 1, timeout_ms);
        if (ready >= 0 || errno != EINTR)
            return ready > 0 ? fd.revents : 0;
        uint64_t now_us = clock_us();
        timeout_ms = now_us < end_us ? (int)((end_us - now_us) / 1000) : 0;
    }
}

static bool connect_within(struct pg *pg, int timeout_ms)
{
    uint64_t end_us = clock_us() + (uint64_t)timeout_ms * 1000;
    PostgresPollingStatusType want = PGRES_POLLING_WRITING;
    while (want == PGRES_POLLING_READING || want == PGRES_POLLING_WRITING) {
        uint64_t now_us = clock_us();
        short events = want == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (now_us >= end_us || !wait_for(pg, events, (int)((end_us - now_us) / 1000) + 1))
            return false;
        want = PQconnectPoll(pg->conn);
    }
    return want == PGRES_POLLING_OK;
}

enum outcome pg_open(const char *conninfo, int timeout_ms, struct pg **pg, struct err *err)
{
    /* what stands behind dbname wins over what conninfo says */
    const char *keys[] = {"fallback_application_name", "dbname", "client_encoding", NULL};
    const char *values[] = {"smshall", conninfo, "UTF8", NULL};
    struct pg *made = calloc(1, sizeof *made);
    assert(made);
    *pg = NULL;
    made->conn = PQconnectStartParams(keys, values, 1);
    assert(made->conn);
    if (!is_lost(made) && connect_within(made, timeout_ms)) {
        PQsetNoticeReceiver(made->conn, take_notice, NULL);
        *pg = made;
        return IS_DONE;
    }
    enum outcome outcome = is_lost(made) ? connection_failed(made, err) : err_failed(err, "store: no connection within %d ms", timeout_ms);
    pg_free(&made);
    return outcome;
}

void pg_free(struct pg **pg)
{
    if (!*pg)
        return;
    PQfinish((*pg)->conn);
    text_free(&(*pg)->values);
    free(*pg);
    *pg = NULL;
}

size_t pg_rows(const struct pg_result *result)
{
    return (size_t)PQntuples(of_libpq_const(result));
}

struct view pg_value(const struct pg_result *result, size_t row, size_t column)
{
    const PGresult *rows = of_libpq_const(result);
    if (PQgetisnull(rows, (int)row, (int)column))
        return VIEW_NONE;
    return (struct view){PQgetvalue(rows, (int)row, (int)column), (size_t)PQgetlength(rows, (int)row, (int)column)};
}

void pg_result_free(struct pg_result **result)
{
    PQclear(of_libpq(*result));
    *result = NULL;
}

/* PostgreSQL's text cannot hold U+0000, which SMS can (kannel.md §1): it becomes U+FFFD. So does each byte that is not UTF-8 (an SMSC's
 * words in a report): PostgreSQL would refuse it, and the whole batch with it. */
static void add_value(struct text *values, struct view v)
{
    for (const char *nul; v.size && (nul = memchr(v.at, '\0', v.size));) {
        size_t before = (size_t)(nul - v.at);
        text_add_utf8(values, view_head(v, before));
        text_add(values, VIEW("\xEF\xBF\xBD"));
        v = view_from(v, before + 1);
    }
    text_add_utf8(values, v);
}

/* Fills value[] with C strings that live in pg->values until it is cleared, which its user does as soon as libpq has them: a service
 * password may be among them. */
static void set_values(struct pg *pg, size_t parameters, const struct view *parameter, const char **value)
{
    assert(parameters <= PARAMETERS_MAX);
    size_t start[PARAMETERS_MAX];
    for (size_t i = 0; i < parameters; i++) {
        start[i] = pg->values.size;
        if (parameter[i].at)
            add_value(&pg->values, parameter[i]);
        text_add_char(&pg->values, '\0');
    }
    for (size_t i = 0; i < parameters; i++) /* the text may have moved while it grew */
        value[i] = parameter[i].at ? pg->values.at + start[i] : NULL;
}

enum outcome pg_query(struct pg *pg, const char *sql, size_t parameters, const struct view *parameter, struct pg_result **result,
                      struct err *err)
{
    const char *value[PARAMETERS_MAX];
    set_values(pg, parameters, parameter, value);
    PGresult *rows = PQexecParams(pg->conn, sql, (int)parameters, NULL, value, NULL, NULL, 0);
    text_clear(&pg->values);
    enum outcome outcome = judge(pg, rows, err);
    if (outcome == IS_DONE && result)
        *result = of_ours(rows);
    else
        PQclear(rows);
    return outcome;
}

enum outcome pg_script(struct pg *pg, const char *sql, struct err *err)
{
    if (!PQsendQuery(pg->conn, sql))
        return connection_failed(pg, err);
    enum outcome outcome = IS_DONE;
    size_t done = 0;
    for (PGresult *result; (result = PQgetResult(pg->conn)); PQclear(result)) {
        if (outcome != IS_DONE)
            continue;
        outcome = judge(pg, result, err);
        if (outcome == IS_REFUSED)
            err_prefix(err, "%d", error_line(result, sql, done));
        done++;
    }
    return outcome;
}

/* The first of them finds the connection as pg_open left it. */
static enum outcome enter_pipeline(struct pg *pg, struct err *err)
{
    if (PQpipelineStatus(pg->conn) != PQ_PIPELINE_OFF)
        return IS_DONE;
    bool is_entered = PQsetnonblocking(pg->conn, 1) == 0 && PQenterPipelineMode(pg->conn);
    return is_entered ? IS_DONE : connection_failed(pg, err);
}

enum outcome pg_prepare(struct pg *pg, const char *name, const char *sql, size_t parameters, struct err *err)
{
    enum outcome outcome = enter_pipeline(pg, err);
    if (outcome != IS_DONE)
        return outcome;
    return PQsendPrepare(pg->conn, name, sql, (int)parameters, NULL) ? IS_DONE : connection_failed(pg, err);
}

enum outcome pg_send(struct pg *pg, const char *name, size_t parameters, const struct view *parameter, struct err *err)
{
    const char *value[PARAMETERS_MAX];
    set_values(pg, parameters, parameter, value);
    bool is_queued = PQsendQueryPrepared(pg->conn, name, (int)parameters, value, NULL, NULL, 0);
    text_clear(&pg->values);
    return is_queued ? IS_DONE : connection_failed(pg, err);
}

static void add_int32(struct text *values, int32_t n)
{
    uint32_t bytes = htonl((uint32_t)n);
    text_add(values, (struct view){(const char *)&bytes, sizeof bytes});
}

static void put_int32(struct text *values, size_t at, size_t n)
{
    uint32_t bytes = htonl((uint32_t)n);
    memcpy(values->at + at, &bytes, sizeof bytes);
}

/* One parameter of all rows as PostgreSQL's array_recv takes it: dimensions, whether there are NULLs, the type of the elements, their
 * number and the first one's index; then each with its length, -1 for NULL. */
static void add_array(struct text *values, size_t rows, const struct view *const *row, size_t parameter)
{
    enum { TEXT_OID = 25 };
    const int32_t head[] = {1, 1, TEXT_OID, (int32_t)rows, 1};
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        add_int32(values, head[i]);
    for (size_t i = 0; i < rows; i++) {
        size_t start = values->size;
        add_int32(values, -1);
        if (!row[i][parameter].at)
            continue;
        add_value(values, row[i][parameter]);
        put_int32(values, start, values->size - start - sizeof(int32_t));
    }
}

enum outcome pg_send_rows(struct pg *pg, const char *name, size_t parameters, size_t rows, const struct view *const *row, struct err *err)
{
    assert(parameters <= PARAMETERS_MAX);
    const char *value[PARAMETERS_MAX];
    size_t start[PARAMETERS_MAX + 1] = {0};
    int length[PARAMETERS_MAX], is_binary[PARAMETERS_MAX];
    for (size_t i = 0; i < parameters; i++) {
        add_array(&pg->values, rows, row, i);
        start[i + 1] = pg->values.size;
    }
    for (size_t i = 0; i < parameters; i++) {
        value[i] = pg->values.at + start[i];
        length[i] = (int)(start[i + 1] - start[i]);
        is_binary[i] = 1;
    }
    bool is_queued = PQsendQueryPrepared(pg->conn, name, (int)parameters, value, length, is_binary, 0);
    text_clear(&pg->values);
    return is_queued ? IS_DONE : connection_failed(pg, err);
}

enum outcome pg_send_sync(struct pg *pg, struct err *err)
{
    if (!PQpipelineSync(pg->conn))
        return connection_failed(pg, err);
    pg->syncs++;
    return IS_DONE;
}

/* A FATAL or PANIC ends the session, whatever call it came with. */
static bool ends_session(const PGresult *result)
{
    const char *severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0;
}

static enum pg_event take_error(const PGresult *result, struct pg_fault *fault)
{
    const char *sqlstate = field(result, PG_DIAG_SQLSTATE);
    if (ends_session(result) || !*sqlstate) /* without SQLSTATE it is libpq's own error: the connection broke */
        return PG_LOST;
    snprintf(fault->sqlstate, sizeof fault->sqlstate, "%s", sqlstate);
    one_line(field(result, PG_DIAG_MESSAGE_PRIMARY), fault->text, sizeof fault->text);
    return PG_ERROR;
}

static enum pg_event take_result(struct pg *pg, PGresult *taken, struct pg_result **result, struct pg_fault *fault)
{
    enum pg_event event = PG_LOST;
    switch (PQresultStatus(taken)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        *result = of_ours(taken);
        return PG_RESULT;
    case PGRES_PIPELINE_ABORTED:
        event = PG_ABORTED;
        break;
    case PGRES_PIPELINE_SYNC:
        pg->syncs--;
        event = PG_SYNCED;
        break;
    case PGRES_FATAL_ERROR:
        event = take_error(taken, fault);
        break;
    default:
        break;
    }
    PQclear(taken);
    return event;
}

/* Sends what the socket takes and reads what it has; false when nothing came in time or the connection is gone. */
static bool exchange(struct pg *pg, int timeout_ms)
{
    int unsent = PQflush(pg->conn);
    if (unsent < 0)
        return false;
    short ready = wait_for(pg, unsent ? POLLIN | POLLOUT : POLLIN, timeout_ms);
    if (!ready)
        return false;
    /* PQconsumeInput on a socket that is only writable would do no harm, but costs a call */
    return !(ready & ~POLLOUT) || PQconsumeInput(pg->conn);
}

enum pg_event pg_next(struct pg *pg, int timeout_ms, struct pg_result **result, struct pg_fault *fault)
{
    assert(pg->syncs > 0); /* nobody waits for what was not asked */
    *result = NULL;
    for (int gaps = 0; gaps < 2;) {
        if (is_lost(pg))
            return PG_LOST;
        if (PQisBusy(pg->conn)) {
            if (!exchange(pg, timeout_ms))
                return PG_LOST;
            continue;
        }
        PGresult *taken = PQgetResult(pg->conn);
        if (taken)
            return take_result(pg, taken, result, fault);
        gaps++; /* one NULL stands between two calls; two would mean that libpq owes nothing although a Sync is due */
    }
    return PG_LOST;
}

static enum outcome not_prepared(struct pg *pg, int timeout_ms, struct err *err)
{
    bool has_words = *PQerrorMessage(pg->conn) != '\0';
    return has_words ? connection_failed(pg, err) : err_failed(err, "store: no answer within %d ms to what is prepared", timeout_ms);
}

enum outcome pg_pipeline(struct pg *pg, int timeout_ms, struct err *err)
{
    enum outcome outcome = enter_pipeline(pg, err);
    if (outcome == IS_DONE)
        outcome = pg_send_sync(pg, err);
    while (outcome != IS_FAILED) {
        struct pg_result *result;
        struct pg_fault fault;
        enum pg_event event = pg_next(pg, timeout_ms, &result, &fault);
        pg_result_free(&result);
        if (event == PG_SYNCED)
            return outcome;
        if (event == PG_ERROR)
            outcome = err_refused(err, "%s: %s", fault.sqlstate, fault.text);
        else if (event == PG_LOST)
            outcome = not_prepared(pg, timeout_ms, err);
    }
    return outcome;
}

bool pg_is_alive(struct pg *pg)
{
    if (is_lost(pg))
        return false;
    /* a server that ends a session says why before it closes: the words are read first, the end by the next look */
    for (int looks = 0; looks < 3 && wait_for(pg, POLLIN, 0); looks++)
        if (!PQconsumeInput(pg->conn) || is_lost(pg))
            return false;
    return true;
}

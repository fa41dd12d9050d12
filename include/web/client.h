/* HTTP requests to others (libcurl multi), and the loop that runs them: one thread, in which all callbacks, posted tasks and timers
 * run, so that whoever lives there needs no locks. Connections are kept alive. Redirects are not followed. */
#ifndef WEB_CLIENT_H
#define WEB_CLIENT_H

#include "base/arena.h"
#include "base/err.h"

struct web_client;

enum outcome web_client_start(unsigned connections_max, struct web_client **client, struct err *err);

/* From now on connections are made to public addresses only (web/address.h), but to these hosts whatever their address is: as a URL names
 * them, an IPv6 address without brackets, comma between; kept. What counts is the address that a connection really goes to, at the moment
 * when it is made, so that a name which is resolved anew gets nobody in. A call that may not ends as IS_FAILED, "address not public".
 * Before the first call. */
void web_client_keep_public(struct web_client *client, const char *but_for);

/* Ends the loop: calls under way are cut (their callbacks are called with IS_UNSURE), tasks and timers not yet due are dropped. */
void web_client_stop(struct web_client **client);

/* Runs `run(context)` in the loop's thread: soon, or after a delay. From any thread. */
void web_client_post(struct web_client *client, void (*run)(void *context), void *context);
void web_client_after(struct web_client *client, uint64_t delay_ms, void (*run)(void *context), void *context);

struct web_response {
    enum outcome outcome; /* IS_DONE: an answer came, whatever its status. IS_FAILED: nothing was sent (refused, no route, not resolved,
                             no seat in time). IS_UNSURE: it was sent, or partly, and no answer came (timeout, cut). What was sent is
                             never sent again by itself */
    unsigned status;      /* 200 … when IS_DONE */
    struct view body;     /* at most 64 kB of it */
    const char *reason;   /* words for the log when not IS_DONE */
};

struct web_call {
    const char *method; /* "GET", "POST" */
    const char *url;
    struct view body;           /* of a POST */
    const char *const *headers; /* "Name: value", NULL at the end; may be NULL */
    bool is_secret;             /* nothing of it stays in memory once it has ended: costs a little */
    unsigned timeout_ms;        /* from the moment when a connection may be taken for it, to the last byte of the answer */
    /* At most connections_max calls are under way, the others wait for a seat in the order in which they came. One that got none
     * within this time ends as IS_FAILED, "no seat in time"; 0: waits without a limit. web_fetch needs no seat. */
    unsigned start_within_ms;
    /* Called once in the loop's thread; the response lives until it returns. */
    void (*done)(void *context, const struct web_response *response);
    void *context;
};

/* Starts a call; everything in it is copied. From any thread. */
void web_client_send(struct web_client *client, const struct web_call *call);

/* The host of a URL as a call will ask it, an IPv6 address without brackets; empty when it is no URL. */
enum { HOST_SIZE = 256 };
void web_url_host(const char *url, char host[HOST_SIZE]);

/* One call, waited for, without a loop: for tools. The body is copied into the arena. `done` is not used. */
struct web_response web_fetch(struct arena *arena, const struct web_call *call);

#endif

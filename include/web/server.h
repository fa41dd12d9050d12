/* An HTTP server (libmicrohttpd). A handler may answer at once or keep the request and answer later from another thread. */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "base/arena.h"
#include "base/err.h"

struct web_server;
struct web_request;

struct web_server_setup {
    const char *listen;         /* "127.0.0.1:8086", "[::1]:8086"; port 0 takes a free one */
    size_t body_size_max;       /* over it: 413 before the handler is asked */
    unsigned connections_max;   /* with a request that waits for us; further ones are told 503. Up to 128 more may be there */
    unsigned idle_timeout_s;    /* a connection between two requests, or one that sends nothing */
    unsigned request_timeout_s; /* from a request's first byte to its last, and for its answer to be taken, however they trickle; 0: 10 s */
    unsigned threads;           /* 1 or more */
    /* Called on a server thread when a request has come whole. Must see to it that web_answer is called once, now or later. */
    void (*handle)(void *context, struct web_request *request);
    /* True: what is asked for at this path the handler always answers at once, so that it may be asked even when connections_max wait. On a
     * server thread. May be NULL: none is. */
    bool (*is_brief)(void *context, struct view path);
    /* Counts what never reached the handler: "too_large"; "too_slow"; "too_many_connections": still on its way when its connection had to
     * make room for a newer one, and told 503; "too_many_requests": told 503 because connections_max wait already. May be NULL. */
    void (*refused)(void *context, const char *reason);
    void *context;
};

enum outcome web_server_start(const struct web_server_setup *setup, struct web_server **server, struct err *err);

/* The port it really listens at. */
unsigned web_server_port(const struct web_server *server);

/* Takes no new connections and asks the handler nothing more. Requests that the handler has go on and are answered. A kept-alive
 * connection lives until its caller or the idle timeout closes it, or its next answer does: that of the request under way, or of one
 * that still comes and gets a 503 without the handler; each says Connection: close. From any thread, more than once. */
void web_server_quiesce(struct web_server *server);

/* Requests that reached the handler and are not answered yet. */
size_t web_server_waiting(const struct web_server *server);

/* Stops: quiesces, waits until every kept request has been answered (rules E2: resume all before stopping) and for their answers to be
 * taken, at most a second. Not from a handler. *server becomes NULL. */
void web_server_stop(struct web_server **server);

/* --- a request; its views live until web_answer is called for it --- */
struct view web_method(const struct web_request *request); /* "GET" */
struct view web_path(const struct web_request *request);   /* decoded, without the query */
struct view web_body(const struct web_request *request);
struct view web_peer(const struct web_request *request);                     /* "127.0.0.1" */
struct view web_header(const struct web_request *request, const char *name); /* VIEW_NONE: not there */
/* A field of the query, %XX and + decoded, U+0000 kept; VIEW_NONE (at == NULL) when it is not there. */
struct view web_query(const struct web_request *request, const char *name);
struct arena *web_arena(struct web_request *request); /* lives as long as the request */

struct web_header {
    const char *name, *value;
};

/* Answers and ends the request; body is copied. headers: `count` of them, Content-Type among them. From any thread. */
void web_answer(struct web_request *request, unsigned status, size_t count, const struct web_header *headers, struct view body);

/* text/plain; charset=UTF-8 */
void web_answer_text(struct web_request *request, unsigned status, struct view body);

#endif

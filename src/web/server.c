/* The HTTP server. What is hard about it: a request may be answered by another thread at any moment after the handler has seen it, but
 * libmicrohttpd (MHD) wants everything about a connection to happen in its own thread. So a kept request is suspended; whoever answers
 * stores the response in the request and resumes the connection; MHD then asks for the request once more, in its thread, and only
 * there the response is queued. The answer may come before the suspension is done, so `stage` has three states:
 *
 *                       web_answer                              web_answer: resumes
 *     HANDLING ─────────────────────────▶ ANSWERED ◀───────────────────────────────────── KEPT
 *        └── handler came back without an answer: suspended, then marked (by compare and exchange) ──▶ ┘
 *
 * Each change is one atomic step. Whoever finds the other one there already resumes: the answerer when it finds KEPT, the server's
 * thread when it wanted to mark KEPT and finds ANSWERED. After a resume the request belongs to MHD and may be gone at once.
 *
 * The loops are ours, and MHD is run in them without waiting: its own loop (0.9.75) takes up to 128 events at once and, when there were
 * exactly as many, waits for further ones before it serves those. With 128 callers that wait for their answers nothing ever moves.
 * Each thread is a daemon of its own; all of them listen at the same socket.
 *
 * What a request says may hold a secret (rules C5): its copies lie in its arena, which is wiped when it ends; of what lies in MHD's memory
 * the body is wiped as soon as it is copied, and the query with the request. MHD wipes the rest before the connection's next request.
 *
 * Slow callers must not keep others out (MHD's own timeout begins anew with each byte, and at its limit it just takes nobody). Each
 * connection has a seat, which is moved by its worker's thread alone, in one of three phases:
 *
 *     MOVES: bytes of a request are to come, or of its answer to go ──▶ WAITS: the handler has it ──▶ MOVES ──▶ IDLE ──▶ MOVES …
 *
 * In MOVES it may be for request_timeout_s, whatever trickles, in IDLE for the idle timeout, in WAITS as long as the handler likes. When
 * seats run out, a new caller gets that of whoever has been IDLE longest, else that of whoever has been in MOVES longest: an honest
 * request is whole within milliseconds. Who waits keeps his seat; when connections_max do, further requests are told 503 at once, for
 * which some spare seats stay, unless the handler answers them at once. MHD's limit lies above both. Its limit for each address is of no
 * use here: all of Kannel is one address. A seat is taken away by a shutdown of its socket, upon which MHD closes it.
 *
 * Who is refused must hear 503 as a rule, because a connection that is cut does not say whether anything was taken. So who has to make room
 * in the middle of his request is told 503 past MHD, which has said nothing on his connection yet. To an IDLE one that would be the answer
 * to a question which he has not asked: he is told with the answer before that it is the last one. And nobody is judged by the clock
 * alone: a busy machine may give us no turn for longer than his moment, while his request lies in the kernel.
 *
 * A suspended connection has no timeout, and MHD must not be stopped with one (rules E2): `waiting` counts a request before its handler
 * is asked until its answer needs nobody else any more. From web_server_quiesce on no handler is asked again, so that nothing new is
 * kept, and web_server_stop waits for none to wait. */
#include "web/server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    /* MHD's memory for one connection: a request line of 64 kB (kannel.md §1) and its headers. MHD wipes all of it after each request
     * of a kept-alive connection, so that more costs time and resident memory. */
    CONNECTION_MEMORY = 80 * 1024,
    /* What is read and thrown away of a body that is too large, so that the sender gets to see the 413; then the connection is cut. */
    DRAIN_MAX = 4 * 1024 * 1024,
    FLUSH_MAX_MS = 1000, /* how long a stop waits for answers to be taken */
    SPARE_ARENAS = 256,
    BACKLOG = 1024,
    REQUEST_TIMEOUT_S = 10,
    WAIT_MAX_MS = 60000,
    SPARE_SEATS = 64, /* for those who do not wait; and as many more, of which MHD fills ten at a time before room is made */
    MOMENT_MS = 100,
};

enum stage { HANDLING, KEPT, ANSWERED };

enum phase { IDLE, MOVES, WAITS, PHASES, GONE = PHASES };

/* A connection, in its worker's line of those in the same phase. */
struct seat {
    struct worker *worker;
    struct seat *older, *newer;
    uint64_t since_us, since_round;
    enum phase phase;
    bool is_answered; /* the answer to its request is under way: nothing else may be said */
    int fd;
};

struct line {
    struct seat *oldest, *newest;
    unsigned count;
};

struct worker {
    struct web_server *server;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    int wake_fd;
    atomic_bool is_woken; /* something is in wake_fd, and the worker has not looked since */
    bool has_closed;      /* a connection, in this round */
    uint64_t round;       /* of the loop: in each, MHD reads what has come */
    struct line line[PHASES];
};

struct web_server {
    struct web_server_setup setup;
    struct worker *workers;
    unsigned workers_count;
    int socket;
    unsigned port;
    unsigned seats_max;      /* of each worker */
    atomic_bool is_quiet;    /* takes no new connections, asks the handler no more */
    atomic_bool is_over;     /* the workers end */
    atomic_size_t waiting;   /* asked of the handler and not answered */
    atomic_size_t under_way; /* from the head of a request to the end of its answer */
    pthread_mutex_t spare_lock;
    struct arena *spare[SPARE_ARENAS]; /* arenas of requests that ended */
    size_t spares;
};

struct web_request {
    struct web_server *server;
    struct worker *worker;
    struct seat *seat;
    struct MHD_Connection *connection;
    struct arena *arena;
    const char *method, *path;
    char *body;
    size_t body_size, body_room;
    bool is_too_large;
    atomic_int stage;
    unsigned status;
    struct MHD_Response *response;
    char peer[INET6_ADDRSTRLEN];
};

static void count_refused(const struct web_server *server, const char *reason)
{
    if (server->setup.refused != NULL)
        server->setup.refused(server->setup.context, reason);
}

/* --- connections come and go --- */

static void seat_leave_line(struct seat *seat)
{
    if (seat->phase == GONE)
        return;
    struct line *line = &seat->worker->line[seat->phase];
    *(seat->older != NULL ? &seat->older->newer : &line->oldest) = seat->newer;
    *(seat->newer != NULL ? &seat->newer->older : &line->newest) = seat->older;
    line->count--;
}

static void seat_join_line(struct seat *seat, enum phase phase)
{
    struct line *line = &seat->worker->line[phase];
    seat->phase = phase;
    seat->since_us = clock_us();
    seat->since_round = seat->worker->round;
    seat->older = line->newest;
    seat->newer = NULL;
    *(line->newest != NULL ? &line->newest->newer : &line->oldest) = seat;
    line->newest = seat;
    line->count++;
}

/* Who is gone stays so. */
static void seat_enter(struct seat *seat, enum phase phase)
{
    if (seat->phase == GONE)
        return;
    seat_leave_line(seat);
    seat_join_line(seat, phase);
}

static void seat_take_away(struct seat *seat)
{
    seat_leave_line(seat);
    seat->phase = GONE;
    shutdown(seat->fd, SHUT_RDWR);
}

/* Nothing of a request has been taken, and the answer to it has not begun. */
static void seat_refuse(struct seat *seat)
{
    static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain; charset=UTF-8\r\n"
                               "Content-Length: 5\r\n\r\nbusy\n";
    if (!seat->is_answered)
        send(seat->fd, busy, sizeof busy - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    seat_take_away(seat);
}

/* What the kernel had of it when it came into its phase has been read since. */
static bool seat_had_turn(const struct seat *seat)
{
    return seat != NULL && seat->since_round + 1 < seat->worker->round;
}

static struct seat *seat_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode code)
{
    struct worker *worker = context;
    struct seat *seat = *socket_context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = seat = calloc(1, sizeof *seat);
        assert(seat != NULL);
        seat->worker = worker;
        seat->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        seat_join_line(seat, MOVES);
        return;
    }
    worker->has_closed = true;
    seat_leave_line(seat);
    free(seat);
    *socket_context = NULL;
}

static bool worker_is_crowded(const struct worker *worker)
{
    const struct line *line = worker->line;
    return line[IDLE].count + line[MOVES].count + line[WAITS].count > worker->server->seats_max + SPARE_SEATS;
}

/* Who is just here has a moment to say what he wants, and be it to hear 503. */
static void worker_make_room(struct worker *worker)
{
    const struct line *line = worker->line;
    uint64_t moment_ago_us = clock_us() - MOMENT_MS * 1000;
    while (worker_is_crowded(worker)) {
        struct seat *idle = line[IDLE].oldest, *slow = line[MOVES].oldest;
        if (seat_had_turn(idle)) {
            seat_take_away(idle);
        } else if (seat_had_turn(slow) && slow->since_us <= moment_ago_us) {
            count_refused(worker->server, "too_many_connections");
            seat_refuse(slow);
        } else {
            return;
        }
    }
}

static uint64_t worker_due_us(const struct worker *worker, enum phase phase)
{
    const struct web_server_setup *setup = &worker->server->setup;
    unsigned timeout_s = phase == IDLE ? setup->idle_timeout_s : setup->request_timeout_s;
    const struct seat *seat = worker->line[phase].oldest;
    return seat != NULL && timeout_s > 0 ? seat->since_us + timeout_s * UINT64_C(1000000) : UINT64_MAX;
}

static bool worker_is_due(const struct worker *worker, enum phase phase, uint64_t now_us)
{
    return worker_due_us(worker, phase) <= now_us && seat_had_turn(worker->line[phase].oldest);
}

static void worker_end_slow_ones(struct worker *worker)
{
    uint64_t now_us = clock_us();
    while (worker_is_due(worker, IDLE, now_us))
        seat_take_away(worker->line[IDLE].oldest);
    while (worker_is_due(worker, MOVES, now_us)) {
        count_refused(worker->server, "too_slow");
        seat_take_away(worker->line[MOVES].oldest);
    }
}

/* --- requests come and go --- */

static struct arena *arena_take(struct web_server *server)
{
    struct arena *arena = NULL;
    pthread_mutex_lock(&server->spare_lock);
    if (server->spares > 0)
        arena = server->spare[--server->spares];
    pthread_mutex_unlock(&server->spare_lock);
    return arena != NULL ? arena : arena_new();
}

static void arena_give_back(struct web_server *server, struct arena *arena)
{
    arena_reset(arena);
    pthread_mutex_lock(&server->spare_lock);
    if (server->spares < SPARE_ARENAS) {
        server->spare[server->spares++] = arena;
        arena = NULL;
    }
    pthread_mutex_unlock(&server->spare_lock);
    arena_free(&arena);
}

/* An IPv4 caller of a socket that hears both kinds comes as ::ffff:127.0.0.1, and is noted as 127.0.0.1. */
static void request_note_peer(struct web_request *request)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
    if (address == NULL)
        return;
    const void *v4 = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, v4, request->peer, sizeof request->peer);
    else if (address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6))
        inet_ntop(AF_INET, &v6->s6_addr[12], request->peer, sizeof request->peer);
    else if (address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, v6, request->peer, sizeof request->peer);
}

static struct web_request *request_new(struct seat *seat, struct MHD_Connection *connection, const char *method, const char *path)
{
    struct web_server *server = seat->worker->server;
    struct arena *arena = arena_take(server);
    struct web_request *request = ARENA_NEW(arena, struct web_request);
    *request = (struct web_request){
        .server = server, .worker = seat->worker, .seat = seat, .connection = connection, .arena = arena, .method = method, .path = path};
    request_note_peer(request);
    atomic_fetch_add(&server->under_way, 1);
    return request;
}

/* Adds a piece of the body. False: the sender goes on and on with a body that is too large. */
static bool request_take_body(struct web_request *request, const char *data, size_t size)
{
    size_t size_max = request->server->setup.body_size_max;
    if (request->is_too_large || size > size_max - request->body_size) {
        if (!request->is_too_large)
            count_refused(request->server, "too_large");
        request->is_too_large = true;
        request->body_size += size;
        return request->body_size < size_max + DRAIN_MAX;
    }
    if (request->body_size + size > request->body_room) {
        size_t room = request->body_room * 2 > request->body_size + size ? request->body_room * 2 : request->body_size + size;
        char *body = arena_alloc(request->arena, room);
        if (request->body_size > 0)
            memcpy(body, request->body, request->body_size);
        request->body = body;
        request->body_room = room;
    }
    memcpy(request->body + request->body_size, data, size);
    request->body_size += size;
    return true;
}

static void answer_too_large(struct web_request *request)
{
    static const struct web_header headers[] = {{"Content-Type", "text/plain; charset=UTF-8"}, {"Connection", "close"}};
    web_answer(request, MHD_HTTP_CONTENT_TOO_LARGE, 2, headers, VIEW("too large\n"));
}

/* The connection goes, so that the next caller is told as much. */
static void answer_busy(struct web_request *request)
{
    static const struct web_header headers[] = {{"Content-Type", "text/plain; charset=UTF-8"}, {"Connection", "close"}};
    count_refused(request->server, "too_many_requests");
    web_answer(request, MHD_HTTP_SERVICE_UNAVAILABLE, 2, headers, VIEW("busy\n"));
}

static bool request_is_brief(const struct web_request *request)
{
    const struct web_server_setup *setup = &request->server->setup;
    return setup->is_brief != NULL && setup->is_brief(setup->context, view_of(request->path));
}

static void worker_wake(struct worker *worker)
{
    if (!atomic_exchange(&worker->is_woken, true))
        eventfd_write(worker->wake_fd, 1);
}

/* MHD has a wake-up of its own, but clears it away when it comes during MHD_run. */
static void connection_resume(struct worker *worker, struct MHD_Connection *connection)
{
    MHD_resume_connection(connection);
    worker_wake(worker);
}

/* The handler left the request open: suspends it, unless the answer came meanwhile. */
static void request_keep(struct web_request *request)
{
    struct web_server *server = request->server;
    struct worker *worker = request->worker;
    struct MHD_Connection *connection = request->connection;
    int stage = HANDLING;
    seat_enter(request->seat, WAITS); /* before others may answer, upon which the request may be gone */
    MHD_suspend_connection(connection);
    if (atomic_compare_exchange_strong(&request->stage, &stage, KEPT))
        return; /* not ours any more */
    connection_resume(worker, connection);
    atomic_fetch_sub(&server->waiting, 1);
}

/* The request is whole. True: it was answered at once. False: it is suspended, or resumed again already. */
static bool request_handle(struct web_request *request)
{
    struct web_server *server = request->server;
    atomic_fetch_add(&server->waiting, 1); /* before is_quiet is read: who stops us goes the other way round */
    if (request->is_too_large)
        answer_too_large(request);
    else if (atomic_load(&server->is_quiet))
        web_answer_text(request, MHD_HTTP_SERVICE_UNAVAILABLE, VIEW("stopping\n"));
    else if (request->worker->line[WAITS].count >= server->seats_max && !request_is_brief(request))
        answer_busy(request);
    else
        server->setup.handle(server->setup.context, request);
    if (atomic_load(&request->stage) != ANSWERED) {
        request_keep(request);
        return false;
    }
    atomic_fetch_sub(&server->waiting, 1);
    return true;
}

/* Asks the caller to go, when nobody will hear him any more or his seat is wanted. */
static enum MHD_Result request_answer(struct web_request *request)
{
    bool is_last = atomic_load(&request->server->is_quiet) || worker_is_crowded(request->worker);
    if (is_last && MHD_get_response_header(request->response, "Connection") == NULL)
        MHD_add_response_header(request->response, "Connection", "close");
    seat_enter(request->seat, MOVES);
    request->seat->is_answered = true;
    return MHD_queue_response(request->connection, request->status, request->response);
}

/* A request on a connection that was idle begins when its head is there. */
static enum MHD_Result request_begin(struct MHD_Connection *connection, const char *method, const char *path, void **keep)
{
    struct seat *seat = seat_of(connection);
    if (seat->phase == GONE)
        return MHD_NO; /* its answer could not be taken */
    if (seat->phase == IDLE)
        seat_enter(seat, MOVES);
    *keep = request_new(seat, connection, method, path);
    return MHD_YES;
}

static enum MHD_Result request_go_on(struct web_request *request)
{
    if (request->seat->phase == GONE)
        return MHD_NO;
    if (atomic_load(&request->stage) == ANSWERED || request_handle(request))
        return request_answer(request);
    return MHD_YES;
}

/* MHD asks here several times for one request: when its head is there, for each piece of its body, when it is whole, and once more
 * after a resume. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *data, size_t *size, void **keep)
{
    struct web_request *request = *keep;
    (void)context, (void)version;
    if (request == NULL)
        return request_begin(connection, method, path, keep);
    if (*size > 0) {
        bool goes_on = request_take_body(request, data, *size);
        explicit_bzero((char *)data, *size); /* MHD's own memory, of which it needs this no more */
        *size = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    return request_go_on(request);
}

static enum MHD_Result wipe_value(void *context, enum MHD_ValueKind kind, const char *name, size_t name_size, const char *value,
                                  size_t size)
{
    (void)context, (void)kind, (void)name, (void)name_size;
    if (value != NULL)
        explicit_bzero((char *)value, size);
    return MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **keep, enum MHD_RequestTerminationCode how)
{
    struct web_server *server = context;
    struct web_request *request = *keep;
    (void)how;
    if (request == NULL)
        return;
    *keep = NULL;
    seat_enter(request->seat, IDLE);
    request->seat->is_answered = false;
    MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, wipe_value, NULL);
    if (request->response != NULL)
        MHD_destroy_response(request->response);
    arena_give_back(server, request->arena);
    atomic_fetch_sub(&server->under_way, 1);
}

/* --- start and stop --- */

/* "host:port" or "[host]:port", cut into two strings of `listen`'s copy; false when it is neither. */
static bool listen_cut(char *listen, char **host, char **port)
{
    char *colon = strrchr(listen, ':');
    if (colon == NULL || colon[1] == '\0')
        return false;
    *colon = '\0';
    *port = colon + 1;
    *host = listen;
    if (listen[0] == '[' && colon > listen + 1 && colon[-1] == ']') {
        colon[-1] = '\0';
        *host = listen + 1;
    }
    return **host != '\0';
}

static int socket_open(const struct addrinfo *address)
{
    int yes = 1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static enum outcome socket_listen(const char *listen, int *fd, struct err *err)
{
    char copy[300], *host, *port;
    struct addrinfo *found = NULL, hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    if (listen == NULL || strlen(listen) >= sizeof copy || !listen_cut(memcpy(copy, listen, strlen(listen) + 1), &host, &port))
        return err_refused(err, "listen at \"%s\": host:port is wanted", listen != NULL ? listen : "");
    int fault = getaddrinfo(host, port, &hints, &found);
    if (fault != 0)
        return err_refused(err, "listen at \"%s\": %s", listen, gai_strerror(fault));
    *fd = socket_open(found);
    int why = errno;
    freeaddrinfo(found);
    errno = why;
    return *fd >= 0 ? IS_DONE : err_failed(err, "listen at \"%s\": %m", listen);
}

static unsigned socket_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {.v6 = {.sin6_port = 0}};
    socklen_t size = sizeof address;
    if (getsockname(fd, &address.any, &size) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

static struct MHD_Daemon *daemon_start(struct worker *worker)
{
    struct web_server *server = worker->server;
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, server->socket, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)(server->seats_max + 2 * SPARE_SEATS), NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)server->setup.idle_timeout_s, NULL},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, server},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, worker},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, worker, MHD_OPTION_ARRAY, options,
                            MHD_OPTION_END);
}

/* After a connection has closed MHD must be asked once more at once: only then, below its limit again, it takes the next caller. */
static int worker_wait_ms(struct worker *worker)
{
    MHD_UNSIGNED_LONG_LONG ms;
    uint64_t now_us = clock_us(), wait_ms = worker_is_crowded(worker) ? MOMENT_MS / 10 : WAIT_MAX_MS;
    if (worker->has_closed)
        return 0;
    if (MHD_get_timeout(worker->daemon, &ms) == MHD_YES && ms < wait_ms)
        wait_ms = ms;
    for (enum phase phase = IDLE; phase <= MOVES; phase++) {
        uint64_t due_us = worker_due_us(worker, phase);
        if (due_us < now_us + wait_ms * 1000)
            wait_ms = due_us > now_us ? (due_us - now_us) / 1000 + 1 : 0;
    }
    return (int)wait_ms;
}

static void *worker_run(void *context)
{
    struct worker *worker = context;
    struct web_server *server = worker->server;
    bool is_quiet = false;
    eventfd_t wakes;
    struct pollfd wait[] = {{.fd = MHD_get_daemon_info(worker->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, .events = POLLIN},
                            {.fd = worker->wake_fd, .events = POLLIN}};
    while (!atomic_load(&server->is_over)) {
        if (!is_quiet && atomic_load(&server->is_quiet)) {
            MHD_quiesce_daemon(worker->daemon); /* gives the socket back: it is closed with the server */
            is_quiet = true;
        }
        worker->has_closed = false;
        worker->round++;
        MHD_run(worker->daemon);
        worker_end_slow_ones(worker);
        worker_make_room(worker);
        poll(wait, 2, worker_wait_ms(worker));
        if (wait[1].revents != 0) {
            eventfd_read(worker->wake_fd, &wakes);
            atomic_exchange(&worker->is_woken, false);
        }
    }
    return NULL;
}

static void workers_wake(struct web_server *server)
{
    for (unsigned i = 0; i < server->workers_count; i++)
        worker_wake(&server->workers[i]);
}

/* Adds a worker, which counts only when it is whole. */
static bool worker_start(struct web_server *server)
{
    struct worker *worker = &server->workers[server->workers_count];
    sigset_t all, before; /* signals are for the program's own threads */
    worker->server = server;
    worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    worker->daemon = worker->wake_fd >= 0 ? daemon_start(worker) : NULL;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_running = worker->daemon != NULL && pthread_create(&worker->thread, NULL, worker_run, worker) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (is_running) {
        server->workers_count++;
        return true;
    }
    if (worker->daemon != NULL) {
        MHD_quiesce_daemon(worker->daemon);
        MHD_stop_daemon(worker->daemon);
    }
    if (worker->wake_fd >= 0)
        close(worker->wake_fd);
    return false;
}

enum outcome web_server_start(const struct web_server_setup *setup, struct web_server **server, struct err *err)
{
    int fd = -1;
    enum outcome outcome = socket_listen(setup->listen, &fd, err);
    if (outcome != IS_DONE)
        return outcome;
    unsigned threads = setup->threads > 1 ? setup->threads : 1;
    struct web_server *made = calloc(1, sizeof *made);
    assert(made != NULL);
    made->setup = *setup;
    made->socket = fd;
    made->port = socket_port(fd);
    made->seats_max = (setup->connections_max + threads - 1) / threads; /* each counts by itself (rules E2) */
    if (setup->request_timeout_s == 0)
        made->setup.request_timeout_s = REQUEST_TIMEOUT_S;
    made->workers = calloc(threads, sizeof *made->workers);
    assert(made->workers != NULL);
    pthread_mutex_init(&made->spare_lock, NULL);
    for (unsigned i = 0; outcome == IS_DONE && i < threads; i++)
        if (!worker_start(made))
            outcome = err_failed(err, "listen at \"%s\": the HTTP server does not start: %m", setup->listen);
    if (outcome == IS_DONE)
        *server = made;
    else
        web_server_stop(&made);
    return outcome;
}

unsigned web_server_port(const struct web_server *server)
{
    return server->port;
}

/* Shut down, the socket refuses new callers, instead of letting them wait in its queue for nobody. */
void web_server_quiesce(struct web_server *server)
{
    if (atomic_exchange(&server->is_quiet, true))
        return;
    shutdown(server->socket, SHUT_RDWR);
    workers_wake(server);
}

size_t web_server_waiting(const struct web_server *server)
{
    return atomic_load(&((struct web_server *)server)->waiting);
}

void web_server_stop(struct web_server **server)
{
    struct web_server *gone = *server;
    if (gone == NULL)
        return;
    web_server_quiesce(gone);
    while (atomic_load(&gone->waiting) > 0)
        usleep(1000);
    for (int ms = 0; ms < FLUSH_MAX_MS && atomic_load(&gone->under_way) > 0; ms++)
        usleep(1000);
    atomic_store(&gone->is_over, true);
    workers_wake(gone);
    for (unsigned i = 0; i < gone->workers_count; i++) {
        pthread_join(gone->workers[i].thread, NULL);
        MHD_quiesce_daemon(gone->workers[i].daemon); /* if it has not come to it: MHD closes a socket that it holds */
        MHD_stop_daemon(gone->workers[i].daemon);
        close(gone->workers[i].wake_fd);
    }
    close(gone->socket);
    for (size_t i = 0; i < gone->spares; i++)
        arena_free(&gone->spare[i]);
    pthread_mutex_destroy(&gone->spare_lock);
    free(gone->workers);
    free(gone);
    *server = NULL;
}

/* --- what a request says --- */

struct view web_method(const struct web_request *request)
{
    return view_of(request->method);
}

struct view web_path(const struct web_request *request)
{
    return view_of(request->path);
}

struct view web_body(const struct web_request *request)
{
    return (struct view){request->body != NULL ? request->body : "", request->body_size};
}

struct view web_peer(const struct web_request *request)
{
    return view_of(request->peer);
}

struct view web_header(const struct web_request *request, const char *name)
{
    const char *value = NULL;
    size_t size = 0;
    if (MHD_lookup_connection_value_n(request->connection, MHD_HEADER_KIND, name, strlen(name), &value, &size) != MHD_YES)
        return VIEW_NONE;
    return (struct view){value != NULL ? value : "", size};
}

struct view web_query(const struct web_request *request, const char *name)
{
    const char *value = NULL;
    size_t size = 0;
    if (MHD_lookup_connection_value_n(request->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value, &size) != MHD_YES)
        return VIEW_NONE;
    return (struct view){value != NULL ? value : "", size};
}

struct arena *web_arena(struct web_request *request)
{
    return request->arena;
}

/* --- answers --- */

void web_answer(struct web_request *request, unsigned status, size_t count, const struct web_header *headers, struct view body)
{
    struct worker *worker = request->worker;
    struct MHD_Connection *connection = request->connection;
    struct MHD_Response *response = MHD_create_response_from_buffer(body.size, (void *)body.at, MHD_RESPMEM_MUST_COPY);
    assert(response != NULL);
    for (size_t i = 0; i < count; i++)
        MHD_add_response_header(response, headers[i].name, headers[i].value);
    request->status = status;
    request->response = response;
    int stage = atomic_exchange(&request->stage, ANSWERED);
    assert(stage != ANSWERED);
    if (stage != KEPT)
        return; /* the server's thread will find it */
    connection_resume(worker, connection);
    atomic_fetch_sub(&worker->server->waiting, 1);
}

void web_answer_text(struct web_request *request, unsigned status, struct view body)
{
    static const struct web_header headers[] = {{"Content-Type", "text/plain; charset=UTF-8"}};
    web_answer(request, status, 1, headers, body);
}

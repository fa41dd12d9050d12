/* HTTP requests to others: libcurl's multi interface driven by epoll, in one thread. Everything that others want of the loop comes as a
 * task: a posted function, a function with a delay, or a call to start; tasks queue under the only lock and wake the loop through an
 * eventfd. Delays wait in a heap, ordered by time and then by arrival.
 *
 * A call takes one of `connections_max` seats; when all are taken it waits here and not in libcurl, so that its timeout runs from
 * the moment when it could be sent, and it may say how long it waits. An easy handle is used for many calls, one after the other; its
 * lasting options are set once.
 *
 * What is hard is to tell "not sent" from "sent, answer lost". libcurl asks leave each time just before it hands the request over
 * (CURLOPT_PREREQFUNCTION): as long as it has not asked nothing was sent, whatever went wrong. And it asks a second time when it wants
 * to send the same request once more by itself, which it does, of whatever method, when a connection that was used before ends without
 * a byte of an answer: but the other side may have done what was asked, so it gets no leave and the call ends as unsure. That a kept
 * connection was closed while it was idle libcurl sees before, and takes another. smsbox closes idle ones after 60 s (kannel.md §4);
 * ours are left alone from 50 s on, so that a request does not cross with the closing.
 *
 * A secret may be in a URL or a body (rules C5). What libcurl gives back of its memory is wiped, whatever it held; but an easy handle keeps
 * the URL of its last call, so that of a secret call is not used again.
 *
 * A client that keeps to public addresses makes libcurl's sockets itself, which is when the address is known and nothing has gone to it.
 * A kept connection is used again for its own host alone, whose right to be elsewhere does not change. */
#include "web/client.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "web/address.h"

enum { BODY_MAX = 64 * 1024, IDLE_MAX_S = 50, EVENTS_MAX = 64 };

/* Something to do in the loop: now (due_us == 0) or when it is due. */
struct task {
    void (*run)(void *context);
    void *context;
    uint64_t due_us, number; /* number: in order of arrival, for tasks due at the same time */
    struct task *next;
};

struct call {
    struct web_client *client;
    struct call *next, **link; /* among those that wait, or those under way */
    CURL *easy;
    struct curl_slist *headers;
    char *method, *url, *body;
    size_t body_size;
    unsigned timeout_ms;
    uint64_t start_by_us; /* 0: whenever there is a seat */
    bool is_sent;         /* or partly */
    bool may_go_anywhere; /* its host's address need not be public */
    bool was_kept_in;     /* an address was refused because it is not */
    bool is_secret;
    struct text answer;
    char reason[CURL_ERROR_SIZE];
    void (*done)(void *context, const struct web_response *response);
    void *context;
};

struct web_client {
    pthread_t thread;
    pthread_mutex_t lock;
    struct task *posted, **posted_end; /* under the lock, as is: */
    bool is_stopping;
    int wake_fd, epoll_fd;
    /* from here on only the loop's thread */
    CURLM *multi;
    uint64_t curl_due_us; /* when libcurl wants to be asked; 0: it does not */
    struct task **timers; /* a heap */
    size_t timers_count, timers_room;
    uint64_t timers_number;
    struct call *waiting, **waiting_end;
    uint64_t waiting_due_us; /* no call that waits has to start before; 0: none has to */
    struct call *under_way;
    unsigned seats;
    CURL **idle; /* easy handles for use again */
    size_t idle_count;
    bool is_cutting;     /* stopping: starts nothing any more */
    const char *but_for; /* connects to public addresses only, but for these hosts; NULL: to any */
};

static _Thread_local struct web_client *loop_here; /* the client whose loop runs in this thread */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t fetch_key; /* web_fetch's easy handle of each thread */

static void fetch_end(void *easy)
{
    curl_easy_cleanup(easy);
}

/* --- libcurl's memory --- */

static void wipe_and_free(void *memory)
{
    if (memory != NULL)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

/* Not by realloc, which may move the bytes and leave the old ones behind. */
static void *wipe_and_move(void *memory, size_t size)
{
    size_t before = memory != NULL ? malloc_usable_size(memory) : 0;
    void *moved = malloc(size);
    if (moved == NULL)
        return NULL;
    if (memory != NULL)
        memcpy(moved, memory, before < size ? before : size);
    wipe_and_free(memory);
    return moved;
}

static void start_once(void)
{
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_and_free, wipe_and_move, strdup, calloc);
    pthread_key_create(&fetch_key, fetch_end);
}

/* --- one transfer: what a call and web_fetch have in common --- */

static size_t on_body(const char *data, size_t one, size_t count, void *context)
{
    struct text *body = context;
    size_t room = BODY_MAX - body->size;
    text_add(body, (struct view){data, one * count < room ? one * count : room});
    return one * count;
}

/* libcurl is about to send the request: leave for the first time only. */
// NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's
static int on_send(void *context, char *their_ip, char *our_ip, int their_port, int our_port)
{
    bool *is_sent = context;
    (void)their_ip, (void)our_ip, (void)their_port, (void)our_port;
    if (*is_sent)
        return CURL_PREREQFUNC_ABORT;
    *is_sent = true;
    return CURL_PREREQFUNC_OK;
}

static CURL *easy_new(void)
{
    CURL *easy = curl_easy_init();
    assert(easy != NULL);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* not the one of the environment */
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_MAX_S);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* at a timeout the loop does not wait for a name server that hangs */
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_send);
    return easy;
}

/* Without "Expect:" libcurl would ask leave before it sends a large body, and wait a second for those who do not know the word. */
static struct curl_slist *headers_copy(const char *const *headers)
{
    struct curl_slist *copy = curl_slist_append(NULL, "Expect:");
    for (; headers != NULL && *headers != NULL; headers++)
        copy = curl_slist_append(copy, *headers);
    assert(copy != NULL);
    return copy;
}

/* What differs from call to call; the pointers must live until the transfer ends. */
static void easy_aim(CURL *easy, const char *method, const char *url, struct view body, unsigned timeout_ms)
{
    bool is_usual = strcmp(method, "GET") == 0 || strcmp(method, "POST") == 0;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
    if (strcmp(method, "POST") == 0 || body.size > 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.size > 0 ? body.at : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.size);
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, is_usual ? NULL : method);
}

static struct web_response easy_outcome(CURL *easy, CURLcode code, bool is_sent, const char *reason, const struct text *body)
{
    long status = 0;
    if (code == CURLE_OK) {
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        return (struct web_response){.outcome = IS_DONE, .status = (unsigned)status, .body = text_view(body)};
    }
    if (code == CURLE_ABORTED_BY_CALLBACK) /* on_send gave no leave */
        reason = "the connection ended without an answer";
    return (struct web_response){.outcome = is_sent ? IS_UNSURE : IS_FAILED,
                                 .reason = reason[0] != '\0' ? reason : curl_easy_strerror(code)};
}

/* --- calls in the loop --- */

static struct call *call_new(struct web_client *client, const struct web_call *wanted)
{
    struct call *call = calloc(1, sizeof *call);
    assert(call != NULL);
    call->client = client;
    call->method = strdup(wanted->method);
    call->url = strdup(wanted->url);
    call->body = malloc(wanted->body.size + 1);
    assert(call->method != NULL && call->url != NULL && call->body != NULL);
    if (wanted->body.size > 0)
        memcpy(call->body, wanted->body.at, wanted->body.size);
    call->body_size = wanted->body.size;
    call->headers = headers_copy(wanted->headers);
    call->is_secret = wanted->is_secret;
    call->timeout_ms = wanted->timeout_ms;
    call->start_by_us = wanted->start_within_ms > 0 ? clock_us() + wanted->start_within_ms * UINT64_C(1000) : 0;
    call->done = wanted->done;
    call->context = wanted->context;
    return call;
}

/* Tells the caller how it ended, and forgets the call. */
static void call_end(struct call *call, const struct web_response *response)
{
    call->done(call->context, response);
    curl_slist_free_all(call->headers);
    text_free(&call->answer);
    free(call->method);
    wipe_and_free(call->url);
    wipe_and_free(call->body);
    free(call);
}

static CURL *easy_take(struct web_client *client)
{
    return client->idle_count > 0 ? client->idle[--client->idle_count] : easy_new();
}

static bool hosts_have(struct view hosts, const char *host)
{
    while (hosts.size > 0)
        if (view_equal_nocase(view_trim(view_cut(&hosts, ',')), view_of(host)))
            return true;
    return false;
}

static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct call *call = context;
    (void)purpose;
    if (call->may_go_anywhere || address_is_public(&address->addr))
        return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    call->was_kept_in = true;
    return CURL_SOCKET_BAD;
}

static void call_keep_public(struct call *call)
{
    char host[HOST_SIZE];
    web_url_host(call->url, host);
    call->may_go_anywhere = hosts_have(view_of(call->client->but_for), host);
    curl_easy_setopt(call->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(call->easy, CURLOPT_OPENSOCKETDATA, call);
}

/* The call has a seat. */
static void call_start(struct web_client *client, struct call *call)
{
    call->easy = easy_take(client);
    easy_aim(call->easy, call->method, call->url, (struct view){call->body, call->body_size}, call->timeout_ms);
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
    curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, &call->answer);
    curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, call->reason);
    curl_easy_setopt(call->easy, CURLOPT_PREREQDATA, &call->is_sent);
    curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
    if (client->but_for != NULL)
        call_keep_public(call);
    client->seats--;
    call->next = client->under_way;
    call->link = &client->under_way;
    if (call->next != NULL)
        call->next->link = &call->next;
    client->under_way = call;
    curl_multi_add_handle(client->multi, call->easy);
}

/* Takes the call out of libcurl and leaves its seat. */
static void call_leave(struct web_client *client, struct call *call)
{
    curl_multi_remove_handle(client->multi, call->easy);
    curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, NULL);
    if (call->is_secret)
        curl_easy_cleanup(call->easy);
    else
        client->idle[client->idle_count++] = call->easy;
    client->seats++;
    *call->link = call->next;
    if (call->next != NULL)
        call->next->link = call->link;
}

/* The earlier of two moments; 0 is none. */
static uint64_t earlier(uint64_t a_us, uint64_t b_us)
{
    return a_us == 0 || (b_us != 0 && b_us < a_us) ? b_us : a_us;
}

static bool call_is_late(const struct call *call, uint64_t now_us)
{
    return call->start_by_us != 0 && call->start_by_us <= now_us;
}

static void call_end_late(struct call *call)
{
    call_end(call, &(struct web_response){.outcome = IS_FAILED, .reason = "no seat in time"});
}

static void seats_fill(struct web_client *client)
{
    while (client->seats > 0 && client->waiting != NULL) {
        struct call *call = client->waiting;
        client->waiting = call->next;
        if (client->waiting == NULL)
            client->waiting_end = &client->waiting;
        if (call_is_late(call, clock_us()))
            call_end_late(call);
        else
            call_start(client, call);
    }
}

/* Ends the calls that have waited too long, and finds out when there may be others. */
static void waiting_run(struct web_client *client)
{
    uint64_t now_us = clock_us();
    if (client->waiting_due_us == 0 || client->waiting_due_us > now_us)
        return;
    struct call **at = &client->waiting;
    client->waiting_due_us = 0;
    while (*at != NULL) {
        struct call *call = *at;
        if (call_is_late(call, now_us)) {
            *at = call->next;
            call_end_late(call);
        } else {
            client->waiting_due_us = earlier(client->waiting_due_us, call->start_by_us);
            at = &call->next;
        }
    }
    client->waiting_end = at;
}

/* A posted task: the call has come to the loop. */
static void call_arrive(void *context)
{
    struct call *call = context;
    struct web_client *client = call->client;
    if (client->is_cutting) {
        call_end(call, &(struct web_response){.outcome = IS_FAILED, .reason = "stopping"});
        return;
    }
    call->next = NULL;
    *client->waiting_end = call;
    client->waiting_end = &call->next;
    client->waiting_due_us = earlier(client->waiting_due_us, call->start_by_us);
    seats_fill(client);
}

static void reap(struct web_client *client)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        struct call *call = NULL;
        CURLcode code = message->data.result; /* the message is gone once its handle is taken out */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        struct web_response response = easy_outcome(call->easy, code, call->is_sent, call->reason, &call->answer);
        if (response.outcome == IS_FAILED && call->was_kept_in)
            response.reason = "address not public";
        call_leave(client, call);
        call_end(call, &response);
    }
    seats_fill(client);
}

/* --- timers --- */

static bool task_is_before(const struct task *a, const struct task *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->number < b->number;
}

static void timers_add(struct web_client *client, struct task *task)
{
    if (client->timers_count == client->timers_room) {
        client->timers_room = client->timers_room > 0 ? client->timers_room * 2 : 64;
        client->timers = reallocarray(client->timers, client->timers_room, sizeof(struct task *));
        assert(client->timers != NULL);
    }
    task->number = client->timers_number++;
    size_t i = client->timers_count++;
    for (; i > 0 && task_is_before(task, client->timers[(i - 1) / 2]); i = (i - 1) / 2)
        client->timers[i] = client->timers[(i - 1) / 2];
    client->timers[i] = task;
}

/* Takes the first one off; there must be one. */
static struct task *timers_take(struct web_client *client)
{
    struct task *first = client->timers[0], *last = client->timers[--client->timers_count];
    size_t i = 0, child;
    while ((child = 2 * i + 1) < client->timers_count) {
        if (child + 1 < client->timers_count && task_is_before(client->timers[child + 1], client->timers[child]))
            child++;
        if (!task_is_before(client->timers[child], last))
            break;
        client->timers[i] = client->timers[child];
        i = child;
    }
    client->timers[i] = last;
    return first;
}

static void task_run(struct task *task)
{
    task->run(task->context);
    free(task);
}

static void timers_run(struct web_client *client)
{
    uint64_t now = clock_us();
    while (client->timers_count > 0 && client->timers[0]->due_us <= now)
        task_run(timers_take(client));
}

/* --- what is posted --- */

static void post(struct web_client *client, struct task wanted)
{
    struct task *task = malloc(sizeof *task);
    assert(task != NULL);
    *task = wanted;
    task->next = NULL;
    pthread_mutex_lock(&client->lock);
    bool is_first = client->posted == NULL;
    *client->posted_end = task;
    client->posted_end = &task->next;
    pthread_mutex_unlock(&client->lock);
    if (is_first && loop_here != client)
        eventfd_write(client->wake_fd, 1);
}

/* Runs what was posted, or lets it wait in the heap. False: nothing was there. `is_stopping` is read with the queue. */
static bool posted_run(struct web_client *client, bool *is_stopping)
{
    pthread_mutex_lock(&client->lock);
    struct task *task = client->posted, *next;
    client->posted = NULL;
    client->posted_end = &client->posted;
    *is_stopping = client->is_stopping;
    pthread_mutex_unlock(&client->lock);
    bool was_there = task != NULL;
    for (; task != NULL; task = next) {
        next = task->next;
        if (task->due_us == 0)
            task_run(task);
        else
            timers_add(client, task);
    }
    return was_there;
}

void web_client_post(struct web_client *client, void (*run)(void *context), void *context)
{
    post(client, (struct task){.run = run, .context = context});
}

void web_client_after(struct web_client *client, uint64_t delay_ms, void (*run)(void *context), void *context)
{
    post(client, (struct task){.run = run, .context = context, .due_us = clock_us() + delay_ms * 1000});
}

void web_client_send(struct web_client *client, const struct web_call *call)
{
    web_client_post(client, call_arrive, call_new(client, call));
}

/* --- the loop --- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *is_known)
{
    struct web_client *client = context;
    struct epoll_event event = {.data.fd = fd};
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(client->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? (unsigned)EPOLLIN : 0) | (what & CURL_POLL_OUT ? (unsigned)EPOLLOUT : 0);
    if (epoll_ctl(client->epoll_fd, is_known != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) == 0 && is_known == NULL)
        curl_multi_assign(client->multi, fd, client);
    return 0;
}

static int on_timeout(CURLM *multi, long timeout_ms, void *context)
{
    struct web_client *client = context;
    (void)multi;
    client->curl_due_us = timeout_ms < 0 ? 0 : clock_us() + (uint64_t)timeout_ms * 1000 + (timeout_ms == 0);
    return 0;
}

/* Tasks that were posted by tasks: they do not wake the loop. */
static bool posted_waits(struct web_client *client)
{
    pthread_mutex_lock(&client->lock);
    bool waits = client->posted != NULL;
    pthread_mutex_unlock(&client->lock);
    return waits;
}

/* Milliseconds until something is due, rounded up; -1: nothing is. */
static int sleep_ms(struct web_client *client)
{
    uint64_t due = earlier(client->curl_due_us, client->waiting_due_us), now = clock_us();
    if (posted_waits(client))
        return 0;
    due = earlier(due, client->timers_count > 0 ? client->timers[0]->due_us : 0);
    if (due == 0)
        return -1;
    return due <= now ? 0 : due - now > 60000000 ? 60000 : (int)((due - now + 999) / 1000);
}

static void sockets_run(struct web_client *client)
{
    struct epoll_event events[EVENTS_MAX];
    eventfd_t wakes;
    int running, count = epoll_wait(client->epoll_fd, events, EVENTS_MAX, sleep_ms(client));
    for (int i = 0; i < count; i++) {
        unsigned seen = events[i].events;
        if (events[i].data.fd == client->wake_fd)
            eventfd_read(client->wake_fd, &wakes);
        else
            curl_multi_socket_action(client->multi, events[i].data.fd,
                                     (seen & EPOLLIN ? CURL_CSELECT_IN : 0) | (seen & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                                         (seen & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0),
                                     &running);
    }
    if (client->curl_due_us != 0 && client->curl_due_us <= clock_us()) {
        client->curl_due_us = 0;
        curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

/* The end: calls are cut, and whatever their callbacks still post is run, until nothing is left. */
static void cut_all(struct web_client *client)
{
    bool is_stopping;
    client->is_cutting = true;
    do {
        while (client->waiting != NULL) {
            struct call *call = client->waiting;
            client->waiting = call->next;
            call_end(call, &(struct web_response){.outcome = IS_FAILED, .reason = "stopping"});
        }
        while (client->under_way != NULL) {
            struct call *call = client->under_way;
            call_leave(client, call);
            assert(client->under_way != call);
            call_end(call, &(struct web_response){.outcome = IS_UNSURE, .reason = "stopping"});
        }
    } while (posted_run(client, &is_stopping));
    while (client->timers_count > 0)
        free(timers_take(client));
}

static void *loop(void *context)
{
    struct web_client *client = context;
    bool is_stopping = false;
    loop_here = client;
    for (;;) {
        posted_run(client, &is_stopping);
        if (is_stopping)
            break;
        sockets_run(client);
        reap(client);
        waiting_run(client);
        timers_run(client);
    }
    cut_all(client);
    loop_here = NULL;
    return NULL;
}

static enum outcome loop_open(struct web_client *client, struct err *err)
{
    struct epoll_event event = {.events = EPOLLIN};
    client->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    client->multi = curl_multi_init();
    event.data.fd = client->wake_fd;
    if (client->wake_fd < 0 || client->epoll_fd < 0 || client->multi == NULL ||
        epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, client->wake_fd, &event) != 0)
        return err_failed(err, "start of the HTTP client: %m");
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)client->seats);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)client->seats);
    return IS_DONE;
}

static void loop_close(struct web_client *client)
{
    for (size_t i = 0; i < client->idle_count; i++)
        curl_easy_cleanup(client->idle[i]);
    if (client->multi != NULL)
        curl_multi_cleanup(client->multi); /* closes the connections, and says so to on_socket */
    if (client->epoll_fd >= 0)
        close(client->epoll_fd);
    if (client->wake_fd >= 0)
        close(client->wake_fd);
    pthread_mutex_destroy(&client->lock);
    free(client->timers);
    free(client->idle);
    free(client);
}

/* Signals are for the program's own threads. */
static int thread_start(struct web_client *client)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int fault = pthread_create(&client->thread, NULL, loop, client);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return fault;
}

enum outcome web_client_start(unsigned connections_max, struct web_client **client, struct err *err)
{
    struct web_client *made = calloc(1, sizeof *made);
    assert(made != NULL && connections_max > 0);
    pthread_once(&once, start_once);
    pthread_mutex_init(&made->lock, NULL);
    made->posted_end = &made->posted;
    made->waiting_end = &made->waiting;
    made->seats = connections_max;
    made->idle = calloc(connections_max, sizeof(CURL *));
    assert(made->idle != NULL);
    enum outcome outcome = loop_open(made, err);
    if (outcome == IS_DONE && (errno = thread_start(made)) != 0)
        outcome = err_failed(err, "start of the HTTP client: %m");
    if (outcome == IS_DONE)
        *client = made;
    else
        loop_close(made);
    return outcome;
}

void web_client_keep_public(struct web_client *client, const char *but_for)
{
    client->but_for = but_for;
}

void web_client_stop(struct web_client **client)
{
    struct web_client *gone = *client;
    if (gone == NULL)
        return;
    assert(loop_here != gone);
    pthread_mutex_lock(&gone->lock);
    gone->is_stopping = true;
    pthread_mutex_unlock(&gone->lock);
    eventfd_write(gone->wake_fd, 1);
    pthread_join(gone->thread, NULL);
    loop_close(gone);
    *client = NULL;
}

void web_url_host(const char *url, char host[HOST_SIZE])
{
    CURLU *parts = curl_url();
    char *found = NULL;
    assert(parts != NULL);
    if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK)
        curl_url_get(parts, CURLUPART_HOST, &found, 0);
    struct view inside = view_of(found);
    if (inside.size > 1 && inside.at[0] == '[')
        inside = (struct view){inside.at + 1, inside.size - 2};
    snprintf(host, HOST_SIZE, "%.*s", VIEW_ARG(inside));
    curl_free(found);
    curl_url_cleanup(parts);
}

/* --- one call without a loop --- */

struct web_response web_fetch(struct arena *arena, const struct web_call *call)
{
    char reason[CURL_ERROR_SIZE] = "";
    struct text body = {0};
    bool is_sent = false;
    pthread_once(&once, start_once);
    CURL *easy = pthread_getspecific(fetch_key);
    if (easy == NULL) {
        easy = easy_new();
        pthread_setspecific(fetch_key, easy);
    }
    struct curl_slist *headers = headers_copy(call->headers);
    easy_aim(easy, call->method, call->url, call->body, call->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, &is_sent);
    CURLcode code = curl_easy_perform(easy);
    struct web_response response = easy_outcome(easy, code, is_sent, reason, &body);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
    response.body = arena_copy(arena, response.body);
    response.reason = response.reason != NULL ? arena_string(arena, view_of(response.reason)) : NULL;
    curl_slist_free_all(headers);
    text_free(&body);
    return response;
}

/* Plays Kannel's part while the hall is killed and started again: hands over messages, each again with the same id until it is answered
 * 200, stands in for sendsms, and keeps count of both ends. Every message is "TEST<n>" and every reply "<n>", so that lost, doubled and
 * overtaking replies are told apart. Usage:
 *   kill_load HALL_URL[,HALL_URL] TOKEN_FILE SENDSMS_HOST:PORT FIRST_MSISDN SUBSCRIBERS MESSAGES_EACH
 * With two halls each message goes to both at the same moment, with the same id. A hall in inline mode answers with the reply itself.
 * Prints one line of counts when every message has been answered and has its reply (or 150 s after the last sign of life), and exits 1
 * when a reply is missing or came out of order. Doubled replies are counted, not judged: a crash between Kannel's yes and our note of it
 * makes one (DESIGN 1). */
#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "web/client.h"
#include "web/server.h"

enum { HALLS_MAX = 2, ASK_AGAIN_MS = 300, TIMEOUT_MS = 5000, PATIENCE_S = 150, CONNECTIONS = 16, MESSAGES_MAX = 10000 };

struct load;

/* One message's way to one hall. */
struct way {
    struct subscriber *subscriber;
    struct view hall;
};

struct subscriber {
    struct load *load;
    uint64_t msisdn;
    struct way way[HALLS_MAX];
    unsigned under_way;  /* halls that have not yet answered 200 */
    unsigned next;       /* the message under way, from 1 */
    unsigned last;       /* the latest reply */
    unsigned char *seen; /* replies by n */
};

struct load {
    struct view hall[HALLS_MAX];
    unsigned halls;
    struct secret *token;
    struct web_client *client;
    unsigned subscribers, each;
    uint64_t first;
    struct subscriber *subscriber;
    atomic_ulong acknowledged, asked_again, replied, doubled, disordered;
    _Atomic uint64_t sign_of_life_us;
    pthread_mutex_t mutex; /* guards seen and last */
};

/* --- the phones' side: replies --- */

static void note_reply(struct load *load, struct subscriber *subscriber, unsigned n)
{
    pthread_mutex_lock(&load->mutex);
    bool is_new = !subscriber->seen[n];
    if (is_new && n < subscriber->last)
        atomic_fetch_add(&load->disordered, 1);
    if (n > subscriber->last)
        subscriber->last = n;
    subscriber->seen[n] = 1;
    pthread_mutex_unlock(&load->mutex);
    atomic_fetch_add(is_new ? &load->replied : &load->doubled, 1);
    atomic_store(&load->sign_of_life_us, clock_us());
}

/* False: no reply of this subscriber's. */
static bool take_reply(struct load *load, struct subscriber *subscriber, struct view text)
{
    uint64_t n = 0;
    if (!view_number(text, load->each, &n) || n == 0)
        return false;
    note_reply(load, subscriber, (unsigned)n);
    return true;
}

static void sendsms(void *context, struct web_request *request)
{
    struct load *load = context;
    uint64_t to = 0;
    bool is_ours = view_number(web_query(request, "to"), UINT64_MAX, &to) && to >= load->first && to < load->first + load->subscribers;
    if (!is_ours || !take_reply(load, &load->subscriber[to - load->first], web_query(request, "text")))
        fprintf(stderr, "kill_load: a reply nobody asked for: %.*s\n", VIEW_ARG(web_query(request, "text")));
    web_answer_text(request, 202, VIEW("0: Accepted for delivery"));
}

/* --- Kannel's side: messages --- */

static void hand_over(void *context);

static void hand_over_to_all(struct subscriber *subscriber)
{
    subscriber->under_way = subscriber->load->halls;
    for (unsigned i = 0; i < subscriber->load->halls; i++)
        hand_over(&subscriber->way[i]);
}

static void answered(void *context, const struct web_response *response)
{
    struct way *way = context;
    struct subscriber *subscriber = way->subscriber;
    struct load *load = subscriber->load;
    if (response->outcome != IS_DONE || response->status != 200) {
        atomic_fetch_add(&load->asked_again, 1);
        web_client_after(load->client, ASK_AGAIN_MS, hand_over, way);
        return;
    }
    if (response->body.size > 0 && !take_reply(load, subscriber, response->body))
        fprintf(stderr, "kill_load: a reply nobody asked for: %.*s\n", VIEW_ARG(response->body));
    if (--subscriber->under_way > 0)
        return;
    atomic_fetch_add(&load->acknowledged, 1);
    atomic_store(&load->sign_of_life_us, clock_us());
    if (subscriber->next++ < load->each)
        hand_over_to_all(subscriber);
}

static void hand_over(void *context)
{
    struct way *way = context;
    struct subscriber *subscriber = way->subscriber;
    struct load *load = subscriber->load;
    struct text url = {0};
    char body[32];
    text_addf(&url, "%.*s/kannel/mo?id=kill-%" PRIu64 "-%u&from=%" PRIu64 "&to=10086&coding=0&charset=UTF-8&time=%" PRId64 "&token=",
              VIEW_ARG(way->hall), subscriber->msisdn, subscriber->next, subscriber->msisdn, clock_unix_s());
    text_add_url(&url, secret_view(load->token));
    int size = snprintf(body, sizeof(body), "TEST%u", subscriber->next);
    static const char *const headers[] = {"Content-Type: text/plain; charset=\"UTF-8\"", NULL};
    const struct web_call call = {.method = "POST",
                                  .url = url.at,
                                  .body = {body, (size_t)size},
                                  .headers = headers,
                                  .timeout_ms = TIMEOUT_MS,
                                  .done = answered,
                                  .context = way};
    web_client_send(load->client, &call);
    text_free(&url);
}

static void start(void *context)
{
    hand_over_to_all(context);
}

static void start_all(struct load *load)
{
    load->subscriber = calloc(load->subscribers, sizeof(*load->subscriber));
    assert(load->subscriber);
    for (unsigned i = 0; i < load->subscribers; i++) {
        struct subscriber *subscriber = &load->subscriber[i];
        *subscriber = (struct subscriber){.load = load, .msisdn = load->first + i, .next = 1, .seen = calloc(load->each + 1, 1)};
        assert(subscriber->seen);
        for (unsigned k = 0; k < load->halls; k++)
            subscriber->way[k] = (struct way){subscriber, load->hall[k]};
        web_client_post(load->client, start, subscriber);
    }
}

static bool is_over(struct load *load)
{
    unsigned long all = (unsigned long)load->subscribers * load->each;
    return (atomic_load(&load->acknowledged) == all && atomic_load(&load->replied) == all) ||
           clock_us() - atomic_load(&load->sign_of_life_us) > PATIENCE_S * UINT64_C(1000000);
}

static void free_all(struct load *load)
{
    for (unsigned i = 0; i < load->subscribers; i++)
        free(load->subscriber[i].seen);
    free(load->subscriber);
    secret_free(&load->token);
}

int main(int argc, char **argv)
{
    struct load load = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    struct web_server *server;
    struct err err;
    if (argc != 7)
        return 2;
    struct view halls = view_of(argv[1]);
    while (halls.size && load.halls < HALLS_MAX)
        load.hall[load.halls++] = view_cut(&halls, ',');
    load.first = strtoull(argv[4], NULL, 10);
    load.subscribers = (unsigned)atoi(argv[5]);
    load.each = (unsigned)atoi(argv[6]);
    assert(load.subscribers > 0 && load.each > 0 && load.each <= MESSAGES_MAX);
    load.sign_of_life_us = clock_us();
    const struct web_server_setup setup = {.listen = argv[3],
                                           .body_size_max = 1024,
                                           .connections_max = 500,
                                           .idle_timeout_s = 60,
                                           .threads = 1,
                                           .handle = sendsms,
                                           .context = &load};
    if (secret_read_file(argv[2], &load.token, &err) != IS_DONE || web_client_start(CONNECTIONS, &load.client, &err) != IS_DONE) {
        fprintf(stderr, "kill_load: %s\n", err.text);
        return 2;
    }
    start_all(&load); /* before the server: it reads load.subscriber */
    if (web_server_start(&setup, &server, &err) != IS_DONE) {
        fprintf(stderr, "kill_load: %s\n", err.text);
        return 2;
    }
    while (!is_over(&load))
        usleep(100000);
    web_client_stop(&load.client);
    web_server_stop(&server);
    unsigned long all = (unsigned long)load.subscribers * load.each, missing = all - load.replied;
    printf("messages %lu acknowledged %lu asked_again %lu replied %lu missing %lu doubled %lu disordered %lu\n", all, load.acknowledged,
           load.asked_again, load.replied, missing, load.doubled, load.disordered);
    free_all(&load);
    return missing || load.disordered ? 1 : 0;
}

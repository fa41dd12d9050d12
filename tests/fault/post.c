/* Hands many messages over as Kannel does, many at a time, to several halls in turn. Usage:
 *   post HALL_URLS TOKEN_FILE AT_A_TIME TRIES <MESSAGES
 * A message a line: FROM TAB TEXT. HALL_URLS: comma between. What is not answered 200 is handed over again with the same id, up to TRIES
 * times in all. Prints for each, in the order in which they ended: number of the line, status, microseconds of the last try, body. And at
 * the end, as the callers saw it, on standard error: "tries N busy N cut N other N", of which were answered 503, not at all, otherwise. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "web/client.h"

enum { HALLS_MAX = 8, TIMEOUT_MS = 60000, PAUSE_MS = 50 };

struct post {
    const char *hall;
    struct text url, text;
    size_t number;
    unsigned tries;
    uint64_t start_us;
};

static struct web_client *client;
static const char *hall[HALLS_MAX];
static size_t halls;
static unsigned tries_max;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static size_t under_way;
static struct {
    unsigned long tries, busy, cut, other;
} seen; /* in the client's thread */

static void answered(void *context, const struct web_response *response);

static void send_it(void *context)
{
    static const char *const headers[] = {"Content-Type: text/plain; charset=\"UTF-8\"", NULL};
    struct post *post = context;
    const struct web_call call = {.method = "POST",
                                  .url = post->url.at,
                                  .body = text_view(&post->text),
                                  .headers = headers,
                                  .timeout_ms = TIMEOUT_MS,
                                  .done = answered,
                                  .context = post};
    post->tries++;
    post->start_us = clock_us();
    web_client_send(client, &call);
}

static void answered(void *context, const struct web_response *response)
{
    struct post *post = context;
    unsigned status = response->outcome == IS_DONE ? response->status : 0;
    uint64_t us = clock_us() - post->start_us;
    seen.tries++;
    *(status == 503 ? &seen.busy : status == 0 ? &seen.cut : &seen.other) += status != 200;
    if (status != 200 && post->tries < tries_max) {
        web_client_after(client, PAUSE_MS, send_it, post);
        return;
    }
    printf("%zu %u %" PRIu64 " %.*s\n", post->number, status, us, VIEW_ARG(response->body));
    text_free(&post->url);
    text_free(&post->text);
    free(post);
    pthread_mutex_lock(&mutex);
    under_way--;
    pthread_cond_signal(&wake);
    pthread_mutex_unlock(&mutex);
}

static void wait_until_fewer(size_t than)
{
    pthread_mutex_lock(&mutex);
    while (under_way >= than)
        pthread_cond_wait(&wake, &mutex);
    pthread_mutex_unlock(&mutex);
}

static void post_line(struct view line, size_t number, struct view token)
{
    struct post *post = calloc(1, sizeof *post);
    struct view from = view_cut(&line, '\t');
    if (!post)
        abort();
    post->number = number;
    text_addf(&post->url, "%s/kannel/mo?id=post-%d-%zu&to=10086&coding=0&charset=UTF-8&time=%ld&token=", hall[number % halls],
              (int)getpid(), number, (long)clock_unix_s());
    text_add_url(&post->url, token);
    text_add(&post->url, VIEW("&from="));
    text_add_url(&post->url, from);
    text_add(&post->text, line);
    pthread_mutex_lock(&mutex);
    under_way++;
    pthread_mutex_unlock(&mutex);
    send_it(post);
}

int main(int argc, char **argv)
{
    struct secret *token;
    struct err err;
    char line[4096];
    if (argc != 5)
        return 2;
    for (char *rest = argv[1], *one; halls < HALLS_MAX && (one = strsep(&rest, ","));)
        hall[halls++] = one;
    unsigned at_a_time = (unsigned)atoi(argv[3]);
    tries_max = (unsigned)atoi(argv[4]);
    if (secret_read_file(argv[2], &token, &err) != IS_DONE || web_client_start(at_a_time, &client, &err) != IS_DONE) {
        fprintf(stderr, "post: %s\n", err.text);
        return 1;
    }
    for (size_t number = 0; fgets(line, sizeof line, stdin); number++) {
        line[strcspn(line, "\n")] = '\0';
        wait_until_fewer(at_a_time);
        post_line(view_of(line), number, secret_view(token));
    }
    wait_until_fewer(1);
    web_client_stop(&client);
    fprintf(stderr, "tries %lu busy %lu cut %lu other %lu\n", seen.tries, seen.busy, seen.cut, seen.other);
    secret_free(&token);
    return 0;
}

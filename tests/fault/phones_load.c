/* Many phones that text all the time, through the network's stand-in (smshall smsc) and the real Kannel, until SIGTERM. Usage:
 *   phones_load SMSC_URL FIRST_MSISDN PHONES PAUSE_MS >SENT
 * Each phone sends TEST1, TEST2 … to 10086, one at a time with a pause between, and never one twice. Prints a line for each text: `MSISDN N
 * taken` when Kannel said that it has it, `MSISDN N unsure` when it said no or nothing: it may have it all the same. */
#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "web/client.h"

enum { TIMEOUT_MS = 10000, TEXTS_MAX = 999 /* the command takes no more digits */, CONNECTIONS = 100 };

struct phone {
    uint64_t msisdn;
    unsigned n; /* the text under way */
};

static struct web_client *client;
static const char *smsc;
static unsigned pause_ms;
static atomic_bool is_over;
static atomic_uint under_way;

static void answered(void *context, const struct web_response *response);

static void text_next(void *context)
{
    struct phone *phone = context;
    struct text url = {0};
    char body[16];
    if (atomic_load(&is_over) || phone->n == TEXTS_MAX)
        return;
    atomic_fetch_add(&under_way, 1);
    text_addf(&url, "%s/phone/send?from=%" PRIu64 "&to=10086", smsc, phone->msisdn);
    int size = snprintf(body, sizeof body, "TEST%u", ++phone->n);
    const struct web_call call = {
        .method = "POST", .url = url.at, .body = {body, (size_t)size}, .timeout_ms = TIMEOUT_MS, .done = answered, .context = phone};
    web_client_send(client, &call);
    text_free(&url);
}

static void answered(void *context, const struct web_response *response)
{
    struct phone *phone = context;
    bool is_taken = response->outcome == IS_DONE && response->status == 202;
    printf("%" PRIu64 " %u %s\n", phone->msisdn, phone->n, is_taken ? "taken" : "unsure");
    atomic_fetch_sub(&under_way, 1);
    web_client_after(client, pause_ms, text_next, phone);
}

static void wait_for_the_end(void)
{
    sigset_t end;
    int signal;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigwait(&end, &signal);
    atomic_store(&is_over, true);
    while (atomic_load(&under_way) > 0)
        usleep(10000);
}

int main(int argc, char **argv)
{
    struct err err;
    sigset_t end;
    if (argc != 5)
        return 2;
    smsc = argv[1];
    uint64_t first = strtoull(argv[2], NULL, 10);
    unsigned phones = (unsigned)atoi(argv[3]);
    pause_ms = (unsigned)atoi(argv[4]);
    assert(phones > 0 && pause_ms > 0);
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigprocmask(SIG_BLOCK, &end, NULL); /* before there are threads: they inherit it */
    if (web_client_start(CONNECTIONS, &client, &err) != IS_DONE) {
        fprintf(stderr, "phones_load: %s\n", err.text);
        return 1;
    }
    struct phone *phone = calloc(phones, sizeof *phone);
    assert(phone);
    for (unsigned i = 0; i < phones; i++) {
        phone[i].msisdn = first + i;
        web_client_after(client, 1 + (uint64_t)pause_ms * i / phones, text_next, &phone[i]);
    }
    wait_for_the_end();
    web_client_stop(&client);
    free(phone);
    return 0;
}

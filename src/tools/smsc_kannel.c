/* An MO in parts is a chain: the answer to one part sends the next, so that a text stops where Kannel stops. A report is sent again when
 * Kannel does not know the message yet: it notes it only when it has read our answer to the MT. */
#include "tools/smsc_kannel.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/smsc_parts.h"
#include "web/client.h"

enum { CONNECTIONS = 64, TIMEOUT_MS = 5000, REPORT_TRIES = 20, PAUSE_FIRST_MS = 100, PAUSE_MAX_MS = 2000 };

/* A text on its way; lives in the arena of its request. */
struct mo {
    struct kannel *kannel;
    struct web_request *request;
    struct view from, to;
    struct part *parts;
    size_t count, sent;
    bool is_ucs2;
};

struct report {
    struct kannel *kannel;
    struct report *next, **link; /* among all that are not sent yet */
    unsigned tries;
    char url[];
};

struct kannel {
    const char *url, *user, *password;
    struct web_client *client;
    atomic_uchar reference;
    pthread_mutex_t lock; /* for the list of reports */
    struct report *reports;
    unsigned tick_ms;
    void (*tick)(void *context);
    void *tick_context;
    atomic_ullong mo_messages, mo_parts, mo_refused, mo_failed, reports_sent, reports_lost, reports_waiting;
};

static void add_field(struct text *url, const char *name, struct view value)
{
    text_addf(url, "&%s=", name);
    text_add_url(url, value);
}

/* The url's head with who we are. */
static struct text url_new(const struct kannel *kannel, const char *path)
{
    struct text url = {0};
    text_addf(&url, "%s%s?username=", kannel->url, path);
    text_add_url(&url, view_of(kannel->user));
    add_field(&url, "password", view_of(kannel->password));
    return url;
}

/* Its status is 202 whether it takes a message or not (kannel.md §2): only the words tell. */
static bool is_taken(const struct web_response *response)
{
    return response->outcome == IS_DONE && response->status / 100 == 2 && view_starts_with(response->body, VIEW("Sent."));
}

/* --- MOs --- */

static void on_mo_answer(void *context, const struct web_response *response);

static void mo_send_part(struct mo *mo)
{
    const struct part *part = &mo->parts[mo->sent];
    struct text url = url_new(mo->kannel, "/");
    add_field(&url, "from", mo->from);
    add_field(&url, "to", mo->to);
    text_addf(&url, "&coding=%d", mo->is_ucs2 ? 2 : 0);
    add_field(&url, "charset", mo->is_ucs2 ? VIEW("UTF-16BE") : VIEW("UTF-8"));
    if (part->udh_size > 0)
        add_field(&url, "udh", (struct view){part->udh, part->udh_size});
    add_field(&url, "text", part->bytes);
    web_client_send(mo->kannel->client,
                    &(struct web_call){.method = "GET", .url = url.at, .timeout_ms = TIMEOUT_MS, .done = on_mo_answer, .context = mo});
    text_free(&url);
}

/* Kannel did not take a part. */
static void mo_fail(struct mo *mo, const struct web_response *response)
{
    bool is_refused = response->outcome == IS_DONE;
    struct text words = {0};
    atomic_fetch_add(is_refused ? &mo->kannel->mo_refused : &mo->kannel->mo_failed, 1);
    if (is_refused)
        text_addf(&words, "Kannel refused it: %u %.*s\n", response->status, VIEW_ARG(view_head(view_trim(response->body), 200)));
    else
        text_addf(&words, "Kannel at %s does not answer: %s\n", mo->kannel->url, response->reason);
    web_answer_text(mo->request, is_refused ? 502 : 503, text_view(&words));
    text_free(&words);
}

static void on_mo_answer(void *context, const struct web_response *response)
{
    struct mo *mo = context;
    if (!is_taken(response)) {
        mo_fail(mo, response);
        return;
    }
    atomic_fetch_add(&mo->kannel->mo_parts, 1);
    if (++mo->sent < mo->count) {
        mo_send_part(mo);
        return;
    }
    atomic_fetch_add(&mo->kannel->mo_messages, 1);
    web_answer_text(mo->request, 202, VIEW("Sent.\n"));
}

void kannel_send_mo(struct kannel *kannel, struct web_request *request, struct view from, struct view to, struct view text)
{
    struct mo *mo = ARENA_NEW(web_arena(request), struct mo);
    unsigned char reference = (unsigned char)atomic_fetch_add(&kannel->reference, 1);
    *mo = (struct mo){.kannel = kannel, .request = request, .from = from, .to = to};
    mo->count = parts_cut(web_arena(request), text, reference, &mo->is_ucs2, &mo->parts);
    if (mo->count > 0)
        mo_send_part(mo);
    else
        web_answer_text(request, 400, VIEW("the text makes more than 255 parts\n"));
}

/* --- delivery reports --- */

static void report_end(struct report *report)
{
    struct kannel *kannel = report->kannel;
    pthread_mutex_lock(&kannel->lock);
    *report->link = report->next;
    if (report->next != NULL)
        report->next->link = report->link;
    pthread_mutex_unlock(&kannel->lock);
    atomic_fetch_sub(&kannel->reports_waiting, 1);
    free(report);
}

static void report_send(void *context);

static void on_report_answer(void *context, const struct web_response *response)
{
    struct report *report = context;
    struct kannel *kannel = report->kannel;
    bool is_sent = is_taken(response);
    if (!is_sent && ++report->tries < REPORT_TRIES) {
        uint64_t pause_ms = report->tries > 5 ? PAUSE_MAX_MS : (uint64_t)PAUSE_FIRST_MS << (report->tries - 1);
        web_client_after(kannel->client, pause_ms, report_send, report);
        return;
    }
    atomic_fetch_add(is_sent ? &kannel->reports_sent : &kannel->reports_lost, 1);
    report_end(report);
}

static void report_send(void *context)
{
    struct report *report = context;
    struct web_call call = {.method = "GET", .url = report->url, .timeout_ms = TIMEOUT_MS, .done = on_report_answer, .context = report};
    web_client_send(report->kannel->client, &call);
}

void kannel_send_report(struct kannel *kannel, const struct mt_report *wanted, struct view to, uint64_t delay_ms)
{
    struct text url = url_new(kannel, "/dlr");
    add_field(&url, "dlr-mid", view_of(wanted->id));
    text_addf(&url, "&dlr-mask=%u", wanted->mask);
    add_field(&url, "to", to);
    add_field(&url, "text", wanted->mask == 1 ? VIEW("stat:DELIVRD err:000") : VIEW("stat:UNDELIV err:001"));
    struct report *report = malloc(sizeof *report + url.size + 1); /* with its NUL */
    assert(report != NULL);
    *report = (struct report){.kannel = kannel, .link = &kannel->reports};
    memcpy(report->url, url.at, url.size + 1);
    text_free(&url);
    pthread_mutex_lock(&kannel->lock);
    report->next = kannel->reports;
    if (report->next != NULL)
        report->next->link = &report->next;
    kannel->reports = report;
    pthread_mutex_unlock(&kannel->lock);
    atomic_fetch_add(&kannel->reports_waiting, 1);
    web_client_after(kannel->client, delay_ms, report_send, report);
}

/* --- start and stop --- */

static void on_tick(void *context)
{
    struct kannel *kannel = context;
    kannel->tick(kannel->tick_context);
    web_client_after(kannel->client, kannel->tick_ms, on_tick, kannel);
}

void kannel_every(struct kannel *kannel, unsigned ms, void (*run)(void *context), void *context)
{
    kannel->tick_ms = ms;
    kannel->tick = run;
    kannel->tick_context = context;
    web_client_post(kannel->client, on_tick, kannel);
}

enum outcome kannel_start(const char *url, const char *user, const char *password, struct kannel **kannel, struct err *err)
{
    struct kannel *made = calloc(1, sizeof *made);
    assert(made != NULL);
    made->url = url;
    made->user = user;
    made->password = password;
    pthread_mutex_init(&made->lock, NULL);
    enum outcome outcome = web_client_start(CONNECTIONS, &made->client, err);
    if (outcome == IS_DONE)
        *kannel = made;
    else
        kannel_stop(&made);
    return outcome;
}

void kannel_stop(struct kannel **kannel)
{
    struct kannel *gone = *kannel;
    if (gone == NULL)
        return;
    web_client_stop(&gone->client);
    while (gone->reports != NULL) {
        struct report *report = gone->reports;
        gone->reports = report->next;
        free(report);
    }
    pthread_mutex_destroy(&gone->lock);
    free(gone);
    *kannel = NULL;
}

void kannel_write_stats(struct kannel *kannel, struct text *json)
{
    const struct {
        const char *name;
        atomic_ullong *value;
    } stats[] = {
        {"mo_messages", &kannel->mo_messages},         {"mo_parts", &kannel->mo_parts},
        {"mo_refused", &kannel->mo_refused},           {"mo_failed", &kannel->mo_failed},
        {"reports_sent", &kannel->reports_sent},       {"reports_lost", &kannel->reports_lost},
        {"reports_waiting", &kannel->reports_waiting},
    };
    for (size_t i = 0; i < sizeof stats / sizeof *stats; i++)
        text_addf(json, "%s\"%s\":%llu", i > 0 ? "," : "", stats[i].name, atomic_load(stats[i].value));
}

/* A stand-in for smsbox's /cgi-bin/sendsms (kannel.md §4). It takes every MT at once, and reports it accepted and then delivered when
 * asked: one after the other, so that the reports come in their natural order, unless mischief has it otherwise (rules D8). */
#include "tools/replay.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sms/charset.h"
#include "web/client.h"
#include "web/server.h"

enum { DLR_DELIVERED = 1, DLR_ACCEPTED = 8, DLR_TIMEOUT_MS = 5000, BODY_MAX = 65536 };

struct sendsms {
    struct sendsms_setup setup;
    struct web_server *server;
    struct web_client *client;
    atomic_bool is_stopping; /* what is under way ends, and nothing new begins */
};

/* --- delivery reports --- */

static void write_escape(struct text *out, char letter, const struct dlr *dlr)
{
    switch (letter) {
    case 'd':
        text_addf(out, "%u", dlr->status);
        break;
    case 'T':
        text_addf(out, "%lld", (long long)dlr->time);
        break;
    case 'A':
        text_add_url(out, dlr->reason);
        break;
    case 'p':
        text_add_url(out, dlr->to);
        break;
    case 'P':
        text_add_url(out, dlr->from);
        break;
    case '%':
        text_add_char(out, '%');
        break;
    default:
        text_addf(out, "%%%c", letter);
    }
}

void sendsms_write_dlr_url(struct text *out, struct view url, const struct dlr *dlr)
{
    for (size_t i = 0; i < url.size; i++)
        if (url.at[i] == '%' && i + 1 < url.size)
            write_escape(out, url.at[++i], dlr);
        else
            text_add_char(out, url.at[i]);
}

/* One MT's reports: its arena holds it. */
struct reports {
    struct sendsms *sendsms;
    struct arena *arena;
    struct web_request *request; /* to be answered when the first report has been taken; NULL: it is answered */
    struct view url;
    unsigned status[REPORTS_MAX];
    size_t count, sent;
    struct dlr dlr;
};

size_t sendsms_plan_reports(struct mischief *mischief, uint64_t key, uint64_t mask, unsigned status[REPORTS_MAX])
{
    bool is_backward = (mask & DLR_DELIVERED) && mischief_strikes(mischief, MISCHIEF_BACKWARD_REPORT, key);
    size_t count = 0, times = 1;
    if (mask && mischief_strikes(mischief, MISCHIEF_DROP_REPORT, key))
        return 0;
    if (mask && mischief_strikes(mischief, MISCHIEF_DOUBLE_REPORT, key))
        times = 2;
    for (size_t i = 0; i < times && (mask & DLR_ACCEPTED) && !is_backward; i++)
        status[count++] = DLR_ACCEPTED;
    for (size_t i = 0; i < times && (mask & DLR_DELIVERED); i++)
        status[count++] = DLR_DELIVERED;
    for (size_t i = 0; i < times && is_backward; i++)
        status[count++] = DLR_ACCEPTED;
    return count;
}

static void answer_taken(struct web_request *request)
{
    web_answer_text(request, 202, VIEW("0: Accepted for delivery"));
}

static void report_next(void *context, const struct web_response *response)
{
    struct reports *reports = context;
    struct text url = {0};
    (void)response; /* Kannel would ask again; a report that never came is one of the things a hall must bear (rules D8) */
    if (reports->sent && reports->request) {
        answer_taken(reports->request);
        reports->request = NULL;
    }
    if (reports->sent == reports->count || atomic_load(&reports->sendsms->is_stopping)) {
        struct arena *arena = reports->arena; /* the reports themselves live in it */
        arena_free(&arena);
        return;
    }
    reports->dlr.status = reports->status[reports->sent++];
    reports->dlr.reason = reports->dlr.status == DLR_DELIVERED ? VIEW("DELIVRD") : VIEW("ACK/");
    sendsms_write_dlr_url(&url, reports->url, &reports->dlr);
    web_client_send(
        reports->sendsms->client,
        &(struct web_call){.method = "GET", .url = url.at, .timeout_ms = DLR_TIMEOUT_MS, .done = report_next, .context = reports});
    text_free(&url);
}

/* Tells one MT from another in the same way in each run: by the subscriber and the hall's own id of it, which stands in the URL. */
static uint64_t key_of(struct view to, struct view url)
{
    const char *at = url.size ? memmem(url.at, url.size, "mt=", 3) : NULL;
    struct view mt = at ? view_from(url, (size_t)(at - url.at)) : VIEW_NONE;
    return view_hash(to) * 31 + view_hash(view_cut(&mt, '&'));
}

/* Answers the request, now, or when its first report is there already. */
static void report(struct sendsms *sendsms, struct web_request *request)
{
    uint64_t mask = 0;
    unsigned status[REPORTS_MAX];
    struct view url = web_query(request, "dlr-url"), to = web_query(request, "to");
    uint64_t key = key_of(to, url);
    bool asks = url.size && view_number(web_query(request, "dlr-mask"), 63, &mask);
    size_t count = asks ? sendsms_plan_reports(sendsms->setup.mischief, key, mask, status) : 0;
    if (!count) {
        answer_taken(request);
        return;
    }
    struct arena *arena = arena_new();
    struct reports *reports = ARENA_NEW(arena, struct reports);
    *reports = (struct reports){.sendsms = sendsms, .arena = arena, .count = count, .url = arena_copy(arena, url)};
    memcpy(reports->status, status, count * sizeof(*status));
    reports->dlr = (struct dlr){.to = arena_copy(arena, to), .from = arena_copy(arena, web_query(request, "from")), .time = clock_unix_s()};
    if (mischief_strikes(sendsms->setup.mischief, MISCHIEF_EARLY_REPORT, key))
        reports->request = request;
    else
        answer_taken(request);
    report_next(reports, NULL);
}

/* --- the door --- */

static int coding_of(struct view written)
{
    uint64_t number;
    return view_number(written, 2, &number) ? (int)number : 0;
}

static void handle(void *context, struct web_request *request)
{
    struct sendsms *sendsms = context;
    struct reply reply = {.msisdn = web_query(request, "to"), .port = web_query(request, "from")};
    if (!view_equal(web_path(request), VIEW("/cgi-bin/sendsms"))) {
        web_answer_text(request, 404, VIEW("Unknown request.\n"));
        return;
    }
    if (!reply.msisdn.size || !reply.port.size ||
        charset_decode(web_arena(request), web_query(request, "text"), web_query(request, "charset"),
                       coding_of(web_query(request, "coding")), &reply.text, NULL) != IS_DONE) {
        web_answer_text(request, 400, VIEW("Missing receiver number or sender, or a text that cannot be read, rejected"));
        return;
    }
    sendsms->setup.heard(sendsms->setup.context, &reply);
    report(sendsms, request);
}

enum outcome sendsms_start(const struct sendsms_setup *setup, struct sendsms **sendsms, struct err *err)
{
    struct sendsms *new = calloc(1, sizeof(*new));
    struct web_server_setup server = {
        .listen = setup->listen,
        .body_size_max = BODY_MAX,
        .connections_max = 1000,
        .idle_timeout_s = 60,
        .threads = 1,
        .handle = handle,
        .context = new,
    };
    if (!new)
        abort();
    new->setup = *setup;
    enum outcome outcome = web_client_start(16, &new->client, err);
    if (outcome == IS_DONE)
        outcome = web_server_start(&server, &new->server, err);
    if (outcome == IS_DONE)
        *sendsms = new;
    else
        sendsms_stop(&new);
    return outcome;
}

void sendsms_stop(struct sendsms **sendsms)
{
    if (!*sendsms)
        return;
    if ((*sendsms)->server)
        web_server_stop(&(*sendsms)->server);
    atomic_store(&(*sendsms)->is_stopping, true);
    if ((*sendsms)->client)
        web_client_stop(&(*sendsms)->client);
    free(*sendsms);
    *sendsms = NULL;
}

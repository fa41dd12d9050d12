/* A stand-in for smsbox's /cgi-bin/sendsms (kannel.md §4). It takes every MT at once, and reports it accepted and then delivered when
 * asked: one after the other, so that the reports come in their natural order. */
#include "tools/replay.h"

#include <stdlib.h>

#include "base/clock.h"
#include "sms/charset.h"
#include "web/client.h"
#include "web/server.h"

enum { DLR_DELIVERED = 1, DLR_ACCEPTED = 8, DLR_TIMEOUT_MS = 5000, BODY_MAX = 65536 };

struct sendsms {
    struct sendsms_setup setup;
    struct web_server *server;
    struct web_client *client;
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
    struct view url;
    uint64_t mask; /* what is still to be reported */
    struct dlr dlr;
};

static void report_next(void *context, const struct web_response *response)
{
    static const struct {
        unsigned status;
        struct view reason;
    } steps[] = {{DLR_ACCEPTED, {"ACK/", 4}}, {DLR_DELIVERED, {"DELIVRD", 7}}};
    struct reports *reports = context;
    struct text url = {0};
    size_t step = 0;
    (void)response; /* Kannel would ask again; a report that never came is one of the things a hall must bear (rules D8) */
    while (step < sizeof(steps) / sizeof(*steps) && !(reports->mask & steps[step].status))
        step++;
    if (step == sizeof(steps) / sizeof(*steps)) {
        struct arena *arena = reports->arena; /* the reports themselves live in it */
        arena_free(&arena);
        return;
    }
    reports->mask &= ~(uint64_t)steps[step].status;
    reports->dlr.status = steps[step].status;
    reports->dlr.reason = steps[step].reason;
    sendsms_write_dlr_url(&url, reports->url, &reports->dlr);
    web_client_send(
        reports->sendsms->client,
        &(struct web_call){.method = "GET", .url = url.at, .timeout_ms = DLR_TIMEOUT_MS, .done = report_next, .context = reports});
    text_free(&url);
}

static void report(struct sendsms *sendsms, const struct web_request *request)
{
    uint64_t mask;
    struct view url = web_query(request, "dlr-url");
    if (!url.size || !view_number(web_query(request, "dlr-mask"), 63, &mask))
        return;
    struct arena *arena = arena_new();
    struct reports *reports = ARENA_NEW(arena, struct reports);
    *reports = (struct reports){.sendsms = sendsms, .arena = arena, .mask = mask, .url = arena_copy(arena, url)};
    reports->dlr = (struct dlr){
        .to = arena_copy(arena, web_query(request, "to")), .from = arena_copy(arena, web_query(request, "from")), .time = clock_unix_s()};
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
    web_answer_text(request, 202, VIEW("0: Accepted for delivery"));
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
    if ((*sendsms)->client)
        web_client_stop(&(*sendsms)->client);
    free(*sendsms);
    *sendsms = NULL;
}

#include "gateway/ingress.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/json.h"
#include "base/log.h"
#include "sms/msisdn.h"
#include "web/gzip.h"

/* --- who may call --- */

static bool list_has(struct view list, struct view wanted)
{
    while (list.size) {
        struct view item = view_trim(view_cut(&list, ','));
        if (view_equal(item, wanted) || view_equal(item, VIEW("*")))
            return true;
    }
    return false;
}

/* 0: may come in; else the status to refuse with. Whatever it is, Kannel repeats it until the wiring is mended. */
static unsigned caller_fault(const struct ingress_setup *setup, const struct web_request *request, const char **reason)
{
    struct view token = web_query(request, "token");
    if (!list_has(setup->allow, web_peer(request))) {
        *reason = "address";
        return 403;
    }
    if (setup->token && !token.size) {
        *reason = "no_token";
        return 401;
    }
    if (setup->token && !secret_equal(setup->token, token)) {
        *reason = "wrong_token";
        return 403;
    }
    return 0;
}

static void refuse(struct web_request *request, unsigned status, const char *reason, const char *words)
{
    message_refused(reason, web_query(request, "id"), web_query(request, "from"), words);
    web_answer_text(request, status, view_of(words));
}

/* --- the doors --- */

static void door_mo(struct ingress_setup *setup, struct web_request *request)
{
    struct mo mo;
    struct err err;
    if (kannel_read_mo(request, &mo, &err) == IS_DONE)
        message_take(&setup->message, request, &mo);
    else
        refuse(request, 400, "malformed", err.text);
}

struct report_call {
    struct lane_call call;
    struct web_request *request;
};

static void count_report(struct view result)
{
    struct text labels = {0};
    text_addf(&labels, "result=\"%.*s\"", VIEW_ARG(result));
    counter_add(counter_get("smshall_reports_total", "Delivery reports, by what they changed.", labels.at), 1);
    text_free(&labels);
}

/* A report that the store cannot take now comes again, as a message does (kannel.md §3). One that it never takes is done with. */
static void report_done(struct lane_call *call, const struct lane_answer *answer)
{
    struct web_request *request = ((struct report_call *)call->context)->request;
    bool is_later = answer->outcome == IS_FAILED || answer->outcome == IS_UNSURE;
    struct view result = answer->outcome == IS_DONE ? answer->value : is_later ? VIEW("later") : VIEW("refused");
    count_report(result);
    log_event(LOG_INFO, "dlr", LOG_TEXT("mt", call->parameter[REPORT_MT]), LOG_MSISDN("msisdn", call->parameter[REPORT_MSISDN]),
              LOG_TEXT("status", call->parameter[REPORT_STATUS]), LOG_TEXT("result", result));
    web_answer_text(request, is_later ? 503 : 200, VIEW_NONE);
}

static void report_take(struct lanes *lanes, struct web_request *request, const struct report *report, const struct msisdn *msisdn)
{
    struct report_call *report_call = ARENA_NEW(web_arena(request), struct report_call);
    struct lane_call *call = &report_call->call;
    report_call->request = request;
    *call = (struct lane_call){.function = API_DELIVERY_REPORT, .done = report_done, .context = report_call};
    view_number(view_of(msisdn->digits), UINT64_MAX, &call->key);
    call->parameter[REPORT_MSISDN] = arena_copy(web_arena(request), view_of(msisdn->digits));
    call->parameter[REPORT_MT] = report->mt;
    call->parameter[REPORT_STATUS] = report->status;
    call->parameter[REPORT_REASON] = report->reason;
    call->parameter[REPORT_TIME] = report->time;
    if (lanes_submit(lanes, call) != IS_DONE)
        report_done(call, &(struct lane_answer){.outcome = IS_FAILED});
}

static void door_dlr(struct ingress_setup *setup, struct web_request *request)
{
    struct report report;
    struct err err;
    if (kannel_read_report(request, &report, &err) != IS_DONE) {
        refuse(request, 200, "malformed_report", err.text); /* asking again would not mend it */
        return;
    }
    struct msisdn msisdn = msisdn_read(report.msisdn);
    if (msisdn.kind != MSISDN_MOBILE) {
        refuse(request, 200, "malformed_report", "the report names no mobile number");
        return;
    }
    report_take(setup->message.lanes, request, &report, &msisdn);
}

/* --- what network elements report of their work --- */

struct order_call {
    struct lane_call call;
    struct web_request *request;
    struct webhook *webhook;
};

/* {"state": "done"}, {"error": "…"} */
static void answer_json(struct web_request *request, unsigned status, const char *key, struct view value)
{
    const struct web_header headers[] = {{"Content-Type", "application/json"}};
    struct text page = {0};
    text_addf(&page, "{\"%s\":", key);
    text_add_json(&page, value);
    text_add(&page, VIEW("}\n"));
    web_answer(request, status, 1, headers, text_view(&page));
    text_free(&page);
}

static void order_log(const struct lane_call *call, struct view result)
{
    struct text labels = {0};
    text_addf(&labels, "result=\"%.*s\"", VIEW_ARG(result));
    counter_add(counter_get("smshall_order_reports_total", "Reports on work orders, by what they changed.", labels.at), 1);
    text_free(&labels);
    log_event(LOG_INFO, "order_report", LOG_MSISDN("msisdn", call->parameter[ORDER_MSISDN]),
              LOG_TEXT("order", call->parameter[ORDER_NUMBER]), LOG_TEXT("state", call->parameter[ORDER_STATE]),
              LOG_TEXT("result", result));
}

static void order_done(struct lane_call *call, const struct lane_answer *answer)
{
    struct order_call *order = call->context;
    bool is_unknown = answer->outcome == IS_DONE && view_equal(answer->value, VIEW("unknown"));
    if (answer->outcome == IS_DONE) {
        order_log(call, answer->value);
        webhook_wake(order->webhook);
        answer_json(order->request, is_unknown ? 404 : 200, is_unknown ? "error" : "state",
                    is_unknown ? VIEW("there is no such order") : answer->value);
    } else if (answer->outcome == IS_REFUSED) {
        log_event(LOG_ERROR, "order_fault", LOG_MSISDN("msisdn", call->parameter[ORDER_MSISDN]),
                  LOG_STR("error", answer->fault ? answer->fault->text : ""));
        order_log(call, VIEW("fault"));
        answer_json(order->request, 500, "error", VIEW("the store refuses it"));
    } else {
        order_log(call, VIEW("later"));
        answer_json(order->request, 503, "error", VIEW("later"));
    }
}

/* A member of the body, when there is one, else of the query. */
static struct view order_field(const struct web_request *request, struct arena *arena, const json_t *body, const char *name)
{
    const json_t *member = json_object_get(body, name);
    if (json_is_integer(member))
        return arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(member));
    return body ? arena_copy(arena, json_text(body, name)) : web_query(request, name);
}

/* The first words of a reason that is too long, without half a character at the end. */
static struct view reason_cut(struct view reason)
{
    enum { REASON_SIZE_MAX = 300 };
    size_t size = reason.size < REASON_SIZE_MAX ? reason.size : REASON_SIZE_MAX;
    while (size > 0 && size < reason.size && ((unsigned char)reason.at[size] & 0xC0) == 0x80)
        size--;
    return view_head(reason, size);
}

/* Gives what is not fit, or NULL. */
static const char *order_fault(const struct lane_call *call, enum msisdn_kind kind)
{
    const struct view *parameter = call->parameter;
    struct view state = parameter[ORDER_STATE];
    uint64_t number;
    if (kind != MSISDN_MOBILE)
        return "msisdn must be a mobile number";
    if (!view_number(parameter[ORDER_NUMBER], INT32_MAX, &number))
        return "order must be an order's number";
    if (!parameter[ORDER_TOKEN].size)
        return "token is missing";
    if (!view_equal(state, VIEW("in_work")) && !view_equal(state, VIEW("done")) && !view_equal(state, VIEW("failed")))
        return "state must be in_work, done or failed";
    return NULL;
}

/* The subscriber's own lane: what completes an order comes in order with what he sends. */
static void order_take(struct ingress_setup *setup, struct web_request *request, const json_t *body)
{
    struct arena *arena = web_arena(request);
    struct order_call *order = ARENA_NEW(arena, struct order_call);
    struct lane_call *call = &order->call;
    struct msisdn msisdn = msisdn_read(order_field(request, arena, body, "msisdn"));
    struct view reason = reason_cut(order_field(request, arena, body, "reason"));
    *order = (struct order_call){.request = request, .webhook = setup->webhook};
    *call = (struct lane_call){.function = API_REPORT_ORDER, .done = order_done, .context = order};
    view_number(view_of(msisdn.digits), UINT64_MAX, &call->key);
    call->parameter[ORDER_MSISDN] = arena_copy(arena, view_of(msisdn.digits));
    call->parameter[ORDER_NUMBER] = order_field(request, arena, body, "order");
    call->parameter[ORDER_TOKEN] = order_field(request, arena, body, "token");
    call->parameter[ORDER_STATE] = order_field(request, arena, body, "state");
    call->parameter[ORDER_REASON] = reason.size ? reason : VIEW_NONE;
    const char *fault = order_fault(call, msisdn.kind);
    if (fault)
        answer_json(request, 400, "error", view_of(fault));
    else if (lanes_submit(setup->message.lanes, call) != IS_DONE)
        order_done(call, &(struct lane_answer){.outcome = IS_FAILED});
}

static void door_order(struct ingress_setup *setup, struct web_request *request)
{
    struct err err = {"it must be an object"};
    json_t *body = web_body(request).size ? json_read(web_body(request), &err) : NULL;
    if (web_body(request).size && !json_is_object(body))
        answer_json(request, 400, "error", arena_printf(web_arena(request), "the body: %s", err.text));
    else
        order_take(setup, request, body);
    json_decref(body);
}

/* --- who looks after the hall, and who wants its command list --- */

static void door_healthz(struct ingress_setup *setup, struct web_request *request)
{
    (void)setup;
    web_answer_text(request, 200, VIEW("ok\n"));
}

static void door_readyz(struct ingress_setup *setup, struct web_request *request)
{
    if (atomic_load(&setup->is_stopping))
        web_answer_text(request, 503, VIEW("stopping\n"));
    else if (!lanes_are_ready(setup->message.lanes))
        web_answer_text(request, 503, VIEW("the store is away\n"));
    else
        web_answer_text(request, 200, VIEW("ready\n"));
}

static void door_metrics(struct ingress_setup *setup, struct web_request *request)
{
    (void)setup;
    struct text page = {0};
    counter_write_all(&page);
    const struct web_header headers[] = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
    web_answer(request, 200, 1, headers, text_view(&page));
    text_free(&page);
}

static bool accepts_gzip(const struct web_request *request)
{
    struct view accepted = web_header(request, "Accept-Encoding");
    while (accepted.size) {
        struct view coding = view_trim(view_cut(&accepted, ','));
        if (view_equal_nocase(view_trim(view_cut(&coding, ';')), VIEW("gzip")))
            return true;
    }
    return false;
}

static void answer_page(struct web_request *request, struct view page)
{
    bool is_packed = accepts_gzip(request);
    struct view tag = arena_printf(web_arena(request), "\"%016" PRIx64 "%s\"", view_hash(page), is_packed ? "-gzip" : "");
    const struct web_header headers[] = {
        {"Content-Type", "application/json; charset=utf-8"},
        {"ETag", tag.at},
        {"Vary", "Accept-Encoding"},
        {"Cache-Control", "max-age=300"},
        {"Content-Encoding", "gzip"},
    };
    if (view_equal(web_header(request, "If-None-Match"), tag))
        web_answer(request, 304, 4, headers, VIEW_NONE);
    else if (is_packed)
        web_answer(request, 200, 5, headers, gzip(web_arena(request), page));
    else
        web_answer(request, 200, 4, headers, page);
}

/* The command list for handheld clients, 8 KiB at most when packed (rules F5). */
static void door_commands(struct ingress_setup *setup, struct web_request *request)
{
    struct held *held = current_hold(setup->message.current);
    answer_page(request, grammar_commands_page(held_grammar(held)));
    held_release(&held);
}

/* --- the house number --- */

static const struct door {
    const char *path;
    bool is_kannels; /* only who may call as Kannel comes in */
    bool takes_post;
    bool acts;     /* takes what has an effect: closed while the hall stops */
    bool is_brief; /* answers at once: open in a flood, to who wants to know how the hall is */
    void (*open)(struct ingress_setup *setup, struct web_request *request);
} doors[] = {
    {"/kannel/mo", true, true, true, false, door_mo},
    {"/kannel/dlr", true, false, true, false, door_dlr},
    {"/orders/report", false, true, true, false, door_order},
    {"/healthz", false, false, false, true, door_healthz},
    {"/readyz", false, false, false, true, door_readyz},
    {"/metrics", false, false, false, true, door_metrics},
    {"/commands.json", false, false, false, false, door_commands},
};

static bool method_fits(const struct door *door, struct view method)
{
    return view_equal(method, VIEW("GET")) || (door->takes_post && view_equal(method, VIEW("POST")));
}

static void door_knock(const struct door *door, struct ingress_setup *setup, struct web_request *request)
{
    const char *reason = NULL;
    unsigned fault = door->is_kannels ? caller_fault(setup, request, &reason) : 0;
    if (door->acts && atomic_load(&setup->is_stopping))
        refuse(request, 503, "stopping", "the hall stops");
    else if (fault)
        refuse(request, fault, reason, "this caller may not come in here");
    else if (!method_fits(door, web_method(request)))
        refuse(request, 405, "method", "this door does not take that method");
    else
        door->open(setup, request);
}

void ingress_handle(void *context, struct web_request *request)
{
    for (size_t i = 0; i < sizeof(doors) / sizeof(*doors); i++)
        if (view_equal(web_path(request), view_of(doors[i].path))) {
            door_knock(&doors[i], context, request);
            return;
        }
    refuse(request, 404, "path", "there is no such door");
}

bool ingress_is_brief(void *context, struct view path)
{
    (void)context;
    for (size_t i = 0; i < sizeof(doors) / sizeof(*doors); i++)
        if (view_equal(path, view_of(doors[i].path)))
            return doors[i].is_brief;
    return false;
}

/* Thousands a second in a flood: all are counted, and the first in each second has a line in the log. */
void ingress_refused(void *context, const char *reason)
{
    static _Atomic uint64_t logged_s;
    uint64_t now_s = clock_us() / 1000000;
    (void)context;
    if (atomic_exchange(&logged_s, now_s) == now_s)
        message_count_refused(reason);
    else
        message_refused(reason, VIEW_NONE, VIEW_NONE, "before it came to a door");
}

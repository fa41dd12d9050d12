/* Kannel's dialect: an MO or a report is read whole or refused with a reason; and what is handed to sendsms can be read back as it was. */
#include "gateway/kannel.h"
#include "web.h"

static bool is_printable(struct view v)
{
    for (size_t i = 0; i < v.size; i++)
        if (v.at[i] <= ' ' || v.at[i] > '~' || v.at[i] == '%')
            return false;
    return v.size > 0 && v.size <= 64;
}

static bool is_number(struct view v)
{
    uint64_t number;
    return view_number(v, UINT64_MAX, &number);
}

static void check_mo(const struct web_request *request)
{
    struct mo mo;
    struct err err = {""};
    if (kannel_read_mo(request, &mo, &err) != IS_DONE) {
        HOLDS(err.text[0], "a refusal says why: %.*s", VIEW_ARG(request->query));
        return;
    }
    struct view digits = view_from(mo.to, view_starts_with(mo.to, VIEW("+")));
    HOLDS(is_printable(mo.id) && mo.from.size && mo.bytes.at, "%.*s", VIEW_ARG(request->query));
    for (size_t i = 0; i < digits.size; i++)
        HOLDS(digits.at[i] >= '0' && digits.at[i] <= '9', "to=%.*s", VIEW_ARG(mo.to));
    HOLDS(digits.size && mo.to.size <= 32 && mo.coding >= -1 && mo.coding <= 2, "%.*s", VIEW_ARG(request->query));
    HOLDS(!mo.time.at || is_number(mo.time), "time=%.*s", VIEW_ARG(mo.time));
    HOLDS(view_equal(request->method, VIEW("GET")) || view_equal(mo.bytes, request->body), "%zu bytes", mo.bytes.size);
}

static void check_report(const struct web_request *request)
{
    struct report report;
    struct err err = {""};
    uint64_t status = 0;
    if (kannel_read_report(request, &report, &err) != IS_DONE) {
        HOLDS(err.text[0], "a refusal says why: %.*s", VIEW_ARG(request->query));
        return;
    }
    bool is_status = view_number(report.status, 32, &status) && (status & (status - 1)) == 0;
    HOLDS(is_status && status && is_printable(report.mt) && report.msisdn.size, "%.*s", VIEW_ARG(request->query));
}

static void check_sendsms(struct arena *arena, struct view token, struct view text, int64_t valid_s)
{
    struct kannel_account account = {
        .url = VIEW("http://k/s"), .user = text, .password = token, .dlr_url = VIEW("http://h/kannel/dlr"), .token = token};
    struct mt mt = {
        .mt = VIEW("2611-42"), .from = VIEW("10086"), .to = VIEW("13800138000"), .text = text, .valid_s = valid_s, .asks_report = true};
    struct text url = {0};
    uint64_t minutes;
    kannel_write_sendsms(&url, &account, &mt);
    struct view query = text_view(&url);
    for (size_t i = 0; i < query.size; i++)
        HOLDS(query.at[i] > ' ' && query.at[i] < 0x7f, "%s", url.at);
    view_cut(&query, '?');
    HOLDS(view_equal(field_of(arena, query, "text"), text) && view_equal(field_of(arena, query, "username"), text), "%s", url.at);
    HOLDS(view_equal(field_of(arena, query, "password"), token) && view_equal(field_of(arena, query, "to"), mt.to), "%s", url.at);
    HOLDS(view_number(field_of(arena, query, "validity"), 10080, &minutes) && minutes, "%s", url.at);
    struct view dlr = field_of(arena, query, "dlr-url");
    HOLDS(!token.size || view_equal(field_of(arena, dlr, "token"), token), "%.*s", VIEW_ARG(dlr));
    text_free(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct input in = input_of(data, size);
    int64_t valid_s = (int64_t)input_number(&in);
    struct web_request request = request_of(arena, in.left);
    check_mo(&request);
    check_report(&request);
    check_sendsms(arena, request.query, fuzz_text(arena, request.body), valid_s);
    kannel_read_sendsms(size > 8 ? data[8] * 4u : 0, in.left);
    arena_free(&arena);
    return 0;
}

#include "gateway/kannel.h"

#include "sms/segments.h"

enum { ID_SIZE_MAX = 64, TO_SIZE_MAX = 32, VALID_MINUTES_MAX = 10080 };

/* An id is printed into logs and the dlr-url, where a % would be taken for an escape. Kannel's are UUIDs. */
static bool id_is_fit(struct view id)
{
    if (id.size == 0 || id.size > ID_SIZE_MAX)
        return false;
    for (size_t i = 0; i < id.size; i++)
        if (id.at[i] <= ' ' || id.at[i] > '~' || id.at[i] == '%')
            return false;
    return true;
}

/* Digits, with + in front or without. It is printed into the outbox and into X-Kannel-From, so nothing else gets by. */
static bool to_is_fit(struct view to)
{
    struct view digits = view_starts_with(to, VIEW("+")) ? view_from(to, 1) : to;
    if (digits.size == 0 || to.size > TO_SIZE_MAX)
        return false;
    for (size_t i = 0; i < digits.size; i++)
        if (digits.at[i] < '0' || digits.at[i] > '9')
            return false;
    return true;
}

/* One state a report, and one of those that Kannel has (kannel.md §4). */
static bool status_is_fit(struct view status)
{
    uint64_t bit;
    return view_number(status, 32, &bit) && bit != 0 && (bit & (bit - 1)) == 0;
}

static struct view number_or_none(struct view v)
{
    uint64_t number;
    return view_number(v, INT64_C(1) << 40, &number) ? v : VIEW_NONE;
}

/* `text/plain; charset="UTF-16BE"` → UTF-16BE; octet-stream is how post-url says binary (kannel.md §1). */
static struct view charset_of_content_type(struct view type)
{
    if (view_starts_with(type, VIEW("application/octet-stream")))
        return VIEW("8-BIT");
    while (type.size && !view_equal_nocase(view_head(type, 8), VIEW("charset=")))
        type = view_from(type, 1);
    type = view_from(type, 8);
    if (type.size && type.at[0] == '"') {
        type = view_from(type, 1);
        return view_cut(&type, '"');
    }
    return view_trim(view_cut(&type, ';'));
}

static enum outcome read_text(const struct web_request *request, struct mo *mo, struct err *err)
{
    mo->charset = web_query(request, "charset");
    if (view_equal(web_method(request), VIEW("GET"))) {
        mo->bytes = web_query(request, "text");
        return mo->bytes.at ? IS_DONE : err_refused(err, "the request has no field text (get-url: &text=%%b)");
    }
    mo->bytes = web_body(request);
    struct view declared = charset_of_content_type(web_header(request, "Content-Type"));
    if (declared.size)
        mo->charset = declared;
    return IS_DONE;
}

static int coding_of(struct view v)
{
    uint64_t coding;
    return view_number(v, 2, &coding) ? (int)coding : -1;
}

enum outcome kannel_read_mo(const struct web_request *request, struct mo *mo, struct err *err)
{
    *mo = (struct mo){
        .id = web_query(request, "id"),
        .from = web_query(request, "from"),
        .to = web_query(request, "to"),
        .coding = coding_of(web_query(request, "coding")),
        .time = number_or_none(web_query(request, "time")),
    };
    if (!id_is_fit(mo->id))
        return err_refused(err, "the request has no fit field id (id=%%I)");
    if (!mo->from.size)
        return err_refused(err, "the request has no field from (from=%%p)");
    if (!to_is_fit(mo->to))
        return err_refused(err, "the request has no fit field to (to=%%P)");
    return read_text(request, mo, err);
}

enum outcome kannel_read_report(const struct web_request *request, struct report *report, struct err *err)
{
    *report = (struct report){
        .mt = web_query(request, "mt"),
        .msisdn = web_query(request, "msisdn"),
        .status = web_query(request, "status"),
        .reason = web_query(request, "reason"),
        .time = number_or_none(web_query(request, "time")),
    };
    if (!id_is_fit(report->mt) || !report->msisdn.size || !status_is_fit(report->status))
        return err_refused(err, "the report has no fit mt, msisdn or status");
    return IS_DONE;
}

static void add_field(struct text *url, const char *name, struct view value)
{
    text_addf(url, "&%s=", name);
    text_add_url(url, value);
}

/* The escapes %p %d %A %T stay as they are: Kannel fills them in when the report comes. */
void kannel_write_dlr_url(struct text *url, const struct kannel_account *account, struct view mt)
{
    if (!account->dlr_url.size)
        return;
    text_add(url, account->dlr_url);
    text_addf(url, "?mt=%.*s&msisdn=%%p&status=%%d&reason=%%A&time=%%T", VIEW_ARG(mt));
    if (account->token.size)
        add_field(url, "token", account->token);
}

/* Whole minutes, and at least one: without the field Kannel would try for ever. */
static void add_validity(struct text *url, int64_t valid_s)
{
    int64_t minutes = valid_s <= 60 ? 1 : valid_s < VALID_MINUTES_MAX * INT64_C(60) ? (valid_s + 59) / 60 : VALID_MINUTES_MAX;
    text_addf(url, "&validity=%lld", (long long)minutes);
}

static void add_report(struct text *url, const struct kannel_account *account, struct view mt)
{
    struct text dlr = {0};
    kannel_write_dlr_url(&dlr, account, mt);
    if (dlr.size) {
        text_addf(url, "&dlr-mask=%d", KANNEL_DLR_MASK);
        add_field(url, "dlr-url", text_view(&dlr));
    }
    text_free(&dlr);
}

void kannel_write_sendsms(struct text *url, const struct kannel_account *account, const struct mt *mt)
{
    text_add(url, account->url);
    text_add(url, VIEW("?username="));
    text_add_url(url, account->user);
    add_field(url, "password", account->password);
    add_field(url, "from", mt->from);
    add_field(url, "to", mt->to);
    /* Without coding=2 Chinese becomes ????; with it, charset must be named (kannel.md §0.6, §4). */
    text_add(url, segments_count(mt->text).is_ucs2 ? VIEW("&charset=UTF-8&coding=2") : VIEW("&charset=UTF-8&coding=0"));
    add_field(url, "text", mt->text);
    add_field(url, "account", mt->mt); /* shows in Kannel's access log as %A */
    add_validity(url, mt->valid_s);
    if (mt->asks_report)
        add_report(url, account, mt->mt);
}

enum sending kannel_read_sendsms(unsigned status, struct view body)
{
    static const struct {
        unsigned status;
        const char *body; /* its beginning */
        enum sending sending;
    } answers[] = {
        {202, "", SENDING_SENT}, /* 0: Accepted, 3: Queued: bearerbox has stored it */
        {200, "", SENDING_SENT},
        {400, "", SENDING_DEAD},
        {403, "Authorization failed", SENDING_AWAY}, /* our password: nothing goes until it is mended */
        {403, "", SENDING_LATER},                    /* Not routable: also while an SMSC is stopped, so not final */
        {503, "", SENDING_AWAY},
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++)
        if (answers[i].status == status && view_starts_with(body, view_of(answers[i].body)))
            return answers[i].sending;
    return SENDING_AWAY; /* something that is not Kannel answers there */
}

/* Kannel's dialect: what its answers mean (kannel.md §4), and the URL that hands an MT over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/kannel.h"
#include "web/client.h"

static void test_answers_of_sendsms(void **state)
{
    static const struct {
        unsigned status;
        const char *body;
        enum sending wanted;
    } rows[] = {
        {202, "0: Accepted for delivery", SENDING_SENT},
        {202, "3: Queued for later delivery", SENDING_SENT},
        {400, "Sender missing and no global set, rejected", SENDING_DEAD},
        {403, "Authorization failed for sendsms", SENDING_AWAY},
        {403, "Not routable. Do not try again.", SENDING_LATER}, /* also while an SMSC is stopped */
        {503, "Temporal failure, try again later.", SENDING_AWAY},
        {404, "Unknown request.", SENDING_AWAY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (kannel_read_sendsms(rows[i].status, view_of(rows[i].body)) != rows[i].wanted)
            fail_msg("%u %s", rows[i].status, rows[i].body);
}

static void assert_url(const struct kannel_account *account, const struct mt *mt, const char *wanted)
{
    struct text url = {0};
    kannel_write_sendsms(&url, account, mt);
    assert_string_equal(url.at, wanted);
    text_free(&url);
}

static void test_sendsms_url(void **state)
{
    (void)state;
    struct kannel_account account = {.url = VIEW("http://k/s"),
                                     .user = VIEW("hall"),
                                     .password = VIEW("a&b"),
                                     .dlr_url = VIEW("http://h/kannel/dlr"),
                                     .token = VIEW("t")};
    struct mt mt = {
        .mt = VIEW("2611-42"), .from = VIEW("10086"), .to = VIEW("13800138000"), .text = VIEW("余"), .valid_s = 61, .asks_report = true};
    assert_url(
        &account, &mt,
        "http://k/s?username=hall&password=a%26b&from=10086&to=13800138000&charset=UTF-8&coding=2&text=%E4%BD%99&account=2611-42&validity=2"
        "&dlr-mask=19&dlr-url=http%3A%2F%2Fh%2Fkannel%2Fdlr%3Fmt%3D2611-42%26msisdn%3D%25p%26status%3D%25d%26reason%3D%25A%26time%3D%25T%"
        "26token%3Dt");
    static const char without[] =
        "http://k/s?username=hall&password=a%26b&from=10086&to=13800138000&charset=UTF-8&coding=0&text=ok&account=2611-42&validity=1";
    mt.text = VIEW("ok"); /* GSM 7-bit */
    mt.valid_s = 0;
    mt.asks_report = false; /* not about this one */
    assert_url(&account, &mt, without);
    mt.asks_report = true;
    account.dlr_url = VIEW_NONE; /* about none */
    assert_url(&account, &mt, without);
}

/* Kannel takes a missing validity for "without end". */
static void test_validity(void **state)
{
    static const struct {
        int64_t valid_s;
        const char *wanted;
    } rows[] = {{INT64_MIN, "1"}, {-1, "1"},  {0, "1"},        {1, "1"},          {60, "1"},         {61, "2"},
                {120, "2"},       {121, "3"}, {86400, "1440"}, {604741, "10080"}, {604800, "10080"}, {INT64_MAX, "10080"}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct text url = {0};
        struct kannel_account account = {.url = VIEW("http://k/s")};
        kannel_write_sendsms(&url, &account, &(struct mt){.valid_s = rows[i].valid_s});
        const char *got = strstr(url.at, "&validity=");
        if (!got || strcmp(got + strlen("&validity="), rows[i].wanted) != 0)
            fail_msg("%lld s: wanted %s in %s", (long long)rows[i].valid_s, rows[i].wanted, url.at);
        text_free(&url);
    }
}

/* --- what Kannel asks, read from real requests --- */

/* Answers by what was read, or by what err says. */
static void handle(void *context, struct web_request *request)
{
    struct text out = {0};
    struct err err = {""};
    struct mo mo;
    struct report report;
    (void)context;
    if (view_equal(web_path(request), VIEW("/mo")) && kannel_read_mo(request, &mo, &err) == IS_DONE)
        text_addf(&out, "%.*s %.*s %.*s %.*s %.*s %d %.*s", VIEW_ARG(mo.id), VIEW_ARG(mo.from), VIEW_ARG(mo.to), VIEW_ARG(mo.bytes),
                  VIEW_ARG(mo.charset), mo.coding, VIEW_ARG(mo.time));
    if (view_equal(web_path(request), VIEW("/dlr")) && kannel_read_report(request, &report, &err) == IS_DONE)
        text_addf(&out, "%.*s %.*s %.*s %.*s %.*s", VIEW_ARG(report.mt), VIEW_ARG(report.msisdn), VIEW_ARG(report.status),
                  VIEW_ARG(report.reason), VIEW_ARG(report.time));
    web_answer_text(request, 200, out.size ? text_view(&out) : view_of(err.text));
    text_free(&out);
}

struct asked {
    const char *what, *path, *wanted;
};

static void check_requests(const struct asked *rows, size_t count)
{
    struct web_server_setup setup = {.listen = "127.0.0.1:0", .connections_max = 4, .idle_timeout_s = 10, .threads = 1, .handle = handle};
    struct web_server *server = NULL;
    struct arena *arena = arena_new();
    assert_int_equal(web_server_start(&setup, &server, NULL), IS_DONE);
    for (size_t i = 0; i < count; i++) {
        struct view url = arena_printf(arena, "http://127.0.0.1:%u%s", web_server_port(server), rows[i].path);
        struct web_response got = web_fetch(arena, &(struct web_call){.method = "GET", .url = url.at, .timeout_ms = 5000});
        if (got.outcome != IS_DONE || strcmp(got.body.at, rows[i].wanted) != 0)
            fail_msg("%s: got \"%s\", wanted \"%s\"", rows[i].what, got.body.at, rows[i].wanted);
    }
    web_server_stop(&server);
    arena_free(&arena);
}

static void test_mo(void **state)
{
    static const char bad_to[] = "the request has no fit field to (to=%P)";
    static const struct asked rows[] = {
        {"whole", "/mo?id=a-1&from=%2B8613800138000&to=10086&text=YE&coding=0&charset=UTF-8&time=1416571200&smsc=SIM",
         "a-1 +8613800138000 10086 YE UTF-8 0 1416571200"},
        {"to with +", "/mo?id=a-1&from=1&to=%2B10086&text=YE", "a-1 1 +10086 YE  -1 "},
        {"to of 32", "/mo?id=a-1&from=1&to=12345678901234567890123456789012&text=", "a-1 1 12345678901234567890123456789012   -1 "},
        {"to of 33", "/mo?id=a-1&from=1&to=123456789012345678901234567890123&text=", bad_to},
        {"no to", "/mo?id=a-1&from=1&text=YE", bad_to},
        {"only +", "/mo?id=a-1&from=1&to=%2B&text=YE", bad_to},
        {"two +", "/mo?id=a-1&from=1&to=%2B%2B10086&text=YE", bad_to},
        {"+ unescaped is a blank", "/mo?id=a-1&from=1&to=+10086&text=YE", bad_to},
        {"a header hidden in to", "/mo?id=a-1&from=1&to=10086%0D%0AX-Kannel-To%3A%201&text=YE", bad_to},
        {"letters", "/mo?id=a-1&from=1&to=10086x&text=YE", bad_to},
        {"U+0000", "/mo?id=a-1&from=1&to=10086%00&text=YE", bad_to},
        {"no id", "/mo?from=1&to=10086&text=YE", "the request has no fit field id (id=%I)"},
        {"no from", "/mo?id=a-1&to=10086&text=YE", "the request has no field from (from=%p)"},
        {"no text", "/mo?id=a-1&from=1&to=10086", "the request has no field text (get-url: &text=%b)"},
    };
    (void)state;
    check_requests(rows, sizeof(rows) / sizeof(*rows));
}

static void test_report(void **state)
{
    static const char refused[] = "the report has no fit mt, msisdn or status";
    static const struct asked rows[] = {
        {"whole", "/dlr?mt=2611-42&msisdn=13800138000&status=1&reason=ACK%2F&time=1416571200", "2611-42 13800138000 1 ACK/ 1416571200"},
        {"2", "/dlr?mt=m&msisdn=1&status=2", "m 1 2  "},
        {"4", "/dlr?mt=m&msisdn=1&status=4", "m 1 4  "},
        {"8", "/dlr?mt=m&msisdn=1&status=8", "m 1 8  "},
        {"16", "/dlr?mt=m&msisdn=1&status=16", "m 1 16  "},
        {"32", "/dlr?mt=m&msisdn=1&status=32", "m 1 32  "},
        {"reason that is not UTF-8", "/dlr?mt=m&msisdn=1&status=16&reason=%FF", "m 1 16 \xFF "},
        {"0", "/dlr?mt=m&msisdn=1&status=0", refused},
        {"two bits", "/dlr?mt=m&msisdn=1&status=3", refused},
        {"mask", "/dlr?mt=m&msisdn=1&status=19", refused},
        {"too many", "/dlr?mt=m&msisdn=1&status=64", refused},
        {"-1", "/dlr?mt=m&msisdn=1&status=-1", refused},
        {"no number", "/dlr?mt=m&msisdn=1&status=1x", refused},
        {"no status", "/dlr?mt=m&msisdn=1", refused},
        {"no mt", "/dlr?msisdn=1&status=1", refused},
        {"no msisdn", "/dlr?mt=m&status=1", refused},
    };
    (void)state;
    check_requests(rows, sizeof(rows) / sizeof(*rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_of_sendsms),
        cmocka_unit_test(test_sendsms_url),
        cmocka_unit_test(test_validity),
        cmocka_unit_test(test_mo),
        cmocka_unit_test(test_report),
    };
    return cmocka_run_group_tests_name("gateway_kannel", tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/replay.h"

static void test_percentiles(void **state)
{
    static const uint32_t one[] = {7}, ten[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    static const struct {
        const uint32_t *sorted;
        size_t count;
        unsigned percent;
        uint32_t wanted;
    } rows[] = {
        {NULL, 0, 50, 0}, {one, 1, 1, 7},    {one, 1, 50, 7},   {one, 1, 100, 7},   {ten, 10, 50, 5},
        {ten, 10, 90, 9}, {ten, 10, 91, 10}, {ten, 10, 99, 10}, {ten, 10, 100, 10}, {ten, 10, 1, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_int_equal(report_percentile(rows[i].sorted, rows[i].count, rows[i].percent), rows[i].wanted);
}

static void test_dlr_urls(void **state)
{
    static const struct {
        const char *url, *wanted;
    } rows[] = {
        {"http://h/dlr?mt=17&msisdn=%p&status=%d&reason=%A&time=%T",
         "http://h/dlr?mt=17&msisdn=13800138000&status=1&reason=NACK%2Fa%20b&time=1700000000"},
        {"http://h/%P/100%%/%x", "http://h/10086/100%/%x"},
        {"http://h/%", "http://h/%"},
        {"http://h/", "http://h/"},
    };
    const struct dlr dlr = {.status = 1, .reason = VIEW("NACK/a b"), .to = VIEW("13800138000"), .from = VIEW("10086"), .time = 1700000000};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct text out = {0};
        sendsms_write_dlr_url(&out, view_of(rows[i].url), &dlr);
        assert_string_equal(out.at, rows[i].wanted);
        text_free(&out);
    }
}

static const struct verdict good = {.name = VIEW("a.talk"), .is_good = true, .said = 2, .heard = 1, .seconds = 0.25};
static const struct verdict bad = {.name = VIEW("b&\"c\".talk"),
                                   .line = 7,
                                   .wanted = VIEW("from 10086: <*>"),
                                   .came = VIEW("from 10086: a\n& \x01元"),
                                   .said = 1,
                                   .heard = 1};

static void test_tap(void **state)
{
    struct text out = {0};
    (void)state;
    report_write_tap(&out, &good, 1);
    report_write_tap(&out, &bad, 2);
    assert_string_equal(out.at, "ok 1 - a.talk\n"
                                "not ok 2 - b&\"c\".talk\n"
                                "# b&\"c\".talk:7\n"
                                "# wanted: from 10086: <*>\n"
                                "# came:   from 10086: a\n"
                                "#         & \x01元\n");
    text_free(&out);
}

static void test_plain(void **state)
{
    struct text out = {0};
    (void)state;
    report_write_plain(&out, &good);
    report_write_plain(&out, &bad);
    assert_string_equal(out.at, "ok      a.talk (2 sent, 1 replies, 0.2 s)\n"
                                "FAILED  b&\"c\".talk (1 sent, 1 replies, 0.0 s)\n"
                                "        b&\"c\".talk:7\n"
                                "        wanted: from 10086: <*>\n"
                                "        came:   from 10086: a\n"
                                "                & \x01元\n");
    text_free(&out);
}

static void test_junit(void **state)
{
    struct text out = {0};
    const struct verdict both[] = {good, bad};
    (void)state;
    report_write_junit(&out, both, 2);
    assert_string_equal(out.at, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                "<testsuite name=\"smshall replay\" tests=\"2\" failures=\"1\" time=\"0.250\">\n"
                                "  <testcase classname=\"replay\" name=\"a.talk\" time=\"0.250\"/>\n"
                                "  <testcase classname=\"replay\" name=\"b&amp;&quot;c&quot;.talk\" time=\"0.000\">\n"
                                "    <failure message=\"wanted: from 10086: &lt;*&gt;\">"
                                "b&amp;&quot;c&quot;.talk:7&#10;wanted: from 10086: &lt;*&gt;&#10;"
                                "came:   from 10086: a&#10;        &amp; \xEF\xBF\xBD元&#10;</failure>\n"
                                "  </testcase>\n"
                                "</testsuite>\n");
    text_free(&out);
}

static void test_load_summary(void **state)
{
    static uint32_t times[] = {1000, 2000, 3000, 4500};
    static struct load_summary summary = {.messages = 5,
                                          .taken = 4,
                                          .lost = 1,
                                          .replies = 4,
                                          .seconds = 2,
                                          .concurrency = 3,
                                          .answer_us = times,
                                          .answers = 4,
                                          .reply_us = times,
                                          .reply_times = 4};
    struct text out = {0};
    (void)state;
    summary.status[200] = 4;
    summary.status[0] = 1;
    summary.differing = 2;
    report_write_load(&out, &summary);
    assert_string_equal(out.at, "messages    5 in 2.00 s, 2 a second, 3 at a time\n"
                                "taken       4 (lost 1, asked again 0)\n"
                                "replies     4 (messages without one: 0)\n"
                                "statuses    200: 4  no answer: 1\n"
                                "to answer   p50 2.00 ms  p90 4.50 ms  p99 4.50 ms  max 4.50 ms\n"
                                "to reply    p50 2.00 ms  p90 4.50 ms  p99 4.50 ms  max 4.50 ms\n"
                                "repeats     2 were answered otherwise than their message\n");
    text_free(&out);
}

/* What happened, and what was read and replied. */
static void test_run_report(void **state)
{
    struct mischief mischief = {.share = {[MISCHIEF_CUT] = 0.5, [MISCHIEF_DELAY] = 0.1}};
    struct run *run = run_new(NULL, false);
    struct text out = {0};
    (void)state;
    mischief.done[MISCHIEF_CUT] = 7;
    run_said(run, VIEW("1"), VIEW("YE"), VIEW("10086"));
    run_heard(run, 0, VIEW("余额1.50元"));
    run_heard(run, 0, VIEW("余额27.00元"));
    run_heard(run, RUN_NOBODY, VIEW("a\nb"));
    run_end(run);
    report_write_mischief(&out, &mischief);
    report_write_run(&out, run);
    assert_string_equal(out.at, "delay            0\n"
                                "cut              7\n"
                                "read as\n"
                                "         1  (unread)\n"
                                "replies by template\n"
                                "         3  (no template)\n"
                                "replies of no template, by likeness (2 kinds)\n"
                                "         2  余额1.50元\n"
                                "         1  a b\n");
    text_free(&out);
    run_free(&run);
}

static void test_ids(void **state)
{
    char a[MESSAGE_ID_SIZE], b[MESSAGE_ID_SIZE];
    struct pattern *uuid;
    (void)state;
    way_new_id(a);
    way_new_id(b);
    assert_string_not_equal(a, b);
    assert_int_equal(pattern_new(VIEW("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\\z"), &uuid, NULL), IS_DONE);
    assert_true(pattern_matches(uuid, view_of(a)));
    pattern_free(&uuid);
}

static void test_urls(void **state)
{
    const struct replay_options options = {.hall = "http://h:1", .smsc = "http://s:2", .token = VIEW("a&b")};
    struct arena *arena = arena_new();
    (void)state;
    struct view url = way_mo_url(arena, &options, VIEW("7"), VIEW("+8613800138000"), VIEW("10086"), 1700000000);
    assert_string_equal(url.at, "http://h:1/kannel/mo?id=7&coding=0&charset=UTF-8&smsc=replay&udh=&time=1700000000"
                                "&from=%2B8613800138000&to=10086&token=a%26b");
    assert_string_equal(way_phone_url(arena, &options, VIEW("1"), VIEW("2")).at, "http://s:2/phone/send?from=1&to=2");
    assert_string_equal(way_inbox_url(arena, &options, VIEW("1"), 5, 3).at, "http://s:2/phone/inbox?msisdn=1&after=5&wait=3");
    assert_string_equal(way_subscriber(arena, VIEW("+8613800138000")).at, "13800138000");
    assert_string_equal(way_subscriber(arena, VIEW("CMCC")).at, "CMCC");
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percentiles), cmocka_unit_test(test_dlr_urls), cmocka_unit_test(test_tap),
        cmocka_unit_test(test_plain),       cmocka_unit_test(test_junit),    cmocka_unit_test(test_load_summary),
        cmocka_unit_test(test_run_report),  cmocka_unit_test(test_ids),      cmocka_unit_test(test_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The network's stand-in without a network: cutting and joining of parts, and inboxes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "sms/segments.h"
#include "tools/smsc_parts.h"
#include "tools/smsc_phones.h"
#include "web/client.h"

static struct view repeat(struct arena *arena, const char *one, size_t times)
{
    size_t size = strlen(one);
    char *all = arena_alloc(arena, size * times + 1);
    for (size_t i = 0; i < size * times; i++)
        all[i] = one[i % size];
    return (struct view){all, size * times};
}

enum { PARTS_FULL = SEGMENT_UCS2_JOINED * PARTS_MAX };

static void cuts_as_a_phone_does(void **state)
{
    static const struct {
        const char *one;
        size_t times;
        bool is_ucs2;
        size_t parts, first_size; /* bytes */
    } rows[] = {
        {"", 0, false, 1, 0},
        {"a", 160, false, 1, 160},
        {"a", 161, false, 2, 153},
        {"{", 80, false, 1, 80},
        {"{", 81, false, 2, 76}, /* 153 septets do not hold 77 characters of two */
        {"好", 70, true, 1, 140},
        {"好", 71, true, 2, 134},
        {"好", 134, true, 2, 134},
        {"好", 135, true, 3, 134},
        {"😀", 35, true, 1, 140},
        {"😀", 36, true, 2, 132}, /* a pair is not cut */
        {"好", PARTS_FULL, true, 255, 134},
        {"好", PARTS_FULL + 1, true, 0, 0},
    };
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct part *parts;
        bool is_ucs2 = false;
        size_t count = parts_cut(arena, repeat(arena, rows[i].one, rows[i].times), 0xa5, &is_ucs2, &parts);
        if (count != rows[i].parts || (count > 0 && (is_ucs2 != rows[i].is_ucs2 || parts[0].bytes.size != rows[i].first_size)))
            fail_msg("%zu times \"%s\": %zu parts, the first of %zu bytes", rows[i].times, rows[i].one, count,
                     count > 0 ? parts[0].bytes.size : 0);
        for (size_t k = 0; count > 1 && k < count; k++) {
            struct place place;
            assert_true(place_read((struct view){parts[k].udh, parts[k].udh_size}, &place));
            assert_int_equal(place.reference, 0xa5);
            assert_int_equal(place.total, count);
            assert_int_equal(place.number, k + 1);
        }
    }
    arena_free(&arena);
}

static void reads_where_a_part_belongs(void **state)
{
    static const struct {
        const char *what;
        struct view udh;
        bool is_read;
        struct place place;
    } rows[] = {
        {"none", {NULL, 0}, false, {0, 0, 0}},
        {"8 bits", VIEW("\5\0\3\xa5\2\1"), true, {0xa5, 2, 1}},
        {"16 bits", VIEW("\6\x08\4\1\2\3\3"), true, {0x102, 3, 3}},
        {"behind a port", VIEW("\x0b\5\4\x15\x8a\0\0\0\3\7\2\2"), true, {7, 2, 2}},
        {"a port alone", VIEW("\6\5\4\x15\x8a\0\0"), false, {0, 0, 0}},
        {"number 0", VIEW("\5\0\3\xa5\2\0"), false, {0, 0, 0}},
        {"number beyond the total", VIEW("\5\0\3\xa5\2\3"), false, {0, 0, 0}},
        {"cut short", VIEW("\5\0\3\xa5"), false, {0, 0, 0}},
        {"a length that lies", VIEW("\xff\0\xff\xa5\2\1"), false, {0, 0, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct place place = {0};
        bool is_read = place_read(rows[i].udh, &place);
        if (is_read != rows[i].is_read || (is_read && (place.reference != rows[i].place.reference || place.total != rows[i].place.total ||
                                                       place.number != rows[i].place.number)))
            fail_msg("%s: %d, reference %u, %u of %u", rows[i].what, is_read, place.reference, place.number, place.total);
    }
}

/* --- inboxes, over HTTP, because that is how they are read --- */

struct bench {
    struct phones *phones;
    struct web_server *server;
    struct arena *arena;
};

static void handle(void *context, struct web_request *request)
{
    struct bench *bench = context;
    uint64_t after = 0;
    view_number(web_query(request, "after"), UINT64_MAX, &after);
    phones_answer_inbox(bench->phones, request, web_query(request, "msisdn"), after, view_equal(web_path(request), VIEW("/wait")) ? 60 : 0);
}

static void bench_start(struct bench *bench)
{
    struct err err;
    *bench = (struct bench){.phones = phones_new(DELIVERY_OK), .arena = arena_new()};
    const struct web_server_setup setup = {
        .listen = "127.0.0.1:0", .connections_max = 10, .idle_timeout_s = 10, .threads = 1, .handle = handle, .context = bench};
    assert_int_equal(web_server_start(&setup, &bench->server, &err), IS_DONE);
}

static void bench_stop(struct bench *bench)
{
    phones_tick(bench->phones, true);
    web_server_stop(&bench->server);
    phones_free(&bench->phones);
    arena_free(&bench->arena);
}

static const char *inbox(struct bench *bench, const char *msisdn, unsigned after)
{
    char url[200];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/inbox?msisdn=%s&after=%u", web_server_port(bench->server), msisdn, after);
    struct web_call call = {.method = "GET", .url = url, .timeout_ms = 5000};
    return web_fetch(bench->arena, &call).body.at;
}

static struct mt_report take(struct bench *bench, const char *to, struct view text, struct view udh, unsigned mask)
{
    struct mt mt = {.to = view_of(to), .from = VIEW("10086"), .bytes = text, .udh = udh, .report_id = VIEW("id-1"), .report_mask = mask};
    struct mt_report report;
    struct err err;
    assert_int_equal(phones_take(bench->phones, &mt, &report, &err), IS_DONE);
    return report;
}

static void assert_count(const char *json, size_t count, int64_t last)
{
    json_t *read = json_read(view_of(json), NULL);
    if (json_array_size(json_object_get(read, "messages")) != count || json_int(read, "last", -1) != last)
        fail_msg("wanted %zu messages, last %lld: %s", count, (long long)last, json);
    json_decref(read);
}

static void one_number_is_one_phone(void **state)
{
    struct bench bench;
    (void)state;
    bench_start(&bench);
    take(&bench, "13800138000", VIEW("a"), VIEW_NONE, 0);
    take(&bench, "+8613800138000", VIEW("b"), VIEW_NONE, 0);
    take(&bench, "008613800138000", VIEW("c\0d"), VIEW_NONE, 0);
    take(&bench, "13800138001", VIEW("other"), VIEW_NONE, 0);
    assert_count(inbox(&bench, "8613800138000", 0), 3, 3);
    assert_count(inbox(&bench, "13800138000", 2), 1, 3);
    assert_count(inbox(&bench, "13800138000", 3), 0, 3);
    assert_count(inbox(&bench, "10010", 0), 0, 0);
    bench_stop(&bench);
}

static void a_message_ends_once(void **state)
{
    static const struct view first = VIEW("\5\0\3\1\2\1"), second = VIEW("\5\0\3\1\2\2");
    struct bench bench;
    (void)state;
    bench_start(&bench);
    assert_int_equal(take(&bench, "13800138000", VIEW("one"), VIEW_NONE, 31).mask, 1);
    assert_int_equal(take(&bench, "13800138000", VIEW("one"), VIEW_NONE, 2).mask, 0); /* asks for failures alone */
    assert_int_equal(take(&bench, "13800138000", VIEW("b"), second, 0).mask, 0);
    assert_int_equal(take(&bench, "13800138000", VIEW("b"), second, 0).mask, 0); /* again */
    assert_count(inbox(&bench, "13800138000", 0), 2, 2);
    struct mt_report report = take(&bench, "13800138000", VIEW("a"), first, 31);
    assert_int_equal(report.mask, 1);
    assert_string_equal(report.id, "id-1");
    assert_non_null(strstr(inbox(&bench, "13800138000", 2), "\"text\":\"ab\",\"parts\":2"));
    assert_true(phones_set_delivery(bench.phones, VIEW("13800138000"), DELIVERY_FAIL));
    assert_int_equal(take(&bench, "13800138000", VIEW("lost"), VIEW_NONE, 31).mask, 2);
    assert_count(inbox(&bench, "13800138000", 3), 0, 3);
    take(&bench, "13800138000", VIEW("b"), second, 0); /* stays without its first part */
    bench_stop(&bench);
}

static void what_is_kept_is_bounded(void **state)
{
    struct bench bench;
    struct text stats = {0};
    char number[20];
    (void)state;
    bench_start(&bench);
    take(&bench, "13800138000", VIEW("first"), VIEW_NONE, 0);
    for (unsigned i = 0; i < INBOX_MESSAGES_MAX; i++) {
        snprintf(number, sizeof number, "139%08u", i % 1000);
        take(&bench, number, VIEW("text"), VIEW_NONE, 0);
    }
    assert_count(inbox(&bench, "13800138000", 0), 0, 1);
    for (unsigned i = 1001; i < PHONES_MAX; i++) {
        snprintf(number, sizeof number, "139%08u", i);
        assert_true(phones_set_delivery(bench.phones, view_of(number), DELIVERY_OK));
    }
    assert_false(phones_set_delivery(bench.phones, VIEW("13700000000"), DELIVERY_OK));
    phones_write_stats(bench.phones, &stats);
    assert_non_null(strstr(stats.at, "\"phones\":100000,\"inbox_messages\":200000,"));
    text_free(&stats);
    bench_stop(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_as_a_phone_does), cmocka_unit_test(reads_where_a_part_belongs), cmocka_unit_test(one_number_is_one_phone),
        cmocka_unit_test(a_message_ends_once),  cmocka_unit_test(what_is_kept_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

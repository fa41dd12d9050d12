#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/replay.h"

/* A file with this content and this end of its name; the caller unlinks it. */
static void write_file(const char *end, const char *content, char path[64])
{
    snprintf(path, 64, "/tmp/smshall-replay.XXXXXX%s", end);
    int fd = mkstemps(path, (int)strlen(end));
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    close(fd);
}

/* --- files --- */

static void test_files(void **state)
{
    static const struct {
        const char *end, *content, *wanted; /* id|text|from|to of each row, or what err has */
    } rows[] = {
        {".tsv", "1\tYE\r\n\n2\t\n3\ta\tb", "1|YE|| 2||| 3|a\tb|| "},
        {".tsv",
         "\xEF\xBB\xBF"
         "1\tYE",
         "1|YE|| "},
        {".tsv", "1\tYE\n\nZD\n", ":3: no tab between id and text"},
        {".csv", "ID,Text,from\r\n7,\"a, \"\"b\"\"\",13800138000\n8,x\n", "7|a, \"b\"|13800138000| 8|x|| "},
        {".csv", "text,to\nYE,106601\nZD,\n", "2|YE||106601 3|ZD|| "},
        {".csv", "words\nYE\n", ":1: the header names no column \"text\""},
        {".csv", "id,text\n1\n", ":2: it has no text"},
        {".csv", "text\n\"YE\n", ":2: its quotes do not pair"},
        {".csv", "", ":1: the header names no column \"text\""},
        {".jsonl", "{\"text\":\"YE\",\"id\":5,\"from\":13800138001}\n\n{\"to\":\"106601\",\"text\":\"\"}", "5|YE|13800138001| 3|||106601 "},
        {".json", "{\"id\":1}\n", ":1: an object with a \"text\" is wanted"},
        {".ndjson", "{\"text\":\"YE\"}\n{\n", ":2: "},
        {".ndjson", "[]\n", ":1: an object with a \"text\" is wanted"},
        {".txt", "YE", ": neither .talk nor .tsv, .csv, .jsonl"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct arena *arena = arena_new();
        struct files files = {0};
        struct text out = {0};
        struct err err = {""};
        char path[64];
        write_file(rows[i].end, rows[i].content, path);
        enum outcome outcome = files_read(arena, path, &files, &err);
        for (size_t k = 0; outcome == IS_DONE && k < files.corpus.count; k++) {
            const struct corpus_row *row = &files.corpus.row[k];
            text_addf(&out, "%.*s|%.*s|%.*s|%.*s ", VIEW_ARG(row->id), VIEW_ARG(row->text), VIEW_ARG(row->from), VIEW_ARG(row->to));
        }
        const char *found = out.at ? out.at : err.text + strlen(path);
        if (strncmp(found, rows[i].wanted, strlen(rows[i].wanted)) != 0 || (out.at && strlen(found) != strlen(rows[i].wanted)))
            fail_msg("%s \"%s\": wanted %s, found %s", rows[i].end, rows[i].content, rows[i].wanted, found);
        unlink(path);
        text_free(&out);
        arena_free(&arena);
    }
}

/* --- the pool --- */

static void test_pools(void **state)
{
    struct arena *arena = arena_new();
    struct pool pool;
    struct err err;
    char path[64];
    (void)state;
    assert_int_equal(pool_read(arena, "3", 13800138000, &pool, &err), IS_DONE);
    assert_int_equal(pool.count, 3);
    assert_int_equal(pool_msisdn(&pool, 2), 13800138002);
    assert_int_equal(pool_read(arena, "13900000000-13900000009", 1, &pool, &err), IS_DONE);
    assert_int_equal(pool.count, 10);
    assert_int_equal(pool_msisdn(&pool, 9), 13900000009);
    write_file("", "# two\n13800138007\n\n +86-13800138005 \n", path);
    assert_int_equal(pool_read(arena, path, 1, &pool, &err), IS_DONE);
    assert_int_equal(pool.count, 2);
    assert_int_equal(pool_msisdn(&pool, 0), 13800138007);
    assert_int_equal(pool_msisdn(&pool, 1), 13800138005);
    unlink(path);
    assert_int_equal(pool_read(arena, path, 1, &pool, &err), IS_REFUSED);
    write_file("", "10086\n", path);
    assert_int_equal(pool_read(arena, path, 1, &pool, &err), IS_REFUSED);
    assert_non_null(strstr(err.text, ":1: \"10086\" is no mobile number"));
    unlink(path);
    assert_int_equal(pool_read(arena, "0", 1, &pool, &err), IS_REFUSED);
    assert_int_equal(pool_read(arena, "13900000009-13900000000", 1, &pool, &err), IS_REFUSED);
    arena_free(&arena);
}

/* --- mischief --- */

static void test_shares(void **state)
{
    static const struct {
        const char *written;
        bool is_read;
        double share;
    } rows[] = {{"5", true, 0.05}, {"0.5%", true, 0.005}, {"100%", true, 1}, {"0", true, 0},      {"101", false, 0}, {"", false, 0},
                {"%", false, 0},   {"-1", false, 0},      {"1e1", false, 0}, {"1.2.3", false, 0}, {"x", false, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        double share = 7;
        bool is_read = mischief_read_share(view_of(rows[i].written), &share);
        if (is_read != rows[i].is_read || (is_read && (share < rows[i].share - 1e-9 || share > rows[i].share + 1e-9)))
            fail_msg("\"%s\": %d %f", rows[i].written, is_read, share);
    }
}

/* A tenth is struck, the same with the same seed, others with another, and each kind by itself. */
static void test_strikes(void **state)
{
    struct mischief a = {.seed = 1}, b = {.seed = 1}, c = {.seed = 2};
    unsigned same_seed = 0, other_seed = 0, both_kinds = 0, never = 0;
    (void)state;
    a.share[MISCHIEF_CUT] = a.share[MISCHIEF_DELAY] = b.share[MISCHIEF_CUT] = c.share[MISCHIEF_CUT] = 0.1;
    for (uint64_t key = 0; key < 10000; key++) {
        bool strikes = mischief_strikes(&a, MISCHIEF_CUT, key);
        same_seed += strikes == mischief_strikes(&b, MISCHIEF_CUT, key);
        other_seed += strikes && mischief_strikes(&c, MISCHIEF_CUT, key);
        both_kinds += strikes & mischief_strikes(&a, MISCHIEF_DELAY, key);
        never += mischief_strikes(&a, MISCHIEF_REORDER, key);
        assert_true(mischief_draw(&a, MISCHIEF_CUT, key, 8) < 8);
    }
    assert_in_range(a.done[MISCHIEF_CUT], 900, 1100);
    assert_int_equal(same_seed, 10000);
    assert_in_range(other_seed, 50, 150);
    assert_in_range(both_kinds, 50, 150);
    assert_int_equal(never, 0);
    assert_int_equal(mischief_draw(&a, MISCHIEF_CUT, 1, 0), 0);
}

static void test_reports(void **state)
{
    static const struct {
        enum mischief_kind kinds[2];
        uint64_t mask;
        const char *wanted;
    } rows[] = {
        {{MISCHIEFS, MISCHIEFS}, 31, "81"},
        {{MISCHIEFS, MISCHIEFS}, 19, "1"},
        {{MISCHIEFS, MISCHIEFS}, 0, ""},
        {{MISCHIEF_DROP_REPORT, MISCHIEFS}, 31, ""},
        {{MISCHIEF_DOUBLE_REPORT, MISCHIEFS}, 31, "8811"},
        {{MISCHIEF_BACKWARD_REPORT, MISCHIEFS}, 19, "18"},
        {{MISCHIEF_BACKWARD_REPORT, MISCHIEF_DOUBLE_REPORT}, 31, "1188"},
        {{MISCHIEF_BACKWARD_REPORT, MISCHIEFS}, 2, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct mischief mischief = {0};
        unsigned status[REPORTS_MAX];
        char found[REPORTS_MAX + 1] = "";
        for (size_t k = 0; k < 2 && rows[i].kinds[k] < MISCHIEFS; k++)
            mischief.share[rows[i].kinds[k]] = 1;
        size_t count = sendsms_plan_reports(&mischief, 7, rows[i].mask, status);
        for (size_t k = 0; k < count; k++)
            found[k] = (char)('0' + status[k]);
        assert_string_equal(found, rows[i].wanted);
    }
}

/* --- the plan --- */

static struct corpus corpus_of(struct arena *arena, size_t count)
{
    struct corpus corpus = {.row = ARENA_ARRAY(arena, struct corpus_row, count), .count = count};
    for (size_t i = 0; i < count; i++)
        corpus.row[i] = (struct corpus_row){.id = arena_printf(arena, "%zu", i), .text = VIEW("YE")};
    return corpus;
}

/* The messages of each walker as it takes them, `subscriber:message`. */
static void write_plan(const struct plan *plan, struct text *out)
{
    text_clear(out);
    for (uint32_t walker = 0; walker < plan->walkers; walker++) {
        for (uint32_t turn = plan->first[walker]; turn != NO_TURN; turn = plan->next[turn])
            text_addf(out, "%u:%u ", plan->subscriber_of[turn], plan->message_of[turn]);
        text_add(out, VIEW("| "));
    }
}

static void test_plans(void **state)
{
    struct arena *arena = arena_new();
    struct mischief mischief = {.seed = 1};
    struct replay_options options = {.mischief = &mischief, .pool = {.count = 3, .first = 13800138000}, .concurrency = 2, .repeat = 1};
    struct corpus corpus = corpus_of(arena, 7);
    struct plan plan;
    struct text out = {0};
    (void)state;
    plan_make(arena, &options, &corpus, &plan);
    write_plan(&plan, &out);
    assert_string_equal(out.at, "0:0 2:2 0:3 2:5 0:6 | 1:1 1:4 | ");
    assert_ptr_equal(plan_find(&plan, VIEW("+8613800138002")), &plan.subscriber[2]);
    assert_null(plan_find(&plan, VIEW("13800138003")));

    mischief.share[MISCHIEF_REORDER] = 1;
    plan_make(arena, &options, &corpus, &plan);
    write_plan(&plan, &out);
    assert_string_equal(out.at, "0:3 2:5 0:0 2:2 0:6 | 1:4 1:1 | ");
    assert_int_equal(mischief.done[MISCHIEF_REORDER], 3);

    mischief.share[MISCHIEF_REORDER] = 0;
    corpus.row[1].from = VIEW("13800138001");
    corpus.row[2].from = VIEW("8613800138009");
    corpus.row[5].from = VIEW("13800138009");
    options.repeat = 2;
    options.concurrency = 100;
    plan_make(arena, &options, &corpus, &plan);
    write_plan(&plan, &out);
    assert_string_equal(out.at, "0:0 0:3 0:6 | 1:1 1:4 1:7 1:8 1:10 1:13 | 2:2 2:5 2:9 2:12 | 3:11 | ");
    text_free(&out);
    arena_free(&arena);
}

/* --- likeness --- */

static void test_groups(void **state)
{
    static const char *const texts[] = {"您好，余额为56.78元。",
                                        "您好，余额为1.5元。",
                                        "帮我查一下话费",
                                        "您好，余额为100.00元。",
                                        "帮我查一下我的话费",
                                        "天气真好",
                                        "",
                                        "HAHA",
                                        "haha",
                                        ""};
    struct groups *groups = groups_new();
    struct group group[4];
    size_t all;
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        groups_add(groups, view_of(texts[i]));
    assert_int_equal(groups_largest(groups, group, 3, &all), 3);
    assert_int_equal(all, 5);
    assert_true(view_equal(group[0].example, view_of(texts[0])));
    assert_int_equal(group[0].count, 3);
    assert_true(view_equal(group[1].example, view_of(texts[2])));
    assert_int_equal(group[1].count, 2);
    assert_int_equal(group[2].example.size, 0);
    groups_free(&groups);
}

/* What is alike is found among many: half of the pairs shared, and the smallest hashes meet. */
static void test_groups_of_many(void **state)
{
    struct groups *groups = groups_new();
    struct group group[2];
    struct text text = {0};
    size_t all;
    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        text_clear(&text);
        if (i % 100 == 0)
            text_addf(&text, "请问如何办理第%c个业务，谢谢", 'a' + (int)(i / 100 % 26));
        for (unsigned k = 0; k < 12 && i % 100; k++)
            text_add_char(&text, (char)('a' + (i * 2654435761u >> k * 2) % 26));
        groups_add(groups, text_view(&text));
    }
    assert_int_equal(groups_largest(groups, group, 1, &all), 1);
    assert_int_equal(group[0].count, 200);
    text_free(&text);
    groups_free(&groups);
}

/* --- a run, kept and compared --- */

static struct run *run_of(unsigned changes)
{
    struct run *run = run_new(NULL, true);
    run_said(run, VIEW("a"), VIEW("YE"), VIEW("10086"));
    run_said(run, VIEW("tab\tand\\"), VIEW("ZD"), VIEW("10086"));
    run_said(run, VIEW("a"), VIEW("JF"), VIEW("10086"));
    run_heard(run, 0, VIEW("one\nline"));
    run_heard(run, 1, VIEW("two"));
    run_heard(run, 2, changes & 1 ? VIEW("3") : VIEW("three"));
    if (changes & 2)
        run_heard(run, 1, VIEW("four"));
    if (changes & 4)
        run_said(run, VIEW("b"), VIEW("GN"), VIEW("10086"));
    run_end(run);
    return run;
}

static void check_difference(unsigned changes, bool with_messages, size_t wanted, const char *words)
{
    struct run *before = run_of(0), *after = run_of(changes);
    struct text stored = {0}, differences = {0};
    struct err err;
    size_t count;
    run_write(&stored, before, with_messages);
    assert_int_equal(run_compare(after, VIEW("f"), text_view(&stored), &differences, &count, &err), IS_DONE);
    assert_string_equal(differences.size ? differences.at : "", words);
    assert_int_equal(count, wanted);
    text_free(&stored);
    text_free(&differences);
    run_free(&before);
    run_free(&after);
}

static void test_differences(void **state)
{
    (void)state;
    check_difference(0, true, 0, "");
    check_difference(1, true, 1, "words to a: was three, is 3\n");
    check_difference(1, false, 0, "");
    check_difference(2, true, 2, "replies (no template): was 3, is 4\nreply to tab\tand\\: was none, is (no template)\n");
    check_difference(2, false, 1, "replies (no template): was 3, is 4\n");
    check_difference(4, false, 2, "messages: was 3, is 4\nread as (unread): was 3, is 4\n");
}

static void test_stored(void **state)
{
    static const struct {
        const char *stored;
        size_t count;
        const char *words;
    } rows[] = {
        {"# a comment\nmessages\t3\nread\t(unread)\t3\n", 0, ""},
        {"read\tbalance\t2\nread\t(unread)\t3\n", 1, "read as balance: was 2, is 0\n"},
        {"", 1, "read as (unread): was 0, is 3\n"},
        {"read\t(unread)\t3\nreply\thall/unknown\t1\n", 2, "replies hall/unknown: was 1, is 0\nreplies (no template): was 0, is 3\n"},
        {"read\t(unread)\t3\nmessage\tz\tbalance\n", 1, "message z: was balance, is not there\n"},
        {"read\t(unread)\t3\nmessage\ta\tbalance\n", 1, "message a: was balance, is (unread)\n"},
        {"nonsense\n", 0, NULL},
        {"read\tbalance\n", 0, NULL},
        {"read\tbalance\tx\n", 0, NULL},
        {"message\ta\n", 0, NULL},
    };
    struct run *run = run_of(0);
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct text differences = {0};
        struct err err;
        size_t count = 0;
        enum outcome outcome = run_compare(run, VIEW("f"), view_of(rows[i].stored), &differences, &count, &err);
        if (outcome != (rows[i].words ? IS_DONE : IS_REFUSED) || count != rows[i].count ||
            (rows[i].words && strcmp(differences.size ? differences.at : "", rows[i].words) != 0))
            fail_msg("%s: %d, %s", rows[i].stored, (int)outcome, differences.at);
        if (!rows[i].words)
            assert_string_equal(err.text, "f:1: this is no line of a run");
        text_free(&differences);
    }
    run_free(&run);
}

/* --- by the grammar --- */

static void test_reading(void **state)
{
    static const struct {
        const char *text, *port, *wanted, *masked;
    } texts[] = {
        {"ye", "10086", "balance", "ye"},
        {"是", "10086", "(answer yes)", "是"},
        {"1,3", "10086977", "(answer serials)", "1,3"},
        {"你好", "10086", "(nothing)", "你好"},
        {"STOP", "106601", "provider_leave", "STOP"},
        {"MMXG#246810#135790", "10086", "change_password", "MMXG#***#***"},
    };
    static const struct {
        const char *text, *read, *wanted;
    } replies[] = {
        {"尊敬的客户，您好！您的账户余额为56.78元。中国移动", "balance", "balance/ok"},
        {"Dear customer, your balance is 1.50 yuan. China Mobile", "", "balance/ok"},
        {"您好！彩铃业务未订购，不收取费用。中国移动", "(answer no)", "open/declined"},
        {"（续）\n移动自有业务：\n9.中国移动 彩铃 "
         "5.00元/月\n回复业务序号取消对应业务；多项请用逗号分隔；2小时内回复有效，回复免费。中国移动",
         "leave_list", "leave_list/list"},
        {"something else", "balance", ""},
        {"", "balance", ""},
    };
    struct arena *arena = arena_new();
    struct reading *reading;
    struct err err;
    (void)state;
    assert_int_equal(reading_open("tests/nowhere", "10086", &reading, &err), IS_REFUSED);
    assert_int_equal(reading_open("commands", "10086", &reading, &err), IS_DONE);
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct view masked, label = reading_of_text(reading, arena, view_of(texts[i].text), view_of(texts[i].port), &masked);
        if (!view_equal(label, view_of(texts[i].wanted)) || !view_equal(masked, view_of(texts[i].masked)))
            fail_msg("%s: %.*s %.*s", texts[i].text, VIEW_ARG(label), VIEW_ARG(masked));
    }
    for (size_t i = 0; i < sizeof(replies) / sizeof(*replies); i++) {
        struct view label = reading_of_reply(reading, view_of(replies[i].text), view_of(replies[i].read));
        if (!view_equal(label, view_of(replies[i].wanted)))
            fail_msg("%s: %.*s", replies[i].text, VIEW_ARG(label));
    }
    reading_close(&reading);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),   cmocka_unit_test(test_pools),          cmocka_unit_test(test_shares),
        cmocka_unit_test(test_strikes), cmocka_unit_test(test_reports),        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_groups),  cmocka_unit_test(test_groups_of_many), cmocka_unit_test(test_differences),
        cmocka_unit_test(test_stored),  cmocka_unit_test(test_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

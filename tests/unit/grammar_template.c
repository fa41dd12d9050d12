/* Templates and filters: rows of template, fields and what comes out, or why nothing does. */
#include "grammar_folder.h"

#include "grammar/template.h"

struct row {
    const char *template, *fields;
    const char *text; /* NULL: refused, with `why` in its words */
    const char *why;
};

static const struct row rows[] = {
    {"余额为{balance|yuan}元。", "{\"balance\":5678}", "余额为56.78元。", NULL},
    {"{a|yuan}", "{\"a\":0}", "0.00", NULL},
    {"{a|yuan}", "{\"a\":5}", "0.05", NULL},
    {"{a|yuan}", "{\"a\":-1230}", "-12.30", NULL},
    {"{a|yuan}", "{\"a\":-5}", "-0.05", NULL},
    {"{a|yuan}", "{\"a\":\"-1230\"}", "-12.30", NULL},
    {"{a|yuan}", "{\"a\":9223372036854775807}", "92233720368547758.07", NULL},
    {"{a|yuan}", "{\"a\":56.78}", NULL, "the field a is not what yuan takes: whole fen"},
    {"{m|month_zh}", "{\"m\":\"201211\"}", "2012年11月", NULL},
    {"{m|month_zh}", "{\"m\":201201}", "2012年1月", NULL},
    {"{m|month_zh}", "{\"m\":\"201213\"}", NULL, "the field m is not what month_zh takes"},
    {"{d|date_zh}", "{\"d\":\"2026-11-22\"}", "2026年11月22日", NULL},
    {"{d|date_zh}", "{\"d\":\"2026-11-22T23:30:00Z\"}", "2026年11月23日", NULL},
    {"{d|time_zh}", "{\"d\":\"2026-11-22T15:04:05.678+08:00\"}", "2026年11月22日 15:04", NULL},
    {"{d|time_zh}", "{\"d\":\"2026-11-22 07:04:05+00\"}", "2026年11月22日 15:04", NULL},
    {"{d|time_zh}", "{\"d\":\"2026-11-22T15:04\"}", "2026年11月22日 15:04", NULL},
    {"{d|time_zh}", "{\"d\":\"2026-03-01T00:30:00+0930\"}", "2026年2月28日 23:00", NULL},
    {"{d|time_zh}", "{\"d\":\"1795330985\"}", "2026年11月22日 15:03", NULL},
    {"{d|time_zh}", "{\"d\":951753600}", "2000年2月29日 00:00", NULL},
    {"{d|time_zh}", "{\"d\":\"soon\"}", NULL, "the field d is not what time_zh takes: Unix seconds or an ISO 8601 time"},
    {"{l|list}", "{\"l\":[{\"name\":\"套餐及固定费\",\"fen\":5800},{\"name\":\"语音\",\"fen\":2060}]}", "套餐及固定费58.00元、语音20.60元",
     NULL},
    {"{l|list}", "{\"l\":[\"来电显示\",\"彩铃\"]}", "来电显示、彩铃", NULL},
    {"{l|list}", "{\"l\":[{\"name\":\"彩铃\"}]}", "彩铃", NULL},
    {"{l|list_comma}", "{\"l\":[1,2]}", "1，2", NULL},
    {"{l|lines}", "{\"l\":[\"a\",\"b\"]}", "a\nb", NULL},
    {"{l|list}", "{\"l\":[]}", "", NULL},
    {"{l|lines}",
     "{\"l\":[{\"serial\":1,\"name\":\"全部\",\"provider\":null,\"price\":null},{\"serial\":2,\"provider\":\"新华短讯\",\"name\":"
     "\"新闻早报\","
     "\"price\":{\"fen\":300,\"period\":\"month\"}}]}",
     "1.全部\n2.新华短讯 新闻早报 3.00元/月", NULL},
    {"{l|list}", "{\"l\":[{\"name\":\"彩铃\",\"price\":{\"fen\":0,\"period\":\"month\"},\"since\":\"2011-03-01T10:00:00+08:00\"}]}",
     "彩铃 0.00元 2011年3月1日起", NULL},
    {"{l|list}", "{\"l\":[{\"service\":\"彩铃\",\"until\":\"2026-12-01T00:00:00+08:00\"}]}", "彩铃（2026年12月1日）", NULL},
    {"{l|list}", "{\"l\":[{\"name\":\"彩铃\",\"since\":\"soon\"}]}", NULL, "the field l is not what list takes"},
    {"{l|list}", "{\"l\":[{\"name\":\"彩铃\",\"price\":3}]}", NULL, "the field l is not what list takes"},
    {"{p|price}", "{\"p\":{\"fen\":300,\"period\":\"month\"}}", "3.00元/月", NULL},
    {"{p|price}", "{\"p\":{\"fen\":10,\"period\":\"message\"}}", "0.10元/条", NULL},
    {"{p|price}", "{\"p\":{\"fen\":12345,\"period\":\"once\"}}", "123.45元/次", NULL},
    {"{p|price}", "{\"p\":{\"fen\":0,\"period\":\"month\"}}", "0.00元", NULL},
    {"{p|price}", "{\"p\":{\"fen\":300,\"period\":\"year\"}}", NULL, "the field p is not what price takes: {fen, period"},
    {"{p|price}", "{\"p\":300}", NULL, "the field p is not what price takes"},
    {"{s|duration}", "{\"s\":86400}", "24小时", NULL},
    {"{s|duration}", "{\"s\":172800}", "48小时", NULL},
    {"{s|duration}", "{\"s\":259200}", "3天", NULL},
    {"{s|duration}", "{\"s\":604800}", "7天", NULL},
    {"{s|duration}", "{\"s\":7200}", "2小时", NULL},
    {"{s|duration}", "{\"s\":1800}", "30分钟", NULL},
    {"{s|duration}", "{\"s\":5400}", "90分钟", NULL},
    {"{s|duration}", "{\"s\":\"3600\"}", "1小时", NULL},
    {"{s|duration}", "{\"s\":61}", "61秒", NULL},
    {"{s|duration}", "{\"s\":0}", "0秒", NULL},
    {"{s|duration}", "{\"s\":-1}", NULL, "the field s is not what duration takes: whole seconds"},
    {"{l|list}", "{\"l\":[{\"fen\":1}]}", NULL, "the field l is not what list takes"},
    {"{l|list}", "{\"l\":[[1]]}", NULL, "the field l is not what list takes"},
    {"{l|count}", "{\"l\":[1,2,3]}", "3", NULL},
    {"{n}", "{\"n\":{\"zh\":\"关\",\"en\":\"off\"}}", "关", NULL},
    {"{l|lines}", "{\"l\":[{\"serial\":1,\"label\":{\"zh\":\"开通\",\"en\":\"Open\"}}]}", "1.开通", NULL},
    {"{n|mb}", "{\"n\":350}", "350MB", NULL},
    {"{n}条", "{\"n\":80}", "80条", NULL},
    {"{n}", "{\"n\":\"全球通\"}", "全球通", NULL},
    {"{n}", "{\"n\":true}", NULL, "the field n is neither text nor a number"},
    {"{n}", "{}", NULL, "the field n is missing"},
    {"a{?n}，{n}{/n}。", "{\"n\":\"x\"}", "a，x。", NULL},
    {"a{?n}，{n}{/n}。", "{\"n\":\"\"}", "a。", NULL},
    {"a{?n}，{n|list}{/n}。", "{\"n\":[]}", "a。", NULL},
    {"a{?n}，{n}{/n}。", "{\"n\":null}", "a。", NULL},
    {"a{?n}，{n}{/n}。", "{}", "a。", NULL},
    {"a{?n}，{n}{/n}。", "{\"n\":0}", "a。", NULL}, /* a trial of no days is none */
    {"a{?n}，{n}{/n}{!n}！{/n}。", "{\"n\":1}", "a，1。", NULL},
    {"a{?n}，{n}{/n}{!n}！{/n}。", "{}", "a！。", NULL},
    {"a{!n}{m}{/n}。", "{\"n\":false,\"m\":2}", "a2。", NULL},
    {"a{!n}{m}{/n}。", "{\"n\":false}", NULL, "the field m is missing"},
    {"{?a}{!b}{/b}{/a}", "{}", NULL, "{!b} stands inside another section"},
    {"{!a}x", "{}", NULL, "{!a} is not closed"},
    {"{!}x", "{}", NULL, "{!} names no field"},
    {"{?a}1{/a}{?b}2{/b}", "{\"b\":1}", "2", NULL},
    {"{{n}}", "{}", "{n}", NULL},
    {"", "{}", "", NULL},
    {"{n", "{}", NULL, "a { has no }"},
    {"n}", "{}", NULL, "a } stands alone"},
    {"{}", "{}", NULL, "{} names no field"},
    {"{n|}", "{}", NULL, "{n|} has the unknown filter \"\""},
    {"{n|euro}", "{}", NULL, "{n|euro} has the unknown filter \"euro\""},
    {"{n|mb|mb|mb|mb}", "{}", NULL, "has more than 3 filters"},
    {"{?a}{?b}{/b}{/a}", "{}", NULL, "{?b} stands inside another section"},
    {"{?a}x", "{}", NULL, "{?a} is not closed"},
    {"x{/a}", "{}", NULL, "{/a} closes nothing"},
    {"{?a}x{/b}", "{}", NULL, "{/b} closes nothing"},
};

/* The same in English words. */
static const struct row english[] = {
    {"{a|yuan} yuan", "{\"a\":5678}", "56.78 yuan", NULL},
    {"{p|price}", "{\"p\":{\"fen\":300,\"period\":\"month\"}}", "3.00 yuan/month", NULL},
    {"{p|price}", "{\"p\":{\"fen\":10,\"period\":\"message\"}}", "0.10 yuan/message", NULL},
    {"{p|price}", "{\"p\":{\"fen\":12345,\"period\":\"once\"}}", "123.45 yuan once", NULL},
    {"{p|price}", "{\"p\":{\"fen\":0,\"period\":\"month\"}}", "0.00 yuan", NULL},
    {"{p|price}", "{\"p\":{\"fen\":300,\"period\":\"year\"}}", NULL, "the field p is not what price takes"},
    {"{s|duration}", "{\"s\":86400}", "24 hours", NULL},
    {"{s|duration}", "{\"s\":3600}", "1 hour", NULL},
    {"{s|duration}", "{\"s\":259200}", "3 days", NULL},
    {"{s|duration}", "{\"s\":60}", "1 minute", NULL},
    {"{s|duration}", "{\"s\":0}", "0 seconds", NULL},
    {"{m|month}", "{\"m\":\"201211\"}", "Nov 2012", NULL},
    {"{m|month}", "{\"m\":\"201213\"}", NULL, "the field m is not what month takes: a month such as 201211"},
    {"{m|month_zh}", "{\"m\":\"201211\"}", "2012年11月", NULL}, /* whatever the language */
    {"{d|date}", "{\"d\":\"2026-11-22T23:30:00Z\"}", "23 Nov 2026", NULL},
    {"{d|time}", "{\"d\":\"2026-01-02T15:04:05.678+08:00\"}", "2 Jan 2026 15:04", NULL},
    {"{d|time}", "{\"d\":\"soon\"}", NULL, "the field d is not what time takes: Unix seconds or an ISO 8601 time"},
    {"{l|list}", "{\"l\":[\"A\",\"B\"]}", "A, B", NULL},
    {"{l|list_comma}", "{\"l\":[1,2]}", "1, 2", NULL},
    {"{l|lines}", "{\"l\":[\"a\",\"b\"]}", "a\nb", NULL},
    {"{l|list}", "{\"l\":[{\"name\":\"Calls\",\"fen\":5800},{\"name\":\"SMS\",\"fen\":2060}]}", "Calls 58.00 yuan, SMS 20.60 yuan", NULL},
    {"{l|lines}",
     "{\"l\":[{\"serial\":2,\"provider\":\"新华短讯\",\"name\":\"新闻早报\",\"price\":{\"fen\":300,\"period\":\"month\"},"
     "\"since\":\"2011-03-01T10:00:00+08:00\"}]}",
     "2.新华短讯 新闻早报 3.00 yuan/month since 1 Mar 2011", NULL},
    {"{l|list}", "{\"l\":[{\"service\":\"彩铃\",\"until\":\"2026-12-01T00:00:00+08:00\"}]}", "彩铃 (1 Dec 2026)", NULL},
    /* words that come in several languages */
    {"{n}", "{\"n\":{\"zh\":\"关\",\"en\":\"off\"}}", "off", NULL},
    {"{n}", "{\"n\":{\"zh\":\"关\"}}", "关", NULL},
    {"{n}", "{\"n\":{\"en\":\"\",\"zh\":\"关\"}}", "关", NULL},
    {"{n}", "{\"n\":{\"fr\":\"non\"}}", NULL, "the field n is neither text nor a number"},
    {"{l|list}", "{\"l\":[{\"zh\":\"甲\",\"en\":\"A\"},\"B\",{\"zh\":\"丙\"}]}", "A, B, 丙", NULL},
    {"{l|lines}",
     "{\"l\":[{\"serial\":1,\"label\":{\"zh\":\"开通\",\"en\":\"Open\"}},{\"serial\":2,\"name\":{\"zh\":\"甲\",\"en\":\"A\"}}]}",
     "1.Open\n2.A", NULL},
    {"{l|lines}", "{\"l\":[{\"serial\":1,\"label\":[]}]}", NULL, "the field l is not what lines takes"},
    {"{l|list}", "{\"l\":[{\"serial\":1}]}", NULL, "the field l is not what list takes"},
};

static bool holds(struct arena *arena, enum language language, const struct row *row)
{
    const struct writer writer = {arena, language};
    struct template template;
    struct view text = VIEW_NONE;
    struct err err = {""};
    json_t *fields = json_read(view_of(row->fields), NULL);
    enum outcome outcome = template_compile(arena, view_of(row->template), &template, &err);
    if (outcome == IS_DONE)
        outcome = template_render(&template, &writer, fields, &text, &err);
    json_decref(fields);
    bool is_right =
        row->text ? outcome == IS_DONE && view_equal(text, view_of(row->text)) : outcome == IS_REFUSED && strstr(err.text, row->why);
    if (!is_right)
        print_error("%s with %s: \"%.*s\" %s\n", row->template, row->fields, VIEW_ARG(text), err.text);
    return is_right;
}

static void renders(void **state)
{
    struct arena *arena = arena_new();
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        wrong += !holds(arena, LANGUAGE_ZH, &rows[i]);
    for (size_t i = 0; i < sizeof english / sizeof *english; i++)
        wrong += !holds(arena, LANGUAGE_EN, &english[i]);
    arena_free(&arena);
    assert_int_equal(wrong, 0);
}

struct said {
    const char *command, *outcome, *fields, *text;
};

static void render_all(const struct grammar *grammar, struct view language, const struct said *said, size_t count)
{
    struct arena *arena = arena_new();
    struct err err;
    struct view text;
    for (size_t i = 0; i < count; i++) {
        json_t *fields = json_read(view_of(said[i].fields), NULL);
        struct view command = view_of(said[i].command), outcome = view_of(said[i].outcome);
        assert_int_equal(grammar_render(grammar, arena, command, outcome, language, fields, &text, &err), IS_DONE);
        assert_string_equal(arena_string(arena, text), said[i].text);
        json_decref(fields);
    }
    arena_free(&arena);
}

/* The replies of commands/, with the fields of the demo data. */
static void renders_the_commands(void **state)
{
    static const struct said reply[] = {
        {"balance", "ok", "{\"balance\":5678,\"brand\":\"全球通\",\"as_of\":\"2026-11-22\"}",
         "尊敬的客户，您好！您的账户余额为56.78元。中国移动"},
        {"bill", "ok",
         "{\"month\":\"201211\",\"total\":8860,\"items\":[{\"name\":\"套餐及固定费\",\"fen\":5800},{\"name\":\"语音通信费\",\"fen\":2060}]"
         "}",
         "尊敬的客户，您好！您2012年11月账单合计88.60元：套餐及固定费58.00元、语音通信费20.60元。中国移动"},
        {"allowance_data", "ok", "{\"kind\":\"数据流量\",\"left\":350,\"total\":500,\"unit\":\"MB\"}",
         "尊敬的客户，您好！您本月数据流量套餐共500MB，剩余350MB。中国移动"},
        {"hall", "unknown", "{\"near\":[]}", "您发送的内容无法识别。发送10086查看菜单。中国移动"},
        {"hall", "unknown", "{\"near\":[\"YE\",\"JF\"]}", "您发送的内容无法识别，您是否想发送：YE、JF。发送10086查看菜单。中国移动"},
        {"open", "ask", /* rules A2 */
         "{\"service\":\"新闻早报\",\"provider\":\"新华短讯\",\"collected\":true,\"price\":{\"fen\":300,\"period\":\"month\"},\"trial_"
         "days\":0,"
         "\"window\":86400,\"off\":\"QXXWZB\",\"off_port\":\"10086\"}",
         "您好！您将订购由新华短讯提供的新闻早报业务，3.00元/"
         "月（由中国移动代收费），请在24小时内回复“是”确认订购，回复其他内容或不回复则不订购"
         "。如需取消请发送QXXWZB到10086。中国移动"},
        {"open", "ok", /* rules A11 */
         "{\"service\":\"彩铃\",\"price\":{\"fen\":500,\"period\":\"month\"},\"charged\":500,\"balance\":9500,\"off\":\"QXCL\","
         "\"off_port\":\"10086\"}",
         "您好！彩铃业务已开通，5.00元/月。本次收取5.00元，账户余额95.00元。如需取消请发送QXCL到10086。中国移动"},
        {"open", "expired", "{\"service\":\"彩铃\",\"how\":\"KTCL\"}", /* rules A3 */
         "您好！彩铃业务的订购确认已过期，请重新发送KTCL到10086。本次未为您订购，不收取费用。中国移动"},
        {"open", "renewal_notice", /* rules A12 */
         "{\"service\":\"彩铃\",\"price\":{\"fen\":500,\"period\":\"month\"},\"at\":\"2026-12-01T10:00:00+08:00\",\"off\":\"QXCL\","
         "\"off_port\":\"10086\"}",
         "您好！您的彩铃业务将于2026年12月1日 10:00续订，5.00元/月。如不需要，请在此之前发送QXCL到10086取消。中国移动"},
        {"leave_list", "left",
         "{\"items\":[\"彩铃\"],\"gone\":[],\"wrong\":[\"9\"],\"repeated\":[],\"later\":[{\"service\":\"来电提醒\",\"until\":"
         "\"2026-12-01T00:00:00+08:00\"}]}", /* rules B4, B6 */
         "您好！已取消：彩铃。到期停止：来电提醒（2026年12月1日）。没有序号：9。中国移动"},
        {"balance", "fault", "{}", "系统忙，您的请求未能办理，请稍后再试。中国移动"}, /* the hall's own */
        {"no_such", "fault", "{}", "系统忙，您的请求未能办理，请稍后再试。中国移动"},
    };
    struct grammar *grammar = load_good("commands");
    struct arena *arena = arena_new();
    struct err err;
    struct view text;
    (void)state;
    render_all(grammar, VIEW_NONE, reply, sizeof reply / sizeof *reply);
    json_t *none = json_object();
    assert_int_equal(grammar_render(grammar, arena, VIEW("balance"), VIEW("ok"), VIEW_NONE, none, &text, &err), IS_REFUSED);
    assert_string_equal(err.text, "reply \"ok\" of balance: the field balance is missing");
    assert_int_equal(grammar_render(grammar, arena, VIEW("balance"), VIEW("nonsense"), VIEW_NONE, none, &text, &err), IS_REFUSED);
    assert_string_equal(err.text, "no reply \"nonsense\" of balance, nor of hall");
    json_decref(none);
    arena_free(&arena);
    grammar_free(&grammar);
}

/* Rules A2 hold in English too: service, provider, price, window, the exact answer, what anything else means, and how to leave. */
static void renders_the_commands_in_english(void **state)
{
    static const struct said reply[] = {
        {"balance", "ok", "{\"balance\":-1230}", "Dear customer, your balance is -12.30 yuan. China Mobile"},
        {"bill", "ok", "{\"month\":\"201211\",\"total\":8860,\"items\":[{\"name\":\"语音通信费\",\"fen\":2060}]}",
         "Dear customer, your bill for Nov 2012 is 88.60 yuan: 语音通信费 20.60 yuan. China Mobile"},
        {"open", "ask",
         "{\"service\":\"新闻早报\",\"provider\":\"新华短讯\",\"collected\":true,\"price\":{\"fen\":300,\"period\":\"month\"},\"window\":"
         "86400,"
         "\"off\":\"QXXWZB\",\"off_port\":\"10086\"}",
         "You are about to order 新闻早报 from 新华短讯, 3.00 yuan/month (collected by China Mobile). Reply YES within 24 hours to order; "
         "with any "
         "other reply, or none, it is not ordered. To cancel later send QXXWZB to 10086. China Mobile"},
        {"open", "ok",
         "{\"service\":\"彩铃\",\"price\":{\"fen\":500,\"period\":\"month\"},\"charged\":500,\"balance\":9500,\"off\":\"QXCL\",\"off_"
         "port\":\"10086\"}",
         "彩铃 is open, 5.00 yuan/month. 5.00 yuan was charged, your balance is 95.00 yuan. To cancel send QXCL to 10086. China Mobile"},
        {"open", "renewal_notice",
         "{\"service\":\"彩铃\",\"price\":{\"fen\":500,\"period\":\"month\"},\"at\":\"2026-12-01T10:00:00+08:00\",\"off\":\"QXCL\",\"off_"
         "port\":\"10086\"}",
         "Your 彩铃 will be renewed on 1 Dec 2026 10:00, 5.00 yuan/month. If you do not want it, send QXCL to 10086 before then. China "
         "Mobile"},
        {"open", "cool_down", "{\"until\":\"2026-12-01T10:00:00+08:00\"}",
         "Your service password was reset. For your protection nothing that costs can be ordered before 1 Dec 2026 10:00; nothing was "
         "ordered. China "
         "Mobile"},
        {"open_reminder", "out_of_bounds", "{\"least\":100,\"most\":100000}",
         "The amount of the balance reminder must be from 1.00 to 1000.00 yuan, so nothing was done. Please send it again, such as "
         "KTYETX10. China "
         "Mobile"},
        {"change_password", "wrong", "{\"left\":0}",
         "The old password is not right and was not changed. Please try again tomorrow. China Mobile"},
        {"reset_password", "sent", "{\"password\":\"482913\",\"hours\":24}",
         "Your temporary password is 482913. It is good for 24 hours, and only to be changed: send MMXG#482913#new password to 10086. Tell "
         "it to "
         "nobody. China Mobile"},
        {"leave_list", "left", "{\"items\":[\"彩铃\"],\"gone\":[],\"wrong\":[\"9\"],\"repeated\":[]}",
         "Cancelled: 彩铃. No such number: 9. China Mobile"},
    };
    struct grammar *grammar = load_good("commands");
    (void)state;
    render_all(grammar, VIEW("en"), reply, sizeof reply / sizeof *reply);
    grammar_free(&grammar);
}

/* The commands as they are shipped have words in every language. */
static void misses_no_translation(void **state)
{
    struct faults faults = {0};
    struct grammar *grammar = grammar_load("commands", &faults);
    (void)state;
    if (faults.untranslated.size)
        print_error("%s", faults.untranslated.at);
    assert_int_equal(faults.wordless_replies + faults.uneven_fields, 0);
    faults_free(&faults);
    grammar_free(&grammar);
}

/* What has no words in a language, or names one that is not there, is said in Chinese. */
static void falls_back_to_chinese(void **state)
{
    static const struct {
        const char *outcome, *language, *text;
    } rows_of[] = {
        {"ok", NULL, "好，1.00元"}, {"ok", "zh", "好，1.00元"},    {"ok", "en", "Good, 1.00 yuan"},
        {"ok", "fr", "好，1.00元"}, {"no", "en", "不，1.00元/月"}, {"only", "en", "1.00元/月"},
    };
    static const char file[] = "command: b\ntitle: 乙\ncall: b\neffect: reads\nforms: [BB]\nreplies:\n"
                               "  ok: {zh: '好，{f|yuan}元', en: 'Good, {f|yuan} yuan'}\n"
                               "  no: '不，{p|price}'\n"
                               "  only: {zh: '{p|price}'}\n";
    struct folder folder;
    struct faults faults = {0};
    struct err err;
    struct view text;
    (void)state;
    folder_make(&folder);
    folder_add(&folder, "b.yaml", file);
    struct grammar *grammar = grammar_load(folder.path, &faults);
    struct arena *arena = arena_new();
    json_t *fields = json_read(VIEW("{\"f\":100,\"p\":{\"fen\":100,\"period\":\"month\"}}"), NULL);
    assert_non_null(grammar);
    assert_int_equal(faults.count, 0);
    assert_non_null(strstr(faults.untranslated.at, "/b.yaml:8: reply \"no\" has no English\n"));
    assert_non_null(strstr(faults.untranslated.at, "/b.yaml:9: reply \"only\" has no English\n"));
    assert_null(strstr(faults.untranslated.at, "reply \"ok\""));
    assert_int_equal(faults.wordless_replies, 2);
    assert_int_equal(faults.uneven_fields, 0);
    for (size_t i = 0; i < sizeof rows_of / sizeof *rows_of; i++) {
        struct view outcome = view_of(rows_of[i].outcome), language = view_of(rows_of[i].language);
        assert_int_equal(grammar_render(grammar, arena, VIEW("b"), outcome, language, fields, &text, &err), IS_DONE);
        assert_string_equal(arena_string(arena, text), rows_of[i].text);
    }
    json_decref(fields);
    faults_free(&faults);
    arena_free(&arena);
    grammar_free(&grammar);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders),
        cmocka_unit_test(renders_the_commands),
        cmocka_unit_test(renders_the_commands_in_english),
        cmocka_unit_test(misses_no_translation),
        cmocka_unit_test(falls_back_to_chinese),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

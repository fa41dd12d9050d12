/* How texts are read: a grammar of its own with every kind of form, and rows of text and reading. */
#include "grammar_folder.h"

#include "grammar/mask.h"

static const char password[] = "command: password\ntitle: 密码修改\nforms: ['MMXG{old:pin}{new:pin}[{again:pin}][#]']\n"
                               "call: password\neffect: changes\nreplies: {ok: 已修改}\n";
static const char reset[] =
    "command: reset\ntitle: 密码重置\nforms: ['CZMM#{id:id_card}']\ncall: reset\neffect: changes\nreplies: {ok: 好}\n";
static const char open_service[] = "command: open\ntitle: 开通\nforms: ['KT{service:service}', '开通{service:service_name}[业务]']\n"
                                   "instead: {YETX: threshold, 余额提醒: threshold}\ncall: open\neffect: changes\nconfirm: "
                                   "when_charged\nreplies: {ok: 好, ask: 吗, again: 吗, declined: 未, expired: 过}\n";
static const char close_service[] = "command: close\ntitle: 取消\nforms: ['QX{service:service}', '取消{service:service_name}[业务]']\n"
                                    "call: close\neffect: changes\nreplies: {ok: 好}\n";
static const char query[] = "command: query\ntitle: 查询\nforms: ['CX{service:service_name}', '查{service:service_name}']\ncall: query\n"
                            "effect: reads\nreplies: {ok: 好}\n";
static const char help[] = "command: help\ntitle: 帮助\nforms: ['HELP[#{topic:word}]', 'HELP{topic:code}']\ncall: help\neffect: reads\n"
                           "replies: {ok: 好}\n";
static const char threshold[] =
    "command: threshold\ntitle: 余额提醒\nforms: ['KTYETX{yuan:yuan}', 'BGYETX{yuan:yuan}', YUTX]\ncall: threshold\n"
    "effect: changes\nreplies: {ok: 好}\n";
static const char stop[] = "command: stop\ntitle: 停机\nforms: [TJ, QXQDXB]\ncall: stop\neffect: changes\nreplies: {ok: 好}\n";
static const char balance[] =
    "command: balance\ntitle: 余额\nforms: [YE, 余额, HF, '#YE#']\ncall: balance\neffect: reads\nreplies: {ok: 好}\n";
static const char bill[] = "command: bill\ntitle: 账单\nforms: ['ZD[{month:month}]', 'HF{month:month}', '{month:month}账单']\ncall: bill\n"
                           "effect: reads\nreplies: {ok: 好}\n";
static const char complaint[] = "command: complaint\ntitle: 投诉\nforms: ['投诉#{text:text}']\ncall: complaint\neffect: changes\n"
                                "replies: {ok: 好}\n";
static const char leave[] = "command: leave\ntitle: 退订\nat: any\nforms: ['0000']\ncall: leave\neffect: leaves\nreplies: {ok: 好}\n";
static const char leave_port[] = "command: leave_port\ntitle: 退订本端口\nat: provider\nforms: [TD, 退订, 'KT{serials:serials}']\n"
                                 "call: leave_port\neffect: leaves\nreplies: {ok: 好}\n";
static const char transfer[] = "command: transfer\ntitle: 转账\nforms: ['ZZ{to:msisdn}#{yuan:yuan}']\ncall: transfer\neffect: changes\n"
                               "confirm: always\nreplies: {ok: 好, ask: 吗, again: 吗, declined: 未, expired: 过}\n";

static const char lost[] =
    "command: lost\ntitle: 挂失\nforms: ['挂失[{password:pin}]', '挂失{owner:msisdn}{password:pin}', 'FJ[#{password:pin}]']\n"
    "call: lost\neffect: changes\nalso_suspended: true\nreplies: {ok: 好}\n";
static const char forward[] = "command: forward\ntitle: 呼转\nforms: ['HZ{when:condition}{to:msisdn}', '{when:condition}转{to:msisdn}']\n"
                              "call: forward\neffect: changes\nmakes: {fresh: pin}\nreplies: {ok: 好}\n";
static const char format[] =
    "command: format\ntitle: 密码格式\nforms: ['MMXG[{rest:secret_text}]', '挂失{rest:secret_number}']\ncall: format\neffect: reads\n"
    "replies: {ok: 好}\n";

static struct folder folder;
static struct grammar *grammar;

static int set_up(void **state)
{
    (void)state;
    folder_make(&folder);
    folder_add(&folder, "password.yaml", password);
    folder_add(&folder, "reset.yaml", reset);
    folder_add(&folder, "open.yaml", open_service);
    folder_add(&folder, "close.yaml", close_service);
    folder_add(&folder, "query.yaml", query);
    folder_add(&folder, "help.yaml", help);
    folder_add(&folder, "threshold.yaml", threshold);
    folder_add(&folder, "stop.yaml", stop);
    folder_add(&folder, "balance.yaml", balance);
    folder_add(&folder, "bill.yaml", bill);
    folder_add(&folder, "complaint.yaml", complaint);
    folder_add(&folder, "leave.yaml", leave);
    folder_add(&folder, "leave_port.yaml", leave_port);
    folder_add(&folder, "transfer.yaml", transfer);
    folder_add(&folder, "lost.yaml", lost);
    folder_add(&folder, "forward.yaml", forward);
    folder_add(&folder, "format.yaml", format);
    grammar = load_good(folder.path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    grammar_free(&grammar);
    folder_remove(&folder);
    return 0;
}

struct reading {
    const char *text;
    const char *command; /* NULL: none */
    const char *args;
    const char *answer;
};

/* "command args answer" of a text as one string. */
static struct view read_at(struct arena *arena, struct view text, int at)
{
    struct match match;
    struct text args = {0};
    grammar_match(grammar, arena, text, at, &match);
    match_write_args(&match, true, &args);
    struct view name = match.command ? match.command->name : VIEW("-"), answer = match_answer_text(&match, arena);
    struct view line = arena_printf(arena, "%.*s %.*s %.*s", VIEW_ARG(name), VIEW_ARG(text_view(&args)), VIEW_ARG(answer));
    text_free(&args);
    return line;
}

static void check_rows(const struct reading *row, size_t rows, int at)
{
    struct arena *arena = arena_new();
    size_t wrong = 0;
    for (size_t i = 0; i < rows; i++) {
        struct view wanted = arena_printf(arena, "%s %s %s", row[i].command ? row[i].command : "-", row[i].args ? row[i].args : "{}",
                                          row[i].answer ? row[i].answer : "");
        struct view got = read_at(arena, view_of(row[i].text), at);
        if (view_equal(got, wanted))
            continue;
        print_error("\"%s\" reads as [%s], not as [%s]\n", row[i].text, got.at, wanted.at);
        wrong++;
    }
    arena_free(&arena);
    assert_int_equal(wrong, 0);
}
#define CHECK(rows, at) check_rows(rows, sizeof(rows) / sizeof *(rows), at)

static const struct reading read_at_hall[] = {
    {"YE", "balance", NULL, NULL},
    {"ｙｅ。", "balance", NULL, NULL},
    {" y\xE2\x80\x8B"
     "e ",
     "balance", NULL, NULL}, /* a zero-width space inside */
    {"#YE#", "balance", NULL, NULL},
    {"* ye ＃", "balance", NULL, NULL},
    {"余额！", "balance", NULL, NULL},
    {"余额？", "balance", NULL, NULL},
    {"YE?", "balance", NULL, NULL},
    {"ye；", "balance", NULL, NULL},
    {"YE：", "balance", NULL, NULL},
    {"余额、", "balance", NULL, NULL},
    {"余额……", "balance", NULL, NULL},
    {"y\xE2\x80\x86"
     "e",
     "balance", NULL, NULL}, /* as iOS sends raw letters of pinyin */
    {"ZD 201211？", "bill", "{\"month\":\"201211\"}", NULL},
    {"Y E", NULL, NULL, NULL},
    {"YE1", NULL, NULL, NULL},
    {"ZD", "bill", NULL, NULL},
    {"zd２０１２１１", "bill", "{\"month\":\"201211\"}", NULL},
    {"ZD 2012年11月", "bill", "{\"month\":\"201211\"}", NULL},
    {"ZD2012-1", "bill", "{\"month\":\"201201\"}", NULL},
    {"ZD201211月", "bill", "{\"month\":\"201211\"}", NULL},
    {"2012年3月账单", "bill", "{\"month\":\"201203\"}", NULL},
    {"ZD2012年11月份", "bill", "{\"month\":\"201211\"}", NULL},
    {"ZD-201211", "bill", "{\"month\":\"201211\"}", NULL},
    {"ZD（201211）", "bill", "{\"month\":\"201211\"}", NULL},
    {"ZD<201211>", "bill", "{\"month\":\"201211\"}", NULL},
    {"ZD，201211", "bill", "{\"month\":\"201211\"}", NULL},
    {"ZD201213", NULL, NULL, NULL},
    {"ZD201200", NULL, NULL, NULL},
    {"ZD198912", NULL, NULL, NULL},
    {"ZD209912", "bill", "{\"month\":\"209912\"}", NULL},
    {"ZD210001", NULL, NULL, NULL},
    {"ZD20121", NULL, NULL, NULL},
    {"ZD201211\nYE", NULL, NULL, NULL},
    {"ZD٢٠١٢١١", NULL, NULL, NULL}, /* Arabic digits are none */
    {"KTGPRS", "open", "{\"service\":\"GPRS\"}", NULL},
    {"kt gprs", "open", "{\"service\":\"GPRS\"}", NULL},
    {"开通来电显示", "open", "{\"service\":\"来电显示\"}", NULL},
    {"KTYETX10", "threshold", "{\"yuan\":\"10.00\"}", NULL}, /* surer than open of "YETX10" */
    {"KTYETX 10.5元", "threshold", "{\"yuan\":\"10.50\"}", NULL},
    {"KTYETX ￥10。5 块", "threshold", "{\"yuan\":\"10.50\"}", NULL},
    {"KTYETX0", "threshold", "{\"yuan\":\"0.00\"}", NULL},
    {"KTYETX1234567890123", "threshold", "{\"yuan\":\"999999999999.99\"}", NULL},
    {"KTYETX10.555", "threshold", "{\"yuan\":\"10.555\"}", NULL},
    /* a service that has a command of its own, however it is ordered */
    {"KTYETX", "threshold", NULL, NULL},
    {"KT YETX", "threshold", NULL, NULL},
    {"开通 余额提醒", "threshold", NULL, NULL},
    {"开通“餘額提醒”业务", "threshold", NULL, NULL},
    {"“KT余额提醒”", "threshold", NULL, NULL},
    {"KTYETX?", NULL, NULL, NULL},
    {"QXYETX", "close", "{\"service\":\"YETX\"}", NULL},
    /* words that stand for a value */
    {"HZ遇忙13800138000", "forward", "{\"when\":\"busy\",\"to\":\"13800138000\"}", NULL},
    {"hz 遇忙时 13800138000", "forward", "{\"when\":\"busy\",\"to\":\"13800138000\"}", NULL},
    {"hzym13800138000", "forward", "{\"when\":\"busy\",\"to\":\"13800138000\"}", NULL},
    {"HZ＃關機13800138000", "forward", "{\"when\":\"unreachable\",\"to\":\"13800138000\"}", NULL},
    {"无应答转13800138000", "forward", "{\"when\":\"no_answer\",\"to\":\"13800138000\"}", NULL},
    {"HZ总是13800138000", NULL, NULL, NULL},
    {"\xE2\x84\xAATGPRS", NULL, NULL, NULL}, /* the Kelvin sign is no K: rules D3 */
    {"MMXG#246810#135790", "password", "{\"old\":\"246810\",\"new\":\"135790\"}", NULL},
    {"MMXG＃246810＊135790 135790", "password", "{\"old\":\"246810\",\"new\":\"135790\",\"again\":\"135790\"}", NULL},
    {"MMXG246810135790", "password", "{\"old\":\"246810\",\"new\":\"135790\"}", NULL},
    {"MMXG246810135790135790", "password", "{\"old\":\"246810\",\"new\":\"135790\",\"again\":\"135790\"}", NULL},
    {"mmxg 246810，135790", "password", "{\"old\":\"246810\",\"new\":\"135790\"}", NULL},
    {"mmxg 246810、135790", "password", "{\"old\":\"246810\",\"new\":\"135790\"}", NULL},
    {"MMXG-246810-135790", "password", "{\"old\":\"246810\",\"new\":\"135790\"}", NULL},
    {"MMXG.246810.135790.", "password", "{\"old\":\"246810\",\"new\":\"135790\"}", NULL},
    {"MMXG空格246810空格135790", "password", "{\"old\":\"246810\",\"new\":\"135790\"}", NULL},
    {"MMXG#246810#135790#", "password", "{\"old\":\"246810\",\"new\":\"135790\"}", NULL},
    {"MMXG（旧密码246810）新密码（135790", "password", "{\"old\":\"246810\",\"new\":\"135790\"}", NULL},
    {"MMXG 舊密碼：246810 改為：135790", "password", "{\"old\":\"246810\",\"new\":\"135790\"}", NULL},
    {"MMXG#246810#1357900", "format", "{\"rest\":\"***\"}", NULL},
    {"MMXG 246 810 135 790", "format", "{\"rest\":\"***\"}", NULL},
    {"MMXG", "format", NULL, NULL},
    {"挂失#13800138000#246810", "lost", "{\"owner\":\"13800138000\",\"password\":\"246810\"}", NULL},
    {"挂失13800138000246810", "lost", "{\"owner\":\"13800138000\",\"password\":\"246810\"}", NULL},
    {"挂失 246810", "lost", "{\"password\":\"246810\"}", NULL},
    {"挂失", "lost", NULL, NULL},
    {"CZMM#11010519491231002x", "reset", "{\"id\":\"11010519491231002X\"}", NULL},
    {"CZMM#110105194912310021", NULL, NULL, NULL}, /* a wrong check digit */
    {"ZZ8613800138000#10", "transfer", "{\"to\":\"13800138000\",\"yuan\":\"10.00\"}", NULL},
    {"ZZ02112345678#10", NULL, NULL, NULL},
    {"投诉 信号不好，很慢", "complaint", "{\"text\":\"信号不好,很慢\"}", NULL},
    {"投诉", NULL, NULL, NULL},
    {"0000", "leave", NULL, NULL},
    {"TD", NULL, NULL, NULL}, /* an opt-out word, but not here */
    {"", NULL, NULL, NULL},
    {"。，！", NULL, NULL, NULL},
};

static void reads_forms(void **state)
{
    (void)state;
    CHECK(read_at_hall, AT_HALL);
}

/* What is known of services without the store is sure; any other word is for the store to look at, and acts only if it is there. */
static void reads_services(void **state)
{
    static const struct {
        const char *text, *reading, *maybe; /* NULL: none; reading: "command args" */
    } rows[] = {
        {"KTGPRS", "open {\"service\":\"GPRS\"}", NULL},
        {"kt nosuch", "open {\"service\":\"NOSUCH\"}", NULL}, /* a Latin code is taken as it is */
        {"KT彩铃", "open {\"service\":\"彩铃\"}", NULL},
        {"KT彩铃８元", "open {\"service\":\"彩铃8元\"}", NULL},
        {"KT火星", "- {\"service\":\"火星\"}", "open"},
        {"KT火星2号", "- {\"service\":\"火星2号\"}", "open"},
        {"KT火", "- {}", NULL}, /* one character names nothing */
        {"KT一二三四五六七八九十一二", "- {\"service\":\"一二三四五六七八九十一二\"}", "open"},
        {"KT一二三四五六七八九十一二三", "- {}", NULL},
        {"KT火星，谢谢", "- {}", NULL},
        {"KT火 星", "- {\"service\":\"火星\"}", "open"}, /* a blank beside a Han character parts nothing */
        {"KT 彩 铃 8 元", "open {\"service\":\"彩铃8元\"}", NULL},
        {"取 消 彩铃 业务", "close {\"service\":\"彩铃\"}", NULL},
        {"“取消 彩铃 业务”", "close {\"service\":\"彩铃\"}", NULL},
        {"KT“GPRS”", "open {\"service\":\"GPRS\"}", NULL},
        {"KT【彩鈴】", "open {\"service\":\"彩铃\"}", NULL},
        {"取消《彩铃》业务。", "close {\"service\":\"彩铃\"}", NULL},
        {"取消《彩铃》业务？", "- {}", NULL},
        {"KT GP RS", "- {}", NULL},
        {"2012年 3月账单", "bill {\"month\":\"201203\"}", NULL},
        {"QX DX B", "- {}", NULL},
        {"TJ “QXQDXB”", "- {}", NULL},
        {"投诉 信号 不好", "complaint {\"text\":\"信号 不好\"}", NULL}, /* free text keeps them */
        {"取消 彩铃 一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十", "- {}", NULL},
        {"开通彩铃", "open {\"service\":\"彩铃\"}", NULL},
        {"开通CL8", "open {\"service\":\"CL8\"}", NULL},
        {"开通QQ", "- {\"service\":\"QQ\"}", "open"}, /* behind a word of the language it is not */
        {"开通资格", "- {\"service\":\"资格\"}", "open"},
        {"“开通资格”", "- {\"service\":\"资格\"}", "open"},
        {"取消來電顯示", "close {\"service\":\"来电显示\"}", NULL}, /* as the catalogue writes it */
        {"取消彩铃业务", "close {\"service\":\"彩铃\"}", NULL},
        {"取消火星业务", "- {\"service\":\"火星业务\"}", "close"},
        {"开通彩铃？", "- {}", NULL}, /* a question orders nothing */
        {"KTGPRS?", "- {}", NULL},
        {"取消彩铃？", "- {}", NULL},
        {"取消火星？", "- {}", NULL},
        {"查彩铃？", "query {\"service\":\"彩铃\"}", NULL},
        {"CXLDXS", "query {\"service\":\"LDXS\"}", NULL},
        {"CXYEX", "- {\"service\":\"YEX\"}", "query"},
        {"HELP彩鈴", "help {\"topic\":\"彩铃\"}", NULL},
        {"HELP 彩鈴", "help {\"topic\":\"彩铃\"}", NULL},
        {"HELP火星", "- {}", NULL},
        {"HELP 火星", "help {\"topic\":\"火星\"}", NULL},
    };
    struct arena *arena = arena_new();
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct match match;
        struct text got = {0};
        grammar_match(grammar, arena, view_of(rows[i].text), AT_HALL, &match);
        text_addf(&got, "%s ", match.command ? match.command->name.at : "-");
        match_write_args(&match, true, &got);
        const char *maybe = match.maybe ? match.maybe->name.at : NULL;
        if (strcmp(got.at, rows[i].reading) != 0 || strcmp(maybe ? maybe : "", rows[i].maybe ? rows[i].maybe : "") != 0) {
            print_error("\"%s\" reads as %s, maybe %s\n", rows[i].text, got.at, maybe ? maybe : "-");
            wrong++;
        }
        text_free(&got);
    }
    arena_free(&arena);
    assert_int_equal(wrong, 0);
}

static void reads_at_a_provider(void **state)
{
    static const struct reading rows[] = {
        {"0000", "leave", NULL, NULL},   {"td", "leave_port", NULL, NULL}, {"退订。", "leave_port", NULL, NULL},
        {"YE", NULL, NULL, NULL},        {"KTGPRS", NULL, NULL, NULL},     {"KT1，3", "leave_port", "{\"serials\":\"1,3\"}", NULL},
        {"“0000”", "leave", NULL, NULL},
    };
    (void)state;
    CHECK(rows, AT_PROVIDER);
}

static void reads_answers(void **state)
{
    static const struct reading rows[] = {
        {"是", NULL, NULL, "yes"},
        {"是。", NULL, NULL, "yes"},
        {"ｙ", NULL, NULL, "yes"},
        {"Yes!", NULL, NULL, "yes"},
        {"1", NULL, NULL, "yes,serials:1"},
        {"１", NULL, NULL, "yes,serials:1"},
        {"01", NULL, NULL, "serials:1"},
        {"确认", NULL, NULL, "yes"},
        {"“是”", NULL, NULL, "yes"},
        {"否", NULL, NULL, "no"},
        {"n", NULL, NULL, "no"},
        {"2", NULL, NULL, "no,serials:2"},
        {"2。", NULL, NULL, "no,serials:2"},
        {"不", NULL, NULL, "no"},
        {"1,3", NULL, NULL, "serials:1,3"},
        {"1，3", NULL, NULL, "serials:1,3"},
        {"1、3", NULL, NULL, "serials:1,3"},
        {"1 3", NULL, NULL, "serials:1,3"},
        {"１，３", NULL, NULL, "serials:1,3"},
        {"3,1,3", NULL, NULL, "serials:3,1,3"},
        {"12", NULL, NULL, "serials:12"},
        {"01 02", NULL, NULL, "serials:1,2"},
        {"1234", NULL, NULL, NULL},
        {"是的吧", NULL, NULL, NULL},
        {"y，我明天到", NULL, NULL, NULL},
        {"好的，谢谢", NULL, NULL, NULL},
        {"1a", NULL, NULL, NULL},
        {"   ", NULL, NULL, NULL},
        {"1.5", NULL, NULL, NULL},
        {"是？", NULL, NULL, NULL}, /* a question consents to nothing */
        {"Y?", NULL, NULL, NULL},
        {"1？！", NULL, NULL, NULL},
        {"1,3?", NULL, NULL, NULL},
        {"1;", NULL, NULL, "yes,serials:1"},
    };
    (void)state;
    CHECK(rows, AT_HALL);
}

static void one_is_yes_and_a_serial(void **state)
{
    struct arena *arena = arena_new();
    struct match match;
    (void)state;
    grammar_match(grammar, arena, VIEW("1"), AT_HALL, &match);
    assert_int_equal(match.answer, ANSWER_YES);
    assert_true(view_equal(match.serials, VIEW("1")));
    assert_true(view_equal(match_answer_first(&match, arena), VIEW("yes")));
    grammar_match(grammar, arena, VIEW("2"), AT_HALL, &match);
    assert_int_equal(match.answer, ANSWER_NO);
    assert_true(view_equal(match.serials, VIEW("2")));
    assert_true(view_equal(match_answer_first(&match, arena), VIEW("no")));
    grammar_match(grammar, arena, VIEW("是"), AT_HALL, &match);
    assert_true(view_equal(match_answer_text(&match, arena), VIEW("yes")));
    arena_free(&arena);
}

static void reads_what_people_forward(void **state) /* rules D9 */
{
    static const struct reading rows[] = {
        {"“YE”", "balance", NULL, NULL},
        {"\"ye\"。", "balance", NULL, NULL},
        {"「余额」", "balance", NULL, NULL},
        {"【ZD201211】", "bill", "{\"month\":\"201211\"}", NULL},
        {"HF空格201307", "bill", "{\"month\":\"201307\"}", NULL},
        {"HF+201307", "bill", "{\"month\":\"201307\"}", NULL},
        {"HF 201307", "bill", "{\"month\":\"201307\"}", NULL},
        {"QXQDXB，请您将本信息直接转发至10086，即可取消", "stop", NULL, NULL},
        {"qxqdxb , 请转发到10086", "stop", NULL, NULL},
        {"ZD201211，请将本短信转发到10086查询", "bill", "{\"month\":\"201211\"}", NULL},
        {"ZD201213，请转发到10086", NULL, NULL, NULL},
        {"KTYETX10，请转发到10086", NULL, NULL, NULL}, /* acts, and is more than a code */
        {"QXQDXB，请转发给我", NULL, NULL, NULL},      /* acts, but the hall is not named */
        {"QXQDXB，10086", NULL, NULL, NULL},           /* acts, but nothing is asked for */
        {"YE，请发送至10086查询", "balance", NULL, NULL},
        {"YE，回复即可", "balance", NULL, NULL},
        {"YE，我明天到", NULL, NULL, NULL},
        {"Y，请转发至10086", NULL, NULL, NULL},    /* one letter is no code */
        {"0000，请转发至10086", NULL, NULL, NULL}, /* nor are digits */
        {"余额，请转发至10086", "balance", NULL, NULL},
        {"“YE”，请您将本信息直接转发至10086", "balance", NULL, NULL},
        {"「余额」。请转发至10086", "balance", NULL, NULL},
        {"YE！，请转发至10086", "balance", NULL, NULL},
        {"HF 201307，转发至10086", "bill", "{\"month\":\"201307\"}", NULL},
        {"HF空格201307，请您将本信息直接转发至10086，即可查询", "bill", "{\"month\":\"201307\"}", NULL},
        {"ZD+201307，请转发至10086", "bill", "{\"month\":\"201307\"}", NULL},
        {"HF，201307，请转发至10086", "bill", "{\"month\":\"201307\"}", NULL},
        {"HF（201307），请转发至10086", "bill", "{\"month\":\"201307\"}", NULL},
        {"2013年7月账单，请转发至10086", "bill", "{\"month\":\"201307\"}", NULL},
        {"YE，10086", "balance", NULL, NULL},
        {"余额，我明天到", NULL, NULL, NULL},
        {"余额不足，请转发至10086", NULL, NULL, NULL},
        {"“QXQDXB”，请转发至10086", "stop", NULL, NULL},
        {"“QXQDXB”，请转发给我", NULL, NULL, NULL},
        {"是，请转发至10086", NULL, NULL, NULL},
        {"KTGPRS，请转发至10086", "open", "{\"service\":\"GPRS\"}", NULL},
        {"QXQDXB2，请您将本信息直接转发至10086，即可取消", "close", "{\"service\":\"QDXB2\"}", NULL},
        {"“QXGPRS”，请转发至10086", "close", "{\"service\":\"GPRS\"}", NULL},
        {"取消彩铃，请转发至10086", "close", "{\"service\":\"彩铃\"}", NULL},
        {"取消订单，请转发至10086", NULL, NULL, NULL}, /* nothing is guessed from prose */
        {"KTGPRS，请转发给我", NULL, NULL, NULL},
        {"QXGPRS，请转发至10086？", NULL, NULL, NULL}, /* asks, and orders nothing */
        {"HELP ZD，请转发至10086", NULL, NULL, NULL},
        {"TJ请转发至10086", NULL, NULL, NULL},
        {"““YE", NULL, NULL, NULL},
        {"“”", NULL, NULL, NULL},
        {"“", NULL, NULL, NULL},
    };
    static const struct reading elsewhere[] = {{"TD，请转发至10086", NULL, NULL, NULL}};
    (void)state;
    CHECK(rows, AT_HALL);
    CHECK(elsewhere, AT_PROVIDER);
}

static void masks_secrets(void **state) /* rules C5 */
{
    static const struct {
        const char *text, *masked, *folded;
    } rows[] = {
        {"MMXG#246810#135790", "MMXG#***#***", "MMXG#***#***"},
        {"MMXG 246810 135790", "MMXG *** ***", "MMXG *** ***"},
        {"mmxg#246810", "mmxg#***", "MMXG#***"},
        {"ＭＭＸＧ＃２４６８１０＃１３５７９０", "ＭＭＸＧ＃***＃***", "MMXG#***#***"},
        {"MMXG246810135790", "MMXG***", "MMXG***"},
        {"MM XG 246 810", "MM XG *** ***", "MM XG *** ***"},
        {"m.m.x.g 2468", "m.m.x.g ***", "M.M.X.G ***"},
        {"你好MMXG246810", "你好MMXG***", "你好MMXG***"},
        {"MMXG 2 4 6 8 1 0", "MMXG *** *** *** *** *** ***", "MMXG *** *** *** *** *** ***"},
        {"MMXG 246\xE2\x80\x8B"
         "810",
         "MMXG ***\xE2\x80\x8B***", "MMXG ***"},
        {"czmm11010519491231002x", "czmm***", "CZMM***"},
        {"CZMM#11010519491231002X", "CZMM#***", "CZMM#***"},
        {"修改密码246810为135790", "修改密码***为***", "修改密码***为***"},
        {"密碼重置 246810", "密碼重置 ***", "密碼重置 ***"},
        {"投诉 密码246810不能用", "投诉 密码***不能用", "投诉 密码***不能用"},
        /* every digit beside a word, however few stand together */
        {"MMXG 12", "MMXG ***", "MMXG ***"},
        {"MMXG#246abc810", "MMXG#***abc***", "MMXG#***ABC***"},
        {"MMXG 246元810", "MMXG ***元***", "MMXG ***元***"},
        {"MMXG246x810x135", "MMXG***", "MMXG***"},
        {"mmxg2a4a6a8a1a0", "mmxg***a***a***a***a***a***", "MMXG***A***A***A***A***A***"},
        {"MMXG②④⑥⑧①⓪", "MMXG***", "MMXG***"},
        {"MMXG ٢٤٦٨١٠", "MMXG ***", "MMXG ***"},
        {"密码二四六八一零", "密码***", "密码***"},
        {"密码贰肆陆 捌壹〇", "密码*** ***", "密码*** ***"},
        {"密码2四6八", "密码***", "密码***"},
        {"一个密码12", "一个密码***", "一个密码***"},
        {"mmgx246810", "mmgx***", "MMGX***"},
        {"MMX246810", "MMX***", "MMX***"},
        {"口令是24", "口令是***", "口令是***"},
        {"我的身份证尾号002x", "我的身份证尾号***", "我的身份证尾号***"},
        {"my Password: 2468 10", "my Password: *** ***", "MY PASSWORD: *** ***"},
        /* words that stand alone as well: every digit behind them, long rows elsewhere */
        {"挂失 13800138000 246810", "挂失 *** ***", "挂失 *** ***"},
        {"挂失2468", "挂失***", "挂失***"},
        {"挂失a2b4c6", "挂失a***b***c***", "挂失A***B***C***"},
        {"fj#24681", "fj#***", "FJ#***"},
        {"请挂失13800138000 246810要50元", "请挂失*** ***要50元", "请挂失*** ***要50元"},
        {"我要FJ 2468", "我要FJ ***", "我要FJ ***"},
        /* a password alone, and what looks like one */
        {"246810", "***", "***"},
        {"２４６８１０。", "***。", "***"},
        {"246 810", "*** ***", "*** ***"},
        {" 2 4 6 8 1 0", " *** *** *** *** *** ***", "*** *** *** *** *** ***"},
        {"“246810”", "“***”", "“***”"},
        {"②④⑥⑧①⓪", "***", "***"},
        {"二四六八一零", "***", "***"},
        {"201211", "***", "***"},
        {"246810密码", "***密码", "***密码"},
        /* shapes of secrets without a word */
        {"11010519491231002x", "***", "***"},
        {"张三，110105194912310021。", "张三，***。", "张三,***"},
        {"246810#135790", "***#***", "***#***"},
        {"改246810，135790", "改***，***", "改***,***"},
        {"246810空格135790", "***空格***", "***空格***"},
        {"是 12 246810 - 135790 是", "是 *** *** - *** 是", "是 *** *** - *** 是"},
    };
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct match match;
        grammar_match(grammar, arena, view_of(rows[i].text), AT_HALL, &match);
        assert_true(match.has_secret);
        assert_string_equal(arena_string(arena, match.text), rows[i].masked);
        assert_string_equal(arena_string(arena, match.folded), rows[i].folded);
    }
    arena_free(&arena);
}

/* What stands for a number in a list is an answer (rules A4), what is six digits alone a password (C5), whoever it was sent to. */
static void tells_passwords_from_lists(void **state)
{
    static const struct {
        const char *text, *masked, *serials;
    } rows[] = {
        {"1", "1", "1"},
        {"1,3", "1,3", "1,3"},
        {"1,2,3,4,5,6", "1,2,3,4,5,6", "1,2,3,4,5,6"},
        {"11、12、13", "11、12、13", "11,12,13"},
        {"11 12 13", "*** *** ***", "11,12,13"},
        {"246 810", "*** ***", ""},
        {"246810", "***", ""},
        {"２４６８１０", "***", ""},
    };
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int at = AT_HALL; at <= AT_PROVIDER; at += AT_PROVIDER - AT_HALL) {
            struct match match;
            grammar_match(grammar, arena, view_of(rows[i].text), at, &match);
            assert_null(match.command);
            assert_string_equal(arena_string(arena, match.text), rows[i].masked);
            assert_string_equal(arena_string(arena, match.serials), rows[i].serials);
            assert_int_equal(match.answer != ANSWER_NONE, rows[i].serials[0] != 0);
        }
    struct match match;
    grammar_match(grammar, arena, VIEW("１０６６０２"), AT_PROVIDER, &match); /* the number of a port asks for help there (B8) */
    assert_string_equal(arena_string(arena, match.folded), "106602");
    grammar_match(grammar, arena, VIEW("106602"), AT_HALL, &match);
    assert_string_equal(arena_string(arena, match.folded), "***");
    arena_free(&arena);
}

static void masks_arguments(void **state)
{
    struct arena *arena = arena_new();
    struct match match;
    struct text args = {0};
    (void)state;
    grammar_match(grammar, arena, VIEW("MMXG#246810#135790"), AT_HALL, &match);
    match_write_args(&match, false, &args);
    assert_string_equal(args.at, "{\"old\":\"***\",\"new\":\"***\"}");
    text_clear(&args);
    grammar_match(grammar, arena, VIEW("投诉 密码246810不能用"), AT_HALL, &match); /* a secret in a free text */
    match_write_args(&match, true, &args);
    assert_string_equal(args.at, "{\"text\":\"密码***不能用\"}");
    text_clear(&args);
    grammar_match(grammar, arena, VIEW("投诉 246810#135790不能用"), AT_HALL, &match);
    match_write_args(&match, true, &args);
    assert_string_equal(args.at, "{\"text\":\"***#***不能用\"}");
    text_clear(&args); /* what a form has understood stays */
    grammar_match(grammar, arena, VIEW("ZD201211，密码246810，请转发至10086"), AT_HALL, &match);
    match_write_args(&match, true, &args);
    assert_string_equal(args.at, "{\"month\":\"201211\"}");
    assert_string_equal(arena_string(arena, match.text), "ZD***，密码***，请转发至***");
    text_free(&args);
    arena_free(&arena);
}

static void leaves_other_texts_as_they_are(void **state)
{
    static const char *const texts[] = {"ZD201211",
                                        "我的号码是13800138000",
                                        "MMXG",
                                        "密码忘了",
                                        "密码一二三",
                                        "1,3",
                                        "13800138000 13800138001",
                                        "1,2,3,4,5,6",
                                        "1、2、3；4，5，6",
                                        "24681",
                                        "2468101",
                                        "246810 13579",
                                        "246810a135790",
                                        "201211-2012",
                                        "12345678901234567",
                                        "①②",
                                        "二〇一二年",
                                        "挂失",
                                        "帮我挂失，50元够吗",
                                        "FJ",
                                        "kfj13800138000",
                                        "fjord 2468"};
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct match match;
        grammar_match(grammar, arena, view_of(texts[i]), AT_HALL, &match);
        assert_false(match.has_secret);
        assert_string_equal(arena_string(arena, match.text), texts[i]);
    }
    arena_free(&arena);
}

static void masks_what_is_too_long_to_read(void **state)
{
    struct arena *arena = arena_new();
    char text[6000];
    struct match match;
    (void)state;
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < 11; i++)
        text[5000 + i] = "MMXG 246810"[i];
    grammar_match(grammar, arena, (struct view){text, sizeof text}, AT_HALL, &match);
    assert_true(match.has_secret);
    assert_null(memmem(match.text.at, match.text.size, "246810", 6));
    memset(text, ' ', 5000); /* nothing at all in what is folded */
    grammar_match(grammar, arena, (struct view){text, sizeof text}, AT_HALL, &match);
    assert_true(match.has_secret);
    assert_null(memmem(match.text.at, match.text.size, "246810", 6));
    static const char numerals[] = "我的密码是二四六八一零";
    memset(text, 'a', sizeof text);
    memcpy(text + 5000, numerals, sizeof numerals - 1);
    grammar_match(grammar, arena, (struct view){text, sizeof text}, AT_HALL, &match);
    assert_null(memmem(match.text.at, match.text.size, "二四", strlen("二四")));
    assert_non_null(memmem(match.text.at, match.text.size, "密码是***", strlen("密码是***")));
    arena_free(&arena);
}

/* The end of a text that is too long is not known, so its beginning says nothing: "YE … is not what I mean". */
static void reads_nothing_in_what_is_too_long(void **state)
{
    static const char *const begins[] = {"YE", "1", "KTGPRS", "0000"};
    struct arena *arena = arena_new();
    char text[6000];
    (void)state;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        struct match match;
        memset(text, ' ', sizeof text);
        for (size_t k = 0; begins[i][k]; k++)
            text[k] = begins[i][k];
        memcpy(text + 5000, "不是这个意思", sizeof "不是这个意思" - 1);
        for (size_t size = 4096; size <= sizeof text; size += sizeof text - 4096) { /* the longest that is read, and a longer one */
            grammar_match(grammar, arena, (struct view){text, size}, AT_HALL, &match);
            assert_int_equal(match.command || match.answer, size == 4096);
            assert_int_equal(match.has_secret, size > 4096);
        }
        assert_int_equal(match.serials.size, 0);
    }
    arena_free(&arena);
}

/* Masking walks a text once, whatever is in it. */
static void masks_long_rows(void **state)
{
    static char text[65536];
    struct arena *arena = arena_new();
    (void)state;
    memset(text, ' ', sizeof text);
    struct view blanks = mask_digits(arena, (struct view){text, sizeof text}, MASK_LONG);
    assert_int_equal(blanks.size, sizeof text);
    for (size_t i = 0; i < sizeof text; i += 2)
        text[i] = '7';
    assert_int_equal(mask_digits(arena, (struct view){text, sizeof text}, MASK_EVERY).size, sizeof text * 2);
    arena_free(&arena);
}

static void tells_more_of_commands(void **state)
{
    struct arena *arena = arena_new();
    struct match match;
    (void)state;
    grammar_match(grammar, arena, VIEW("挂失#13800138000#246810"), AT_HALL, &match);
    assert_true(match.command->also_suspended);
    assert_int_equal(match.command->makes.name.size, 0);
    assert_int_equal(match.arguments, 2);
    assert_true(view_equal(match.argument[0].type, VIEW("msisdn")) && !match.argument[0].is_secret);
    assert_true(view_equal(match.argument[1].type, VIEW("pin")) && match.argument[1].is_secret);
    grammar_match(grammar, arena, VIEW("HZ遇忙13800138000"), AT_HALL, &match);
    assert_false(match.command->also_suspended);
    assert_true(view_equal(match.command->makes.name, VIEW("fresh")));
    assert_true(view_equal(match.command->makes.type, VIEW("pin")));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_forms),
        cmocka_unit_test(reads_services),
        cmocka_unit_test(reads_at_a_provider),
        cmocka_unit_test(reads_answers),
        cmocka_unit_test(one_is_yes_and_a_serial),
        cmocka_unit_test(reads_what_people_forward),
        cmocka_unit_test(masks_secrets),
        cmocka_unit_test(tells_passwords_from_lists),
        cmocka_unit_test(masks_arguments),
        cmocka_unit_test(leaves_other_texts_as_they_are),
        cmocka_unit_test(masks_what_is_too_long_to_read),
        cmocka_unit_test(reads_nothing_in_what_is_too_long),
        cmocka_unit_test(masks_long_rows),
        cmocka_unit_test(tells_more_of_commands),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* Suggestions, help on one command, and the lists for others; all with commands/ as they are. */
#include "grammar_folder.h"

static struct grammar *grammar;
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    grammar = load_good("commands");
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    grammar_free(&grammar);
    return 0;
}

static void suggests_near_codes(void **state)
{
    static const struct {
        const char *folded, *codes; /* comma between */
    } rows[] = {
        {"EY", "YE"}, /* two swapped letters are one edit */
        {"YEE", "YE"},
        {"JFF", "JF"},
        {"CXYEX", "CXYE,CXYEG,CXYEC"},
        {"CXYEF", "CXYE,CXYEG,CXYEC"},
        {"余颗", "余额"},
        {"查寻话费余额", "查话费余额"},
        {"我想查询话费余额", "查询话费余额"},
        {"积分兑换", ""}, /* two edits of four characters are too many */
        {"你好", ""},
        {"好", ""}, /* 开, 关 and 查 are no texts by themselves */
        {"KTT", "KTTX"},
        {"KTA", ""}, /* KT wants a word behind it */
        {"A", ""},   /* T and R are codes, but no letter is near another */
        {"KTYETY", "KTYETX"},
        {"今天天气怎么样", ""},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct view code[3];
        struct text codes = {0};
        size_t count = grammar_suggest(grammar, arena, view_of(rows[i].folded), AT_HALL, 3, code);
        for (size_t k = 0; k < count; k++)
            text_addf(&codes, "%s%.*s", k ? "," : "", VIEW_ARG(code[k]));
        if (!view_equal(text_view(&codes), view_of(rows[i].codes)))
            print_error("\"%s\": %.*s\n", rows[i].folded, VIEW_ARG(text_view(&codes)));
        assert_true(view_equal(text_view(&codes), view_of(rows[i].codes)));
        text_free(&codes);
    }
}

static void suggests_no_more_than_asked(void **state)
{
    struct view code[1];
    (void)state;
    assert_int_equal(grammar_suggest(grammar, arena, VIEW("CXYEX"), AT_HALL, 1, code), 1);
    assert_true(view_equal(code[0], VIEW("CXYE")));
    assert_int_equal(grammar_suggest(grammar, arena, VIEW("CXYEX"), AT_HALL, 0, code), 0);
    assert_int_equal(grammar_suggest(grammar, arena, VIEW("CXYEX"), AT_PROVIDER, 1, code), 0);
}

static void suggests_nothing_for_prose(void **state)
{
    char prose[1200];
    struct view code[3];
    (void)state;
    memset(prose, 'Y', sizeof prose);
    assert_int_equal(grammar_suggest(grammar, arena, (struct view){prose, sizeof prose}, AT_HALL, 3, code), 0);
    assert_int_equal(grammar_suggest(grammar, arena, (struct view){prose, 100}, AT_HALL, 3, code), 0);
}

static void helps_on_a_command(void **state)
{
    static const char *const bill[] = {"ZD", "zd", "账单", "查询本机账单", "帳單"};
    struct view title, *codes;
    (void)state;
    for (size_t i = 0; i < sizeof bill / sizeof *bill; i++) {
        assert_int_equal(grammar_help(grammar, arena, view_of(bill[i]), AT_HALL, &title, &codes), 4);
        assert_true(view_equal(title, VIEW("查询本机账单")));
        assert_true(view_equal(codes[0], VIEW("ZD")));
        assert_true(view_equal(codes[1], VIEW("ZD201211")));
    }
    assert_int_equal(grammar_help(grammar, arena, VIEW("KT"), AT_HALL, &title, &codes), 4);
    assert_true(view_equal(title, VIEW("开通业务")));
    assert_true(view_equal(codes[0], VIEW("KTGPRS")));
    assert_int_equal(grammar_help(grammar, arena, VIEW("0000"), AT_PROVIDER, &title, &codes), 1);
    assert_true(view_equal(title, VIEW("查询和退订本端口的业务")));
    assert_int_equal(grammar_help(grammar, arena, VIEW("彩铃"), AT_HALL, &title, &codes), 0); /* the store knows services */
    assert_true(grammar_help(grammar, arena, VIEW("KTHF"), AT_HALL, &title, &codes) == 0);
    assert_int_equal(grammar_help(grammar, arena, VIEW("火星"), AT_HALL, &title, &codes), 0);
    assert_int_equal(grammar_help(grammar, arena, VIEW(""), AT_HALL, &title, &codes), 0);
    assert_int_equal(grammar_help(grammar, arena, VIEW("ZD"), AT_PROVIDER, &title, &codes), 0);
}

static void lists_commands(void **state)
{
    struct err err;
    (void)state;
    json_t *read = json_read(grammar_commands_page(grammar), &err);
    assert_non_null(read);
    const json_t *commands = json_object_get(read, "commands"), *first = json_array_get(commands, 0);
    assert_true(json_array_size(commands) >= 10);
    assert_true(view_equal(json_text(first, "name"), VIEW("allowance_data")));
    assert_true(view_equal(json_text(first, "title"), VIEW("查询移动数据流量")));
    assert_string_equal(json_string_value(json_array_get(json_object_get(first, "codes"), 0)), "CXYEG");
    json_decref(read);
}

static void finds_commands(void **state)
{
    const struct command *bill = grammar_find(grammar, VIEW("bill"));
    (void)state;
    assert_non_null(bill);
    assert_ptr_equal(grammar_command(grammar, bill->number), bill);
    assert_true(view_equal(bill->call, VIEW("bill")));
    assert_true(view_equal(bill->file, VIEW("commands/bill.yaml")));
    assert_string_equal(effect_name(bill->effect), "reads");
    assert_string_equal(confirm_name(bill->confirm), "never");
    assert_null(grammar_find(grammar, VIEW("moon")));
    assert_int_equal(grammar_find(grammar, VIEW("hall"))->call.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suggests_near_codes),
        cmocka_unit_test(suggests_no_more_than_asked),
        cmocka_unit_test(suggests_nothing_for_prose),
        cmocka_unit_test(helps_on_a_command),
        cmocka_unit_test(lists_commands),
        cmocka_unit_test(finds_commands),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

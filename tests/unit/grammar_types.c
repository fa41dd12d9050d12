/* Values and their normal forms. */
#include "grammar_folder.h"

#include "grammar/types.h"

static void brings_values_to_their_normal_form(void **state)
{
    static const struct {
        const char *normal, *raw;
        uint64_t least, most;
        const char *value; /* NULL: none */
    } rows[] = {
        {"month", "201211", 199001, 209912, "201211"},
        {"month", "2012年1月", 199001, 209912, "201201"},
        {"month", "2012-12", 199001, 209912, "201212"},
        {"month", "201213", 0, 0, NULL},
        {"month", "201200", 0, 0, NULL},
        {"month", "198912", 199001, 209912, NULL},
        {"month", "199001", 199001, 209912, "199001"},
        {"month", "2012", 0, 0, NULL},
        {"month", "2012-123", 0, 0, NULL},
        {"id_card", "11010519491231002X", 0, 0, "11010519491231002X"},
        {"id_card", "110105194912310021", 0, 0, NULL},
        {"id_card", "440524188001010014", 0, 0, "440524188001010014"},
        {"id_card", "1101051949123100", 0, 0, NULL},
        {"id_card", "1101051949123100AX", 0, 0, NULL},
        {"yuan", "10", 0, 0, "10.00"},
        {"yuan", "10.5元", 0, 0, "10.50"},
        {"yuan", "0.05", 0, 0, "0.05"},
        {"yuan", "¥10.5 块", 0, 0, "10.50"},
        {"yuan", "10。5", 0, 0, "10.50"},
        {"yuan", "0", 0, 0, "0.00"},
        {"yuan", "0010", 0, 0, "10.00"},
        {"yuan", "10.500", 0, 0, "10.50"},
        {"yuan", "1.234", 0, 0, "1.234"}, /* what is no amount is said by the command */
        {"yuan", "123456789012.34", 0, 0, "123456789012.34"},
        {"yuan", "1234567890123", 0, 0, "999999999999.99"},
        {"yuan", "99999999999999999999", 0, 0, "999999999999.99"},
        {"yuan", "元", 0, 0, NULL},
        {"pin", "246810", 0, 0, "246810"},
        {"pin", "#新密码：246810", 0, 0, "246810"},
        {"pin", "#246810 谢谢", 0, 0, "246810"},
        {"pin", "24681", 0, 0, NULL},
        {"pin", "24681X", 0, 0, NULL},
        {"id_card", "#身份证号11010519491231002X", 0, 0, "11010519491231002X"},
        {"hidden", "2468", 0, 0, "***"},
        {"serials", "1、3 03", 0, 0, "1,3,3"},
        {"serials", "0", 0, 0, "0"},
        {"serials", "", 0, 0, NULL},
        {"msisdn", "8613800138000", 0, 0, "13800138000"},
        {"msisdn", " 139 1234-5678", 0, 0, "13912345678"},
        {"msisdn", "02112345678", 0, 0, NULL},
        {"text", " 信号 ", 0, 0, "信号"},
        {"text", "  ", 0, 0, NULL},
    };
    struct arena *arena = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct type type = {.normal = normal_find(view_of(rows[i].normal)), .least = rows[i].least, .most = rows[i].most};
        struct view value = VIEW_NONE;
        assert_non_null(type.normal);
        bool is_value = type.normal->apply(&type, arena, view_of(rows[i].raw), &value);
        if (is_value != (rows[i].value != NULL) || (is_value && !view_equal(value, view_of(rows[i].value))))
            fail_msg("%s of \"%s\": %d \"%.*s\"", rows[i].normal, rows[i].raw, is_value, VIEW_ARG(value));
    }
    arena_free(&arena);
}

static void knows_no_other_normal_form(void **state)
{
    (void)state;
    assert_null(normal_find(VIEW("moon")));
    assert_null(normal_find(VIEW("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brings_values_to_their_normal_form),
        cmocka_unit_test(knows_no_other_normal_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

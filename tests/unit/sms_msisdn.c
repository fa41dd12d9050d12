/* Numbers of senders (rules D4, E4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sms/msisdn.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))

static void test_read(void **state)
{
    static const struct {
        const char *input, *kind, *digits;
    } row[] = {
        {"13800138000", "mobile", "13800138000"},
        {"8613800138000", "mobile", "13800138000"},
        {"+8613800138000", "mobile", "13800138000"},
        {"008613800138000", "mobile", "13800138000"},
        {" +86-138-0013-8000 ", "mobile", "13800138000"},
        {"19912345678", "mobile", "19912345678"},
        {"12345678901", "alpha", ""},
        {"1380013800", "alpha", ""},
        {"138001380000", "alpha", ""},
        {"+861380013800", "landline", ""},
        {"138 0013 8000", "alpha", ""},
        {"１３８００１３８０００", "alpha", ""},
        {"10086", "short_code", ""},
        {"10086977", "short_code", ""},
        {"8610086", "short_code", ""},
        {"+8610086", "short_code", ""},
        {"110", "short_code", ""},
        {"12", "alpha", ""},
        {"106575258192", "short_code", ""},
        {"10657525819212345678", "short_code", ""},
        {"106575258192123456789", "alpha", ""},
        {"86106575258192", "short_code", ""},
        {"+86106575258192", "short_code", ""},
        {"8610657525819212345678", "short_code", ""},
        {"01062345678", "landline", ""},
        {"+86010-62345678", "landline", ""},
        {"+862162345678", "landline", ""},
        {"0571-88889999", "landline", ""},
        {"+85291234567", "foreign", ""},
        {"+14155551234", "foreign", ""},
        {"0014155551234", "foreign", ""},
        {"", "alpha", ""},
        {"  ", "alpha", ""},
        {"+", "alpha", ""},
        {"-13800138000", "alpha", ""},
        {"+13800x138000", "alpha", ""},
        {"Kannel", "alpha", ""},
        {"中国移动", "alpha", ""},
        {"999999999999999999999999999999", "alpha", ""},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct msisdn got = msisdn_read(view_of(row[i].input));
        if (strcmp(msisdn_kind_name(got.kind), row[i].kind) != 0 || strcmp(got.digits, row[i].digits) != 0)
            fail_msg("\"%s\": got %s \"%s\", wanted %s \"%s\"", row[i].input, msisdn_kind_name(got.kind), got.digits, row[i].kind,
                     row[i].digits);
    }
    assert_int_equal(msisdn_read(VIEW("13800138000\0")).kind, MSISDN_ALPHA);
    assert_int_equal(msisdn_read(VIEW_NONE).kind, MSISDN_ALPHA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

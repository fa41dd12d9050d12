/* Kannel's dialect: what its answers mean (kannel.md §4), and the URL that hands an MT over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/kannel.h"

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
    struct mt mt = {.mt = VIEW("2611-42"), .from = VIEW("10086"), .to = VIEW("13800138000"), .text = VIEW("余"), .valid_s = 61};
    assert_url(
        &account, &mt,
        "http://k/s?username=hall&password=a%26b&from=10086&to=13800138000&charset=UTF-8&coding=2&text=%E4%BD%99&account=2611-42&validity=2"
        "&dlr-mask=19&dlr-url=http%3A%2F%2Fh%2Fkannel%2Fdlr%3Fmt%3D2611-42%26msisdn%3D%25p%26status%3D%25d%26reason%3D%25A%26time%3D%25T%"
        "26token%3Dt");
    account.dlr_url = VIEW_NONE; /* no reports asked */
    mt.text = VIEW("ok");        /* GSM 7-bit */
    mt.valid_s = 0;
    assert_url(&account, &mt,
               "http://k/s?username=hall&password=a%26b&from=10086&to=13800138000&charset=UTF-8&coding=0&text=ok&account=2611-42");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_of_sendsms),
        cmocka_unit_test(test_sendsms_url),
    };
    return cmocka_run_group_tests_name("gateway_kannel", tests, NULL, NULL);
}

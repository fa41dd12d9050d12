/* Only a mobile number may be answered, so everything doubtful ends as something else: a machine that is answered answers back, and two
 * machines never tire (rules D4, E4). */
#include "sms/msisdn.h"

#include <string.h>

enum { DIGITS_MAX = 24, MOBILE_SIZE = 11 };

/* What was given, without hyphens, blanks around and the sign in front. */
struct number {
    char digits[DIGITS_MAX + 1];
    size_t size;
    bool has_plus;
};

static bool read_digits(struct view from, struct number *number)
{
    *number = (struct number){0};
    from = view_trim(from);
    if (view_starts_with(from, VIEW("+"))) {
        number->has_plus = true;
        from = view_from(from, 1);
    }
    for (size_t i = 0; i < from.size; i++) {
        char c = from.at[i];
        if (c == '-' && i > 0)
            continue;
        if (c < '0' || c > '9' || number->size == DIGITS_MAX)
            return false;
        number->digits[number->size++] = c;
    }
    return number->size > 0;
}

static bool is_mobile(struct view digits)
{
    return digits.size == MOBILE_SIZE && digits.at[0] == '1' && digits.at[1] >= '3';
}

/* 10086, 95588, and the ports of providers and companies: 106… */
static bool is_short_code(struct view digits)
{
    bool is_port = view_starts_with(digits, VIEW("106")) && digits.size >= 5 && digits.size <= 20;
    return is_port || (digits.size >= 3 && digits.size <= 8 && digits.at[0] != '0');
}

static struct msisdn of_kind(enum msisdn_kind kind, struct view digits)
{
    struct msisdn msisdn = {.kind = kind};
    if (kind == MSISDN_MOBILE)
        memcpy(msisdn.digits, digits.at, MOBILE_SIZE);
    return msisdn;
}

/* digits of the mainland, the country's code taken away; `otherwise` is what they are when they are no mobile and no port. */
static struct msisdn national(struct view digits, enum msisdn_kind otherwise)
{
    if (is_mobile(digits))
        return of_kind(MSISDN_MOBILE, digits);
    if (view_starts_with(digits, VIEW("0")))
        return of_kind(MSISDN_LANDLINE, digits);
    return of_kind(is_short_code(digits) ? MSISDN_SHORT_CODE : otherwise, digits);
}

struct msisdn msisdn_read(struct view from)
{
    struct number number;
    if (!read_digits(from, &number))
        return of_kind(MSISDN_ALPHA, VIEW_NONE);

    struct view digits = {number.digits, number.size};
    bool is_abroad = number.has_plus || view_starts_with(digits, VIEW("00"));
    if (!number.has_plus && is_abroad)
        digits = view_from(digits, 2);
    if (is_abroad && !view_starts_with(digits, VIEW("86")))
        return of_kind(MSISDN_FOREIGN, digits);
    if (is_abroad)
        return national(view_from(digits, 2), MSISDN_LANDLINE); /* +86 10 62345678: an area's code without its 0 */

    struct view behind_86 = view_from(digits, 2);
    if (view_starts_with(digits, VIEW("86")) && (is_mobile(behind_86) || view_starts_with(behind_86, VIEW("106"))))
        digits = behind_86;
    return national(digits, MSISDN_ALPHA);
}

const char *msisdn_kind_name(enum msisdn_kind kind)
{
    static const char *const name[] = {
        [MSISDN_MOBILE] = "mobile",   [MSISDN_SHORT_CODE] = "short_code", [MSISDN_LANDLINE] = "landline",
        [MSISDN_FOREIGN] = "foreign", [MSISDN_ALPHA] = "alpha",
    };
    return name[kind];
}

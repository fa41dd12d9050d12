/* Numbers of senders: 13800138000, 8613800138000, +86…, 0086… are one (rules D4). */
#ifndef SMS_MSISDN_H
#define SMS_MSISDN_H

#include "base/view.h"

enum msisdn_kind {
    MSISDN_MOBILE,     /* a mainland mobile number: may be answered */
    MSISDN_SHORT_CODE, /* 3 to 8 digits, or a 106… port: a machine; never answered */
    MSISDN_LANDLINE,   /* 0… or +860… */
    MSISDN_FOREIGN,    /* + and another country */
    MSISDN_ALPHA,      /* letters, nothing, or anything else */
};

struct msisdn {
    enum msisdn_kind kind;
    char digits[12]; /* of a mobile: "13800138000"; else empty */
};

/* Blanks around and hyphens inside are forgiven. */
struct msisdn msisdn_read(struct view from);

/* For logs and counters: "mobile", "short_code", "landline", "foreign", "alpha". */
const char *msisdn_kind_name(enum msisdn_kind kind);

#endif

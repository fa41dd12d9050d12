/* The SQL functions that the hall calls, by name and parameters: the whole of what it may do in the store (sql/functions/). */
#ifndef STORE_API_H
#define STORE_API_H

#include <stddef.h>

enum api_function {
    API_RECEIVE,         /* hall.receive: a message takes effect */
    API_RECEIVE_MANY,    /* hall.receive_many: many at once, each parameter an array; the lanes' own, who make it of API_RECEIVE */
    API_SETTLE,          /* hall.settle: how sending a reply ended */
    API_DELIVERY_REPORT, /* hall.delivery_report */
    API_CLAIM_UNSENT,    /* hall.claim_unsent: replies that a crash, or a refusal for now, left unsent */
    API_RUN_DUE,         /* hall.run_due: what is due in the store itself: renewals, notices, expiries */
    API_CLAIM_EVENTS,    /* hall.claim_events: what providers and network elements are to be told */
    API_SETTLE_EVENT,    /* hall.settle_event: how telling them ended */
    API_REPORT_ORDER,    /* hall.report_order: a network element says how its work went */
    API_FUNCTIONS,
};

enum { API_PARAMETERS_MAX = 14 };

struct api {
    const char *name; /* of the prepared statement */
    const char *sql;
    size_t parameters;
};

extern const struct api api_table[API_FUNCTIONS];

/* hall.receive's parameters, in order. */
enum {
    RECEIVE_MSISDN,       /* 13800138000 */
    RECEIVE_GATEWAY_ID,   /* Kannel's %I */
    RECEIVE_PORT,         /* 10086 */
    RECEIVE_AT,           /* hall | provider */
    RECEIVE_TEXT,         /* as it came, secrets masked */
    RECEIVE_FINGERPRINT,  /* 64-bit hash of the folded text; of one that carries a secret it is keyed */
    RECEIVE_GATEWAY_TIME, /* Kannel's %T, Unix seconds; NULL when not said */
    RECEIVE_COMMAND,      /* NULL: none */
    RECEIVE_CALL,         /* hall_command.<call>; NULL: none */
    RECEIVE_EFFECT,       /* reads | changes | manages: changes, also while the subscriber is suspended | leaves */
    RECEIVE_CONFIRM,      /* never | when_charged | always */
    RECEIVE_ARGS,         /* JSON object, a secret as what gateway/prover.h says; for a text that is no command {"near": ["YE", …],
                             "folded": …, "maybe": {…}} */
    RECEIVE_ANSWER,       /* yes | no | serials:1,3 | NULL */
    RECEIVE_WAY,          /* sendsms | inline */
    RECEIVE_PARAMETERS,
};

/* hall.settle's. */
enum {
    SETTLE_MSISDN,
    SETTLE_MT,     /* our id of the reply */
    SETTLE_STATE,  /* sent | unsent | dead | expired */
    SETTLE_TEXT,   /* exactly as sent; NULL keeps what is there */
    SETTLE_PIECES, /* how many messages of a long reply are sent */
    SETTLE_REASON, /* why not; NULL when sent */
    SETTLE_WAIT_S, /* unsent: not to be claimed before so many seconds */
    SETTLE_CLAIMS, /* unsent: only if the reply is still ours: its `claims` as it was given to us */
    SETTLE_PARAMETERS,
};

/* hall.delivery_report's. */
enum {
    REPORT_MSISDN,
    REPORT_MT,
    REPORT_STATUS, /* Kannel's %d */
    REPORT_REASON,
    REPORT_TIME, /* Unix seconds or NULL */
    REPORT_PARAMETERS,
};

/* hall.claim_unsent's and hall.claim_events'. */
enum {
    CLAIM_MOST,    /* how many at most */
    CLAIM_LEASE_S, /* ours for so long */
    CLAIM_PARAMETERS,
};

/* hall.settle_event's. */
enum {
    EVENT_MSISDN,
    EVENT_ID,     /* as it was claimed */
    EVENT_CLAIMS, /* likewise: says whether it is still ours */
    EVENT_STATUS, /* HTTP; 0: no answer came */
    EVENT_REASON, /* why it was not delivered; NULL when it was */
    EVENT_PARAMETERS,
};

/* hall.report_order's. */
enum {
    ORDER_MSISDN,
    ORDER_NUMBER,
    ORDER_TOKEN, /* only who was given the order knows it */
    ORDER_STATE, /* in_work | done | failed */
    ORDER_REASON,
    ORDER_PARAMETERS,
};

#endif

/* Kannel's dialect, and nothing else of it: what an MO request carries, how sendsms is asked and what its answers mean, how a sync
 * reply is dressed. Pure but for the request it reads. Everything here was seen on Kannel 1.4.5 (kannel.md). */
#ifndef GATEWAY_KANNEL_H
#define GATEWAY_KANNEL_H

#include "base/text.h"
#include "web/server.h"

/* An MO as Kannel hands it over. Views live as long as the request. */
struct mo {
    struct view id;      /* %I: the same over retries and redeliveries */
    struct view from;    /* %p, as it came: msisdn_read judges it */
    struct view to;      /* %P, our port: digits, with + in front or without, 32 characters at most */
    struct view bytes;   /* the text, undecoded */
    struct view charset; /* of Content-Type (POST) or %C (GET) */
    int coding;          /* %c; -1: not said */
    struct view time;    /* %T, Unix seconds; VIEW_NONE: not said, or no number */
};

/* Reads an MO from post-url or get-url. IS_REFUSED: the gateway is wired wrongly; err says which field is missing or not fit. */
enum outcome kannel_read_mo(const struct web_request *request, struct mo *mo, struct err *err);

/* A delivery report (kannel.md §4). */
struct report {
    struct view mt;     /* our id, from the dlr-url */
    struct view msisdn; /* %p, as it came */
    struct view status; /* %d: 1, 2, 4, 8, 16 or 32 */
    struct view reason; /* %A, as it came: not always UTF-8; VIEW_NONE: not said */
    struct view time;   /* %T, Unix seconds; VIEW_NONE: not said, or no number */
};

/* Reads a report. IS_REFUSED: mt, msisdn or status is missing or not fit; to ask again would not mend it. */
enum outcome kannel_read_report(const struct web_request *request, struct report *report, struct err *err);

/* The URL that hands one MT over. */
struct mt {
    struct view mt;   /* our id */
    struct view from; /* the port that answers */
    struct view to;   /* 13800138000 */
    struct view text;
    int64_t valid_s;  /* how long it is worth sending; goes as whole minutes, from 1 to a week */
    bool asks_report; /* a report about this one is wanted, if the account has a dlr_url */
};
struct kannel_account {
    struct view url, user, password; /* sendsms */
    struct view dlr_url;             /* empty: no reports are ever asked */
    struct view token;               /* for the dlr-url; may be empty */
};
void kannel_write_sendsms(struct text *url, const struct kannel_account *account, const struct mt *mt);

/* The URL that Kannel is to call with reports about this reply; empty when none are asked. Final states only (1, 2, 16). */
enum { KANNEL_DLR_MASK = 1 + 2 + 16 };
void kannel_write_dlr_url(struct text *url, const struct kannel_account *account, struct view mt);

/* What an answer of sendsms means for the reply (kannel.md §4). */
enum sending {
    SENDING_SENT,   /* bearerbox has it */
    SENDING_DEAD,   /* never: a parameter is bad */
    SENDING_LATER,  /* not this one, not now */
    SENDING_AWAY,   /* nothing can be sent now: Kannel is down, full, or refuses our password */
    SENDING_UNSURE, /* no answer: it may have been sent */
};
enum sending kannel_read_sendsms(unsigned status, struct view body);

#endif

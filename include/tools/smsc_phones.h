/* The phones of the network's stand-in: what each received, how messages to it end, and who waits for its next one. Safe from any
 * thread. What it keeps is bounded: the oldest goes when it is full. */
#ifndef TOOLS_SMSC_PHONES_H
#define TOOLS_SMSC_PHONES_H

#include "base/text.h"
#include "web/server.h"

enum { PHONES_MAX = 100000, INBOX_MESSAGES_MAX = 200000, WAIT_MAX_S = 60 };

/* How an MT to a phone ends. */
enum delivery {
    DELIVERY_OK,     /* arrives, and a report says so */
    DELIVERY_FAIL,   /* does not arrive, and a report says so */
    DELIVERY_NONE,   /* arrives, and no report ever comes */
    DELIVERY_REFUSE, /* the network does not take it: Kannel's d=16 */
    DELIVERY_KINDS,
};

/* "ok", "fail", "none", "refuse"; DELIVERY_KINDS: no such word. */
enum delivery delivery_read(struct view word);

struct phones;
struct phones *phones_new(enum delivery usual);
void phones_free(struct phones **phones);

/* An MT or a part of one, as Kannel hands it over. */
struct mt {
    struct view to, from, bytes, charset, udh;
    int coding;
    struct view report_id; /* for the delivery report; empty: none is wanted */
    unsigned report_mask;  /* 1: when it was delivered, 2: when not */
};

/* The report that is due once a message has come whole; mask 0: none. */
struct mt_report {
    unsigned mask;
    char id[64];
};

/* IS_DONE: taken. IS_REFUSED: the network says no; err says why. Whoever waits for the phone is answered. */
enum outcome phones_take(struct phones *phones, const struct mt *mt, struct mt_report *report, struct err *err);

/* Answers the request with what the phone has beyond message number `after`, at once when there is something (or `after` is a number that
 * never was), else when something comes or after wait_s seconds. */
void phones_answer_inbox(struct phones *phones, struct web_request *request, struct view msisdn, uint64_t after, unsigned wait_s);

/* Answers those whose time is up; with is_over all who wait, now and from now on. */
void phones_tick(struct phones *phones, bool is_over);

/* False: there are too many phones. */
bool phones_set_delivery(struct phones *phones, struct view msisdn, enum delivery delivery);

/* "phones":1,"mt_parts":… as members of a JSON object. */
void phones_write_stats(struct phones *phones, struct text *json);

#endif

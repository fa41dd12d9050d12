/* A letter is a reply on its way to the phone: what the store said of it, and its words. */
#ifndef GATEWAY_LETTER_H
#define GATEWAY_LETTER_H

#include "base/pepper.h"
#include "grammar/grammar.h"

struct letter {
    struct letter *next; /* of the list it is in: its holder's */
    uint64_t key;        /* the MSISDN as a number */
    const char *msisdn;  /* "13800138000" */
    const char *mt;      /* our id: "2611-42" */
    const char *port;    /* it comes from */
    const char *command; /* whose reply, for counters and logs */
    const char *outcome;
    struct view text;    /* exactly as the subscriber is to read it; empty when it has no words: error says why */
    struct view noted;   /* the same for the store and its evidence: *** in the place of a secret */
    bool has_secret;     /* never goes with an answer, and nothing of it is kept anywhere */
    const char *error;   /* why it has no words; else NULL */
    int64_t claims;      /* how often it was claimed: says whether it is still ours */
    size_t pieces_sent;  /* of a long text: messages that Kannel already has */
    int64_t valid_s;     /* how long it is worth sending, from taken_us */
    bool is_reported;    /* it went out, and who sent it did not live to note its words: they are evidence (rules A8) */
    uint64_t taken_us;   /* when we got it: the store leaves it to us for a while from then */
    const char *after;   /* mt of the subscriber's latest earlier reply that was unsent when this one was made; "" = none */
    struct arena *arena; /* holds all of the above */
};

/* A letter from one reply of hall.receive or hall.claim_unsent; its text is rendered, in the reply's language, unless the store already has
 * it. The secrets that stand sealed in its field `secret` are opened with the pepper (NULL: there is none), and rendered each time: what
 * the store has of such a text is without them. msisdn: of the message; a claimed reply names its own, then VIEW_NONE. Never fails: what
 * has no words says so. The caller owns the letter. */
struct letter *letter_new(const struct grammar *grammar, const struct pepper *pepper, const json_t *reply, struct view msisdn);
void letter_free(struct letter **letter);

#endif

/* The way of one MO: decoded, folded and matched, its secrets proved, one call of hall.receive, and its replies to the courier, or into the
 * answer itself (inline mode). The request is answered only after the commit (DESIGN 1). */
#ifndef GATEWAY_MESSAGE_H
#define GATEWAY_MESSAGE_H

#include "gateway/courier.h"
#include "gateway/kannel.h"
#include "gateway/turns.h"
#include "grammar/current.h"
#include "store/lanes.h"

struct message_setup {
    struct lanes *lanes;
    struct turns *turns;         /* where messages with secrets are proved, and others of their senders wait */
    const struct pepper *pepper; /* NULL: there is none, and no secret can be proved */
    struct courier *courier;
    struct current *current;
    struct kannel_account account; /* inline mode: where reports about its replies go */
    struct view ports;             /* the hall's own short codes, comma between; their extensions are the hall too (rules D5) */
    size_t parts_max;              /* SMS in one answer: Kannel's max-messages */
    bool is_inline;
};

/* Takes the MO on its way and answers the request, now or later. Keeps setup. */
void message_take(const struct message_setup *setup, struct web_request *request, const struct mo *mo);

/* Counts what is refused: reason is a word. */
void message_count_refused(const char *reason);

/* Counts and logs it: `words` says more. */
void message_refused(const char *reason, struct view id, struct view from, const char *words);

#endif

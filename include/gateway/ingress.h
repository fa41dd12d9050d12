/* The hall's HTTP doors (DESIGN 4): who may knock, what each door wants, and what it says.
 *
 *   POST, GET /kannel/mo  200  committed, or refused for good (counted and logged): the body is empty, or the reply in inline mode
 *                         503  later: nothing was taken, or nobody knows; Kannel asks again with the same id
 *                         400, 401, 403, 405, 413  the gateway is wired wrongly; Kannel repeats these too, so nothing is lost meanwhile
 *   GET /kannel/dlr       200  noted, or of no use; 503 the store cannot take it now: Kannel repeats reports as it does messages
 *   POST, GET /orders/report   how the work on a subscriber's order goes, from the network element that was given it. Fields msisdn, order
 *                         (its number), token (from the order), state (in_work | done | failed), and reason; in the query, or as the
 *                         members of a JSON object in the body. Whoever knows the token may call. The answer is JSON:
 *                         200  {"state": "in_work" | "done" | "failed"}  noted
 *                         200  {"state": "unchanged"}  the order said so before, or has ended: there is nothing to report again
 *                         400  {"error": …}  a field is missing or not fit
 *                         404  {"error": …}  no such order, or not its token: which of the two is not said
 *                         503  {"error": …}  later: nothing was noted, or nobody knows; to report twice does no harm. 500: a fault of ours
 *   GET /healthz, /readyz, /metrics, /commands.json   open to whoever reaches the port */
#ifndef GATEWAY_INGRESS_H
#define GATEWAY_INGRESS_H

#include <stdatomic.h>

#include "base/secret.h"
#include "gateway/message.h"
#include "gateway/webhook.h"

struct ingress_setup {
    struct message_setup message;
    const struct secret *token; /* what Kannel must present; NULL: nothing asked */
    struct webhook *webhook;    /* woken by what a reported order brings about */
    struct view allow;          /* addresses that may call /kannel/…, comma between; * = any */
    atomic_bool is_stopping;    /* /readyz says no: whoever balances load sends elsewhere */
};

/* The handler for web_server_setup; context is the ingress_setup, which must outlive the server. */
void ingress_handle(void *context, struct web_request *request);

/* For web_server_setup.is_brief: /healthz, /readyz and /metrics. */
bool ingress_is_brief(void *context, struct view path);

/* Counts what never came to a handler: for web_server_setup.refused. */
void ingress_refused(void *context, const char *reason);

#endif

/* The hall's HTTP doors (DESIGN 4): who may knock, what each door wants, and what it says. */
#ifndef GATEWAY_INGRESS_H
#define GATEWAY_INGRESS_H

#include <stdatomic.h>

#include "base/secret.h"
#include "gateway/message.h"

struct ingress_setup {
    struct message_setup message;
    const struct secret *token; /* what Kannel must present; NULL: nothing asked */
    struct view allow;          /* addresses that may call /kannel/…, comma between; * = any */
    atomic_bool is_stopping;    /* /readyz says no: whoever balances load sends elsewhere */
};

/* The handler for web_server_setup; context is the ingress_setup, which must outlive the server. */
void ingress_handle(void *context, struct web_request *request);

/* Counts what never came to a handler: for web_server_setup.refused. */
void ingress_refused(void *context, const char *reason);

#endif

/* How the network's stand-in talks to Kannel's http SMSC of the kannel type (kannel.md §2): MOs and delivery reports. */
#ifndef TOOLS_SMSC_KANNEL_H
#define TOOLS_SMSC_KANNEL_H

#include "base/text.h"
#include "tools/smsc_phones.h"
#include "web/server.h"

struct kannel;

/* url: of the SMSC's port, without a slash at its end. Both strings and the url must live as long as it does. */
enum outcome kannel_start(const char *url, const char *user, const char *password, struct kannel **kannel, struct err *err);

/* Ends what is under way; reports not yet sent are dropped. */
void kannel_stop(struct kannel **kannel);

/* Gives a phone's text to Kannel, part by part, and then answers the request: 202 when Kannel took all of it, 503 when it cannot be
 * reached, 502 when it refused. */
void kannel_send_mo(struct kannel *kannel, struct web_request *request, struct view from, struct view to, struct view text);

/* Sends a delivery report after a while; again, with growing pauses, while Kannel does not take it. */
void kannel_send_report(struct kannel *kannel, const struct mt_report *wanted, struct view to, uint64_t delay_ms);

/* Runs run(context) every so many milliseconds until the stop, in a thread of its own. */
void kannel_every(struct kannel *kannel, unsigned ms, void (*run)(void *context), void *context);

/* "mo_messages":1,… as members of a JSON object. */
void kannel_write_stats(struct kannel *kannel, struct text *json);

#endif

/* Kannel's valve. smsbox acknowledges a message to bearerbox as soon as it has asked us, and holds it in its memory alone until we have
 * taken it (kannel.md §0.1): what it holds dies with it. So while the hall cannot take messages none may come that far: bearerbox's
 * admin commands `isolate` and `resume` keep them at the SMSC (by smpp they are refused for now, by fake not read).
 *
 *   the store is there    → resume    also at the start, whoever had isolated it: a hall that was killed, or another one
 *   the store is away     → isolate   a moment later: a connection that is made anew at once is none
 *   the hall is to stop   → isolate, and what bearerbox still has is taken before the doors close
 *
 * The hall that is given the valve owns it: it says again every few seconds what it wants, and every second while it is to be shut, so that
 * a bearerbox that was restarted, or another hall that stopped, changes nothing for long. Of several halls behind one Kannel whoever is
 * ready opens it. Nothing here ever holds up a message; a bearerbox that does not answer is asked again. Kannel's smsc of type http knows
 * no isolation: messages go on coming in from there. */
#ifndef GATEWAY_BEARERBOX_H
#define GATEWAY_BEARERBOX_H

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"

struct bearerbox;

enum bearerbox_valve { VALVE_UNKNOWN, VALVE_OPEN, VALVE_SHUT };

struct bearerbox_setup {
    const char *admin_url;               /* of its admin port: http://127.0.0.1:13000; kept */
    const struct secret *admin_password; /* kept */
    bool (*is_ready)(void *context);     /* messages can be taken. Asked from a thread of its own */
    void *context;
};

/* Copies setup. From now on the valve follows is_ready; called when the doors are open. */
enum outcome bearerbox_start(const struct bearerbox_setup *setup, struct bearerbox **bearerbox, struct err *err);

/* What bearerbox last agreed to. From any thread. */
enum bearerbox_valve bearerbox_valve(const struct bearerbox *bearerbox);

/* Isolates for good, and waits until what bearerbox has queued is with us: some seconds at most, none when it does not answer. The doors
 * must still be open. */
void bearerbox_shut(struct bearerbox *bearerbox);

/* The valve stays as it is. NULL inside is fine. */
void bearerbox_free(struct bearerbox **bearerbox);

/* One admin command, waited for: `isolate`, `resume`, `status.txt`. For tools; the answer is in the arena. IS_REFUSED: bearerbox does not
 * want to. IS_FAILED: it does not answer. */
enum outcome bearerbox_tell(struct arena *arena, const char *admin_url, const struct secret *admin_password, const char *command,
                            struct view *answer, struct err *err);

#endif

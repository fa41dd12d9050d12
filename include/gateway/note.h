/* Notes in the store how sending a letter went (hall.settle). A note is owed: it is kept until the store takes it. */
#ifndef GATEWAY_NOTE_H
#define GATEWAY_NOTE_H

#include <stdatomic.h>

#include "gateway/letter.h"
#include "store/lanes.h"

/* Where notes go, and how many are on their way. */
struct notes {
    struct lanes *lanes;
    atomic_size_t open;
};

/* state: sent | answered (inline) | unsent | dead | expired. reason: why, or NULL. wait_s: of unsent: not to be claimed before. What is
 * noted of its words has *** in the place of a secret. What the note needs is copied: the letter stays the caller's. Counts and logs it.
 * From any thread. */
void note_write(struct notes *notes, const struct letter *letter, const char *state, const char *reason, unsigned wait_s);

#endif

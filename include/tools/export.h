/* What a hall heard and said, as a talk file that smshall replay plays. */
#ifndef TOOLS_EXPORT_H
#define TOOLS_EXPORT_H

#include "base/text.h"
#include "store/pg.h"

struct grammar;

/* A conversation being written. */
struct scribe {
    const struct grammar *grammar; /* words that the store does not keep are rendered; NULL: any words will do there */
    size_t parts_max;              /* Kannel's max-messages: a longer reply comes as several */
    struct text line;              /* what is to be written next; whoever takes it clears it */
    char msisdn[24], port[40];     /* of the last message */
    bool is_open;                  /* it has no reply yet */
    bool is_changed;               /* it is not kept as it came, so nobody knows what will be replied */
    uint64_t messages, replies;
};

/* A row of hall.export_messages. */
void export_add(struct scribe *scribe, const struct pg_result *rows, size_t row);

/* Behind the last one. */
void export_end(struct scribe *scribe);

#endif

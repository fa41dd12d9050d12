/* The reader and the catalogue of services must agree (rules A11, B8): what a service is called can be ordered and left behind a code of
 * the hall's own (KT, QX), and an order code is heard at its provider's port. Names for people to read need not be typed. */
#ifndef GRAMMAR_CATALOGUE_H
#define GRAMMAR_CATALOGUE_H

#include "grammar/grammar.h"

/* What a service is called. */
struct calling {
    struct view service; /* its code */
    struct view word;
    struct view what; /* the word is its "code", "alias" or "order code" */
    struct view port; /* of an order code; else empty */
    struct view own;  /* all that the service is called at the hall, in capitals, a line each */
};

/* Adds a fault when nobody can make the hall hear the word as this service. */
void catalogue_prove(const struct grammar *grammar, const struct calling *calling, struct faults *faults);

#endif

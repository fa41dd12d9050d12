/* What the files promise of themselves is proved before a grammar is given out; what does not hold becomes a fault. */
#ifndef GRAMMAR_PROVE_H
#define GRAMMAR_PROVE_H

#include "grammar/spec.h"

/* Every form can match, and no two read the same text at the same kind of port. */
void prove_forms(const struct grammar *grammar, struct fault_log *log);

/* No form shadows a reserved word (rules B5), and none of these is an answer too. */
void prove_reserved(const struct grammar *grammar, struct fault_log *log);

/* No form reads what is an answer: forms are read first, and nobody could consent any more (rules A4). Needs reading.serials. */
void prove_answers(const struct grammar *grammar, struct fault_log *log);

/* The mask covers whatever a secret type takes (rules C5). */
void prove_masks(const struct grammar *grammar, struct fault_log *log);

/* The examples hold. */
void prove_examples(const struct grammar *grammar, struct fault_log *log);

/* Replies use only fields that the command gives, with filters that take them, and keep to their budget of parts (rules D10). Of a command
 * that does not say what it gives, only its arguments are known, by its examples; its other fields are not checked. */
void prove_replies(const struct grammar *grammar, struct fault_log *log);

#endif

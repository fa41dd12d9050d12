/* The grammar in force. A reload puts a new one in its place; whoever reads a message with the old one keeps it until done. */
#ifndef GRAMMAR_CURRENT_H
#define GRAMMAR_CURRENT_H

#include "grammar/grammar.h"

struct current;

/* Keeps grammar and frees it when its last reader is done. */
struct current *current_new(struct grammar *grammar);
void current_swap(struct current *current, struct grammar *grammar);
void current_free(struct current **current);

/* The grammar in force, held; each hold ends with one release. From any thread. */
struct held;
struct held *current_hold(struct current *current);
const struct grammar *held_grammar(const struct held *held);
void held_release(struct held **held);

#endif

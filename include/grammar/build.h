/* From rows to what matching needs: the index of variants, the codes of suggestions, the words of the masks. */
#ifndef GRAMMAR_BUILD_H
#define GRAMMAR_BUILD_H

#include "grammar/spec.h"

/* Notes two forms for one fixed text, and forms that are empty when folded or make no pattern. */
void build_index(struct grammar *grammar, struct fault_log *log);

#endif

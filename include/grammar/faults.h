/* What the loader finds wrong, gathered over all files and then given out in order of file and line. */
#ifndef GRAMMAR_FAULTS_H
#define GRAMMAR_FAULTS_H

#include "grammar/grammar.h"

struct fault {
    struct view file;
    int line;
    size_t number; /* in the order of finding */
    struct view text;
};

/* Starts as {.arena = …}; lives in that arena. */
struct fault_log {
    struct arena *arena;
    struct fault *fault;
    size_t count, room;
};

void fault_note(struct fault_log *log, struct view file, int line, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A fault that the reader of YAML has worded: err begins with "file:line: " itself. */
void fault_note_err(struct fault_log *log, struct view file, const struct err *err);

/* Adds them to faults, sorted; what is found at one line stays in the order of its finding. */
void fault_log_write(struct fault_log *log, struct faults *faults);

#endif

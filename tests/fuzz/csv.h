/* The loader's rows out of a file in memory: for the targets of the loader. */
#ifndef TESTS_FUZZ_CSV_H
#define TESTS_FUZZ_CSV_H

#include "fuzz.h"
#include "tools/load.h"

static inline struct load_csv *opened(struct view file)
{
    struct load_csv *csv;
    struct err err = {""};
    enum outcome outcome = load_csv_open(fuzz_file(file), &csv, &err);
    HOLDS(outcome == IS_DONE, "%s", err.text);
    return csv;
}

static inline bool next_row(struct load_csv *csv, struct arena *arena, struct load_row *row)
{
    struct err err = {""};
    enum outcome outcome = load_csv_next(csv, arena, row, &err);
    HOLDS(outcome == IS_DONE, "%s", err.text);
    HOLDS(!row->is_broken || (row->cells == 1 && row->fault.size), "line %zu", (size_t)row->line);
    return row->line > 0;
}

#endif

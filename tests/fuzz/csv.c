/* Rows of the loader's files: a row that was written is read as it was; and of any file each line is part of some row, or broken alone. */
#include "csv.h"

/* The bytes as one row of fields: written and read again. */
static void check_written(struct arena *arena, struct view bytes)
{
    struct text file = {0};
    struct view cell[LOAD_CELLS_MAX], utf8 = fuzz_text(arena, bytes);
    size_t cells = 0;
    while (utf8.size && cells < LOAD_CELLS_MAX)
        cell[cells++] = view_cut(&utf8, '\0');
    load_csv_write(&file, cell, cells);
    if (cells < 2 || file.size > 60000)
        cells = 0;
    struct load_csv *csv = cells ? opened(FUZZ_JOIN(arena, VIEW("first,line\n"), text_view(&file))) : NULL;
    struct load_row row;
    if (csv && next_row(csv, arena, &row) && next_row(csv, arena, &row))
        for (size_t i = 0; i < cells; i++)
            HOLDS(!row.fault.size && row.cells == cells && view_equal(row.cell[i], cell[i]), "field %zu of %s", i, file.at);
    load_csv_close(&csv);
    text_free(&file);
}

static void check_file(struct arena *arena, struct view file)
{
    struct load_csv *csv = opened(file);
    struct load_row row;
    uint64_t before = 0, all, lines = 1;
    for (size_t i = 0; i < file.size; i++)
        lines += file.at[i] == '\n';
    while (next_row(csv, arena, &row)) {
        HOLDS(row.line > before && row.line <= lines && row.cells <= LOAD_CELLS_MAX, "line %zu", (size_t)row.line);
        before = row.line;
    }
    HOLDS(load_csv_read(csv, &all) == file.size && all == file.size, "%zu bytes", file.size);
    load_csv_close(&csv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct view bytes = {(const char *)data, size};
    check_file(arena, bytes);
    check_written(arena, bytes);
    arena_free(&arena);
    return 0;
}

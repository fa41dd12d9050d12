/* What of a row goes to the store: what stands there, amounts in fen; or the row has a fault. */
#include "csv.h"

/* 56.7 in whole fen, by other arithmetic; false: it is no such amount. */
static bool fen_of(struct view cell, int64_t *fen)
{
    char text[32] = "";
    int64_t yuan = 0, decimals = 0;
    int end = 0, point = 0;
    if (cell.size >= sizeof text || strspn(memcpy(text, cell.at, cell.size), "-0123456789.") != cell.size)
        return false;
    bool is_negative = text[0] == '-';
    if (sscanf(text + is_negative, "%13ld%n.%2ld%n", &yuan, &point, &decimals, &end) < 1)
        return false;
    if (end && end - point == 2)
        decimals *= 10;
    *fen = (yuan * 100 + decimals) * (is_negative ? -1 : 1);
    return true;
}

static void check_values(const struct load_kind *kind, const struct load_header *header, struct arena *arena, struct load_row *row)
{
    struct err err = {""};
    bool had_fault = row->fault.size > 0;
    int64_t fen, made;
    HOLDS(load_make_values(kind, header, NULL, arena, row, &err) == IS_DONE, "%s", err.text);
    if (row->fault.size) {
        HOLDS(had_fault || fuzz_is_utf8(row->fault), "%.*s", VIEW_ARG(row->fault));
        return;
    }
    for (size_t i = 0, k = 0; kind->column[i].name; i++) {
        if (header->place[i] == LOAD_CELLS_MAX)
            continue;
        struct view cell = row->cell[header->place[i]], value = row->value[k++];
        HOLDS(cell.size ? value.size > 0 : !value.at, "%.*s", VIEW_ARG(cell));
        if (header->is_yuan[i] && kind->column[i].take == LOAD_AMOUNT && cell.size)
            HOLDS(fen_of(cell, &fen) && sscanf(arena_string(arena, value), "%ld", &made) == 1 && made == fen, "%.*s is %.*s",
                  VIEW_ARG(cell), VIEW_ARG(value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kinds[] = {"top-ups", "subscribers", "bills", "services", "prefixes", "charges"};
    struct arena *arena = arena_new();
    struct input in = input_of(data, size);
    const struct load_kind *kind = load_kind_find(kinds[input_byte(&in) % 6]);
    struct load_csv *csv = opened(in.left);
    struct load_row row;
    struct load_header header;
    struct err err = {""};
    bool has_header = next_row(csv, arena, &row) && load_header_read(kind, arena, row.cell, row.cells, &header, &err) == IS_DONE;
    HOLDS(has_header || err.text[0] || !row.line, "a refusal says why: %.*s", VIEW_ARG(in.left));
    while (has_header && next_row(csv, arena, &row))
        check_values(kind, &header, arena, &row);
    load_csv_close(&csv);
    arena_free(&arena);
    return 0;
}

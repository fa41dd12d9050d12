/* libcsv takes bytes and calls back with fields and ends of rows; it knows no lines, and in its strict mode gives up at the first quote
 * that is out of place, while in the other it swallows the file up to the next one. So it is fed line by line, and what a row is made of
 * is kept beside it. When a row breaks, its first line alone is the broken row, and libcsv begins anew with the line behind it:
 *
 *     line ──▶ libcsv ──▶ the row is over: it is given
 *                │  └───▶ not yet (a quote is open): the next line belongs to it too
 *                └──────▶ strict error, too long, or the file is over: broken; the lines behind its first one are read again
 *
 * How much is kept of a row is bounded, and so is what one stray quote costs. */
#include <assert.h>
#include <csv.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/load.h"

enum { BLOCK_SIZE = 256 * 1024, ROW_SIZE_MAX = 64 * 1024 };

struct load_csv {
    FILE *file;
    const char *name;
    char *block; /* what was read of the file: start … end is left */
    size_t start, end;
    bool is_over;
    uint64_t read, all; /* bytes */
    struct text again;  /* lines that were part of a broken row; from again_at on they are left */
    size_t again_at;
    uint64_t line; /* the last one that was taken */
    struct csv_parser parser;

    struct text raw; /* the row that is being read, as it stands, and the line that it began in */
    uint64_t row_line;
    struct arena *arena;
    struct view cell[LOAD_CELLS_MAX];
    size_t cells;
    bool is_whole;
};

/* --- lines --- */

static enum outcome fill(struct load_csv *csv, struct err *err)
{
    memmove(csv->block, csv->block + csv->start, csv->end - csv->start);
    csv->end -= csv->start;
    csv->start = 0;
    size_t size = fread(csv->block + csv->end, 1, BLOCK_SIZE - csv->end, csv->file);
    csv->end += size;
    csv->read += size;
    csv->is_over = size == 0;
    return ferror(csv->file) ? err_failed(err, "%s: %s", csv->name, strerror(errno)) : IS_DONE;
}

/* The next line of the file with its end, in the block until the next call. A line that is longer than the block comes in pieces, the
 * first of which is too long for a row already. */
static enum outcome next_of_file(struct load_csv *csv, struct view *line, struct err *err)
{
    for (;;) {
        char *at = csv->block + csv->start;
        size_t left = csv->end - csv->start;
        const char *end = left ? memchr(at, '\n', left) : NULL;
        if (end || left == BLOCK_SIZE || csv->is_over) {
            *line = (struct view){at, end ? (size_t)(end + 1 - at) : left};
            csv->start += line->size;
            return IS_DONE;
        }
        enum outcome outcome = fill(csv, err);
        if (outcome != IS_DONE)
            return outcome;
    }
}

/* Empty: there is none. */
static enum outcome next_line(struct load_csv *csv, struct view *line, struct err *err)
{
    struct view again = view_from(text_view(&csv->again), csv->again_at);
    if (!again.size)
        return next_of_file(csv, line, err);
    const char *end = memchr(again.at, '\n', again.size);
    *line = view_head(again, end ? (size_t)(end + 1 - again.at) : again.size);
    csv->again_at += line->size;
    return IS_DONE;
}

static bool has_end(struct view line)
{
    return line.size && line.at[line.size - 1] == '\n';
}

/* What is left of a line that was too long is passed by; what was kept of it ends as a line does. */
static enum outcome pass_line(struct load_csv *csv, struct view line, struct err *err)
{
    enum outcome outcome = IS_DONE;
    if (!has_end(line))
        text_add_char(&csv->raw, '\n');
    while (outcome == IS_DONE && line.size && !has_end(line))
        outcome = next_of_file(csv, &line, err);
    return outcome;
}

/* --- libcsv --- */

static void on_cell(void *bytes, size_t size, void *context)
{
    struct load_csv *csv = context;
    if (csv->cells < LOAD_CELLS_MAX)
        csv->cell[csv->cells] = arena_copy(csv->arena, (struct view){bytes, size});
    csv->cells++;
}

static void on_row(int end, void *context)
{
    struct load_csv *csv = context;
    (void)end;
    csv->is_whole = true;
}

/* Lines end with LF; a CR before it is a blank at the end of a field. */
static int is_end(unsigned char c)
{
    return c == '\n';
}

static int is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void begin_parser(struct load_csv *csv)
{
    int code = csv_init(&csv->parser, CSV_STRICT);
    assert(code == 0);
    csv_set_term_func(&csv->parser, is_end);
    csv_set_space_func(&csv->parser, is_blank);
    csv_set_blk_size(&csv->parser, ROW_SIZE_MAX + 1); /* at once, so that it leaves nothing behind while it grows */
}

static void end_parser(struct load_csv *csv)
{
    if (csv->parser.entry_buf)
        explicit_bzero(csv->parser.entry_buf, csv->parser.entry_size);
    csv_free(&csv->parser);
}

/* False: a quote stands where none may be. */
static bool feed(struct load_csv *csv, struct view line)
{
    bool is_fed = csv_parse(&csv->parser, line.at, line.size, on_cell, on_row, csv) == line.size;
    if (is_fed && !has_end(line))
        is_fed = csv_parse(&csv->parser, "\n", 1, on_cell, on_row, csv) == 1;
    return is_fed;
}

/* --- rows --- */

static void begin_row(struct load_csv *csv)
{
    text_clear(&csv->raw);
    csv->cells = 0;
    csv->is_whole = false;
}

static struct view fault_of(struct arena *arena, const struct view *cell, size_t cells)
{
    for (size_t i = 0; i < cells; i++) {
        if (cell[i].size && memchr(cell[i].at, '\0', cell[i].size))
            return arena_printf(arena, "field %zu holds a NUL", i + 1);
        for (size_t k = 0; k < cell[i].size;)
            if (!(cell[i].at[k] & 0x80))
                k++;
            else if (view_code_point(cell[i], &k) < 0)
                return arena_printf(arena, "field %zu is not UTF-8", i + 1);
    }
    return VIEW_NONE;
}

static void give_row(struct load_csv *csv, struct load_row *row)
{
    size_t cells = csv->cells < LOAD_CELLS_MAX ? csv->cells : LOAD_CELLS_MAX;
    *row =
        (struct load_row){.line = csv->row_line, .cell = ARENA_ARRAY(csv->arena, struct view, cells), .cells = cells, .fault = VIEW_NONE};
    memcpy(row->cell, csv->cell, cells * sizeof *row->cell);
    row->fault = csv->cells > cells ? arena_printf(csv->arena, "it has %zu fields", csv->cells) : fault_of(csv->arena, row->cell, cells);
    begin_row(csv);
}

/* The first line of what was kept is the row; the others come again, and then those that would have. */
static void give_broken(struct load_csv *csv, struct load_row *row)
{
    struct view rest = text_view(&csv->raw);
    bool is_long = rest.size > ROW_SIZE_MAX;
    struct view first = view_trim(view_cut(&rest, '\n'));
    struct text again = {0};
    text_add(&again, rest);
    text_add(&again, view_from(text_view(&csv->again), csv->again_at));

    *row = (struct load_row){.line = csv->row_line, .cell = ARENA_NEW(csv->arena, struct view), .cells = 1, .is_broken = true};
    row->cell[0] = arena_copy(csv->arena, view_head(first, ROW_SIZE_MAX));
    row->fault = is_long ? VIEW("a row may be 64 kB long: a quote may be open") : VIEW("its quotes do not pair");

    text_free(&csv->again);
    csv->again = again;
    csv->again_at = 0;
    csv->line = csv->row_line;
    end_parser(csv);
    begin_parser(csv);
    begin_row(csv);
}

/* Takes a line; *is_given: it ended a row, whole or broken. */
static enum outcome take_line(struct load_csv *csv, struct view line, struct load_row *row, bool *is_given, struct err *err)
{
    csv->line++;
    if (!csv->raw.size)
        csv->row_line = csv->line;
    text_add(&csv->raw, line);
    *is_given = true;
    if (csv->raw.size > ROW_SIZE_MAX) {
        enum outcome outcome = pass_line(csv, line, err);
        give_broken(csv, row);
        return outcome;
    }
    if (!feed(csv, line))
        give_broken(csv, row);
    else if (csv->is_whole)
        give_row(csv, row);
    else
        *is_given = false;
    return IS_DONE;
}

enum outcome load_csv_next(struct load_csv *csv, struct arena *arena, struct load_row *row, struct err *err)
{
    struct view line = VIEW_NONE;
    bool is_given = false;
    enum outcome outcome = IS_DONE;
    csv->arena = arena;
    *row = (struct load_row){0};
    while (outcome == IS_DONE && !is_given) {
        outcome = next_line(csv, &line, err);
        if (outcome != IS_DONE)
            return outcome;
        if (csv->line == 0 && view_starts_with(line, VIEW("\xEF\xBB\xBF")))
            line = view_from(line, 3);
        if (line.size)
            outcome = take_line(csv, line, row, &is_given, err);
        else if (csv->raw.size)
            give_broken(csv, row), is_given = true;
        else
            return IS_DONE;
        if (!is_given && !view_trim(text_view(&csv->raw)).size)
            begin_row(csv); /* a blank line */
    }
    return outcome;
}

/* --- the file --- */

enum outcome load_csv_open(const char *path, struct load_csv **csv, struct err *err)
{
    struct stat stat;
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    *csv = NULL;
    if (!file)
        return err_refused(err, "%s: %s", path, strerror(errno));
    struct load_csv *made = calloc(1, sizeof *made);
    assert(made);
    made->file = file;
    made->name = path;
    made->block = malloc(BLOCK_SIZE);
    assert(made->block);
    if (fstat(fileno(file), &stat) == 0 && S_ISREG(stat.st_mode))
        made->all = (uint64_t)stat.st_size;
    setvbuf(file, NULL, _IONBF, 0);
    begin_parser(made);
    *csv = made;
    return IS_DONE;
}

void load_csv_close(struct load_csv **csv)
{
    struct load_csv *old = *csv;
    if (!old)
        return;
    end_parser(old);
    if (old->file != stdin)
        fclose(old->file);
    explicit_bzero(old->block, BLOCK_SIZE);
    free(old->block);
    text_free(&old->again);
    text_free(&old->raw);
    free(old);
    *csv = NULL;
}

uint64_t load_csv_read(const struct load_csv *csv, uint64_t *all)
{
    *all = csv->all;
    return csv->read - (csv->end - csv->start);
}

static bool needs_quotes(struct view cell)
{
    static const char marks[] = ",\"\r\n";
    for (size_t i = 0; i < cell.size; i++)
        if (memchr(marks, cell.at[i], sizeof marks - 1))
            return true;
    return view_trim(cell).size != cell.size;
}

void load_csv_write(struct text *out, const struct view *cell, size_t cells)
{
    for (size_t i = 0; i < cells; i++) {
        if (i > 0)
            text_add_char(out, ',');
        if (!needs_quotes(cell[i])) {
            text_add(out, cell[i]);
            continue;
        }
        char *quoted = malloc(cell[i].size * 2 + 2);
        assert(quoted);
        size_t size = csv_write(quoted, cell[i].size * 2 + 2, cell[i].at, cell[i].size);
        text_add(out, (struct view){quoted, size});
        free(quoted);
    }
    text_add_char(out, '\n');
}

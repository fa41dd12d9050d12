/* Whoever mends what was set aside loads it as it stands: it has the columns of its file, and the reason behind them is passed by. A
 * secret is never written: there the line of the file is all that helps. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sms/msisdn.h"
#include "tools/load.h"
#include "tools/progress.h"

enum { NAMED_MAX = 20 };

struct load_aside {
    const char *file, *path;
    const struct load_header *header;
    FILE *out;
    uint64_t count;
    bool has_secrets;
};

struct load_aside *load_aside_new(const char *file, const char *path, const struct load_header *header)
{
    struct load_aside *aside = calloc(1, sizeof *aside);
    if (!aside)
        abort();
    *aside = (struct load_aside){.file = file, .path = path, .header = header};
    for (size_t i = 0; i < header->cells; i++)
        aside->has_secrets |= header->is_secret[i];
    struct stat stat;
    if (lstat(path, &stat) == 0 && S_ISREG(stat.st_mode))
        unlink(path);
    return aside;
}

static enum outcome failed(const struct load_aside *aside, struct err *err)
{
    return err_failed(err, "%s cannot be written: %s", aside->path, strerror(errno));
}

static enum outcome write_line(struct load_aside *aside, const struct view *cell, size_t cells, struct err *err)
{
    struct text line = {0};
    load_csv_write(&line, cell, cells);
    bool is_written = fwrite(line.at, 1, line.size, aside->out) == line.size;
    text_free(&line);
    return is_written ? IS_DONE : failed(aside, err);
}

/* For its owner alone, as what billing systems say of people is. */
static enum outcome open_file(struct load_aside *aside, struct err *err)
{
    struct view cell[LOAD_CELLS_MAX + 1];
    int fd = open(aside->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    aside->out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!aside->out)
        return failed(aside, err);
    memcpy(cell, aside->header->cell, sizeof aside->header->cell);
    size_t cells = aside->header->cells;
    bool has_reason = cells && view_equal_nocase(cell[cells - 1], VIEW("reason"));
    if (!has_reason)
        cell[cells++] = VIEW("reason");
    return write_line(aside, cell, cells, err);
}

/* In a file with secrets only what is surely none is shown: a field may stand in the wrong column. */
static bool is_hidden(const struct load_aside *aside, struct view cell, size_t place)
{
    bool is_secret = place < aside->header->cells && aside->header->is_secret[place];
    return aside->has_secrets && cell.size && (is_secret || msisdn_read(cell).kind != MSISDN_MOBILE);
}

/* The cells as they stand, as many as the file has columns, or more when the row has. */
static size_t take_cells(const struct load_aside *aside, const struct load_row *row, struct view *cell)
{
    size_t cells = aside->header->cells;
    bool is_mended = cells && view_equal_nocase(aside->header->cell[cells - 1], VIEW("reason"));
    if (is_mended)
        cells--; /* the reason of last time */
    if (row->cells > aside->header->cells)
        cells = row->cells;
    for (size_t i = 0; i < cells; i++) {
        cell[i] = i < row->cells ? row->cell[i] : VIEW("");
        if (is_hidden(aside, cell[i], i))
            cell[i] = VIEW("***");
    }
    return cells;
}

enum outcome load_aside_add(struct load_aside *aside, const struct load_row *row, struct err *err)
{
    struct view cell[LOAD_CELLS_MAX + 1];
    char reason[1024];
    if (aside->count++ == 0) {
        enum outcome outcome = open_file(aside, err);
        if (outcome != IS_DONE)
            return outcome;
    }
    if (aside->count <= NAMED_MAX) {
        progress_clear();
        fprintf(stderr, "%s:%llu: %.*s\n", aside->file, (unsigned long long)row->line, VIEW_ARG(row->fault));
    }
    size_t cells = take_cells(aside, row, cell);
    snprintf(reason, sizeof reason, "line %llu: %.*s", (unsigned long long)row->line, VIEW_ARG(row->fault));
    cell[cells++] = view_of(reason);
    return write_line(aside, cell, cells, err);
}

uint64_t load_aside_count(const struct load_aside *aside)
{
    return aside->count;
}

enum outcome load_aside_close(struct load_aside **aside, struct err *err)
{
    enum outcome outcome = IS_DONE;
    if (!*aside)
        return IS_DONE;
    if ((*aside)->out && fclose((*aside)->out) != 0)
        outcome = failed(*aside, err);
    if ((*aside)->count > NAMED_MAX)
        fprintf(stderr, "%s: %llu more are set aside\n", (*aside)->file, (unsigned long long)((*aside)->count - NAMED_MAX));
    free(*aside);
    *aside = NULL;
    return outcome;
}

/* The parts of `smshall load`: what can be loaded, the rows of a CSV, what is made of them, the ways to the store, and what is set aside.
 *
 *     file ─▶ load_csv ─▶ rounds of rows ─▶ lanes, one subscriber's rows always to the same ─▶ hall.load_…(), one call, one commit
 *                                                                    └─ rows that cannot be put ─▶ load_aside
 *
 * Whatever is put may be put again, so a load that was stopped anywhere is begun anew with the same file. */
#ifndef TOOLS_LOAD_H
#define TOOLS_LOAD_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "store/pg.h"

struct config;
struct pepper;

/* --- load_kinds.c: what can be loaded --- */

enum { LOAD_COLUMNS_MAX = 20, LOAD_CELLS_MAX = 64, LOAD_PARAMETERS_MAX = 20 };

/* How a field is read. */
enum load_take {
    LOAD_TEXT,
    LOAD_MSISDN,
    LOAD_AMOUNT, /* the column is NAME_fen (whole) or NAME_yuan (decimals) */
    LOAD_ITEMS,  /* the same for name:amount|name:amount */
    LOAD_SECRET,
};

struct load_column {
    const char *name, *meaning;
    enum load_take take;
    bool is_needed;
};

struct load_kind {
    const char *name, *meaning;
    const char *function;               /* of the store, hall.… */
    size_t rows;                        /* of one call */
    bool is_by_msisdn;                  /* the rows of two subscribers do not touch each other */
    const char *made[LOAD_COLUMNS_MAX]; /* parameters, when they are made of the columns and not the columns themselves */
    struct load_column column[LOAD_COLUMNS_MAX];
};

/* NULL: there is no such kind. */
const struct load_kind *load_kind_find(const char *name);

/* All of them with their columns, as --help prints them. */
void load_kinds_write_help(struct text *out);

/* The first line of a file: where each column stands in it. */
struct load_header {
    struct view cell[LOAD_CELLS_MAX]; /* as written */
    size_t cells;
    size_t place[LOAD_COLUMNS_MAX]; /* of the kind's column; LOAD_CELLS_MAX: it is not there */
    bool is_yuan[LOAD_COLUMNS_MAX];
    bool is_secret[LOAD_CELLS_MAX];
};

/* IS_REFUSED: a column that the kind does not have, one that is there twice, or one that is missing. */
enum outcome load_header_read(const struct load_kind *kind, struct arena *arena, const struct view *cell, size_t cells,
                              struct load_header *header, struct err *err);

/* --- load_csv.c: RFC 4180, with libcsv --- */

/* A row of a file. Its cells live in the arena that it was read into. */
struct load_row {
    uint64_t line; /* where it begins, from 1; 0: the file is over */
    struct view *cell;
    size_t cells;
    bool is_broken;     /* not taken apart: its one cell is the line as it stands */
    struct view fault;  /* why it cannot be put; VIEW_NONE: it can, as far as is known */
    struct view *value; /* for the store, one for each parameter */
};

struct load_csv;

/* path `-` is standard input. IS_REFUSED when there is no such file. */
enum outcome load_csv_open(const char *path, struct load_csv **csv, struct err *err);
void load_csv_close(struct load_csv **csv);

/* The next row; blank lines are passed by. A line whose quotes do not pair is one broken row, and the next line begins another, so that
 * one of them never takes the rest of the file with it. IS_FAILED: the file cannot be read on. */
enum outcome load_csv_next(struct load_csv *csv, struct arena *arena, struct load_row *row, struct err *err);

/* How far it was read, in bytes; *all is 0 when nobody knows. */
uint64_t load_csv_read(const struct load_csv *csv, uint64_t *all);

/* A row of cells as a line of a CSV behind what text holds. */
void load_csv_write(struct text *out, const struct view *cell, size_t cells);

/* --- load_value.c: what of a row goes to the store --- */

/* The statement that calls the kind's function with those columns that the file has, or what is made of them: an array each. */
size_t load_statement(const struct load_kind *kind, const struct load_header *header, struct text *sql);

/* Fills row->value or row->fault, both in the arena. Secrets are hashed here, which takes its time, and never go into a value or a fault.
 * IS_FAILED: not now; there is not enough memory to hash with. pepper may be NULL for kinds without secrets. */
enum outcome load_make_values(const struct load_kind *kind, const struct load_header *header, const struct pepper *pepper,
                              struct arena *arena, struct load_row *row, struct err *err);

/* --- load_aside.c: rows that cannot be put --- */

struct load_aside;

/* Names them on standard error as `file:line: reason`, twenty at most, and writes all of them to `path`, with the file's own columns and
 * one more for the reason; columns with secrets are ***. The file is made with the first of them; one that is there from an earlier load
 * goes. */
struct load_aside *load_aside_new(const char *file, const char *path, const struct load_header *header);
enum outcome load_aside_add(struct load_aside *aside, const struct load_row *row, struct err *err);
uint64_t load_aside_count(const struct load_aside *aside);

/* IS_FAILED: not all of them could be written. */
enum outcome load_aside_close(struct load_aside **aside, struct err *err);

/* --- load_lane.c: one connection --- */

struct load_lane;

struct load_lane_setup {
    const struct load_kind *kind;
    const struct load_header *header;
    const struct pepper *pepper;
    const char *database; /* NULL: as configured */
    const struct config *config;
    unsigned retry_s; /* so long a store that is away is asked again */
};

/* Connects. setup and what it names must live as long as the lane. */
enum outcome load_lane_open(const struct load_lane_setup *setup, struct load_lane **lane, struct err *err);
void load_lane_close(struct load_lane **lane);

/* Puts rows in their order, in a thread of its own; faults are in the rows afterwards, in the arena of the lane, which lives until the
 * next start. What the store refuses as a whole is tried in halves, until the row that it was about is alone. load_lane_end waits.
 * IS_FAILED and IS_UNSURE: the store is away; IS_REFUSED: it wants none of this. Rows may be put then, or not: all may be put again. */
void load_lane_start(struct load_lane *lane, struct load_row **row, size_t rows);
enum outcome load_lane_end(struct load_lane *lane, uint64_t *created, uint64_t *changed, struct err *err);

/* --- load.c --- */

enum { LOAD_LANES_MAX = 16 };

struct load_setup {
    const struct load_kind *kind;
    const char *database; /* NULL: as configured */
    const struct config *config;
    const struct pepper *pepper; /* NULL for kinds without secrets */
    const char *rejected;        /* where rows are set aside to; NULL: FILE.rejected */
    size_t lanes;                /* connections: 1 … LOAD_LANES_MAX */
    size_t rows;                 /* of one call; 0: as the kind has it */
    unsigned retry_s;
};

struct load_tally {
    uint64_t rows, created, changed, aside; /* created: new in the store */
    double seconds;
};

/* Loads one file. IS_REFUSED: nothing was done (no such file, a wrong first line, no rights); IS_FAILED, IS_UNSURE: the store, or the file,
 * went away in between, and err says up to which line all is loaded. */
enum outcome load_file(const struct load_setup *setup, const char *path, struct load_tally *tally, struct err *err);

#endif

/* What only this side can know: how numbers are written (rules D4), that yuan are a hundred fen, and what a secret is. Everything else is
 * judged by the store, whose functions others call too. */
#include <string.h>

#include "base/pepper.h"
#include "base/secret.h"
#include "grammar/types.h"
#include "sms/msisdn.h"
#include "tools/load.h"

enum { ID_SIZE = 18, PIECE_SIZE = 6, PUK_SIZE = 8 };

/* The columns of the kind `credentials`, and what is made of them. */
enum { COLUMN_MSISDN, COLUMN_PASSWORD, COLUMN_ID_CARD, COLUMN_PUK };
enum { MADE_MSISDN, MADE_PEPPER, MADE_HASH, MADE_DIGEST, MADE_PIECES, MADE_PUK };

/* --- the statement --- */

static void add_parameter(struct text *sql, size_t *count, const char *name, const char *unit)
{
    ++*count;
    text_addf(sql, "%sp_%s%s => $%zu::text[]", *count > 1 ? ", " : "", name, unit, *count);
}

size_t load_statement(const struct load_kind *kind, const struct load_header *header, struct text *sql)
{
    size_t count = 0;
    text_addf(sql, "SELECT %s(", kind->function);
    for (size_t i = 0; kind->made[i]; i++)
        add_parameter(sql, &count, kind->made[i], "");
    for (size_t i = 0; !kind->made[0] && kind->column[i].name; i++) {
        bool is_amount = kind->column[i].take == LOAD_AMOUNT || kind->column[i].take == LOAD_ITEMS;
        if (header->place[i] < LOAD_CELLS_MAX)
            add_parameter(sql, &count, kind->column[i].name, is_amount ? "_fen" : "");
    }
    text_add_char(sql, ')');
    return count;
}

/* --- plain columns --- */

/* The one form that the store knows; what is no mobile number stays as it is, for the store to name. */
static struct view read_number(struct arena *arena, struct view cell)
{
    struct msisdn msisdn = msisdn_read(cell);
    return msisdn.kind == MSISDN_MOBILE ? arena_copy(arena, view_of(msisdn.digits)) : cell;
}

static bool are_digits(struct view v)
{
    for (size_t i = 0; i < v.size; i++)
        if (v.at[i] < '0' || v.at[i] > '9')
            return false;
    return v.size > 0;
}

/* 56.78, -5, 0.5 → fen. False: it is no such amount. */
static bool read_yuan(struct arena *arena, struct view cell, struct view *fen)
{
    struct view rest = cell;
    const char *sign = view_starts_with(cell, VIEW("-")) ? "-" : "";
    rest = view_from(rest, strlen(sign));
    struct view yuan = view_cut(&rest, '.');
    bool has_point = yuan.size + strlen(sign) < cell.size;
    if (!are_digits(yuan) || yuan.size > 13 || (has_point && (!are_digits(rest) || rest.size > 2)))
        return false;
    while (yuan.size > 1 && yuan.at[0] == '0')
        yuan = view_from(yuan, 1);
    *fen = arena_printf(arena, "%s%.*s%.*s%s", sign, VIEW_ARG(yuan), VIEW_ARG(rest), rest.size == 2 ? "" : rest.size == 1 ? "0" : "00");
    return true;
}

static bool read_items(struct arena *arena, struct view cell, struct view *items)
{
    struct text fen = {0};
    bool is_read = true;
    while (cell.size && is_read) {
        struct view item = view_cut(&cell, '|'), amount = VIEW_NONE;
        struct view name = view_cut(&item, ':');
        is_read = read_yuan(arena, view_trim(item), &amount);
        text_addf(&fen, "%s%.*s:%.*s", fen.size ? "|" : "", VIEW_ARG(name), VIEW_ARG(amount));
    }
    *items = arena_copy(arena, text_view(&fen));
    text_free(&fen);
    return is_read;
}

/* A field; false: the row has a fault. */
static bool take(const struct load_kind *kind, size_t column, bool is_yuan, struct arena *arena, struct view cell, struct load_row *row,
                 struct view *value)
{
    enum load_take how = kind->column[column].take;
    *value = cell.size ? cell : VIEW_NONE;
    if (!cell.size)
        return true;
    if (how == LOAD_MSISDN)
        *value = read_number(arena, cell);
    if (!is_yuan)
        return true;
    bool is_read = how == LOAD_ITEMS ? read_items(arena, cell, value) : read_yuan(arena, cell, value);
    if (!is_read)
        row->fault = arena_printf(arena, "%s_yuan \"%.*s\" is no %s", kind->column[column].name, VIEW_ARG(cell),
                                  how == LOAD_ITEMS ? "list of items: name:yuan|name:yuan" : "amount in yuan: 56.78");
    return is_read;
}

/* --- secrets, which no fault repeats --- */

static struct view write_hash(struct arena *arena, const unsigned char hash[PEPPER_HASH_SIZE])
{
    struct text text = {0};
    pepper_write_hash(hash, &text);
    struct view written = arena_copy(arena, text_view(&text));
    text_free(&text);
    return written;
}

/* By the grammar's own rules: what is loaded can be typed. */
static bool is_normal(struct arena *arena, struct view name, struct view *value)
{
    struct type type = {0};
    struct view raw = *value;
    return normal_find(name)->apply(&type, arena, raw, value) && value->size == raw.size;
}

static enum outcome take_password(const struct pepper *pepper, struct arena *arena, struct view password, struct load_row *row,
                                  struct err *err)
{
    unsigned char hash[PEPPER_HASH_SIZE];
    if (!password.size)
        return IS_DONE;
    if (!is_normal(arena, VIEW("pin"), &password)) {
        row->fault = VIEW("password is not six digits");
        return IS_DONE;
    }
    enum outcome outcome = pepper_hash_password(pepper, 0, row->value[MADE_MSISDN], password, hash, err);
    if (outcome == IS_DONE)
        row->value[MADE_HASH] = write_hash(arena, hash);
    return outcome;
}

/* Its digest, and that of each six digits in a row, which no password may be (rules C1). */
static void take_id_card(const struct pepper *pepper, struct arena *arena, struct view id, struct load_row *row)
{
    unsigned char hash[PEPPER_HASH_SIZE];
    struct text pieces = {0};
    if (!id.size)
        return;
    char *copy = arena_string(arena, id);
    if (copy[id.size - 1] == 'x')
        copy[id.size - 1] = 'X';
    struct view upper = {copy, id.size};
    if (!is_normal(arena, VIEW("id_card"), &upper)) {
        row->fault = VIEW("id_card is not 18 characters with a right check digit");
        return;
    }
    pepper_hash_id(pepper, 0, row->value[MADE_MSISDN], upper, hash);
    row->value[MADE_DIGEST] = write_hash(arena, hash);
    for (size_t i = 0; i + PIECE_SIZE <= ID_SIZE; i++) {
        struct view piece = view_head(view_from(upper, i), PIECE_SIZE);
        if (!are_digits(piece))
            continue;
        if (pieces.size)
            text_add_char(&pieces, ',');
        pepper_hash_piece(pepper, 0, row->value[MADE_MSISDN], piece, hash);
        pepper_write_hash(hash, &pieces);
    }
    row->value[MADE_PIECES] = arena_copy(arena, text_view(&pieces));
    text_free(&pieces);
}

static void take_puk(const struct pepper *pepper, struct arena *arena, struct view puk, struct load_row *row)
{
    if (puk.size != 0 && (puk.size != PUK_SIZE || !are_digits(puk)))
        row->fault = VIEW("puk is not eight digits");
    else if (puk.size)
        row->value[MADE_PUK] = pepper_seal(pepper, arena, puk);
}

static struct view cell_of(const struct load_header *header, const struct load_row *row, size_t column)
{
    return header->place[column] < LOAD_CELLS_MAX ? row->cell[header->place[column]] : VIEW_NONE;
}

/* The quick ones first: nobody hashes a password for a row that is set aside. */
static enum outcome make_credentials(const struct load_header *header, const struct pepper *pepper, struct arena *arena,
                                     struct load_row *row, struct err *err)
{
    struct view msisdn = cell_of(header, row, COLUMN_MSISDN);
    row->value[MADE_MSISDN] = read_number(arena, msisdn);
    if (msisdn_read(msisdn).kind != MSISDN_MOBILE) {
        row->fault = VIEW("msisdn is no mobile number"); /* what stands there may be a secret in the wrong column */
        return IS_DONE;
    }
    row->value[MADE_PEPPER] = arena_printf(arena, "%u", pepper_id(pepper, 0));
    take_id_card(pepper, arena, cell_of(header, row, COLUMN_ID_CARD), row);
    if (!row->fault.size)
        take_puk(pepper, arena, cell_of(header, row, COLUMN_PUK), row);
    if (row->fault.size)
        return IS_DONE;
    enum outcome outcome = take_password(pepper, arena, cell_of(header, row, COLUMN_PASSWORD), row, err);
    secret_wipe_stack();
    return outcome;
}

/* --- rows --- */

enum outcome load_make_values(const struct load_kind *kind, const struct load_header *header, const struct pepper *pepper,
                              struct arena *arena, struct load_row *row, struct err *err)
{
    size_t count = 0;
    row->value = ARENA_ARRAY(arena, struct view, LOAD_PARAMETERS_MAX);
    if (row->fault.size)
        return IS_DONE;
    if (row->cells != header->cells) {
        row->fault = arena_printf(arena, "it has %zu fields, and the first line %zu", row->cells, header->cells);
        return IS_DONE;
    }
    if (kind->made[0])
        return make_credentials(header, pepper, arena, row, err);
    for (size_t i = 0; kind->column[i].name; i++) {
        if (header->place[i] == LOAD_CELLS_MAX)
            continue;
        if (!take(kind, i, header->is_yuan[i], arena, row->cell[header->place[i]], row, &row->value[count++]))
            return IS_DONE;
    }
    return IS_DONE;
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/load.h"

/* A file with this content. */
static struct load_csv *open_file(struct view content)
{
    char path[] = "/tmp/smshall-load.XXXXXX";
    struct load_csv *csv;
    struct err err;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content.at, content.size), content.size);
    close(fd);
    assert_int_equal(load_csv_open(path, &csv, &err), IS_DONE);
    unlink(path);
    return csv;
}

/* The rows as `line:cell|cell` and ! for a fault, a blank between two, up to a NUL. */
static void write_rows(struct view content, struct text *out)
{
    struct load_csv *csv = open_file(content);
    struct arena *arena = arena_new();
    struct load_row row;
    struct err err;
    uint64_t all;
    for (;;) {
        assert_int_equal(load_csv_next(csv, arena, &row, &err), IS_DONE);
        if (!row.line)
            break;
        text_addf(out, "%s%d:", out->size ? " " : "", (int)row.line);
        for (size_t i = 0; i < row.cells; i++)
            text_addf(out, "%s%.*s", i ? "|" : "", VIEW_ARG(row.cell[i]));
        if (row.fault.size)
            text_add_char(out, '!');
    }
    assert_int_equal(load_csv_read(csv, &all), content.size);
    assert_int_equal(all, content.size);
    load_csv_close(&csv);
    arena_free(&arena);
}

#define FILE_OF(literal) literal, sizeof(literal) - 1

static void test_rows(void **state)
{
    static const struct {
        const char *name, *content;
        size_t size;
        const char *rows;
    } cases[] = {
        {"plain", FILE_OF("a,b\nc,d\n"), "1:a|b 2:c|d"},
        {"no end of line", FILE_OF("a,b\nc,d"), "1:a|b 2:c|d"},
        {"BOM",
         FILE_OF("\xEF\xBB\xBF"
                 "a\nb\n"),
         "1:a 2:b"},
        {"a BOM is a mark in front only",
         FILE_OF("a\n\xEF\xBB\xBF"
                 "b\n"),
         "1:a 2:\xEF\xBB\xBF"
         "b"},
        {"CRLF", FILE_OF("a,b\r\n\"c\",d\r\n"), "1:a|b 2:c|d"},
        {"CRLF in quotes stays", FILE_OF("\"a\r\nb\",c\r\nd,e"), "1:a\r\nb|c 3:d|e"},
        {"blank lines", FILE_OF("\n  \r\na\n\n\nb\n"), "3:a 6:b"},
        {"empty fields", FILE_OF("a,\n,\n"), "1:a| 2:|"},
        {"blanks around", FILE_OF(" a , \"b \" \n"), "1:a|b "},
        {"quotes", FILE_OF("\"a,\"\"b\"\"\",c\n"), "1:a,\"b\"|c"},
        {"nothing", FILE_OF(""), ""},
        {"a line of nothing", FILE_OF("\n"), ""},
        {"not UTF-8", FILE_OF("a\n\xB0\xA1\nb\n"), "1:a 2:\xB0\xA1! 3:b"},
        {"half a character", FILE_OF("\xE4\xBD,b\n"), "1:\xE4\xBD|b!"},
        {"NUL", FILE_OF("a\0b,c\nd\n"), "1:a|c! 2:d"},
        {"a quote in a field", FILE_OF("a\"b,c\nd\n"), "1:a\"b,c! 2:d"},
        {"behind a quote", FILE_OF("\"a\"b,c\nd\n"), "1:\"a\"b,c! 2:d"},
        {"a quote that never ends", FILE_OF("a,\"b\nc,d\ne,f\n"), "1:a,\"b! 2:c|d 3:e|f"},
        {"nor in the last line", FILE_OF("a,b\nc,\"d"), "1:a|b 2:c,\"d!"},
        {"two that pair over lines", FILE_OF("a,\"b\nc,\"d\ne\n"), "1:a,\"b! 2:c,\"d! 3:e"},
        {"lines in quotes behind a broken one", FILE_OF("\"a\nb\"c\n\"d\ne\"\nf\n"), "1:\"a! 2:b\"c! 3:d\ne 5:f"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text rows = {0};
        text_add(&rows, VIEW_NONE);
        write_rows((struct view){cases[i].content, cases[i].size}, &rows);
        if (strcmp(rows.at, cases[i].rows) != 0)
            fail_msg("%s: got \"%s\", wanted \"%s\"", cases[i].name, rows.at, cases[i].rows);
        text_free(&rows);
    }
}

/* What is too long is one row that is set aside, and costs no more than itself. */
static void test_too_long(void **state)
{
    static const struct {
        const char *name;
        size_t head, tail; /* x in a line; and in one behind it */
        bool has_quote;
    } cases[] = {{"a long line", 70000, 0, false},
                 {"longer than a block", 300000, 0, false},
                 {"twice that", 600000, 3, false},
                 {"an open quote, long", 70000, 3, true},
                 {"a long line in quotes", 10, 600000, true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text content = {0};
        struct load_row row;
        struct err err;
        size_t rows = 0, faults = 0;
        if (cases[i].has_quote)
            text_add_char(&content, '"');
        for (size_t k = 0; k < cases[i].head; k++)
            text_add_char(&content, 'x');
        text_add_char(&content, '\n');
        for (size_t k = 0; k < cases[i].tail; k++)
            text_add_char(&content, 'y');
        text_add(&content, VIEW("\ngood,row\n"));
        struct load_csv *csv = open_file(text_view(&content));
        struct arena *arena = arena_new();
        struct view last = VIEW_NONE;
        uint64_t line = 0;
        while (load_csv_next(csv, arena, &row, &err) == IS_DONE && row.line) {
            rows++;
            faults += row.fault.size > 0;
            last = row.cell[row.cells - 1];
            line = row.line;
        }
        if (!view_equal(last, VIEW("row")) || line != 3 || rows - faults != 1U + (cases[i].tail == 3) || !faults)
            fail_msg("%s: %zu rows, %zu faults, last \"%.*s\" in line %d", cases[i].name, rows, faults, VIEW_ARG(last), (int)line);
        load_csv_close(&csv);
        arena_free(&arena);
        text_free(&content);
    }
}

static void test_write(void **state)
{
    struct view cell[] = {VIEW("a"), VIEW("b,c"), VIEW("say \"x\""), VIEW(""), VIEW("two\nlines"), VIEW(" blank"), VIEW("中文")};
    struct text out = {0};
    (void)state;
    load_csv_write(&out, cell, sizeof cell / sizeof *cell);
    assert_string_equal(out.at, "a,\"b,c\",\"say \"\"x\"\"\",,\"two\nlines\",\" blank\",中文\n");
    text_free(&out);
}

/* --- the first line --- */

static enum outcome read_header(const char *kind, const char *line, struct load_header *header, struct arena *arena, struct err *err)
{
    struct view cell[LOAD_CELLS_MAX], rest = view_of(line);
    size_t cells = 0;
    while (rest.size)
        cell[cells++] = view_cut(&rest, ',');
    return load_header_read(load_kind_find(kind), arena, cell, cells, header, err);
}

static void test_headers(void **state)
{
    static const struct {
        const char *kind, *line, *words; /* NULL: it will do */
    } cases[] = {
        {"subscribers", "msisdn,brand", NULL},
        {"subscribers", "Brand,MSISDN,opening_yuan,reason", NULL},
        {"subscribers", "brand", "subscribers need a column \"msisdn\""},
        {"subscribers", "msisdn,brand,colour", "subscribers have no column \"colour\"; `smshall load --help` has them all"},
        {"subscribers", "msisdn,brand,opening", "subscribers have no column \"opening\"; `smshall load --help` has them all"},
        {"subscribers", "msisdn,brand,msisdn", "the column \"msisdn\" is there twice"},
        {"subscribers", "msisdn,brand,opening_fen,opening_yuan", "the column \"opening\" is there twice; one of _fen and _yuan"},
        {"top-ups", "msisdn,reference", "top-ups need a column \"amount_fen\" or \"…_yuan\""},
        {"top-ups", "msisdn,reference,amount_fen", NULL},
        {"credentials", "13800138000,246810", "column 1 is none that credentials have; `smshall load --help` has them all"},
        {"credentials", "msisdn,246810", "column 2 is none that credentials have; `smshall load --help` has them all"},
    };
    (void)state;
    assert_null(load_kind_find("nothing"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new();
        struct load_header header;
        struct err err = {""};
        enum outcome outcome = read_header(cases[i].kind, cases[i].line, &header, arena, &err);
        if ((outcome == IS_DONE) != !cases[i].words || strcmp(err.text, cases[i].words ? cases[i].words : "") != 0)
            fail_msg("%s %s: got \"%s\"", cases[i].kind, cases[i].line, err.text);
        arena_free(&arena);
    }
}

/* --- values --- */

static void test_values(void **state)
{
    static const struct {
        const char *kind, *header, *cell, *value; /* of the second column; the first is msisdn. NULL: a fault */
    } cases[] = {
        {"top-ups", "msisdn,amount_yuan,reference", "56.78", "5678"},
        {"top-ups", "msisdn,amount_yuan,reference", "56.7", "5670"},
        {"top-ups", "msisdn,amount_yuan,reference", "56", "5600"},
        {"top-ups", "msisdn,amount_yuan,reference", "0.05", "005"},
        {"top-ups", "msisdn,amount_yuan,reference", "-0.5", "-050"},
        {"top-ups", "msisdn,amount_yuan,reference", "-12.30", "-1230"},
        {"top-ups", "msisdn,amount_yuan,reference", "007", "700"},
        {"top-ups", "msisdn,amount_yuan,reference", "5.678", NULL},
        {"top-ups", "msisdn,amount_yuan,reference", "5.", NULL},
        {"top-ups", "msisdn,amount_yuan,reference", ".5", NULL},
        {"top-ups", "msisdn,amount_yuan,reference", "1,5", NULL},
        {"top-ups", "msisdn,amount_yuan,reference", "1e5", NULL},
        {"top-ups", "msisdn,amount_yuan,reference", "5元", NULL},
        {"top-ups", "msisdn,amount_yuan,reference", "--5", NULL},
        {"top-ups", "msisdn,amount_yuan,reference", "99999999999999", NULL},
        {"top-ups", "msisdn,amount_fen,reference", "56.78", "56.78"}, /* for the store to judge */
        {"top-ups", "msisdn,amount_fen,reference", "", ""},
        {"bills", "msisdn,items_yuan,month", "语音:20.60|短信:10", "语音:2060|短信:1000"},
        {"bills", "msisdn,items_yuan,month", "语音:20.60", "语音:2060"},
        {"bills", "msisdn,items_yuan,month", "语音 20.60", NULL},
        {"bills", "msisdn,items_yuan,month", "语音:20.60|短信", NULL},
        {"bills", "msisdn,items_fen,month", "语音:2060", "语音:2060"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new();
        struct load_header header;
        struct err err;
        struct view cell[] = {VIEW("+86 138-0013-8000"), view_of(cases[i].cell), VIEW("x")};
        struct load_row row = {.line = 2, .cell = cell, .cells = 3};
        assert_int_equal(read_header(cases[i].kind, cases[i].header, &header, arena, &err), IS_DONE);
        /* values stand in the order of the kind's columns: bills have the month between */
        size_t place = strcmp(cases[i].kind, "bills") == 0 ? 2 : 1;
        assert_int_equal(load_make_values(load_kind_find(cases[i].kind), &header, NULL, arena, &row, &err), IS_DONE);
        if (!row.fault.size != !!cases[i].value || (cases[i].value && !view_equal(row.value[place], view_of(cases[i].value))))
            fail_msg("%s \"%s\": got \"%.*s\", fault \"%.*s\"", cases[i].header, cases[i].cell, VIEW_ARG(row.value[place]),
                     VIEW_ARG(row.fault));
        arena_free(&arena);
    }
}

static void test_msisdn_and_fields(void **state)
{
    struct arena *arena = arena_new();
    struct load_header header;
    struct err err;
    struct view cell[] = {VIEW("008613800138000"), VIEW("12")};
    struct load_row row = {.line = 2, .cell = cell, .cells = 2};
    const struct load_kind *kind = load_kind_find("points");
    struct text sql = {0};
    (void)state;
    assert_int_equal(read_header("points", "msisdn,points", &header, arena, &err), IS_DONE);
    assert_int_equal(load_make_values(kind, &header, NULL, arena, &row, &err), IS_DONE);
    assert_true(view_equal(row.value[0], VIEW("13800138000")));
    assert_int_equal(load_statement(kind, &header, &sql), 2);
    assert_string_equal(sql.at, "SELECT hall.load_points(p_msisdn => $1::text[], p_points => $2::text[])");
    cell[0] = VIEW("10086");
    assert_int_equal(load_make_values(kind, &header, NULL, arena, &row, &err), IS_DONE);
    assert_true(view_equal(row.value[0], VIEW("10086")));
    row.cells = 1;
    assert_int_equal(load_make_values(kind, &header, NULL, arena, &row, &err), IS_DONE);
    assert_true(view_equal(row.fault, VIEW("it has 1 fields, and the first line 2")));
    text_free(&sql);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_too_long), cmocka_unit_test(test_write),
        cmocka_unit_test(test_headers), cmocka_unit_test(test_values),   cmocka_unit_test(test_msisdn_and_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

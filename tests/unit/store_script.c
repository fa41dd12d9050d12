/* Where statements begin (store/script.h): a row a script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/script.h"

static const struct {
    const char *name, *sql;
    size_t number;
    int line;
} rows[] = {
    {"the first", "SELECT 1;", 0, 1},
    {"blanks and comments before it", "\n-- why; not\n/* a\n;/* b */ */\nSELECT 1;", 0, 5},
    {"the second", "SELECT 1;\nSELECT 2;", 1, 2},
    {"two on one line", "SELECT 1; SELECT 2;\nSELECT 3", 2, 2},
    {"empty statements do not count", ";;\n;SELECT 1;;\n;\nSELECT 2", 1, 4},
    {"a string", "SELECT 'a;\n''b;';\nSELECT 2", 1, 3},
    {"a string with escapes", "SELECT E'a\\';\n;';\nSELECT 2", 1, 3},
    {"a string without", "SELECT 'a\\';\nSELECT 2", 1, 2},
    {"a name", "SELECT 1 AS \"a;\n\";\nSELECT 2", 1, 3},
    {"dollar quotes", "DO $$ x; \n$a$; $$;\nSELECT 2", 1, 3},
    {"dollar quotes with a tag", "DO $a$ x; $$\n; $a$;\nSELECT 2", 1, 3},
    {"a parameter is no quote", "SELECT $1;\nSELECT $1", 1, 2},
    {"a body in standard SQL", "CREATE FUNCTION f() BEGIN ATOMIC\nSELECT CASE WHEN 1 THEN 2 END;\nSELECT 3;\nEND;\nSELECT 2", 1, 5},
    {"a transaction is no body", "BEGIN;\nSELECT CASE 1 WHEN 1 THEN 2 END;\nEND;\nSELECT 2", 3, 4},
    {"what never ends", "SELECT 'a;\nb", 1, 2},
    {"a comment that never ends", "SELECT 1; /* x\n", 1, 2},
    {"a quote that never ends", "DO $x$ y", 1, 1},
    {"fewer statements", "SELECT 1;\n", 7, 2},
    {"nothing", "", 0, 1},
    {"Chinese", "SELECT '中；';\n-- 文;\nSELECT 2", 1, 3},
};

static void lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int line = script_line(rows[i].sql, rows[i].number);
        if (line != rows[i].line)
            fail_msg("%s: statement %zu begins on line %d, wanted %d", rows[i].name, rows[i].number, line, rows[i].line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The commands as they are shipped, held against tests/commands_parse.tsv. */
#include "grammar_folder.h"

#define TABLE "tests/commands_parse.tsv"

static bool holds(const struct grammar *grammar, struct arena *arena, struct view line, size_t number)
{
    struct match match;
    struct text args = {0};
    struct view port = view_cut(&line, '\t'), text = view_cut(&line, '\t'), command = view_cut(&line, '\t');
    struct view wanted_args = view_cut(&line, '\t'), wanted_answer = line;
    grammar_match(grammar, arena, text, view_equal(port, VIEW("provider")) ? AT_PROVIDER : AT_HALL, &match);
    match_write_args(&match, false, &args);
    struct view name = match.command ? match.command->name : VIEW("-"), answer = match_answer_first(&match, arena);
    if (!answer.size)
        answer = VIEW("-");
    bool is_right = view_equal(name, command) && view_equal(text_view(&args), wanted_args) && view_equal(answer, wanted_answer);
    if (!is_right)
        print_error(TABLE ":%zu: \"%.*s\" reads as %.*s %s %.*s\n", number, VIEW_ARG(text), VIEW_ARG(name), args.at, VIEW_ARG(answer));
    text_free(&args);
    return is_right;
}

static void reads_the_table(void **state)
{
    struct grammar *grammar = load_good("commands");
    struct arena *arena = arena_new();
    FILE *file = fopen(TABLE, "r");
    char line[512];
    size_t number = 0, rows = 0, wrong = 0;
    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        number++;
        if (line[0] == '#')
            continue;
        wrong += !holds(grammar, arena, (struct view){line, strcspn(line, "\n")}, number);
        rows++;
    }
    fclose(file);
    arena_free(&arena);
    grammar_free(&grammar);
    assert_int_equal(wrong, 0);
    assert_true(rows > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_the_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The YAML reader: trees with their lines, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/yaml.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))

/* The tree in one line: {key@line: value@line}, lists in [], scalars that were quoted in "". */
static void show(struct text *out, const struct yaml *node)
{
    static const char *const bracket[] = {[YAML_LIST] = "[]", [YAML_MAP] = "{}"};
    if (node->kind == YAML_SCALAR) {
        text_addf(out, node->is_plain ? "%.*s@%d" : "\"%.*s\"@%d", VIEW_ARG(node->value), node->line);
        return;
    }
    text_addf(out, "%c@%d", bracket[node->kind][0], node->line);
    for (const struct yaml *member = node->child; member; member = member->next) {
        text_add(out, VIEW(" "));
        if (node->kind == YAML_MAP)
            text_addf(out, "%.*s@%d: ", VIEW_ARG(member->key), member->key_line);
        show(out, member);
    }
    text_add_char(out, bracket[node->kind][1]);
}

static void test_trees(void **state)
{
    static const struct {
        const char *name, *input, *wanted;
    } row[] = {
        {"empty", "", "{@1}"},
        {"comments only", "# nothing\n\n", "{@1}"},
        {"empty document", "---\n...\n", "{@1}"},
        {"map", "a: 1\nb: x y\n", "{@1 a@1: 1@1 b@2: x y@2}"},
        {"quotes", "a: \"1\"\nb: 'no'\nc: no\nd: |\n  text\n", "{@1 a@1: \"1\"@1 b@2: \"no\"@2 c@3: no@3 d@4: \"text\n\"@4}"},
        {"no value", "a:\nb: ~\n", "{@1 a@1: @1 b@2: ~@2}"},
        {"lists", "a:\n  - x\n  - [y, {k: z}]\n  - - w\n", "{@1 a@1: [@2 x@2 [@3 y@3 {@3 k@3: z@3}] [@4 w@4]]}"},
        {"root list", "- a\n- b: c\n  d: e\n", "[@1 a@1 {@2 b@2: c@2 d@3: e@3}]"},
        {"value on the next line", "a:\n\n  b: 1\n", "{@1 a@1: {@3 b@3: 1@3}}"},
        {"same key in two maps", "- a: 1\n- a: 2\n", "[@1 {@1 a@1: 1@1} {@2 a@2: 2@2}]"},
        {"nested maps, then more", "a: {x: {y: 1}}\nb: 2\n", "{@1 a@1: {@1 x@1: {@1 y@1: 1@1}} b@2: 2@2}"},
        {"Chinese", "title: 查询本机账单\n账单[{month:month}]: \"{a|b}元\"\n",
         "{@1 title@1: 查询本机账单@1 账单[{month:month}]@2: \"{a|b}元\"@2}"},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct arena *arena = arena_new();
        struct text out = {0};
        struct yaml *root;
        struct err err = {""};
        if (yaml_read(arena, "t.yaml", view_of(row[i].input), &root, &err) == IS_DONE)
            show(&out, root);
        if (!out.at || strcmp(out.at, row[i].wanted) != 0)
            fail_msg("%s: got %s %s, wanted %s", row[i].name, out.at ? out.at : "", err.text, row[i].wanted);
        text_free(&out);
        arena_free(&arena);
    }
}

static void test_refusals(void **state)
{
    static const struct {
        const char *name, *input, *begins;
    } row[] = {
        {"alias", "a: &x 1\nb: *x\n", "t.yaml:1: anchors and aliases"},
        {"alias alone", "b:\n - *x\n", "t.yaml:2: anchors and aliases"},
        {"anchored map", "a:\n  &x {b: 1}\n", "t.yaml:2: anchors and aliases"},
        {"tag", "a: 1\nb: !!str 2\n", "t.yaml:2: tags"},
        {"bare tag", "b: ! 2\n", "t.yaml:1: tags"},
        {"tagged list", "a: !x [1]\n", "t.yaml:1: tags"},
        {"two documents", "a: 1\n---\nb: 2\n", "t.yaml:2: a second document"},
        {"key twice", "a: 1\nb: 2\na: 3\n", "t.yaml:3: the key \"a\" is given twice"},
        {"list as key", "? [a]\n: 1\n", "t.yaml:1: a key must be"},
        {"syntax", "a: 1\nb: [1, 2\nc: 3\n", "t.yaml:"},
        {"tab", "a:\n\tb: 1\n", "t.yaml:2: "},
        {"no UTF-8", "a: 1\nb: \xFF\n", "t.yaml:2: "},
        {"control character", "a: 1\n\nb: \x01\n", "t.yaml:3: "},
        {"UTF-16",
         "\xFF\xFE"
         "a",
         "t.yaml:1: "},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct arena *arena = arena_new();
        struct yaml *root;
        struct err err = {""};
        enum outcome outcome = yaml_read(arena, "t.yaml", view_of(row[i].input), &root, &err);
        if (outcome != IS_REFUSED || root || strncmp(err.text, row[i].begins, strlen(row[i].begins)) != 0)
            fail_msg("%s: got %d \"%s\", wanted \"%s…\"", row[i].name, outcome, err.text, row[i].begins);
        arena_free(&arena);
    }
}

static void test_depth(void **state)
{
    struct arena *arena = arena_new();
    struct text deep = {0};
    struct yaml *root;
    struct err err;
    (void)state;
    for (int i = 0; i < 2000; i++)
        text_add_char(&deep, '[');
    assert_int_equal(yaml_read(arena, "deep", text_view(&deep), &root, &err), IS_REFUSED);
    assert_string_equal(err.text, "deep:1: nested too deeply");
    text_free(&deep);
    arena_free(&arena);
}

static void test_get_and_file(void **state)
{
    struct arena *arena = arena_new();
    struct yaml *root;
    struct err err;
    (void)state;
    assert_int_equal(yaml_read(arena, "t", VIEW("a: 1\nb: {c: 2}\n"), &root, &err), IS_DONE);
    assert_true(view_equal(yaml_get(yaml_get(root, VIEW("b")), VIEW("c"))->value, VIEW("2")));
    assert_null(yaml_get(root, VIEW("c")));
    assert_null(yaml_get(root->child, VIEW("c")));
    assert_null(yaml_get(NULL, VIEW("c")));
    assert_int_equal(yaml_read_file(arena, "no/such.yaml", &root, &err), IS_REFUSED);
    assert_string_equal(err.text, "no/such.yaml: cannot be read: No such file or directory");
    assert_int_equal(yaml_read_file(arena, "conf", &root, &err), IS_REFUSED);
    assert_int_equal(yaml_read_file(arena, "conf/smshall.yaml", &root, &err), IS_DONE);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_get_and_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The YAML reader: what it reads can be written and is read again as the same tree; what it refuses has a line. */
#include "base/yaml.h"
#include "fuzz.h"

static void add_scalar(struct text *out, struct view v)
{
    text_add_json(out, v); /* a JSON string is a YAML one */
}

/* The tree as flow YAML, without recursion: path holds the lists and maps that are open. */
static void write_tree(struct text *out, const struct yaml *root)
{
    const struct yaml *path[40] = {0}, *node = root;
    size_t depth = 0;
    while (node) {
        if (depth && path[depth - 1]->kind == YAML_MAP) {
            text_add(out, VIEW("? ")); /* without it a key may be 1 kB long */
            add_scalar(out, node->key);
            text_add(out, VIEW(" : "));
        }
        if (node->kind == YAML_SCALAR) {
            add_scalar(out, node->value);
        } else {
            text_add_char(out, node->kind == YAML_MAP ? '{' : '[');
            HOLDS(depth < 40, "depth %zu", depth);
            path[depth++] = node;
        }
        const struct yaml *next = node->kind == YAML_SCALAR ? node->next : node->child;
        while (!next && depth) {
            node = path[--depth];
            text_add_char(out, node->kind == YAML_MAP ? '}' : ']');
            next = depth ? node->next : NULL;
        }
        if (next && out->at[out->size - 1] != '{' && out->at[out->size - 1] != '[')
            text_add_char(out, ',');
        node = next;
    }
}

static int lines_of(struct view v)
{
    int lines = 1;
    for (size_t i = 0; i < v.size; i++)
        lines += v.at[i] == '\n' || v.at[i] == '\r' || v.at[i] == '\x85' || (v.at[i] == '\xA8' || v.at[i] == '\xA9');
    return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct view bytes = {(const char *)data, size};
    struct yaml *root, *again;
    struct err err = {""};
    if (yaml_read(arena, "f.yaml", bytes, &root, &err) == IS_DONE) {
        struct text written = {0}, rewritten = {0};
        write_tree(&written, root);
        enum outcome outcome = yaml_read(arena, "w.yaml", text_view(&written), &again, &err);
        HOLDS(outcome == IS_DONE, "%s of %s", err.text, written.at);
        write_tree(&rewritten, again);
        HOLDS(view_equal(text_view(&written), text_view(&rewritten)), "%s is %s", written.at, rewritten.at);
        HOLDS(root->line >= 1 && root->line <= lines_of(bytes), "line %d", root->line);
        text_free(&written);
        text_free(&rewritten);
    } else {
        int line = -1;
        HOLDS(!root && sscanf(err.text, "f.yaml:%d: ", &line) == 1 && line >= 1 && line <= lines_of(bytes) + 1, "\"%s\"", err.text);
    }
    arena_free(&arena);
    return 0;
}

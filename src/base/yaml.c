/* libyaml's event stream becomes a tree, without recursion: each open list or map is a frame that knows where its next member goes.
 *
 * Only the plain part of YAML is taken. Aliases can blow a small file up to any size, tags and several documents mean nothing here, and of
 * a key given twice one value would be lost without a word: all of these are refused. */
#include "base/yaml.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#include "base/text.h"

enum { DEPTH_MAX = 32, FILE_SIZE_MAX = 16 * 1024 * 1024 };

struct frame {
    struct yaml *node;
    struct yaml **tail; /* where the next member goes */
    struct yaml *keyed; /* of a map: a member that has its key and waits for its value */
};

struct builder {
    struct arena *arena;
    const char *name;
    struct err *err;
    struct yaml *root;
    struct frame frame[DEPTH_MAX];
    size_t depth;
    size_t documents;
};

static int line_of(const yaml_event_t *event)
{
    return (int)event->start_mark.line + 1;
}

static enum outcome refuse(const struct builder *b, int line, const char *what)
{
    return err_refused(b->err, "%s:%d: %s", b->name, line, what);
}

static bool key_is_taken(const struct yaml *map, struct view key)
{
    for (const struct yaml *member = map->child; member; member = member->next)
        if (view_equal(member->key, key))
            return true;
    return false;
}

static enum outcome take_key(struct builder *b, struct frame *frame, const yaml_event_t *event)
{
    if (event->type != YAML_SCALAR_EVENT)
        return refuse(b, line_of(event), "a key must be a plain word");
    struct view key = {(const char *)event->data.scalar.value, event->data.scalar.length};
    if (key_is_taken(frame->node, key))
        return err_refused(b->err, "%s:%d: the key \"%.*s\" is given twice", b->name, line_of(event), VIEW_ARG(key));

    struct yaml *member = ARENA_NEW(b->arena, struct yaml);
    member->key = arena_copy(b->arena, key);
    member->key_line = line_of(event);
    frame->keyed = member;
    *frame->tail = member;
    frame->tail = &member->next;
    return IS_DONE;
}

/* The node that the event's value goes to: the document's root, a list's next member, or the member whose key was read. */
static struct yaml *place(struct builder *b)
{
    struct frame *frame = b->depth ? &b->frame[b->depth - 1] : NULL;
    struct yaml *node;
    if (frame && frame->keyed) {
        node = frame->keyed;
        frame->keyed = NULL;
        return node;
    }
    node = ARENA_NEW(b->arena, struct yaml);
    if (frame) {
        *frame->tail = node;
        frame->tail = &node->next;
    } else {
        b->root = node;
    }
    return node;
}

static enum outcome take_value(struct builder *b, const yaml_event_t *event)
{
    struct yaml *node = place(b);
    node->line = line_of(event);
    if (event->type == YAML_SCALAR_EVENT) {
        node->kind = YAML_SCALAR;
        node->value = arena_copy(b->arena, (struct view){(const char *)event->data.scalar.value, event->data.scalar.length});
        node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        return IS_DONE;
    }
    if (b->depth == DEPTH_MAX)
        return refuse(b, node->line, "nested too deeply");
    node->kind = event->type == YAML_MAPPING_START_EVENT ? YAML_MAP : YAML_LIST;
    b->frame[b->depth++] = (struct frame){node, &node->child, NULL};
    return IS_DONE;
}

static enum outcome take_node(struct builder *b, const yaml_event_t *event)
{
    struct frame *frame = b->depth ? &b->frame[b->depth - 1] : NULL;
    if (frame && frame->node->kind == YAML_MAP && !frame->keyed)
        return take_key(b, frame, event);
    return take_value(b, event);
}

/* What a node is decorated with, if with anything; NULL = plain. */
static const char *decoration(const yaml_event_t *event)
{
    static const char tagged[] = "tags are not taken", anchored[] = "anchors and aliases are not taken";
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        if (event->data.scalar.anchor)
            return anchored;
        return event->data.scalar.tag || !(event->data.scalar.plain_implicit || event->data.scalar.quoted_implicit) ? tagged : NULL;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor ? anchored : event->data.sequence_start.tag ? tagged : NULL;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor ? anchored : event->data.mapping_start.tag ? tagged : NULL;
    case YAML_ALIAS_EVENT:
        return anchored;
    default:
        return NULL;
    }
}

static enum outcome take_event(struct builder *b, const yaml_event_t *event)
{
    const char *fault = decoration(event);
    if (fault)
        return refuse(b, line_of(event), fault);
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return ++b->documents > 1 ? refuse(b, line_of(event), "a second document begins; a file holds one") : IS_DONE;
    case YAML_SCALAR_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return take_node(b, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        assert(b->depth > 0); /* libyaml pairs them */
        b->depth--;
        return IS_DONE;
    default:
        return IS_DONE;
    }
}

/* libyaml knows no line when a byte is no UTF-8, only its offset. */
static int line_at(struct view text, size_t offset)
{
    int line = 1;
    for (size_t i = 0; i < offset && i < text.size; i++)
        line += text.at[i] == '\n';
    return line;
}

static enum outcome refuse_syntax(const struct builder *b, const yaml_parser_t *parser, struct view text)
{
    const char *problem = parser->problem ? parser->problem : "no YAML";
    if (parser->error == YAML_READER_ERROR)
        return refuse(b, line_at(text, parser->problem_offset), problem);
    int line = (int)parser->problem_mark.line + 1;
    if (!parser->context)
        return refuse(b, line, problem);
    return err_refused(b->err, "%s:%d: %s, %s", b->name, line, problem, parser->context);
}

static enum outcome read_events(struct builder *b, yaml_parser_t *parser, struct view text)
{
    enum outcome outcome = IS_DONE;
    bool is_over = false;
    while (outcome == IS_DONE && !is_over) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return refuse_syntax(b, parser, text);
        outcome = take_event(b, &event);
        is_over = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    return outcome;
}

static bool is_nothing(const struct yaml *root)
{
    return !root || (root->kind == YAML_SCALAR && root->is_plain && root->value.size == 0);
}

enum outcome yaml_read(struct arena *arena, const char *name, struct view text, struct yaml **root, struct err *err)
{
    struct builder b = {.arena = arena, .name = name, .err = err};
    yaml_parser_t parser;
    *root = NULL;
    if (!yaml_parser_initialize(&parser))
        return err_failed(err, "%s:1: no memory for the YAML reader", name);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.size ? text.at : ""), text.size);
    enum outcome outcome = read_events(&b, &parser, text);
    yaml_parser_delete(&parser);
    if (outcome != IS_DONE)
        return outcome;

    if (is_nothing(b.root)) {
        b.root = ARENA_NEW(arena, struct yaml);
        b.root->kind = YAML_MAP;
        b.root->line = 1;
    }
    *root = b.root;
    return IS_DONE;
}

/* Reads all that fd gives; an errno value, or 0. */
static int read_all(int fd, struct text *text)
{
    char chunk[16384];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n == 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0)
            text_add(text, (struct view){chunk, (size_t)n});
        if (text->size > FILE_SIZE_MAX)
            return EFBIG;
    }
}

enum outcome yaml_read_file(struct arena *arena, const char *path, struct yaml **root, struct err *err)
{
    struct text text = {0};
    *root = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_refused(err, "%s: cannot be read: %s", path, strerrordesc_np(errno));
    int fault = read_all(fd, &text);
    close(fd);
    enum outcome outcome = fault ? err_refused(err, "%s: cannot be read: %s", path, strerrordesc_np(fault))
                                 : yaml_read(arena, path, text_view(&text), root, err);
    text_free(&text);
    return outcome;
}

const struct yaml *yaml_get(const struct yaml *map, struct view key)
{
    if (!map || map->kind != YAML_MAP)
        return NULL;
    for (const struct yaml *member = map->child; member; member = member->next)
        if (view_equal(member->key, key))
            return member;
    return NULL;
}

/* A template is a row of steps. Rendering gathers one piece of text a step and joins them at the end, so that nothing is written twice. */
#include "grammar/template.h"

#include <string.h>

struct compiler {
    struct arena *arena;
    struct view source;
    struct template *template;
    size_t open; /* number of the open section's step + 1; 0 = none */
    struct err *err;
};

static void add_step(struct compiler *c, struct step step)
{
    c->template->step[c->template->steps++] = step;
}

static bool is_field_name(struct view name)
{
    for (size_t i = 0; i < name.size; i++)
        if (!((name.at[i] >= 'a' && name.at[i] <= 'z') || name.at[i] == '_' || (name.at[i] >= '0' && name.at[i] <= '9')))
            return false;
    return name.size > 0;
}

static enum outcome add_field(struct compiler *c, struct view inside)
{
    struct view filters = inside;
    struct view name = view_cut(&filters, '|');
    bool has_filters = name.size < inside.size;
    struct step step = {.kind = STEP_FIELD, .text = arena_copy(c->arena, name)};
    if (!is_field_name(name))
        return err_refused(c->err, "{%.*s} names no field", VIEW_ARG(inside));
    while (has_filters) {
        size_t left = filters.size;
        struct view filter = view_cut(&filters, '|');
        has_filters = filter.size < left;
        if (step.filters == FILTERS_MAX)
            return err_refused(c->err, "{%.*s} has more than %d filters", VIEW_ARG(inside), FILTERS_MAX);
        step.filter[step.filters] = filter_find(filter);
        if (!step.filter[step.filters++])
            return err_refused(c->err, "{%.*s} has the unknown filter \"%.*s\"", VIEW_ARG(inside), VIEW_ARG(filter));
    }
    add_step(c, step);
    return IS_DONE;
}

/* inside: ?field or !field. */
static enum outcome open_section(struct compiler *c, struct view inside)
{
    struct view name = view_from(inside, 1);
    if (c->open)
        return err_refused(c->err, "{%.*s} stands inside another section", VIEW_ARG(inside));
    if (!is_field_name(name))
        return err_refused(c->err, "{%.*s} names no field", VIEW_ARG(inside));
    add_step(c, (struct step){.kind = inside.at[0] == '?' ? STEP_IF : STEP_UNLESS, .text = arena_copy(c->arena, name)});
    c->open = c->template->steps;
    return IS_DONE;
}

static enum outcome close_section(struct compiler *c, struct view name)
{
    struct step *section = c->open ? &c->template->step[c->open - 1] : NULL;
    if (!section || !view_equal(section->text, name))
        return err_refused(c->err, "{/%.*s} closes nothing", VIEW_ARG(name));
    section->end = c->template->steps;
    c->open = 0;
    return IS_DONE;
}

/* Reads what begins with the brace at *i. */
static enum outcome read_brace(struct compiler *c, size_t *i)
{
    struct view rest = view_from(c->source, *i);
    if (view_starts_with(rest, VIEW("{{")) || view_starts_with(rest, VIEW("}}"))) {
        add_step(c, (struct step){.kind = STEP_TEXT, .text = view_head(rest, 1)});
        *i += 2;
        return IS_DONE;
    }
    const char *end = memchr(rest.at, '}', rest.size);
    if (rest.at[0] == '}')
        return err_refused(c->err, "a } stands alone (a literal one is written }})");
    if (!end)
        return err_refused(c->err, "a { has no }");
    struct view inside = view_head(view_from(rest, 1), (size_t)(end - rest.at) - 1);
    *i += inside.size + 2;
    if (inside.size && (inside.at[0] == '?' || inside.at[0] == '!'))
        return open_section(c, inside);
    if (inside.size && inside.at[0] == '/')
        return close_section(c, view_from(inside, 1));
    return add_field(c, inside);
}

enum outcome template_compile(struct arena *arena, struct view source, struct template *template, struct err *err)
{
    struct compiler c = {.arena = arena, .source = source, .template = template, .err = err};
    size_t braces = 0;
    for (size_t i = 0; i < source.size; i++)
        braces += source.at[i] == '{' || source.at[i] == '}';
    *template = (struct template){.step = ARENA_ARRAY(arena, struct step, braces * 2 + 1)};

    for (size_t i = 0; i < source.size;) {
        size_t start = i;
        while (i < source.size && source.at[i] != '{' && source.at[i] != '}')
            i++;
        if (i > start)
            add_step(&c, (struct step){.kind = STEP_TEXT, .text = {source.at + start, i - start}});
        enum outcome outcome = i < source.size ? read_brace(&c, &i) : IS_DONE;
        if (outcome != IS_DONE)
            return outcome;
    }
    if (c.open)
        return err_refused(err, "{%s%.*s} is not closed", template->step[c.open - 1].kind == STEP_IF ? "?" : "!",
                           VIEW_ARG(template->step[c.open - 1].text));
    return IS_DONE;
}

static bool is_filled(const json_t *json)
{
    switch (json ? json_typeof(json) : JSON_NULL) {
    case JSON_STRING:
        return json_string_length(json) > 0;
    case JSON_ARRAY:
        return json_array_size(json) > 0;
    case JSON_OBJECT:
        return json_object_size(json) > 0;
    case JSON_INTEGER:
        return json_integer_value(json) != 0;
    case JSON_NULL:
    case JSON_FALSE:
        return false;
    default:
        return true;
    }
}

static enum outcome render_field(const struct step *step, const struct writer *writer, const json_t *fields, struct view *text,
                                 struct err *err)
{
    struct value value = {.json = json_object_get(fields, step->text.at)};
    if (!value.json)
        return err_refused(err, "the field %.*s is missing", VIEW_ARG(step->text));
    for (size_t i = 0; i < step->filters; i++) {
        struct value out = {0};
        if (!step->filter[i]->apply(writer, &value, &out))
            return err_refused(err, "the field %.*s is not what %s takes: %s", VIEW_ARG(step->text), step->filter[i]->name,
                               step->filter[i]->takes);
        value = out;
    }
    if (!value_text(writer, &value, text))
        return err_refused(err, "the field %.*s is neither text nor a number", VIEW_ARG(step->text));
    return IS_DONE;
}

static struct view join(struct arena *arena, const struct view *piece, size_t pieces)
{
    size_t size = 0;
    for (size_t i = 0; i < pieces; i++)
        size += piece[i].size;
    char *out = arena_alloc(arena, size + 1);
    size = 0;
    for (size_t i = 0; i < pieces; i++) {
        if (piece[i].size)
            memcpy(out + size, piece[i].at, piece[i].size);
        size += piece[i].size;
    }
    return (struct view){out, size};
}

enum outcome template_render(const struct template *template, const struct writer *writer, const json_t *fields, struct view *text,
                             struct err *err)
{
    struct view *piece = ARENA_ARRAY(writer->arena, struct view, template->steps + 1);
    size_t pieces = 0;
    for (size_t i = 0; i < template->steps;) {
        const struct step *step = &template->step[i++];
        if (step->kind == STEP_TEXT)
            piece[pieces++] = step->text;
        else if (step->kind == STEP_IF || step->kind == STEP_UNLESS)
            i = is_filled(json_object_get(fields, step->text.at)) == (step->kind == STEP_IF) ? i : step->end;
        else if (render_field(step, writer, fields, &piece[pieces++], err) != IS_DONE)
            return IS_REFUSED;
    }
    *text = join(writer->arena, piece, pieces);
    return IS_DONE;
}

/* What is hard here is folding: a text is folded before it is matched, so literals must be folded the same way, but folding trims blanks
 * and marks at the ends of a text, which are not the ends of a literal. Literals are therefore folded between two letters. */
#include "grammar/forms.h"

#include <string.h>

#include "sms/fold.h"

static struct view fold_literal(struct arena *arena, struct view v)
{
    struct view guarded = fold(arena, arena_printf(arena, "X%.*sX", VIEW_ARG(v)));
    return view_head(view_from(guarded, 1), guarded.size - 2);
}

static bool is_word(struct view v)
{
    for (size_t i = 0; i < v.size; i++)
        if (!((v.at[i] >= 'a' && v.at[i] <= 'z') || (i > 0 && (v.at[i] == '_' || (v.at[i] >= '0' && v.at[i] <= '9')))))
            return false;
    return v.size > 0 && v.size < 32; /* PCRE2's bound on names */
}

static enum outcome add_part(struct form *form, struct part part, struct err *err)
{
    if (form->parts == FORM_PARTS_MAX)
        return err_refused(err, "has more than %d parts", FORM_PARTS_MAX);
    form->part[form->parts++] = part;
    return IS_DONE;
}

static size_t captures_of(const struct form *form)
{
    size_t count = 0;
    for (size_t i = 0; i < form->parts; i++)
        count += form->part[i].kind == PART_CAPTURE;
    return count;
}

/* Reads the inside of { }: name:type. */
static enum outcome add_capture(struct form *form, const struct types *types, struct view inside, unsigned option, struct err *err)
{
    struct view type_name = inside;
    struct view name = view_cut(&type_name, ':');
    struct part part = {.kind = PART_CAPTURE, .text = name, .type = types_find(types, type_name), .option = option};
    if (!is_word(name))
        return err_refused(err, "has a capture {%.*s}: it must be {name:type}, the name in small letters", VIEW_ARG(inside));
    if (!part.type)
        return err_refused(err, "has a capture {%.*s} of the unknown type \"%.*s\"", VIEW_ARG(inside), VIEW_ARG(type_name));
    for (size_t i = 0; i < form->parts; i++)
        if (form->part[i].kind == PART_CAPTURE && view_equal(form->part[i].text, name))
            return err_refused(err, "has two captures named %.*s", VIEW_ARG(name));
    if (captures_of(form) == ARGUMENTS_MAX)
        return err_refused(err, "has more than %d captures", ARGUMENTS_MAX);
    return add_part(form, part, err);
}

/* Reads one mark of the form, or one literal; `option` is the bit of the [ ] that is open. */
static enum outcome read_part(struct arena *arena, const struct types *types, struct view text, size_t *i, unsigned *option,
                              struct form *form, struct err *err)
{
    size_t start = *i;
    switch (text.at[(*i)++]) {
    case '#':
        return add_part(form, (struct part){.kind = PART_SEPARATOR, .option = *option}, err);
    case '[':
        if (*option)
            return err_refused(err, "has [ ] inside [ ]");
        if (form->options >> (FORM_OPTIONS_MAX - 1))
            return err_refused(err, "has more than %d optional parts", FORM_OPTIONS_MAX);
        *option = form->options + 1;
        form->options |= *option;
        return IS_DONE;
    case ']':
        if (!*option)
            return err_refused(err, "has a ] without its [");
        *option = 0;
        return IS_DONE;
    case '{': {
        struct view inside = view_from(text, *i);
        if (!memchr(inside.at, '}', inside.size))
            return err_refused(err, "has a { without its }");
        inside = view_cut(&inside, '}');
        *i += inside.size + 1;
        return add_capture(form, types, inside, *option, err);
    }
    case '}':
        return err_refused(err, "has a } without its {");
    default:
        while (*i < text.size && !strchr("#[]{}", text.at[*i]))
            ++*i;
        struct view literal = fold_literal(arena, view_head(view_from(text, start), *i - start));
        return add_part(form, (struct part){.kind = PART_LITERAL, .text = literal, .option = *option}, err);
    }
}

enum outcome form_read(struct arena *arena, const struct types *types, struct view text, struct form *form, struct err *err)
{
    unsigned option = 0;
    bool is_never_empty = false;
    *form = (struct form){.text = text, .line = form->line};
    for (size_t i = 0; i < text.size;) {
        enum outcome outcome = read_part(arena, types, text, &i, &option, form, err);
        if (outcome != IS_DONE)
            return outcome;
    }
    if (option)
        return err_refused(err, "has a [ without its ]");
    for (size_t i = 0; i < form->parts; i++) {
        const struct part *part = &form->part[i];
        if (!part->option && part->kind != PART_SEPARATOR && (part->kind == PART_CAPTURE || part->text.size))
            is_never_empty = true;
    }
    if (!is_never_empty)
        return err_refused(err, "can be empty"); /* an empty text never means anything: rules A9 */
    return IS_DONE;
}

static bool is_chosen(const struct part *part, unsigned chosen)
{
    return !part->option || (part->option & chosen);
}

struct view pattern_quote(struct arena *arena, struct view v)
{
    char *out = arena_alloc(arena, v.size * 2 + 1);
    size_t size = 0;
    for (size_t i = 0; i < v.size; i++) {
        unsigned char c = (unsigned char)v.at[i];
        bool is_plain = c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!is_plain)
            out[size++] = '\\';
        out[size++] = (char)c;
    }
    return (struct view){out, size};
}

static void take_capture(struct variant *variant, const struct part *part)
{
    variant->capture[variant->captures++] = (struct capture){part->text, part->type};
    variant->is_loose |= part->type->is_loose;
    variant->has_secret |= part->type->is_secret;
    if (part->type->samples > variant->samples)
        variant->samples = part->type->samples;
}

const struct type *form_leading_words(const struct form *form, unsigned chosen)
{
    const struct type *type = NULL;
    for (size_t i = 0; i < form->parts; i++) {
        const struct part *part = &form->part[i];
        if (!is_chosen(part, chosen))
            continue;
        if (type && part->kind == PART_CAPTURE)
            return type;
        if (!type && (part->kind != PART_CAPTURE || !part->type->words))
            return NULL;
        type = type ? type : part->type;
    }
    return NULL;
}

/* Writes one part behind what variant->tail has. */
static void add_to_tail(struct arena *arena, struct variant *variant, const struct part *part, bool is_after_literal, struct view separator)
{
    struct view tail = variant->tail;
    /* people put a blank or a + between a code and its argument: rules D9 */
    struct view gap = is_after_literal ? arena_printf(arena, "%.*s*+", VIEW_ARG(separator)) : VIEW("");
    if (part->kind == PART_LITERAL)
        variant->tail = arena_printf(arena, "%.*s%.*s", VIEW_ARG(tail), VIEW_ARG(pattern_quote(arena, part->text)));
    else if (part->kind == PART_SEPARATOR)
        variant->tail = arena_printf(arena, "%.*s%.*s++", VIEW_ARG(tail), VIEW_ARG(separator));
    else
        variant->tail = arena_printf(arena, "%.*s%.*s(?<%.*s>%.*s)", VIEW_ARG(tail), VIEW_ARG(gap), VIEW_ARG(part->text),
                                     VIEW_ARG(part->type->pattern));
}

void form_variant(struct arena *arena, const struct form *form, unsigned chosen, struct view word, struct view separator,
                  struct variant *variant)
{
    bool is_head = true, is_after_literal = false; /* is_head: all so far was fixed */
    *variant = (struct variant){.form = form, .chosen = chosen, .word = word, .head = VIEW(""), .tail = VIEW(""), .samples = 1};
    for (size_t i = 0; i < form->parts; i++) {
        const struct part *part = &form->part[i];
        if (!is_chosen(part, chosen))
            continue;
        bool is_word = part->kind == PART_CAPTURE && word.size && !variant->captures;
        struct view fixed = is_word ? word : part->text;
        if (part->kind == PART_CAPTURE)
            take_capture(variant, part);
        is_head &= part->kind == PART_LITERAL || is_word;
        if (is_head)
            variant->head = arena_printf(arena, "%.*s%.*s", VIEW_ARG(variant->head), VIEW_ARG(fixed));
        else
            add_to_tail(arena, variant, part, is_after_literal, separator);
        is_after_literal = part->kind == PART_LITERAL;
        variant->end = is_after_literal && !is_head ? part->text : VIEW_NONE;
    }
}

struct view form_sample(struct arena *arena, const struct variant *variant, size_t number)
{
    struct view sample = VIEW(""), word = variant->word;
    for (size_t i = 0; i < variant->form->parts; i++) {
        const struct part *part = &variant->form->part[i];
        struct view piece = part->text;
        if (!is_chosen(part, variant->chosen))
            continue;
        if (part->kind == PART_SEPARATOR)
            piece = VIEW("#");
        else if (part->kind == PART_CAPTURE)
            piece = word.size ? word : part->type->sample[number % part->type->samples];
        if (part->kind == PART_CAPTURE)
            word = VIEW_NONE;
        sample = arena_printf(arena, "%.*s%.*s", VIEW_ARG(sample), VIEW_ARG(piece));
    }
    return sample;
}

/* Forms of command files, and types of captures, as an author might write them. A form that is taken makes variants that compile, each of
 * which reads its own sample if the type takes what its row says; and no subject costs more than the limits allow (rules D3). */
#include "grammar/forms.h"
#include "grammar/index.h"
#include "grammar/spec.h"
#include "matching.h"

/* The real types, the first of them with the pattern at hand. */
static struct types types_with(struct arena *arena, struct view pattern, struct view sample)
{
    const struct types *real = &real_grammar()->types;
    struct types types = {ARENA_ARRAY(arena, struct type, real->count + 1), real->count + 1};
    memcpy(types.type + 1, real->type, real->count * sizeof *real->type);
    types.type[0] = (struct type){.name = VIEW("own"), .pattern = pattern, .normal = normal_find(VIEW("text")), .samples = 1};
    types.type[0].sample = ARENA_NEW(arena, struct view);
    types.type[0].sample[0] = sample;
    return types;
}

static void check_variant(struct arena *arena, const struct form *form, unsigned chosen, struct view subject)
{
    struct variant variant;
    struct regex *regex = NULL;
    struct err err = {""};
    struct view value[ARGUMENTS_MAX];
    form_variant(arena, form, chosen, VIEW_NONE, VIEW("(?:#| |空格)"), &variant);
    HOLDS(variant.captures <= ARGUMENTS_MAX && fuzz_is_utf8(variant.head), "%.*s", VIEW_ARG(form->text));
    if (regex_compile(variant.tail, &regex, &err) == IS_DONE) {
        variant.pattern = regex;
        variant_reads(&variant, arena, fold(arena, subject), value);
        variant_reads(&variant, arena, FUZZ_JOIN(arena, variant.head, subject), value);
        if (variant_reads(&variant, arena, fold(arena, form_sample(arena, &variant, 0)), value))
            for (size_t i = 0; i < variant.captures; i++)
                HOLDS(fuzz_is_utf8(value[i]), "%.*s", VIEW_ARG(form->text));
    } else {
        HOLDS(err.text[0], "%.*s", VIEW_ARG(variant.tail));
    }
    regex_free(&regex);
}

/* A literal means itself, whatever it is. */
static void check_quote(struct arena *arena, struct view literal)
{
    struct regex *regex = NULL;
    struct err err = {""};
    HOLDS(regex_compile(pattern_quote(arena, literal), &regex, &err) == IS_DONE, "%s", err.text);
    HOLDS(regex_match(regex, arena, literal, NULL, 0), "\"%.*s\"", VIEW_ARG(literal));
    HOLDS(!regex_match(regex, arena, FUZZ_JOIN(arena, literal, VIEW("x")), NULL, 0), "\"%.*s\"", VIEW_ARG(literal));
    regex_free(&regex);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct input in = input_of(data, size);
    struct view text = fuzz_text(arena, input_field(&in)), pattern = fuzz_text(arena, input_field(&in)),
                subject = fuzz_text(arena, in.left);
    struct err err = {""};
    struct form form = {.line = 1};
    bool is_fit = regex_check(pattern, &err) == IS_DONE;
    HOLDS(is_fit == !err.text[0], "%s", err.text);
    struct types types = types_with(arena, is_fit ? pattern : VIEW("[0-9]+"), fold(arena, subject));
    if (form_read(arena, &types, text, &form, &err) == IS_DONE)
        for (unsigned chosen = 0; chosen <= form.options; chosen++)
            check_variant(arena, &form, chosen, subject);
    else
        HOLDS(err.text[0], "a refusal says why: %.*s", VIEW_ARG(text));
    check_quote(arena, fold(arena, subject));
    arena_free(&arena);
    return 0;
}

/* From forms to what matching needs: variants in the index, codes for suggestions, words beside which secrets are masked. */
#include "grammar/build.h"

#include "sms/fold.h"

/* --- variants --- */

static int port_bit(size_t kind)
{
    return kind == 0 ? AT_HALL : AT_PROVIDER;
}

static void note_same_text(struct fault_log *log, const struct variant *variant, const struct variant *other, struct view text)
{
    fault_note(log, variant->row->command.file, variant->form->line, "the form \"%.*s\" reads \"%.*s\", as \"%.*s\" in %.*s:%d does",
               VIEW_ARG(variant->form->text), VIEW_ARG(text), VIEW_ARG(other->form->text), VIEW_ARG(other->row->command.file),
               other->form->line);
}

static void add_fixed(struct grammar *grammar, struct fault_log *log, struct variant *variant)
{
    const struct variant *taken = NULL;
    variant->head = fold(grammar->arena, variant->head);
    if (!variant->head.size) {
        fault_note(log, variant->row->command.file, variant->form->line, "the form \"%.*s\" can never match: it is empty when folded",
                   VIEW_ARG(variant->form->text));
        return;
    }
    struct fixed *fixed = index_fixed(&grammar->index, variant->head);
    for (size_t kind = 0; kind < PORT_KINDS; kind++) {
        if (!(variant->row->command.at & port_bit(kind)))
            continue;
        if (fixed->variant[kind])
            taken = fixed->variant[kind];
        else
            fixed->variant[kind] = variant;
    }
    if (taken)
        note_same_text(log, variant, taken, variant->head);
}

static void add_variant(struct grammar *grammar, struct fault_log *log, struct row *row, const struct form *form, unsigned chosen,
                        struct view word)
{
    struct variant *variant = &row->variant[row->variants++];
    struct err err;
    form_variant(grammar->arena, form, chosen, word, grammar->reading.separator, variant);
    variant->row = row;
    if (!variant->tail.size)
        add_fixed(grammar, log, variant);
    else if (index_add(&grammar->index, variant, &err) != IS_DONE)
        fault_note(log, row->command.file, form->line, "the form \"%.*s\" %s", VIEW_ARG(form->text), err.text);
}

/* How many variants a form gives: with what it may start with, for each choice of its optional parts. */
static size_t variants_of(const struct form *form)
{
    size_t count = 0;
    for (unsigned chosen = 0; chosen <= form->options; chosen++) {
        const struct type *type = form_leading_words(form, chosen);
        count += type ? type->words : 1;
    }
    return count;
}

static void add_form(struct grammar *grammar, struct fault_log *log, struct row *row, const struct form *form)
{
    for (unsigned chosen = 0; chosen <= form->options; chosen++) {
        const struct type *type = form_leading_words(form, chosen);
        for (size_t i = 0; type && i < type->words; i++)
            add_variant(grammar, log, row, form, chosen, type->word[i]);
        if (!type)
            add_variant(grammar, log, row, form, chosen, VIEW_NONE);
    }
}

static void add_variants(struct grammar *grammar, struct fault_log *log, struct row *row)
{
    size_t count = 0;
    for (size_t i = 0; i < row->forms; i++)
        count += variants_of(&row->form[i]);
    row->variant = ARENA_ARRAY(grammar->arena, struct variant, count + 1);
    for (size_t i = 0; i < row->forms; i++)
        add_form(grammar, log, row, &row->form[i]);
}

/* --- codes --- */

/* The row's code of that text; made when there is none. */
static struct code *code_at(struct grammar *grammar, struct row *row, struct view text)
{
    for (size_t i = 0; i < row->codes; i++)
        if (view_equal(row->code[i].text, text))
            return &row->code[i];
    row->code[row->codes] = code_of(grammar->arena, text);
    return &row->code[row->codes++];
}

/* The heads of loose forms: behind them stands a word of the subscriber's own. */
static void note_loose_heads(const struct grammar *grammar, struct table *heads)
{
    for (size_t i = 0; i < grammar->rows; i++)
        for (size_t k = 0; k < grammar->row[i].variants; k++)
            if (grammar->row[i].variant[k].is_loose)
                table_put(heads, grammar->row[i].variant[k].head, 0);
}

/* loose_heads: of any row, for KT is no better a suggestion because KT{reminder:reminder}TX is there too. */
static void add_codes(struct grammar *grammar, struct row *row, const struct table *loose_heads)
{
    row->code = ARENA_ARRAY(grammar->arena, struct code, row->variants + 1);
    for (size_t i = 0; i < row->variants; i++) {
        const struct variant *variant = &row->variant[i];
        if (!variant->head.size || variant->word.size) /* words are no codes */
            continue;
        struct code *code = code_at(grammar, row, variant->head);
        bool is_text = !variant->tail.size || !table_get(loose_heads, variant->head);
        code->is_offered |= !variant->is_loose && is_text && code->points > 1; /* every letter is one edit from any other */
    }
}

/* --- topics of help --- */

static void add_topics(struct grammar *grammar, struct row *row, bool is_title)
{
    struct view title = is_title ? fold(grammar->arena, row->command.title) : VIEW_NONE;
    for (size_t kind = 0; kind < PORT_KINDS && row->forms; kind++) {
        if (!(row->command.at & port_bit(kind)))
            continue;
        if (title.size)
            table_put(&grammar->topic_of[kind], title, (uint32_t)row->command.number);
        for (size_t i = 0; !is_title && i < row->variants; i++)
            if (row->variant[i].tail.size && row->variant[i].head.size)
                table_put(&grammar->topic_of[kind], row->variant[i].head, (uint32_t)row->command.number);
    }
}

/* --- masks --- */

/* The row does the same for the head alone as with a secret behind it: 挂失, 挂失246810. */
static bool needs_no_secret(const struct row *row, struct view head)
{
    bool is_alone = false, has_secret = false;
    for (size_t i = 0; i < row->variants; i++) {
        const struct variant *variant = &row->variant[i];
        if (!view_equal(variant->head, head))
            continue;
        is_alone |= !variant->tail.size;
        has_secret |= variant->has_secret && !variant->is_loose;
    }
    return is_alone && has_secret;
}

/* Some command can do without the secret. Forms that tell how to write one (挂失24681) do not change that. */
static bool is_everyday(const struct grammar *grammar, struct view head)
{
    for (size_t i = 0; i < grammar->rows; i++)
        if (needs_no_secret(&grammar->row[i], head))
            return true;
    return false;
}

static void set_masks(struct grammar *grammar)
{
    struct masks *masks = &grammar->masks;
    size_t count = grammar->masked.count;
    for (size_t i = 0; i < grammar->rows; i++)
        count += grammar->row[i].variants;
    masks_open(masks, grammar->arena, count, grammar->reading.separators);
    for (size_t i = 0; i < grammar->masked.count; i++)
        masks_add(masks, fold(grammar->arena, grammar->masked.word[i]), false);
    for (size_t i = 0; i < grammar->rows; i++)
        for (size_t k = 0; k < grammar->row[i].variants; k++) {
            const struct variant *variant = &grammar->row[i].variant[k];
            if (variant->has_secret)
                masks_add(masks, variant->head, is_everyday(grammar, variant->head));
        }
}

void build_index(struct grammar *grammar, struct fault_log *log)
{
    struct table loose_heads = {.arena = grammar->arena};
    for (size_t i = 0; i < grammar->rows; i++)
        add_variants(grammar, log, &grammar->row[i]);
    note_loose_heads(grammar, &loose_heads);
    for (size_t i = 0; i < grammar->rows; i++)
        add_codes(grammar, &grammar->row[i], &loose_heads);
    for (size_t i = 0; i < grammar->rows; i++)
        add_topics(grammar, &grammar->row[i], false);
    for (size_t i = 0; i < grammar->rows; i++) /* a code goes before a title */
        add_topics(grammar, &grammar->row[i], true);
    set_masks(grammar);
}

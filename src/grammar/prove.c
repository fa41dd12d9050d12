/* The files are held against what they promise. Whether two patterns can ever read the same text is not decided by looking at them, but by
 * trying: each form is written out with each sample of its types, and every other form that might read it is asked. */
#include "grammar/prove.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sms/fold.h"
#include "sms/segments.h"

/* --- forms --- */

struct trial {
    const struct grammar *grammar;
    struct fault_log *log;
    struct arena *arena; /* for one form's trials */
    struct table *told;  /* pairs of forms already complained of */
};

static void note(const struct trial *trial, const struct variant *variant, const char *what, struct view sample, const char *more)
{
    fault_note(trial->log, variant->row->command.file, variant->form->line, "the form \"%.*s\" %s \"%.*s\"%s",
               VIEW_ARG(variant->form->text), what, VIEW_ARG(sample), more);
}

static bool is_told(const struct trial *trial, const struct form *a, const struct form *b)
{
    const void *pair[2] = {a < b ? a : b, a < b ? b : a};
    uint32_t seen = (uint32_t)trial->told->count;
    struct view key = arena_copy(trial->grammar->arena, (struct view){(const char *)pair, sizeof pair});
    return *table_put(trial->told, key, seen) < seen;
}

static void complain_of_both(const struct trial *trial, const struct variant *variant, const struct variant *other, struct view sample)
{
    /* at the form that stands later in the order of files */
    bool is_later = variant->row->command.number > other->row->command.number;
    const struct variant *late = is_later ? variant : other, *early = is_later ? other : variant;
    if (is_told(trial, variant->form, other->form))
        return;
    fault_note(trial->log, late->row->command.file, late->form->line, "the form \"%.*s\" reads \"%.*s\", as \"%.*s\" in %.*s:%d does",
               VIEW_ARG(late->form->text), VIEW_ARG(sample), VIEW_ARG(early->form->text), VIEW_ARG(early->row->command.file),
               early->form->line);
}

/* How sure a form is of a text that it reads: of two, the surer one gets it. Equals are a fault. */
static size_t rank_of(const struct variant *variant)
{
    return variant->is_loose ? variant->head.size : SIZE_MAX;
}

/* Asks the other forms for the sample; true when a surer one takes it away from the variant. */
static bool is_taken(const struct trial *trial, const struct variant *variant, struct view folded, struct view sample)
{
    struct variant **lists;
    struct view value[ARGUMENTS_MAX];
    const struct row *row = variant->row;
    const struct fixed *fixed = variant->tail.size ? index_find(&trial->grammar->index, folded) : NULL;
    bool is_taken = fixed && ((fixed->variant[0] && fixed->variant[0]->row != row) || (fixed->variant[1] && fixed->variant[1]->row != row));
    size_t count = index_candidates(&trial->grammar->index, trial->arena, folded, &lists);
    for (size_t i = 0; i < count; i++)
        for (const struct variant *other = lists[i]; other; other = other->next) {
            bool is_rival = other->row != row && (other->row->command.at & row->command.at);
            if (!is_rival || rank_of(other) < rank_of(variant) || !variant_reads(other, trial->arena, folded, value))
                continue;
            if (rank_of(other) == rank_of(variant))
                complain_of_both(trial, variant, other, sample);
            else
                is_taken = true;
        }
    return is_taken;
}

static void prove_variant(const struct trial *trial, const struct variant *variant)
{
    size_t taken = 0;
    struct view sample = VIEW_NONE;
    for (size_t i = 0; i < variant->samples; i++) {
        struct view value[ARGUMENTS_MAX];
        sample = form_sample(trial->arena, variant, i);
        struct view folded = fold(trial->arena, sample);
        if (variant->tail.size && !variant_reads(variant, trial->arena, folded, value)) {
            note(trial, variant, "can never match: it does not read its own", sample, "");
            return;
        }
        taken += is_taken(trial, variant, folded, sample);
    }
    if (variant->tail.size && variant->is_loose && taken == variant->samples)
        note(trial, variant, "can never match: other forms read what it would, such as", sample, "");
}

void prove_forms(const struct grammar *grammar, struct fault_log *log)
{
    struct table told = {.arena = grammar->arena};
    struct trial trial = {.grammar = grammar, .log = log, .arena = arena_new(), .told = &told};
    for (size_t i = 0; i < grammar->rows; i++)
        for (size_t k = 0; k < grammar->row[i].variants; k++) {
            const struct variant *variant = &grammar->row[i].variant[k];
            if (variant->tail.size == 0 || variant->pattern)
                prove_variant(&trial, variant);
            arena_reset(trial.arena);
        }
    arena_free(&trial.arena);
}

/* --- answers (rules A4): read after forms, so no form may read one --- */

static bool is_answer(const struct trial *trial, struct view folded)
{
    const struct fixed *fixed = index_find(&trial->grammar->index, folded);
    const struct regex *serials = trial->grammar->reading.serials;
    return (fixed && fixed->answer) || (serials && regex_match(serials, trial->arena, folded, NULL, 0));
}

/* The first of the words that the variant reads as it stands, and that is an answer; none: VIEW_NONE. */
static struct view first_read(const struct trial *trial, const struct variant *variant, struct words words)
{
    struct view value[ARGUMENTS_MAX];
    for (size_t i = 0; i < words.count; i++)
        if (variant_reads(variant, trial->arena, words.word[i], value) && is_answer(trial, words.word[i]))
            return words.word[i];
    return VIEW_NONE;
}

/* The same for all numbers of up to three digits, which is what serials are made of. */
static struct view first_number_read(const struct trial *trial, const struct variant *variant)
{
    struct view found = VIEW_NONE;
    for (int digits = 1, most = 10; digits <= 3 && !found.size; digits++, most *= 10)
        for (int n = 0; n < most && !found.size; n++) {
            struct view number = arena_printf(trial->arena, "%0*d", digits, n);
            found = first_read(trial, variant, (struct words){&number, 1});
        }
    return found;
}

/* An answer that the variant reads; none: VIEW_NONE. */
static struct view answer_read_by(const struct trial *trial, const struct variant *variant)
{
    static struct view lists[] = {VIEW("1,3"), VIEW("1、3"), VIEW("1 3")};
    bool may_read_numbers = !variant->head.size || (variant->head.at[0] >= '0' && variant->head.at[0] <= '9');
    for (size_t i = 0; i < variant->samples; i++) {
        struct view sample = fold(trial->arena, form_sample(trial->arena, variant, i));
        if (is_answer(trial, sample))
            return sample;
    }
    if (!variant->pattern)
        return VIEW_NONE;
    struct view found = first_read(trial, variant, trial->grammar->answers);
    if (!found.size && may_read_numbers)
        found = first_read(trial, variant, (struct words){lists, sizeof lists / sizeof *lists});
    return found.size || !may_read_numbers ? found : first_number_read(trial, variant);
}

void prove_answers(const struct grammar *grammar, struct fault_log *log)
{
    struct trial trial = {.grammar = grammar, .log = log, .arena = arena_new()};
    for (size_t i = 0; i < grammar->rows; i++) {
        const struct form *told = NULL;
        for (size_t k = 0; k < grammar->row[i].variants; k++) {
            const struct variant *variant = &grammar->row[i].variant[k];
            struct view answer = variant->form == told ? VIEW_NONE : answer_read_by(&trial, variant);
            if (answer.size) {
                note(&trial, variant, "reads", answer, ", which is an answer to the hall's questions");
                told = variant->form;
            }
            arena_reset(trial.arena);
        }
    }
    arena_free(&trial.arena);
}

/* --- reserved words (rules B5): only a command that leaves may read them --- */

static void prove_reader(const struct trial *trial, const struct variant *variant, const struct reserved *word)
{
    if (variant && (variant->row->command.at & word->at) && variant->row->command.effect != EFFECT_LEAVES)
        note(trial, variant, "shadows the reserved word", word->text, ", which only a command with effect: leaves may read");
}

static void prove_word(const struct trial *trial, const struct reserved *word)
{
    struct variant **lists;
    struct view value[ARGUMENTS_MAX];
    const struct fixed *fixed = index_find(&trial->grammar->index, word->text);
    const struct variant *at_hall = fixed ? fixed->variant[0] : NULL, *at_provider = fixed ? fixed->variant[1] : NULL;
    prove_reader(trial, at_hall, word);
    if (at_provider != at_hall)
        prove_reader(trial, at_provider, word);
    if (is_answer(trial, word->text))
        fault_note(trial->log, trial->grammar->reserved_file, word->line, "the reserved word \"%.*s\" is an answer too",
                   VIEW_ARG(word->text));
    size_t count = index_candidates(&trial->grammar->index, trial->arena, word->text, &lists);
    for (size_t i = 0; i < count; i++)
        for (const struct variant *variant = lists[i]; variant; variant = variant->next)
            if (variant_reads(variant, trial->arena, word->text, value))
                prove_reader(trial, variant, word);
}

void prove_reserved(const struct grammar *grammar, struct fault_log *log)
{
    struct trial trial = {.grammar = grammar, .log = log, .arena = arena_new()};
    for (size_t i = 0; i < grammar->reserved_count; i++) {
        const struct reserved *word = &grammar->reserved[i];
        if (word->text.size)
            prove_word(&trial, word);
        else
            fault_note(log, grammar->reserved_file, word->line, "a reserved word is empty when folded");
    }
    arena_free(&trial.arena);
}

/* --- secrets (rules C5): the mask must cover whatever a secret type takes --- */

static void prove_mask(struct fault_log *log, const struct type *type, const struct variant *variant)
{
    struct arena *arena = arena_new();
    for (size_t i = 0; i < type->samples; i++)
        if (!view_equal(mask_digits(arena, type->sample[i], MASK_EVERY), VIEW("***"))) {
            fault_note(log, variant->row->command.file, variant->form->line,
                       "the form \"%.*s\" takes the secret type %.*s, but its sample \"%.*s\" would not be masked whole",
                       VIEW_ARG(variant->form->text), VIEW_ARG(type->name), VIEW_ARG(type->sample[i]));
            break;
        }
    arena_free(&arena);
}

void prove_masks(const struct grammar *grammar, struct fault_log *log)
{
    for (size_t i = 0; i < grammar->rows; i++)
        for (size_t k = 0; k < grammar->row[i].variants; k++) {
            const struct variant *variant = &grammar->row[i].variant[k];
            for (size_t c = 0; c < variant->captures; c++)
                if (variant->capture[c].type->is_secret)
                    prove_mask(log, variant->capture[c].type, variant);
        }
}

/* --- examples --- */

struct example {
    const struct row *row;
    struct view text, reads; /* reads: the command's name, or "nothing" */
    const struct yaml *args; /* NULL: none */
    int at, line;
};

static bool is_among(struct view word, const struct view *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (view_equal(word, list[i]))
            return true;
    return false;
}

/* An example is its text, or {text: …, args: …, reads: …, at: …}. */
static bool read_example(const struct row *row, struct fault_log *log, const struct yaml *node, struct example *example)
{
    static const struct view known[] = {VIEW("text"), VIEW("args"), VIEW("reads"), VIEW("at")};
    *example = (struct example){.row = row, .text = node->value, .reads = row->command.name, .line = node->line};
    example->at = row->command.at & AT_HALL ? AT_HALL : AT_PROVIDER;
    if (node->kind == YAML_SCALAR)
        return true;
    const struct yaml *text = yaml_get(node, VIEW("text")), *reads = yaml_get(node, VIEW("reads")), *at = yaml_get(node, VIEW("at"));
    for (const struct yaml *member = node->child; member; member = member->next)
        if (!is_among(member->key, known, sizeof known / sizeof *known)) {
            fault_note(log, row->command.file, member->line, "unknown key \"%.*s\" in an example", VIEW_ARG(member->key));
            return false;
        }
    if (!text || text->kind != YAML_SCALAR || (at && !spec_at(at->value))) {
        fault_note(log, row->command.file, node->line, "an example needs a text, and may have args, reads and at (hall or provider)");
        return false;
    }
    example->text = text->value;
    example->args = yaml_get(node, VIEW("args"));
    if (reads)
        example->reads = reads->value;
    if (at)
        example->at = spec_at(at->value) & AT_HALL ? AT_HALL : AT_PROVIDER;
    return true;
}

/* The argument is what the example says, which need not tell a secret: "***" stands for any. */
static bool is_argument(const struct argument *argument, const struct yaml *said)
{
    bool is_value = view_equal(argument->value, said->value) || (argument->is_secret && view_equal(said->value, VIEW("***")));
    return is_value && view_equal(argument->name, said->key);
}

static bool args_hold(const struct example *example, const struct match *match)
{
    size_t wanted = 0;
    for (const struct yaml *arg = example->args ? example->args->child : NULL; arg; arg = arg->next) {
        bool is_found = false;
        for (size_t i = 0; i < match->arguments; i++)
            is_found |= is_argument(&match->argument[i], arg);
        if (!is_found)
            return false;
        wanted++;
    }
    return wanted == match->arguments;
}

static void prove_example(const struct grammar *grammar, struct arena *arena, struct fault_log *log, const struct example *example)
{
    struct match match;
    grammar_match(grammar, arena, example->text, example->at, &match);
    struct view name = match.command ? match.command->name : VIEW("nothing");
    if (view_equal(name, example->reads) && (!match.command || args_hold(example, &match)))
        return;
    struct text args = {0};
    match_write_args(&match, false, &args);
    fault_note(log, example->row->command.file, example->line, "the example \"%.*s\" does not hold: it reads as %.*s %.*s",
               VIEW_ARG(match.text), VIEW_ARG(name), VIEW_ARG(text_view(&args)));
    text_free(&args);
}

void prove_examples(const struct grammar *grammar, struct fault_log *log)
{
    struct arena *arena = arena_new();
    for (size_t i = 0; i < grammar->rows; i++) {
        const struct row *row = &grammar->row[i];
        for (const struct yaml *node = row->examples ? row->examples->child : NULL; node; node = node->next) {
            struct example example;
            if (read_example(row, log, node, &example))
                prove_example(grammar, arena, log, &example);
        }
        arena_reset(arena);
    }
    arena_free(&arena);
}

/* --- replies --- */

static json_t *sample_of_scalar(const struct yaml *node)
{
    struct view digits = view_from(node->value, node->value.size && node->value.at[0] == '-');
    uint64_t number;
    if (node->is_plain && view_number(digits, INT64_MAX, &number))
        return json_integer(digits.size < node->value.size ? -(json_int_t)number : (json_int_t)number);
    return json_of_view(node->value);
}

/* A text, a number, or an object of them, one in another at most: a line of a list has a price. */
static json_t *sample_of_element(const struct yaml *node)
{
    if (node->kind != YAML_MAP)
        return sample_of_scalar(node);
    json_t *object = json_object();
    for (const struct yaml *member = node->child; member; member = member->next) {
        json_t *value = member->kind == YAML_MAP ? json_object() : sample_of_scalar(member);
        for (const struct yaml *inner = member->kind == YAML_MAP ? member->child : NULL; inner; inner = inner->next)
            json_object_setn_new(value, inner->key.at, inner->key.size, sample_of_scalar(inner));
        json_object_setn_new(object, member->key.at, member->key.size, value);
    }
    return object;
}

/* `gives` as the store would hand it over: elements, and lists of them. */
static json_t *sample_of(const struct yaml *gives)
{
    json_t *fields = json_object();
    for (const struct yaml *node = gives->child; node; node = node->next) {
        json_t *value = node->kind == YAML_LIST ? json_array() : sample_of_element(node);
        for (const struct yaml *item = node->kind == YAML_LIST ? node->child : NULL; item; item = item->next)
            json_array_append_new(value, sample_of_element(item));
        json_object_setn_new(fields, node->key.at, node->key.size, value);
    }
    return fields;
}

/* A reply's words in one language, on trial. */
struct said {
    const struct row *row;
    const struct reply *reply;
    const struct wording *wording;
    enum language language;
    const char *in; /* for messages: " in English" */
    struct arena *arena;
    struct fault_log *log;
};

static void note_reply(const struct said *said, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note_reply(const struct said *said, const char *format, ...)
{
    char why[512];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    fault_note(said->log, said->row->command.file, said->wording->line, "reply \"%.*s\"%s%s", VIEW_ARG(said->reply->outcome), said->in,
               why);
}

/* Every field a reply names must be among those that the command gives; true when all are. */
static bool fields_are_given(const struct said *said, const json_t *fields)
{
    bool are_given = true;
    for (size_t i = 0; i < said->wording->template.steps; i++) {
        const struct step *step = &said->wording->template.step[i];
        if (step->kind == STEP_TEXT || json_object_getn(fields, step->text.at, step->text.size))
            continue;
        are_given = false;
        note_reply(said, " uses {%.*s}, which %.*s does not give", VIEW_ARG(step->text), VIEW_ARG(said->row->command.name));
    }
    return are_given;
}

/* What is known of a command's fields when it does not say what it gives: its arguments, as its examples have them. */
static json_t *arguments_of(const struct row *row)
{
    json_t *fields = json_object();
    for (const struct yaml *node = row->examples ? row->examples->child : NULL; node; node = node->next) {
        const struct yaml *reads = yaml_get(node, VIEW("reads")), *args = yaml_get(node, VIEW("args"));
        bool is_own = !reads || view_equal(reads->value, row->command.name);
        for (const struct yaml *arg = is_own && args ? args->child : NULL; arg; arg = arg->next)
            json_object_setn_new(fields, arg->key.at, arg->key.size, json_of_view(arg->value));
    }
    return fields;
}

/* The template with nothing in the place of each field that is not known. */
static struct template known_part(const struct template *template, struct arena *arena, const json_t *fields)
{
    struct template known = {ARENA_ARRAY(arena, struct step, template->steps + 1), template->steps};
    for (size_t i = 0; i < template->steps; i++) {
        const struct step *step = &template->step[i];
        bool is_known = step->kind == STEP_TEXT || json_object_getn(fields, step->text.at, step->text.size);
        known.step[i] = is_known ? *step : (struct step){.kind = STEP_TEXT, .text = VIEW("")};
    }
    return known;
}

/* False: it does not hold, which is noted. */
static bool prove_text(const struct said *said, const struct template *template, const json_t *fields)
{
    const struct writer writer = {said->arena, said->language};
    struct view text;
    struct err err;
    if (template_render(template, &writer, fields, &text, &err) != IS_DONE) {
        note_reply(said, ": %s", err.text);
        return false;
    }
    struct segments segments = segments_count(text);
    if (segments.parts > said->wording->parts)
        note_reply(said, " is too long: %zu characters make %zu SMS, its budget is %zu", segments.units, segments.parts,
                   said->wording->parts);
    return segments.parts <= said->wording->parts;
}

/* Written out with all that its command gives, and once more without each field that it can do without. */
static void prove_wording(const struct said *said, const json_t *fields)
{
    if (said->row->gives && !fields_are_given(said, fields))
        return;
    const struct template *all = &said->wording->template;
    struct template template = said->row->gives ? *all : known_part(all, said->arena, fields);
    bool holds = prove_text(said, &template, fields);
    for (size_t i = 0; holds && i < template.steps; i++) {
        const struct step *step = &template.step[i];
        if (step->kind != STEP_IF && step->kind != STEP_UNLESS)
            continue;
        json_t *fewer = json_copy((json_t *)fields);
        json_object_deln(fewer, step->text.at, step->text.size);
        holds = prove_text(said, &template, fewer);
        json_decref(fewer);
    }
}

static void prove_reply(const struct row *row, struct arena *arena, struct fault_log *log, const struct reply *reply, const json_t *fields)
{
    for (int i = 0; i < LANGUAGES; i++) {
        enum language language = (enum language)i;
        const char *in = i == LANGUAGE_ZH ? "" : arena_printf(arena, " in %s", language_name(language)).at;
        struct said said = {row, reply, &reply->wording[i], language, in, arena, log};
        if (said.wording->source.size)
            prove_wording(&said, fields);
    }
}

void prove_replies(const struct grammar *grammar, struct fault_log *log)
{
    struct arena *arena = arena_new();
    for (size_t i = 0; i < grammar->rows; i++) {
        const struct row *row = &grammar->row[i];
        json_t *fields = row->gives ? sample_of(row->gives) : arguments_of(row);
        for (size_t k = 0; k < row->replies; k++)
            prove_reply(row, arena, log, &row->reply[k], fields);
        json_decref(fields);
        arena_reset(arena);
    }
    arena_free(&arena);
}

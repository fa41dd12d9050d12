/* Reading a text, from the certain to the far-fetched: the text itself, what stands in its quotes, the code at the head of a forwarded
 * instruction. Fixed texts come first, then forms that say much, then loose ones, each by the longest head; a guess never acts (DESIGN 3).
 * Nothing on this road calls malloc or knows JSON. */
#include "grammar/match.h"

#include <string.h>

#include "grammar/spec.h"
#include "sms/fold.h"

/* How sure the reading is that all of the text is understood: what is not may hold a secret. */
struct read {
    const struct variant *variant;
    bool is_whole;
};

static void take(struct match *match, const struct variant *variant, const struct view value[ARGUMENTS_MAX])
{
    match->command = &variant->row->command;
    match->arguments = variant->captures;
    for (size_t i = 0; i < variant->captures; i++)
        match->argument[i] = (struct argument){variant->capture[i].name, value[i], variant->capture[i].type->is_secret};
}

static const struct variant *try_lists(struct variant **lists, size_t count, bool is_loose, struct arena *arena, struct view folded, int at,
                                       struct view value[ARGUMENTS_MAX])
{
    for (size_t i = 0; i < count; i++)
        for (const struct variant *variant = lists[i]; variant; variant = variant->next)
            if (variant->is_loose == is_loose && (variant->row->command.at & at) && variant_reads(variant, arena, folded, value))
                return variant;
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads one text as command and as answer. */
static const struct variant *read_text(const struct grammar *grammar, struct arena *arena, struct view folded, int at, struct match *match)
{
    const struct fixed *fixed = index_find(&grammar->index, folded);
    const struct variant *variant = fixed ? fixed->variant[at == AT_PROVIDER] : NULL;
    struct view value[ARGUMENTS_MAX];
    if (!variant) {
        struct variant **lists;
        size_t count = index_candidates(&grammar->index, arena, folded, &lists);
        variant = try_lists(lists, count, false, arena, folded, at, value);
        if (!variant)
            variant = try_lists(lists, count, true, arena, folded, at, value);
    }
    if (variant)
        take(match, variant, value);
    if (is_digit(folded.at[0]) && regex_match(grammar->reading.serials, arena, folded, NULL, 0)) {
        match->serials = serials_normal(arena, folded);
        match->answer = ANSWER_SERIALS;
    }
    if (fixed && fixed->answer)
        match->answer = fixed->answer;
    return variant;
}

/* --- rules D9: quoted codes and forwarded instructions --- */

static struct view word_at_start(const struct words *words, struct view v)
{
    for (size_t i = 0; i < words->count; i++)
        if (view_starts_with(v, words->word[i]))
            return words->word[i];
    return VIEW_NONE;
}

static struct view word_at_end(const struct words *words, struct view v)
{
    for (size_t i = 0; i < words->count; i++)
        if (v.size > words->word[i].size && view_equal(view_from(v, v.size - words->word[i].size), words->word[i]))
            return words->word[i];
    return VIEW_NONE;
}

/* The text inside of quotes, folded; empty when there are none. */
static struct view unquoted(const struct grammar *grammar, struct arena *arena, struct view folded)
{
    const struct words *quotes = &grammar->reading.quotes;
    if (!grammar->reading.quote_begins[(unsigned char)folded.at[0]])
        return VIEW_NONE;
    struct view opening = word_at_start(quotes, folded), closing = word_at_end(quotes, folded);
    if (!opening.size || !closing.size || folded.size <= opening.size + closing.size)
        return VIEW_NONE;
    return fold(arena, view_head(view_from(folded, opening.size), folded.size - opening.size - closing.size));
}

static bool has_word(const struct words *words, struct view v)
{
    for (size_t i = 0; i < words->count; i++)
        if (memmem(v.at, v.size, words->word[i].at, words->word[i].size))
            return true;
    return false;
}

/* The code of "QXQDXB,请您将本信息直接转发至10086": letters and digits, a letter first, then a comma; empty when there is none. */
static struct view code_before_prose(const struct grammar *grammar, struct view folded, struct view *prose)
{
    size_t size = 0;
    while (size < folded.size && (is_digit(folded.at[size]) || (folded.at[size] >= 'A' && folded.at[size] <= 'Z')))
        size++;
    if (size < 2 || size == folded.size || is_digit(folded.at[0])) /* one letter is no code: "Y，我明天到" */
        return VIEW_NONE;
    *prose = view_trim(view_from(folded, size));
    struct view end = word_at_start(&grammar->reading.ends, *prose);
    *prose = view_from(*prose, end.size);
    return end.size ? view_head(folded, size) : VIEW_NONE;
}

/* The command of a code alone: a fixed text, or, if it only reads, a form that says much ("ZD201211"). */
static const struct variant *variant_of_code(const struct grammar *grammar, struct arena *arena, struct view code,
                                             struct view value[ARGUMENTS_MAX])
{
    struct variant **lists;
    const struct fixed *fixed = index_find(&grammar->index, code);
    if (fixed && fixed->variant[0])
        return fixed->variant[0];
    size_t count = index_candidates(&grammar->index, arena, code, &lists);
    const struct variant *variant = try_lists(lists, count, false, arena, code, AT_HALL, value);
    return variant && variant->row->command.effect == EFFECT_READS ? variant : NULL;
}

/* A code that does more than read is taken from prose only if that names both the deed and the hall. */
static const struct variant *read_forwarded(const struct grammar *grammar, struct arena *arena, struct view folded, struct match *match)
{
    struct view prose, value[ARGUMENTS_MAX];
    struct view code = code_before_prose(grammar, folded, &prose);
    bool has_deed = code.size && has_word(&grammar->reading.words, prose),
         has_hall = code.size && has_word(&grammar->reading.numbers, prose);
    if (!has_deed && !has_hall)
        return NULL;
    const struct variant *variant = variant_of_code(grammar, arena, code, value);
    if (!variant || (variant->row->command.effect != EFFECT_READS && !(has_deed && has_hall)))
        return NULL;
    take(match, variant, value);
    return variant;
}

static struct read read_any_way(const struct grammar *grammar, struct arena *arena, struct view folded, int at, struct match *match)
{
    const struct variant *variant = read_text(grammar, arena, folded, at, match);
    if (variant || match->answer)
        return (struct read){variant, variant && !variant->is_loose};
    struct view inner = unquoted(grammar, arena, folded);
    if (inner.size)
        variant = read_text(grammar, arena, inner, at, match);
    if (variant || match->answer)
        return (struct read){variant, variant && !variant->is_loose};
    variant = at == AT_HALL ? read_forwarded(grammar, arena, folded, match) : NULL; /* a provider gets its texts as they are: rules B8 */
    return (struct read){variant, false};
}

/* --- rules C5 --- */

static void mask(const struct grammar *grammar, struct arena *arena, struct read read, struct match *match)
{
    bool is_too_long = match->text.size > FOLD_SIZE_MAX; /* its end was not read: it may hold anything */
    match->has_secret = (read.variant && read.variant->has_secret) || is_too_long;
    if (!match->has_secret && !read.is_whole && masks_meet(&grammar->masks, match->folded)) {
        match->has_secret = true;
        for (size_t i = 0; i < match->arguments; i++)
            match->argument[i].value = mask_digits(arena, match->argument[i].value);
    }
    if (!match->has_secret)
        return;
    match->text = mask_digits(arena, match->text);
    match->folded = mask_digits(arena, match->folded);
}

void grammar_match(const struct grammar *grammar, struct arena *arena, struct view utf8, int at, struct match *match)
{
    *match = (struct match){.text = utf8, .folded = fold(arena, utf8)};
    if (!match->folded.size) /* an empty text is nothing: rules A9 */
        return;
    struct read read = read_any_way(grammar, arena, match->folded, at, match);
    mask(grammar, arena, read, match);
}

void match_write_args(const struct match *match, bool with_secrets, struct text *out)
{
    text_add_char(out, '{');
    for (size_t i = 0; i < match->arguments; i++) {
        const struct argument *argument = &match->argument[i];
        if (i)
            text_add_char(out, ',');
        text_add_json(out, argument->name);
        text_add_char(out, ':');
        text_add_json(out, argument->is_secret && !with_secrets ? VIEW("***") : argument->value);
    }
    text_add_char(out, '}');
}

struct view match_answer_text(const struct match *match, struct arena *arena)
{
    switch (match->answer) {
    case ANSWER_YES:
        return VIEW("yes");
    case ANSWER_NO:
        return VIEW("no");
    case ANSWER_SERIALS:
        return arena_printf(arena, "serials:%.*s", VIEW_ARG(match->serials));
    default:
        return VIEW("");
    }
}

/* A word is held against the reader by reading it: written behind every code and verb about services, as a subscriber would send it.
 * Of a command's ways, those that take any code (KT…) must all hear it: they are what replies tell subscribers to send. A service that has
 * a command of its own (`instead`: KTYETX) is heard by that one. */
#include "grammar/catalogue.h"

#include "grammar/spec.h"
#include "sms/fold.h"

struct hearing {
    const struct grammar *grammar;
    struct arena *arena;
    const struct calling *calling;
    struct faults *faults;
};

static void complain(const struct hearing *hearing, struct view why)
{
    const struct calling *calling = hearing->calling;
    struct view row = arena_printf(hearing->arena, "hall.service %.*s", VIEW_ARG(calling->service));
    faults_add(hearing->faults, row, 0, "%.*s \"%.*s\" is never heard: %.*s", VIEW_ARG(calling->what), VIEW_ARG(calling->word),
               VIEW_ARG(why));
}

/* --- at the hall --- */

static bool is_own(struct view own, struct view word)
{
    while (own.size)
        if (view_equal(view_cut(&own, '\n'), word))
            return true;
    return false;
}

/* A code or verb with a service behind it, and nothing else that must be there. */
static bool is_way(const struct variant *variant)
{
    size_t needed = 0;
    for (size_t i = 0; i < variant->form->parts; i++)
        needed += variant->form->part[i].option == 0;
    return variant->chosen == 0 && variant->head.size && variant->captures == 1 && needed == 2 &&
           type_names_service(variant->capture[0].type);
}

/* The command that the service has in the place of that one. */
static bool is_instead(const struct hearing *hearing, const struct command *command, const struct command *read)
{
    const struct row *row = &hearing->grammar->row[command->number];
    for (size_t i = 0; i < row->insteads; i++)
        if (&row->instead[i].row->command == read && is_own(hearing->calling->own, row->instead[i].service))
            return true;
    return false;
}

/* How the text is read, when that is not as the service and the command; VIEW_NONE: it is. */
static struct view misreading(const struct hearing *hearing, const struct command *command, struct view text)
{
    struct match match;
    grammar_match(hearing->grammar, hearing->arena, text, AT_HALL, &match);
    const struct command *read = match.command ? match.command : match.maybe;
    if (!read)
        return arena_printf(hearing->arena, "nothing reads \"%.*s\"", VIEW_ARG(text));
    if (is_instead(hearing, command, read))
        return VIEW_NONE;
    if (read != command)
        return arena_printf(hearing->arena, "%.*s reads \"%.*s\"", VIEW_ARG(read->name), VIEW_ARG(text));
    struct view word = match.arguments ? match.argument[0].value : VIEW("");
    if (is_own(hearing->calling->own, word))
        return VIEW_NONE;
    return arena_printf(hearing->arena, "%.*s reads \"%.*s\" as \"%.*s\"", VIEW_ARG(read->name), VIEW_ARG(text), VIEW_ARG(word));
}

/* True: whoever wants the command of the row can say the word. */
static bool prove_row(const struct hearing *hearing, const struct row *row)
{
    struct view word = hearing->calling->word, lost = VIEW_NONE;
    bool is_known = names_find(&hearing->grammar->names, fold(hearing->arena, word)).size > 0;
    bool is_heard = false, must_complain = false;
    for (size_t i = 0; i < row->variants && !must_complain; i++) {
        const struct variant *variant = &row->variant[i];
        if (!is_way(variant))
            continue;
        struct view text = arena_printf(hearing->arena, "%.*s%.*s", VIEW_ARG(variant->head), VIEW_ARG(word));
        struct view why = misreading(hearing, &row->command, text);
        is_heard |= !why.size;
        lost = lost.size ? lost : why;
        must_complain = why.size && !is_known && variant->capture[0].type->catalogue == CATALOGUE_CODES;
    }
    must_complain |= lost.size && !is_heard;
    if (must_complain)
        complain(hearing, lost);
    return !must_complain;
}

static void prove_at_hall(const struct hearing *hearing)
{
    bool is_good = true;
    for (size_t i = 0; i < hearing->grammar->rows && is_good; i++) /* one fault says enough of a word */
        is_good = prove_row(hearing, &hearing->grammar->row[i]);
}

/* --- at a provider's port, where commands and answers come before order codes --- */

static void prove_at_provider(const struct hearing *hearing)
{
    struct match match;
    struct view word = hearing->calling->word;
    grammar_match(hearing->grammar, hearing->arena, word, AT_PROVIDER, &match);
    const struct command *command = match.command ? match.command : match.maybe;
    if (command)
        complain(hearing, arena_printf(hearing->arena, "%.*s reads it", VIEW_ARG(command->name)));
    else if (match.answer)
        complain(hearing, VIEW("it is an answer to the hall's questions"));
    else if (view_equal(word, hearing->calling->port))
        complain(hearing, VIEW("it is the number of the port, which asks for help"));
    else if (!view_equal_nocase(match.folded, word))
        complain(hearing, arena_printf(hearing->arena, "it is read as \"%.*s\"", VIEW_ARG(match.folded)));
}

void catalogue_prove(const struct grammar *grammar, const struct calling *calling, struct faults *faults)
{
    struct hearing hearing = {.grammar = grammar, .arena = arena_new(), .calling = calling, .faults = faults};
    if (calling->port.size)
        prove_at_provider(&hearing);
    else
        prove_at_hall(&hearing);
    arena_free(&hearing.arena);
}

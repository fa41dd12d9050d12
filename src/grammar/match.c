/* Reading a text, from the certain to the far-fetched: the text itself, what stands in its quotes, the text closed up, the code at the head
 * of a forwarded instruction. Fixed texts come first, then forms that say much, then loose ones, each by the longest head; a guess never
 * acts (DESIGN 3). Nothing on this road calls malloc or knows JSON. */
#include "grammar/match.h"

#include <string.h>

#include "grammar/spec.h"
#include "sms/fold.h"

enum { CODE_SIZE_MAX = 128 }; /* a code is not longer than this: bounds the search in prose */

/* A form that reads a text, with what it captured. */
struct found {
    const struct variant *variant; /* NULL: none does */
    struct view value[ARGUMENTS_MAX];
};

/* How sure the reading is that all of the text is understood: what is not may hold a secret. */
struct read {
    const struct variant *variant; /* of the command, or of what may be one */
    bool is_whole;
};

static struct argument argument_of(const struct capture *capture, struct view value)
{
    const struct type *type = capture->type;
    return (struct argument){.name = capture->name, .value = value, .type = type->name, .is_secret = type->is_secret};
}

/* The command of one service in the place of the one for all: of the only argument; NULL: there is none. */
static const struct row *row_instead(const struct found *found)
{
    const struct row *row = found->variant->row;
    for (size_t i = 0; i < row->insteads && found->variant->captures == 1; i++)
        if (view_equal(row->instead[i].service, found->value[0]))
            return row->instead[i].row;
    return NULL;
}

static void take(struct match *match, const struct found *found, bool is_sure)
{
    const struct variant *variant = found->variant;
    const struct row *instead = row_instead(found);
    const struct row *row = instead ? instead : variant->row;
    match->command = is_sure ? &row->command : NULL;
    match->maybe = is_sure ? NULL : &row->command;
    match->arguments = instead ? 0 : variant->captures;
    for (size_t i = 0; i < match->arguments; i++)
        match->argument[i] = argument_of(&variant->capture[i], found->value[i]);
}

/* The forms that a text may be of, and the kind of port it came to. */
struct candidates {
    const struct grammar *grammar;
    struct arena *arena;
    struct view folded;
    int at;
    struct view raw; /* the whole text as it came */
    struct variant **list;
    size_t lists;
};

static struct candidates candidates_of(const struct grammar *grammar, struct arena *arena, struct view folded, int at, struct view raw)
{
    struct candidates c = {.grammar = grammar, .arena = arena, .folded = folded, .at = at, .raw = raw};
    c.lists = index_candidates(&grammar->index, arena, folded, &c.list);
    return c;
}

/* A question is no order and no answer (rules A4), though folding drops its mark. */
static bool has_question_mark(struct view utf8)
{
    return memchr(utf8.at, '?', utf8.size) || memmem(utf8.at, utf8.size, "？", sizeof "？" - 1);
}

/* --- what words mean: topics of help and services --- */

enum certainty { NOT_THIS, MAY_BE_THIS, SURELY_THIS };

static bool is_latin(struct view v)
{
    for (size_t i = 0; i < v.size; i++)
        if ((unsigned char)v.at[i] >= 0x80)
            return false;
    return true;
}

static enum certainty certainty_of_word(const struct candidates *c, const struct type *type, struct view *word)
{
    struct view name = names_find(&c->grammar->names, *word);
    if (name.size && (type->catalogue || type->is_code)) {
        *word = name;
        return SURELY_THIS;
    }
    if (type->is_code)
        return row_of_topic(c->grammar, fold(c->arena, *word), c->at) ? SURELY_THIS : NOT_THIS;
    if (type->catalogue == CATALOGUE_NAMES || (type->catalogue == CATALOGUE_CODES && !is_latin(*word)))
        return MAY_BE_THIS;
    return SURELY_THIS;
}

/* Of the words that a form captured, the least sure. Names become those of the catalogue. A question about
 * a service opens and closes nothing. */
static enum certainty certainty_of(const struct candidates *c, struct found *found)
{
    const struct variant *variant = found->variant;
    enum certainty least = SURELY_THIS;
    for (size_t i = 0; i < variant->captures && least; i++) {
        const struct type *type = variant->capture[i].type;
        enum certainty certainty = certainty_of_word(c, type, &found->value[i]);
        if (type_names_service(type) && variant->row->command.effect != EFFECT_READS && has_question_mark(c->raw))
            certainty = NOT_THIS;
        least = certainty < least ? certainty : least;
    }
    return least;
}

/* All that it captures are services. */
static bool is_about_services(const struct variant *variant)
{
    for (size_t i = 0; i < variant->captures; i++)
        if (!type_names_service(variant->capture[i].type))
            return false;
    return true;
}

/* Forms that say much; those with words of the subscriber's own; of these, the ones about services. */
enum sort { FIRM, LOOSE, ABOUT_SERVICES };

static bool is_of(const struct variant *variant, enum sort sort)
{
    return variant->is_loose == (sort != FIRM) && (sort != ABOUT_SERVICES || is_about_services(variant));
}

/* The first form of that sort that reads the text for sure. Of those that may, the first is left in *maybe. */
static bool find_form(const struct candidates *c, enum sort sort, struct found *found, struct found *maybe)
{
    for (size_t i = 0; i < c->lists; i++)
        for (const struct variant *variant = c->list[i]; variant; variant = variant->next) {
            if (!is_of(variant, sort) || !(variant->row->command.at & c->at) || !variant_reads(variant, c->arena, c->folded, found->value))
                continue;
            found->variant = variant;
            enum certainty certainty = certainty_of(c, found);
            if (certainty == SURELY_THIS)
                return true;
            if (certainty == MAY_BE_THIS && !maybe->variant)
                *maybe = *found;
        }
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads one text as a command; of loose forms, those of the sort. */
static const struct variant *read_command(const struct candidates *c, enum sort loose, struct match *match)
{
    struct found found, maybe;
    maybe.variant = NULL;
    bool is_sure = find_form(c, FIRM, &found, &maybe) || find_form(c, loose, &found, &maybe);
    if (!is_sure && !maybe.variant)
        return NULL;
    take(match, is_sure ? &found : &maybe, is_sure);
    return is_sure ? found.variant : maybe.variant;
}

/* Reads one text as command and as answer. */
static const struct variant *read_text(const struct grammar *grammar, struct arena *arena, struct view folded, int at, struct match *match)
{
    const struct fixed *fixed = index_find(&grammar->index, folded);
    const struct variant *variant = fixed ? fixed->variant[at == AT_PROVIDER] : NULL;
    if (variant) {
        take(match, &(struct found){.variant = variant}, true);
    } else {
        struct candidates candidates = candidates_of(grammar, arena, folded, at, match->text);
        variant = read_command(&candidates, LOOSE, match);
    }
    if (is_digit(folded.at[0]) && regex_match(grammar->reading.serials, arena, folded, NULL, 0)) {
        match->serials = serials_normal(arena, folded);
        match->answer = ANSWER_SERIALS;
    }
    if (fixed && fixed->answer)
        match->answer = fixed->answer;
    return variant;
}

/* --- rules D9: quoted codes --- */

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

/* --- blanks and quotes inside of a text: "取消 彩铃 业务", "KT“GPRS”" --- */

/* U+3400–U+9FFF: three bytes, and no others begin so. */
static bool is_han(const char *bytes)
{
    unsigned char first = (unsigned char)bytes[0];
    return (first > 0xe3 && first < 0xea) || (first == 0xe3 && (unsigned char)bytes[1] >= 0x90);
}

static bool is_blank_beside_han(struct view v, size_t i)
{
    return v.at[i] == ' ' && ((i >= 3 && is_han(v.at + i - 3)) || (v.size - i > 3 && is_han(v.at + i + 1)));
}

/* The text without the quotes inside of it and without its blanks beside Han characters, which part nothing; empty when it has none of
 * these, or is longer than a code. */
static struct view closed_up(const struct grammar *grammar, struct arena *arena, struct view folded)
{
    char out[CODE_SIZE_MAX];
    size_t size = 0;
    if (folded.size > CODE_SIZE_MAX || !index_may_read(&grammar->index, folded)) /* as with nearly all prose */
        return VIEW_NONE;
    for (size_t i = 0, dropped; i < folded.size; i += dropped ? dropped : 1) {
        dropped = is_blank_beside_han(folded, i);
        if (i > 0 && grammar->reading.quote_begins[(unsigned char)folded.at[i]])
            dropped = word_at_start(&grammar->reading.quotes, view_from(folded, i)).size;
        if (!dropped)
            out[size++] = folded.at[i];
    }
    return size < folded.size ? fold(arena, (struct view){out, size}) : VIEW_NONE;
}

/* Free text keeps its blanks: of loose forms only those about services are asked. */
static const struct variant *read_closed_up(const struct grammar *grammar, struct arena *arena, struct view folded, struct match *match)
{
    struct view closed = closed_up(grammar, arena, folded);
    if (!closed.size)
        return NULL;
    const struct fixed *fixed = index_find(&grammar->index, closed);
    if (fixed && fixed->variant[0]) {
        take(match, &(struct found){.variant = fixed->variant[0]}, true);
        return fixed->variant[0];
    }
    struct candidates candidates = candidates_of(grammar, arena, closed, AT_HALL, match->text);
    return read_command(&candidates, ABOUT_SERVICES, match);
}

/* --- rules D9: forwarded instructions --- */

static bool has_word(const struct words *words, struct view v)
{
    for (size_t i = 0; i < words->count; i++)
        if (memmem(v.at, v.size, words->word[i].at, words->word[i].size))
            return true;
    return false;
}

/* A code, as it stands before the prose of a forwarded instruction: without its quotes; empty when it is none. One letter is no code
 * ("Y，我明天到"), and neither is a number. */
static struct view code_of_piece(const struct grammar *grammar, struct arena *arena, struct view piece)
{
    struct view inner = piece.size ? unquoted(grammar, arena, piece) : VIEW_NONE, code = inner.size ? inner : piece;
    size_t i = 0, digits = 0;
    while (digits < code.size && is_digit(code.at[digits]))
        digits++;
    if (code.size)
        view_code_point(code, &i);
    return i < code.size && digits < code.size ? code : VIEW_NONE;
}

/* The command of a code alone: a fixed text, a form that names a service for sure ("QXGPRS"), or, if it only reads, another form that
 * says much ("ZD201211", "HF 201307"). */
static bool find_code(const struct grammar *grammar, struct arena *arena, struct view code, struct view raw, struct found *found)
{
    const struct fixed *fixed = index_find(&grammar->index, code);
    struct found maybe = {0};
    if (fixed && fixed->variant[0]) {
        found->variant = fixed->variant[0];
        return true;
    }
    struct candidates candidates = candidates_of(grammar, arena, code, AT_HALL, raw);
    if (find_form(&candidates, FIRM, found, &maybe))
        return found->variant->row->command.effect == EFFECT_READS;
    return find_form(&candidates, ABOUT_SERVICES, found, &maybe);
}

/* Moves *i to the next mark that ends a code; gives its size, 0 when there is none. */
static size_t next_end(const struct reading *reading, struct view folded, size_t *i)
{
    size_t bound = folded.size < CODE_SIZE_MAX ? folded.size : CODE_SIZE_MAX;
    for (; *i < bound; ++*i)
        if (reading->end_begins[(unsigned char)folded.at[*i]]) {
            struct view end = word_at_start(&reading->ends, view_from(folded, *i));
            if (end.size)
                return end.size;
        }
    return 0;
}

/* "QXQDXB,请您将本信息直接转发至10086": what stands before the first end is the code. If a number follows, it may be an argument
 * ("HF,201307,请…"), and the longer piece is tried too. */
static bool find_code_before_prose(const struct grammar *grammar, struct arena *arena, struct view folded, struct view raw,
                                   struct view *prose, struct found *found)
{
    size_t i = 0;
    found->variant = NULL;
    for (size_t end; (end = next_end(&grammar->reading, folded, &i)) > 0;) {
        struct view code = code_of_piece(grammar, arena, fold(arena, view_head(folded, i)));
        struct found longer;
        i += end;
        if (code.size && find_code(grammar, arena, code, raw, &longer)) {
            *found = longer;
            *prose = view_from(folded, i);
        }
        if (i == folded.size || !is_digit(folded.at[i]))
            break;
    }
    return found->variant != NULL;
}

/* A code that does more than read is taken from prose only if that names both the deed and the hall. */
static const struct variant *read_forwarded(const struct grammar *grammar, struct arena *arena, struct view folded, struct match *match)
{
    struct view prose;
    struct found found;
    if (!find_code_before_prose(grammar, arena, folded, match->text, &prose, &found))
        return NULL;
    bool has_deed = has_word(&grammar->reading.words, prose), has_hall = has_word(&grammar->reading.numbers, prose);
    if (found.variant->row->command.effect == EFFECT_READS ? !has_deed && !has_hall : !has_deed || !has_hall)
        return NULL;
    take(match, &found, true);
    return found.variant;
}

/* The text as it stands, or what stands in its quotes. */
static const struct variant *read_plainly(const struct grammar *grammar, struct arena *arena, struct view *folded, int at,
                                          struct match *match)
{
    const struct variant *variant = read_text(grammar, arena, *folded, at, match);
    if (variant || match->answer)
        return variant;
    struct view inner = unquoted(grammar, arena, *folded);
    if (!inner.size)
        return NULL;
    *folded = inner;
    return read_text(grammar, arena, inner, at, match);
}

static struct read read_any_way(const struct grammar *grammar, struct arena *arena, int at, struct match *match)
{
    struct view inside = match->folded;
    const struct variant *variant = read_plainly(grammar, arena, &inside, at, match), *closed;
    if (match->command || match->answer || at != AT_HALL) /* a provider gets its texts as they are: rules B8 */
        return (struct read){variant, variant && !variant->is_loose};
    closed = read_closed_up(grammar, arena, inside, match);
    if (closed)
        return (struct read){closed, !closed->is_loose};
    if (variant)
        return (struct read){variant, false};
    return (struct read){read_forwarded(grammar, arena, match->folded, match), false};
}

/* "246 810" is a password with a blank in it rather than two numbers of a list, which are never so long. */
static bool is_parted_pin(struct view folded)
{
    bool is_pin = folded.size == 7 && folded.at[3] == ' ';
    for (size_t i = 0; is_pin && i < folded.size; i++)
        is_pin = i == 3 || is_digit(folded.at[i]);
    return is_pin;
}

/* --- rules C5 --- */

/* 106602 asks for help at that port (rules B8), and most ports are longer. Which one a text came to is not known here. */
static bool is_port_number(struct view folded)
{
    bool is_port = folded.size == 6 && view_starts_with(folded, VIEW("106"));
    for (size_t i = 0; is_port && i < folded.size; i++)
        is_port = is_digit(folded.at[i]);
    return is_port;
}

static enum masking masking_of(const struct grammar *grammar, struct read read, int at, const struct match *match)
{
    if (read.variant && read.variant->has_secret)
        return MASK_EVERY;
    bool is_known = read.is_whole || (at == AT_PROVIDER && is_port_number(match->folded));
    enum masking masking = is_known ? MASK_NOTHING : masks_needed(&grammar->masks, match->folded);
    bool is_too_long = match->text.size > FOLD_SIZE_MAX; /* its end was not looked at: it may hold anything, numerals too */
    return is_too_long ? MASK_EVERY : masking;
}

static void mask(const struct grammar *grammar, struct arena *arena, struct read read, int at, struct match *match)
{
    enum masking masking = masking_of(grammar, read, at, match);
    if (masking == MASK_NOTHING)
        return;
    for (size_t i = 0; read.variant && i < match->arguments; i++) /* free text may hold a secret too; a secret itself is needed as it is */
        if (read.variant->capture[i].type->is_loose && !match->argument[i].is_secret)
            match->argument[i].value = mask_digits(arena, match->argument[i].value, masking);
    match->has_secret = true;
    match->text = mask_digits(arena, match->text, masking);
    match->folded = mask_digits(arena, match->folded, masking);
}

void grammar_match(const struct grammar *grammar, struct arena *arena, struct view utf8, int at, struct match *match)
{
    struct read read = {0};
    *match = (struct match){.text = utf8, .folded = fold(arena, utf8)};
    if (match->folded.size && utf8.size <= FOLD_SIZE_MAX) { /* an empty text is nothing (rules A9); of a longer one the end is not known */
        read = read_any_way(grammar, arena, at, match);
        bool is_question = has_question_mark(utf8); /* "是？" consents to nothing (rules A4) */
        if (match->answer && (is_question || is_parted_pin(match->folded))) {
            match->answer = ANSWER_NONE;
            match->serials = VIEW_NONE;
        }
    }
    mask(grammar, arena, read, at, match);
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

struct view match_answer_first(const struct match *match, struct arena *arena)
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

struct view match_answer_text(const struct match *match, struct arena *arena)
{
    struct view first = match_answer_first(match, arena);
    if (match->answer == ANSWER_SERIALS || !match->serials.size)
        return first;
    return arena_printf(arena, "%.*s,serials:%.*s", VIEW_ARG(first), VIEW_ARG(match->serials));
}

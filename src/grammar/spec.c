/* Reading goes on after a fault: each is noted, and something harmless stands in for what was wrong, so that one run finds them all. */
#include "grammar/spec.h"

#include <stdlib.h>
#include <string.h>

#include "sms/fold.h"

enum { PARTS_DEFAULT = 2, PARTS_MAX = 10 };

static void check_keys(const struct sheet *sheet, const struct yaml *map, const char *what, const char *const *keys)
{
    if (map->kind != YAML_MAP) {
        fault_note(sheet->log, sheet->file, map->line, "%s must be a map of keys and values", what);
        return;
    }
    for (const struct yaml *member = map->child; member; member = member->next) {
        const char *const *key = keys;
        while (*key && !view_equal(member->key, view_of(*key)))
            key++;
        if (!*key)
            fault_note(sheet->log, sheet->file, member->key_line, "unknown key \"%.*s\" in %s", VIEW_ARG(member->key), what);
    }
}

/* The member's text; NULL in *node when it is not there, or is no text (which is noted). */
static struct view get_text(const struct sheet *sheet, const struct yaml *map, const char *key, const struct yaml **node)
{
    const struct yaml *member = yaml_get(map, view_of(key));
    if (node)
        *node = member;
    if (!member)
        return VIEW_NONE;
    if (member->kind == YAML_SCALAR)
        return member->value;
    fault_note(sheet->log, sheet->file, member->line, "%s must be a text", key);
    if (node)
        *node = NULL;
    return VIEW_NONE;
}

static uint64_t get_number(const struct sheet *sheet, const struct yaml *map, const char *key, uint64_t most, uint64_t otherwise)
{
    const struct yaml *node;
    uint64_t number = otherwise;
    struct view text = get_text(sheet, map, key, &node);
    if (node && !view_number(text, most, &number))
        fault_note(sheet->log, sheet->file, node->line, "%s must be a number of 0 to %llu", key, (unsigned long long)most);
    return number;
}

static bool get_flag(const struct sheet *sheet, const struct yaml *map, const char *key)
{
    const struct yaml *node;
    struct view text = get_text(sheet, map, key, &node);
    if (node && !view_equal(text, VIEW("true")) && !view_equal(text, VIEW("false")))
        fault_note(sheet->log, sheet->file, node->line, "%s must be true or false", key);
    return view_equal(text, VIEW("true"));
}

/* The texts of a list; empty when it is not there, which is a fault when `must`. */
static struct words get_words(const struct sheet *sheet, const struct yaml *map, const char *key, bool must)
{
    const struct yaml *list = yaml_get(map, view_of(key));
    struct words words = {0};
    size_t count = 0;
    if (must && (!list || !list->child)) {
        fault_note(sheet->log, sheet->file, list ? list->line : map->line, "%s is missing or empty", key);
        return words;
    }
    if (list && list->kind != YAML_LIST) {
        fault_note(sheet->log, sheet->file, list->line, "%s must be a list", key);
        return words;
    }
    for (const struct yaml *item = list ? list->child : NULL; item; item = item->next)
        count++;
    words.word = ARENA_ARRAY(sheet->grammar->arena, struct view, count + 1);
    for (const struct yaml *item = list ? list->child : NULL; item; item = item->next) {
        if (item->kind == YAML_SCALAR && item->value.size)
            words.word[words.count++] = item->value;
        else
            fault_note(sheet->log, sheet->file, item->line, "%s has an entry that is no text", key);
    }
    return words;
}

/* The member at key if it is of this kind; NULL when there is none, or when it is another, which is noted. */
static const struct yaml *get_kind(const struct sheet *sheet, const char *key, enum yaml_kind kind, const char *what)
{
    const struct yaml *node = yaml_get(sheet->root, view_of(key));
    if (!node || node->kind == kind)
        return node;
    fault_note(sheet->log, sheet->file, node->key_line, "%s must be %s", key, what);
    return NULL;
}

/* The words as alternatives of a pattern; each put through `write` first. */
static struct view alternatives(struct arena *arena, struct words words, struct view (*write)(struct arena *, struct view))
{
    struct view all = VIEW("");
    for (size_t i = 0; i < words.count; i++)
        all = arena_printf(arena, "%.*s%s%.*s", VIEW_ARG(all), i ? "|" : "", VIEW_ARG(write(arena, words.word[i])));
    return arena_printf(arena, "(?:%.*s)", VIEW_ARG(all));
}

static struct view as_it_is(struct arena *arena, struct view v)
{
    (void)arena;
    return v;
}

/* --- types.yaml --- */

static enum catalogue get_catalogue(const struct sheet *sheet, const struct yaml *map)
{
    static const char *const name[] = {[CATALOGUE_ANY] = "any", [CATALOGUE_NAMES] = "names", [CATALOGUE_CODES] = "codes"};
    const struct yaml *node;
    struct view text = get_text(sheet, map, "catalogue", &node);
    for (int i = CATALOGUE_ANY; node && i <= CATALOGUE_CODES; i++)
        if (view_equal(text, view_of(name[i])))
            return (enum catalogue)i;
    if (node)
        fault_note(sheet->log, sheet->file, node->line, "catalogue must be any, names or codes, not \"%.*s\"", VIEW_ARG(text));
    return CATALOGUE_NONE;
}

static int compare_longest_first(const void *a, const void *b)
{
    size_t left = ((const struct view *)a)->size, right = ((const struct view *)b)->size;
    return (left < right) - (left > right);
}

static size_t children_of(const struct yaml *node)
{
    size_t count = 0;
    for (const struct yaml *child = node ? node->child : NULL; child; child = child->next)
        count++;
    return count;
}

/* Puts a word in that stands for the value; false: it cannot be, which is noted. */
static bool add_type_word(const struct sheet *sheet, struct type *type, int line, struct view *word, struct view value)
{
    struct view folded = fold(sheet->grammar->arena, *word);
    uint32_t next = (uint32_t)type->word_of.count;
    bool is_new = folded.size && *table_put(&type->word_of, folded, next) == next;
    if (is_new)
        type->word_value[next] = value;
    else
        fault_note(sheet->log, sheet->file, line, "the word \"%.*s\" is %s", VIEW_ARG(*word),
                   folded.size ? "given twice" : "empty when folded");
    *word = folded;
    return is_new;
}

/* {busy: [遇忙, 占线]}: what people type for each value, as the type's words and its pattern; a longer word goes before its beginning. */
static void read_type_words(const struct sheet *sheet, const struct yaml *node, struct type *type)
{
    struct arena *arena = sheet->grammar->arena;
    const struct yaml *map = yaml_get(node, VIEW("words"));
    struct words all = {0};
    size_t count = 0;
    for (const struct yaml *value = map ? map->child : NULL; value; value = value->next)
        count += children_of(value);
    if (!count || map->kind != YAML_MAP) {
        fault_note(sheet->log, sheet->file, node->key_line, "words must be a map of values and the words for each");
        return;
    }
    all.word = ARENA_ARRAY(arena, struct view, count);
    type->word_value = ARENA_ARRAY(arena, struct view, count);
    type->word_of.arena = arena;
    for (const struct yaml *value = map->child; value; value = value->next) {
        struct words words = get_words(sheet, map, arena_string(arena, value->key), true);
        for (size_t i = 0; i < words.count; i++)
            if (add_type_word(sheet, type, value->line, &words.word[i], value->key))
                all.word[all.count++] = words.word[i];
    }
    qsort(all.word, all.count, sizeof *all.word, compare_longest_first);
    type->pattern = alternatives(arena, all, pattern_quote);
    type->word = all.word;
    type->words = all.count;
    if (!type->samples) {
        type->sample = all.word;
        type->samples = all.count;
    }
}

static void read_type_patterns(const struct sheet *sheet, const struct yaml *node, struct type *type)
{
    struct err err;
    struct words patterns = get_words(sheet, node, "patterns", true);
    for (size_t i = 0; i < patterns.count; i++)
        if (regex_check(patterns.word[i], &err) != IS_DONE)
            fault_note(sheet->log, sheet->file, yaml_get(node, VIEW("patterns"))->line, "%s", err.text);
    type->pattern = alternatives(sheet->grammar->arena, patterns, as_it_is);
}

static void read_type(const struct sheet *sheet, const struct yaml *node, struct type *type)
{
    static const char *const keys[] = {"patterns",  "words", "normal", "secret",  "loose", "code",
                                       "catalogue", "min",   "max",    "samples", NULL};
    const struct yaml *normal;
    check_keys(sheet, node, "a type", keys);
    struct view normal_name = get_text(sheet, node, "normal", &normal);
    bool is_words = view_equal(normal_name, VIEW("words"));
    struct words samples = get_words(sheet, node, "samples", !is_words);
    *type = (struct type){
        .name = node->key,
        .normal = normal_find(normal ? normal_name : VIEW("text")),
        .is_secret = get_flag(sheet, node, "secret"),
        .is_loose = get_flag(sheet, node, "loose"),
        .is_code = get_flag(sheet, node, "code"),
        .catalogue = get_catalogue(sheet, node),
        .least = get_number(sheet, node, "min", INT64_MAX, 0),
        .most = get_number(sheet, node, "max", INT64_MAX, 0),
        .sample = samples.word,
        .samples = samples.count,
        .line = node->key_line,
    };
    (is_words ? read_type_words : read_type_patterns)(sheet, node, type);
    if (normal && !type->normal) {
        fault_note(sheet->log, sheet->file, normal->line, "unknown normal form \"%.*s\"", VIEW_ARG(normal_name));
        type->normal = normal_find(VIEW("text"));
    }
    if (!type->samples) {
        static struct view stand_in = {"0", 1};
        type->sample = &stand_in;
        type->samples = 1;
    }
}

void spec_read_types(const struct sheet *sheet)
{
    struct types *types = &sheet->grammar->types;
    types->type = ARENA_ARRAY(sheet->grammar->arena, struct type, children_of(sheet->root) + 1);
    for (const struct yaml *node = sheet->root->child; node; node = node->next)
        read_type(sheet, node, &types->type[types->count++]);
}

/* --- reading.yaml --- */

static void note_beginnings(const struct words *words, bool begins[256])
{
    for (size_t i = 0; i < words->count; i++)
        begins[(unsigned char)words->word[i].at[0]] = true;
}

void spec_read_reading(const struct sheet *sheet)
{
    static const char *const keys[] = {"separators", "quotes", "forwarded", NULL};
    static const char *const forwarded_keys[] = {"ends", "words", "numbers", NULL};
    struct reading *reading = &sheet->grammar->reading;
    const struct yaml *forwarded = yaml_get(sheet->root, VIEW("forwarded"));
    check_keys(sheet, sheet->root, "reading.yaml", keys);
    reading->separators = get_words(sheet, sheet->root, "separators", true);
    reading->separator = alternatives(sheet->grammar->arena, reading->separators, pattern_quote);
    reading->quotes = get_words(sheet, sheet->root, "quotes", false);
    note_beginnings(&reading->quotes, reading->quote_begins);
    if (!forwarded)
        return;
    check_keys(sheet, forwarded, "forwarded", forwarded_keys);
    reading->ends = get_words(sheet, forwarded, "ends", true);
    note_beginnings(&reading->ends, reading->end_begins);
    reading->words = get_words(sheet, forwarded, "words", true);
    reading->numbers = get_words(sheet, forwarded, "numbers", true);
}

/* --- answers.yaml --- */

static void read_answer(const struct sheet *sheet, const char *key, enum answer answer)
{
    struct words words = get_words(sheet, sheet->root, key, true), *all = &sheet->grammar->answers;
    struct view *known = ARENA_ARRAY(sheet->grammar->arena, struct view, all->count + words.count + 1);
    if (all->count)
        memcpy(known, all->word, all->count * sizeof *known);
    all->word = known;
    for (size_t i = 0; i < words.count; i++) {
        struct view text = fold(sheet->grammar->arena, words.word[i]);
        int line = yaml_get(sheet->root, view_of(key))->line;
        if (!text.size) {
            fault_note(sheet->log, sheet->file, line, "the word \"%.*s\" is empty when folded", VIEW_ARG(words.word[i]));
            continue;
        }
        struct fixed *fixed = index_fixed(&sheet->grammar->index, text);
        if (fixed->answer)
            fault_note(sheet->log, sheet->file, line, "the word \"%.*s\" is given twice", VIEW_ARG(words.word[i]));
        fixed->answer = answer;
        all->word[all->count++] = text;
    }
}

void spec_read_answers(const struct sheet *sheet)
{
    static const char *const keys[] = {"yes", "no", "serials", NULL};
    struct reading *reading = &sheet->grammar->reading;
    const struct yaml *node;
    struct err err;
    check_keys(sheet, sheet->root, "answers.yaml", keys);
    read_answer(sheet, "yes", ANSWER_YES);
    read_answer(sheet, "no", ANSWER_NO);
    struct view serials = get_text(sheet, sheet->root, "serials", &node);
    if (!node)
        fault_note(sheet->log, sheet->file, sheet->root->line, "serials is missing");
    else if (regex_check(serials, &err) != IS_DONE || regex_compile(serials, &reading->serials, &err) != IS_DONE)
        fault_note(sheet->log, sheet->file, node->line, "%s", err.text);
}

/* --- reserved.yaml --- */

int spec_at(struct view word)
{
    static const struct {
        const char *word;
        int at;
    } table[] = {{"hall", AT_HALL}, {"provider", AT_PROVIDER}, {"any", AT_HALL | AT_PROVIDER}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (view_equal(word, view_of(table[i].word)))
            return table[i].at;
    return 0;
}

/* A kind of port at key `at`, or `otherwise` when there is none. */
static int get_at(const struct sheet *sheet, const struct yaml *map, int otherwise)
{
    const struct yaml *node;
    struct view text = get_text(sheet, map, "at", &node);
    int at = node ? spec_at(text) : otherwise;
    if (node && !at)
        fault_note(sheet->log, sheet->file, node->line, "at must be hall, provider or any, not \"%.*s\"", VIEW_ARG(text));
    return at ? at : otherwise;
}

static void read_reserved_group(const struct sheet *sheet, const struct yaml *node)
{
    static const char *const keys[] = {"words", "at", NULL};
    struct grammar *grammar = sheet->grammar;
    check_keys(sheet, node, "a group of reserved words", keys);
    int at = get_at(sheet, node, AT_HALL | AT_PROVIDER);
    struct words words = get_words(sheet, node, "words", true);
    struct reserved *all = ARENA_ARRAY(grammar->arena, struct reserved, grammar->reserved_count + words.count);
    if (grammar->reserved_count)
        memcpy(all, grammar->reserved, grammar->reserved_count * sizeof *all);
    for (size_t i = 0; i < words.count; i++)
        all[grammar->reserved_count++] = (struct reserved){fold(grammar->arena, words.word[i]), at, node->line};
    grammar->reserved = all;
}

void spec_read_reserved(const struct sheet *sheet)
{
    static const char *const keys[] = {"reserved", "masked", NULL};
    const struct yaml *groups = yaml_get(sheet->root, VIEW("reserved"));
    check_keys(sheet, sheet->root, "reserved.yaml", keys);
    sheet->grammar->reserved_file = sheet->file;
    if (!groups || groups->kind != YAML_LIST || !groups->child)
        fault_note(sheet->log, sheet->file, groups ? groups->line : sheet->root->line, "reserved must be a list of groups of words");
    else
        for (const struct yaml *node = groups->child; node; node = node->next)
            read_reserved_group(sheet, node);
    sheet->grammar->masked = get_words(sheet, sheet->root, "masked", false);
}

/* --- names.yaml --- */

static void add_name(const struct sheet *sheet, int line, struct view spelling, struct view word)
{
    struct names *names = &sheet->grammar->names;
    struct view folded = fold(sheet->grammar->arena, spelling);
    uint32_t next = (uint32_t)names->word_of.count;
    if (!folded.size)
        fault_note(sheet->log, sheet->file, line, "the name \"%.*s\" is empty when folded", VIEW_ARG(spelling));
    else if (*table_put(&names->word_of, folded, next) < next)
        fault_note(sheet->log, sheet->file, line, "the name \"%.*s\" is given twice", VIEW_ARG(spelling));
    else
        names->word[next] = fold(sheet->grammar->arena, word);
}

void spec_read_names(const struct sheet *sheet)
{
    static const char *const keys[] = {"names", "spellings", NULL};
    struct names *names = &sheet->grammar->names;
    const struct yaml *spellings = get_kind(sheet, "spellings", YAML_MAP, "a map of spellings and names");
    check_keys(sheet, sheet->root, "names.yaml", keys);
    struct words words = get_words(sheet, sheet->root, "names", false);
    names->word = ARENA_ARRAY(sheet->grammar->arena, struct view, words.count + children_of(spellings) + 1);
    for (size_t i = 0; i < words.count; i++)
        add_name(sheet, yaml_get(sheet->root, VIEW("names"))->line, words.word[i], words.word[i]);
    for (const struct yaml *node = spellings ? spellings->child : NULL; node; node = node->next)
        if (node->kind == YAML_SCALAR && names_find(names, fold(sheet->grammar->arena, node->value)).size)
            add_name(sheet, node->key_line, node->key, node->value);
        else
            fault_note(sheet->log, sheet->file, node->line, "\"%.*s\" is no spelling of one of the names", VIEW_ARG(node->key));
}

struct view names_find(const struct names *names, struct view folded)
{
    const uint32_t *number = table_get(&names->word_of, folded);
    return number ? names->word[*number] : VIEW_NONE;
}

/* --- a command --- */

/* Names go into SQL function names and metrics: small letters, digits, _. */
static bool is_name(struct view v)
{
    for (size_t i = 0; i < v.size; i++)
        if (!((v.at[i] >= 'a' && v.at[i] <= 'z') || (i > 0 && (v.at[i] == '_' || (v.at[i] >= '0' && v.at[i] <= '9')))))
            return false;
    return v.size > 0 && v.size <= 48;
}

static struct view get_name(const struct sheet *sheet, const char *key)
{
    const struct yaml *node;
    struct view name = get_text(sheet, sheet->root, key, &node);
    if (node && !is_name(name))
        fault_note(sheet->log, sheet->file, node->line, "%s must be a name of small letters, digits and _, not \"%.*s\"", key,
                   VIEW_ARG(name));
    return name;
}

/* The place in `names` of the word at key; `otherwise` when there is none. */
static int get_choice(const struct sheet *sheet, const char *key, const char *(*name_of)(int), int choices, int otherwise)
{
    const struct yaml *node;
    struct view text = get_text(sheet, sheet->root, key, &node);
    for (int i = 0; node && i < choices; i++)
        if (view_equal(text, view_of(name_of(i))))
            return i;
    if (node)
        fault_note(sheet->log, sheet->file, node->line, "%s must be one of %s, %s, %s, not \"%.*s\"", key, name_of(0), name_of(1),
                   name_of(2), VIEW_ARG(text));
    return otherwise;
}

static const char *effect_of(int number)
{
    return effect_name((enum effect)number);
}

static const char *confirm_of(int number)
{
    return confirm_name((enum confirm)number);
}

/* SMS that replies may take: a number, or one for each language, {zh: 1, en: 2}. */
static void get_parts(const struct sheet *sheet, const struct yaml *map, const size_t otherwise[LANGUAGES], size_t parts[LANGUAGES])
{
    static const char *const keys[] = {"zh", "en", NULL};
    const struct yaml *node = yaml_get(map, VIEW("parts"));
    bool is_map = node && node->kind == YAML_MAP;
    if (is_map)
        check_keys(sheet, node, "parts", keys);
    for (int i = 0; i < LANGUAGES; i++)
        parts[i] = is_map ? (size_t)get_number(sheet, node, keys[i], PARTS_MAX, otherwise[i])
                          : (size_t)get_number(sheet, map, "parts", PARTS_MAX, otherwise[i]);
}

static void read_forms(const struct sheet *sheet, struct row *row)
{
    const struct yaml *list = yaml_get(sheet->root, VIEW("forms"));
    struct err err;
    get_words(sheet, sheet->root, "forms", list != NULL); /* for its faults */
    row->form = ARENA_ARRAY(sheet->grammar->arena, struct form, children_of(list) + 1);
    for (const struct yaml *node = list ? list->child : NULL; node; node = node->next) {
        struct form *form = &row->form[row->forms];
        form->line = node->line;
        if (node->kind != YAML_SCALAR || !node->value.size)
            continue;
        if (form_read(sheet->grammar->arena, &sheet->grammar->types, node->value, form, &err) == IS_DONE)
            row->forms++;
        else
            fault_note(sheet->log, sheet->file, node->line, "the form \"%.*s\" %s", VIEW_ARG(node->value), err.text);
    }
}

/* {YETX: open_reminder}: whether there is such a command is seen when all are read (build.c). */
static void read_insteads(const struct sheet *sheet, struct row *row)
{
    const struct yaml *map = get_kind(sheet, "instead", YAML_MAP, "a map of services and commands");
    row->instead = ARENA_ARRAY(sheet->grammar->arena, struct instead, children_of(map) + 1);
    for (const struct yaml *node = map ? map->child : NULL; node; node = node->next)
        row->instead[row->insteads++] =
            (struct instead){.service = fold(sheet->grammar->arena, node->key), .name = node->value, .line = node->line};
}

/* {fresh: pin}: one secret. */
static void read_makes(const struct sheet *sheet, struct row *row)
{
    const struct yaml *map = get_kind(sheet, "makes", YAML_MAP, "a map of one argument and its type"), *made = map ? map->child : NULL;
    if (!map)
        return;
    const struct type *type = made ? types_find(&sheet->grammar->types, made->value) : NULL;
    if (!made || made->next || !is_name(made->key) || !type || !type->is_secret) {
        fault_note(sheet->log, sheet->file, map->line, "makes must be one argument and a secret type, such as {fresh: pin}");
        return;
    }
    row->command.makes.name = made->key;
    row->command.makes.type = type->name;
}

/* False: it has no words in that language, or none that hold, which is noted. */
static bool read_wording(const struct sheet *sheet, struct view outcome, const struct yaml *node, struct wording *wording)
{
    struct err err;
    wording->line = node->line;
    if (!view_trim(node->value).size)
        fault_note(sheet->log, sheet->file, node->line, "the reply \"%.*s\" is empty", VIEW_ARG(outcome));
    else if (template_compile(sheet->grammar->arena, node->value, &wording->template, &err) != IS_DONE)
        fault_note(sheet->log, sheet->file, node->line, "the reply \"%.*s\": %s", VIEW_ARG(outcome), err.text);
    else
        wording->source = node->value;
    return wording->source.size > 0;
}

/* A reply is its text in Chinese, or {zh: …, en: …, parts: N, one_language: [fields]}. */
static void read_reply(const struct sheet *sheet, struct row *row, const struct yaml *node)
{
    static const char *const keys[] = {"zh", "en", "parts", "one_language", NULL};
    struct reply reply = {.outcome = node->key, .line = node->line};
    bool is_good = true;
    size_t parts[LANGUAGES];
    if (!is_name(node->key))
        fault_note(sheet->log, sheet->file, node->key_line, "an outcome is a name of small letters, not \"%.*s\"", VIEW_ARG(node->key));
    if (node->kind != YAML_SCALAR) {
        check_keys(sheet, node, "a reply", keys);
        reply.one_language = get_words(sheet, node, "one_language", false);
    }
    get_parts(sheet, node, row->parts, parts);
    for (int i = 0; i < LANGUAGES; i++) {
        const struct yaml *words = i == LANGUAGE_ZH ? node : NULL;
        if (node->kind != YAML_SCALAR)
            get_text(sheet, node, keys[i], &words);
        reply.wording[i].parts = parts[i];
        if (words)
            is_good &= read_wording(sheet, node->key, words, &reply.wording[i]);
    }
    if (is_good && !reply.wording[LANGUAGE_ZH].source.size)
        fault_note(sheet->log, sheet->file, node->line, "the reply \"%.*s\" has no Chinese", VIEW_ARG(node->key));
    else if (is_good)
        row->reply[row->replies++] = reply;
}

static void read_replies(const struct sheet *sheet, struct row *row)
{
    const struct yaml *map = yaml_get(sheet->root, VIEW("replies"));
    if (map && map->kind != YAML_MAP) {
        fault_note(sheet->log, sheet->file, map->line, "replies must be a map of outcomes and texts");
        return;
    }
    row->reply = ARENA_ARRAY(sheet->grammar->arena, struct reply, children_of(map) + 1);
    for (const struct yaml *node = map ? map->child : NULL; node; node = node->next)
        read_reply(sheet, row, node);
}

/* What the hall says when no command can: a message must never be left without words. */
static void check_hall(const struct sheet *sheet)
{
    static const char *const needed[] = {"unknown",     "not_subscriber", "suspended", "unknown_port", "provider_text", "fault",
                                         "unavailable", "no_question",    "answered",  "use_serials",  "left"};
    const struct yaml *replies = yaml_get(sheet->root, VIEW("replies"));
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!yaml_get(replies, view_of(needed[i])))
            fault_note(sheet->log, sheet->file, replies ? replies->key_line : sheet->root->line, "the hall needs the reply \"%s\"",
                       needed[i]);
}

/* A question has an end in any case, and each of its ends has words (rules A3, A4, A6, A9). */
static void check_question(const struct sheet *sheet, const struct yaml *replies)
{
    static const char *const needed[] = {"ask", "again", "declined", "expired"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!yaml_get(replies, view_of(needed[i])))
            fault_note(sheet->log, sheet->file, yaml_get(sheet->root, VIEW("confirm"))->key_line,
                       "a command that confirms needs the reply \"%s\"", needed[i]);
}

/* Nothing of a secret is kept (rules C4), so nothing could be done with it when the answer comes. */
static bool has_secrets(const struct row *row)
{
    bool has_secret = row->command.makes.name.size > 0;
    for (size_t i = 0; i < row->forms; i++)
        for (size_t k = 0; k < row->form[i].parts; k++)
            has_secret |= row->form[i].part[k].kind == PART_CAPTURE && row->form[i].part[k].type->is_secret;
    return has_secret;
}

/* What must be there together. */
static void check_whole(const struct sheet *sheet, const struct row *row)
{
    const struct yaml *root = sheet->root, *forms = yaml_get(root, VIEW("forms")), *replies = yaml_get(root, VIEW("replies"));
    if (view_equal(row->command.name, VIEW("hall")))
        check_hall(sheet);
    if (!yaml_get(root, VIEW("command")))
        fault_note(sheet->log, sheet->file, root->line, "command is missing");
    if (!forms)
        return;
    static const char *const needed[] = {"title", "call", "effect", "replies"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!yaml_get(root, view_of(needed[i])))
            fault_note(sheet->log, sheet->file, forms->key_line, "a command with forms needs %s", needed[i]);
    if (replies && replies->kind == YAML_MAP && !replies->child)
        fault_note(sheet->log, sheet->file, replies->line, "a command with forms needs at least one reply");
    if (row->command.effect == EFFECT_READS && row->command.confirm != CONFIRM_NEVER)
        fault_note(sheet->log, sheet->file, yaml_get(root, VIEW("confirm"))->line, "a command that only reads has nothing to confirm");
    else if (row->command.confirm != CONFIRM_NEVER && has_secrets(row))
        fault_note(sheet->log, sheet->file, yaml_get(root, VIEW("confirm"))->line,
                   "a command with a secret cannot ask first: the secret is not kept until the answer comes");
    else if (row->command.confirm != CONFIRM_NEVER && replies && replies->kind == YAML_MAP)
        check_question(sheet, replies);
    if (row->command.effect != EFFECT_CHANGES && row->command.also_suspended)
        fault_note(sheet->log, sheet->file, yaml_get(root, VIEW("also_suspended"))->line,
                   "only a command that changes something is not heard from whoever is suspended");
}

void spec_read_command(const struct sheet *sheet, struct row *row)
{
    static const char *const keys[] = {"command",        "title", "at",    "forms",   "instead", "call",     "effect", "confirm",
                                       "also_suspended", "makes", "parts", "replies", "gives",   "examples", NULL};
    static const size_t parts[LANGUAGES] = {PARTS_DEFAULT, PARTS_DEFAULT};
    const struct yaml *call = yaml_get(sheet->root, VIEW("call"));
    check_keys(sheet, sheet->root, "a command", keys);
    row->command = (struct command){
        .name = get_name(sheet, "command"),
        .title = get_text(sheet, sheet->root, "title", NULL),
        .call = get_name(sheet, "call"),
        .call_line = call ? call->line : 0,
        .file = sheet->file,
        .at = get_at(sheet, sheet->root, AT_HALL),
        .effect = (enum effect)get_choice(sheet, "effect", effect_of, EFFECT_LEAVES + 1, EFFECT_READS),
        .confirm = (enum confirm)get_choice(sheet, "confirm", confirm_of, CONFIRM_ALWAYS + 1, CONFIRM_NEVER),
        .also_suspended = get_flag(sheet, sheet->root, "also_suspended"),
        .number = row->command.number,
    };
    get_parts(sheet, sheet->root, parts, row->parts);
    row->gives = get_kind(sheet, "gives", YAML_MAP, "a map of fields and samples");
    row->examples = get_kind(sheet, "examples", YAML_LIST, "a list");
    read_forms(sheet, row);
    read_insteads(sheet, row);
    read_makes(sheet, row);
    read_replies(sheet, row);
    check_whole(sheet, row);
}

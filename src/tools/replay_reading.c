/* A hall does not say which command it read and which template it answered with: both are told from the outside, by the same command
 * files. A text is read as the hall reads it. A reply is held against every template, with and without each of its sections, made a glob in
 * which `*` stands for a field; of those that fit, the one with the most words of its own is it, and among equals that of the command which
 * was read. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"
#include "grammar/grammar.h"
#include "grammar/template.h"
#include "sms/charset.h"
#include "tools/replay.h"

enum {
    OWN_SIZE_MIN = 6, /* bytes of its own by which a template can be told from others: two Chinese characters */
    SECTIONS_MAX = 6,
};

struct words {
    struct view label, glob;
    size_t own_size;
};

struct reading {
    struct arena *arena;
    struct grammar *grammar;
    struct view ports;
    struct words *words; /* most words of their own first */
    size_t count, room;
};

/* --- templates as globs --- */

static void add_literal(struct text *glob, struct view v)
{
    for (size_t i = 0; i < v.size; i++) {
        if (v.at[i] == '*' || v.at[i] == '\\')
            text_add_char(glob, '\\');
        text_add_char(glob, v.at[i]);
    }
}

/* The template with those of its sections that `shown` has, the n-th by its n-th bit; more than SECTIONS_MAX are any text. Gives the bytes
 * that are its own. */
static size_t write_glob(const struct template *template, unsigned shown, struct text *glob)
{
    size_t own_size = 0;
    unsigned section = 0;
    for (size_t i = 0; i < template->steps; i++) {
        const struct step *step = &template->step[i];
        bool is_section = step->kind == STEP_IF || step->kind == STEP_UNLESS;
        bool is_any = step->kind == STEP_FIELD || (is_section && section >= SECTIONS_MAX);
        if (is_section && (is_any || !(shown >> section & 1)))
            i = step->end - 1;
        section += is_section;
        if (is_any && (!glob->size || glob->at[glob->size - 1] != '*'))
            text_add_char(glob, '*');
        if (step->kind == STEP_TEXT) {
            add_literal(glob, step->text);
            own_size += step->text.size;
        }
    }
    return own_size;
}

static void keep_words(struct reading *reading, struct words words)
{
    if (reading->count == reading->room) {
        reading->room = reading->room ? reading->room * 2 : 256;
        struct words *larger = ARENA_ARRAY(reading->arena, struct words, reading->room);
        if (reading->count)
            memcpy(larger, reading->words, reading->count * sizeof(*larger));
        reading->words = larger;
    }
    reading->words[reading->count++] = words;
}

static void add_words(struct reading *reading, struct view label, struct view source)
{
    struct template template;
    struct text glob = {0};
    unsigned sections = 0;
    if (template_compile(reading->arena, source, &template, NULL) != IS_DONE)
        return;
    for (size_t i = 0; i < template.steps; i++)
        sections += sections < SECTIONS_MAX && (template.step[i].kind == STEP_IF || template.step[i].kind == STEP_UNLESS);
    for (unsigned shown = 0; shown < 1u << sections; shown++) {
        text_clear(&glob);
        size_t own_size = write_glob(&template, shown, &glob);
        if (own_size >= OWN_SIZE_MIN)
            keep_words(reading, (struct words){label, arena_copy(reading->arena, text_view(&glob)), own_size});
    }
    text_free(&glob);
}

/* A text, or a text for each language: `ok: 好`, or `ok: {parts: 1, zh: 好, en: "Good"}`. */
static void add_reply(struct reading *reading, struct view command, const struct yaml *reply)
{
    struct view label = arena_printf(reading->arena, "%.*s/%.*s", VIEW_ARG(command), VIEW_ARG(reply->key));
    if (reply->kind == YAML_SCALAR)
        add_words(reading, label, reply->value);
    for (int i = 0; i < LANGUAGES; i++) {
        const struct yaml *words = yaml_get(reply, view_of(language_code((enum language)i)));
        if (words && words->kind == YAML_SCALAR)
            add_words(reading, label, words->value);
    }
}

static void read_command_file(struct reading *reading, const char *path)
{
    struct yaml *root;
    if (yaml_read_file(reading->arena, path, &root, NULL) != IS_DONE)
        return;
    const struct yaml *command = yaml_get(root, VIEW("command")), *replies = yaml_get(root, VIEW("replies"));
    if (!command || !replies || replies->kind != YAML_MAP)
        return;
    for (const struct yaml *reply = replies->child; reply; reply = reply->next)
        add_reply(reading, command->value, reply);
}

static int by_own_size(const void *a, const void *b)
{
    const struct words *left = a, *right = b;
    if (left->own_size != right->own_size)
        return left->own_size < right->own_size ? 1 : -1;
    int order = strcmp(left->label.at, right->label.at);
    return order ? order : strcmp(left->glob.at, right->glob.at);
}

static void read_templates(struct reading *reading, const char *folder)
{
    DIR *directory = opendir(folder);
    for (const struct dirent *entry; directory && (entry = readdir(directory));) {
        size_t size = strlen(entry->d_name);
        if (entry->d_name[0] != '.' && size > 5 && strcmp(entry->d_name + size - 5, ".yaml") == 0)
            read_command_file(reading, arena_printf(reading->arena, "%s/%s", folder, entry->d_name).at);
    }
    if (directory)
        closedir(directory);
    if (reading->count)
        qsort(reading->words, reading->count, sizeof(*reading->words), by_own_size);
}

/* --- opening --- */

enum outcome reading_open(const char *commands, const char *ports, struct reading **reading, struct err *err)
{
    struct faults faults = {0};
    struct grammar *grammar = grammar_load(commands, &faults);
    size_t count = faults.count;
    faults_free(&faults);
    if (!grammar)
        return err_refused(err, "%s has %zu faults, which smshall check tells", commands, count);
    struct arena *arena = arena_new();
    *reading = ARENA_NEW(arena, struct reading);
    **reading = (struct reading){.arena = arena, .grammar = grammar, .ports = arena_copy(arena, view_of(ports))};
    read_templates(*reading, commands);
    return IS_DONE;
}

void reading_close(struct reading **reading)
{
    if (!*reading)
        return;
    struct arena *arena = (*reading)->arena;
    grammar_free(&(*reading)->grammar);
    arena_free(&arena);
    *reading = NULL;
}

/* --- reading --- */

static int at_of(const struct reading *reading, struct view port)
{
    struct view ports = reading->ports;
    while (ports.size) {
        struct view own = view_trim(view_cut(&ports, ','));
        if (own.size && view_starts_with(port, own))
            return AT_HALL;
    }
    return AT_PROVIDER;
}

struct view reading_of_text(const struct reading *reading, struct arena *arena, struct view text, struct view port, struct view *masked)
{
    struct match match;
    struct view utf8 = VIEW_NONE;
    charset_decode(arena, text, VIEW("UTF-8"), -1, &utf8, NULL);
    grammar_match(reading->grammar, arena, utf8, at_of(reading, port), &match);
    *masked = match.text;
    if (match.command)
        return match.command->name;
    struct view answer = match_answer_first(&match, arena);
    if (match.maybe)
        return arena_printf(arena, "(maybe %.*s)", VIEW_ARG(match.maybe->name));
    if (answer.size) {
        struct view kind = view_cut(&answer, ':');
        return arena_printf(arena, "(answer %.*s)", VIEW_ARG(kind));
    }
    return VIEW("(nothing)");
}

static bool is_of(struct view label, struct view command)
{
    return view_starts_with(label, command) && label.size > command.size && label.at[command.size] == '/';
}

struct view reading_of_reply(const struct reading *reading, struct view text, struct view read)
{
    const struct words *found = NULL;
    for (size_t i = 0; i < reading->count; i++) {
        const struct words *words = &reading->words[i];
        if (found && words->own_size < found->own_size)
            break;
        bool is_better = !found || (is_of(words->label, read) && !is_of(found->label, read));
        if (is_better && talk_glob_fits(words->glob, text))
            found = words;
    }
    return found ? found->label : VIEW_NONE;
}

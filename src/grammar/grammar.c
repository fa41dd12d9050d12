/* Loading: the tables first, because the commands are written in their terms; then the commands; then, if all could be read, what
 * they promise is proved. A grammar is given out only when there was no fault at all. */
#include "grammar/grammar.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "grammar/build.h"
#include "grammar/prove.h"
#include "grammar/suggest.h"

/* --- files --- */

static const struct {
    const char *name;
    void (*read)(const struct sheet *sheet);
} table_files[] = {
    {"types.yaml", spec_read_types},       {"reading.yaml", spec_read_reading}, {"answers.yaml", spec_read_answers},
    {"reserved.yaml", spec_read_reserved}, {"names.yaml", spec_read_names},
};
enum { TABLE_FILES = sizeof table_files / sizeof *table_files };

static bool is_table_file(const char *name)
{
    for (size_t i = 0; i < TABLE_FILES; i++)
        if (strcmp(name, table_files[i].name) == 0)
            return true;
    return false;
}

/* A file that is neither hidden nor one of the tables. */
static int is_command_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && !is_table_file(entry->d_name);
}

static bool is_yaml_name(const char *name)
{
    size_t size = strlen(name);
    return size > 5 && strcmp(name + size - 5, ".yaml") == 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* alphasort would go by locale */
}

struct loader {
    struct grammar *grammar;
    struct fault_log log;
    struct view folder;
};

/* Reads folder/name; false when that is not to be had, which is noted. */
static bool open_sheet(struct loader *loader, const char *name, struct sheet *sheet)
{
    struct arena *arena = loader->grammar->arena;
    struct yaml *root;
    struct err err;
    *sheet = (struct sheet){.grammar = loader->grammar, .log = &loader->log};
    sheet->file = arena_printf(arena, "%.*s/%s", VIEW_ARG(loader->folder), name);
    if (yaml_read_file(arena, sheet->file.at, &root, &err) != IS_DONE) {
        fault_note_err(&loader->log, sheet->file, &err);
        return false;
    }
    sheet->root = root;
    return true;
}

static void read_tables(struct loader *loader)
{
    struct sheet sheet;
    for (size_t i = 0; i < TABLE_FILES; i++)
        if (open_sheet(loader, table_files[i].name, &sheet))
            table_files[i].read(&sheet);
}

static void read_command(struct loader *loader, const char *name)
{
    struct grammar *grammar = loader->grammar;
    struct row *row = &grammar->row[grammar->rows];
    struct sheet sheet;
    if (!is_yaml_name(name)) { /* a command that was meant to be there would be missing without a word */
        fault_note(&loader->log, arena_printf(grammar->arena, "%.*s/%s", VIEW_ARG(loader->folder), name), 1,
                   "the name of a command file ends in .yaml; hidden files alone are passed over");
        return;
    }
    if (!open_sheet(loader, name, &sheet))
        return;
    row->command.number = grammar->rows;
    spec_read_command(&sheet, row);
    uint32_t number = *table_put(&grammar->row_of, row->command.name, (uint32_t)grammar->rows++);
    if (number != row->command.number && row->command.name.size)
        fault_note(&loader->log, sheet.file, sheet.root->line, "the command \"%.*s\" is also in %.*s", VIEW_ARG(row->command.name),
                   VIEW_ARG(grammar->row[number].command.file));
}

static void read_commands(struct loader *loader)
{
    struct dirent **entry;
    int count = scandir(loader->folder.at, &entry, is_command_file, compare_names);
    if (count < 0) {
        fault_note(&loader->log, loader->folder, 1, "cannot read the folder: %s", strerrordesc_np(errno));
        return;
    }
    loader->grammar->row = ARENA_ARRAY(loader->grammar->arena, struct row, (size_t)count + 1);
    for (int i = 0; i < count; i++) {
        read_command(loader, entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
    if (count == 0)
        fault_note(&loader->log, loader->folder, 1, "there are no commands in the folder");
}

static void prove(struct loader *loader)
{
    prove_forms(loader->grammar, &loader->log);
    prove_reserved(loader->grammar, &loader->log);
    if (loader->grammar->reading.serials)
        prove_answers(loader->grammar, &loader->log);
    prove_masks(loader->grammar, &loader->log);
    prove_replies(loader->grammar, &loader->log);
    if (loader->grammar->reading.serials)
        prove_examples(loader->grammar, &loader->log);
}

static struct grammar *grammar_new(void)
{
    struct arena *arena = arena_new();
    struct grammar *grammar = ARENA_NEW(arena, struct grammar);
    grammar->arena = arena;
    grammar->row_of.arena = arena;
    grammar->names.word_of.arena = arena;
    for (size_t kind = 0; kind < PORT_KINDS; kind++)
        grammar->topic_of[kind].arena = arena;
    grammar->index = (struct index){.arena = arena, .fixed_of = {.arena = arena}, .pattern_of = {.arena = arena}};
    grammar->reading.separator = VIEW("(?:#)"); /* until reading.yaml says better */
    return grammar;
}

static void find_hall(struct loader *loader)
{
    struct grammar *grammar = loader->grammar;
    const uint32_t *hall = table_get(&grammar->row_of, VIEW("hall"));
    if (hall)
        grammar->hall = &grammar->row[*hall];
    else
        fault_note(&loader->log, arena_printf(grammar->arena, "%.*s/hall.yaml", VIEW_ARG(loader->folder)), 1,
                   "there is no command \"hall\", whose replies are those that every command may need");
}

/* It can be said without an argument: nothing more is known when it takes another's place. */
static bool takes_nothing(const struct row *row)
{
    for (size_t i = 0; i < row->variants; i++)
        if (row->variant[i].captures == 0)
            return true;
    return false;
}

/* The commands that some have for single services. */
static void find_insteads(struct loader *loader)
{
    struct grammar *grammar = loader->grammar;
    for (size_t i = 0; i < grammar->rows; i++)
        for (size_t k = 0; k < grammar->row[i].insteads; k++) {
            struct instead *instead = &grammar->row[i].instead[k];
            const uint32_t *number = table_get(&grammar->row_of, instead->name);
            instead->row = number && takes_nothing(&grammar->row[*number]) ? &grammar->row[*number] : NULL;
            if (!instead->row)
                fault_note(&loader->log, grammar->row[i].command.file, instead->line,
                           "instead of %.*s, \"%.*s\" must be a command that has a form without captures", VIEW_ARG(instead->service),
                           VIEW_ARG(instead->name));
        }
}

static void note_untranslated(const struct row *row, const struct reply *reply, const char *what, enum language language,
                              struct faults *faults)
{
    text_addf(&faults->untranslated, "%.*s:%d: reply \"%.*s\" has no %s%s%s\n", VIEW_ARG(row->command.file), reply->line,
              VIEW_ARG(reply->outcome), what, *what ? " in " : "", language_name(language));
}

static bool has_field(const struct template *template, struct view name)
{
    for (size_t i = 0; i < template->steps; i++)
        if (template->step[i].kind != STEP_TEXT && view_equal(template->step[i].text, name))
            return true;
    return false;
}

static bool may_lack(const struct reply *reply, struct view field)
{
    for (size_t i = 0; i < reply->one_language.count; i++)
        if (view_equal(reply->one_language.word[i], field))
            return true;
    return false;
}

/* The fields that are told in one language and not in the other: whoever reads that one would not know. */
static void list_untold(const struct grammar *grammar, const struct row *row, const struct reply *reply, enum language from,
                        enum language to, struct faults *faults)
{
    const struct template *told = &reply->wording[from].template, *other = &reply->wording[to].template;
    struct template seen = {.step = told->step};
    for (; seen.steps < told->steps; seen.steps++) {
        const struct step *step = &told->step[seen.steps];
        if (step->kind == STEP_TEXT || has_field(&seen, step->text) || has_field(other, step->text) || may_lack(reply, step->text))
            continue;
        note_untranslated(row, reply, arena_printf(grammar->arena, "{%.*s}", VIEW_ARG(step->text)).at, to, faults);
        faults->uneven_fields++;
    }
}

static void list_missing(const struct grammar *grammar, const struct row *row, const struct reply *reply, struct faults *faults)
{
    bool has_all = true;
    for (int language = 0; language < LANGUAGES; language++)
        if (!reply->wording[language].source.size) {
            note_untranslated(row, reply, "", (enum language)language, faults);
            faults->wordless_replies++;
            has_all = false;
        }
    if (!has_all)
        return;
    list_untold(grammar, row, reply, LANGUAGE_ZH, LANGUAGE_EN, faults);
    list_untold(grammar, row, reply, LANGUAGE_EN, LANGUAGE_ZH, faults);
}

/* The words that are missing, in the order of files and replies. */
static void list_untranslated(const struct grammar *grammar, struct faults *faults)
{
    for (size_t i = 0; i < grammar->rows; i++)
        for (size_t k = 0; k < grammar->row[i].replies; k++)
            list_missing(grammar, &grammar->row[i], &grammar->row[i].reply[k], faults);
}

static void write_page(struct grammar *grammar)
{
    struct text page = {0};
    suggest_write_commands(grammar, &page);
    grammar->page = arena_copy(grammar->arena, text_view(&page));
    text_free(&page);
}

struct grammar *grammar_load(const char *folder, struct faults *faults)
{
    struct grammar *grammar = grammar_new();
    struct loader loader = {.grammar = grammar, .log = {.arena = grammar->arena}};
    struct view path = view_of(folder);
    while (path.size > 1 && path.at[path.size - 1] == '/')
        path.size--;
    loader.folder = arena_copy(grammar->arena, path);

    read_tables(&loader);
    read_commands(&loader);
    find_hall(&loader);
    build_index(grammar, &loader.log);
    find_insteads(&loader);
    prove(&loader);
    fault_log_write(&loader.log, faults);
    list_untranslated(grammar, faults);
    if (loader.log.count == 0)
        write_page(grammar);
    else
        grammar_free(&grammar);
    return grammar;
}

void grammar_free(struct grammar **grammar)
{
    if (!*grammar)
        return;
    struct arena *arena = (*grammar)->arena;
    index_close(&(*grammar)->index);
    regex_free(&(*grammar)->reading.serials);
    arena_free(&arena);
    *grammar = NULL;
}

/* --- rows --- */

size_t grammar_commands(const struct grammar *grammar)
{
    return grammar->rows;
}

const struct command *grammar_command(const struct grammar *grammar, size_t number)
{
    return &grammar->row[number].command;
}

const struct command *grammar_find(const struct grammar *grammar, struct view name)
{
    const uint32_t *number = table_get(&grammar->row_of, name);
    return number ? &grammar->row[*number].command : NULL;
}

/* --- replies --- */

static const struct reply *reply_of(const struct row *row, struct view outcome)
{
    for (size_t i = 0; row && i < row->replies; i++)
        if (view_equal(row->reply[i].outcome, outcome))
            return &row->reply[i];
    return NULL;
}

enum outcome grammar_render(const struct grammar *grammar, struct arena *arena, struct view command, struct view outcome,
                            struct view language, const json_t *fields, struct view *text, struct err *err)
{
    struct writer writer = {arena, language_of(language)};
    const uint32_t *number = table_get(&grammar->row_of, command);
    const struct reply *reply = reply_of(number ? &grammar->row[*number] : NULL, outcome);
    if (!reply)
        reply = reply_of(grammar->hall, outcome);
    if (!reply)
        return err_refused(err, "no reply \"%.*s\" of %.*s, nor of hall", VIEW_ARG(outcome), VIEW_ARG(command));
    if (!reply->wording[writer.language].source.size)
        writer.language = LANGUAGE_ZH;
    enum outcome rendered = template_render(&reply->wording[writer.language].template, &writer, fields, text, err);
    if (rendered != IS_DONE)
        err_prefix(err, "reply \"%.*s\" of %.*s", VIEW_ARG(outcome), VIEW_ARG(command));
    return rendered;
}

/* All files are read before the first message goes out, so that a slip in the last one does not cost a run. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "tools/load.h"
#include "tools/replay.h"

/* --- a corpus grows --- */

static struct corpus_row *add_row(struct arena *arena, struct corpus *corpus)
{
    if (corpus->count == corpus->room) {
        corpus->room = corpus->room ? corpus->room * 2 : 256;
        struct corpus_row *larger = ARENA_ARRAY(arena, struct corpus_row, corpus->room);
        if (corpus->count)
            memcpy(larger, corpus->row, corpus->count * sizeof(*larger));
        corpus->row = larger;
    }
    return &corpus->row[corpus->count++];
}

/* What a row says of itself, by name. A row without an id has its line. */
static const char *const keys[] = {"text", "id", "from", "to"};
enum { KEY_TEXT, KEY_ID, KEY_FROM, KEY_TO, KEYS };

static struct view given(struct view value)
{
    return value.size ? value : VIEW_NONE;
}

static void add_values(struct arena *arena, struct corpus *corpus, const struct view value[KEYS], uint64_t line)
{
    *add_row(arena, corpus) = (struct corpus_row){
        .id = value[KEY_ID].size ? value[KEY_ID] : arena_printf(arena, "%llu", (unsigned long long)line),
        .text = value[KEY_TEXT],
        .from = given(value[KEY_FROM]),
        .to = given(value[KEY_TO]),
    };
}

/* --- id<TAB>text --- */

static enum outcome read_tsv(struct arena *arena, struct view name, struct view content, struct corpus *corpus, struct err *err)
{
    for (int line = 1; content.size; line++) {
        struct view row = view_cut(&content, '\n');
        if (row.size && row.at[row.size - 1] == '\r')
            row.size--;
        if (!row.size)
            continue;
        if (!memchr(row.at, '\t', row.size))
            return err_refused(err, "%.*s:%d: no tab between id and text", VIEW_ARG(name), line);
        struct view value[KEYS] = {[KEY_ID] = view_cut(&row, '\t')};
        value[KEY_TEXT] = row;
        add_values(arena, corpus, value, (uint64_t)line);
    }
    return IS_DONE;
}

/* --- JSON lines --- */

static enum outcome read_object(struct arena *arena, struct corpus *corpus, const json_t *object, uint64_t line)
{
    struct view value[KEYS];
    if (!json_is_string(json_object_get(object, "text")))
        return IS_REFUSED;
    for (size_t i = 0; i < KEYS; i++) {
        const json_t *member = json_object_get(object, keys[i]);
        value[i] = json_is_integer(member) ? arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(member))
                                           : arena_copy(arena, json_text(object, keys[i]));
    }
    add_values(arena, corpus, value, line);
    return IS_DONE;
}

static enum outcome read_json(struct arena *arena, struct view name, struct view content, struct corpus *corpus, struct err *err)
{
    enum outcome outcome = IS_DONE;
    for (int line = 1; content.size && outcome == IS_DONE; line++) {
        struct err why = {"an object with a \"text\" is wanted"};
        struct view row = view_trim(view_cut(&content, '\n'));
        if (!row.size)
            continue;
        json_t *object = json_read(row, &why);
        if (!object || read_object(arena, corpus, object, (uint64_t)line) != IS_DONE)
            outcome = err_refused(err, "%.*s:%d: %s", VIEW_ARG(name), line, why.text);
        json_decref(object);
    }
    return outcome;
}

/* --- CSV --- */

static enum outcome read_header(const char *path, const struct load_row *row, size_t place[KEYS], struct err *err)
{
    for (size_t i = 0; i < KEYS; i++) {
        place[i] = SIZE_MAX;
        for (size_t k = 0; k < row->cells && place[i] == SIZE_MAX; k++)
            if (view_equal_nocase(row->cell[k], view_of(keys[i])))
                place[i] = k;
    }
    return place[KEY_TEXT] == SIZE_MAX ? err_refused(err, "%s:1: the header names no column \"text\"", path) : IS_DONE;
}

static enum outcome read_cells(struct arena *arena, const char *path, const struct load_row *row, const size_t place[KEYS],
                               struct corpus *corpus, struct err *err)
{
    struct view value[KEYS];
    if (row->fault.size)
        return err_refused(err, "%s:%llu: %.*s", path, (unsigned long long)row->line, VIEW_ARG(row->fault));
    if (place[KEY_TEXT] >= row->cells)
        return err_refused(err, "%s:%llu: it has no text", path, (unsigned long long)row->line);
    for (size_t i = 0; i < KEYS; i++)
        value[i] = place[i] < row->cells ? row->cell[place[i]] : VIEW_NONE;
    add_values(arena, corpus, value, row->line);
    return IS_DONE;
}

static enum outcome read_csv(struct arena *arena, const char *path, struct corpus *corpus, struct err *err)
{
    struct load_csv *csv;
    struct load_row row;
    size_t place[KEYS];
    enum outcome outcome = load_csv_open(path, &csv, err);
    if (outcome != IS_DONE)
        return outcome;
    if ((outcome = load_csv_next(csv, arena, &row, err)) == IS_DONE)
        outcome = read_header(path, &row, place, err);
    while (outcome == IS_DONE && (outcome = load_csv_next(csv, arena, &row, err)) == IS_DONE && row.line)
        outcome = read_cells(arena, path, &row, place, corpus, err);
    load_csv_close(&csv);
    return outcome;
}

/* --- files --- */

enum outcome files_read_whole(struct arena *arena, const char *path, struct view *content, struct err *err)
{
    struct text text = {0};
    char block[65536];
    size_t size;
    FILE *file = fopen(path, "rb");
    if (!file)
        return err_refused(err, "%s: %m", path);
    while ((size = fread(block, 1, sizeof(block), file)) > 0)
        text_add(&text, (struct view){block, size});
    enum outcome outcome = ferror(file) ? err_refused(err, "%s: cannot be read: %m", path) : IS_DONE;
    fclose(file);
    *content = arena_copy(arena, text_view(&text));
    text_free(&text);
    return outcome;
}

static bool ends_with(struct view v, const char *tail)
{
    struct view end = view_of(tail);
    return v.size >= end.size && view_equal(view_from(v, v.size - end.size), end);
}

static enum outcome read_talk(struct arena *arena, struct view name, struct view content, struct files *files, struct err *err)
{
    if (files->talks == files->room) {
        files->room = files->room ? files->room * 2 : 64;
        struct talk **larger = ARENA_ARRAY(arena, struct talk *, files->room);
        if (files->talks)
            memcpy(larger, files->talk, files->talks * sizeof(*larger));
        files->talk = larger;
    }
    enum outcome outcome = talk_read(arena, name, content, &files->talk[files->talks], err);
    files->talks += outcome == IS_DONE;
    return outcome;
}

enum outcome files_read(struct arena *arena, const char *path, struct files *files, struct err *err)
{
    struct view name = view_of(path), content = VIEW_NONE;
    struct corpus *corpus = &files->corpus;
    bool is_talk = ends_with(name, ".talk"), is_tsv = ends_with(name, ".tsv"), is_csv = ends_with(name, ".csv");
    bool is_json = ends_with(name, ".jsonl") || ends_with(name, ".ndjson") || ends_with(name, ".json");
    if (!is_talk && !is_tsv && !is_csv && !is_json)
        return err_refused(err, "%s: neither .talk nor .tsv, .csv, .jsonl", path);
    enum outcome outcome = is_csv ? IS_DONE : files_read_whole(arena, path, &content, err);
    if (outcome != IS_DONE)
        return outcome;
    if (view_starts_with(content, VIEW("\xEF\xBB\xBF")))
        content = view_from(content, 3);
    if (is_talk)
        return read_talk(arena, name, content, files, err);
    corpus->name = corpus->name.size ? arena_printf(arena, "%.*s %s", VIEW_ARG(corpus->name), path) : name;
    if (is_csv)
        return read_csv(arena, path, corpus, err);
    return is_tsv ? read_tsv(arena, name, content, corpus, err) : read_json(arena, name, content, corpus, err);
}

void files_end(struct files *files)
{
    for (size_t i = 0; i < files->talks; i++)
        talk_end(&files->talk[i]);
}

/* Command files: a folder of the real tables, one of which, or a command beside them, is made of the input. It is refused with faults that
 * name file and line, or it keeps all promises: what it reads is bounded, hides secrets, and answers no question. */
#include <fcntl.h>

#include "matching.h"

static const char *const tables[] = {"types.yaml", "reading.yaml", "answers.yaml", "reserved.yaml", "names.yaml", "hall.yaml"};
enum { TABLES = sizeof tables / sizeof *tables };

static char folder[] = "/dev/shm/smshall-fuzz-XXXXXX";

static void remove_folder(void)
{
    static const char *const names[] = {"types.yaml", "reading.yaml", "answers.yaml", "reserved.yaml",
                                        "names.yaml", "hall.yaml",    "own.yaml",     "other.yaml"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[80];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void put_file(const char *name, struct view content)
{
    char path[80];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    HOLDS(fd >= 0 && write(fd, content.at, content.size) == (ssize_t)content.size && close(fd) == 0, "%s", path);
}

/* The real table in the place of one that an input before left there. */
static void put_table(const char *name)
{
    char path[80], content[65536];
    snprintf(path, sizeof path, "commands/%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, content, sizeof content) : -1;
    HOLDS(size > 0 && close(fd) == 0, "%s", path);
    put_file(name, (struct view){content, (size_t)size});
}

static void make_folder(void)
{
    static bool is_made;
    if (is_made)
        return;
    HOLDS(mkdtemp(folder), "%s", folder);
    atexit(remove_folder);
    for (size_t i = 0; i < TABLES; i++)
        put_table(tables[i]);
    put_file("other.yaml", VIEW("command: other\ntitle: 修改\nforms: ['MMXG#{old:pin}#{new:pin}', 改密]\ncall: other\neffect: changes\n"
                                "replies: {ok: {zh: 好, en: OK}}\n"));
    is_made = true;
}

/* `file:line: text`, as many lines as were counted. */
static void check_faults(const struct faults *faults)
{
    size_t count = 0;
    for (struct view rest = text_view(&faults->lines); rest.size; count++) {
        struct view line = view_cut(&rest, '\n'), head = line;
        HOLDS(view_starts_with(line, view_of(folder)), "\"%.*s\"", VIEW_ARG(line));
        uint64_t number = 0;
        view_cut(&head, ':');
        HOLDS(view_number(view_cut(&head, ':'), INT32_MAX, &number) && number && head.size > 1, "\"%.*s\"", VIEW_ARG(line));
    }
    HOLDS(count == faults->count, "%zu of %s", faults->count, faults->lines.at);
}

/* Its own codes and some texts are read with it. */
static void check_grammar(const struct grammar *grammar, struct arena *arena, struct view text)
{
    json_t *page = json_read(grammar_commands_page(grammar), NULL), *command, *code;
    struct match match;
    size_t i, k;
    HOLDS(page, "%.*s", VIEW_ARG(grammar_commands_page(grammar)));
    json_array_foreach(json_object_get(page, "commands"), i, command)
    {
        json_array_foreach(json_object_get(command, "codes"), k, code)
        {
            check_match(grammar, arena, view_of(json_string_value(code)), AT_HALL, &match);
        }
    }
    check_match(grammar, arena, text, AT_HALL, &match);
    check_spellings(grammar, arena, text, AT_HALL, &match, 0x55);
    check_match(grammar, arena, VIEW("MMXG#246810#135790"), AT_HALL, &match);
    HOLDS(!has_any_digit(match.text), "\"%.*s\"", VIEW_ARG(match.text));
    check_match(grammar, arena, VIEW("00000"), AT_PROVIDER, &match);
    HOLDS(!match.command || match.command->effect == EFFECT_LEAVES, "00000 is %.*s", VIEW_ARG(match.command->name));
    json_decref(page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct input in = input_of(data, size);
    unsigned which = input_byte(&in) % (TABLES + 4); /* mostly a command */
    struct view text = fuzz_text(arena, input_field(&in));
    const char *name = which < TABLES ? tables[which] : "own.yaml";
    struct faults faults = {0};
    make_folder();
    put_file(name, in.left);
    struct grammar *grammar = grammar_load(folder, &faults);
    HOLDS((grammar == NULL) == (faults.count > 0), "%zu faults", faults.count);
    check_faults(&faults);
    if (grammar)
        check_grammar(grammar, arena, text);
    grammar_free(&grammar);
    faults_free(&faults);
    if (which < TABLES)
        put_table(name);
    else
        put_file(name, VIEW("command: own\nreplies: {ok: 好}\n"));
    arena_free(&arena);
    return 0;
}

/* How long reading a text takes: with the commands as they are, and with ten thousand codes more.
 *
 * Both grammars read the same texts: what subscribers send, commands and prose. Prints nanoseconds per text, best of several rounds, and
 * the ratio of the two. usage: read [FOLDER] (default: commands) */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "grammar/grammar.h"

enum { CODES = 10000, CODES_PER_FILE = 20, ROUNDS = 15, REPEATS = 2000 };

static const char *const texts[] = {
    "YE",
    "ye",
    "ＹＥ。",
    "ZD201211",
    "zd 2012年11月",
    "HF空格201307",
    "jf",
    "“JF”",
    "查话费",
    "餘額",
    "10086",
    "HELP ZD",
    "CXYEG",
    "是",
    "1,3",
    "ZD201213",
    "0000",
    "你好，请问我的话费余额是多少？",
    "Ok lar... Joking wif u oni...",
    "老公，加油！回来的时候路上小心哦，等你",
    "QXQDXB，请您将本信息直接转发至10086，即可取消",
    "I need... Coz i never go before",
};
enum { TEXTS = sizeof texts / sizeof *texts };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void write_file(const char *folder, unsigned number)
{
    char path[256];
    snprintf(path, sizeof path, "%s/x%05u.yaml", folder, number);
    FILE *file = fopen(path, "w");
    if (!file)
        fail(path);
    fprintf(file, "command: x%u\ntitle: 第%u项\ncall: x\neffect: reads\nreplies: {ok: 好}\nforms:\n", number, number);
    for (unsigned i = number; i < number + CODES_PER_FILE; i++)
        fprintf(file, i % 2 ? "  - X%c%04uD{month:month}\n" : "  - 业务%c%04u查询\n", 'A' + i / 10 % 26, i);
    fclose(file);
}

static void copy_file(const char *from_folder, const char *to_folder, const char *name)
{
    char from[512], to[512], bytes[65536];
    snprintf(from, sizeof from, "%s/%s", from_folder, name);
    snprintf(to, sizeof to, "%s/%s", to_folder, name);
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    if (!in || !out)
        fail(name);
    for (size_t size; (size = fread(bytes, 1, sizeof bytes, in)) > 0;)
        fwrite(bytes, 1, size, out);
    fclose(in);
    fclose(out);
}

static void for_each_file(const char *folder, void (*run)(const char *folder, const char *to, const char *name), const char *to)
{
    DIR *dir = opendir(folder);
    if (!dir)
        fail(folder);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            run(folder, to, entry->d_name);
    closedir(dir);
}

static void remove_file(const char *folder, const char *to, const char *name)
{
    char path[512];
    (void)to;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
}

static struct grammar *load(const char *folder)
{
    struct faults faults = {0};
    struct grammar *grammar = grammar_load(folder, &faults);
    if (!grammar) {
        fprintf(stderr, "%s", faults.lines.at);
        exit(1);
    }
    faults_free(&faults);
    return grammar;
}

static struct grammar *load_many(const char *commands)
{
    char folder[] = "/tmp/smshall-bench-XXXXXX";
    if (!mkdtemp(folder))
        fail(folder);
    for_each_file(commands, copy_file, folder);
    for (unsigned i = 0; i < CODES; i += CODES_PER_FILE)
        write_file(folder, i);
    struct grammar *grammar = load(folder);
    for_each_file(folder, remove_file, NULL);
    rmdir(folder);
    return grammar;
}

/* Nanoseconds per text of one round. */
static double round_ns(const struct grammar *grammar, struct arena *arena)
{
    struct match match;
    uint64_t start = clock_us();
    for (size_t i = 0; i < REPEATS; i++)
        for (size_t k = 0; k < TEXTS; k++) {
            grammar_match(grammar, arena, view_of(texts[k]), AT_HALL, &match);
            arena_reset(arena);
        }
    return (double)(clock_us() - start) * 1000.0 / (REPEATS * TEXTS);
}

/* Nanoseconds for each of the many codes, read one after the other. */
static double codes_ns(const struct grammar *grammar, struct arena *arena)
{
    struct match match;
    char text[64];
    uint64_t start = clock_us();
    for (unsigned i = 0; i < CODES; i++) {
        snprintf(text, sizeof text, i % 2 ? "X%c%04uD201211" : "业务%c%04u查询", 'A' + i / 10 % 26, i);
        grammar_match(grammar, arena, view_of(text), AT_HALL, &match);
        if (!match.command)
            fail(text);
        arena_reset(arena);
    }
    return (double)(clock_us() - start) * 1000.0 / CODES;
}

static double lesser(double a, double b)
{
    return a < b ? a : b;
}

int main(int argc, char **argv)
{
    const char *commands = argc > 1 ? argv[1] : "commands";
    struct arena *arena = arena_new();
    struct grammar *few = load(commands), *many = load_many(commands);
    double few_ns = 1e9, many_ns = 1e9, each_ns = 1e9;
    for (int i = 0; i < ROUNDS; i++) { /* in turns, so that both see the same machine */
        few_ns = lesser(few_ns, round_ns(few, arena));
        many_ns = lesser(many_ns, round_ns(many, arena));
        each_ns = lesser(each_ns, codes_ns(many, arena));
    }
    printf("read\ttoday's table\t%.0f ns per text\n", few_ns);
    printf("read\t%d codes more\t%.0f ns per text\t%.2f times\n", CODES, many_ns, many_ns / few_ns);
    printf("read\teach of the %d codes\t%.0f ns per text, with the making of the text\n", CODES, each_ns);
    grammar_free(&few);
    grammar_free(&many);
    arena_free(&arena);
    return 0;
}

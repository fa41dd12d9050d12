/* For tests of the grammar: a folder of command files made for one test, beside the tables of commands/, and its loading. */
#ifndef TESTS_GRAMMAR_FOLDER_H
#define TESTS_GRAMMAR_FOLDER_H

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "grammar/grammar.h"

struct folder {
    char path[64];
    char name[32][64]; /* files in it */
    size_t files;
};

static inline void folder_add(struct folder *folder, const char *name, const char *content)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
    snprintf(folder->name[folder->files++], sizeof folder->name[0], "%s", name);
}

/* A new folder with the tables of commands/ and the hall's own replies (links: tests run in the root of the repository). */
static inline void folder_make(struct folder *folder)
{
    static const char *const tables[] = {"types.yaml", "reading.yaml", "answers.yaml", "reserved.yaml", "names.yaml", "hall.yaml"};
    char root[512], from[640], to[160];
    assert_non_null(getcwd(root, sizeof root));
    *folder = (struct folder){.path = "/tmp/smshall-grammar-XXXXXX"};
    assert_non_null(mkdtemp(folder->path));
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        snprintf(from, sizeof from, "%s/commands/%s", root, tables[i]);
        snprintf(to, sizeof to, "%s/%s", folder->path, tables[i]);
        assert_int_equal(symlink(from, to), 0);
        snprintf(folder->name[folder->files++], sizeof folder->name[0], "%s", tables[i]);
    }
}

static inline void folder_remove(struct folder *folder)
{
    char path[160];
    for (size_t i = 0; i < folder->files; i++) {
        snprintf(path, sizeof path, "%s/%s", folder->path, folder->name[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(folder->path), 0);
}

/* Loads what must have no fault. */
static inline struct grammar *load_good(const char *path)
{
    struct faults faults = {0};
    struct grammar *grammar = grammar_load(path, &faults);
    if (!grammar)
        print_error("%s", faults.lines.at);
    assert_non_null(grammar);
    assert_int_equal(faults.count, 0);
    faults_free(&faults);
    return grammar;
}

#endif

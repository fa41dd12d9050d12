/* Two kinds of store: the loader's log, which is sorted, and the lines that go to whoever asked for the loading. */
#include "grammar/faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_views(struct view a, struct view b)
{
    int order = memcmp(a.at, b.at, a.size < b.size ? a.size : b.size);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static struct fault *add(struct fault_log *log)
{
    if (log->count == log->room) {
        struct fault *old = log->fault;
        log->room = log->room ? log->room * 2 : 64;
        log->fault = ARENA_ARRAY(log->arena, struct fault, log->room);
        if (log->count)
            memcpy(log->fault, old, log->count * sizeof *old);
    }
    return &log->fault[log->count++];
}

void fault_note(struct fault_log *log, struct view file, int line, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct fault *fault = add(log);
    *fault = (struct fault){.file = file, .line = line, .number = log->count, .text = arena_copy(log->arena, view_of(text))};
}

void fault_note_err(struct fault_log *log, struct view file, const struct err *err)
{
    const char *text = err->text;
    long line = 1;
    if (view_starts_with(view_of(text), file) && text[file.size] == ':') {
        char *end;
        text += file.size + 1;
        long read = strtol(text, &end, 10);
        if (end > text && *end == ':') {
            line = read;
            text = end + 1;
        }
        text += strspn(text, " ");
    }
    fault_note(log, file, (int)line, "%s", text);
}

static int compare_faults(const void *left, const void *right)
{
    const struct fault *a = left, *b = right;
    int order = compare_views(a->file, b->file);
    if (order == 0)
        order = (a->line > b->line) - (a->line < b->line);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

void fault_log_write(struct fault_log *log, struct faults *faults)
{
    if (log->count)
        qsort(log->fault, log->count, sizeof *log->fault, compare_faults);
    for (size_t i = 0; i < log->count; i++)
        faults_add(faults, log->fault[i].file, log->fault[i].line, "%.*s", VIEW_ARG(log->fault[i].text));
}

void faults_add(struct faults *faults, struct view file, int line, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (line)
        text_addf(&faults->lines, "%.*s:%d: %s\n", VIEW_ARG(file), line, text);
    else
        text_addf(&faults->lines, "%.*s: %s\n", VIEW_ARG(file), text);
    faults->count++;
}

bool faults_sum_untranslated(const struct faults *faults, struct text *out)
{
    size_t replies = faults->wordless_replies, fields = faults->uneven_fields;
    if (replies)
        text_addf(out, "%zu %s a translation", replies, replies == 1 ? "reply lacks" : "replies lack");
    if (fields)
        text_addf(out, "%s%zu %s in one language only", replies ? ", " : "", fields, fields == 1 ? "field is" : "fields are");
    return replies + fields > 0;
}

void faults_free(struct faults *faults)
{
    text_free(&faults->lines);
    text_free(&faults->untranslated);
    faults->count = faults->wordless_replies = faults->uneven_fields = 0;
}

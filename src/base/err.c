/* The words are first printed beside err, then taken over: callers may quote what err says already. They become one line, because the
 * edge logs them as one, and libraries end theirs with a newline. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/view.h"

/* Drops the beginning of a character at the end, which printing into a fixed size left there. */
static size_t whole_characters(const char *text, size_t size)
{
    size_t start = size;
    while (start > 0 && size - start < 4 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0 || (unsigned char)text[start - 1] < 0x80)
        return size;
    size_t i = start - 1;
    return view_code_point((struct view){text, size}, &i) >= 0 ? size : start - 1;
}

static void take_over(struct err *err, char *words)
{
    size_t size = whole_characters(words, strlen(words));
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)words[i] < 0x20 || words[i] == 0x7f)
            words[i] = ' ';
    while (size > 0 && words[size - 1] == ' ')
        size--;
    memcpy(err->text, words, size);
    err->text[size] = '\0';
}

static void fill(struct err *err, const char *format, va_list args)
{
    char words[sizeof err->text];
    if (!err)
        return;
    vsnprintf(words, sizeof words, format, args);
    take_over(err, words);
}

enum outcome err_refused(struct err *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, format, args);
    va_end(args);
    return IS_REFUSED;
}

enum outcome err_failed(struct err *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, format, args);
    va_end(args);
    return IS_FAILED;
}

enum outcome err_unsure(struct err *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, format, args);
    va_end(args);
    return IS_UNSURE;
}

void err_prefix(struct err *err, const char *format, ...)
{
    char words[2 * sizeof err->text + 2], head[sizeof err->text];
    va_list args;
    if (!err)
        return;
    va_start(args, format);
    vsnprintf(head, sizeof head, format, args);
    va_end(args);
    snprintf(words, sizeof words, "%s: %s", head, err->text);
    words[sizeof err->text - 1] = '\0';
    take_over(err, words);
}

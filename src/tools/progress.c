#include "tools/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BAR = 30 };

void progress_draw(uint64_t done, uint64_t all, const char *format, ...)
{
    char bar[BAR + 1] = "";
    va_list words;
    if (!isatty(STDERR_FILENO))
        return;
    if (all) {
        memset(bar, '.', BAR);
        memset(bar, '#', (size_t)((done < all ? done : all) * BAR / all));
        fprintf(stderr, "\r[%s] ", bar);
    } else {
        fputc('\r', stderr);
    }
    va_start(words, format);
    vfprintf(stderr, format, words);
    va_end(words);
    fputs(" \033[K", stderr);
}

void progress_clear(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

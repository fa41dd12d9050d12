/* Looks for texts in the memory of a running program, all that it can write to, by /proc/PID/mem; needs the right to do so (root). Usage:
 *   memory PID <TEXTS
 * A text of ASCII a line; each is looked for as it is and in UTF-16BE. Prints `TIMES TEXT` for each, and where it was met. Exit code 1:
 * some was met; 2: there is no right to look. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A sanitizer's shadow is a map of terabytes, nearly all of it without memory. */
#define MAP_MAX (UINT64_C(64) << 30)

enum { TEXTS_MAX = 200, TEXT_MAX = 128, OVERLAP = 2 * TEXT_MAX, PIECE = 4 * 1024 * 1024 };

static struct {
    char bytes[TEXT_MAX], utf16[2 * TEXT_MAX];
    size_t size;
    unsigned long times;
} text[TEXTS_MAX];
static size_t texts;
static char piece[PIECE + OVERLAP];

static void look_for(size_t i, const char *bytes, size_t bytes_size, size_t size, size_t fresh_from, uint64_t at, const char *map)
{
    for (const char *p = piece; (p = memmem(p, size - (size_t)(p - piece), bytes, bytes_size)); p++)
        if ((size_t)(p - piece) + bytes_size > fresh_from) {
            printf("  %s at %" PRIx64 " in %s", text[i].bytes, at + (uint64_t)(p - piece), map);
            text[i].times++;
        }
}

/* fresh_from: what ends before was looked at with the piece before. */
static void look(uint64_t at, size_t size, size_t fresh_from, const char *map)
{
    for (size_t i = 0; i < texts; i++) {
        look_for(i, text[i].bytes, text[i].size, size, fresh_from, at, map);
        look_for(i, text[i].utf16, 2 * text[i].size, size, fresh_from, at, map);
    }
}

/* Pieces overlap, so that no text is cut in two. */
static void look_through(int mem, uint64_t from, uint64_t to, const char *map)
{
    size_t kept = 0;
    for (uint64_t at = from; at < to;) {
        size_t wanted = to - at < PIECE ? to - at : PIECE;
        ssize_t got = pread(mem, piece + kept, wanted, (off_t)at);
        if (got <= 0)
            return; /* a guard page */
        look(at - kept, kept + (size_t)got, kept, map);
        at += (uint64_t)got;
        size_t all = kept + (size_t)got;
        kept = all < OVERLAP ? all : OVERLAP;
        memmove(piece, piece + all - kept, kept);
    }
}

static FILE *open_of(const char *pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
    FILE *file = fopen(path, "r");
    if (!file)
        fprintf(stderr, "memory: %s: %s\n", path, strerrordesc_np(errno));
    return file;
}

static void read_texts(void)
{
    char line[TEXT_MAX];
    while (texts < TEXTS_MAX && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        size_t size = strlen(line);
        memcpy(text[texts].bytes, line, sizeof line);
        for (size_t i = 0; i < size; i++)
            text[texts].utf16[2 * i + 1] = line[i];
        text[texts].size = size;
        texts += size > 0;
    }
}

int main(int argc, char **argv)
{
    char map[512];
    int status = 0;
    if (argc != 2)
        return 2;
    read_texts();
    FILE *maps = open_of(argv[1], "maps"), *mem = maps ? open_of(argv[1], "mem") : NULL;
    if (!mem)
        return 2;
    uint64_t looked_at = 0;
    while (fgets(map, sizeof map, maps)) {
        uint64_t from, to;
        char rights[5];
        if (sscanf(map, "%" SCNx64 "-%" SCNx64 " %4s", &from, &to, rights) == 3 && rights[1] == 'w' && to - from <= MAP_MAX) {
            look_through(fileno(mem), from, to, map);
            looked_at += to - from;
        }
    }
    for (size_t i = 0; i < texts; i++) {
        printf("%lu %s\n", text[i].times, text[i].bytes);
        status |= text[i].times > 0;
    }
    printf("%" PRIu64 " MiB looked through\n", looked_at / 1024 / 1024);
    fclose(maps);
    fclose(mem);
    return status;
}

/* What the fuzz targets share. A target (libFuzzer, with the sanitizers of addresses and undefined behaviour) makes something of the bytes
 * that it is given and says with HOLDS what must be true of what comes out. All targets run in the root of the repository.
 *
 * The arena here takes the place of base/arena.c: each piece is a malloc of its own, so that the sanitizer sees a step beyond one. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "sms/charset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* HOLDS(condition, format, …): else it is a finding; the format shows what it was about. */
#define HOLDS(what, ...) ((what) ? (void)0 : fuzz_found(__FILE__, __LINE__, #what, __VA_ARGS__))
static inline void fuzz_found(const char *file, int line, const char *what, const char *format, ...)
    __attribute__((noreturn, format(printf, 4, 5)));
static inline void fuzz_found(const char *file, int line, const char *what, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%d: does not hold: %s\n  ", file, line, what);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

/* --- the arena --- */

struct piece {
    struct piece *older;
    _Alignas(max_align_t) char bytes[];
};
struct arena {
    struct piece *newest;
};

struct arena *arena_new(void)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        abort();
    return arena;
}

struct arena *arena_new_small(void)
{
    return arena_new();
}

void arena_reset(struct arena *arena)
{
    for (struct piece *piece = arena->newest; piece; piece = arena->newest) {
        arena->newest = piece->older;
        free(piece);
    }
}

void arena_free(struct arena **arena)
{
    if (*arena)
        arena_reset(*arena);
    free(*arena);
    *arena = NULL;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    struct piece *piece = calloc(1, sizeof *piece + size);
    if (!piece)
        abort();
    piece->older = arena->newest;
    arena->newest = piece;
    return piece->bytes;
}

struct view arena_copy(struct arena *arena, struct view v)
{
    return (struct view){arena_string(arena, v), v.size};
}

char *arena_string(struct arena *arena, struct view v)
{
    char *at = arena_alloc(arena, v.size + 1);
    if (v.size)
        memcpy(at, v.at, v.size);
    return at;
}

struct view arena_printf(struct arena *arena, const char *format, ...)
{
    char *printed = NULL;
    va_list args;
    va_start(args, format);
    int size = vasprintf(&printed, format, args);
    va_end(args);
    struct view copy = arena_copy(arena, (struct view){printed, size < 0 ? 0 : (size_t)size});
    free(printed);
    return copy;
}

/* --- the input, taken from the front --- */

struct input {
    struct view left;
};

static inline struct input input_of(const uint8_t *data, size_t size)
{
    return (struct input){{(const char *)data, size}};
}

/* 0 when nothing is left. */
static inline unsigned input_byte(struct input *in)
{
    unsigned byte = in->left.size ? (unsigned char)in->left.at[0] : 0;
    in->left = view_from(in->left, 1);
    return byte;
}

static inline uint64_t input_number(struct input *in)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | input_byte(in);
    return number;
}

static inline struct view input_take(struct input *in, size_t size)
{
    struct view taken = view_head(in->left, size);
    in->left = view_from(in->left, size);
    return taken;
}

/* Up to the next NUL, or all. */
static inline struct view input_field(struct input *in)
{
    return view_cut(&in->left, '\0');
}

/* --- texts --- */

/* A copy with nothing behind it, not even a NUL. */
static inline struct view fuzz_exact(struct arena *arena, struct view v)
{
    char *at = arena_alloc(arena, v.size);
    if (v.size)
        memcpy(at, v.at, v.size);
    return (struct view){at, v.size};
}

/* The bytes as UTF-8, what is malformed mended. */
static inline struct view fuzz_text(struct arena *arena, struct view bytes)
{
    struct view utf8;
    enum outcome outcome = charset_decode(arena, bytes, VIEW("UTF-8"), -1, &utf8, NULL);
    HOLDS(outcome == IS_DONE, "outcome %d", (int)outcome);
    return fuzz_exact(arena, utf8);
}

static inline bool fuzz_is_utf8(struct view v)
{
    for (size_t i = 0; i < v.size;)
        if (view_code_point(v, &i) < 0)
            return false;
    return true;
}

static inline bool fuzz_has(struct view v, struct view part)
{
    return v.size && part.size && memmem(v.at, v.size, part.at, part.size);
}

/* Texts one behind the other; they may hold U+0000, which printing would stop at. */
#define FUZZ_JOIN(arena, ...)                                                                                                              \
    fuzz_join((arena), (const struct view[]){__VA_ARGS__}, sizeof((const struct view[]){__VA_ARGS__}) / sizeof(struct view))
static inline struct view fuzz_join(struct arena *arena, const struct view *part, size_t parts)
{
    struct text out = {0};
    for (size_t i = 0; i < parts; i++)
        text_add(&out, part[i]);
    struct view copy = fuzz_exact(arena, text_view(&out));
    text_free(&out);
    return copy;
}

/* utf8 with `put` behind each character that `bits` says, in turn. */
static inline struct view fuzz_sprinkle(struct arena *arena, struct view utf8, struct view put, unsigned bits)
{
    struct text out = {0};
    for (size_t i = 0, count = 0; i < utf8.size; count++) {
        size_t start = i;
        view_code_point(utf8, &i);
        text_add(&out, (struct view){utf8.at + start, i - start});
        if (bits >> count % 8 & 1)
            text_add(&out, put);
    }
    struct view copy = fuzz_exact(arena, text_view(&out));
    text_free(&out);
    return copy;
}

/* utf8 with its ASCII full width. */
static inline struct view fuzz_widen(struct arena *arena, struct view utf8)
{
    char *out = arena_alloc(arena, utf8.size * 3 + 1);
    size_t size = 0;
    for (size_t i = 0; i < utf8.size; i++) {
        unsigned char c = (unsigned char)utf8.at[i];
        if (c >= ' ' && c < 0x7f)
            size += view_put_code_point(out + size, c == ' ' ? 0x3000 : c - '!' + 0xff01);
        else
            out[size++] = (char)c;
    }
    return fuzz_exact(arena, (struct view){out, size});
}

/* A file in memory that has just this content and is its owner's alone; gives its path. One at a time. */
static inline const char *fuzz_file(struct view content)
{
    static char path[32];
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    bool is_written = fchmod(fd, 0600) == 0 && ftruncate(fd, 0) == 0 && pwrite(fd, content.at, content.size, 0) == (ssize_t)content.size;
    HOLDS(is_written, "%zu bytes into %s", content.size, path);
    return path;
}

#endif

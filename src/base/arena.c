/* An arena is a chain of blocks, filled from the front. The first block is part of the arena and outlives a reset, so that most messages
 * cost one malloc or none. What was handed out is wiped before it goes back: a service password may be among it (rules C5). */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 8192, SMALL_SIZE = 1024, BLOCK_SIZE_MAX = 256 * 1024 };

struct block {
    struct block *older;
    size_t size, used;
    _Alignas(max_align_t) char bytes[];
};

struct arena {
    struct block *newest;
    struct block *first;
};

static struct block *block_new(size_t size, struct block *older)
{
    struct block *block = malloc(sizeof *block + size);
    if (!block) {
        fputs("out of memory\n", stderr);
        abort();
    }
    block->older = older;
    block->size = size;
    block->used = 0;
    return block;
}

static void block_free(struct block *block)
{
    explicit_bzero(block->bytes, block->used);
    free(block);
}

static size_t aligned(size_t size)
{
    const size_t step = _Alignof(max_align_t);
    return (size + step - 1) & ~(step - 1);
}

static struct arena *arena_of_size(size_t size)
{
    struct block *first = block_new(size, NULL);
    struct arena *arena = (struct arena *)(void *)first->bytes;
    first->used = aligned(sizeof *arena);
    arena->newest = arena->first = first;
    return arena;
}

struct arena *arena_new(void)
{
    return arena_of_size(FIRST_SIZE);
}

struct arena *arena_new_small(void)
{
    return arena_of_size(SMALL_SIZE);
}

static void free_all_but_first(struct arena *arena)
{
    while (arena->newest != arena->first) {
        struct block *block = arena->newest;
        arena->newest = block->older;
        block_free(block);
    }
}

void arena_free(struct arena **arena)
{
    if (!*arena)
        return;
    free_all_but_first(*arena);
    block_free((*arena)->first);
    *arena = NULL;
}

void arena_reset(struct arena *arena)
{
    struct block *first = arena->first;
    size_t head = aligned(sizeof *arena);
    free_all_but_first(arena);
    explicit_bzero(first->bytes + head, first->used - head);
    first->used = head;
}

/* A block for at least size more bytes; each is twice as large as the one before, so that a big tree needs few. */
static void add_block(struct arena *arena, size_t size)
{
    size_t next = arena->newest->size * 2;
    if (next > BLOCK_SIZE_MAX)
        next = BLOCK_SIZE_MAX;
    arena->newest = block_new(next > size ? next : size, arena->newest);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size = aligned(size);
    if (size > arena->newest->size - arena->newest->used)
        add_block(arena, size);
    char *at = arena->newest->bytes + arena->newest->used;
    arena->newest->used += size;
    return memset(at, 0, size);
}

struct view arena_copy(struct arena *arena, struct view v)
{
    char *at = arena_alloc(arena, v.size + 1);
    if (v.size)
        memcpy(at, v.at, v.size);
    return (struct view){at, v.size};
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
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0)
        return arena_copy(arena, VIEW_NONE);

    char *at = arena_alloc(arena, (size_t)size + 1);
    va_start(args, format);
    vsnprintf(at, (size_t)size + 1, format, args);
    va_end(args);
    return (struct view){at, (size_t)size};
}

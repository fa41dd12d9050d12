/* All of one message lives in its arena and ends with it. An arena hands out memory that is freed in one go. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/view.h"

struct arena;

/* A new arena. Running out of memory ends the program: nothing the hall does goes on without it. */
struct arena *arena_new(void);

/* The same, for what is kept by the thousand and mostly fits into a kilobyte. */
struct arena *arena_new_small(void);

/* Frees the arena and all that came from it; *arena becomes NULL. NULL inside is fine. */
void arena_free(struct arena **arena);

/* Forgets all that came from the arena but keeps its first block for use again. */
void arena_reset(struct arena *arena);

/* size bytes, zeroed, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull));
#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (count)))

/* A copy of v, with a NUL behind it that is not counted: copy.at is a C string too. */
struct view arena_copy(struct arena *arena, struct view v);
char *arena_string(struct arena *arena, struct view v);

/* Printed text in the arena, NUL behind it. */
struct view arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

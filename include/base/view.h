/* Text by value: a pointer and a length. Inside the hall all text is UTF-8 and travels as a view; C strings stay at the
 * edge of the libraries. A view owns nothing; whoever made the bytes (mostly an arena) says how long they live. */
#ifndef BASE_VIEW_H
#define BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view {
    const char *at;
    size_t size; /* bytes */
};

#define VIEW(literal) ((struct view){(literal), sizeof(literal) - 1})
#define VIEW_NONE     ((struct view){NULL, 0})

/* For printf: "%.*s", VIEW_ARG(v). */
#define VIEW_ARG(v) (int)(v).size, (v).size ? (v).at : ""

/* The view of a C string; NULL gives VIEW_NONE. */
struct view view_of(const char *string);

/* Two views hold the same bytes. */
bool view_equal(struct view a, struct view b);

/* As view_equal, ASCII letters without case. */
bool view_equal_nocase(struct view a, struct view b);

bool view_starts_with(struct view v, struct view head);

/* The rest of v after its first n bytes (all of it dropped when n >= size), and its first n bytes. */
struct view view_from(struct view v, size_t n);
struct view view_head(struct view v, size_t n);

/* v without ASCII blanks (space, tab, CR, LF) at both ends. */
struct view view_trim(struct view v);

/* Cuts v at the first `mark`: gives what is before it and moves v behind it. Without a mark gives all and leaves v empty. */
struct view view_cut(struct view *v, char mark);

/* The decimal number that v is, whole; false when v is empty, holds anything but [0-9], or exceeds `most`. */
bool view_number(struct view v, uint64_t most, uint64_t *number);

/* 64-bit hash of the bytes (FNV-1a with a final mix): for tables in memory, not against an adversary. */
uint64_t view_hash(struct view v);

/* Reads one code point of UTF-8 at v[*i] and moves *i behind it. A malformed byte gives -1 and moves one byte on. */
int32_t view_code_point(struct view v, size_t *i);

/* Writes a code point as UTF-8 into out (4 bytes of room); gives the number of bytes. */
size_t view_put_code_point(char *out, int32_t code);

#endif

/* Bytes as Kannel hands them over become UTF-8 (kannel.md §1). */
#ifndef SMS_CHARSET_H
#define SMS_CHARSET_H

#include "base/arena.h"
#include "base/err.h"

/* coding: Kannel's %c: 0 = 7 bit, 1 = binary, 2 = UCS-2, -1 = not said. charset: its %C or the charset of Content-Type; empty =
 * by coding (2 is UTF-16BE, else UTF-8). Gives valid UTF-8 in the arena; U+0000 stays. What is malformed (a lone
 * surrogate, a broken sequence) becomes U+FFFD, an odd last byte of UTF-16 is dropped.
 * IS_REFUSED: binary (coding 1, charset 8-BIT), or a charset nobody knows. */
enum outcome charset_decode(struct arena *arena, struct view bytes, struct view charset, int coding, struct view *utf8, struct err *err);

#endif

/* One line at the bottom of the terminal that says how far a tool is. When standard error is no terminal nothing is drawn. */
#ifndef TOOLS_PROGRESS_H
#define TOOLS_PROGRESS_H

#include <stdint.h>

/* Draws the line anew: a bar for `done` of `all` (all 0: nobody knows how much there is, and there is no bar), and words behind it. */
void progress_draw(uint64_t done, uint64_t all, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Takes the line away, before anything else is printed. */
void progress_clear(void);

#endif

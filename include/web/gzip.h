/* gzip for answers that cheap clients fetch (zlib). */
#ifndef WEB_GZIP_H
#define WEB_GZIP_H

#include "base/arena.h"

struct view gzip(struct arena *arena, struct view plain);

#endif

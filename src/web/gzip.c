#include "web/gzip.h"

#include <assert.h>
#include <zlib.h>

struct view gzip(struct arena *arena, struct view plain)
{
    enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8 };
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)plain.at, .avail_in = (uInt)plain.size};
    int status = deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
    assert(status == Z_OK);
    size_t room = deflateBound(&stream, plain.size);
    char *packed = arena_alloc(arena, room);
    stream.next_out = (Bytef *)packed;
    stream.avail_out = (uInt)room;
    status = deflate(&stream, Z_FINISH);
    assert(status == Z_STREAM_END); /* deflateBound gave room for all of it */
    deflateEnd(&stream);
    return (struct view){packed, stream.total_out};
}

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sms/msisdn.h"
#include "tools/replay.h"

enum { POOL_MAX = 10000000 };
static const uint64_t MSISDN_MAX = 99999999999;

static bool read_range(struct view written, struct pool *pool)
{
    uint64_t first, last;
    struct view rest = written, head = view_cut(&rest, '-');
    if (!view_number(head, MSISDN_MAX, &first) || !view_number(rest, MSISDN_MAX, &last) || last < first || last - first >= POOL_MAX)
        return false;
    *pool = (struct pool){.first = first, .count = (size_t)(last - first + 1)};
    return true;
}

static enum outcome add_line(struct arena *arena, struct pool *pool, size_t *room, struct view line)
{
    struct msisdn read = msisdn_read(line);
    if (read.kind != MSISDN_MOBILE)
        return IS_REFUSED;
    if (pool->count == *room) {
        *room = *room ? *room * 2 : 1024;
        uint64_t *larger = ARENA_ARRAY(arena, uint64_t, *room);
        if (pool->count)
            memcpy(larger, pool->msisdn, pool->count * sizeof(*larger));
        pool->msisdn = larger;
    }
    view_number(view_of(read.digits), MSISDN_MAX, &pool->msisdn[pool->count++]);
    return IS_DONE;
}

/* Blank lines, and those that begin with `#`, are passed by. */
static enum outcome read_file(struct arena *arena, const char *path, FILE *file, struct pool *pool, struct err *err)
{
    char *at = NULL;
    size_t size = 0, room = 0;
    unsigned long number = 0;
    enum outcome outcome = IS_DONE;
    for (ssize_t read; outcome == IS_DONE && (read = getline(&at, &size, file)) >= 0;) {
        struct view line = view_trim((struct view){at, (size_t)read});
        number++;
        if (line.size && *line.at != '#' && add_line(arena, pool, &room, line) != IS_DONE)
            outcome = err_refused(err, "%s:%lu: \"%.*s\" is no mobile number", path, number, VIEW_ARG(line));
    }
    free(at);
    if (outcome == IS_DONE && !pool->count)
        outcome = err_refused(err, "%s holds no number", path);
    return outcome;
}

enum outcome pool_read(struct arena *arena, const char *written, uint64_t first, struct pool *pool, struct err *err)
{
    uint64_t count;
    *pool = (struct pool){.first = first};
    if (read_range(view_of(written), pool))
        return IS_DONE;
    if (view_number(view_of(written), POOL_MAX, &count) && count > 0) {
        pool->count = (size_t)count;
        return IS_DONE;
    }
    FILE *file = fopen(written, "r");
    if (!file)
        return err_refused(err, "--subscribers \"%s\": neither a number, nor FIRST-LAST, nor a file: %m", written);
    enum outcome outcome = read_file(arena, written, file, pool, err);
    fclose(file);
    return outcome;
}

uint64_t pool_msisdn(const struct pool *pool, size_t number)
{
    return pool->msisdn ? pool->msisdn[number] : pool->first + number;
}

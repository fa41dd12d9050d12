/* Filters of times: what they write is the moment that went in, as the C library sees it in Beijing (which has no summer time). */
#include <time.h>

#include "filters.h"

/* The moment in Beijing, as the four filters of times write it; from 1970 to 9999, others they refuse. */
static void check_moment(struct arena *arena, const struct value *value, int64_t unix_s, const char *shown)
{
    static const int64_t begin = -8 * 3600, end = 253402300800 - 8 * 3600;
    static const char *const months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static const char *const names[] = {"date_zh", "time_zh", "date", "time"};
    bool is_shown = unix_s >= begin && unix_s < end;
    time_t local = is_shown ? (time_t)unix_s + 8 * 3600 : 0;
    struct tm tm;
    gmtime_r(&local, &tm);
    int year = tm.tm_year + 1900, month = tm.tm_mon + 1;
    const char *name = months + 3 * (month - 1);
    struct view wanted[] = {
        arena_printf(arena, "%d年%d月%d日", year, month, tm.tm_mday),
        arena_printf(arena, "%d年%d月%d日 %02d:%02d", year, month, tm.tm_mday, tm.tm_hour, tm.tm_min),
        arena_printf(arena, "%d %.3s %d", tm.tm_mday, name, year),
        arena_printf(arena, "%d %.3s %d %02d:%02d", tm.tm_mday, name, year, tm.tm_hour, tm.tm_min),
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *words = apply(arena, names[i], LANGUAGE_ZH, value);
        HOLDS(is_shown ? words && strcmp(words, wanted[i].at) == 0 : !words, "%s of %s is %s, not %s", names[i], shown,
              words ? words : "nothing", is_shown ? wanted[i].at : "nothing");
    }
}

/* A time as PostgreSQL writes it, at any offset. */
static void check_time(struct arena *arena, struct input *in)
{
    static const char *const formats[] = {"%04d-%02d-%02dT%02d:%02d:%02d.%03d%c%02d:%02d", "%04d-%02d-%02d %02d:%02d:%02d.%06d%c%02d%02d"};
    struct tm tm = {.tm_year = 70 + (int)(input_number(in) % 8030),
                    .tm_mon = (int)(input_byte(in) % 12),
                    .tm_mday = 1 + (int)(input_byte(in) % 28),
                    .tm_hour = (int)(input_byte(in) % 24),
                    .tm_min = (int)(input_byte(in) % 60)};
    int offset = (int)(input_number(in) % (29 * 60)) - 14 * 60, size = abs(offset);
    struct view shown =
        arena_printf(arena, formats[input_byte(in) % 2], tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, 7, 5,
                     offset < 0 ? '-' : '+', size / 60, size % 60); // NOLINT(clang-diagnostic-format-nonliteral)
    int64_t unix_s = timegm(&tm) - (int64_t)offset * 60;
    check_moment(arena, &(struct value){.text = shown}, unix_s, shown.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct input in = input_of(data, size);
    unsigned how = input_byte(&in);
    if (how & 64) {
        check_time(arena, &in);
    } else {
        int64_t unix_s = (int64_t)(input_number(&in) >> how % 64);
        struct view digits = arena_printf(arena, "%" PRId64, unix_s);
        check_moment(arena, &(struct value){.text = digits}, unix_s, digits.at);
    }
    arena_free(&arena);
    return 0;
}

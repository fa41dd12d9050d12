/* Filters of numbers: what is written can be read back as what went in, by arithmetic that is not theirs; and whatever goes in, a filter
 * takes it or says no. */
#include "filters.h"

static void check_yuan(const char *words, int64_t fen)
{
    unsigned long long yuan = 0, rest = 100;
    char behind = 0;
    int read = sscanf(words, words[0] == '-' ? "-%llu.%2llu%c" : "%llu.%2llu%c", &yuan, &rest, &behind);
    uint64_t size = fen < 0 ? -(uint64_t)fen : (uint64_t)fen;
    HOLDS(read == 2 && yuan == size / 100 && rest == size % 100 && (words[0] == '-') == (fen < 0), "%" PRId64 " as %s", fen, words);
    HOLDS(strlen(strchr(words, '.')) == 3, "%s", words);
}

static void check_duration(const char *words, int64_t s, enum language language)
{
    static const struct {
        const char *name[LANGUAGES];
        int64_t s;
    } units[] = {{{"天", " day"}, 86400}, {{"小时", " hour"}, 3600}, {{"分钟", " minute"}, 60}, {{"秒", " second"}, 1}};
    char *unit;
    long long count = words ? strtoll(words, &unit, 10) : 0;
    HOLDS(!words == (s < 0), "%" PRId64 " as %s", s, words ? words : "nothing");
    for (size_t i = 0; words && i < sizeof units / sizeof *units; i++)
        if (strncmp(unit, units[i].name[language], strlen(units[i].name[language])) == 0) {
            HOLDS(count == s / units[i].s && s % units[i].s == 0, "%" PRId64 " as %s", s, words);
            return;
        }
    HOLDS(!words, "%s", words);
}

static void check_number(struct arena *arena, int64_t number, enum language language)
{
    struct value text = {.text = arena_printf(arena, "%" PRId64, number)}, json = {.json = json_integer(number)};
    unsigned year = 0, month = 0;
    check_yuan(apply(arena, "yuan", language, &json), number);
    check_duration(apply(arena, "duration", language, &json), number, language);
    const char *words = apply(arena, "month_zh", language, &json);
    HOLDS(!words || (sscanf(words, "%u年%u月", &year, &month) == 2 && year * 100 + month == number), "%s", words);
    if (number > INT64_MIN) /* as a text a number is the same, but for the least one */
        HOLDS(strcmp(apply(arena, "yuan", language, &text), apply(arena, "yuan", language, &json)) == 0, "%s", text.text.at);
    json_decref((json_t *)json.json);
}

/* Anything at all: taken or not, alike each time. */
static void check_any(struct arena *arena, struct view bytes, enum language language)
{
    static const char *const names[] = {"yuan", "price", "duration", "month_zh",   "month", "date_zh", "time_zh",
                                        "date", "time",  "list",     "list_comma", "lines", "count",   "mb"};
    struct value value = {.text = fuzz_text(arena, bytes)};
    json_t *json = json_read(bytes, NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        apply(arena, names[i], language, &value);
        if (json)
            apply(arena, names[i], language, &(struct value){.json = json});
    }
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct input in = input_of(data, size);
    unsigned how = input_byte(&in);
    enum language language = how & 1;
    if (how & 2)
        check_any(arena, in.left, language);
    else
        check_number(arena, (int64_t)(input_number(&in) >> how % 64), language);
    arena_free(&arena);
    return 0;
}

/* The nearest codes to a text, and the lists of codes for help and for handheld clients. Edit distance counts characters, not bytes, and a
 * swap of two neighbours as one: thumbs do that. Most codes are ruled out by length or by the set of their characters, so that ten
 * thousand of them cost some microseconds. */
#include "grammar/suggest.h"

#include <stdlib.h>
#include <string.h>

#include "grammar/spec.h"
#include "sms/fold.h"

enum { POINTS_MAX = 48, HELP_CODES_MAX = 4 }; /* longer texts are prose: nothing is near to them */

struct code code_of(struct arena *arena, struct view text)
{
    int32_t *point = ARENA_ARRAY(arena, int32_t, text.size + 1);
    struct code code = {.text = text, .point = point};
    for (size_t i = 0; i < text.size;) {
        int32_t c = view_code_point(text, &i);
        point[code.points++] = c;
        code.letters |= (uint64_t)1 << ((uint32_t)c * 2654435761u >> 26);
    }
    return code;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace, swap. Both have at most POINTS_MAX characters. */
static size_t distance(const struct code *a, const struct code *b)
{
    size_t row[3][POINTS_MAX + 1];
    for (size_t k = 0; k <= b->points; k++)
        row[0][k] = k;
    for (size_t i = 1; i <= a->points; i++) {
        size_t *now = row[i % 3], *before = row[(i + 2) % 3], *before_that = row[(i + 1) % 3];
        now[0] = i;
        for (size_t k = 1; k <= b->points; k++) {
            now[k] = least(least(before[k], now[k - 1]) + 1, before[k - 1] + (a->point[i - 1] != b->point[k - 1]));
            if (i > 1 && k > 1 && a->point[i - 1] == b->point[k - 2] && a->point[i - 2] == b->point[k - 1])
                now[k] = least(now[k], before_that[k - 2] + 1);
        }
    }
    return row[a->points % 3][b->points];
}

static size_t difference(size_t a, size_t b)
{
    return a > b ? a - b : b - a;
}

static bool may_be_near(const struct code *a, const struct code *b, size_t most)
{
    return b->points <= POINTS_MAX && difference(a->points, b->points) <= most &&
           (size_t)__builtin_popcountll(a->letters & ~b->letters) <= most && (size_t)__builtin_popcountll(b->letters & ~a->letters) <= most;
}

struct near {
    size_t rank; /* less is nearer */
    struct view code;
};

/* By distance; then those that begin alike, because a thumb errs less at the beginning; then the shorter ones. */
static size_t rank_of(size_t edits, bool begins_alike, size_t points)
{
    return (edits * 2 + !begins_alike) * (POINTS_MAX + 1) + points;
}

/* The row's nearest code within `most` edits; code.at == NULL: none. */
static struct near nearest_of(const struct row *row, const struct code *text, size_t most)
{
    struct near best = {.rank = SIZE_MAX};
    for (size_t i = 0; i < row->codes; i++) {
        const struct code *code = &row->code[i];
        if (!code->is_offered || !may_be_near(text, code, most))
            continue;
        size_t edits = distance(text, code), rank = rank_of(edits, text->point[0] == code->point[0], code->points);
        if (edits <= most && rank < best.rank)
            best = (struct near){rank, code->text};
    }
    return best;
}

/* Keeps the `most` best in order; equal ones in the order they came, equal codes once. */
static size_t insert(struct near *near, size_t count, size_t most, struct near one)
{
    size_t place = count;
    for (size_t i = 0; i < count; i++)
        if (view_equal(near[i].code, one.code))
            return count;
    while (place > 0 && near[place - 1].rank > one.rank)
        place--;
    if (place == most)
        return count;
    size_t kept = least(count, most - 1);
    memmove(&near[place + 1], &near[place], (kept - place) * sizeof *near);
    near[place] = one;
    return kept + 1;
}

size_t grammar_suggest(const struct grammar *grammar, struct arena *arena, struct view folded, int at, size_t most, struct view *codes)
{
    size_t count = 0;
    if (!folded.size || folded.size > (size_t)POINTS_MAX * 4 || !most)
        return 0;
    struct code text = code_of(arena, folded);
    size_t edits = text.points / 3 ? text.points / 3 : 1;
    struct near *near = ARENA_ARRAY(arena, struct near, most);
    for (size_t i = 0; i < grammar->rows && text.points <= POINTS_MAX; i++) {
        if (!(grammar->row[i].command.at & at))
            continue;
        struct near one = nearest_of(&grammar->row[i], &text, edits);
        if (one.code.at)
            count = insert(near, count, most, one);
    }
    for (size_t i = 0; i < count; i++)
        codes[i] = near[i].code;
    return count;
}

/* --- help --- */

const struct row *row_of_topic(const struct grammar *grammar, struct view folded, int at)
{
    const struct fixed *fixed = index_find(&grammar->index, folded);
    const struct variant *variant = fixed ? fixed->variant[at == AT_PROVIDER] : NULL;
    if (variant)
        return variant->row;
    const uint32_t *number = table_get(&grammar->topic_of[at == AT_PROVIDER], folded);
    return number ? &grammar->row[*number] : NULL;
}

size_t grammar_help(const struct grammar *grammar, struct arena *arena, struct view topic, int at, struct view *title, struct view **codes)
{
    size_t count = 0;
    const struct row *row = topic.size ? row_of_topic(grammar, fold(arena, topic), at) : NULL;
    if (!row)
        return 0;
    *title = row->command.title;
    *codes = ARENA_ARRAY(arena, struct view, HELP_CODES_MAX);
    for (size_t i = 0; i < row->variants && count < HELP_CODES_MAX; i++)
        (*codes)[count++] = form_sample(arena, &row->variant[i], 0);
    return count;
}

/* --- for handheld clients and for check --- */

static void write_row(const struct row *row, struct text *out)
{
    text_add(out, VIEW("{\"name\":"));
    text_add_json(out, row->command.name);
    text_add(out, VIEW(",\"title\":"));
    text_add_json(out, row->command.title);
    text_add(out, VIEW(",\"codes\":["));
    for (size_t i = 0; i < row->codes; i++) {
        if (i)
            text_add_char(out, ',');
        text_add_json(out, row->code[i].text);
    }
    text_add(out, VIEW("]}"));
}

struct view grammar_commands_page(const struct grammar *grammar)
{
    return grammar->page;
}

void suggest_write_commands(const struct grammar *grammar, struct text *out)
{
    bool is_first = true;
    text_add(out, VIEW("{\"commands\":["));
    for (size_t i = 0; i < grammar->rows; i++) {
        if (!grammar->row[i].forms)
            continue;
        if (!is_first)
            text_add_char(out, ',');
        write_row(&grammar->row[i], out);
        is_first = false;
    }
    text_add(out, VIEW("]}"));
}

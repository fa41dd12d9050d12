/* A stored run is lines of fields between tabs, so that it can be read, sorted and compared by other tools too. Messages are found by
 * their ids; the n-th of one id there is the n-th here. */
#include <inttypes.h>
#include <string.h>

#include "tools/replay.h"

enum { FIELDS_MAX = 64 };

/* --- writing --- */

/* Tabs, line ends and backslashes would break the lines. */
static void write_field(struct text *out, struct view v)
{
    static const char marks[] = "\t\n\r\\", letters[] = "tnr\\";
    for (size_t i = 0; i < v.size; i++) {
        const char *mark = v.at[i] ? strchr(marks, v.at[i]) : NULL;
        if (mark)
            text_add_char(out, '\\');
        text_add_char(out, mark ? letters[mark - marks] : v.at[i]);
    }
}

static void write_counts(struct text *out, const char *what, const struct tally *tally, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text_addf(out, "%s\t", what);
        write_field(out, tally[i].label);
        text_addf(out, "\t%" PRIu64 "\n", tally[i].count);
    }
}

static void write_message(struct text *out, const struct run_message *message)
{
    text_add(out, VIEW("message\t"));
    write_field(out, message->id);
    text_add_char(out, '\t');
    write_field(out, message->label);
    for (const struct run_reply *reply = message->reply; reply; reply = reply->next) {
        text_add_char(out, '\t');
        write_field(out, reply->label);
        text_add_char(out, '\t');
        write_field(out, reply->words);
    }
    text_add_char(out, '\n');
}

void run_write(struct text *out, const struct run *run, bool with_messages)
{
    text_addf(out, "messages\t%zu\n", run->messages);
    write_counts(out, "read", run->read, run->reads);
    write_counts(out, "reply", run->replied, run->replies);
    for (size_t i = 0; with_messages && i < run->messages; i++)
        write_message(out, &run->message[i]);
}

/* --- reading --- */

static struct view read_field(struct arena *arena, struct view v)
{
    char *out = arena_alloc(arena, v.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < v.size; i++) {
        bool is_escape = v.at[i] == '\\' && i + 1 < v.size;
        char c = is_escape ? v.at[++i] : v.at[i];
        out[size++] = !is_escape ? c : c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
    }
    return (struct view){out, size};
}

struct comparison {
    struct arena *arena;
    const struct run *run;
    struct text *differences;
    size_t count;
    bool has_replies;           /* the file counts replies: a run that was only read has none */
    bool *is_read, *is_replied; /* by tally: the file has it */
    uint32_t *head, *next;      /* of this run's messages by id, those that the file has not named yet; 1 and on */
    size_t heads;
};

static void differ(struct comparison *c, const char *what, struct view which, struct view was, struct view now)
{
    c->count++;
    text_addf(c->differences, "%s%.*s: was %.*s, is %.*s\n", what, VIEW_ARG(which), VIEW_ARG(was), VIEW_ARG(now));
}

static void differ_in_number(struct comparison *c, const char *what, struct view which, uint64_t was, uint64_t now)
{
    if (was != now)
        differ(c, what, which, arena_printf(c->arena, "%" PRIu64, was), arena_printf(c->arena, "%" PRIu64, now));
}

static void compare_count(struct comparison *c, const char *what, const struct tally *tally, size_t count, bool *is_there,
                          struct view label, uint64_t was)
{
    size_t place = 0;
    while (place < count && !view_equal(tally[place].label, label))
        place++;
    if (place < count)
        is_there[place] = true;
    differ_in_number(c, what, label, was, place < count ? tally[place].count : 0);
}

static void compare_new(struct comparison *c, const char *what, const struct tally *tally, size_t count, const bool *is_there)
{
    for (size_t i = 0; i < count; i++)
        if (!is_there[i])
            differ_in_number(c, what, tally[i].label, 0, tally[i].count);
}

/* --- messages, by id --- */

static uint32_t *head_of(const struct comparison *c, struct view id)
{
    return &c->head[view_hash(id) % c->heads];
}

static void index_messages(struct comparison *c)
{
    c->heads = c->run->messages + 1;
    c->head = ARENA_ARRAY(c->arena, uint32_t, c->heads);
    c->next = ARENA_ARRAY(c->arena, uint32_t, c->heads);
    for (size_t i = c->run->messages; i > 0; i--) {
        uint32_t *head = head_of(c, c->run->message[i - 1].id);
        c->next[i - 1] = *head;
        *head = (uint32_t)i;
    }
}

/* Each is found once. */
static const struct run_message *take_message(struct comparison *c, struct view id)
{
    for (uint32_t *link = head_of(c, id); *link; link = &c->next[*link - 1]) {
        const struct run_message *message = &c->run->message[*link - 1];
        if (view_equal(message->id, id)) {
            *link = c->next[*link - 1];
            return message;
        }
    }
    return NULL;
}

static void compare_replies(struct comparison *c, const struct run_message *message, const struct view *field, size_t fields)
{
    const struct run_reply *reply = message->reply;
    for (size_t i = 0; i < fields || reply; i += 2, reply = reply ? reply->next : NULL) {
        struct view was = i < fields ? field[i] : VIEW("none"), now = reply ? reply->label : VIEW("none");
        struct view words = i + 1 < fields ? field[i + 1] : VIEW_NONE;
        if (!view_equal(was, now))
            differ(c, "reply to ", message->id, was, now);
        else if (reply && !view_equal(words, reply->words))
            differ(c, "words to ", message->id, words, reply->words);
    }
}

static void compare_message(struct comparison *c, const struct view *field, size_t fields)
{
    const struct run_message *message = take_message(c, field[1]);
    if (!message) {
        differ(c, "message ", field[1], field[2], VIEW("not there"));
        return;
    }
    if (!view_equal(message->label, field[2]))
        differ(c, "message ", message->id, field[2], message->label);
    if (c->has_replies)
        compare_replies(c, message, field + 3, fields - 3);
}

/* --- the whole --- */

static bool compare_line(struct comparison *c, const struct view *field, size_t fields)
{
    uint64_t number = 0;
    const struct run *run = c->run;
    if (view_equal(field[0], VIEW("message")) && fields >= 3) {
        if (!c->head)
            index_messages(c);
        compare_message(c, field, fields);
        return true;
    }
    if (fields < 2 || !view_number(field[fields - 1], UINT64_MAX, &number))
        return false;
    if (view_equal(field[0], VIEW("messages")) && fields == 2)
        differ_in_number(c, "messages", VIEW_NONE, number, run->messages);
    else if (view_equal(field[0], VIEW("read")) && fields == 3)
        compare_count(c, "read as ", run->read, run->reads, c->is_read, field[1], number);
    else if (view_equal(field[0], VIEW("reply")) && fields == 3)
        compare_count(c, "replies ", run->replied, run->replies, c->is_replied, field[1], number);
    else
        return false;
    c->has_replies |= view_equal(field[0], VIEW("reply"));
    return true;
}

static size_t split(struct arena *arena, struct view line, struct view field[FIELDS_MAX])
{
    size_t fields = 0;
    while (line.size && fields < FIELDS_MAX)
        field[fields++] = read_field(arena, view_cut(&line, '\t'));
    return fields;
}

enum outcome run_compare(const struct run *run, struct view name, struct view stored, struct text *differences, size_t *count,
                         struct err *err)
{
    struct comparison c = {.arena = arena_new(), .run = run, .differences = differences};
    enum outcome outcome = IS_DONE;
    c.is_read = ARENA_ARRAY(c.arena, bool, run->reads + 1);
    c.is_replied = ARENA_ARRAY(c.arena, bool, run->replies + 1);
    for (int line = 1; stored.size && outcome == IS_DONE; line++) {
        struct view field[FIELDS_MAX], row = view_cut(&stored, '\n');
        if (row.size && *row.at != '#' && !compare_line(&c, field, split(c.arena, row, field)))
            outcome = err_refused(err, "%.*s:%d: this is no line of a run", VIEW_ARG(name), line);
    }
    if (outcome == IS_DONE) {
        compare_new(&c, "read as ", run->read, run->reads, c.is_read);
        if (c.has_replies)
            compare_new(&c, "replies ", run->replied, run->replies, c.is_replied);
    }
    *count = c.count;
    arena_free(&c.arena);
    return outcome;
}

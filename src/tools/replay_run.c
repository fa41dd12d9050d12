#include <stdlib.h>
#include <string.h>

#include "tools/replay.h"

struct run *run_new(const struct reading *reading, bool keeps)
{
    struct arena *arena = arena_new();
    struct run *run = ARENA_NEW(arena, struct run);
    *run = (struct run){
        .reading = reading, .arena = arena, .scratch = arena_new(), .keeps = keeps, .unread = groups_new(), .unmatched = groups_new()};
    return run;
}

void run_free(struct run **run)
{
    if (!*run)
        return;
    struct arena *arena = (*run)->arena;
    groups_free(&(*run)->unread);
    groups_free(&(*run)->unmatched);
    arena_free(&(*run)->scratch);
    free((*run)->message);
    *run = NULL;
    arena_free(&arena);
}

/* --- counts --- */

/* There are as many labels as commands and outcomes, and the common ones come early: no table is needed to find them. Gives the label
 * as it is kept. */
static struct view count_label(struct arena *arena, struct tally **tally, size_t *count, size_t *room, struct view label)
{
    size_t place = 0;
    while (place < *count && !view_equal((*tally)[place].label, label))
        place++;
    if (place == *room) {
        *room = *room ? *room * 2 : 64;
        struct tally *larger = ARENA_ARRAY(arena, struct tally, *room);
        if (*count)
            memcpy(larger, *tally, *count * sizeof(*larger));
        *tally = larger;
    }
    if (place == *count)
        (*tally)[(*count)++] = (struct tally){.label = arena_copy(arena, label)};
    (*tally)[place].count++;
    return (*tally)[place].label;
}

static struct view count_read(struct run *run, struct view label)
{
    return count_label(run->arena, &run->read, &run->reads, &run->read_room, label);
}

/* --- messages --- */

static int64_t add_message(struct run *run, struct view id, struct view label)
{
    if (run->messages == run->room) {
        run->room = run->room ? run->room * 2 : 1024;
        run->message = realloc(run->message, run->room * sizeof(*run->message));
        if (!run->message)
            abort();
    }
    run->message[run->messages] = (struct run_message){.id = id, .label = label};
    return (int64_t)run->messages++;
}

int64_t run_said(struct run *run, struct view id, struct view text, struct view port)
{
    struct view masked = text, label = VIEW("(unread)");
    arena_reset(run->scratch);
    if (run->reading)
        label = reading_of_text(run->reading, run->scratch, text, port, &masked);
    if (view_equal(label, VIEW("(nothing)")))
        groups_add(run->unread, masked);
    label = count_read(run, label);
    return add_message(run, run->keeps ? arena_copy(run->arena, id) : VIEW_NONE, label);
}

int64_t run_said_corpus(struct run *run, const struct replay_options *options, const struct corpus *corpus)
{
    int64_t first = (int64_t)run->messages;
    for (size_t i = 0; i < corpus->count; i++)
        run_said(run, corpus->row[i].id, corpus->row[i].text, corpus->row[i].to.size ? corpus->row[i].to : options->to);
    for (size_t i = corpus->count; i < corpus->count * options->repeat; i++) {
        struct run_message like = run->message[(size_t)first + i % corpus->count];
        add_message(run, like.id, count_read(run, like.label));
    }
    return first;
}

/* A message has few replies: the end of the list is walked to. */
static void keep_reply(struct run *run, struct run_message *message, struct view label, struct view words)
{
    struct run_reply **last = &message->reply, *reply = ARENA_NEW(run->arena, struct run_reply);
    *reply = (struct run_reply){.label = label, .words = arena_copy(run->arena, words)};
    while (*last)
        last = &(*last)->next;
    *last = reply;
}

void run_heard(struct run *run, int64_t number, struct view text)
{
    struct view read = number >= 0 ? run->message[number].label : VIEW_NONE;
    struct view label = run->reading ? reading_of_reply(run->reading, text, read) : VIEW_NONE;
    if (!label.size)
        groups_add(run->unmatched, text);
    label = count_label(run->arena, &run->replied, &run->replies, &run->replied_room, label.size ? label : VIEW("(no template)"));
    if (run->keeps && number >= 0)
        keep_reply(run, &run->message[number], label, text);
}

/* --- the end --- */

static int by_count(const void *a, const void *b)
{
    const struct tally *left = a, *right = b;
    if (left->count != right->count)
        return left->count < right->count ? 1 : -1;
    return strcmp(left->label.at, right->label.at);
}

void run_end(struct run *run)
{
    if (run->reads)
        qsort(run->read, run->reads, sizeof(*run->read), by_count);
    if (run->replies)
        qsort(run->replied, run->replies, sizeof(*run->replied), by_count);
}

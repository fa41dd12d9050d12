/* Plays one talk: each event in turn, until one of them is not as it should be. What comes after that would only repeat the fault. */
#include "tools/replay.h"

#include <time.h>

#include "base/clock.h"

/* Which message a subscriber sent last: what he hears then is the reply to it. */
struct last {
    struct view msisdn;
    int64_t number;
    struct last *next;
};

struct play {
    struct way *way;
    const struct replay_options *options;
    struct arena *arena;
    struct run *run;
    struct last *lasts;
    struct verdict *verdict;
};

static struct last *last_of(struct play *play, struct view msisdn)
{
    struct last *last = play->lasts;
    while (last && !view_equal(last->msisdn, msisdn))
        last = last->next;
    if (!last) {
        last = ARENA_NEW(play->arena, struct last);
        *last = (struct last){msisdn, RUN_NOBODY, play->lasts};
        play->lasts = last;
    }
    return last;
}

static void fail(struct play *play, const struct talk_event *event, struct view wanted, struct view came)
{
    play->verdict->is_good = false;
    play->verdict->line = event->line;
    play->verdict->wanted = wanted;
    play->verdict->came = came;
}

static struct view describe_reply(struct play *play, const struct reply *reply)
{
    return arena_printf(play->arena, "from %.*s: %.*s", VIEW_ARG(reply->port), VIEW_ARG(reply->text));
}

static void say(struct play *play, const struct talk_event *event)
{
    struct err err;
    struct view id = arena_printf(play->arena, "%.*s:%d", VIEW_ARG(play->verdict->name), event->line);
    play->verdict->said++;
    last_of(play, event->msisdn)->number = run_said(play->run, id, event->text, event->port);
    if (way_say(play->way, event, &err) != IS_DONE)
        fail(play, event, VIEW("the message is taken"), arena_copy(play->arena, view_of(err.text)));
}

static struct view describe_event(struct play *play, const struct talk_event *event)
{
    const char *mark = event->kind == TALK_HEARS_LIKE ? "/" : "";
    return arena_printf(play->arena, "from %.*s: %s%.*s%s", VIEW_ARG(event->port), mark, VIEW_ARG(event->text), mark);
}

static void hear(struct play *play, const struct talk_event *event)
{
    struct reply reply;
    if (!way_hear(play->way, play->arena, event->msisdn, play->options->timeout_ms, &reply)) {
        fail(play, event, describe_event(play, event), arena_printf(play->arena, "nothing within %u ms", play->options->timeout_ms));
        return;
    }
    play->verdict->heard++;
    run_heard(play->run, last_of(play, event->msisdn)->number, reply.text);
    if (!view_equal(reply.port, event->port) || !talk_event_fits(event, reply.text))
        fail(play, event, describe_event(play, event), describe_reply(play, &reply));
}

static void hear_nothing(struct play *play, const struct talk_event *event)
{
    struct reply reply;
    if (way_hear(play->way, play->arena, event->msisdn, way_quiet_ms(play->way), &reply))
        fail(play, event, VIEW("no further reply"), describe_reply(play, &reply));
}

static void wait(struct play *play, const struct talk_event *event)
{
    (void)play;
    nanosleep(&(struct timespec){event->wait_ms / 1000, (long)(event->wait_ms % 1000) * 1000000}, NULL);
}

void play_talk(struct way *way, const struct replay_options *options, struct arena *arena, const struct talk *talk, struct run *run,
               struct verdict *verdict)
{
    static void (*const perform[])(struct play *, const struct talk_event *) = {
        [TALK_SAYS] = say, [TALK_HEARS] = hear, [TALK_HEARS_LIKE] = hear, [TALK_SILENCE] = hear_nothing, [TALK_WAITS] = wait,
    };
    struct play play = {.way = way, .options = options, .arena = arena, .run = run, .verdict = verdict};
    uint64_t start_us = clock_us();
    *verdict = (struct verdict){.name = talk->name, .is_good = true};
    way_forget(way, talk);
    for (size_t i = 0; i < talk->count && verdict->is_good; i++)
        perform[talk->event[i].kind](&play, &talk->event[i]);
    verdict->seconds = (double)(clock_us() - start_us) / 1e6;
    if (!verdict->is_good) /* what is still on its way must not fall into the next talk */
        wait(&play, &(struct talk_event){.wait_ms = way_quiet_ms(way)});
}

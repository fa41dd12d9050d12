/* Talk files: a conversation between phones and the hall, written down one event a line (DESIGN 4), UTF-8.
 *
 *     # a comment; empty lines are skipped
 *     13800138000 > 10086 ＹＥ            sent by the subscriber to the port; the text may be empty
 *     13800138000 < 10086 *56.78元*       must be the next reply to the subscriber: a glob, `*` is any text, `\*` a star, `\\` a backslash
 *     13800138000 <~ 10086 /^您.+元/      the same with a PCRE2 expression that must be found in it; `\/` is a slash
 *     13800138000 ! 10086                 no further reply comes to the subscriber
 *     wait 3s                             or 200ms: real time
 *
 * Blanks around a text are not part of it, and a `#` in it is. A text or glob in double quotes is taken with all its blanks; in there \n,
 * \t, \r, \", \\ and \u{1F600} are escapes (and \* in a glob). Behind quotes, an expression, `!` and `wait` a comment may follow.
 * Everything here is pure: no clock, socket or file. */
#ifndef TOOLS_TALK_H
#define TOOLS_TALK_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "grammar/pattern.h"

enum talk_kind {
    TALK_SAYS,       /* > */
    TALK_HEARS,      /* < */
    TALK_HEARS_LIKE, /* <~ */
    TALK_SILENCE,    /* ! */
    TALK_WAITS,      /* wait */
};

struct talk_event {
    enum talk_kind kind;
    int line; /* from 1 */
    struct view msisdn, port;
    struct view text;        /* said; or the glob or expression that is awaited, as it is shown */
    struct pattern *pattern; /* of TALK_HEARS_LIKE */
    unsigned wait_ms;        /* of TALK_WAITS */
};

struct talk {
    struct view name; /* of the file, for messages */
    struct talk_event *event;
    size_t count;
};

/* Reads a whole file's content. Views live in the arena (name is kept as it is); talk_end frees the expressions.
 * IS_REFUSED: a malformed line; err names `name:line: …`. */
enum outcome talk_read(struct arena *arena, struct view name, struct view content, struct talk **talk, struct err *err);
void talk_end(struct talk **talk);

/* The reply is what a TALK_HEARS or TALK_HEARS_LIKE event awaits; ports are not compared. */
bool talk_event_fits(const struct talk_event *event, struct view reply);

/* `*` in the glob is any text, newlines too; `\*` and `\\` are a star and a backslash; everything else is itself. */
bool talk_glob_fits(struct view glob, struct view text);

/* A text, or a glob that is exactly this reply but that each *** in it is any text, so that talk_read reads it: in quotes where blanks at
 * its ends, line ends and what cannot be seen would be lost. */
void talk_write_text(struct text *out, struct view text);
void talk_write_glob(struct text *out, struct view reply);

/* "3s", "200ms", or a bare number, which counts in units of bare_ms. False for anything else, and beyond one day. */
bool talk_duration(struct view written, unsigned bare_ms, unsigned *ms);

#endif

/* The parts of `smshall replay`: ways to a hall, the stand-in for sendsms, the players of talks and of corpora, and the reports. */
#ifndef TOOLS_REPLAY_H
#define TOOLS_REPLAY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "tools/talk.h"

struct replay_options {
    const char *hall;           /* base URL of the hall, which is called as Kannel would */
    struct view token;          /* presented to it; may be empty */
    const char *smsc;           /* base URL of `smshall smsc`: through the real Kannel instead; NULL: not */
    const char *sendsms_listen; /* host:port of our stand-in for sendsms; NULL: replies come in the HTTP answer */
    unsigned timeout_ms;        /* a reply must come within this */
    unsigned quiet_ms;          /* nothing for so long is silence */
    unsigned retry_pause_ms;    /* constant, as Kannel's */
    unsigned retries;
    /* of a corpus: */
    struct view to;       /* port */
    uint64_t first;       /* MSISDN */
    unsigned subscribers; /* first, first + 1 … */
    unsigned concurrency; /* messages under way at a time, each of another subscriber */
    unsigned repeat;
    double rate; /* messages a second; 0: as many as go */
};

/* How one test ended: a talk file, or a whole corpus. Views live in the arena of whoever made it. */
struct verdict {
    struct view name;
    bool is_good;
    int line;                 /* of the event that failed; 0: none */
    struct view wanted, came; /* what was wanted and what came, in words */
    unsigned said, heard;     /* messages sent, replies taken */
    double seconds;
};

/* --- replay_way.c: one subscriber's messages to the hall and its replies, waited for --- */

struct way;

struct reply {
    struct view msisdn, port, text;
};

/* Opens the way that the options name; starts the stand-in when it is asked for. */
enum outcome way_open(const struct replay_options *options, struct way **way, struct err *err);
void way_close(struct way **way);

/* Sends one message and sees it taken: 503 and broken connections are asked again with the same id, as Kannel does.
 * Else IS_FAILED (as often as allowed) or IS_REFUSED (another status: asking again will not help). */
enum outcome way_say(struct way *way, const struct talk_event *said, struct err *err);

/* The next reply to the subscriber; false: none within the time. The reply lives in the arena. */
bool way_hear(struct way *way, struct arena *arena, struct view msisdn, unsigned within_ms, struct reply *reply);

/* How long silence must last to be sure that nothing more comes: 0 when replies come in the HTTP answer. */
unsigned way_quiet_ms(const struct way *way);

/* Forgets all replies that these subscribers have not taken yet. */
void way_forget(struct way *way, const struct talk *talk);

/* A number in the one form in which replies come to it (rules D4); what is no mobile number stays as it is. */
struct view way_subscriber(struct arena *arena, struct view msisdn);

/* The URL of POST /kannel/mo, as conf/kannel.conf makes it. */
struct view way_mo_url(struct arena *arena, const struct replay_options *options, struct view id, struct view from, struct view to);
extern const char *const way_mo_headers[];

/* POST /phone/send and GET /phone/inbox of `smshall smsc`. */
struct view way_phone_url(struct arena *arena, const struct replay_options *options, struct view from, struct view to);
struct view way_inbox_url(struct arena *arena, const struct replay_options *options, struct view msisdn, int64_t after, unsigned wait_s);

/* A new id, like Kannel's %I. */
enum { MESSAGE_ID_SIZE = 37 };
void way_new_id(char id[MESSAGE_ID_SIZE]);

/* --- replay_sendsms.c: acts as smsbox's /cgi-bin/sendsms --- */

struct sendsms;

struct sendsms_setup {
    const char *listen;
    /* An MT for a subscriber, UTF-8. Called on the server's thread; nothing is kept. */
    void (*heard)(void *context, const struct reply *reply);
    void *context;
};

enum outcome sendsms_start(const struct sendsms_setup *setup, struct sendsms **sendsms, struct err *err);
void sendsms_stop(struct sendsms **sendsms);

/* What a delivery report says. */
struct dlr {
    unsigned status;              /* %d: 1 delivered, 8 accepted … */
    struct view reason, to, from; /* %A, %p the subscriber, %P our port */
    int64_t time;                 /* %T */
};

/* dlr-url with its escapes filled in, as Kannel does when the report comes: values encoded, %% is %, an unknown one stays (kannel.md §1,
 * §4). */
void sendsms_write_dlr_url(struct text *out, struct view url, const struct dlr *dlr);

/* --- replay_play.c --- */

/* Plays one talk up to the first expectation that fails. The verdict's views live in the arena. */
void play_talk(struct way *way, const struct replay_options *options, struct arena *arena, const struct talk *talk,
               struct verdict *verdict);

/* --- replay_load.c --- */

struct corpus {
    struct view *text;
    size_t count;
};

/* Rows `id<TAB>text`; empty lines are skipped. IS_REFUSED names the line. Views stay in the content; the array lives in the arena. */
enum outcome corpus_read(struct arena *arena, struct view name, struct view content, struct corpus *corpus, struct err *err);

enum { HEADS_MAX = 40, STATUS_MAX = 600 };
struct load_summary {
    uint64_t messages, taken, lost, retried; /* lost: never answered 200 */
    uint64_t replies, silent;                /* silent: taken, and no reply came */
    double seconds;
    unsigned concurrency;
    uint64_t status[STATUS_MAX]; /* HTTP answers, retries among them; [0]: no answer */
    struct head {
        char text[64]; /* the beginning of a reply */
        uint64_t count;
    } head[HEADS_MAX]; /* the last one takes what finds no place */
    size_t heads;
    uint32_t *answer_us, *reply_us; /* taken and replies of them, sorted when the load is done */
    size_t answers, reply_times;
};

/* Sends the corpus; draws a progress bar when standard error is a terminal. The summary's arrays live in the arena. */
enum outcome load_run(const struct replay_options *options, struct arena *arena, const struct corpus *corpus, struct load_summary *summary,
                      struct err *err);

/* Counts a reply under its first 12 characters. */
void load_count_head(struct load_summary *summary, struct view reply);

/* --- replay_report.c --- */

/* The nearest-rank percentile (1 … 100) of sorted values; 0 when there are none. */
uint32_t report_percentile(const uint32_t *sorted, size_t count, unsigned percent);

void report_write_plain(struct text *out, const struct verdict *verdict);
void report_write_tap(struct text *out, const struct verdict *verdict, size_t number);
void report_write_junit(struct text *out, const struct verdict *verdicts, size_t count);
void report_write_load(struct text *out, const struct load_summary *summary);

#endif

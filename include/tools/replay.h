/* The parts of `smshall replay`:
 *
 *     options ─▶ files ─▶ talks, one after the other ──play──▶ way ──┐
 *                  └────▶ corpus, many at a time ─────load───────────┴─▶ the hall, or Kannel's phones
 *                            ▲        ▲                                    │ replies: in the answer, to the stand-in for sendsms, or
 *                          pool    mischief (what networks do)             ▼ in a phone's inbox
 *                                                          run: what was read as what, and replied ─▶ report, stored run
 */
#ifndef TOOLS_REPLAY_H
#define TOOLS_REPLAY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "tools/talk.h"

/* --- replay_mischief.c: what networks do to messages, to reports and to connections --- */

enum mischief_kind {
    MISCHIEF_SAME_ID,         /* handed over once more with its id: at the same moment, or after the answer (rules D6) */
    MISCHIEF_NEW_ID,          /* sent once more with a new id: an impatient thumb, or the SMSC (rules D6) */
    MISCHIEF_REORDER,         /* overtaken by the same subscriber's next one */
    MISCHIEF_DELAY,           /* on the way for a while; its time is when it was sent off (rules A6) */
    MISCHIEF_CUT,             /* the connection is cut in the first moments: before, during or after the request */
    MISCHIEF_DROP_REPORT,     /* never comes (rules D8) */
    MISCHIEF_EARLY_REPORT,    /* comes before sendsms has answered */
    MISCHIEF_DOUBLE_REPORT,   /* comes twice */
    MISCHIEF_BACKWARD_REPORT, /* delivered first, and then accepted, wanted or not */
    MISCHIEFS,
};

/* Whether it strikes follows from the seed and from what it would strike, and not from when: a run with the same seed is the same. */
struct mischief {
    double share[MISCHIEFS]; /* 0 … 1 */
    uint64_t seed;
    unsigned delay_ms;                /* at most */
    _Atomic uint64_t done[MISCHIEFS]; /* how often it struck */
};

/* "5", "0.5", "5%": a share in percent. */
bool mischief_read_share(struct view written, double *share);

/* It strikes what `key` stands for, and that is counted. From any thread. */
bool mischief_strikes(struct mischief *mischief, enum mischief_kind kind, uint64_t key);

/* A number below `bound`: how long, when, in which of several ways. */
unsigned mischief_draw(const struct mischief *mischief, enum mischief_kind kind, uint64_t key, unsigned bound);

/* "repeat-same-id", as the options say it, and what it does, for --help. */
const char *mischief_name(enum mischief_kind kind);
const char *mischief_meaning(enum mischief_kind kind);

/* These happen between Kannel and the hall: there is nothing of them when phones send through a real Kannel. */
bool mischief_is_kannels(enum mischief_kind kind);
bool mischief_is_of_reports(enum mischief_kind kind);

/* --- replay_pool.c: who sends --- */

struct pool {
    size_t count;
    uint64_t first; /* first, first + 1 … when msisdn is NULL */
    uint64_t *msisdn;
};

/* "1000" (so many from `first`), "13800138000-13800138999", or a file with a number a line. IS_REFUSED: none of these. */
enum outcome pool_read(struct arena *arena, const char *written, uint64_t first, struct pool *pool, struct err *err);
uint64_t pool_msisdn(const struct pool *pool, size_t number);

/* --- replay_options.c --- */

struct replay_options {
    const char *hall;           /* base URL of the hall, which is called as Kannel would */
    struct view token;          /* presented to it; may be empty */
    const char *smsc;           /* base URL of `smshall smsc`: through the real Kannel instead; NULL: not */
    const char *sendsms_listen; /* host:port of our stand-in for sendsms; NULL: replies come in the HTTP answer */
    bool is_offline;            /* nothing is sent: texts are only read */
    unsigned timeout_ms;        /* a reply must come within this */
    unsigned quiet_ms;          /* nothing for so long is silence */
    unsigned retry_pause_ms;    /* constant, as Kannel's */
    unsigned retries;
    struct mischief *mischief;
    double rate; /* messages a second; 0: as many as go */
    /* of a corpus: */
    struct view to; /* port */
    struct pool pool;
    unsigned concurrency; /* messages under way at a time, each of another subscriber */
    unsigned repeat;
};

/* What was said on the command line. */
struct replay_words {
    struct replay_options options;
    struct mischief mischief;
    const char *token_file, *commands, *subscribers, *junit, *store, *compare; /* NULL: not said */
    uint64_t first;
    bool wants_tap, wants_counts, wants_help;
};

/* Fills words; optind is the first FILE. IS_REFUSED: called wrongly, and err says how. */
enum outcome replay_read_words(struct arena *arena, int argc, char **argv, struct replay_words *words, struct err *err);
void replay_write_help(struct text *out);

/* --- replay_files.c: what can be played --- */

/* A row of a corpus. Views live in the arena. */
struct corpus_row {
    struct view id, text;
    struct view from, to; /* VIEW_NONE: not said */
};

struct corpus {
    struct corpus_row *row;
    size_t count, room;
    struct view name; /* of all its files */
};

struct files {
    struct talk **talk;
    size_t talks, room;
    struct corpus corpus; /* all corpora in one */
};

/* Adds one file, by the end of its name: .talk; .tsv (id<TAB>text); .csv with a header; .jsonl, .ndjson or .json, an object a line. A
 * header and an object name `text`, and may name `id`, `from` and `to`. IS_REFUSED names file and line. */
enum outcome files_read(struct arena *arena, const char *path, struct files *files, struct err *err);
void files_end(struct files *files);

/* A file's content, in the arena. */
enum outcome files_read_whole(struct arena *arena, const char *path, struct view *content, struct err *err);

/* --- replay_reading.c: what texts and replies are, by the grammar --- */

struct reading;

/* ports: the hall's own, comma between. IS_REFUSED: the folder has faults. */
enum outcome reading_open(const char *commands, const char *ports, struct reading **reading, struct err *err);
void reading_close(struct reading **reading);

/* What a text is read as at this port: "balance", or in brackets when it is no command: "(answer yes)", "(maybe open)", "(nothing)".
 * *masked: the text without its secrets, in the arena. The label lives there too, or as long as the reading. */
struct view reading_of_text(const struct reading *reading, struct arena *arena, struct view text, struct view port, struct view *masked);

/* Whose words the reply to a text is that was read as `read`: "balance/ok"; VIEW_NONE: no template's. Templates without words of their own
 * are never found. */
struct view reading_of_reply(const struct reading *reading, struct view text, struct view read);

/* --- replay_groups.c: texts grouped by likeness --- */

struct groups;
struct group {
    struct view example; /* the first of them */
    uint64_t count;
};

struct groups *groups_new(void);
void groups_free(struct groups **groups);

/* Puts a text into the first group whose example shares half of its pairs of characters with it, figures being all the same; else into a
 * group of its own. */
void groups_add(struct groups *groups, struct view text);

/* The largest ones, at most `most`; gives their number, and in *all how many there are. */
size_t groups_largest(const struct groups *groups, struct group *group, size_t most, size_t *all);

/* --- replay_run.c: what was read as what, and what was replied --- */

struct tally {
    struct view label;
    uint64_t count;
};

struct run_reply {
    struct view label, words;
    struct run_reply *next;
};

struct run_message {
    struct view id, label;
    struct run_reply *reply;
};

struct run {
    const struct reading *reading; /* NULL: nothing is told apart */
    struct arena *arena, *scratch; /* scratch: of one text */
    bool keeps;                    /* every message with its replies; else counts alone */
    struct run_message *message;
    size_t messages, room;
    struct tally *read, *replied; /* largest first when the run is over */
    size_t reads, replies, read_room, replied_room;
    struct groups *unread;    /* texts that were read as nothing */
    struct groups *unmatched; /* replies that are no template's */
};

enum { RUN_NOBODY = -1 };

struct run *run_new(const struct reading *reading, bool keeps);
void run_free(struct run **run);

/* A message; gives its number, by which its replies are known. Not from two threads at once, like all of these. */
int64_t run_said(struct run *run, struct view id, struct view text, struct view port);

/* A whole corpus, as often as it is to be repeated; gives the number of its first message. */
int64_t run_said_corpus(struct run *run, const struct replay_options *options, const struct corpus *corpus);

/* A reply to that message, or to RUN_NOBODY's. */
void run_heard(struct run *run, int64_t number, struct view text);

/* Sorts the counts. */
void run_end(struct run *run);

/* --- replay_compare.c: a run kept in a file, and the differences --- */

/* A line each, fields between tabs: `messages N`, `read LABEL N`, `reply LABEL N`, and of each message, when the run keeps them and they
 * are wanted, `message ID LABEL`, with a label and words more for each reply. */
void run_write(struct text *out, const struct run *run, bool with_messages);

/* Each difference of the run to a stored one, a line each behind what differences holds; gives their number. What the file does not
 * have is not compared. IS_REFUSED: it holds no run; err names the line. */
enum outcome run_compare(const struct run *run, struct view name, struct view stored, struct text *differences, size_t *count,
                         struct err *err);

/* --- replay_way.c: one subscriber's messages to the hall and its replies, waited for --- */

struct way;

struct reply {
    struct view msisdn, port, text;
};

/* Opens the way that the options name; starts the stand-in when it is asked for. */
enum outcome way_open(const struct replay_options *options, struct way **way, struct err *err);
void way_close(struct way **way);

/* Sends one message when its turn has come, and sees it taken: 503 and broken connections are asked again with the same id, as Kannel does.
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

/* The URL of POST /kannel/mo, as conf/kannel.conf makes it; time_s is when Kannel had the message. */
struct view way_mo_url(struct arena *arena, const struct replay_options *options, struct view id, struct view from, struct view to,
                       int64_t time_s);
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
    struct mischief *mischief; /* what becomes of reports */
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

/* Which reports come, in their order, for a dlr-mask; key tells one MT from another. Gives their number. */
enum { REPORTS_MAX = 4 };
size_t sendsms_plan_reports(struct mischief *mischief, uint64_t key, uint64_t mask, unsigned status[REPORTS_MAX]);

/* --- replay_play.c --- */

/* How one test ended: a talk file, a whole corpus, a comparison. Views live in the arena of whoever made it. */
struct verdict {
    struct view name;
    bool is_good;
    int line;                 /* of the event that failed; 0: none */
    struct view wanted, came; /* what was wanted and what came, in words */
    unsigned said, heard;     /* messages sent, replies taken */
    double seconds;
};

/* Plays one talk up to the first expectation that fails. The verdict's views live in the arena. */
void play_talk(struct way *way, const struct replay_options *options, struct arena *arena, const struct talk *talk, struct run *run,
               struct verdict *verdict);

/* --- replay_plan.c: which message goes when, and from whom --- */

enum { NO_TURN = UINT32_MAX };

/* A subscriber of a load, and messages that have no reply yet: a ring. */
enum { WAITING_MAX = 8 };
struct subscriber {
    struct view msisdn; /* as it is sent */
    uint64_t hash;      /* of the form in which replies come to it */
    int64_t after;      /* phones: how far the inbox was read; -1: not yet */
    int64_t time_s;     /* of the last message */
    int64_t number;     /* of the last message in the run */
    unsigned oldest, waiting;
    struct {
        uint64_t sent_us;
        int64_t number;
    } sent[WAITING_MAX];
};

/* Each turn is one message of one subscriber. Walker w takes the turns of the subscribers w, w + walkers, w + 2 * walkers … in their order,
 * so one subscriber never has two messages under way. */
struct plan {
    struct subscriber *subscriber;
    size_t subscribers;
    uint32_t *table; /* of subscribers, by hash */
    size_t table_size;
    uint32_t turns, walkers;
    uint32_t *subscriber_of, *next; /* by turn: who, and the same walker's next turn */
    uint32_t *message_of;           /* by turn: which message; another one than the turn's own where two changed places */
    uint32_t *first;                /* by walker */
};

/* Everything lives in the arena. */
void plan_make(struct arena *arena, const struct replay_options *options, const struct corpus *corpus, struct plan *plan);

/* Whom a reply is for; NULL: nobody of these. */
struct subscriber *plan_find(const struct plan *plan, struct view msisdn);

/* --- replay_load.c --- */

enum { STATUS_MAX = 600 };
struct load_summary {
    uint64_t messages, taken, lost, retried; /* lost: never answered 200 */
    uint64_t replies, silent;                /* silent: taken, and no reply came */
    uint64_t differing;                      /* repeats that were answered otherwise than the message was (rules D6) */
    double seconds;
    unsigned concurrency;
    uint64_t status[STATUS_MAX];    /* HTTP answers, retries among them; [0]: no answer */
    uint32_t *answer_us, *reply_us; /* taken and replies of them, sorted when the load is done */
    size_t answers, reply_times;
};

/* Sends the corpus; draws a progress bar when standard error is a terminal. The summary's arrays live in the arena. */
enum outcome load_run(const struct replay_options *options, struct arena *arena, const struct corpus *corpus, struct run *run,
                      struct load_summary *summary, struct err *err);

/* --- replay_report.c --- */

/* The nearest-rank percentile (1 … 100) of sorted values; 0 when there are none. */
uint32_t report_percentile(const uint32_t *sorted, size_t count, unsigned percent);

void report_write_plain(struct text *out, const struct verdict *verdict);
void report_write_tap(struct text *out, const struct verdict *verdict, size_t number);
void report_write_junit(struct text *out, const struct verdict *verdicts, size_t count);
void report_write_load(struct text *out, const struct load_summary *summary);
void report_write_mischief(struct text *out, const struct mischief *mischief); /* nothing, when there was none */
void report_write_run(struct text *out, const struct run *run);

#endif

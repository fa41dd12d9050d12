/* One line an event, key=value or JSON, the message id first. MSISDNs are shortened to 138****8000 by their own kind of
 * field, and the text of a message has no field: it stays out (rules C5). Safe to call from any thread. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/view.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_AS_TEXT, LOG_AS_JSON };

enum log_kind { LOG_END, LOG_IS_TEXT, LOG_IS_INT, LOG_IS_MSISDN };
struct log_field {
    enum log_kind kind;
    const char *key;
    struct view text;
    int64_t number;
};

#define LOG_TEXT(key, v)   ((struct log_field){LOG_IS_TEXT, (key), (v), 0})
#define LOG_STR(key, s)    ((struct log_field){LOG_IS_TEXT, (key), view_of(s), 0})
#define LOG_INT(key, n)    ((struct log_field){LOG_IS_INT, (key), VIEW_NONE, (n)})
#define LOG_MSISDN(key, v) ((struct log_field){LOG_IS_MSISDN, (key), (v), 0})

/* Where to and how; before it is called, text to standard error at LOG_INFO. */
void log_setup(enum log_format format, enum log_level least, int fd);

/* log_event(LOG_INFO, "mo", LOG_TEXT("id", id), LOG_INT("us", n)); */
#define log_event(level, event, ...) log_write((level), (event), (const struct log_field[]){__VA_ARGS__, {LOG_END, 0, {0, 0}, 0}})
void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* The shortened number, into out: "13800138000" gives "138****8000"; anything shorter than 8 characters gives "****". */
void log_shorten_msisdn(struct view msisdn, char out[32]);

#endif

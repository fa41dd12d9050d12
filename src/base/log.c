/* A line is built whole and leaves in one write(2), so that lines of many threads, and of many daemons on one file, do not mix. What comes
 * from outside (a gateway's id, an error of a library) may hold anything: what is not plain is quoted and escaped, so that nobody can
 * forge a line or move the cursor of who reads it. */
#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

enum { VALUE_SIZE_MAX = 1024 }; /* a stranger's value shall not fill the disk */

static const char *const level_name[] = {"debug", "info", "warn", "error"};

static _Atomic(enum log_format) log_format = LOG_AS_TEXT;
static _Atomic(enum log_level) log_least = LOG_INFO;
static atomic_int log_fd = STDERR_FILENO;

void log_setup(enum log_format format, enum log_level least, int fd)
{
    log_format = format;
    log_least = least;
    log_fd = fd;
}

void log_shorten_msisdn(struct view msisdn, char out[32])
{
    if (msisdn.size < 8)
        snprintf(out, 32, "****");
    else
        snprintf(out, 32, "%.3s****%.4s", msisdn.at, msisdn.at + msisdn.size - 4);
}

/* 2026-11-22T03:04:05.678Z */
static void add_time(struct text *line)
{
    struct timespec now;
    struct tm tm;
    char day[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    text_addf(line, "%s.%03ldZ", day, now.tv_nsec / 1000000);
}

static bool is_plain(struct view v)
{
    for (size_t i = 0; i < v.size; i++)
        if (v.at[i] <= ' ' || v.at[i] > '~' || v.at[i] == '"' || v.at[i] == '\\' || v.at[i] == '=')
            return false;
    return v.size > 0;
}

static void add_words(struct text *line, enum log_format format, struct view v)
{
    v = view_head(v, VALUE_SIZE_MAX);
    if (format == LOG_AS_TEXT && is_plain(v))
        text_add(line, v);
    else
        text_add_json(line, v);
}

static void add_value(struct text *line, enum log_format format, const struct log_field *field)
{
    char shortened[32];
    switch (field->kind) {
    case LOG_IS_INT:
        text_addf(line, "%lld", (long long)field->number);
        return;
    case LOG_IS_MSISDN:
        log_shorten_msisdn(field->text, shortened);
        add_words(line, format, view_of(shortened));
        return;
    case LOG_IS_TEXT:
        add_words(line, format, field->text);
        return;
    case LOG_END:
        return;
    }
}

static void build_text(struct text *line, const char *level, const char *event, const struct log_field *fields)
{
    add_time(line);
    text_addf(line, " %s %s", level, event);
    for (; fields->kind != LOG_END; fields++) {
        text_addf(line, " %s=", fields->key);
        add_value(line, LOG_AS_TEXT, fields);
    }
}

static void build_json(struct text *line, const char *level, const char *event, const struct log_field *fields)
{
    text_add(line, VIEW("{\"time\":\""));
    add_time(line);
    text_addf(line, "\",\"level\":\"%s\",\"event\":\"%s\"", level, event);
    for (; fields->kind != LOG_END; fields++) {
        text_addf(line, ",\"%s\":", fields->key);
        add_value(line, LOG_AS_JSON, fields);
    }
    text_add_char(line, '}');
}

/* A log that cannot be written has nobody to tell; the hall goes on. */
static void put(struct view line)
{
    ssize_t n;
    do
        n = write(log_fd, line.at, line.size);
    while (n < 0 && errno == EINTR);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    struct text line = {0};
    if (level < log_least)
        return;
    if (log_format == LOG_AS_JSON)
        build_json(&line, level_name[level], event, fields);
    else
        build_text(&line, level_name[level], event, fields);
    text_add_char(&line, '\n');
    put(text_view(&line));
    text_free(&line);
}

/* How values are written for a subscriber. Money comes in whole fen and always shows two decimals; times are shown in Beijing time,
 * whatever offset they come with. */
#include "grammar/filters.h"

#include <inttypes.h>

enum { BEIJING_OFFSET_S = 8 * 3600, DAY_S = 86400 };

/* {"zh": "关", "en": "off"}: the words in that language, or else in Chinese. */
static struct view translated(const json_t *words, enum language language)
{
    struct view text = json_text(words, language_code(language));
    return text.size ? text : json_text(words, language_code(LANGUAGE_ZH));
}

bool value_text(const struct writer *writer, const struct value *value, struct view *text)
{
    if (!value->json) {
        *text = value->text;
        return true;
    }
    if (json_is_object(value->json)) {
        *text = translated(value->json, writer->language);
        return text->size > 0;
    }
    if (json_is_string(value->json))
        *text = (struct view){json_string_value(value->json), json_string_length(value->json)};
    else if (json_is_integer(value->json))
        *text = arena_printf(writer->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value->json));
    else if (json_is_real(value->json))
        *text = arena_printf(writer->arena, "%.15g", json_real_value(value->json));
    else
        return false;
    return true;
}

/* A whole number, or a text that is one. */
static bool whole(const struct value *in, int64_t *number)
{
    struct view text = in->text;
    uint64_t n;
    if (json_is_integer(in->json)) {
        *number = (int64_t)json_integer_value(in->json);
        return true;
    }
    if (in->json && !json_is_string(in->json))
        return false;
    if (in->json)
        text = (struct view){json_string_value(in->json), json_string_length(in->json)};
    bool is_negative = text.size && text.at[0] == '-';
    if (!view_number(view_from(text, is_negative), INT64_MAX, &n))
        return false;
    *number = is_negative ? -(int64_t)n : (int64_t)n;
    return true;
}

static struct view yuan_of(struct arena *arena, int64_t fen)
{
    uint64_t size = fen < 0 ? -(uint64_t)fen : (uint64_t)fen;
    return arena_printf(arena, "%s%" PRIu64 ".%02u", fen < 0 ? "-" : "", size / 100, (unsigned)(size % 100));
}

static bool filter_yuan(const struct writer *writer, const struct value *in, struct value *out)
{
    int64_t fen;
    if (!whole(in, &fen))
        return false;
    out->text = yuan_of(writer->arena, fen);
    return true;
}

/* {fen, period} as 3.00元/月, 3.00 yuan/month; what is free is 0.00元, however often it is had (rules B2). */
static bool price_text(const struct writer *writer, const json_t *price, struct view *text)
{
    static const char *const yuan[LANGUAGES] = {"元", " yuan"};
    static const struct {
        struct view period;
        const char *suffix[LANGUAGES];
    } table[] = {
        {VIEW("month"), {"/月", "/month"}},
        {VIEW("message"), {"/条", "/message"}},
        {VIEW("once"), {"/次", " once"}},
    };
    const json_t *fen = json_object_get(price, "fen");
    struct view period = json_text(price, "period");
    for (size_t i = 0; json_is_integer(fen) && i < sizeof table / sizeof *table; i++)
        if (view_equal(period, table[i].period)) {
            struct view amount = yuan_of(writer->arena, (int64_t)json_integer_value(fen));
            *text = arena_printf(writer->arena, "%.*s%s%s", VIEW_ARG(amount), yuan[writer->language],
                                 json_integer_value(fen) ? table[i].suffix[writer->language] : "");
            return true;
        }
    return false;
}

static bool filter_price(const struct writer *writer, const struct value *in, struct value *out)
{
    return price_text(writer, in->json, &out->text);
}

/* In the largest unit that leaves no rest; days only above two of them: people say 24小时 and 48小时. */
static bool filter_duration(const struct writer *writer, const struct value *in, struct value *out)
{
    static const struct {
        int64_t above_s, unit_s;
        const char *name[LANGUAGES];
    } table[] = {
        {2 * DAY_S, DAY_S, {"天", " day"}},
        {3599, 3600, {"小时", " hour"}},
        {59, 60, {"分钟", " minute"}},
        {-1, 1, {"秒", " second"}},
    };
    int64_t s;
    if (!whole(in, &s) || s < 0)
        return false;
    size_t i = 0;
    while (s <= table[i].above_s || s % table[i].unit_s != 0)
        i++;
    int64_t units = s / table[i].unit_s;
    bool is_plural = writer->language == LANGUAGE_EN && units != 1;
    out->text = arena_printf(writer->arena, "%" PRId64 "%s%s", units, table[i].name[writer->language], is_plural ? "s" : "");
    return true;
}

static bool filter_mb(const struct writer *writer, const struct value *in, struct value *out)
{
    int64_t mb;
    if (!whole(in, &mb))
        return false;
    out->text = arena_printf(writer->arena, "%" PRId64 "MB", mb);
    return true;
}

static bool read_month(const struct value *in, unsigned *year, unsigned *month)
{
    int64_t number;
    if (!whole(in, &number) || number < 100001 || number > 999912 || number % 100 < 1 || number % 100 > 12)
        return false;
    *year = (unsigned)(number / 100);
    *month = (unsigned)(number % 100);
    return true;
}

static bool filter_month_zh(const struct writer *writer, const struct value *in, struct value *out)
{
    unsigned year, month;
    if (!read_month(in, &year, &month))
        return false;
    out->text = arena_printf(writer->arena, "%u年%u月", year, month);
    return true;
}

/* month: 1 to 12. */
static const char *month_name(unsigned month)
{
    static const char *const name[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return name[month - 1];
}

static bool filter_month(const struct writer *writer, const struct value *in, struct value *out)
{
    unsigned year, month;
    if (!read_month(in, &year, &month))
        return false;
    out->text = arena_printf(writer->arena, "%s %u", month_name(month), year);
    return true;
}

static bool filter_count(const struct writer *writer, const struct value *in, struct value *out)
{
    if (!json_is_array(in->json))
        return false;
    out->text = arena_printf(writer->arena, "%zu", json_array_size(in->json));
    return true;
}

/* --- times --- */

/* Days since 1970-01-01 of a day in the Gregorian calendar, and back (Howard Hinnant's chrono algorithms). */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = year / 400;
    unsigned in_era = (unsigned)(year - era * 400);
    unsigned in_year = (153 * (month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;
    return era * 146097 + (int64_t)(in_era * 365 + in_era / 4 - in_era / 100 + in_year) - 719468;
}

struct moment {
    int year;
    unsigned month, day, hour, minute;
};

static struct moment moment_of(int64_t unix_s)
{
    int64_t local = unix_s + BEIJING_OFFSET_S, days = local / DAY_S + 719468;
    unsigned second = (unsigned)(local % DAY_S);
    int64_t era = days / 146097;
    unsigned in_era = (unsigned)(days - era * 146097);
    unsigned year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    unsigned in_year = in_era - (365 * year + year / 4 - year / 100);
    unsigned shifted = (5 * in_year + 2) / 153;
    unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
    return (struct moment){
        .year = (int)(era * 400 + year + (month <= 2)),
        .month = month,
        .day = in_year - (153 * shifted + 2) / 5 + 1,
        .hour = second / 3600,
        .minute = second / 60 % 60,
    };
}

static bool take_mark(struct view *v, char mark)
{
    if (!v->size || v->at[0] != mark)
        return false;
    *v = view_from(*v, 1);
    return true;
}

/* Just so many digits. */
static bool take_digits(struct view *v, size_t digits, uint64_t *number)
{
    if (v->size < digits || !view_number(view_head(*v, digits), UINT32_MAX, number))
        return false;
    *v = view_from(*v, digits);
    return true;
}

static bool read_date(struct view *v, int64_t *days)
{
    uint64_t year, month, day;
    if (!take_digits(v, 4, &year) || !take_mark(v, '-') || !take_digits(v, 2, &month) || !take_mark(v, '-') || !take_digits(v, 2, &day))
        return false;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *days = days_of((int64_t)year, (unsigned)month, (unsigned)day);
    return true;
}

/* 15:04, and seconds and their parts, which are not shown. */
static bool read_clock(struct view *v, int64_t *second)
{
    uint64_t hour, minute;
    if (!take_digits(v, 2, &hour) || !take_mark(v, ':') || !take_digits(v, 2, &minute) || hour > 24 || minute > 59)
        return false;
    while (v->size && (v->at[0] == ':' || v->at[0] == '.' || (v->at[0] >= '0' && v->at[0] <= '9')))
        *v = view_from(*v, 1);
    *second = (int64_t)(hour * 3600 + minute * 60);
    return true;
}

/* +08, +08:00, +0800, Z or nothing (which is Beijing). */
static bool read_offset(struct view v, int64_t *offset_s)
{
    uint64_t hours = 0, minutes = 0;
    bool is_west = v.size && v.at[0] == '-';
    *offset_s = BEIJING_OFFSET_S;
    if (v.size == 0)
        return true;
    if (!take_mark(&v, 'Z')) {
        if ((!take_mark(&v, '+') && !take_mark(&v, '-')) || !take_digits(&v, 2, &hours))
            return false;
        take_mark(&v, ':');
        take_digits(&v, 2, &minutes);
    }
    *offset_s = (int64_t)(hours * 3600 + minutes * 60) * (is_west ? -1 : 1);
    return v.size == 0;
}

/* From 1970 to 9999, as they are in Beijing. */
static bool take_moment(int64_t unix_s, struct moment *moment)
{
    static const int64_t year_10000 = 253402300800;
    bool is_shown = unix_s >= -BEIJING_OFFSET_S && unix_s < year_10000 - BEIJING_OFFSET_S;
    if (is_shown)
        *moment = moment_of(unix_s);
    return is_shown;
}

/* Unix seconds, or ISO 8601 as PostgreSQL writes it: 2026-11-22, 2026-11-22T15:04:05.123+08:00, a blank for the T. */
static bool read_moment(const struct writer *writer, const struct value *in, struct moment *moment)
{
    struct view text;
    int64_t unix_s, offset_s, days, second = 0;
    if (whole(in, &unix_s))
        return take_moment(unix_s, moment);
    if (!value_text(writer, in, &text) || !read_date(&text, &days))
        return false;
    if ((take_mark(&text, 'T') || take_mark(&text, ' ')) && !read_clock(&text, &second))
        return false;
    return read_offset(text, &offset_s) && take_moment(days * DAY_S + second - offset_s, moment);
}

static bool filter_date_zh(const struct writer *writer, const struct value *in, struct value *out)
{
    struct moment m;
    if (!read_moment(writer, in, &m))
        return false;
    out->text = arena_printf(writer->arena, "%d年%u月%u日", m.year, m.month, m.day);
    return true;
}

static bool filter_time_zh(const struct writer *writer, const struct value *in, struct value *out)
{
    struct moment m;
    if (!read_moment(writer, in, &m))
        return false;
    out->text = arena_printf(writer->arena, "%d年%u月%u日 %02u:%02u", m.year, m.month, m.day, m.hour, m.minute);
    return true;
}

static bool filter_date(const struct writer *writer, const struct value *in, struct value *out)
{
    struct moment m;
    if (!read_moment(writer, in, &m))
        return false;
    out->text = arena_printf(writer->arena, "%u %s %d", m.day, month_name(m.month), m.year);
    return true;
}

static bool filter_time(const struct writer *writer, const struct value *in, struct value *out)
{
    struct moment m;
    if (!read_moment(writer, in, &m))
        return false;
    out->text = arena_printf(writer->arena, "%u %s %d %02u:%02u", m.day, month_name(m.month), m.year, m.hour, m.minute);
    return true;
}

/* --- lists --- */

/* A line of a list on its way. */
struct line {
    const struct writer *writer;
    const json_t *element;
    struct text *text;
};

/* Adds the member's text, or nothing when there is none; false: it is there, and no text. */
static bool add_member(const struct line *line, const char *key, const char *behind)
{
    const json_t *member = json_object_get(line->element, key);
    struct view text;
    if (!member || json_is_null(member))
        return true;
    if (!value_text(line->writer, &(struct value){.json = member}, &text))
        return false;
    text_addf(line->text, "%.*s%s", VIEW_ARG(text), text.size ? behind : "");
    return true;
}

/* What the line is about: its first member of these. */
static bool add_name(const struct line *line)
{
    static const char *const keys[] = {"name", "service", "label"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_object_get(line->element, keys[i]))
            return add_member(line, keys[i], "");
    return false;
}

static bool add_amount(const struct line *line)
{
    static const char *const format[LANGUAGES] = {"%.*s元", " %.*s yuan"};
    const json_t *fen = json_object_get(line->element, "fen");
    if (!fen)
        return true;
    if (!json_is_integer(fen))
        return false;
    text_addf(line->text, format[line->writer->language], VIEW_ARG(yuan_of(line->writer->arena, (int64_t)json_integer_value(fen))));
    return true;
}

static bool add_price(const struct line *line)
{
    const json_t *price = json_object_get(line->element, "price");
    struct view text;
    if (!price || json_is_null(price))
        return true;
    if (!price_text(line->writer, price, &text))
        return false;
    text_addf(line->text, " %.*s", VIEW_ARG(text));
    return true;
}

/* Adds a day with something before and behind it, if there is one. */
static bool add_day(const struct line *line, const char *key, const char *before, const char *behind)
{
    const json_t *time = json_object_get(line->element, key);
    struct value day = {0};
    if (!time || json_is_null(time))
        return true;
    bool is_english = line->writer->language == LANGUAGE_EN;
    if (!(is_english ? filter_date : filter_date_zh)(line->writer, &(struct value){.json = time}, &day))
        return false;
    text_addf(line->text, "%s%.*s%s", before, VIEW_ARG(day.text), behind);
    return true;
}

static bool add_days(const struct line *line)
{
    if (line->writer->language == LANGUAGE_EN)
        return add_day(line, "since", " since ", "") && add_day(line, "until", " (", ")");
    return add_day(line, "since", " ", "起") && add_day(line, "until", "（", "）");
}

/* {name, fen} as 套餐及固定费58.00元, {serial, provider, name, price} as "1.新华短讯 新闻早报 3.00元/月"; any of them but the name may be
 * missing. */
static bool add_object(const struct line *line)
{
    return add_member(line, "serial", ".") && add_member(line, "provider", " ") && add_name(line) && add_amount(line) && add_price(line) &&
           add_days(line);
}

/* A text, also in several languages, or a number as it is; else an object. */
static bool add_element(const struct writer *writer, struct text *text, const json_t *element)
{
    const struct line line = {writer, element, text};
    struct view plain;
    if (!value_text(writer, &(struct value){.json = element}, &plain))
        return json_is_object(element) && add_object(&line);
    text_add(text, plain);
    return true;
}

static bool join_elements(const struct writer *writer, const struct value *in, const char *separator, struct value *out)
{
    struct text joined = {0};
    if (!json_is_array(in->json))
        return false;
    for (size_t i = 0; i < json_array_size(in->json); i++) {
        text_add(&joined, i ? view_of(separator) : VIEW_NONE);
        if (!add_element(writer, &joined, json_array_get(in->json, i))) {
            text_free(&joined);
            return false;
        }
    }
    out->text = arena_copy(writer->arena, text_view(&joined));
    text_free(&joined);
    return true;
}

static bool filter_list(const struct writer *writer, const struct value *in, struct value *out)
{
    return join_elements(writer, in, writer->language == LANGUAGE_EN ? ", " : "、", out);
}

static bool filter_list_comma(const struct writer *writer, const struct value *in, struct value *out)
{
    return join_elements(writer, in, writer->language == LANGUAGE_EN ? ", " : "，", out);
}

static bool filter_lines(const struct writer *writer, const struct value *in, struct value *out)
{
    return join_elements(writer, in, "\n", out);
}

const struct filter *filter_find(struct view name)
{
    static const char list[] = "a list of texts or of {serial, provider, name, fen, price, since, until}";
    static const char time[] = "Unix seconds or an ISO 8601 time";
    static const struct filter table[] = {
        {"yuan", "whole fen", filter_yuan},
        {"price", "{fen, period: month, message or once}", filter_price},
        {"duration", "whole seconds", filter_duration},
        {"month_zh", "a month such as 201211", filter_month_zh},
        {"month", "a month such as 201211", filter_month},
        {"date_zh", time, filter_date_zh},
        {"time_zh", time, filter_time_zh},
        {"date", time, filter_date},
        {"time", time, filter_time},
        {"list", list, filter_list},
        {"list_comma", list, filter_list_comma},
        {"lines", list, filter_lines},
        {"count", "a list", filter_count},
        {"mb", "a whole number", filter_mb},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (view_equal(name, view_of(table[i].name)))
            return &table[i];
    return NULL;
}

/* How values are written for a subscriber. Money comes in whole fen and always shows two decimals; times are shown in Beijing time,
 * whatever offset they come with. */
#include "grammar/filters.h"

#include <inttypes.h>

enum { BEIJING_OFFSET_S = 8 * 3600, DAY_S = 86400 };

bool value_text(struct arena *arena, const struct value *value, struct view *text)
{
    if (!value->json) {
        *text = value->text;
        return true;
    }
    if (json_is_string(value->json))
        *text = (struct view){json_string_value(value->json), json_string_length(value->json)};
    else if (json_is_integer(value->json))
        *text = arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value->json));
    else if (json_is_real(value->json))
        *text = arena_printf(arena, "%.15g", json_real_value(value->json));
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

static bool filter_yuan(struct arena *arena, const struct value *in, struct value *out)
{
    int64_t fen;
    if (!whole(in, &fen))
        return false;
    out->text = yuan_of(arena, fen);
    return true;
}

/* {fen, period} as 3.00元/月; what is free is 0.00元, however often it is had (rules B2). */
static bool price_text(struct arena *arena, const json_t *price, struct view *text)
{
    static const struct {
        struct view period;
        const char *suffix;
    } table[] = {{VIEW("month"), "/月"}, {VIEW("message"), "/条"}, {VIEW("once"), "/次"}};
    const json_t *fen = json_object_get(price, "fen");
    struct view period = json_text(price, "period");
    for (size_t i = 0; json_is_integer(fen) && i < sizeof table / sizeof *table; i++)
        if (view_equal(period, table[i].period)) {
            struct view yuan = yuan_of(arena, (int64_t)json_integer_value(fen));
            *text = arena_printf(arena, "%.*s元%s", VIEW_ARG(yuan), json_integer_value(fen) ? table[i].suffix : "");
            return true;
        }
    return false;
}

static bool filter_price(struct arena *arena, const struct value *in, struct value *out)
{
    return price_text(arena, in->json, &out->text);
}

/* In the largest unit that leaves no rest; days only above two of them: people say 24小时 and 48小时. */
static bool filter_duration(struct arena *arena, const struct value *in, struct value *out)
{
    static const struct {
        int64_t above_s, unit_s;
        const char *name;
    } table[] = {{2 * DAY_S, DAY_S, "天"}, {3599, 3600, "小时"}, {59, 60, "分钟"}, {-1, 1, "秒"}};
    int64_t s;
    if (!whole(in, &s) || s < 0)
        return false;
    size_t i = 0;
    while (s <= table[i].above_s || s % table[i].unit_s != 0)
        i++;
    out->text = arena_printf(arena, "%" PRId64 "%s", s / table[i].unit_s, table[i].name);
    return true;
}

static bool filter_mb(struct arena *arena, const struct value *in, struct value *out)
{
    int64_t mb;
    if (!whole(in, &mb))
        return false;
    out->text = arena_printf(arena, "%" PRId64 "MB", mb);
    return true;
}

static bool filter_month_zh(struct arena *arena, const struct value *in, struct value *out)
{
    int64_t month;
    if (!whole(in, &month) || month < 100001 || month > 999912 || month % 100 < 1 || month % 100 > 12)
        return false;
    out->text = arena_printf(arena, "%d年%d月", (int)(month / 100), (int)(month % 100));
    return true;
}

static bool filter_count(struct arena *arena, const struct value *in, struct value *out)
{
    if (!json_is_array(in->json))
        return false;
    out->text = arena_printf(arena, "%zu", json_array_size(in->json));
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

/* Unix seconds, or ISO 8601 as PostgreSQL writes it: 2026-11-22, 2026-11-22T15:04:05.123+08:00, a blank for the T. */
static bool read_moment(struct arena *arena, const struct value *in, struct moment *moment)
{
    static const int64_t year_10000 = 253402300800;
    struct view text;
    int64_t unix_s, offset_s, days, second = 0;
    if (whole(in, &unix_s)) {
        bool is_shown = unix_s >= 0 && unix_s < year_10000;
        *moment = moment_of(is_shown ? unix_s : 0);
        return is_shown;
    }
    if (!value_text(arena, in, &text) || !read_date(&text, &days))
        return false;
    if ((take_mark(&text, 'T') || take_mark(&text, ' ')) && !read_clock(&text, &second))
        return false;
    if (!read_offset(text, &offset_s))
        return false;
    *moment = moment_of(days * DAY_S + second - offset_s);
    return true;
}

static bool filter_date_zh(struct arena *arena, const struct value *in, struct value *out)
{
    struct moment m;
    if (!read_moment(arena, in, &m))
        return false;
    out->text = arena_printf(arena, "%d年%u月%u日", m.year, m.month, m.day);
    return true;
}

static bool filter_time_zh(struct arena *arena, const struct value *in, struct value *out)
{
    struct moment m;
    if (!read_moment(arena, in, &m))
        return false;
    out->text = arena_printf(arena, "%d年%u月%u日 %02u:%02u", m.year, m.month, m.day, m.hour, m.minute);
    return true;
}

/* --- lists --- */

/* Adds a day with something before and behind it, if there is one. */
static bool add_day(struct arena *arena, struct text *text, const char *before, const json_t *time, const char *behind)
{
    struct value day;
    if (!time || json_is_null(time))
        return true;
    if (!filter_date_zh(arena, &(struct value){.json = time}, &day))
        return false;
    text_addf(text, "%s%.*s%s", before, VIEW_ARG(day.text), behind);
    return true;
}

static bool add_object(struct arena *arena, struct text *text, const json_t *element)
{
    const json_t *serial = json_object_get(element, "serial"), *fen = json_object_get(element, "fen");
    const json_t *price = json_object_get(element, "price");
    struct view provider = json_text(element, "provider"), name = json_text(element, "name"), priced;
    if (!name.at)
        name = json_text(element, "service");
    if (!name.at || (fen && !json_is_integer(fen)))
        return false;
    if (serial)
        text_addf(text, "%" JSON_INTEGER_FORMAT ".", json_integer_value(serial));
    if (provider.size)
        text_addf(text, "%.*s ", VIEW_ARG(provider));
    text_add(text, name);
    if (fen)
        text_addf(text, "%.*s元", VIEW_ARG(yuan_of(arena, (int64_t)json_integer_value(fen))));
    if (price && !json_is_null(price)) {
        if (!price_text(arena, price, &priced))
            return false;
        text_addf(text, " %.*s", VIEW_ARG(priced));
    }
    return add_day(arena, text, " ", json_object_get(element, "since"), "起") &&
           add_day(arena, text, "（", json_object_get(element, "until"), "）");
}

/* An element: text or number as it is, {name, fen} as 套餐及固定费58.00元, {serial, provider, name, price} as
 * "1.新华短讯 新闻早报 3.00元/月"; any of them but the name may be missing. */
static bool add_element(struct arena *arena, struct text *text, const json_t *element)
{
    struct view plain;
    if (json_is_object(element))
        return add_object(arena, text, element);
    if (!value_text(arena, &(struct value){.json = element}, &plain))
        return false;
    text_add(text, plain);
    return true;
}

static bool join_elements(struct arena *arena, const struct value *in, const char *separator, struct value *out)
{
    struct text joined = {0};
    if (!json_is_array(in->json))
        return false;
    for (size_t i = 0; i < json_array_size(in->json); i++) {
        text_add(&joined, i ? view_of(separator) : VIEW_NONE);
        if (!add_element(arena, &joined, json_array_get(in->json, i))) {
            text_free(&joined);
            return false;
        }
    }
    out->text = arena_copy(arena, text_view(&joined));
    text_free(&joined);
    return true;
}

static bool filter_list(struct arena *arena, const struct value *in, struct value *out)
{
    return join_elements(arena, in, "、", out);
}

static bool filter_list_comma(struct arena *arena, const struct value *in, struct value *out)
{
    return join_elements(arena, in, "，", out);
}

static bool filter_lines(struct arena *arena, const struct value *in, struct value *out)
{
    return join_elements(arena, in, "\n", out);
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
        {"date_zh", time, filter_date_zh},
        {"time_zh", time, filter_time_zh},
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

/* One table says what can be loaded: the help, the check of a file's first line and the calls of the store are walks over it. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tools/load.h"

// clang-format off
#define NEEDED(name, take, meaning) {name, meaning, take, true}
#define MAY(name, take, meaning)    {name, meaning, take, false}
#define SUBSCRIBER                  {"msisdn", "13800138000, 8613800138000, +86…", LOAD_MSISDN, true}

/* Rows of one call: enough to be quick, and few enough not to keep others waiting, who are subscribers with a question. */
enum { MANY = 5000, HASHED = 4, CATALOGUE = 20000 };

static const struct load_kind kinds[] = {
    {"subscribers", "who there is; an account that is closed ends all that hangs on it", "hall.load_subscribers", MANY, true, {NULL}, {
        SUBSCRIBER,
        NEEDED("brand", LOAD_TEXT, "全球通 …"),
        MAY("state", LOAD_TEXT, "active, suspended, closed; empty: as it is, or active"),
        MAY("state_reason", LOAD_TEXT, "arrears, lost, own_wish …; resumed: active ends lost and own_wish, too"),
        MAY("opening", LOAD_AMOUNT, "balance; only of who is new"),
        MAY("is_blacklisted", LOAD_TEXT, "yes, no: may not top up by card"),
    }},
    {"top-ups", "money that came in", "hall.load_top_ups", MANY, true, {NULL}, {
        SUBSCRIBER,
        NEEDED("amount", LOAD_AMOUNT, "above 0"),
        NEEDED("reference", LOAD_TEXT, "your number of it: the same one twice counts once"),
        MAY("note", LOAD_TEXT, "充值 when empty"),
    }},
    {"charges", "what was charged, given back or put right", "hall.load_charges", MANY, true, {NULL}, {
        SUBSCRIBER,
        NEEDED("amount", LOAD_AMOUNT, "below 0 for a fee"),
        NEEDED("kind", LOAD_TEXT, "fee, refund, correction"),
        NEEDED("reference", LOAD_TEXT, "your number of it: the same one twice counts once"),
        MAY("note", LOAD_TEXT, "what the subscriber reads of it"),
    }},
    {"bills", "bills, one a row", "hall.load_bills", MANY, true, {NULL}, {
        SUBSCRIBER,
        NEEDED("month", LOAD_TEXT, "2012-11 or 201211"),
        NEEDED("items", LOAD_ITEMS, "套餐及固定费:58.00|语音通信费:20.60, in their order; the total is their sum"),
    }},
    {"allowances", "what is left of a month's allowance", "hall.load_allowances", MANY, true, {NULL}, {
        SUBSCRIBER,
        NEEDED("kind", LOAD_TEXT, "voice (minutes), sms, mms (messages), data (MB)"),
        NEEDED("rest", LOAD_TEXT, "whole number"),
        NEEDED("total", LOAD_TEXT, "whole number"),
    }},
    {"points", "points", "hall.load_points", MANY, true, {NULL}, {
        SUBSCRIBER,
        NEEDED("points", LOAD_TEXT, "whole number"),
    }},
    {"subscriptions", "services that the network opened or closed", "hall.load_subscriptions", MANY, true, {NULL}, {
        SUBSCRIBER,
        NEEDED("service", LOAD_TEXT, "its code"),
        MAY("since", LOAD_TEXT, "2012-01-05 09:00; +08 when no zone is named"),
        MAY("until", LOAD_TEXT, "empty: it is open. Without since: it ended then, whenever it was opened"),
    }},
    {"offers", "offers that end, which subscribers are told of before", "hall.load_offers", MANY, true, {NULL}, {
        SUBSCRIBER,
        NEEDED("reference", LOAD_TEXT, "your number of it"),
        NEEDED("name", LOAD_TEXT, "what the subscriber reads"),
        NEEDED("ends_at", LOAD_TEXT, "2012-12-31 24:00"),
    }},
    {"languages", "the language of replies", "hall.load_languages", MANY, true, {NULL}, {
        SUBSCRIBER,
        NEEDED("language", LOAD_TEXT, "zh, en"),
    }},
    {"credentials", "service passwords, ID cards, PUKs: hashed or sealed here, and needs pepper_file", "hall.load_credentials", HASHED, true,
        {"msisdn", "pepper", "hash", "digest", "pieces", "puk"}, {
        SUBSCRIBER,
        MAY("password", LOAD_SECRET, "six digits"),
        MAY("id_card", LOAD_SECRET, "18 characters, its check digit right"),
        MAY("puk", LOAD_SECRET, "eight digits"),
    }},
    {"services", "the catalogue; a field that is empty or left out is as in a new row", "hall.load_services", CATALOGUE, false, {NULL}, {
        NEEDED("code", LOAD_TEXT, "CL"),
        NEEDED("name", LOAD_TEXT, "彩铃"),
        MAY("aliases", LOAD_TEXT, "other names, blanks or | between"),
        MAY("fee", LOAD_AMOUNT, "0 when empty"),
        MAY("period", LOAD_TEXT, "month, message, once"),
        MAY("provider", LOAD_TEXT, "who offers it; empty: the operator"),
        MAY("port", LOAD_TEXT, "the provider's"),
        MAY("order_codes", LOAD_TEXT, "what orders it at that port"),
        MAY("excludes", LOAD_TEXT, "only one of such a group"),
        MAY("requires", LOAD_TEXT, "codes that must be open before"),
        MAY("confirm_window", LOAD_TEXT, "24 hours: how long 是 counts"),
        MAY("trial_days", LOAD_TEXT, "days free at first"),
        MAY("ends", LOAD_TEXT, "at_once, month_end"),
        MAY("is_offered", LOAD_TEXT, "yes, no"),
        MAY("first_month", LOAD_TEXT, "full, share, free"),
        MAY("notice", LOAD_TEXT, "24 hours: so long before a charge a notice comes"),
        MAY("note", LOAD_TEXT, "what HELP says of it"),
        MAY("element", LOAD_TEXT, "a hook that must act first"),
    }},
    {"providers", "who offers services", "hall.load_providers", CATALOGUE, false, {NULL}, {
        NEEDED("name", LOAD_TEXT, "新华短讯"),
        NEEDED("telephone", LOAD_TEXT, "what subscribers may call"),
        MAY("homepage", LOAD_TEXT, "http://…"),
    }},
    {"ports", "whose a port is", "hall.load_ports", CATALOGUE, false, {NULL}, {
        NEEDED("prefix", LOAD_TEXT, "106601, and all that begin with it"),
        NEEDED("provider", LOAD_TEXT, "its name"),
    }},
    {"prefixes", "where numbers belong; the longest decides", "hall.load_prefixes", CATALOGUE, false, {NULL}, {
        NEEDED("prefix", LOAD_TEXT, "1380013"),
        NEEDED("province", LOAD_TEXT, "北京"),
        NEEDED("city", LOAD_TEXT, "北京"),
        NEEDED("operator", LOAD_TEXT, "中国移动"),
    }},
    {"brands", "brands that subscribers may change to", "hall.load_brands", CATALOGUE, false, {NULL}, {
        NEEDED("name", LOAD_TEXT, "神州行"),
        MAY("place", LOAD_TEXT, "in the list; empty: as the rows stand"),
        MAY("is_offered", LOAD_TEXT, "yes, no"),
        MAY("takes_effect", LOAD_TEXT, "at_once, next_month"),
        MAY("note", LOAD_TEXT, "what it costs and gives"),
    }},
};
// clang-format on

#define KINDS (sizeof kinds / sizeof *kinds)

const struct load_kind *load_kind_find(const char *name)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

static bool is_amount(const struct load_column *column)
{
    return column->take == LOAD_AMOUNT || column->take == LOAD_ITEMS;
}

void load_kinds_write_help(struct text *out)
{
    for (size_t i = 0; i < KINDS; i++) {
        text_addf(out, "  %s: %s\n", kinds[i].name, kinds[i].meaning);
        for (const struct load_column *column = kinds[i].column; column->name; column++) {
            char name[64];
            snprintf(name, sizeof name, "%s%s%s", column->name, is_amount(column) ? "_fen or _yuan" : "", column->is_needed ? " *" : "");
            text_addf(out, "      %-24s %s\n", name, column->meaning);
        }
    }
}

/* --- the first line of a file --- */

/* `name` is the column's; amounts say in what they are. */
static bool is_called(const struct load_column *column, struct view name, bool *is_yuan)
{
    struct view own = view_of(column->name);
    *is_yuan = false;
    if (!is_amount(column))
        return view_equal_nocase(name, own);
    if (name.size <= own.size || !view_equal_nocase(view_head(name, own.size), own))
        return false;
    struct view unit = view_from(name, own.size);
    *is_yuan = view_equal_nocase(unit, VIEW("_yuan"));
    return *is_yuan || view_equal_nocase(unit, VIEW("_fen"));
}

/* What load_aside adds is passed by, so that what was set aside is loaded as it stands once it is mended. */
static bool is_reason(struct view name)
{
    return view_equal_nocase(name, VIEW("reason"));
}

static enum outcome place_cell(const struct load_kind *kind, struct view name, size_t place, struct load_header *header, struct err *err)
{
    bool is_yuan;
    for (size_t i = 0; kind->column[i].name; i++) {
        const struct load_column *column = &kind->column[i];
        if (!is_called(column, name, &is_yuan))
            continue;
        if (header->place[i] < LOAD_CELLS_MAX)
            return err_refused(err, "the column \"%s\" is there twice%s", column->name, is_amount(column) ? "; one of _fen and _yuan" : "");
        header->place[i] = place;
        header->is_yuan[i] = is_yuan;
        header->is_secret[place] = column->take == LOAD_SECRET;
        return IS_DONE;
    }
    if (is_reason(name))
        return IS_DONE;
    if (kind->made[0]) /* a file without a first line begins with a secret */
        return err_refused(err, "column %zu is none that %s have; `smshall load --help` has them all", place + 1, kind->name);
    return err_refused(err, "%s have no column \"%.*s\"; `smshall load --help` has them all", kind->name, VIEW_ARG(name));
}

enum outcome load_header_read(const struct load_kind *kind, struct arena *arena, const struct view *cell, size_t cells,
                              struct load_header *header, struct err *err)
{
    *header = (struct load_header){.cells = cells};
    for (size_t i = 0; i < LOAD_COLUMNS_MAX; i++)
        header->place[i] = LOAD_CELLS_MAX;
    for (size_t i = 0; i < cells; i++) {
        header->cell[i] = arena_copy(arena, cell[i]);
        enum outcome outcome = place_cell(kind, cell[i], i, header, err);
        if (outcome != IS_DONE)
            return outcome;
    }
    for (size_t i = 0; kind->column[i].name; i++)
        if (kind->column[i].is_needed && header->place[i] == LOAD_CELLS_MAX)
            return err_refused(err, "%s need a column \"%s%s\"", kind->name, kind->column[i].name,
                               is_amount(&kind->column[i]) ? "_fen\" or \"…_yuan" : "");
    return IS_DONE;
}

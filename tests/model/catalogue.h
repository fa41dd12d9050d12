/* What is on offer while the model plays, and where: the same table is put into the store (play.c). */
#ifndef TESTS_MODEL_CATALOGUE_H
#define TESTS_MODEL_CATALOGUE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum first_month { FULL, SHARE, FREE };

struct service {
    const char *code, *name;
    const char *spelled; /* another spelling of the name that is an order behind 开通, or NULL */
    int64_t fee_fen;
    const char *period;            /* month | once | message */
    const char *port, *order_code; /* of its provider; NULL: the operator's own */
    const char *group;             /* one open service of such a group; NULL: none */
    const char *needs;             /* another's code that must be open; NULL: none */
    int window_s;                  /* a question about it may be answered so long */
    int trial_days;
    enum first_month first_month;
    bool ends_with_month;
    bool is_withdrawn; /* no longer offered */
};

enum { DAY_S = 86400 };

static const struct service catalogue[] = {
    {.code = "GPRS", .name = "手机上网", .spelled = "手機上網", .period = "month", .window_s = DAY_S},
    {.code = "LDXS", .name = "来电显示", .spelled = "来显", .period = "month", .window_s = DAY_S},
    {.code = "HJDD", .name = "呼叫等待", .period = "month", .window_s = DAY_S},
    {.code = "DXHZ", .name = "短信回执", .spelled = "簡訊回執", .fee_fen = 10, .period = "message", .window_s = DAY_S},
    {.code = "CL", .name = "彩铃", .spelled = "彩鈴", .fee_fen = 500, .period = "month", .group = "CL", .window_s = DAY_S},
    {.code = "CL8", .name = "彩铃8元", .fee_fen = 800, .period = "month", .group = "CL", .window_s = 7200},
    {.code = "LDTX", .name = "来电提醒", .spelled = "來電提醒", .fee_fen = 300, .period = "month", .window_s = 120},
    {.code = "WLAN", .name = "WLAN", .spelled = "无线上网", .period = "month", .window_s = DAY_S, .trial_days = 7},
    {.code = "SJYD", .name = "手机阅读", .fee_fen = 300, .period = "month", .window_s = DAY_S, .ends_with_month = true},
    {.code = "SJDS", .name = "手机电视", .fee_fen = 1000, .period = "month", .needs = "GPRS", .window_s = 1800},
    {.code = "TBYW", .name = "停办彩信包", .fee_fen = 100, .period = "month", .window_s = DAY_S, .is_withdrawn = true},
    {.code = "YYB", .name = "音乐包", .fee_fen = 600, .period = "month", .window_s = 7 * DAY_S, .trial_days = 3},
    {.code = "FTYW",
     .name = "分摊业务",
     .fee_fen = 310,
     .period = "month",
     .window_s = DAY_S,
     .first_month = SHARE,
     .ends_with_month = true},
    {.code = "ZYYW", .name = "赠月业务", .fee_fen = 250, .period = "month", .window_s = DAY_S, .first_month = FREE},
    {.code = "DBYW", .name = "点播", .fee_fen = 200, .period = "once", .port = "106602", .order_code = "DB", .window_s = 3600},
    {.code = "XWZB",
     .name = "新闻早报",
     .spelled = "新聞早報",
     .fee_fen = 300,
     .period = "month",
     .port = "106601",
     .order_code = "ZB",
     .window_s = DAY_S},
    {.code = "TQYB",
     .name = "天气预报",
     .spelled = "天气",
     .fee_fen = 200,
     .period = "month",
     .port = "106602",
     .order_code = "TQ",
     .window_s = DAY_S},
    {.code = "XHTT",
     .name = "笑话天天",
     .fee_fen = 500,
     .period = "month",
     .port = "106602",
     .order_code = "XH",
     .window_s = 3600,
     .ends_with_month = true},
};
enum { SERVICES = sizeof catalogue / sizeof *catalogue };

static const struct port {
    const char *number;
    const char *provider; /* NULL: the hall's */
    const char *own;      /* the port of the provider's services, of which it may be an extension */
    const char *menu;     /* a speed code: what is no command there leads to its menu */
} ports[] = {
    /* in order of their digits */
    {"10086", NULL, NULL, NULL},
    {"1008634", NULL, NULL, "1008634"},
    {"10086977", NULL, NULL, NULL},
    {"106601", "新华短讯", "106601", NULL},
    {"106602", "风云气象", "106602", NULL},
    {"10660208", "风云气象", "106602", NULL},
};
enum { PORTS = sizeof ports / sizeof *ports };

/* Speed codes: what each number of the menu does. */
static const struct menu {
    const char *code;
    struct {
        enum { OPENS, CLOSES, ASKS, STOPS, RESUMES } does;
        const char *service;
    } item[5];
    int items;
} menus[] = {
    {"1008634", {{OPENS, "CL"}, {CLOSES, "CL"}, {OPENS, "CL8"}, {CLOSES, "CL8"}}, 4},
    {"1008635", {{OPENS, "GPRS"}, {CLOSES, "GPRS"}}, 2},
    {"1008637", {{OPENS, "HJDD"}, {CLOSES, "HJDD"}, {ASKS, "HJDD"}}, 3},
    {"1008638", {{STOPS, NULL}, {RESUMES, NULL}}, 2},
    {"1008671", {{OPENS, "LDTX"}, {CLOSES, "LDTX"}}, 2},
};
enum { MENUS = sizeof menus / sizeof *menus };

static inline int service_of(const char *code)
{
    for (int i = 0; i < SERVICES; i++)
        if (strcmp(catalogue[i].code, code) == 0)
            return i;
    return -1;
}

static inline int menu_of(const char *code)
{
    for (int i = 0; i < MENUS; i++)
        if (strcmp(menus[i].code, code) == 0)
            return i;
    return -1;
}

#endif

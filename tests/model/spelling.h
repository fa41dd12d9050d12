/* How people write what they mean: words of every kind the rules name, in any width and case, with marks and blanks around them. */
#ifndef TESTS_MODEL_SPELLING_H
#define TESTS_MODEL_SPELLING_H

#include "base/text.h"
#include "dialogue.h"

/* --- dice --- */

struct dice {
    uint64_t state;
};

/* 0 … sides - 1 (splitmix64) */
static inline int roll(struct dice *dice, int sides)
{
    uint64_t z = dice->state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (int)((z ^ (z >> 31)) % (uint64_t)sides);
}

static inline bool chance(struct dice *dice, int percent)
{
    return roll(dice, 100) < percent;
}

/* --- words --- */

/* $C is a service's code, $N its name, $S another spelling of that, $O its order code, $M a menu's. */
static const struct {
    enum meaning meaning;
    const char *text;
} words[] = {
    {SAYS_ORDER, "KT$C"},
    {SAYS_ORDER, "KT$C"},
    {SAYS_ORDER, "KT $C"},
    {SAYS_ORDER, "KT$N"},
    {SAYS_ORDER, "开通$N"},
    {SAYS_ORDER, "開通$S"},
    {SAYS_ORDER, "订购$N业务"},
    {SAYS_ORDER, "申请$S"},
    {SAYS_CLOSE, "QX$C"},
    {SAYS_CLOSE, "QX$C"},
    {SAYS_CLOSE, "取消$N"},
    {SAYS_CLOSE, "退訂$S"},
    {SAYS_CLOSE, "关闭$N业务"},
    {SAYS_CLOSE, "QX$C，请您将本信息直接转发至10086，即可取消"},
    {SAYS_QUERY, "查询$N"},
    {SAYS_QUERY, "查$S业务"},
    {SAYS_ORDER_CODE, "$O"},
    {SAYS_UNKNOWN_ORDER, "KTQQQQQQ"},
    {SAYS_LIST, "0000"},
    {SAYS_ALL, "00000"},
    {SAYS_LEAVE_WORD, "TD"},
    {SAYS_LEAVE_WORD, "T"},
    {SAYS_LEAVE_WORD, "R"},
    {SAYS_LEAVE_WORD, "QX"},
    {SAYS_LEAVE_WORD, "退订"},
    {SAYS_LEAVE_WORD, "退訂"},
    {SAYS_LEAVE_WORD, "取消"},
    {SAYS_LEAVE_WORD, "STOP"},
    {SAYS_LEAVE_WORD, "STOPALL"},
    {SAYS_LEAVE_WORD, "UNSUBSCRIBE"},
    {SAYS_LEAVE_WORD, "CANCEL"},
    {SAYS_LEAVE_WORD, "END"},
    {SAYS_LEAVE_WORD, "QUIT"},
    {SAYS_YES, "是"},
    {SAYS_YES, "是"},
    {SAYS_YES, "Y"},
    {SAYS_YES, "YES"},
    {SAYS_YES, "确认"},
    {SAYS_YES, "確認"},
    {SAYS_NO, "否"},
    {SAYS_NO, "N"},
    {SAYS_NO, "NO"},
    {SAYS_NO, "不"},
    {SAYS_BALANCE, "YE"},
    {SAYS_BALANCE, "余额"},
    {SAYS_BALANCE, "查话费"},
    {SAYS_BALANCE, "餘額"},
    {SAYS_SERVICES, "GN"},
    {SAYS_SERVICES, "已开通功能"},
    {SAYS_SERVICES, "業務查詢"},
    {SAYS_HELP, "HELP"},
    {SAYS_HELP, "帮助"},
    {SAYS_HELP, "幫助"},
    {SAYS_HELP, "BZ"},
    {SAYS_PORT_TEST, "CMCCTEST"},
    {SAYS_STOP, "TJ"},
    {SAYS_STOP, "停机"},
    {SAYS_STOP, "我要停機"},
    {SAYS_RESUME, "FJ"},
    {SAYS_RESUME, "复机"},
    {SAYS_RESUME, "開機"},
    {SAYS_MENU, "$M"},
    {SAYS_NOTHING, "你好"},
    {SAYS_NOTHING, "好的"},
    {SAYS_NOTHING, "同意"},
    {SAYS_NOTHING, "是的吧"},
    {SAYS_NOTHING, "是？"},
    {SAYS_NOTHING, "Y?"},
    {SAYS_NOTHING, "1?"},
    {SAYS_NOTHING, "不是"},
    {SAYS_NOTHING, "取消彩铃？"},
    {SAYS_NOTHING, "开通资格"},
    {SAYS_NOTHING, "STOP IT"},
    {SAYS_NOTHING, "TQ谢谢"},
    {SAYS_NOTHING, "😀"},
    {SAYS_NOTHING, "“”"},
};
enum { WORDS = sizeof words / sizeof *words };

static inline const char *fill(char mark, int about)
{
    const struct service *service = &catalogue[about];
    switch (mark) {
    case 'C':
        return service->code;
    case 'N':
        return service->name;
    case 'S':
        return service->spelled ? service->spelled : service->name;
    case 'O':
        return service->order_code;
    default:
        return menus[about].code;
    }
}

static inline void write_words(struct text *out, const char *word, int about)
{
    for (; *word; word++)
        if (*word == '$')
            text_add(out, view_of(fill(*++word, about)));
        else
            text_add_char(out, *word);
}

static inline void write_numbers(struct text *out, struct dice *dice, const struct message *m)
{
    static const char *const between[] = {",", ",", "、", " ", "/", ", ", "和"};
    for (int i = 0; i < m->numbers; i++)
        text_addf(out, "%s%d", i ? between[roll(dice, sizeof between / sizeof *between)] : "", m->number[i]);
}

/* --- what thumbs and phones do to them --- */

static inline void add_wide(struct text *out, int32_t c)
{
    char bytes[4];
    text_add(out, (struct view){bytes, view_put_code_point(bytes, c == ' ' ? 0x3000 : c + 0xfee0)});
}

static inline void write_spelled(struct text *out, struct dice *dice, struct view plain)
{
    bool is_wide = chance(dice, 20), is_small = chance(dice, 40), has_invisible = chance(dice, 5);
    text_add(out, chance(dice, 5) ? VIEW(" ") : VIEW_NONE);
    for (size_t i = 0; i < plain.size;) {
        size_t from = i;
        int32_t c = view_code_point(plain, &i);
        if (is_small && c >= 'A' && c <= 'Z')
            c += 'a' - 'A';
        if (is_wide && c >= ' ' && c <= '~')
            add_wide(out, c);
        else if (c < 0x80)
            text_add_char(out, (char)c);
        else
            text_add(out, (struct view){plain.at + from, i - from});
        if (has_invisible && chance(dice, 30))
            text_add(out, VIEW("\xE2\x80\x8B"));
    }
    static const char *const ends[] = {"。", "！", "!", ".", "　", "\r\n"};
    if (chance(dice, 10))
        text_add(out, view_of(ends[roll(dice, sizeof ends / sizeof *ends)]));
}

/* Writes the words of a message that says what it means already. */
static inline void spell(struct dice *dice, struct message *m)
{
    struct text plain = {0}, out = {0};
    int word = roll(dice, WORDS);
    while (m->meaning != SAYS_NUMBERS && words[word].meaning != m->meaning)
        word = (word + 1) % WORDS;
    if (m->meaning == SAYS_NUMBERS)
        write_numbers(&plain, dice, m);
    else if (m->meaning == SAYS_HELP && ports[m->port].own && chance(dice, 20))
        text_add(&plain, view_of(ports[m->port].number));
    else
        write_words(&plain, words[word].text, m->about);
    write_spelled(&out, dice, text_view(&plain));
    snprintf(m->folded, sizeof(m->folded), "%.*s", VIEW_ARG(text_view(&plain)));
    snprintf(m->text, sizeof(m->text), "%.*s", VIEW_ARG(text_view(&out)));
    text_free(&plain);
    text_free(&out);
}

#endif

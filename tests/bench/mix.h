/* What subscribers say to the hall in an hour, message after message: a thousand of each thousand by the table below, spread over it.
 *
 *     questioners   questions, unknown texts, lists, what costs nothing opened and closed, wrong passwords, repeats, reports
 *     orderers      ──KT──▶ ──是──▶ ──0000──▶ ──1──▶   each step LAG orders after the one before, and never the same service again, so
 *                                                      that the last hour's orders cost what the first one's did
 *
 * Included by one program of the benches, so all of it is static. */
#ifndef BENCH_MIX_H
#define BENCH_MIX_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    MIX_ROUND = 1000,
    MIX_STRIDE = 617, /* has no factor in common with a round: neighbours in the table are apart in time */
    MIX_LAG = 100,
    MIX_SERVICES = 50, /* tests/bench/soak.sql */
    MIX_RING = 4096,
    MIX_TEXT_SIZE = 96,
    MIX_MT_SIZE = 24,
};

enum mix_kind {
    MIX_BALANCE,
    MIX_BILL,
    MIX_ALLOWANCE,
    MIX_UNKNOWN,
    MIX_REPEAT, /* of an earlier balance, with its id */
    MIX_REPORT, /* on the reply to an earlier balance */
    MIX_LIST,
    MIX_OPEN,
    MIX_CLOSE,
    MIX_PASSWORD,
    MIX_ORDER,
    MIX_YES,
    MIX_ORDERED_LIST,
    MIX_LEAVE,
    MIX_KINDS
};

static const struct {
    const char *name;
    unsigned share;
    const char *text[4]; /* in turn; %u is a number that goes up */
} mix_table[MIX_KINDS] = {
    [MIX_BALANCE] = {"balance", 479, {"余额", "YE", "话费", "ｃｘｙｅ"}},
    [MIX_BILL] = {"bill", 120, {"ZD", "账单", "ZD201211", "帳單"}},
    [MIX_ALLOWANCE] = {"allowance", 100, {"流量", "CXYED", "积分", "CXYEB"}},
    [MIX_UNKNOWN] = {"unknown", 100, {"你好，我是%u号", "KTMEIYOU%u", "请问%u是什么", "hello %u"}},
    [MIX_REPEAT] = {"repeat", 50, {NULL}},
    [MIX_REPORT] = {"report", 60, {NULL}},
    [MIX_LIST] = {"list", 20, {"0000", "0000", "0000", "0000"}},
    [MIX_OPEN] = {"open", 15, {"KTHJDD", "KTHJBC", "KTSFTH", "开通呼叫等待"}},
    [MIX_CLOSE] = {"close", 15, {"QXHJDD", "QXHJBC", "QXSFTH", "取消呼叫等待"}},
    [MIX_PASSWORD] = {"password", 1, {"CXYEH604937", "CXYEH591826", "CXYEH837465", "CXYEH918273"}},
    [MIX_ORDER] = {"order", 10, {"KTSOAK%u", "KTSOAK%u", "KTSOAK%u", "KTSOAK%u"}},
    [MIX_YES] = {"yes", 10, {"是", "Y", "确认", "是"}},
    [MIX_ORDERED_LIST] = {"ordered_list", 10, {"0000", "0000", "0000", "0000"}},
    [MIX_LEAVE] = {"leave", 10, {"1", "1", "1", "1"}},
};

struct mix_message {
    enum mix_kind kind;
    uint64_t number; /* its id; a repeat has that of the message before */
    uint64_t msisdn;
    char text[MIX_TEXT_SIZE];
    char mt[MIX_MT_SIZE]; /* of a report */
};

struct mix {
    uint64_t first; /* MSISDN: four of five subscribers are questioners, the others orderers */
    uint64_t subscribers;
    struct mix_message balance[MIX_RING]; /* sent; a later one takes the place of an earlier one */
    uint64_t balances;
    struct mix_message reply[MIX_RING]; /* answered, and not reported on yet */
    uint64_t replies, reported;
};

/* A round is dealt by the table: the number's kind, and how many of that kind were before it in all. */
static enum mix_kind mix_deal(uint64_t number, uint64_t *before)
{
    unsigned place = (unsigned)(number % MIX_ROUND * MIX_STRIDE % MIX_ROUND);
    enum mix_kind kind = 0;
    while (place >= mix_table[kind].share)
        place -= mix_table[kind++].share;
    *before = number / MIX_ROUND * mix_table[kind].share + place;
    return kind;
}

/* Any of them, and each as often as the others. */
static uint64_t mix_scatter(uint64_t number, uint64_t among)
{
    number = (number + 1) * UINT64_C(0x9E3779B97F4A7C15);
    number = (number ^ (number >> 31)) * UINT64_C(0xBF58476D1CE4E5B9);
    return (number ^ (number >> 29)) % among;
}

static void mix_say(struct mix_message *message, uint64_t turn, unsigned number)
{
    /* the texts are those of the table above, in which %u stands once at the most */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(message->text, sizeof(message->text), mix_table[message->kind].text[turn % 4], number);
#pragma GCC diagnostic pop
}

static void mix_ask(const struct mix *mix, struct mix_message *message)
{
    message->msisdn = mix->first + mix_scatter(message->number, mix->subscribers / 5 * 4);
    mix_say(message, message->number / 7, (unsigned)(message->number % 100000000));
}

/* The step of the order that began so many LAGs before. False: none has begun so early. */
static bool mix_order(const struct mix *mix, struct mix_message *message, uint64_t count)
{
    uint64_t orderers = mix->subscribers / 5, back = (uint64_t)(message->kind - MIX_ORDER) * MIX_LAG;
    if (count < back)
        return false;
    uint64_t order = count - back;
    message->msisdn = mix->first + mix->subscribers / 5 * 4 + order % orderers;
    mix_say(message, order, (unsigned)(order / orderers % MIX_SERVICES));
    return true;
}

/* Opened by one and closed by him a while later. */
static bool mix_toggle(const struct mix *mix, struct mix_message *message, uint64_t count)
{
    uint64_t back = (uint64_t)(message->kind - MIX_OPEN) * MIX_LAG;
    if (count < back)
        return false;
    message->msisdn = mix->first + (count - back) * 7 % (mix->subscribers / 5 * 4);
    mix_say(message, count - back, 0);
    return true;
}

static bool mix_repeat(const struct mix *mix, struct mix_message *message)
{
    if (mix->balances < MIX_RING)
        return false;
    *message = mix->balance[(mix->balances + mix_scatter(message->number, MIX_RING / 2)) % MIX_RING];
    message->kind = MIX_REPEAT;
    return true;
}

static bool mix_report(struct mix *mix, struct mix_message *message)
{
    if (mix->reported == mix->replies)
        return false;
    *message = mix->reply[mix->reported++ % MIX_RING];
    message->kind = MIX_REPORT;
    return true;
}

static bool mix_special(struct mix *mix, struct mix_message *message, uint64_t count)
{
    if (message->kind >= MIX_ORDER)
        return mix_order(mix, message, count);
    switch (message->kind) {
    case MIX_REPEAT:
        return mix_repeat(mix, message);
    case MIX_REPORT:
        return mix_report(mix, message);
    case MIX_OPEN:
    case MIX_CLOSE:
        return mix_toggle(mix, message, count);
    default:
        mix_ask(mix, message);
        return true;
    }
}

/* The message of that number. What cannot be yet is a question for the balance instead. */
static void mix_next(struct mix *mix, uint64_t number, struct mix_message *message)
{
    uint64_t count;
    *message = (struct mix_message){.kind = mix_deal(number, &count), .number = number};
    if (!mix_special(mix, message, count)) {
        *message = (struct mix_message){.kind = MIX_BALANCE, .number = number};
        mix_ask(mix, message);
    }
    if (message->kind == MIX_BALANCE)
        mix->balance[mix->balances++ % MIX_RING] = *message;
}

/* A balance was answered by the reply MT. */
static void mix_answered(struct mix *mix, const struct mix_message *message, const char *mt)
{
    if (message->kind != MIX_BALANCE || mix->replies - mix->reported == MIX_RING)
        return;
    struct mix_message *reply = &mix->reply[mix->replies++ % MIX_RING];
    *reply = *message;
    snprintf(reply->mt, sizeof(reply->mt), "%s", mt);
}

#endif

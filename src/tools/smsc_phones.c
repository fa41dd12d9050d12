/* A message is in two lists: its phone's inbox, and all messages by age. Both are in the order of arrival, so the oldest of all is the
 * oldest of its phone too, and dropping it takes the head of both. Parts wait with their phone, as bytes: a character may be cut in two
 * between them, so that only the whole can be decoded.
 *
 * Who waits for a phone's next message is a kept request in one list; there are never more than connections. */
#include "tools/smsc_phones.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sms/charset.h"
#include "sms/msisdn.h"
#include "tools/smsc_parts.h"

enum { BUCKETS = 1 << 16, GATHERED_MAX = 10000, GATHER_MAX_S = 300, KEY_SIZE = 24 };
enum { ANSWER_SIZE = 48 * 1024 }; /* an answer ends with the message that passes it: clients read 64 kB */
enum { MASK_DELIVERED = 1, MASK_FAILED = 2 };

struct message {
    struct message *next, *younger; /* of its phone; of all */
    struct phone *phone;
    uint64_t number;
    int64_t at_s;
    unsigned parts;
    struct view from, text; /* in `bytes` */
    char bytes[];
};

/* A long message of which some parts are still missing. */
struct gathered {
    struct gathered *next;
    int64_t since_s;
    struct place place; /* number: how many have come */
    char *from, *charset;
    int coding;
    struct mt_report wanted;
    struct text part[PARTS_MAX];
};

struct phone {
    struct phone *next; /* in its bucket */
    char key[KEY_SIZE];
    bool has_delivery;
    enum delivery delivery;
    uint64_t last; /* number of the newest message there ever was */
    struct message *oldest, *newest;
    struct gathered *gathered;
};

struct waiter {
    struct waiter *next;
    struct web_request *request;
    struct phone *phone;
    uint64_t after, due_us;
};

struct phones {
    pthread_mutex_t lock; /* for everything below */
    enum delivery usual;
    struct phone *bucket[BUCKETS];
    struct message *oldest, *youngest;
    struct waiter *waiters;
    bool is_over;
    uint64_t phones_count, messages_count, gathered_count, waiters_count; /* kept now */
    uint64_t mt_parts, mt_messages, mt_refused, mt_failed;                /* since the start */
};

static const char *const delivery_names[DELIVERY_KINDS] = {"ok", "fail", "none", "refuse"};

enum delivery delivery_read(struct view word)
{
    enum delivery delivery = DELIVERY_OK;
    while (delivery < DELIVERY_KINDS && !view_equal(word, view_of(delivery_names[delivery])))
        delivery++;
    return delivery;
}

struct phones *phones_new(enum delivery usual)
{
    struct phones *phones = calloc(1, sizeof *phones);
    assert(phones != NULL);
    pthread_mutex_init(&phones->lock, NULL);
    phones->usual = usual;
    return phones;
}

/* --- a phone --- */

/* A mobile number in all its spellings is one phone; anything else is taken as it is written. */
static void key_of(struct view msisdn, char key[KEY_SIZE])
{
    struct msisdn read = msisdn_read(msisdn);
    struct view v = read.kind == MSISDN_MOBILE ? view_of(read.digits) : view_trim(msisdn);
    snprintf(key, KEY_SIZE, "%.*s", VIEW_ARG(v));
}

/* NULL: it is a new one, and there are too many. */
static struct phone *phone_of(struct phones *phones, struct view msisdn)
{
    char key[KEY_SIZE];
    key_of(msisdn, key);
    struct phone **bucket = &phones->bucket[view_hash(view_of(key)) % BUCKETS], *phone = *bucket;
    while (phone != NULL && strcmp(phone->key, key) != 0)
        phone = phone->next;
    if (phone != NULL || phones->phones_count == PHONES_MAX)
        return phone;
    phone = calloc(1, sizeof *phone);
    assert(phone != NULL);
    memcpy(phone->key, key, sizeof key);
    phone->next = *bucket;
    *bucket = phone;
    phones->phones_count++;
    return phone;
}

bool phones_set_delivery(struct phones *phones, struct view msisdn, enum delivery delivery)
{
    pthread_mutex_lock(&phones->lock);
    struct phone *phone = phone_of(phones, msisdn);
    if (phone != NULL) {
        phone->has_delivery = true;
        phone->delivery = delivery;
    }
    pthread_mutex_unlock(&phones->lock);
    return phone != NULL;
}

/* --- inboxes --- */

static void drop_oldest(struct phones *phones)
{
    struct message *gone = phones->oldest;
    struct phone *phone = gone->phone;
    assert(phone->oldest == gone);
    phones->oldest = gone->younger;
    phone->oldest = gone->next;
    if (phones->oldest == NULL)
        phones->youngest = NULL;
    if (phone->oldest == NULL)
        phone->newest = NULL;
    phones->messages_count--;
    free(gone);
}

static void inbox_add(struct phones *phones, struct phone *phone, struct view from, struct view text, unsigned parts)
{
    struct message *message = malloc(sizeof *message + from.size + text.size);
    assert(message != NULL);
    *message = (struct message){.phone = phone, .number = ++phone->last, .at_s = clock_unix_s(), .parts = parts};
    message->from = (struct view){message->bytes, from.size};
    message->text = (struct view){message->bytes + from.size, text.size};
    if (from.size > 0)
        memcpy(message->bytes, from.at, from.size);
    if (text.size > 0)
        memcpy(message->bytes + from.size, text.at, text.size);
    *(phone->newest != NULL ? &phone->newest->next : &phone->oldest) = message;
    *(phones->youngest != NULL ? &phones->youngest->younger : &phones->oldest) = message;
    phone->newest = phones->youngest = message;
    if (++phones->messages_count > INBOX_MESSAGES_MAX)
        drop_oldest(phones);
}

/* {"last":7,"messages":[{"n":7,"from":"10086","text":"…","parts":2,"at":1763776500}]} */
static void inbox_answer(const struct phone *phone, struct web_request *request, uint64_t after)
{
    static const struct web_header headers[] = {{"Content-Type", "application/json"}};
    const struct message *message = phone != NULL ? phone->oldest : NULL;
    const char *comma = "";
    struct text json = {0};
    text_addf(&json, "{\"last\":%llu,\"messages\":[", phone != NULL ? (unsigned long long)phone->last : 0);
    for (; message != NULL && json.size < ANSWER_SIZE; message = message->next) {
        if (message->number <= after)
            continue;
        text_addf(&json, "%s{\"n\":%llu,\"from\":", comma, (unsigned long long)message->number);
        text_add_json(&json, message->from);
        text_add(&json, VIEW(",\"text\":"));
        text_add_json(&json, message->text);
        text_addf(&json, ",\"parts\":%u,\"at\":%lld}", message->parts, (long long)message->at_s);
        comma = ",";
    }
    text_add(&json, VIEW("]}\n"));
    web_answer(request, 200, 1, headers, text_view(&json));
    text_free(&json);
}

/* Answers and forgets those who wait for this phone and have news, and those whose time is up by now_us. */
static void waiters_answer(struct phones *phones, const struct phone *phone, uint64_t now_us)
{
    struct waiter **link = &phones->waiters;
    while (*link != NULL) {
        struct waiter *waiter = *link;
        bool has_news = phone != NULL && waiter->phone == phone && phone->last > waiter->after;
        if (!has_news && waiter->due_us > now_us) {
            link = &waiter->next;
            continue;
        }
        *link = waiter->next;
        phones->waiters_count--;
        inbox_answer(waiter->phone, waiter->request, waiter->after);
        free(waiter);
    }
}

void phones_answer_inbox(struct phones *phones, struct web_request *request, struct view msisdn, uint64_t after, unsigned wait_s)
{
    pthread_mutex_lock(&phones->lock);
    struct phone *phone = phone_of(phones, msisdn);
    bool has_news = phone != NULL && phone->last != after; /* less: whoever asks knew another network, which counted further */
    if (phone == NULL || has_news || wait_s == 0 || phones->is_over) {
        inbox_answer(phone, request, after);
    } else {
        struct waiter *waiter = malloc(sizeof *waiter);
        assert(waiter != NULL);
        *waiter = (struct waiter){phones->waiters, request, phone, after, clock_us() + (uint64_t)wait_s * 1000000};
        phones->waiters = waiter;
        phones->waiters_count++;
    }
    pthread_mutex_unlock(&phones->lock);
}

void phones_tick(struct phones *phones, bool is_over)
{
    pthread_mutex_lock(&phones->lock);
    phones->is_over = phones->is_over || is_over;
    waiters_answer(phones, NULL, phones->is_over ? UINT64_MAX : clock_us());
    pthread_mutex_unlock(&phones->lock);
}

/* --- parts --- */

static char *copy_string(struct view v)
{
    char *copy = strndup(v.size > 0 ? v.at : "", v.size);
    assert(copy != NULL);
    return copy;
}

/* Takes *link out of its list. */
static void gathered_end(struct phones *phones, struct gathered **link)
{
    struct gathered *gone = *link;
    *link = gone->next;
    phones->gathered_count--;
    for (unsigned i = 0; i < PARTS_MAX; i++)
        text_free(&gone->part[i]);
    free(gone->from);
    free(gone->charset);
    free(gone);
}

/* Those whose missing parts will not come any more: the network that they stand for gives up as well. */
static void gathered_forget_old(struct phones *phones, struct phone *phone)
{
    for (struct gathered **link = &phone->gathered; *link != NULL;)
        if ((*link)->since_s + GATHER_MAX_S < clock_unix_s())
            gathered_end(phones, link);
        else
            link = &(*link)->next;
}

/* The long message that a part belongs to, a new one if need be; NULL: too many wait for their parts. */
static struct gathered **gathered_of(struct phones *phones, struct phone *phone, const struct mt *mt, const struct place *place)
{
    struct gathered **link = &phone->gathered;
    gathered_forget_old(phones, phone);
    for (; *link != NULL; link = &(*link)->next)
        if ((*link)->place.reference == place->reference && (*link)->place.total == place->total &&
            view_equal(view_of((*link)->from), mt->from))
            return link;
    if (phones->gathered_count == GATHERED_MAX)
        return NULL;
    struct gathered *gathered = calloc(1, sizeof *gathered);
    assert(gathered != NULL);
    gathered->since_s = clock_unix_s();
    gathered->place = (struct place){place->reference, place->total, 0};
    gathered->from = copy_string(mt->from);
    gathered->charset = copy_string(mt->charset);
    gathered->coding = mt->coding;
    *link = gathered;
    phones->gathered_count++;
    return link;
}

static void report_want(struct mt_report *wanted, const struct mt *mt)
{
    if (mt->report_mask == 0 || mt->report_id.size == 0 || mt->report_id.size >= sizeof wanted->id)
        return;
    wanted->mask = mt->report_mask;
    snprintf(wanted->id, sizeof wanted->id, "%.*s", VIEW_ARG(mt->report_id));
}

/* A part that comes again counts once. */
static void gathered_add(struct gathered *gathered, const struct mt *mt, unsigned number)
{
    struct text *part = &gathered->part[number - 1];
    report_want(&gathered->wanted, mt);
    if (part->at != NULL)
        return;
    text_add(part, mt->bytes);
    gathered->place.number++;
}

/* --- a message --- */

/* It has come whole: into the inbox with it, and a report of its end. */
static void message_end(struct phones *phones, struct phone *phone, enum delivery delivery, const struct mt *whole, unsigned parts,
                        const struct mt_report *wanted, struct mt_report *report)
{
    struct arena *arena = arena_new();
    struct view text;
    unsigned ended_as = delivery == DELIVERY_FAIL ? MASK_FAILED : MASK_DELIVERED;
    if (charset_decode(arena, whole->bytes, whole->charset, whole->coding, &text, NULL) != IS_DONE)
        text = arena_printf(arena, "[%zu bytes of data]", whole->bytes.size);
    if (delivery == DELIVERY_FAIL) {
        phones->mt_failed++;
    } else {
        inbox_add(phones, phone, whole->from, text, parts);
        phones->mt_messages++;
        waiters_answer(phones, phone, 0);
    }
    if (delivery != DELIVERY_NONE && (wanted->mask & ended_as) != 0) {
        *report = *wanted;
        report->mask = ended_as;
    }
    arena_free(&arena);
}

static enum outcome take_part(struct phones *phones, struct phone *phone, enum delivery delivery, const struct mt *mt,
                              const struct place *place, struct mt_report *report, struct err *err)
{
    struct gathered **link = gathered_of(phones, phone, mt, place);
    if (link == NULL)
        return err_refused(err, "too many long messages wait for their parts");
    struct gathered *gathered = *link;
    gathered_add(gathered, mt, place->number);
    if (gathered->place.number < gathered->place.total)
        return IS_DONE;
    struct text bytes = {0};
    for (unsigned i = 0; i < gathered->place.total; i++)
        text_add(&bytes, text_view(&gathered->part[i]));
    struct mt whole = {.from = mt->from, .bytes = text_view(&bytes), .charset = view_of(gathered->charset), .coding = gathered->coding};
    message_end(phones, phone, delivery, &whole, place->total, &gathered->wanted, report);
    text_free(&bytes);
    gathered_end(phones, link);
    return IS_DONE;
}

static enum outcome take_locked(struct phones *phones, const struct mt *mt, struct mt_report *report, struct err *err)
{
    struct phone *phone = phone_of(phones, mt->to);
    struct mt_report wanted = {0};
    struct place place;
    if (phone == NULL)
        return err_refused(err, "too many phones");
    enum delivery delivery = phone->has_delivery ? phone->delivery : phones->usual;
    if (delivery == DELIVERY_REFUSE)
        return err_refused(err, "the network does not take it");
    if (place_read(mt->udh, &place))
        return take_part(phones, phone, delivery, mt, &place, report, err);
    report_want(&wanted, mt);
    message_end(phones, phone, delivery, mt, 1, &wanted, report);
    return IS_DONE;
}

enum outcome phones_take(struct phones *phones, const struct mt *mt, struct mt_report *report, struct err *err)
{
    *report = (struct mt_report){0};
    pthread_mutex_lock(&phones->lock);
    enum outcome outcome = take_locked(phones, mt, report, err);
    phones->mt_parts += outcome == IS_DONE;
    phones->mt_refused += outcome == IS_REFUSED;
    pthread_mutex_unlock(&phones->lock);
    return outcome;
}

void phones_write_stats(struct phones *phones, struct text *json)
{
    pthread_mutex_lock(&phones->lock);
    const struct {
        const char *name;
        uint64_t value;
    } stats[] = {
        {"phones", phones->phones_count},   {"inbox_messages", phones->messages_count},
        {"waiting", phones->waiters_count}, {"incomplete", phones->gathered_count},
        {"mt_parts", phones->mt_parts},     {"mt_messages", phones->mt_messages},
        {"mt_failed", phones->mt_failed},   {"mt_refused", phones->mt_refused},
    };
    for (size_t i = 0; i < sizeof stats / sizeof *stats; i++)
        text_addf(json, "%s\"%s\":%llu", i > 0 ? "," : "", stats[i].name, (unsigned long long)stats[i].value);
    pthread_mutex_unlock(&phones->lock);
}

static void phone_free(struct phones *phones, struct phone *phone)
{
    while (phone->gathered != NULL)
        gathered_end(phones, &phone->gathered);
    free(phone);
}

void phones_free(struct phones **phones)
{
    struct phones *gone = *phones;
    if (gone == NULL)
        return;
    assert(gone->waiters == NULL);
    while (gone->oldest != NULL)
        drop_oldest(gone);
    for (size_t i = 0; i < BUCKETS; i++)
        while (gone->bucket[i] != NULL) {
            struct phone *phone = gone->bucket[i];
            gone->bucket[i] = phone->next;
            phone_free(gone, phone);
        }
    pthread_mutex_destroy(&gone->lock);
    free(gone);
    *phones = NULL;
}

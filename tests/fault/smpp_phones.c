/* Many phones that text all the time, and the SMSC between them and the real Kannel, by SMPP 3.4 as in the field: what Kannel refuses for
 * now is kept and offered again, so an isolated Kannel (rules E3) leaves it here. Usage:
 *   smpp_phones PORT FIRST_MSISDN PHONES PAUSE_MS SENT GOT
 * Each phone sends TEST1, TEST2 … to 10086, one at a time with a pause between. SENT gets a line for each text: `MSISDN N taken` when
 * Kannel said that it has it, `MSISDN N unsure` when the connection broke before it said anything: it may have it all the same, and it is
 * not sent again. GOT gets `MSISDN PLACE N` for each reply. Reports are sent as receipts, again until Kannel took them.
 *
 * The first SIGTERM ends the texting; when nothing is under way any more, `over` is printed. The second ends the program. */
#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    SUBMIT_SM = 0x4,
    DELIVER_SM = 0x5,
    UNBIND = 0x6,
    BIND_TRANSCEIVER = 0x9,
    ENQUIRE_LINK = 0x15,
    RESPONSE = 0x80000000,
    HEADER_SIZE = 16,
    PDU_SIZE_MAX = 4096,
    IS_RECEIPT = 0x4, /* esm_class */
    UCS2 = 8,         /* data_coding */
    TEXTS_MAX = 999,  /* the command takes no more digits */
    AGAIN_MS = 1000,
    TURN_MS = 5,
};

/* A text of a phone, or the report on a reply, on its way to Kannel. */
struct item {
    uint64_t due_us;
    uint32_t sequence; /* under way: its number on the wire */
    uint64_t msisdn;
    char text[160];
};

struct phone {
    struct item item;
    unsigned n; /* of its text, 0: none yet */
    bool is_texting;
};

struct receipt {
    struct receipt *next;
    struct item item;
};

static struct phone *phone;
static struct receipt *receipts;
static unsigned phones, pause_ms;
static FILE *sent, *got;
static int kannel = -1;
static bool is_bound;
static uint8_t in[1 << 16];
static size_t in_size;
static uint32_t last_sequence, last_message;
static volatile sig_atomic_t terms;

static void on_term(int signal)
{
    (void)signal;
    terms++;
}

/* --- PDUs --- */

struct pdu {
    uint8_t bytes[PDU_SIZE_MAX];
    size_t size;
};

static void put_number(struct pdu *pdu, uint32_t number)
{
    number = htonl(number);
    memcpy(pdu->bytes + pdu->size, &number, sizeof number);
    pdu->size += sizeof number;
}

static void put_byte(struct pdu *pdu, uint8_t byte)
{
    pdu->bytes[pdu->size++] = byte;
}

static void put_string(struct pdu *pdu, const char *string)
{
    memcpy(pdu->bytes + pdu->size, string, strlen(string) + 1);
    pdu->size += strlen(string) + 1;
}

static void pdu_begin(struct pdu *pdu, uint32_t command, uint32_t sequence)
{
    pdu->size = 4;
    put_number(pdu, command);
    put_number(pdu, 0);
    put_number(pdu, sequence);
}

static uint32_t number_at(const uint8_t *at)
{
    uint32_t number;
    memcpy(&number, at, sizeof number);
    return ntohl(number);
}

static void hang_up(void);

static void pdu_send(struct pdu *pdu)
{
    uint32_t size = htonl((uint32_t)pdu->size);
    memcpy(pdu->bytes, &size, sizeof size);
    for (size_t done = 0; kannel >= 0 && done < pdu->size;) {
        ssize_t n = send(kannel, pdu->bytes + done, pdu->size - done, MSG_NOSIGNAL);
        if (n <= 0)
            hang_up();
        else
            done += (size_t)n;
    }
}

static void respond(uint32_t command, uint32_t sequence, const char *id)
{
    struct pdu pdu;
    pdu_begin(&pdu, command | RESPONSE, sequence);
    if (id)
        put_string(&pdu, id);
    pdu_send(&pdu);
}

static void deliver(struct item *item, uint8_t esm_class)
{
    struct pdu pdu;
    char msisdn[24];
    snprintf(msisdn, sizeof msisdn, "%" PRIu64, item->msisdn);
    item->sequence = ++last_sequence;
    pdu_begin(&pdu, DELIVER_SM, item->sequence);
    put_string(&pdu, ""); /* service_type */
    put_byte(&pdu, 0);
    put_byte(&pdu, 1);
    put_string(&pdu, msisdn);
    put_byte(&pdu, 0);
    put_byte(&pdu, 1);
    put_string(&pdu, "10086");
    put_byte(&pdu, esm_class);
    put_byte(&pdu, 0);    /* protocol_id */
    put_byte(&pdu, 0);    /* priority_flag */
    put_string(&pdu, ""); /* schedule_delivery_time */
    put_string(&pdu, ""); /* validity_period */
    put_byte(&pdu, 0);    /* registered_delivery */
    put_byte(&pdu, 0);    /* replace_if_present_flag */
    put_byte(&pdu, 0);    /* data_coding */
    put_byte(&pdu, 0);    /* sm_default_msg_id */
    put_byte(&pdu, (uint8_t)strlen(item->text));
    put_string(&pdu, item->text);
    pdu.size--; /* no NUL behind short_message */
    pdu_send(&pdu);
}

/* --- texts and receipts --- */

static uint64_t in_ms(unsigned ms)
{
    return clock_us() + ms * UINT64_C(1000);
}

static void text_next(struct phone *p)
{
    p->is_texting = false;
    if (terms > 0 || p->n == TEXTS_MAX)
        return;
    p->is_texting = true;
    snprintf(p->item.text, sizeof p->item.text, "TEST%u", ++p->n);
}

static void text_ended(struct phone *p, const char *how)
{
    fprintf(sent, "%" PRIu64 " %u %s\n", p->item.msisdn, p->n, how);
    p->is_texting = false;
    p->item.sequence = 0;
    p->item.due_us = in_ms(pause_ms);
}

static void receipt_add(uint64_t msisdn, uint32_t message)
{
    struct receipt *new = calloc(1, sizeof *new);
    assert(new);
    new->item.msisdn = msisdn;
    snprintf(new->item.text, sizeof new->item.text,
             "id:%08" PRIx32 " sub:001 dlvrd:001 submit date:2611220000 done date:2611220000 stat:DELIVRD err:000 text:", message);
    new->next = receipts;
    receipts = new;
}

static void offer_what_is_due(void)
{
    uint64_t now_us = clock_us();
    for (struct phone *p = phone; p < phone + phones; p++) {
        if (p->item.sequence || p->item.due_us > now_us)
            continue;
        if (!p->is_texting)
            text_next(p);
        if (p->is_texting && is_bound)
            deliver(&p->item, 0);
    }
    for (struct receipt *r = receipts; r && is_bound; r = r->next)
        if (!r->item.sequence && r->item.due_us <= now_us)
            deliver(&r->item, IS_RECEIPT);
}

static void offer_again(struct item *item)
{
    item->sequence = 0;
    item->due_us = in_ms(AGAIN_MS);
}

static void answered(uint32_t sequence, bool is_taken)
{
    for (struct phone *p = phone; p < phone + phones; p++) {
        if (p->item.sequence != sequence)
            continue;
        if (is_taken)
            text_ended(p, "taken");
        else
            offer_again(&p->item);
        return;
    }
    for (struct receipt **at = &receipts; *at; at = &(*at)->next) {
        struct receipt *r = *at;
        if (r->item.sequence != sequence)
            continue;
        offer_again(&r->item);
        if (is_taken) {
            *at = r->next;
            free(r);
        }
        return;
    }
}

static bool is_anything_under_way(void)
{
    for (struct phone *p = phone; p < phone + phones; p++)
        if (p->is_texting)
            return true;
    return receipts != NULL;
}

/* --- Kannel's side --- */

static void hang_up(void)
{
    close(kannel);
    kannel = -1;
    is_bound = false;
    in_size = 0;
    for (struct phone *p = phone; p < phone + phones; p++)
        if (p->item.sequence)
            text_ended(p, "unsure");
    for (struct receipt *r = receipts; r; r = r->next)
        r->item.sequence = 0;
}

/* Passes the C string at `at`. */
static const uint8_t *string_end(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at)
        at++;
    return at < end ? at + 1 : end;
}

static void submitted(const uint8_t *body, const uint8_t *end, uint32_t sequence)
{
    const uint8_t *source = string_end(body, end) + 2, *to = string_end(source, end) + 2, *esm_class = string_end(to, end);
    const uint8_t *registered = string_end(string_end(esm_class + 3, end), end);
    assert(registered + 5 <= end && registered + 5 + registered[4] <= end);
    const uint8_t *text = registered + 5;
    char digits[256], id[16];
    size_t size = 0;
    for (size_t i = registered[2] == UCS2 ? 1 : 0; i < registered[4]; i += registered[2] == UCS2 ? 2 : 1)
        digits[size++] = (char)text[i];
    digits[size] = '\0';
    uint64_t msisdn = strtoull((const char *)to, NULL, 10);
    snprintf(id, sizeof id, "%08" PRIx32, ++last_message);
    fprintf(got, "%" PRIu64 " %" PRIu32 " %lu\n", msisdn, last_message, strtoul(digits, NULL, 10));
    if (registered[0] & 1)
        receipt_add(msisdn, last_message);
    respond(SUBMIT_SM, sequence, id);
}

static void handle(const uint8_t *pdu, size_t size)
{
    uint32_t command = number_at(pdu + 4), status = number_at(pdu + 8), sequence = number_at(pdu + 12);
    switch (command) {
    case SUBMIT_SM:
        submitted(pdu + HEADER_SIZE, pdu + size, sequence);
        break;
    case BIND_TRANSCEIVER:
        respond(command, sequence, "sim");
        is_bound = kannel >= 0;
        break;
    case ENQUIRE_LINK:
    case UNBIND:
        respond(command, sequence, NULL);
        break;
    case DELIVER_SM | RESPONSE:
        answered(sequence, status == 0);
        break;
    default:
        break;
    }
}

static void hear(void)
{
    ssize_t n = recv(kannel, in + in_size, sizeof in - in_size, 0);
    if (n <= 0) {
        hang_up();
        return;
    }
    in_size += (size_t)n;
    size_t done = 0;
    while (in_size - done >= HEADER_SIZE) {
        uint32_t size = number_at(in + done);
        assert(size >= HEADER_SIZE && size <= PDU_SIZE_MAX);
        if (size > in_size - done)
            break;
        handle(in + done, size);
        if (kannel < 0)
            return;
        done += size;
    }
    memmove(in, in + done, in_size -= done);
}

static int listen_at(uint16_t port)
{
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4) != 0) {
        perror("smpp_phones");
        exit(1);
    }
    return fd;
}

static void turn(int door)
{
    struct pollfd fd[] = {{.fd = door, .events = POLLIN}, {.fd = kannel, .events = POLLIN}};
    if (poll(fd, 2, TURN_MS) > 0) {
        if (fd[1].revents)
            hear();
        if (fd[0].revents) {
            if (kannel >= 0)
                hang_up();
            kannel = accept(door, NULL, NULL);
        }
    }
    offer_what_is_due();
}

static FILE *written(const char *path)
{
    FILE *file = fopen(path, "w");
    assert(file);
    setvbuf(file, NULL, _IOLBF, 0);
    return file;
}

int main(int argc, char **argv)
{
    if (argc != 7)
        return 2;
    uint64_t first = strtoull(argv[2], NULL, 10);
    phones = (unsigned)atoi(argv[3]);
    pause_ms = (unsigned)atoi(argv[4]);
    assert(phones > 0 && pause_ms > 0);
    sent = written(argv[5]);
    got = written(argv[6]);
    phone = calloc(phones, sizeof *phone);
    assert(phone);
    for (unsigned i = 0; i < phones; i++)
        phone[i].item = (struct item){.msisdn = first + i, .due_us = in_ms(1 + pause_ms * i / phones)};
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_term}, NULL);
    int door = listen_at((uint16_t)atoi(argv[1]));
    for (bool is_over = false; terms < 2;) {
        turn(door);
        if (terms == 1 && !is_over && !is_anything_under_way()) {
            is_over = true;
            puts("over");
            fflush(stdout);
        }
    }
    if (kannel >= 0)
        close(kannel);
    close(door);
    while (receipts) {
        struct receipt *next = receipts->next;
        free(receipts);
        receipts = next;
    }
    free(phone);
    return fclose(sent) + fclose(got);
}

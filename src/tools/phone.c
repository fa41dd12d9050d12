/* smshall phone: a phone in the terminal. What is typed goes out from the main thread; what arrives is asked for by a long poll in the
 * client's loop, which prints it. Both print under one lock. */
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "tools/tools.h"
#include "web/client.h"

enum { POLL_WAIT_S = 20, POLL_TIMEOUT_MS = 30000, SEND_TIMEOUT_MS = 15000, AGAIN_MS = 1000, WAIT_MAX_S = 3600 };
enum { QUIET_MS = 500 }; /* --once: further replies that come within this belong to the first one */

struct phone {
    const char *msisdn, *smsc, *once;
    struct view to;
    uint64_t wait_s;
    bool is_terminal;
    struct arena *arena;
    struct web_client *client;
    pthread_mutex_t lock; /* for what is printed, `to` and: */
    bool is_away;         /* the network does not answer */
    bool is_over;
    uint64_t heard, heard_us;
    uint64_t after; /* in the loop's thread, once it runs */
};

static const char help[] = "A phone in the terminal, connected to `smshall smsc`. A line typed is a text sent; what arrives is shown.\n"
                           "\n"
                           "Usage: smshall phone MSISDN [OPTIONS]\n"
                           "\n"
                           "  --smsc URL        the network (http://127.0.0.1:13031)\n"
                           "  --to PORT         where texts go (10086)\n"
                           "  --once TEXT       sends this one, shows what is replied and ends\n"
                           "  --wait SECONDS    how long to wait for replies, after the end of input or with --once (5)\n"
                           "\n"
                           "Lines with a meaning of their own: /to PORT sends to another port from now on, /help, /quit.\n"
                           "Exit code: 0 ended; 1 the network or, with --once, a reply is missing; 2 called wrongly.\n";

/* --- printing --- */

static const char *colour(const struct phone *phone, const char *code)
{
    return phone->is_terminal ? code : "";
}

static void print_prompt(const struct phone *phone)
{
    if (phone->is_terminal)
        printf("%s%.*s>%s ", colour(phone, "\033[2m"), VIEW_ARG(phone->to), colour(phone, "\033[0m"));
    fflush(stdout);
}

/* Over what is being typed: it is not lost, only out of sight. */
static void clear_line(const struct phone *phone)
{
    if (phone->is_terminal)
        fputs("\r\033[K", stdout);
}

/* A text from outside must not steer the terminal; its further lines are indented. */
static void print_text(struct view text)
{
    for (size_t i = 0; i < text.size;) {
        size_t start = i;
        int32_t code = view_code_point(text, &i);
        if (code == '\n')
            fputs("\n         ", stdout);
        else if (!text_is_unseen(code))
            printf("%.*s", (int)(i - start), text.at + start);
    }
    putchar('\n');
}

/* "09:15:02 < 10086 (2 parts) text"; parts 0: unknown. */
static void print_message(const struct phone *phone, int64_t at_s, char direction, struct view other, unsigned parts, struct view text)
{
    time_t at = (time_t)at_s;
    struct tm local;
    char when[16];
    localtime_r(&at, &local);
    strftime(when, sizeof when, "%H:%M:%S", &local);
    printf("%s%s%s %s%c %.*s%s ", colour(phone, "\033[2m"), when, colour(phone, "\033[0m"), colour(phone, "\033[1;36m"), direction,
           VIEW_ARG(other), colour(phone, "\033[0m"));
    if (parts > 0)
        printf("(%u %s) ", parts, parts == 1 ? "part" : "parts");
    print_text(text);
}

static void print_trouble(struct phone *phone, const char *what, struct view why)
{
    clear_line(phone);
    fflush(stdout);
    fprintf(stderr, "phone: %s: %.*s\n", what, VIEW_ARG(view_trim(why)));
}

/* --- what arrives --- */

static void inbox_ask(void *context);

static const char *inbox_url(const struct phone *phone, struct arena *arena, uint64_t after, unsigned wait_s)
{
    struct text url = {0};
    text_addf(&url, "%s/phone/inbox?msisdn=", phone->smsc);
    text_add_url(&url, view_of(phone->msisdn));
    text_addf(&url, "&after=%llu&wait=%u", (unsigned long long)after, wait_s);
    const char *copy = arena_string(arena, text_view(&url));
    text_free(&url);
    return copy;
}

/* NULL: no inbox came; the words say why. */
static json_t *inbox_read(const struct web_response *response, struct view *why)
{
    struct err err = {""};
    *why = response->outcome == IS_DONE ? response->body : view_of(response->reason);
    return response->outcome == IS_DONE && response->status == 200 ? json_read(response->body, &err) : NULL;
}

static void inbox_show(struct phone *phone, const json_t *inbox)
{
    const json_t *message;
    size_t i;
    json_array_foreach(json_object_get(inbox, "messages"), i, message)
    {
        clear_line(phone);
        print_message(phone, json_int(message, "at", 0), '<', json_text(message, "from"), (unsigned)json_int(message, "parts", 1),
                      json_text(message, "text"));
        phone->after = (uint64_t)json_int(message, "n", (int64_t)phone->after);
        phone->heard++;
        phone->heard_us = clock_us();
    }
    if (i > 0)
        print_prompt(phone);
    uint64_t last = (uint64_t)json_int(inbox, "last", (int64_t)phone->after);
    if (last < phone->after)
        phone->after = 0; /* the network was started anew, and counts anew: all it has is new */
}

static void on_inbox(void *context, const struct web_response *response)
{
    struct phone *phone = context;
    struct view why;
    json_t *inbox = inbox_read(response, &why);
    pthread_mutex_lock(&phone->lock);
    if (inbox != NULL)
        inbox_show(phone, inbox);
    if ((inbox == NULL) != phone->is_away && !phone->is_over) {
        phone->is_away = inbox == NULL;
        print_trouble(phone, phone->is_away ? "the network is gone" : "the network is back", phone->is_away ? why : view_of(phone->smsc));
    }
    pthread_mutex_unlock(&phone->lock);
    web_client_after(phone->client, inbox == NULL ? AGAIN_MS : 0, inbox_ask, phone);
    json_decref(inbox);
}

static void inbox_ask(void *context)
{
    struct phone *phone = context;
    struct arena *arena = arena_new();
    web_client_send(phone->client, &(struct web_call){.method = "GET",
                                                      .url = inbox_url(phone, arena, phone->after, POLL_WAIT_S),
                                                      .timeout_ms = POLL_TIMEOUT_MS,
                                                      .done = on_inbox,
                                                      .context = phone});
    arena_free(&arena);
}

/* Where the inbox stands before anything is sent: what came earlier is not shown. */
static bool inbox_start(struct phone *phone)
{
    struct web_response response =
        web_fetch(phone->arena,
                  &(struct web_call){.method = "GET", .url = inbox_url(phone, phone->arena, INT64_MAX, 0), .timeout_ms = SEND_TIMEOUT_MS});
    struct view why;
    json_t *inbox = inbox_read(&response, &why);
    if (inbox == NULL)
        print_trouble(phone, phone->smsc, why);
    phone->after = (uint64_t)json_int(inbox, "last", 0);
    bool is_there = inbox != NULL;
    json_decref(inbox);
    return is_there;
}

/* How many messages came, and how long ago the last one did. */
static uint64_t heard(struct phone *phone, uint64_t *ago_us)
{
    pthread_mutex_lock(&phone->lock);
    uint64_t count = phone->heard;
    *ago_us = clock_us() - phone->heard_us;
    pthread_mutex_unlock(&phone->lock);
    return count;
}

/* --- what is sent --- */

static bool send_text(struct phone *phone, struct view text)
{
    static const char *const headers[] = {"Content-Type: text/plain; charset=UTF-8", NULL};
    struct arena *arena = arena_new();
    struct text url = {0};
    text_addf(&url, "%s/phone/send?from=", phone->smsc);
    text_add_url(&url, view_of(phone->msisdn));
    text_add(&url, VIEW("&to="));
    text_add_url(&url, phone->to);
    if (!phone->is_terminal) { /* there it stands already: it was typed */
        pthread_mutex_lock(&phone->lock);
        print_message(phone, clock_unix_s(), '>', phone->to, 0, text);
        fflush(stdout);
        pthread_mutex_unlock(&phone->lock);
    }
    struct web_call call = {.method = "POST", .url = url.at, .body = text, .headers = headers, .timeout_ms = SEND_TIMEOUT_MS};
    struct web_response response = web_fetch(arena, &call);
    bool is_sent = response.outcome == IS_DONE && response.status == 202;
    if (!is_sent) {
        pthread_mutex_lock(&phone->lock);
        print_trouble(phone, "not sent", response.outcome == IS_DONE ? response.body : view_of(response.reason));
        pthread_mutex_unlock(&phone->lock);
    }
    text_free(&url);
    arena_free(&arena);
    return is_sent;
}

static void turn_to(struct phone *phone, struct view port)
{
    pthread_mutex_lock(&phone->lock);
    phone->to = arena_copy(phone->arena, port);
    pthread_mutex_unlock(&phone->lock);
}

/* False: /quit. */
static bool take_line(struct phone *phone, struct view line)
{
    struct view rest = line, word = view_cut(&rest, ' ');
    rest = view_trim(rest);
    if (view_equal(line, VIEW("/quit")))
        return false;
    if (view_equal(word, VIEW("/to")) && rest.size > 0)
        turn_to(phone, rest);
    else if (view_equal(word, VIEW("/to")) || view_equal(line, VIEW("/help")))
        printf("A line is a text to %.*s. /to PORT: to another port; /quit: ends.\n", VIEW_ARG(phone->to));
    else if (line.size > 0)
        send_text(phone, line);
    return true;
}

/* Until /quit or the end of input; true: /quit. */
static bool take_lines(struct phone *phone)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    bool goes_on = true;
    print_prompt(phone);
    while (goes_on && (size = getline(&line, &room, stdin)) >= 0) {
        struct view v = {line, (size_t)size};
        while (v.size > 0 && (v.at[v.size - 1] == '\n' || v.at[v.size - 1] == '\r'))
            v.size--;
        goes_on = take_line(phone, v);
        pthread_mutex_lock(&phone->lock);
        if (goes_on)
            print_prompt(phone);
        pthread_mutex_unlock(&phone->lock);
    }
    free(line);
    return !goes_on;
}

/* --- the three ways to run --- */

static void rest_ms(unsigned ms)
{
    poll(NULL, 0, (int)ms);
}

static int run_once(struct phone *phone)
{
    uint64_t ago_us, end_us;
    if (!send_text(phone, view_of(phone->once)))
        return 1;
    end_us = clock_us() + phone->wait_s * 1000000;
    while (heard(phone, &ago_us) == 0 && clock_us() < end_us)
        rest_ms(10);
    while (heard(phone, &ago_us) > 0 && ago_us < QUIET_MS * 1000ULL)
        rest_ms(10);
    if (heard(phone, &ago_us) > 0)
        return 0;
    fprintf(stderr, "phone: no reply within %llu s\n", (unsigned long long)phone->wait_s);
    return 1;
}

static int run(struct phone *phone)
{
    if (phone->once != NULL)
        return run_once(phone);
    if (phone->is_terminal)
        printf("%s, connected to %s. /help tells more, /quit ends.\n", phone->msisdn, phone->smsc);
    if (!take_lines(phone) && !phone->is_terminal)
        rest_ms((unsigned)phone->wait_s * 1000);
    if (phone->is_terminal)
        putchar('\n');
    return 0;
}

/* --- options --- */

enum { OPT_SMSC = 256, OPT_TO, OPT_ONCE, OPT_WAIT };

// clang-format off
static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"smsc", required_argument, NULL, OPT_SMSC},
    {"to", required_argument, NULL, OPT_TO},
    {"once", required_argument, NULL, OPT_ONCE},
    {"wait", required_argument, NULL, OPT_WAIT},
    {NULL, 0, NULL, 0},
};
// clang-format on

/* False: the value will not do. */
static bool take_option(struct phone *phone, int option, const char *value)
{
    struct view v = view_of(value);
    switch (option) {
    case OPT_SMSC:
        while (v.size > 0 && v.at[v.size - 1] == '/')
            v.size--;
        phone->smsc = arena_string(phone->arena, v);
        return view_starts_with(v, VIEW("http://")) || view_starts_with(v, VIEW("https://"));
    case OPT_TO:
        phone->to = v;
        return v.size > 0;
    case OPT_ONCE:
        phone->once = value;
        return true;
    default:
        return view_number(v, WAIT_MAX_S, &phone->wait_s);
    }
}

/* The exit code, or -1: go on. */
static int take_options(struct phone *phone, int argc, char **argv)
{
    int option, index = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): at the start there is one thread
    while ((option = getopt_long(argc, argv, "h", options, &index)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (option != '?' && take_option(phone, option, optarg))
            continue;
        if (option != '?')
            fprintf(stderr, "phone: --%s %s: that will not do\n", options[index].name, optarg);
        fputs("`smshall phone --help` tells more.\n", stderr);
        return 2;
    }
    phone->msisdn = argv[optind];
    if (optind + 1 == argc && phone->msisdn[0] != '\0')
        return -1;
    fputs("phone: one number is wanted, and it alone\n`smshall phone --help` tells more.\n", stderr);
    return 2;
}

static int connect_and_run(struct phone *phone)
{
    struct err err;
    if (!inbox_start(phone))
        return 1;
    if (web_client_start(1, &phone->client, &err) != IS_DONE) {
        fprintf(stderr, "phone: %s\n", err.text);
        return 1;
    }
    web_client_post(phone->client, inbox_ask, phone);
    int code = run(phone);
    pthread_mutex_lock(&phone->lock);
    phone->is_over = true;
    pthread_mutex_unlock(&phone->lock);
    web_client_stop(&phone->client);
    return code;
}

int phone_main(int argc, char **argv)
{
    struct phone phone = {.smsc = "http://127.0.0.1:13031", .to = VIEW("10086"), .wait_s = 5, .arena = arena_new()};
    int code = take_options(&phone, argc, argv);
    if (code < 0) {
        pthread_mutex_init(&phone.lock, NULL);
        phone.is_terminal = phone.once == NULL && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
        code = connect_and_run(&phone);
        pthread_mutex_destroy(&phone.lock);
    }
    arena_free(&phone.arena);
    return code;
}

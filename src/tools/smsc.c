/* smshall smsc: the network behind Kannel's http SMSC. Kannel hands MTs over at /mt; phones, and tests in their place, use /phone/…. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tools/smsc_kannel.h"
#include "tools/smsc_phones.h"
#include "tools/tools.h"

enum { BODY_MAX = 64 * 1024, CONNECTIONS_MAX = 8192, IDLE_S = 60, TICK_MS = 50, DELAY_MAX_MS = 3600000 };

struct smsc {
    const char *listen, *user, *password, *kannel_url;
    uint64_t delay_ms;
    enum delivery delivery;
    struct arena *arena;
    struct kannel *kannel;
    struct phones *phones;
};

static const char help[] =
    "Stands in for the network behind Kannel's http SMSC (system-type = kannel): takes texts from phones, keeps what each one receives,\n"
    "and sends delivery reports.\n"
    "\n"
    "Usage: smshall smsc [OPTIONS]\n"
    "\n"
    "  --listen HOST:PORT     where Kannel's send-url and the phones point to (127.0.0.1:13031); port 0: a free one\n"
    "  --kannel URL           the port of Kannel's smsc group (http://127.0.0.1:13020)\n"
    "  --user, --password     its smsc-username and smsc-password (sim, sim)\n"
    "  --delivery HOW         how messages end: ok, fail, none (no report) or refuse (ok)\n"
    "  --delay MS             a delivery report comes so much later than its message (100)\n"
    "\n"
    "Doors:\n"
    "  GET  /mt                                      what Kannel calls\n"
    "  POST /phone/send?from=&to=                    a phone sends the body, UTF-8: 202, or 502, 503 with the reason\n"
    "  GET  /phone/inbox?msisdn=&after=N&wait=S      its messages after number N, waiting for one up to S (60) seconds:\n"
    "                                                "
    "{\"last\":1,\"messages\":[{\"n\":1,\"from\":\"10086\",\"text\":\"…\",\"parts\":2,\"at\":…}]}\n"
    "  POST /phone/delivery?msisdn=&mode=HOW         how messages to this phone end from now on\n"
    "  GET  /stats, /healthz\n"
    "\n"
    "A number is one phone, however it is written. Ends with SIGINT or SIGTERM. Exit code: 0 ended; 1 cannot start; 2 called wrongly.\n";

/* --- doors --- */

static uint64_t query_number(const struct web_request *request, const char *name, uint64_t otherwise)
{
    uint64_t number;
    return view_number(web_query(request, name), UINT64_MAX, &number) ? number : otherwise;
}

/* Kannel's own id of the message stands at the end of the dlr-url, which is encoded as a whole. */
static struct view report_id(struct view dlr_url)
{
    static const struct view mark = {"dlr-mid=", 8};
    for (size_t i = 0; i + mark.size < dlr_url.size; i++) {
        struct view rest = view_from(dlr_url, i);
        if (view_starts_with(rest, mark)) {
            rest = view_from(rest, mark.size);
            return view_cut(&rest, '&');
        }
    }
    return VIEW_NONE;
}

static void door_mt(struct smsc *smsc, struct web_request *request)
{
    struct mt mt = {
        .to = web_query(request, "to"),
        .from = web_query(request, "from"),
        .bytes = web_query(request, "text"),
        .charset = web_query(request, "charset"),
        .udh = web_query(request, "udh"),
        .coding = (int)(query_number(request, "coding", 0) & 3),
        .report_id = report_id(web_query(request, "dlr-url")),
        .report_mask = (unsigned)query_number(request, "dlr-mask", 0),
    };
    struct mt_report report;
    struct err err;
    if (!view_equal(web_query(request, "username"), view_of(smsc->user)) ||
        !view_equal(web_query(request, "password"), view_of(smsc->password))) {
        web_answer_text(request, 403, VIEW("Authorization failed\n"));
    } else if (mt.to.size == 0) {
        web_answer_text(request, 400, VIEW("to= is missing\n"));
    } else if (phones_take(smsc->phones, &mt, &report, &err) != IS_DONE) {
        web_answer_text(request, 403, view_of(err.text)); /* anything but Kannel's own words is final: d=16 */
    } else {
        if (report.mask != 0)
            kannel_send_report(smsc->kannel, &report, mt.to, smsc->delay_ms);
        web_answer_text(request, 202, VIEW("Sent."));
    }
}

static void door_send(struct smsc *smsc, struct web_request *request)
{
    struct view from = web_query(request, "from"), to = web_query(request, "to");
    if (from.size == 0 || to.size == 0)
        web_answer_text(request, 400, VIEW("from= and to= are wanted\n"));
    else
        kannel_send_mo(smsc->kannel, request, from, to, web_body(request));
}

static void door_inbox(struct smsc *smsc, struct web_request *request)
{
    struct view msisdn = web_query(request, "msisdn");
    uint64_t wait_s = query_number(request, "wait", 0);
    if (msisdn.size == 0)
        web_answer_text(request, 400, VIEW("msisdn= is missing\n"));
    else
        phones_answer_inbox(smsc->phones, request, msisdn, query_number(request, "after", 0),
                            wait_s < WAIT_MAX_S ? (unsigned)wait_s : WAIT_MAX_S);
}

static void door_delivery(struct smsc *smsc, struct web_request *request)
{
    struct view msisdn = web_query(request, "msisdn");
    enum delivery delivery = delivery_read(web_query(request, "mode"));
    if (msisdn.size == 0 || delivery == DELIVERY_KINDS)
        web_answer_text(request, 400, VIEW("msisdn= and mode=ok, fail, none or refuse are wanted\n"));
    else if (!phones_set_delivery(smsc->phones, msisdn, delivery))
        web_answer_text(request, 503, VIEW("too many phones\n"));
    else
        web_answer_text(request, 200, VIEW("ok\n"));
}

static void door_stats(struct smsc *smsc, struct web_request *request)
{
    static const struct web_header headers[] = {{"Content-Type", "application/json"}};
    struct text json = {0};
    text_add(&json, VIEW("{"));
    phones_write_stats(smsc->phones, &json);
    text_add(&json, VIEW(","));
    kannel_write_stats(smsc->kannel, &json);
    text_add(&json, VIEW("}\n"));
    web_answer(request, 200, 1, headers, text_view(&json));
    text_free(&json);
}

static void door_healthz(struct smsc *smsc, struct web_request *request)
{
    (void)smsc;
    web_answer_text(request, 200, VIEW("ok\n"));
}

static void handle(void *context, struct web_request *request)
{
    static const struct {
        const char *path, *method;
        void (*door)(struct smsc *smsc, struct web_request *request);
    } doors[] = {
        {"/mt", "GET", door_mt},
        {"/phone/send", "POST", door_send},
        {"/phone/inbox", "GET", door_inbox},
        {"/phone/delivery", "POST", door_delivery},
        {"/stats", "GET", door_stats},
        {"/healthz", "GET", door_healthz},
    };
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
        if (!view_equal(web_path(request), view_of(doors[i].path)))
            continue;
        if (view_equal(web_method(request), view_of(doors[i].method)))
            doors[i].door(context, request);
        else
            web_answer_text(request, 405, VIEW("another method is wanted\n"));
        return;
    }
    web_answer_text(request, 404, VIEW("no such door: smshall smsc --help\n"));
}

/* --- options --- */

enum { OPT_LISTEN = 256, OPT_KANNEL, OPT_USER, OPT_PASSWORD, OPT_DELIVERY, OPT_DELAY };

// clang-format off
static const struct option options[] = {
    {"help", no_argument, NULL, 'h'},
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"kannel", required_argument, NULL, OPT_KANNEL},
    {"user", required_argument, NULL, OPT_USER},
    {"password", required_argument, NULL, OPT_PASSWORD},
    {"delivery", required_argument, NULL, OPT_DELIVERY},
    {"delay", required_argument, NULL, OPT_DELAY},
    {NULL, 0, NULL, 0},
};
// clang-format on

/* False: the value will not do. */
static bool take_option(struct smsc *smsc, int option, const char *value)
{
    struct view v = view_of(value);
    switch (option) {
    case OPT_LISTEN:
        smsc->listen = value;
        return true;
    case OPT_KANNEL:
        while (v.size > 0 && v.at[v.size - 1] == '/')
            v.size--;
        smsc->kannel_url = arena_string(smsc->arena, v);
        return view_starts_with(v, VIEW("http://")) || view_starts_with(v, VIEW("https://"));
    case OPT_USER:
        smsc->user = value;
        return true;
    case OPT_PASSWORD:
        smsc->password = value;
        return true;
    case OPT_DELIVERY:
        smsc->delivery = delivery_read(v);
        return smsc->delivery != DELIVERY_KINDS;
    default:
        return view_number(v, DELAY_MAX_MS, &smsc->delay_ms);
    }
}

/* The exit code, or -1: go on. */
static int take_options(struct smsc *smsc, int argc, char **argv)
{
    int option, index = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): at the start there is one thread
    while ((option = getopt_long(argc, argv, "h", options, &index)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (option != '?' && take_option(smsc, option, optarg))
            continue;
        if (option != '?')
            fprintf(stderr, "smsc: --%s %s: that will not do\n", options[index].name, optarg);
        fputs("`smshall smsc --help` tells more.\n", stderr);
        return 2;
    }
    if (optind == argc)
        return -1;
    fprintf(stderr, "smsc: \"%s\" is not wanted here\n`smshall smsc --help` tells more.\n", argv[optind]);
    return 2;
}

/* --- start and stop --- */

static void on_tick(void *context)
{
    phones_tick(((struct smsc *)context)->phones, false);
}

/* Thousands of phones may wait, each with a connection. */
static void want_many_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* The order of the end: those who wait for messages are answered; the server waits for what is on its way to Kannel, and asks no door
 * any more; then nobody needs Kannel's client. */
static int serve(struct smsc *smsc, const sigset_t *ends, struct err *err)
{
    struct web_server *server = NULL;
    int signal_come;
    const struct web_server_setup setup = {.listen = smsc->listen,
                                           .body_size_max = BODY_MAX,
                                           .connections_max = CONNECTIONS_MAX,
                                           .idle_timeout_s = IDLE_S,
                                           .threads = 1,
                                           .handle = handle,
                                           .context = smsc};
    if (web_server_start(&setup, &server, err) != IS_DONE)
        return 1;
    kannel_every(smsc->kannel, TICK_MS, on_tick, smsc);
    fprintf(stderr, "smsc: listening on %s, port %u; Kannel at %s\n", smsc->listen, web_server_port(server), smsc->kannel_url);
    sigwait(ends, &signal_come);
    web_server_quiesce(server);
    phones_tick(smsc->phones, true);
    web_server_stop(&server);
    return 0;
}

static int run(struct smsc *smsc)
{
    struct err err = {""};
    sigset_t ends;
    int code = 1;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    want_many_files();
    smsc->phones = phones_new(smsc->delivery);
    if (kannel_start(smsc->kannel_url, smsc->user, smsc->password, &smsc->kannel, &err) == IS_DONE)
        code = serve(smsc, &ends, &err);
    if (code != 0)
        fprintf(stderr, "smsc: %s\n", err.text);
    kannel_stop(&smsc->kannel);
    phones_free(&smsc->phones);
    return code;
}

int smsc_main(int argc, char **argv)
{
    struct smsc smsc = {
        .listen = "127.0.0.1:13031",
        .user = "sim",
        .password = "sim",
        .kannel_url = "http://127.0.0.1:13020",
        .arena = arena_new(),
        .delay_ms = 100,
        .delivery = DELIVERY_OK,
    };
    int code = take_options(&smsc, argc, argv);
    if (code < 0)
        code = run(&smsc);
    arena_free(&smsc.arena);
    return code;
}

/* The parts are started from the store outwards, so that nobody is let in before there is somebody to serve him, and stopped in the
 * other order: the doors close, what is inside is finished, then the lights go out.
 *
 * Jobs have lanes of their own, each one connection, so that they never hold up a subscriber's message: what is due goes on one, webhooks'
 * events and looks into the outbox on the other. */
#include "serve.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/counter.h"
#include "base/json.h"
#include "base/log.h"
#include "base/rights.h"
#include "gateway/bearerbox.h"
#include "gateway/ingress.h"
#include "web/server.h"

enum {
    BATCH_MAX = 256,
    STORE_TIMEOUT_MS = 5000,
    BODY_SIZE_MAX = 64 * 1024,
    IDLE_TIMEOUT_S = 75, /* longer than smsbox keeps an idle connection (60 s): it closes first */
    SENDSMS_TIMEOUT_MS = 10000,
    LEASE_S = 60, /* as long as hall.receive leaves a fresh reply to us */
    STOP_WAIT_MS = 10000,
    RUN_DUE_FIRST_MS = 500,
    RUN_DUE_MS = 5000,
    HOOK_TIMEOUT_MS = 10000,
    HOOK_LEASE_S = 30,       /* what we held when we were killed is told again after it */
    SENDERS_PER_WORKER = 64, /* that wait for their passwords to be checked: some seconds, well under Kannel's http-timeout */
};

struct hall {
    struct config config;
    struct secret *token, *password, *admin_password;
    struct pepper *pepper;
    struct current *current;
    struct lanes *lanes;
    struct turns *turns;
    struct web_client *client;
    struct courier *courier;
    struct ingress_setup ingress;
    struct web_server *server;
    struct bearerbox *bearerbox;
    struct lanes *due_lanes, *event_lanes;
    struct web_client *hook_client; /* its loop also keeps the time for what is due */
    struct webhook *webhook;
    struct lane_call run_due; /* one at a time */
    uint64_t run_due_us;      /* when it was asked */
    struct due_done {
        int64_t steps, reminders, expired, partitions, calls, us;
    } due_done; /* since the last time that there was no more to do */
};

static void print_faults(struct faults *faults)
{
    fprintf(stderr, "%.*s", VIEW_ARG(text_view(&faults->lines)));
    fprintf(stderr, "smshall: %zu fault%s in the commands\n", faults->count, faults->count == 1 ? "" : "s");
}

static struct grammar *load_grammar(const char *folder)
{
    struct faults faults = {0};
    struct grammar *grammar = grammar_load(folder, &faults);
    if (!grammar)
        print_faults(&faults);
    else if (faults.wordless_replies)
        fprintf(stderr, "smshall: %zu replies lack a translation and are sent in Chinese: see smshall check\n", faults.wordless_replies);
    faults_free(&faults);
    return grammar;
}

static enum outcome read_secret(const char *path, struct secret **secret, struct err *err)
{
    return *path ? secret_read_file(path, secret, err) : IS_DONE;
}

static struct kannel_account account_of(const struct hall *hall)
{
    return (struct kannel_account){
        .url = view_of(hall->config.sendsms_url),
        .user = view_of(hall->config.sendsms_user),
        .password = hall->password ? secret_view(hall->password) : VIEW_NONE,
        .dlr_url = view_of(hall->config.dlr_url),
        .token = hall->token ? secret_view(hall->token) : VIEW_NONE,
    };
}

/* --- gauges --- */

static double read_store_waiting(void *context)
{
    return (double)lanes_waiting(((struct hall *)context)->lanes);
}

static double read_proofs_waiting(void *context)
{
    return (double)turns_waiting(((struct hall *)context)->turns);
}

static double read_courier_waiting(void *context)
{
    return (double)courier_waiting(((struct hall *)context)->courier);
}

static double read_webhook_waiting(void *context)
{
    return (double)webhook_waiting(((struct hall *)context)->webhook);
}

static double read_store_ready(void *context)
{
    return lanes_are_ready(((struct hall *)context)->lanes);
}

static double read_isolated(void *context)
{
    return bearerbox_valve(((struct hall *)context)->bearerbox) == VALVE_SHUT;
}

static void show_gauges(struct hall *hall)
{
    if (hall->bearerbox)
        gauge_set_reader("smshall_kannel_isolated", "1 when bearerbox keeps messages from coming in, as we told it.", read_isolated, hall);
    gauge_set_reader("smshall_store_waiting", "Calls that wait for the store.", read_store_waiting, hall);
    gauge_set_reader("smshall_store_ready", "1 when every lane has its connection.", read_store_ready, hall);
    gauge_set_reader("smshall_proofs_waiting", "Messages that wait for a password to be checked.", read_proofs_waiting, hall);
    gauge_set_reader("smshall_replies_waiting", "Replies in memory on their way to sendsms.", read_courier_waiting, hall);
    gauge_set_reader("smshall_events_waiting", "Events in memory on their way to webhooks.", read_webhook_waiting, hall);
}

/* --- start --- */

static struct lanes *start_lanes(const struct hall *hall, unsigned count)
{
    const struct lanes_setup setup = {
        .conninfo = hall->config.database,
        .count = count,
        .waiting_max = (size_t)hall->config.queue,
        .batch_max = BATCH_MAX,
        .timeout_ms = STORE_TIMEOUT_MS,
    };
    return lanes_start(&setup);
}

static enum outcome start_webhook(struct hall *hall, struct err *err)
{
    if (web_client_start(WEBHOOK_CALLS_MAX, &hall->hook_client, err) != IS_DONE)
        return IS_FAILED;
    web_client_keep_public(hall->hook_client, hall->config.webhook_allow);
    const struct webhook_setup setup = {
        .lanes = hall->event_lanes, .client = hall->hook_client, .lease_s = HOOK_LEASE_S, .timeout_ms = HOOK_TIMEOUT_MS};
    hall->webhook = webhook_start(&setup);
    return IS_DONE;
}

static enum outcome start_courier(struct hall *hall, struct err *err)
{
    if (web_client_start((unsigned)hall->config.sendsms_connections, &hall->client, err) != IS_DONE)
        return IS_FAILED;
    const struct courier_setup setup = {
        .lanes = hall->lanes,
        .claim_lanes = hall->event_lanes,
        .client = hall->client,
        .current = hall->current,
        .pepper = hall->pepper,
        .account = account_of(hall),
        .parts_max = (size_t)hall->config.max_messages,
        .lease_s = LEASE_S,
        .timeout_ms = SENDSMS_TIMEOUT_MS,
    };
    hall->courier = courier_start(&setup);
    return IS_DONE;
}

/* --- what is due in the store itself --- */

static void ask_run_due(void *context);

/* A pass over what is due takes many calls, so that none holds rows for long; it is one line of the log. */
static void run_due_count(struct hall *hall, const json_t *answer, uint64_t us, bool is_more)
{
    struct due_done *done = &hall->due_done;
    done->steps += json_int(answer, "steps", 0);
    done->reminders += json_int(answer, "reminders", 0);
    done->expired += json_int(answer, "expired", 0);
    done->partitions += json_int(answer, "partitions", 0);
    done->calls++;
    done->us += (int64_t)us;
    if (is_more)
        return;
    if (done->steps + done->reminders + done->expired + done->partitions > 0)
        log_event(LOG_INFO, "run_due", LOG_INT("steps", done->steps), LOG_INT("reminders", done->reminders),
                  LOG_INT("expired", done->expired), LOG_INT("partitions", done->partitions), LOG_INT("calls", done->calls),
                  LOG_INT("us", done->us));
    *done = (struct due_done){0};
}

/* While there is more it is asked again, after a rest twice as long as the call was: messages keep most of the machine. */
static void run_due_done(struct lane_call *call, const struct lane_answer *answer)
{
    struct hall *hall = call->context;
    uint64_t us = clock_us() - hall->run_due_us;
    json_t *result = answer->outcome == IS_DONE ? json_read(answer->value, NULL) : NULL;
    bool is_more = json_is_true(json_object_get(result, "more"));
    if (answer->outcome != IS_DONE)
        log_event(LOG_ERROR, "run_due", LOG_STR("error", answer->fault ? answer->fault->text : "the store is away"));
    if (json_int(result, "steps", 0) > 0)
        webhook_wake(hall->webhook);
    run_due_count(hall, result, us, is_more);
    web_client_after(hall->hook_client, is_more ? 1 + us / 500 : RUN_DUE_MS, ask_run_due, hall);
    json_decref(result);
}

/* Many halls may ask: each takes what the others leave. */
static void ask_run_due(void *context)
{
    struct hall *hall = context;
    if (atomic_load(&hall->ingress.is_stopping))
        return;
    hall->run_due_us = clock_us();
    hall->run_due = (struct lane_call){.function = API_RUN_DUE, .done = run_due_done, .context = hall};
    if (lanes_submit(hall->due_lanes, &hall->run_due) != IS_DONE)
        web_client_after(hall->hook_client, RUN_DUE_MS, ask_run_due, hall);
}

static void start_due(struct hall *hall)
{
    hall->due_lanes = start_lanes(hall, 1);
    web_client_after(hall->hook_client, RUN_DUE_FIRST_MS, ask_run_due, hall);
}

static enum outcome open_doors(struct hall *hall, struct err *err)
{
    hall->ingress.message = (struct message_setup){
        .lanes = hall->lanes,
        .turns = hall->turns,
        .pepper = hall->pepper,
        .courier = hall->courier,
        .current = hall->current,
        .account = account_of(hall),
        .ports = view_of(hall->config.ports),
        .parts_max = (size_t)hall->config.max_messages,
        .is_inline = strcmp(hall->config.reply, "inline") == 0,
    };
    hall->ingress.webhook = hall->webhook;
    hall->ingress.token = hall->token;
    hall->ingress.allow = view_of(hall->config.allow);
    const struct web_server_setup setup = {
        .listen = hall->config.listen,
        .body_size_max = BODY_SIZE_MAX,
        .connections_max = (unsigned)hall->config.connections,
        .idle_timeout_s = IDLE_TIMEOUT_S,
        .threads = 1,
        .handle = ingress_handle,
        .is_brief = ingress_is_brief,
        .refused = ingress_refused,
        .context = &hall->ingress,
    };
    return web_server_start(&setup, &hall->server, err);
}

static bool can_take(void *context)
{
    return lanes_are_ready(((struct hall *)context)->lanes);
}

/* Behind the doors: a hall that does not come up, because another one has its port, shuts nobody's valve. */
static enum outcome open_valve(struct hall *hall, struct err *err)
{
    const struct bearerbox_setup setup = {
        .admin_url = hall->config.bearerbox_admin_url, .admin_password = hall->admin_password, .is_ready = can_take, .context = hall};
    return *setup.admin_url ? bearerbox_start(&setup, &hall->bearerbox, err) : IS_DONE;
}

/* A connection of Kannel's may be idle for a minute, and each is a descriptor. */
static void raise_descriptor_limit(long wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= (rlim_t)wanted)
        return;
    limit.rlim_cur = limit.rlim_max < (rlim_t)wanted ? limit.rlim_max : (rlim_t)wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < (rlim_t)wanted)
        log_event(LOG_WARN, "descriptors", LOG_INT("wanted", wanted), LOG_INT("allowed", (int64_t)limit.rlim_cur));
}

static enum outcome read_secrets(struct hall *hall, struct err *err)
{
    const struct config *config = &hall->config;
    enum outcome outcome = read_secret(config->token_file, &hall->token, err);
    if (outcome == IS_DONE)
        outcome = read_secret(config->sendsms_password_file, &hall->password, err);
    if (outcome == IS_DONE)
        outcome = read_secret(config->bearerbox_admin_password_file, &hall->admin_password, err);
    if (outcome == IS_DONE && *config->bearerbox_admin_url && !hall->admin_password)
        outcome = err_refused(err, "bearerbox_admin_url needs bearerbox_admin_password_file");
    if (outcome == IS_DONE && *config->pepper_file)
        outcome = pepper_read_file(config->pepper_file, &hall->pepper, err);
    return outcome;
}

/* Root's files are read as root, all others as the user that we then are. With the user the kernel makes the memory as open as it is by
 * default: it is closed again. */
static enum outcome drop_rights(struct hall *hall, struct err *err)
{
    secret_keep_memory();
    if (read_secrets(hall, err) != IS_DONE || rights_drop(hall->config.user, err) != IS_DONE)
        return IS_REFUSED;
    secret_keep_memory();
    if (rights_are_roots())
        log_event(LOG_WARN, "rights", LOG_STR("words", "runs as root: start it as another user, or name one as `user`"));
    return IS_DONE;
}

static enum outcome hall_start(struct hall *hall, struct err *err)
{
    enum { OTHER_DESCRIPTORS = 256 + 2 * WEBHOOK_CALLS_MAX }; /* a webhook's name is looked up through another one */
    const struct config *config = &hall->config;
    log_setup(strcmp(config->log, "json") == 0 ? LOG_AS_JSON : LOG_AS_TEXT, LOG_INFO, STDERR_FILENO);
    raise_descriptor_limit(config->connections + config->lanes + config->sendsms_connections + OTHER_DESCRIPTORS);
    if (drop_rights(hall, err) != IS_DONE)
        return IS_REFUSED;
    struct grammar *grammar = load_grammar(config->commands);
    if (!grammar)
        return err_refused(err, "the commands in %s are not fit to serve", config->commands);
    hall->current = current_new(grammar);
    hall->lanes = start_lanes(hall, (unsigned)hall->config.lanes);
    hall->event_lanes = start_lanes(hall, 1);
    hall->turns = turns_start((unsigned)config->password_workers, SENDERS_PER_WORKER * (size_t)config->password_workers);
    enum outcome outcome = start_courier(hall, err);
    if (outcome == IS_DONE)
        outcome = start_webhook(hall, err);
    if (outcome == IS_DONE)
        start_due(hall);
    if (outcome == IS_DONE)
        outcome = open_doors(hall, err);
    if (outcome == IS_DONE)
        outcome = open_valve(hall, err);
    if (outcome == IS_DONE)
        show_gauges(hall);
    return outcome;
}

/* --- stop --- */

/* What waits for a store that is away is put off when the lanes stop. */
static void wait_for_requests(const struct hall *hall)
{
    for (int ms = 0; web_server_waiting(hall->server) > 0 && lanes_are_ready(hall->lanes) && ms < STOP_WAIT_MS; ms += 10)
        usleep(10000);
}

static void stop_lanes(struct lanes *lanes)
{
    if (lanes)
        lanes_stop(lanes);
}

static void hall_stop(struct hall *hall)
{
    if (hall->bearerbox)
        bearerbox_shut(hall->bearerbox); /* what is on its way still comes in */
    atomic_store(&hall->ingress.is_stopping, true);
    if (hall->server) {
        web_server_quiesce(hall->server);
        turns_stop(hall->turns); /* refuses what waits there */
        wait_for_requests(hall);
    } else if (hall->turns) {
        turns_stop(hall->turns);
    }
    if (hall->courier)
        courier_drain(hall->courier);
    if (hall->webhook)
        webhook_drain(hall->webhook);
    stop_lanes(hall->lanes); /* answers every request that still waits; refuses calls from now on */
    stop_lanes(hall->due_lanes);
    stop_lanes(hall->event_lanes);
    bearerbox_free(&hall->bearerbox);
    web_client_stop(&hall->client);
    web_client_stop(&hall->hook_client);
    web_server_stop(&hall->server);
    turns_free(&hall->turns);
    courier_free(&hall->courier);
    webhook_free(&hall->webhook);
    lanes_free(&hall->lanes);
    lanes_free(&hall->due_lanes);
    lanes_free(&hall->event_lanes);
    current_free(&hall->current);
    secret_free(&hall->token);
    secret_free(&hall->password);
    secret_free(&hall->admin_password);
    pepper_free(&hall->pepper);
}

/* --- run --- */

static void reload(struct hall *hall)
{
    struct grammar *grammar = load_grammar(hall->config.commands);
    if (grammar)
        current_swap(hall->current, grammar);
    log_event(grammar ? LOG_INFO : LOG_ERROR, "reload", LOG_STR("commands", hall->config.commands),
              LOG_STR("result", grammar ? "in force" : "faulty, the old table stays"));
}

/* Signals are taken here, by name, and nowhere else: every thread is started with them blocked. */
static void hall_run(struct hall *hall, const sigset_t *signals)
{
    log_event(LOG_INFO, "start", LOG_STR("listen", hall->config.listen), LOG_INT("port", web_server_port(hall->server)),
              LOG_STR("reply", hall->config.reply));
    for (;;) {
        int signal = sigwaitinfo(signals, NULL);
        if (signal == SIGHUP) {
            reload(hall);
        } else if (signal > 0) {
            log_event(LOG_INFO, "stop", LOG_STR("signal", strsignal(signal)));
            return;
        }
    }
}

static void print_help(void)
{
    struct text help = {0};
    text_add(&help, VIEW("Usage: smshall serve [--config FILE]\n\n"
                         "Runs the hall: takes messages from Kannel, answers them from the store. SIGHUP reads the\n"
                         "commands anew (a faulty table is not taken); SIGINT and SIGTERM finish what is under way and end.\n\n"
                         "Settings, in the file (conf/smshall.yaml) or as SMSHALL_<NAME> in the environment:\n"));
    config_write_help(&help);
    printf("%.*s", VIEW_ARG(text_view(&help)));
    text_free(&help);
}

static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int run_configured(struct hall *hall)
{
    struct err err;
    sigset_t signals;
    block_signals(&signals);
    enum outcome outcome = hall_start(hall, &err);
    if (outcome == IS_DONE)
        hall_run(hall, &signals);
    else
        fprintf(stderr, "smshall serve: %s\n", err.text);
    hall_stop(hall);
    return outcome == IS_DONE ? 0 : 1;
}

int serve_main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {0}};
    struct hall hall = {0};
    struct err err;
    const char *path = NULL;
    for (int option; (option = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
        if (option == 'h') {
            print_help();
            return 0;
        }
        if (option != 'c')
            return 2;
        path = optarg;
    }
    if (optind < argc) {
        fprintf(stderr, "smshall serve: \"%s\" is not understood; see smshall serve --help\n", argv[optind]);
        return 2;
    }
    if (config_load(&hall.config, path, &err) != IS_DONE) {
        fprintf(stderr, "smshall serve: %s\n", err.text);
        return 2;
    }
    int status = run_configured(&hall);
    config_free(&hall.config);
    return status;
}

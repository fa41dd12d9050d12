/* The hall's doors and the way of one MO, with all that lies behind them but store and network: web, lanes, turns and courier are stood in
 * for here. Any request is answered once, with a status that DESIGN 4 has; what the store is told is UTF-8 and JSON; and a secret goes
 * neither there nor into a log (rules C5). */
#include "base/log.h"
#include "hall.h"
#include "matching.h"
#include "web.h"

static const struct view secret = {"731904", 6};
static bool is_planted;

static void check_parameter(struct view v, bool is_ours)
{
    HOLDS(!is_ours || fuzz_is_utf8(v), "\"%.*s\"", VIEW_ARG(v));
    HOLDS(!is_planted || !fuzz_has(v, secret), "\"%.*s\"", VIEW_ARG(v));
}

static void check_receive(const struct lane_call *call)
{
    const struct view *parameter = call->parameter;
    json_t *args = json_read(parameter[RECEIVE_ARGS], NULL);
    HOLDS(json_is_object(args), "%.*s", VIEW_ARG(parameter[RECEIVE_ARGS]));
    json_decref(args);
    for (size_t i = 0; i < RECEIVE_PARAMETERS; i++)
        if (i != RECEIVE_FINGERPRINT) /* of a secret it is a keyed hash, whose digits may be any */
            check_parameter(parameter[i], i != RECEIVE_PORT);
    HOLDS(parameter[RECEIVE_MSISDN].size == 11 && call->key > 10000000000, "%.*s", VIEW_ARG(parameter[RECEIVE_MSISDN]));
    HOLDS(!parameter[RECEIVE_ANSWER].at || parameter[RECEIVE_ANSWER].size, "an empty answer is none (rules A9)");
}

static struct ingress_setup *hall(void)
{
    static struct ingress_setup setup = {.allow = {"127.0.0.1", 9}};
    if (!setup.message.current) {
        struct faults faults = {0};
        struct pepper *pepper = NULL;
        pepper_read_file(fuzz_file(VIEW("1 1 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")), &pepper, NULL);
        setup.message = (struct message_setup){.pepper = pepper, .ports = VIEW("10086"), .parts_max = 3};
        setup.message.current = current_new(grammar_load("commands", &faults));
    }
    setup.message.is_inline = how & 1;
    return &setup;
}

/* Each line of the log is JSON. */
static void check_log(int fd)
{
    static char log[65536];
    ssize_t size = pread(fd, log, sizeof log, 0);
    struct view rest = {log, size > 0 ? (size_t)size : 0};
    HOLDS(!is_planted || !fuzz_has(rest, secret), "%.*s", VIEW_ARG(rest));
    while (rest.size && size < (ssize_t)sizeof log) {
        struct view line = view_cut(&rest, '\n');
        json_t *json = json_read(line, NULL);
        HOLDS(json_is_object(json), "%.*s", VIEW_ARG(line));
        json_decref(json);
    }
    HOLDS(ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0, "the log is emptied");
}

static bool is_status(unsigned status)
{
    static const unsigned known[] = {200, 304, 400, 401, 403, 404, 405, 413, 500, 503};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (status == known[i])
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int log_fd = -1;
    struct arena *arena = arena_new();
    struct input in = input_of(data, size);
    bool plants = input_byte(&in) & 1;
    how = input_byte(&in);
    struct web_request request = request_of(arena, in.left);
    is_planted = plants && !fuzz_has(unescaped(arena, in.left), secret);
    if (is_planted) {
        request.type = VIEW("text/plain; charset=UTF-8");
        request.method = VIEW("POST");
        request.body = FUZZ_JOIN(arena, VIEW("MMXG#731904#"), request.body);
    }
    if (log_fd < 0)
        log_setup(LOG_AS_JSON, LOG_DEBUG, log_fd = memfd_create("log", MFD_CLOEXEC));
    ingress_handle(hall(), &request);
    HOLDS(request.answers == 1 && is_status(request.status), "%u answers, %u", request.answers, request.status);
    HOLDS(!is_planted || !fuzz_has(request.answer, secret), "%.*s", VIEW_ARG(request.answer));
    check_log(log_fd);
    arena_free(&arena);
    return 0;
}

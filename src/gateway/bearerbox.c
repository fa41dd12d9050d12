/* A client of its own, so that nothing else waits for it nor holds it up: a timer of its loop looks at what is wanted and at what bearerbox
 * agreed to last; while they differ, or it has been a while, bearerbox is told. One request is under way at a time, and none is waited for.
 *
 * bearerbox answers 200 to everything, "Denied" included (observed): what it did is told by its words. "Already isolated" is a yes. */
#include "gateway/bearerbox.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "web/client.h"

enum {
    LOOK_MS = 25,
    AWAY_LOOKS = 2,  /* a lane whose connection broke has another one within one look, if there is a store */
    START_MS = 3000, /* not ready since the start: nothing is wrong yet */
    CALL_TIMEOUT_MS = 2000,
    AGAIN_MS = 1000,     /* after a no, or no answer; and while it is to be shut: a bearerbox begins open when it is restarted */
    SAY_AGAIN_MS = 5000, /* while it is to be open */
    SHUT_WAIT_MS = 5000,
    SETTLE_MS = 200, /* from bearerbox's empty queue over smsbox to our door */
};

struct bearerbox {
    struct bearerbox_setup setup;
    struct web_client *client;
    uint64_t start_us, ask_after_us;
    unsigned away_looks;
    bool was_ready, is_asking, has_failed;
    enum bearerbox_valve wanted, asked;
    _Atomic enum bearerbox_valve told;
    atomic_bool is_stopping, is_empty; /* is_empty: nothing is queued for us, or nobody knows */
};

static const struct {
    const char *command, *yes, *done;
} moves[] = {
    [VALVE_OPEN] = {"resume", "unning", "resumed"}, /* "Running resumed", "Already running" */
    [VALVE_SHUT] = {"isolate", "isolated", "isolated"},
};

static bool view_has(struct view text, struct view part)
{
    return text.size && memmem(text.at, text.size, part.at, part.size) != NULL;
}

static void write_url(struct text *url, const char *admin_url, const char *command, struct view password)
{
    text_addf(url, "%s%s%s?password=", admin_url, admin_url[strlen(admin_url) - 1] == '/' ? "" : "/", command);
    text_add_url(url, password);
}

static void ask(struct bearerbox *bearerbox, const char *command, void (*done)(void *context, const struct web_response *response))
{
    struct text url = {0};
    write_url(&url, bearerbox->setup.admin_url, command, secret_view(bearerbox->setup.admin_password));
    const struct web_call call = {.method = "GET",
                                  .url = url.at,
                                  .is_secret = true,
                                  .timeout_ms = CALL_TIMEOUT_MS,
                                  .start_within_ms = CALL_TIMEOUT_MS,
                                  .done = done,
                                  .context = bearerbox};
    bearerbox->is_asking = true;
    web_client_send(bearerbox->client, &call);
    explicit_bzero(url.at, url.size);
    text_free(&url);
}

/* --- the valve --- */

static enum bearerbox_valve judge(struct bearerbox *bearerbox)
{
    if (atomic_load(&bearerbox->is_stopping))
        return VALVE_SHUT;
    if (bearerbox->setup.is_ready(bearerbox->setup.context)) {
        bearerbox->was_ready = true;
        bearerbox->away_looks = 0;
        return VALVE_OPEN;
    }
    bool is_starting = !bearerbox->was_ready && clock_us() < bearerbox->start_us + START_MS * UINT64_C(1000);
    return is_starting || ++bearerbox->away_looks < AWAY_LOOKS ? bearerbox->wanted : VALVE_SHUT;
}

static void valve_told(void *context, const struct web_response *response)
{
    struct bearerbox *bearerbox = context;
    enum bearerbox_valve asked = bearerbox->asked;
    bool is_done = response->outcome == IS_DONE && view_has(response->body, view_of(moves[asked].yes));
    if (is_done && atomic_exchange(&bearerbox->told, asked) != asked)
        log_event(LOG_INFO, "kannel", LOG_STR("valve", moves[asked].done));
    if (!is_done && !bearerbox->has_failed)
        log_event(LOG_WARN, "kannel", LOG_STR("command", moves[asked].command),
                  LOG_TEXT("error", response->outcome == IS_DONE ? view_trim(response->body) : view_of(response->reason)));
    if (!is_done && atomic_load(&bearerbox->is_stopping))
        atomic_store(&bearerbox->is_empty, true);
    bearerbox->has_failed = !is_done;
    bearerbox->is_asking = false;
    bearerbox->ask_after_us = clock_us() + (is_done && asked == VALVE_OPEN ? SAY_AGAIN_MS : AGAIN_MS) * UINT64_C(1000);
}

/* --- the last messages --- */

/* "SMS: received 370 (12 queued), sent …" */
static bool queue_is_empty(struct view status)
{
    const char *line = memmem(status.at, status.size, "SMS: received ", 14);
    struct view rest = line ? view_from(status, (size_t)(line - status.at)) : VIEW_NONE;
    view_cut(&rest, '(');
    return view_starts_with(rest, VIEW("0 queued"));
}

static void status_told(void *context, const struct web_response *response)
{
    struct bearerbox *bearerbox = context;
    bearerbox->is_asking = false;
    if (response->outcome != IS_DONE || queue_is_empty(response->body))
        atomic_store(&bearerbox->is_empty, true);
}

static void look(void *context)
{
    struct bearerbox *bearerbox = context;
    bearerbox->wanted = judge(bearerbox);
    bool is_told = bearerbox->wanted == atomic_load(&bearerbox->told);
    bool is_new = bearerbox->wanted != bearerbox->asked;
    if (!bearerbox->is_asking && bearerbox->wanted && (is_new || clock_us() >= bearerbox->ask_after_us)) {
        bearerbox->asked = bearerbox->wanted;
        ask(bearerbox, moves[bearerbox->wanted].command, valve_told);
    } else if (!bearerbox->is_asking && is_told && atomic_load(&bearerbox->is_stopping) && !atomic_load(&bearerbox->is_empty)) {
        ask(bearerbox, "status.txt", status_told);
    }
    web_client_after(bearerbox->client, LOOK_MS, look, bearerbox);
}

/* --- the public face --- */

enum outcome bearerbox_start(const struct bearerbox_setup *setup, struct bearerbox **bearerbox, struct err *err)
{
    struct bearerbox *new = calloc(1, sizeof *new);
    assert(new);
    new->setup = *setup;
    new->start_us = clock_us();
    if (web_client_start(1, &new->client, err) != IS_DONE) {
        free(new);
        return IS_FAILED;
    }
    *bearerbox = new;
    web_client_post(new->client, look, new);
    return IS_DONE;
}

enum bearerbox_valve bearerbox_valve(const struct bearerbox *bearerbox)
{
    return atomic_load(&bearerbox->told);
}

void bearerbox_shut(struct bearerbox *bearerbox)
{
    atomic_store(&bearerbox->is_stopping, true);
    for (int ms = 0; !atomic_load(&bearerbox->is_empty) && ms < SHUT_WAIT_MS; ms += 10)
        usleep(10000);
    if (atomic_load(&bearerbox->told) == VALVE_SHUT)
        usleep(SETTLE_MS * 1000);
}

void bearerbox_free(struct bearerbox **bearerbox)
{
    if (*bearerbox)
        web_client_stop(&(*bearerbox)->client);
    free(*bearerbox);
    *bearerbox = NULL;
}

enum outcome bearerbox_tell(struct arena *arena, const char *admin_url, const struct secret *admin_password, const char *command,
                            struct view *answer, struct err *err)
{
    struct text url = {0};
    write_url(&url, admin_url, command, secret_view(admin_password));
    struct web_response response =
        web_fetch(arena, &(struct web_call){.method = "GET", .url = url.at, .is_secret = true, .timeout_ms = CALL_TIMEOUT_MS});
    explicit_bzero(url.at, url.size);
    text_free(&url);
    *answer = view_trim(response.body);
    if (response.outcome != IS_DONE)
        return err_failed(err, "%s: %s: %s", admin_url, command, response.reason);
    if (view_equal(*answer, VIEW("Denied")))
        return err_refused(err, "%s: %s: wrong admin password", admin_url, command);
    return IS_DONE;
}

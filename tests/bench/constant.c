/* The least a service behind Kannel can do: answers every request with the same, or hands the same to sendsms. What the hall is measured
 * beside. Also stands in for sendsms. Usage:
 *   constant HOST:PORT STATUS TEXT              answers STATUS and TEXT (as a UCS-2 sync reply)
 *   constant HOST:PORT STATUS TEXT SENDSMS_URL  answers STATUS, and sends TEXT by SENDSMS_URL&to=<from>&text=…
 * With DLR_URL in the environment it asks for the same delivery reports as the hall does, to that URL. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "web/client.h"
#include "web/server.h"

#define DLR_MASK "19" /* KANNEL_DLR_MASK */

struct constant {
    unsigned status;
    struct view text;
    const char *sendsms, *dlr_url;
    struct web_client *client;
};

static void sent(void *context, const struct web_response *response)
{
    (void)context;
    if (response->outcome != IS_DONE || response->status != 202)
        fprintf(stderr, "constant: sendsms %u %s\n", response->status, response->reason ? response->reason : "");
}

static void send_by_sendsms(struct constant *constant, const struct web_request *request)
{
    struct text url = {0};
    text_addf(&url, "%s&coding=2&charset=UTF-8&to=", constant->sendsms);
    text_add_url(&url, web_query(request, "from"));
    text_add(&url, VIEW("&text="));
    text_add_url(&url, constant->text);
    if (constant->dlr_url) {
        text_add(&url, VIEW("&dlr-mask=" DLR_MASK "&dlr-url="));
        text_add_url(&url, view_of(constant->dlr_url));
    }
    const struct web_call call = {.method = "GET", .url = url.at, .timeout_ms = 20000, .done = sent};
    web_client_send(constant->client, &call);
    text_free(&url);
}

static void handle(void *context, struct web_request *request)
{
    struct constant *constant = context;
    const struct web_header headers[] = {{"Content-Type", "text/plain; charset=UTF-8"},
                                         {"X-Kannel-Coding", "2"},
                                         {"X-Kannel-DLR-Mask", DLR_MASK},
                                         {"X-Kannel-DLR-Url", constant->dlr_url}};
    bool is_report = view_equal(web_path(request), VIEW("/dlr"));
    if (constant->client && !is_report)
        send_by_sendsms(constant, request);
    web_answer(request, constant->status, constant->dlr_url ? 4 : 2, headers, constant->client || is_report ? VIEW_NONE : constant->text);
}

int main(int argc, char **argv)
{
    enum { CONNECTIONS = 2000, SENDSMS_CONNECTIONS = 32 };
    if (argc < 4)
        return 2;
    struct constant constant = {(unsigned)atoi(argv[2]), view_of(argv[3]), argc > 4 ? argv[4] : NULL, getenv("DLR_URL"), NULL};
    struct err err;
    struct web_server *server;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    if (constant.sendsms && web_client_start(SENDSMS_CONNECTIONS, &constant.client, &err) != IS_DONE)
        return 1;
    const struct web_server_setup setup = {.listen = argv[1],
                                           .body_size_max = 65536,
                                           .connections_max = CONNECTIONS,
                                           .idle_timeout_s = 75,
                                           .threads = 1,
                                           .handle = handle,
                                           .context = &constant};
    if (web_server_start(&setup, &server, &err) != IS_DONE) {
        fprintf(stderr, "constant: %s\n", err.text);
        return 1;
    }
    int signal;
    sigwait(&signals, &signal);
    web_server_stop(&server);
    web_client_stop(&constant.client);
    return 0;
}

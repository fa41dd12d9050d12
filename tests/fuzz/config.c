/* The configuration: every option is in its bounds, or the start is refused with file and line. */
#include "base/config.h"
#include "fuzz.h"

static void check(const struct config *config)
{
    HOLDS(config->lanes >= 1 && config->lanes <= 64, "lanes %ld", config->lanes);
    HOLDS(config->queue >= 1 && config->queue <= 1000000, "queue %ld", config->queue);
    HOLDS(config->max_messages >= 1 && config->max_messages <= 255, "max_messages %ld", config->max_messages);
    HOLDS(config->sendsms_connections >= 1 && config->sendsms_connections <= 500, "sendsms_connections %ld", config->sendsms_connections);
    HOLDS(config->commands[0] && config->sql[0] && strchr(config->listen, ':'), "listen %s", config->listen);
    HOLDS(strspn(config->ports, "0123456789, \t\r\n") == strlen(config->ports), "ports %s", config->ports);
    HOLDS(strcmp(config->reply, "sendsms") == 0 || strcmp(config->reply, "inline") == 0, "reply %s", config->reply);
    HOLDS(strcmp(config->log, "text") == 0 || strcmp(config->log, "json") == 0, "log %s", config->log);
    HOLDS(strncmp(config->sendsms_url, "http", 4) == 0, "sendsms_url %s", config->sendsms_url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config;
    struct err err = {""};
    const char *path = fuzz_file((struct view){(const char *)data, size});
    if (config_load(&config, path, &err) == IS_DONE) {
        check(&config);
        config_free(&config);
    } else {
        int line = -1;
        HOLDS(strncmp(err.text, path, strlen(path)) == 0 && sscanf(err.text + strlen(path), ":%d: ", &line) == 1 && line >= 1, "\"%s\"",
              err.text);
    }
    return 0;
}

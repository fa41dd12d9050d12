/* One table says all about an option: its key, default, what it may be and what it means. The file, the environment and the help are
 * walks over it. Precedence: default, then file, then environment. */
#include "base/config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/yaml.h"

#define SAMPLE "conf/smshall.yaml"

/* What a value may be. A check gives the reason why not, or NULL. */
struct option {
    const char *key, *otherwise;
    size_t offset;
    const char *(*check)(struct view value);
    const char *choices; /* "a|b": one of these */
    long least, most;    /* most > 0: a number */
    const char *meaning;
};

static const char *check_filled(struct view value)
{
    return value.size ? NULL : "must not be empty";
}

static const char *check_listen(struct view value)
{
    uint64_t port;
    size_t colon = value.size;
    while (colon > 0 && value.at[colon - 1] != ':')
        colon--;
    if (colon < 2 || !view_number(view_from(value, colon), 65535, &port))
        return "must be host:port, with a port of 0 to 65535";
    struct view host = view_head(value, colon - 1);
    bool has_colon = memchr(host.at, ':', host.size) != NULL;
    if (has_colon && !(host.at[0] == '[' && host.at[host.size - 1] == ']'))
        return "must be host:port; an IPv6 address stands in brackets: [::1]:8086";
    return NULL;
}

static const char *check_ports(struct view value)
{
    do {
        struct view port = view_trim(view_cut(&value, ','));
        if (port.size < 3 || port.size > 20 || strspn(port.at, "0123456789") < port.size)
            return "must be short codes of 3 to 20 digits, comma between";
    } while (value.size);
    return NULL;
}

static const char *check_url(struct view value)
{
    if (view_starts_with(value, VIEW("http://")) || view_starts_with(value, VIEW("https://")))
        return NULL;
    return "must begin with http:// or https://";
}

static const char *check_url_or_empty(struct view value)
{
    return value.size ? check_url(value) : NULL;
}

/* Hosts as a URL names them, without scheme, port or path; "::1" has colons, "a:80" one. */
static const char *check_hosts_or_empty(struct view value)
{
    while (value.size) {
        struct view host = view_trim(view_cut(&value, ','));
        const char *colon = memchr(host.at, ':', host.size);
        bool has_port = colon && !memchr(colon + 1, ':', host.size - (size_t)(colon + 1 - host.at));
        if (!host.size || has_port || memchr(host.at, '/', host.size) || memchr(host.at, '*', host.size))
            return "must be host names or addresses, comma between, without port or path";
    }
    return NULL;
}

// clang-format off
#define TEXT(key, otherwise, check, meaning) {#key, otherwise, offsetof(struct config, key), check, NULL, 0, 0, meaning}
#define CHOICE(key, otherwise, choices, meaning) {#key, otherwise, offsetof(struct config, key), NULL, choices, 0, 0, meaning}
#define NUMBER(key, otherwise, least, most, meaning) {#key, otherwise, offsetof(struct config, key), NULL, NULL, least, most, meaning}

static const struct option options[] = {
    TEXT(listen, "127.0.0.1:8086", check_listen, "host:port of the hall's HTTP service"),
    TEXT(database, "dbname=smshall user=smshall_hall", NULL, "the store, as libpq's conninfo, in the hall's own role"),
    TEXT(owner_database, "", NULL, "the same in the role that owns the store, for migrate; empty = database"),
    TEXT(commands, "commands", check_filled, "folder of the grammar"),
    TEXT(sql, "sql", check_filled, "folder of the store's migrations and functions"),
    TEXT(ports, "10086", check_ports, "the hall's own short codes, comma between"),
    TEXT(allow, "127.0.0.1,::1", NULL, "addresses that may call /kannel/, comma between; * = any"),
    TEXT(user, "", NULL, "user that the hall becomes when it was started as root; empty = it stays who it is"),
    TEXT(token_file, "", NULL, "file with the token that Kannel must present; empty = none asked"),
    CHOICE(reply, "sendsms", "sendsms|inline", "replies go through Kannel's sendsms, or into the HTTP response"),
    TEXT(sendsms_url, "http://127.0.0.1:13013/cgi-bin/sendsms", check_url, "where Kannel takes messages"),
    TEXT(sendsms_user, "hall", NULL, "user name of its sendsms-user group"),
    TEXT(sendsms_password_file, "", NULL, "file with that user's password"),
    TEXT(dlr_url, "", check_url_or_empty, "where Kannel reports deliveries to: the hall's /kannel/dlr; empty = asks for none"),
    TEXT(bearerbox_admin_url, "", check_url_or_empty, "bearerbox's admin port: the hall isolates Kannel while it cannot take messages; empty = never"),
    TEXT(bearerbox_admin_password_file, "", NULL, "file with bearerbox's admin-password"),
    TEXT(pepper_file, "", NULL, "file with the keys for service passwords, a line each: ID MEMORY_MIB PASSES BASE64; the first is the current one; empty = no passwords"),
    TEXT(webhook_allow, "", check_hosts_or_empty, "hosts that webhooks may call although their address is not public, comma between"),
    CHOICE(log, "text", "text|json", "form of the log lines"),
    NUMBER(lanes, "2", 1, 64, "connections to the store"),
    NUMBER(queue, "2048", 1, 1000000, "messages that may wait for the store; more are answered 503"),
    NUMBER(password_workers, "1", 1, 16, "service passwords that are checked at a time, each taking a core and the pepper's memory"),
    NUMBER(connections, "512", 8, 100000, "HTTP connections taken"),
    NUMBER(sendsms_connections, "32", 1, 500, "kept-alive connections to sendsms"),
    NUMBER(max_messages, "10", 1, 255, "Kannel's max-messages: parts of one sendsms call"),
};
// clang-format on
enum { OPTIONS = sizeof options / sizeof *options };

static const struct option *option_find(struct view key)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (view_equal(key, view_of(options[i].key)))
            return &options[i];
    return NULL;
}

static bool is_choice(struct view choices, struct view value)
{
    while (choices.size)
        if (view_equal(view_cut(&choices, '|'), value))
            return true;
    return false;
}

/* A C string cannot hold a NUL: what came after it would be lost without a word. */
static bool has_nul(struct view value)
{
    return value.size && memchr(value.at, '\0', value.size);
}

static enum outcome take_number(struct config *config, const struct option *option, struct view value, struct err *err)
{
    uint64_t number;
    if (!view_number(value, (uint64_t)option->most, &number) || number < (uint64_t)option->least)
        return err_refused(err, "must be a whole number from %ld to %ld, not \"%.*s\"", option->least, option->most, VIEW_ARG(value));
    *(long *)(void *)((char *)config + option->offset) = (long)number;
    return IS_DONE;
}

/* Puts the value into its place when it may be there; err says why not. */
static enum outcome take(struct config *config, const struct option *option, struct view value, struct err *err)
{
    if (option->most)
        return take_number(config, option, value, err);
    const char *reason = has_nul(value) ? "holds a NUL" : option->check ? option->check(value) : NULL;
    if (reason)
        return err_refused(err, "%s, not \"%.*s\"", reason, VIEW_ARG(value));
    if (option->choices && !is_choice(view_of(option->choices), value))
        return err_refused(err, "must be one of %s, not \"%.*s\"", option->choices, VIEW_ARG(value));
    *(const char **)(void *)((char *)config + option->offset) = arena_string(config->owned, value);
    return IS_DONE;
}

static enum outcome take_member(struct config *config, const char *path, const struct yaml *member, struct err *err)
{
    const struct option *option = option_find(member->key);
    enum outcome outcome;
    if (!option)
        outcome = err_refused(err, "no such option");
    else if (member->kind != YAML_SCALAR)
        outcome = err_refused(err, "must be %s, not a list or map", option->most ? "a number" : "a text");
    else
        outcome = take(config, option, member->value, err);
    if (outcome != IS_DONE)
        err_prefix(err, "%s:%d: %.*s", path, member->key_line, VIEW_ARG(member->key));
    return outcome;
}

static enum outcome take_file(struct config *config, const char *path, struct err *err)
{
    struct yaml *root;
    enum outcome outcome = yaml_read_file(config->owned, path, &root, err);
    if (outcome != IS_DONE)
        return outcome;
    if (root->kind != YAML_MAP)
        return err_refused(err, "%s:%d: must be lines of `key: value`", path, root->line);
    for (const struct yaml *member = root->child; member && outcome == IS_DONE; member = member->next)
        outcome = take_member(config, path, member, err);
    return outcome;
}

static void variable_name(const struct option *option, char name[64])
{
    int size = snprintf(name, 64, "SMSHALL_%s", option->key);
    for (int i = 0; i < size; i++)
        name[i] = (char)toupper((unsigned char)name[i]);
}

static enum outcome take_environment(struct config *config, struct err *err)
{
    char name[64];
    for (size_t i = 0; i < OPTIONS; i++) {
        variable_name(&options[i], name);
        const char *value = getenv(name); // NOLINT(concurrency-mt-unsafe): at the start there is one thread
        if (!value || take(config, &options[i], view_of(value), err) == IS_DONE)
            continue;
        err_prefix(err, "%s", name);
        return IS_REFUSED;
    }
    return IS_DONE;
}

static void take_defaults(struct config *config)
{
    for (size_t i = 0; i < OPTIONS; i++)
        take(config, &options[i], view_of(options[i].otherwise), NULL);
}

enum outcome config_load(struct config *config, const char *path, struct err *err)
{
    enum outcome outcome = IS_DONE;
    *config = (struct config){.owned = arena_new()};
    take_defaults(config);
    if (!path && access(SAMPLE, F_OK) == 0)
        path = SAMPLE;
    if (path)
        outcome = take_file(config, path, err);
    if (outcome == IS_DONE)
        outcome = take_environment(config, err);
    if (outcome != IS_DONE)
        config_free(config);
    return outcome;
}

void config_free(struct config *config)
{
    struct arena *owned = config->owned;
    arena_free(&owned);
    *config = (struct config){0};
}

/* Each option as the file would hold it, then its meaning. */
void config_write_help(struct text *out)
{
    char name[64];
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option *option = &options[i];
        variable_name(option, name);
        text_addf(out, "  %s: %s\n      %s", option->key, option->otherwise, option->meaning);
        if (option->choices)
            text_addf(out, " (%s)", option->choices);
        if (option->most)
            text_addf(out, " (%ld to %ld)", option->least, option->most);
        text_addf(out, "; %s\n", name);
    }
}

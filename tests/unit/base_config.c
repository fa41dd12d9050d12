/* The configuration: where values come from, what is refused, and that the sample file says the same as the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/yaml.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))
#define SAMPLE      "conf/smshall.yaml"

static char path[] = "/tmp/smshall_config_XXXXXX";

/* One thread only: no other reads the environment meanwhile. */
static void set_variable(const char *name, const char *value)
{
    setenv(name, value, 1); // NOLINT(concurrency-mt-unsafe)
}

static void clear_variables(void)
{
    clearenv(); // NOLINT(concurrency-mt-unsafe)
}

static int make_file(void **state)
{
    (void)state;
    clear_variables();
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const char *content)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

/* One line of the help, "  key: default", as a view each; false at the end. */
static bool next_option(struct view *help, struct view *key, struct view *value)
{
    while (help->size) {
        struct view line = view_cut(help, '\n');
        if (view_starts_with(line, VIEW("      ")))
            continue;
        *key = view_trim(view_cut(&line, ':'));
        *value = view_trim(line);
        return true;
    }
    return false;
}

static void test_sample_is_the_table(void **state)
{
    struct arena *arena = arena_new();
    struct text help = {0};
    struct yaml *root;
    struct view rest, key, value;
    size_t count = 0;
    (void)state;
    config_write_help(&help);
    assert_int_equal(yaml_read_file(arena, SAMPLE, &root, NULL), IS_DONE);
    for (rest = text_view(&help); next_option(&rest, &key, &value); count++) {
        const struct yaml *member = yaml_get(root, key);
        if (!member)
            fail_msg("%s lacks %.*s", SAMPLE, VIEW_ARG(key));
        else if (!view_equal(member->value, value))
            fail_msg("%s:%d: %.*s is \"%.*s\", in the table \"%.*s\"", SAMPLE, member->line, VIEW_ARG(key), VIEW_ARG(member->value),
                     VIEW_ARG(value));
    }
    for (const struct yaml *member = root->child; member; member = member->next, count--)
        assert_true(count > 0);
    assert_int_equal(count, 0);
    text_free(&help);
    arena_free(&arena);
}

/* Every option has a place of its own in the structure: no two rows write to one, and each is reached. */
static void test_every_option_is_taken(void **state)
{
    struct text help = {0};
    struct view rest, key, value;
    size_t count = 0;
    (void)state;
    config_write_help(&help);
    for (rest = text_view(&help); next_option(&rest, &key, &value); count++)
        ;
    assert_int_equal(count * sizeof(void *), offsetof(struct config, owned));
    text_free(&help);
}

static void test_defaults(void **state)
{
    struct config config;
    struct err err = {""};
    (void)state;
    write_file("");
    assert_int_equal(config_load(&config, path, &err), IS_DONE);
    assert_string_equal(config.listen, "127.0.0.1:8086");
    assert_string_equal(config.database, "dbname=smshall user=smshall_hall");
    assert_string_equal(config.owner_database, "");
    assert_string_equal(config.allow, "127.0.0.1,::1");
    assert_string_equal(config.user, "");
    assert_string_equal(config.bearerbox_admin_url, "");
    assert_string_equal(config.reply, "sendsms");
    assert_int_equal(config.lanes, 2);
    assert_int_equal(config.queue, 2048);
    assert_int_equal(config.password_workers, 1);
    assert_int_equal(config.max_messages, 10);
    config_free(&config);
    config_free(&config);
    assert_int_equal(config_load(&config, NULL, &err), IS_DONE);
    assert_string_equal(config.listen, "127.0.0.1:8086");
    config_free(&config);
}

static void test_precedence(void **state)
{
    struct config config;
    struct err err = {""};
    (void)state;
    write_file("lanes: 7\nreply: inline\nwebhook_allow: \"a.example, ::1,127.0.0.1\"\ntoken_file: a\nqueue: \"99\"\n");
    set_variable("SMSHALL_LANES", "9");
    set_variable("SMSHALL_TOKEN_FILE", "");
    set_variable("SMSHALL_SENDSMS_PASSWORD_FILE", "p");
    assert_int_equal(config_load(&config, path, &err), IS_DONE);
    assert_int_equal(config.lanes, 9);
    assert_int_equal(config.queue, 99);
    assert_string_equal(config.reply, "inline");
    assert_string_equal(config.webhook_allow, "a.example, ::1,127.0.0.1");
    assert_string_equal(config.token_file, "");
    assert_string_equal(config.sendsms_password_file, "p");
    config_free(&config);
    clear_variables();
}

static void test_refusals(void **state)
{
    static const struct {
        const char *file, *variable, *value, *wanted; /* wanted: behind the file's name and a colon, when the file is at fault */
    } row[] = {
        {"a: 1\n", NULL, NULL, "1: a: no such option"},
        {"lanes: 1\nLANES: 2\n", NULL, NULL, "2: LANES: no such option"},
        {"lanes: four\n", NULL, NULL, "1: lanes: must be a whole number from 1 to 64, not \"four\""},
        {"lanes: 0\n", NULL, NULL, "1: lanes: must be a whole number from 1 to 64, not \"0\""},
        {"\n\nlanes: 65\n", NULL, NULL, "3: lanes: must be a whole number from 1 to 64, not \"65\""},
        {"password_workers: 0\n", NULL, NULL, "1: password_workers: must be a whole number from 1 to 16, not \"0\""},
        {"lanes:\n", NULL, NULL, "1: lanes: must be a whole number from 1 to 64, not \"\""},
        {"lanes: [1]\n", NULL, NULL, "1: lanes: must be a number, not a list or map"},
        {"listen: {a: b}\n", NULL, NULL, "1: listen: must be a text, not a list or map"},
        {"reply: Inline\n", NULL, NULL, "1: reply: must be one of sendsms|inline, not \"Inline\""},
        {"log: ''\n", NULL, NULL, "1: log: must be one of text|json, not \"\""},
        {"listen: 8086\n", NULL, NULL, "1: listen: must be host:port, with a port of 0 to 65535, not \"8086\""},
        {"listen: a:65536\n", NULL, NULL, "1: listen: must be host:port, with a port of 0 to 65535, not \"a:65536\""},
        {"listen: \":80\"\n", NULL, NULL, "1: listen: must be host:port, with a port of 0 to 65535, not \":80\""},
        {"listen: \"::1:80\"\n", NULL, NULL,
         "1: listen: must be host:port; an IPv6 address stands in brackets: [::1]:8086, not \"::1:80\""},
        {"ports: \"10086,\"\nports: x\n", NULL, NULL, "2: the key \"ports\" is given twice"},
        {"ports: \"10086, 1008x\"\n", NULL, NULL, "1: ports: must be short codes of 3 to 20 digits, comma between, not \"10086, 1008x\""},
        {"commands: ''\n", NULL, NULL, "1: commands: must not be empty, not \"\""},
        {"sendsms_url: localhost\n", NULL, NULL, "1: sendsms_url: must begin with http:// or https://, not \"localhost\""},
        {"bearerbox_admin_url: 127.0.0.1:13000\n", NULL, NULL,
         "1: bearerbox_admin_url: must begin with http:// or https://, not \"127.0.0.1:13000\""},
        {"webhook_allow: a.example, 127.0.0.1:80\n", NULL, NULL,
         "1: webhook_allow: must be host names or addresses, comma between, without port or path, not \"a.example, 127.0.0.1:80\""},
        {"webhook_allow: http://a.example\n", NULL, NULL,
         "1: webhook_allow: must be host names or addresses, comma between, without port or path, not \"http://a.example\""},
        {"webhook_allow: 'a.example,,b'\n", NULL, NULL,
         "1: webhook_allow: must be host names or addresses, comma between, without port or path, not \"a.example,,b\""},
        {"log: \"te\\0xt\"\n", NULL, NULL, "1: log: holds a NUL, not \"te\""},
        {"- a\n", NULL, NULL, "1: must be lines of `key: value`"},
        {"a: *x\n", NULL, NULL, "1: anchors and aliases are not taken"},
        {"", "SMSHALL_QUEUE", "1e3", "SMSHALL_QUEUE: must be a whole number from 1 to 1000000, not \"1e3\""},
        {"", "SMSHALL_QUEUE", "", "SMSHALL_QUEUE: must be a whole number from 1 to 1000000, not \"\""},
        {"", "SMSHALL_DLR_URL", "ftp://x", "SMSHALL_DLR_URL: must begin with http:// or https://, not \"ftp://x\""},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct config config;
        struct err err = {""};
        char wanted[256];
        snprintf(wanted, sizeof wanted, "%s%s%s", row[i].variable ? "" : path, row[i].variable ? "" : ":", row[i].wanted);
        write_file(row[i].file);
        if (row[i].variable)
            set_variable(row[i].variable, row[i].value);
        enum outcome outcome = config_load(&config, path, &err);
        if (outcome != IS_REFUSED || strcmp(err.text, wanted) != 0)
            fail_msg("%s%s: got %d \"%s\", wanted \"%s\"", row[i].file, row[i].variable ? row[i].variable : "", outcome, err.text, wanted);
        clear_variables();
    }
}

static void test_no_file(void **state)
{
    struct config config;
    struct err err;
    (void)state;
    assert_int_equal(config_load(&config, "no/such.yaml", &err), IS_REFUSED);
    assert_string_equal(err.text, "no/such.yaml: cannot be read: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample_is_the_table),
        cmocka_unit_test(test_every_option_is_taken),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_no_file),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}

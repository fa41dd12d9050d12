/* Secrets from files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))

static char folder[] = "/tmp/smshall_secret_XXXXXX";
static char path[sizeof folder + 8];

static void write_file(struct view content, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content.at, 1, content.size, file), content.size);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/token", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void test_read(void **state)
{
    static char long_one[4097];
    memset(long_one, 'x', sizeof long_one);
    const struct {
        const char *name;
        struct view content;
        mode_t mode;
        enum outcome outcome;
        const char *wanted; /* the secret, or words of the refusal */
    } row[] = {
        {"newline behind", VIEW("s3cret\n"), 0600, IS_DONE, "s3cret"},
        {"blanks around and inside", VIEW(" \ta b\r\n"), 0640, IS_DONE, "a b"},
        {"others may read", VIEW("s3cret"), 0644, IS_REFUSED, "others may read"},
        {"others may write", VIEW("s3cret"), 0602, IS_REFUSED, "others may read or write"},
        {"empty", VIEW(""), 0600, IS_REFUSED, ": empty"},
        {"blanks only", VIEW(" \n"), 0600, IS_REFUSED, ": empty"},
        {"too long", {long_one, sizeof long_one}, 0600, IS_REFUSED, "longer than 4096"},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct secret *secret;
        struct err err = {""};
        write_file(row[i].content, row[i].mode);
        enum outcome outcome = secret_read_file(path, &secret, &err);
        if (outcome != row[i].outcome || !secret != (outcome != IS_DONE))
            fail_msg("%s: got %d (%s)", row[i].name, outcome, err.text);
        if (secret && !view_equal(secret_view(secret), view_of(row[i].wanted)))
            fail_msg("%s: got \"%.*s\", wanted \"%s\"", row[i].name, VIEW_ARG(secret_view(secret)), row[i].wanted);
        if (!secret && (!strstr(err.text, row[i].wanted) || !strstr(err.text, path) || strstr(err.text, "s3cret")))
            fail_msg("%s: got \"%s\", wanted \"%s\"", row[i].name, err.text, row[i].wanted);
        secret_free(&secret);
        assert_null(secret);
    }
}

static void test_no_file(void **state)
{
    struct secret *secret;
    struct err err;
    (void)state;
    assert_int_equal(secret_read_file("no/such/file", &secret, &err), IS_REFUSED);
    assert_string_equal(err.text, "no/such/file: cannot be read: No such file or directory");
    assert_int_equal(secret_read_file(folder, &secret, &err), IS_REFUSED);
    assert_null(secret);
}

static void test_equal(void **state)
{
    static const struct {
        struct view candidate;
        bool wanted;
    } row[] = {
        {VIEW("s3cret"), true},   {VIEW("s3creT"), false},   {VIEW("S3cret"), false}, {VIEW("s3cre"), false},
        {VIEW("s3cret "), false}, {VIEW("s3cret\0"), false}, {VIEW(""), false},       {VIEW_NONE, false},
    };
    struct secret *secret;
    (void)state;
    write_file(VIEW("s3cret\n"), 0600);
    assert_int_equal(secret_read_file(path, &secret, NULL), IS_DONE);
    for (size_t i = 0; i < ROWS(row); i++)
        if (secret_equal(secret, row[i].candidate) != row[i].wanted)
            fail_msg("\"%.*s\" of %zu bytes: wanted %d", VIEW_ARG(row[i].candidate), row[i].candidate.size, row[i].wanted);
    secret_free(&secret);
}

/* The first row is the example of the Standard Webhooks specification; PostgreSQL's encode() breaks a long key's line. */
static void test_sign(void **state)
{
    static const struct {
        const char *name;
        struct view key, body;
        const char *wanted; /* NULL: no key */
    } row[] = {
        {"24 bytes", VIEW("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), VIEW("{\"test\": 2432232314}"),
         "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"64 bytes, folded", VIEW("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4\nOTo7PD0+Pw=="),
         VIEW("{\"test\": 2432232314}"), "LZ5zuwHTqQH3VM8ERUusjzVQq1FXzemvpR8Mk7Ivp5c="},
        {"no body", VIEW("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), VIEW(""), "v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A="},
        {"no key", VIEW(""), VIEW("x"), NULL},
        {"nothing", VIEW_NONE, VIEW("x"), NULL},
        {"no base64", VIEW("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa!w"), VIEW("x"), NULL},
        {"65 bytes", VIEW("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A="), VIEW("x"), NULL},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        const struct view part[] = {VIEW("msg_p5jXN8AQM9LWM0D4loKWxJek"), VIEW("."), VIEW("1614265330"), VIEW("."), row[i].body};
        char signature[SIGNATURE_SIZE] = "";
        bool is_signed = secret_sign(row[i].key, ROWS(part), part, signature);
        if (is_signed != (row[i].wanted != NULL) || strcmp(signature, row[i].wanted ? row[i].wanted : "") != 0)
            fail_msg("%s: got %d \"%s\", wanted \"%s\"", row[i].name, is_signed, signature, row[i].wanted ? row[i].wanted : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_sign),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

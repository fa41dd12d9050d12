/* What the store gets in the place of secrets (rules C1–C3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "gateway/prover.h"
#include "grammar/grammar.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))
#define KEY         "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static struct pepper *pepper; /* two keys, which differ in their cost */
static const struct view sender = {"13800138000", 11};

static int read_pepper(void **state)
{
    char path[] = "/tmp/smshall_prover_XXXXXX";
    int fd = mkstemp(path);
    (void)state;
    if (fd < 0 || dprintf(fd, "2 1 1 " KEY "\n1 1 2 " KEY "\n") < 0 || close(fd) != 0)
        return -1;
    enum outcome outcome = pepper_read_file(path, &pepper, NULL);
    unlink(path);
    return outcome == IS_DONE ? 0 : -1;
}

static int free_pepper(void **state)
{
    (void)state;
    pepper_free(&pepper);
    return 0;
}

static struct argument argument(const char *name, const char *type, const char *value, bool is_secret)
{
    return (struct argument){.name = view_of(name), .type = view_of(type), .value = view_of(value), .is_secret = is_secret};
}

static json_t *args_of(const struct pepper *with, const struct match *match)
{
    struct text out = {0};
    struct err err = {""};
    if (prover_write_args(with, match, sender, &out, &err) != IS_DONE)
        fail_msg("%s", err.text);
    json_t *args = json_read(text_view(&out), &err);
    if (!args)
        fail_msg("%s: %s", err.text, out.at);
    text_free(&out);
    return args;
}

/* args.name.list[i].key, as text */
static const char *member(const json_t *args, const char *name, const char *list, size_t i, const char *key)
{
    const json_t *one = json_array_get(json_object_get(json_object_get(args, name), list), i);
    const char *text = json_string_value(json_object_get(one, key));
    return text ? text : "(none)";
}

static void test_weakness(void **state)
{
    static const struct {
        const char *digits, *wanted;
    } row[] = {
        {"111111", "equal"},      {"000000", "equal"},      {"123456", "ascending"}, {"234567", "ascending"}, {"890123", "ascending"},
        {"654321", "descending"}, {"321098", "descending"}, {"138001", "number"},    {"380013", "number"},    {"138000", "number"},
        {"800138", "number"},     {"246810", NULL},         {"123457", NULL},        {"112233", NULL},        {"135790", NULL},
        {"013801", NULL},         {"900138", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        const char *got = prover_weakness(view_of(row[i].digits), sender);
        if (strcmp(got ? got : "", row[i].wanted ? row[i].wanted : "") != 0)
            fail_msg("%s: got %s, wanted %s", row[i].digits, got ? got : "none", row[i].wanted ? row[i].wanted : "none");
    }
}

static void test_password(void **state)
{
    struct match match = {.arguments = 4};
    (void)state;
    match.argument[0] = argument("old", "pin", "246810", true);
    match.argument[1] = argument("new", "pin", "123456", true);
    match.argument[2] = argument("again", "pin", "123456", true);
    match.argument[3] = argument("month", "month", "201211", false);
    assert_true(prover_is_needed(&match));
    json_t *args = args_of(pepper, &match), *new = json_object_get(args, "new");
    assert_string_equal(member(args, "old", "proofs", 0, "hash"), "WCNcBzq062yO6WyqDMQNAv7l/54pHIoLmLaRw9YPFJY=");
    assert_string_equal(member(args, "old", "pieces", 1, "digest"), "DtSPUo/kQtjWbkkI4lCLh8xiJxwWnojqKO1vl1j9SSU=");
    assert_int_equal(json_int(json_array_get(json_object_get(json_object_get(args, "old"), "proofs"), 0), "pepper", 0), 2);
    assert_int_equal(json_int(json_array_get(json_object_get(json_object_get(args, "old"), "proofs"), 1), "pepper", 0), 1);
    assert_string_not_equal(member(args, "old", "proofs", 1, "hash"), member(args, "old", "proofs", 0, "hash"));
    assert_int_equal(json_array_size(json_object_get(json_object_get(args, "old"), "proofs")), 2);
    assert_null(json_object_get(json_object_get(args, "old"), "weak"));
    assert_true(view_equal(json_text(new, "weak"), VIEW("ascending")));
    assert_true(json_equal(new, json_object_get(args, "again")));
    assert_string_not_equal(member(args, "old", "proofs", 0, "hash"), member(args, "new", "proofs", 0, "hash"));
    assert_true(view_equal(json_text(args, "month"), VIEW("201211")));
    json_decref(args);
}

/* The secret belongs to the number that is named as the owner. */
static void test_owner(void **state)
{
    struct match match = {.arguments = 2};
    (void)state;
    match.argument[0] = argument("owner", "msisdn", "13800138001", false);
    match.argument[1] = argument("password", "pin", "246810", true);
    json_t *args = args_of(pepper, &match);
    assert_string_not_equal(member(args, "password", "proofs", 0, "hash"), "WCNcBzq062yO6WyqDMQNAv7l/54pHIoLmLaRw9YPFJY=");
    assert_true(view_equal(json_text(args, "owner"), VIEW("13800138001")));
    json_decref(args);
    match.argument[1] = argument("password", "pin", "138000", true); /* of the sender's number, but not of the owner's */
    args = args_of(pepper, &match);
    assert_null(json_object_get(json_object_get(args, "password"), "weak"));
    json_decref(args);
    match.argument[1] = argument("password", "pin", "138001", true);
    args = args_of(pepper, &match);
    assert_true(view_equal(json_text(json_object_get(args, "password"), "weak"), VIEW("number")));
    json_decref(args);
}

static void test_id_card(void **state)
{
    struct match match = {.arguments = 1};
    (void)state;
    match.argument[0] = argument("id", "id_card", "11010519491231002X", true);
    json_t *args = args_of(pepper, &match);
    assert_string_equal(member(args, "id", "proofs", 0, "hash"), "dUnabc2UNNburAxvz+8RotJeRp7OUPtPiRPZ9jp9XJ8=");
    assert_int_equal(json_array_size(json_object_get(json_object_get(args, "id"), "proofs")), 2);
    assert_int_equal(json_object_size(json_object_get(args, "id")), 1);
    json_decref(args);
}

/* Without a key nothing is proved; and what no type says how to prove goes nowhere. */
static void test_nothing_leaves(void **state)
{
    struct match match = {.arguments = 2};
    (void)state;
    match.argument[0] = argument("what", "secret_text", "246810", true);
    match.argument[1] = argument("text", "text", "\"信号\"", false);
    assert_false(prover_is_needed(&match));
    json_t *args = args_of(pepper, &match);
    assert_true(view_equal(json_text(args, "what"), VIEW("***")));
    assert_true(view_equal(json_text(args, "text"), VIEW("\"信号\"")));
    json_decref(args);
    match.argument[0] = argument("password", "pin", "246810", true);
    args = args_of(NULL, &match);
    json_t *password = json_object_get(args, "password");
    assert_int_equal(json_array_size(json_object_get(password, "proofs")), 0);
    assert_true(json_is_array(json_object_get(password, "proofs")));
    json_decref(args);
}

static void test_fresh(void **state)
{
    const struct command command = {.makes = {.name = VIEW("fresh"), .type = VIEW("pin")}};
    struct match match = {.command = &command};
    struct arena *arena = arena_new();
    (void)state;
    assert_true(prover_is_needed(&match));
    json_t *args = args_of(pepper, &match), *fresh = json_object_get(args, "fresh");
    struct view digits;
    struct err err = {""};
    assert_int_equal(json_array_size(json_object_get(fresh, "proofs")), 1);
    assert_int_equal(json_array_size(json_object_get(fresh, "pieces")), 2);
    assert_int_equal(pepper_open(pepper, arena, json_text(fresh, "sealed"), &digits, &err), IS_DONE);
    assert_int_equal(digits.size, 6);
    assert_null(prover_weakness(digits, sender));

    struct match given = {.arguments = 1}; /* what is sent out proves to be what was made */
    given.argument[0] = argument("password", "pin", arena_string(arena, digits), true);
    json_t *proved = args_of(pepper, &given);
    assert_string_equal(member(proved, "password", "proofs", 0, "hash"), member(args, "fresh", "proofs", 0, "hash"));
    json_t *another = args_of(pepper, &match);
    assert_string_not_equal(member(another, "fresh", "proofs", 0, "hash"), member(args, "fresh", "proofs", 0, "hash"));
    json_decref(another);
    json_decref(proved);
    json_decref(args);

    args = args_of(NULL, &match);
    assert_null(json_object_get(json_object_get(args, "fresh"), "sealed"));
    json_decref(args);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weakness), cmocka_unit_test(test_password),       cmocka_unit_test(test_owner),
        cmocka_unit_test(test_id_card),  cmocka_unit_test(test_nothing_leaves), cmocka_unit_test(test_fresh),
    };
    return cmocka_run_group_tests(tests, read_pepper, free_pepper);
}

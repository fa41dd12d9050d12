/* The pepper: its file, what is made with its keys, and what opens what was sealed. The wanted values were made by other programs: HMACs by
 * Python's hmac, argon2id by the reference's own `argon2 SALT -id -r`. */
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

#include "base/pepper.h"

#define ROWS(table) (sizeof(table) / sizeof *(table))
#define KEY         "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" /* bytes 0 to 31 */
#define OTHER       "/////////////////////////////////////////////w=="
#define OTHER_KEY   "//////////////////////////////////////////8="

static char path[] = "/tmp/smshall_pepper_XXXXXX";
static const struct view msisdn = {"13800138000", 11};

static int make_file(void **state)
{
    (void)state;
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

static struct pepper *pepper_of(const char *content)
{
    struct pepper *pepper;
    struct err err = {""};
    write_file(content);
    if (pepper_read_file(path, &pepper, &err) != IS_DONE)
        fail_msg("%s: %s", content, err.text);
    return pepper;
}

static void assert_hash(const char *name, const unsigned char hash[PEPPER_HASH_SIZE], const char *wanted)
{
    struct text base64 = {0};
    pepper_write_hash(hash, &base64);
    if (strcmp(base64.at, wanted) != 0)
        fail_msg("%s: got %s, wanted %s", name, base64.at, wanted);
    text_free(&base64);
}

static void test_file(void **state)
{
    static const struct {
        const char *content, *wanted; /* wanted: behind the file's name, or NULL: it is fine */
    } row[] = {
        {"1 1 1 " KEY "\n", NULL},
        {"\n# the keys\n  7\t64 2   " KEY "  # current\n\n1 1 1 " OTHER_KEY, NULL},
        {"", ": empty"},
        {"# none\n", ": there is no key in it"},
        {"\n\nx 1 1 " KEY "\n", ":3: must begin with the key's number, from 1 to 32767 (ID MEMORY_MIB PASSES KEY)"},
        {"0 1 1 " KEY "\n", ":1: must begin with the key's number, from 1 to 32767 (ID MEMORY_MIB PASSES KEY)"},
        {"32768 1 1 " KEY "\n", ":1: must begin with the key's number, from 1 to 32767 (ID MEMORY_MIB PASSES KEY)"},
        {"1 0 1 " KEY "\n", ":1: the memory must be from 1 to 4096 MiB (ID MEMORY_MIB PASSES KEY)"},
        {"1 1 101 " KEY "\n", ":1: the passes must be from 1 to 100 (ID MEMORY_MIB PASSES KEY)"},
        {"1 1\n", ":1: the passes must be from 1 to 100 (ID MEMORY_MIB PASSES KEY)"},
        {"1 1 1\n", ":1: the key must be 32 bytes in base64 (ID MEMORY_MIB PASSES KEY)"},
        {"1 1 1 AAECAwQFBgcICQ==\n", ":1: the key must be 32 bytes in base64 (ID MEMORY_MIB PASSES KEY)"},
        {"1 1 1 " OTHER "\n", ":1: the key must be 32 bytes in base64 (ID MEMORY_MIB PASSES KEY)"},
        {"1 1 1 " KEY " x\n", ":1: there is something behind the key"},
        {"1 1 1 " KEY "\n2 1 1 " KEY "\n1 1 1 " OTHER_KEY "\n", ":3: a key with this number stands above"},
    };
    (void)state;
    for (size_t i = 0; i < ROWS(row); i++) {
        struct pepper *pepper;
        struct err err = {""};
        char wanted[256] = "";
        write_file(row[i].content);
        if (row[i].wanted)
            snprintf(wanted, sizeof wanted, "%s%s", path, row[i].wanted);
        enum outcome outcome = pepper_read_file(path, &pepper, &err);
        if (outcome != (row[i].wanted ? IS_REFUSED : IS_DONE) || strcmp(err.text, wanted) != 0 || !pepper != (row[i].wanted != NULL))
            fail_msg("%s: got %d \"%s\", wanted \"%s\"", row[i].content, outcome, err.text, wanted);
        pepper_free(&pepper);
        assert_null(pepper);
    }
}

static void test_many_keys(void **state)
{
    struct text content = {0};
    struct pepper *pepper;
    struct err err = {""};
    (void)state;
    for (int i = 1; i <= PEPPER_KEYS_MAX; i++)
        text_addf(&content, "%d 1 1 %s\n", i, KEY);
    pepper = pepper_of(content.at);
    assert_int_equal(pepper_keys(pepper), PEPPER_KEYS_MAX);
    assert_int_equal(pepper_id(pepper, 0), 1);
    assert_int_equal(pepper_id(pepper, PEPPER_KEYS_MAX - 1), PEPPER_KEYS_MAX);
    pepper_free(&pepper);
    text_addf(&content, "99 1 1 %s\n", KEY);
    write_file(content.at);
    assert_int_equal(pepper_read_file(path, &pepper, &err), IS_REFUSED);
    assert_non_null(strstr(err.text, ":17: more than 16 keys"));
    text_free(&content);
}

static void test_others_may_read(void **state)
{
    struct pepper *pepper;
    struct err err;
    (void)state;
    write_file("1 1 1 " KEY "\n");
    chmod(path, 0644);
    assert_int_equal(pepper_read_file(path, &pepper, &err), IS_REFUSED);
    assert_non_null(strstr(err.text, "others may read"));
    chmod(path, 0600);
    assert_int_equal(pepper_read_file("no/such/file", &pepper, &err), IS_REFUSED);
    assert_string_equal(err.text, "no/such/file: cannot be read: No such file or directory");
}

/* Rules C3. */
static void test_hashes(void **state)
{
    struct pepper *pepper = pepper_of("2 1 1 " KEY "\n1 64 2 " KEY "\n9 1 1 " OTHER_KEY);
    unsigned char hash[PEPPER_HASH_SIZE], other[PEPPER_HASH_SIZE];
    const struct view digits = VIEW("246810");
    (void)state;
    assert_int_equal(pepper_hash_password(pepper, 0, msisdn, digits, hash, NULL), IS_DONE);
    assert_hash("1 MiB, 1 pass", hash, "WCNcBzq062yO6WyqDMQNAv7l/54pHIoLmLaRw9YPFJY=");
    assert_int_equal(pepper_hash_password(pepper, 1, msisdn, digits, hash, NULL), IS_DONE);
    assert_hash("64 MiB, 2 passes", hash, "wsrOvpazEPJZ9oazXAxLQJxN4mZnefwwU1GbTxrA2RM=");
    pepper_hash_id(pepper, 0, msisdn, VIEW("11010519491231002X"), hash);
    assert_hash("an ID card", hash, "dUnabc2UNNburAxvz+8RotJeRp7OUPtPiRPZ9jp9XJ8=");
    pepper_hash_piece(pepper, 1, msisdn, digits, hash);
    assert_hash("a piece", hash, "DtSPUo/kQtjWbkkI4lCLh8xiJxwWnojqKO1vl1j9SSU=");

    pepper_hash_piece(pepper, 2, msisdn, digits, other);
    assert_memory_not_equal(hash, other, sizeof hash); /* another key */
    pepper_hash_piece(pepper, 1, VIEW("13800138001"), digits, other);
    assert_memory_not_equal(hash, other, sizeof hash); /* the same digits of another number */
    pepper_free(&pepper);
}

/* The new key first, the old one still opens; without it nothing does. */
static void test_sealing(void **state)
{
    struct arena *arena = arena_new();
    struct pepper *old = pepper_of("1 1 1 " KEY), *both = pepper_of("2 1 1 " OTHER_KEY "\n1 1 1 " KEY),
                  *new = pepper_of("2 1 1 " OTHER_KEY);
    struct view sealed = pepper_seal(old, arena, VIEW("731904")), again = pepper_seal(old, arena, VIEW("731904")), text;
    struct err err;
    (void)state;
    assert_true(view_starts_with(sealed, VIEW("1:")) && sealed.size > 42); /* the store's constraint: it_is_sealed */
    assert_false(view_equal(sealed, again));
    assert_int_equal(pepper_open(old, arena, sealed, &text, &err), IS_DONE);
    assert_true(view_equal(text, VIEW("731904")));
    assert_int_equal(pepper_open(both, arena, sealed, &text, &err), IS_DONE);
    assert_true(view_equal(text, VIEW("731904")));
    assert_true(view_starts_with(pepper_seal(both, arena, VIEW("x")), VIEW("2:")));
    assert_int_equal(pepper_open(new, arena, sealed, &text, &err), IS_REFUSED);
    assert_string_equal(err.text, "what is sealed cannot be opened: there is no key 1 in the pepper file");
    assert_int_equal(pepper_open(old, arena, pepper_seal(old, arena, VIEW("")), &text, &err), IS_DONE);
    assert_int_equal(text.size, 0);
    pepper_free(&old);
    pepper_free(&both);
    pepper_free(&new);
    arena_free(&arena);
}

static void test_broken_seals(void **state)
{
    struct arena *arena = arena_new();
    struct pepper *pepper = pepper_of("1 1 1 " KEY), *same_number = pepper_of("1 1 1 " OTHER_KEY);
    struct view sealed = pepper_seal(pepper, arena, VIEW("731904")), text;
    struct err err;
    static const struct view broken[] = {VIEW(""), VIEW("1"), VIEW("1:"), VIEW("x:AAAA"), VIEW("1:not base64!"), VIEW("1:" KEY)};
    (void)state;
    for (size_t i = 0; i < ROWS(broken); i++)
        if (pepper_open(pepper, arena, broken[i], &text, &err) != IS_REFUSED)
            fail_msg("\"%.*s\" was opened", VIEW_ARG(broken[i]));
    assert_int_equal(pepper_open(same_number, arena, sealed, &text, &err), IS_REFUSED);
    char *changed = arena_string(arena, sealed);
    changed[sealed.size / 2] = changed[sealed.size / 2] == 'A' ? 'B' : 'A';
    assert_int_equal(pepper_open(pepper, arena, view_of(changed), &text, &err), IS_REFUSED);
    assert_string_equal(err.text, "what is sealed cannot be opened: it was not sealed with key 1, or was changed");
    pepper_free(&pepper);
    pepper_free(&same_number);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),   cmocka_unit_test(test_many_keys), cmocka_unit_test(test_others_may_read),
        cmocka_unit_test(test_hashes), cmocka_unit_test(test_sealing),   cmocka_unit_test(test_broken_seals),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}

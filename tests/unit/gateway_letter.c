/* Letters: the words of a reply, in its language, and secrets in it, which are for the subscriber alone (rules C4, C5). */
#include "grammar_folder.h"

#include "base/json.h"
#include "gateway/letter.h"

#define KEY   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define OTHER "//////////////////////////////////////////8="

static struct folder folder;
static struct grammar *grammar;
static struct pepper *pepper, *other;

static struct pepper *pepper_of(const char *content)
{
    char path[] = "/tmp/smshall_letter_XXXXXX";
    struct pepper *read = NULL;
    int fd = mkstemp(path);
    if (fd >= 0 && dprintf(fd, "%s", content) > 0 && close(fd) == 0)
        pepper_read_file(path, &read, NULL);
    unlink(path);
    return read;
}

static int set_up(void **state)
{
    (void)state;
    folder_make(&folder);
    folder_add(&folder, "told.yaml",
               "command: told\n"
               "title: 一\n"
               "at: hall\n"
               "effect: reads\n"
               "confirm: never\n"
               "replies:\n"
               "  sent: {zh: \"密码{password}，{hours}小时内有效。再说一遍：{password}\", en: \"Password {password}, {hours} h\"}\n"
               "  two: {zh: \"{a}和{b}\", en: \"{a} and {b}\"}\n"
               "  plain: {zh: \"好{hours}\", en: \"OK {hours}\"}\n"
               "gives: {password: \"123456\", hours: 24, a: x, b: y}\n");
    grammar = load_good(folder.path);
    pepper = pepper_of("1 1 1 " KEY "\n");
    other = pepper_of("2 1 1 " OTHER "\n");
    return pepper && other ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    grammar_free(&grammar);
    folder_remove(&folder);
    pepper_free(&pepper);
    pepper_free(&other);
    return 0;
}

/* format: of the reply's JSON, with the sealed secrets for its %s. */
static struct letter *letter_of(const struct pepper *with, const char *format, ...) __attribute__((format(printf, 2, 3)));
static struct letter *letter_of(const struct pepper *with, const char *format, ...)
{
    char reply[1024];
    struct err err = {""};
    va_list args;
    va_start(args, format);
    vsnprintf(reply, sizeof reply, format, args);
    va_end(args);
    json_t *json = json_read(view_of(reply), &err);
    if (!json)
        fail_msg("%s: %s", reply, err.text);
    struct letter *letter = letter_new(grammar, with, json, VIEW("13800138000"));
    json_decref(json);
    return letter;
}

static void assert_text(struct view got, const char *wanted)
{
    if (!view_equal(got, view_of(wanted)))
        fail_msg("got \"%.*s\", wanted \"%s\"", VIEW_ARG(got), wanted);
}

static const char *sealed(struct arena *arena, const char *text)
{
    return arena_string(arena, pepper_seal(pepper, arena, view_of(text)));
}

static void test_secret(void **state)
{
    struct arena *arena = arena_new();
    const char *secret = sealed(arena, "731904");
    (void)state;
    struct letter *letter = letter_of(
        pepper, "{\"command\": \"told\", \"outcome\": \"sent\", \"fields\": {\"secret\": {\"password\": \"%s\"}, \"hours\": 24}}", secret);
    assert_true(letter->has_secret);
    assert_text(letter->text, "密码731904，24小时内有效。再说一遍：731904");
    assert_text(letter->noted, "密码***，24小时内有效。再说一遍：***");
    letter_free(&letter);

    /* what the store has of it came back with it: the words are found anew */
    letter = letter_of(pepper,
                       "{\"command\": \"told\", \"outcome\": \"sent\", \"language\": \"en\", \"text\": \"Password ***, 24 h\", "
                       "\"fields\": {\"secret\": {\"password\": \"%s\"}, \"hours\": 24}}",
                       secret);
    assert_text(letter->text, "Password 731904, 24 h");
    assert_text(letter->noted, "Password ***, 24 h");
    letter_free(&letter);

    letter = letter_of(pepper, "{\"command\": \"told\", \"outcome\": \"two\", \"fields\": {\"secret\": {\"a\": \"%s\", \"b\": \"%s\"}}}",
                       secret, sealed(arena, "12345678"));
    assert_text(letter->text, "731904和12345678");
    assert_text(letter->noted, "***和***");
    letter_free(&letter);
    arena_free(&arena);
}

/* The key is gone, or there is no pepper: the reply is dead, and says why. */
static void test_cannot_be_opened(void **state)
{
    struct arena *arena = arena_new();
    static const char format[] =
        "{\"command\": \"told\", \"outcome\": \"sent\", \"fields\": {\"secret\": {\"password\": \"%s\"}, \"hours\": 24}}";
    (void)state;
    struct letter *letter = letter_of(other, format, sealed(arena, "731904"));
    assert_int_equal(letter->text.size, 0);
    assert_string_equal(letter->error, "what is sealed cannot be opened: there is no key 1 in the pepper file");
    letter_free(&letter);
    letter = letter_of(NULL, format, sealed(arena, "731904"));
    assert_int_equal(letter->text.size, 0);
    assert_string_equal(letter->error, "there is no pepper_file to open its secret with");
    letter_free(&letter);
    letter = letter_of(pepper, format, "1:");
    assert_int_equal(letter->text.size, 0);
    letter_free(&letter);
    letter = letter_of(pepper, "{\"command\": \"told\", \"outcome\": \"none\", \"fields\": {\"secret\": {\"password\": \"%s\"}}}",
                       sealed(arena, "731904"));
    assert_int_equal(letter->text.size, 0);
    assert_non_null(strstr(letter->error, "no reply \"none\""));
    letter_free(&letter);
    arena_free(&arena);
}

static void test_no_secret(void **state)
{
    (void)state;
    struct letter *letter =
        letter_of(NULL, "{\"command\": \"told\", \"outcome\": \"plain\", \"language\": \"en\", \"fields\": {\"hours\": 2}}");
    assert_false(letter->has_secret);
    assert_text(letter->text, "OK 2");
    assert_text(letter->noted, "OK 2");
    letter_free(&letter);
    letter = letter_of(NULL, "{\"command\": \"told\", \"outcome\": \"plain\", \"text\": \"so it was said\", \"fields\": {\"hours\": 2}}");
    assert_text(letter->text, "so it was said");
    assert_text(letter->noted, "so it was said");
    letter_free(&letter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secret),
        cmocka_unit_test(test_cannot_be_opened),
        cmocka_unit_test(test_no_secret),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

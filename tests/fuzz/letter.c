/* Replies as the store says them (JSON of hall.receive and hall.claim_unsent): each becomes a letter with words or with a reason why it has
 * none, and a secret that it was given sealed stands in nothing that is kept (rules C4). */
#include "gateway/letter.h"
#include "matching.h"

static struct pepper *real_pepper(void)
{
    static struct pepper *pepper;
    if (!pepper)
        pepper_read_file(fuzz_file(VIEW("1 1 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")), &pepper, NULL);
    return pepper;
}

static void check_letter(const json_t *reply, const struct pepper *pepper, struct view secret)
{
    struct letter *letter = letter_new(real_grammar(), pepper, reply, VIEW("13800138000"));
    HOLDS(letter->text.size || (letter->error && letter->error[0]), "%s %s", letter->command, letter->outcome);
    HOLDS(fuzz_is_utf8(letter->text) && fuzz_is_utf8(letter->noted), "\"%.*s\"", VIEW_ARG(letter->text));
    HOLDS(letter->has_secret || view_equal(letter->text, letter->noted), "\"%.*s\"", VIEW_ARG(letter->noted));
    HOLDS(!fuzz_has(letter->noted, secret), "\"%.*s\"", VIEW_ARG(letter->noted));
    HOLDS(!letter->error || !fuzz_has(view_of(letter->error), secret), "\"%s\"", letter->error);
    letter_free(&letter);
    HOLDS(!letter, "it is freed");
}

/* Words that nobody but the sealed secret has. */
static void plant(json_t *reply, struct arena *arena, struct view secret)
{
    json_t *fields = json_object_get(reply, "fields"), *secrets = json_object(), *member;
    const char *name;
    json_object_foreach(json_object_get(fields, "secret"), name, member)
    {
        json_object_set_new(secrets, name, json_of_view(pepper_seal(real_pepper(), arena, secret)));
    }
    json_object_set_new(secrets, "password", json_of_view(pepper_seal(real_pepper(), arena, secret)));
    json_object_set_new(fields, "secret", secrets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct input in = input_of(data, size);
    unsigned how = input_byte(&in);
    struct view secret = VIEW("\xF0\x9F\x94\x91"
                              "731904");
    json_t *reply = fuzz_has(in.left, secret) ? NULL : json_read(in.left, NULL);
    if (reply) {
        struct text before = {0}, after = {0};
        if (how & 1)
            plant(reply, arena, secret);
        json_write(&before, reply);
        check_letter(reply, how & 2 ? NULL : real_pepper(), secret);
        json_write(&after, reply);
        HOLDS(view_equal(text_view(&before), text_view(&after)), "the reply was changed: %s", after.at);
        text_free(&before);
        text_free(&after);
    }
    json_decref(reply);
    arena_free(&arena);
    return 0;
}

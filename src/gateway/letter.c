/* A secret stands in the store sealed, and the words are rendered with it sealed: nothing but the letter's own memory ever holds it open,
 * and that is wiped. What is sealed cannot stand in the words by chance. */
#include "gateway/letter.h"

#include <string.h>

#include "base/clock.h"
#include "base/secret.h"

static const char *copy_of(struct arena *arena, const json_t *reply, const char *key)
{
    return arena_string(arena, json_text(reply, key));
}

/* The text with `words` in each place where `sealed` stands. */
static struct view put_in_place(struct arena *arena, struct view text, struct view sealed, struct view words)
{
    struct text out = {0};
    for (const char *at; sealed.size && (at = memmem(text.at, text.size, sealed.at, sealed.size));) {
        text_add(&out, view_head(text, (size_t)(at - text.at)));
        text_add(&out, words);
        text = view_from(text, (size_t)(at - text.at) + sealed.size);
    }
    text_add(&out, text);
    struct view done = arena_copy(arena, text_view(&out));
    text_free(&out);
    return done;
}

/* Opens the secrets that stand sealed in the text. Without its key a letter has no words. */
static void letter_open(struct letter *letter, const struct pepper *pepper, json_t *secrets)
{
    const char *name;
    json_t *secret;
    struct view words;
    struct err err = {"there is no pepper_file to open its secret with"};
    letter->noted = letter->text;
    json_object_foreach(secrets, name, secret)
    {
        struct view sealed = json_text(secrets, name);
        if (!letter->text.size)
            continue;
        if (!pepper || pepper_open(pepper, letter->arena, sealed, &words, &err) != IS_DONE) {
            letter->text = letter->noted = VIEW_NONE;
            letter->error = arena_string(letter->arena, view_of(err.text));
            continue;
        }
        letter->noted = put_in_place(letter->arena, letter->noted, sealed, VIEW("***"));
        letter->text = put_in_place(letter->arena, letter->text, sealed, words);
    }
    secret_wipe_stack();
}

static void letter_render(struct letter *letter, const struct grammar *grammar, struct view language, const json_t *fields)
{
    struct err err = {"its template gave no words"};
    struct view command = view_of(letter->command), outcome = view_of(letter->outcome);
    if (grammar_render(grammar, letter->arena, command, outcome, language, fields, &letter->text, &err) != IS_DONE)
        letter->text = VIEW_NONE;
    if (!letter->text.size)
        letter->error = arena_string(letter->arena, view_of(err.text));
}

/* The secrets of a reply stand beside its other fields, under their names. */
static void letter_render_sealed(struct letter *letter, const struct grammar *grammar, const struct pepper *pepper, struct view language,
                                 const json_t *fields)
{
    json_t *secrets = json_object_get(fields, "secret"), *beside = json_copy((json_t *)fields);
    letter->has_secret = true;
    json_object_update(beside, secrets);
    letter_render(letter, grammar, language, beside);
    letter_open(letter, pepper, secrets);
    json_decref(beside);
}

struct letter *letter_new(const struct grammar *grammar, const struct pepper *pepper, const json_t *reply, struct view msisdn)
{
    struct arena *arena = arena_new_small();
    struct letter *letter = ARENA_NEW(arena, struct letter);
    const json_t *fields = json_object_get(reply, "fields");
    struct view language = json_text(reply, "language");
    if (json_text(reply, "msisdn").size)
        msisdn = json_text(reply, "msisdn");
    *letter = (struct letter){
        .msisdn = arena_string(arena, msisdn),
        .mt = copy_of(arena, reply, "mt"),
        .port = copy_of(arena, reply, "port"),
        .command = copy_of(arena, reply, "command"),
        .outcome = copy_of(arena, reply, "outcome"),
        .text = arena_copy(arena, json_text(reply, "text")),
        .claims = json_int(reply, "claims", 0),
        .pieces_sent = (size_t)json_int(reply, "pieces", 0),
        .valid_s = json_int(reply, "valid_s", 0),
        .is_reported = json_is_true(json_object_get(reply, "is_reported")),
        .after = copy_of(arena, reply, "after"),
        .taken_us = clock_us(),
        .arena = arena,
    };
    view_number(msisdn, UINT64_MAX, &letter->key);
    if (json_is_object(json_object_get(fields, "secret")))
        letter_render_sealed(letter, grammar, pepper, language, fields);
    else if (!letter->text.size)
        letter_render(letter, grammar, language, fields);
    if (!letter->has_secret)
        letter->noted = letter->text;
    return letter;
}

void letter_free(struct letter **letter)
{
    if (!*letter)
        return;
    struct arena *arena = (*letter)->arena;
    *letter = NULL;
    arena_free(&arena);
}

#include "gateway/letter.h"

#include "base/clock.h"

static const char *copy_of(struct arena *arena, const json_t *reply, const char *key)
{
    return arena_string(arena, json_text(reply, key));
}

static void letter_render(struct letter *letter, const struct grammar *grammar, const json_t *fields)
{
    struct err err = {"its template gave no words"};
    struct view command = view_of(letter->command), outcome = view_of(letter->outcome);
    if (grammar_render(grammar, letter->arena, command, outcome, fields, &letter->text, &err) != IS_DONE)
        letter->text = VIEW_NONE;
    if (!letter->text.size)
        letter->error = arena_string(letter->arena, view_of(err.text));
}

struct letter *letter_new(const struct grammar *grammar, const json_t *reply, struct view msisdn)
{
    struct arena *arena = arena_new_small();
    struct letter *letter = ARENA_NEW(arena, struct letter);
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
        .after = copy_of(arena, reply, "after"),
        .taken_us = clock_us(),
        .arena = arena,
    };
    view_number(msisdn, UINT64_MAX, &letter->key);
    if (!letter->text.size)
        letter_render(letter, grammar, json_object_get(reply, "fields"));
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

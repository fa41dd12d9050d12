/* A new password is often typed twice: digits that a message holds twice are hashed once. */
#include "gateway/prover.h"

#include <string.h>

#include "base/secret.h"
#include "grammar/grammar.h"

enum { PASSWORD_DIGITS = 6, PASSWORDS = 1000000 };

struct proving {
    const struct pepper *pepper; /* NULL: there is none */
    const struct match *match;
    struct view owner; /* of the secrets */
    struct text *out;
    size_t start[ARGUMENTS_MAX]; /* where in `out` the value of each argument so far begins */
    size_t size[ARGUMENTS_MAX];
    struct err *err;
};

/* --- what a password must not be --- */

/* Digits that go up or down by one may go on from 9 to 0, as they do on a phone's keys. */
const char *prover_weakness(struct view digits, struct view msisdn)
{
    static const char *const of_step[10] = {[0] = "equal", [1] = "ascending", [9] = "descending"};
    int step = -1;
    if (digits.size < 2)
        return NULL;
    if (memmem(msisdn.at, msisdn.size, digits.at, digits.size))
        return "number";
    for (size_t i = 1; i < digits.size; i++) {
        int this_step = (digits.at[i] - digits.at[i - 1] + 10) % 10;
        if (step >= 0 && this_step != step)
            return NULL;
        step = this_step;
    }
    return of_step[step];
}

/* --- the objects --- */

static void write_one(const struct proving *p, size_t key, const char *what, const unsigned char hash[PEPPER_HASH_SIZE])
{
    text_addf(p->out, "%s{\"pepper\":%u,\"%s\":\"", key > 0 ? "," : "", pepper_id(p->pepper, key), what);
    pepper_write_hash(hash, p->out);
    text_add(p->out, VIEW("\"}"));
}

static size_t keys_of(const struct proving *p)
{
    return p->pepper ? pepper_keys(p->pepper) : 0;
}

/* "proofs":[…],"pieces":[…] of six digits, the proofs under so many keys. */
static enum outcome write_password(const struct proving *p, struct view digits, size_t keys)
{
    unsigned char hash[PEPPER_HASH_SIZE];
    text_add(p->out, VIEW("\"proofs\":["));
    for (size_t key = 0; key < keys; key++) {
        enum outcome outcome = pepper_hash_password(p->pepper, key, p->owner, digits, hash, p->err);
        if (outcome != IS_DONE)
            return outcome;
        write_one(p, key, "hash", hash);
    }
    text_add(p->out, VIEW("],\"pieces\":["));
    for (size_t key = 0; key < keys_of(p); key++) {
        pepper_hash_piece(p->pepper, key, p->owner, digits, hash);
        write_one(p, key, "digest", hash);
    }
    text_add_char(p->out, ']');
    return IS_DONE;
}

static enum outcome write_pin(const struct proving *p, struct view digits)
{
    const char *weakness = prover_weakness(digits, p->owner);
    text_add_char(p->out, '{');
    enum outcome outcome = write_password(p, digits, keys_of(p));
    if (weakness)
        text_addf(p->out, ",\"weak\":\"%s\"", weakness);
    text_add_char(p->out, '}');
    return outcome;
}

static enum outcome write_id_card(const struct proving *p, struct view id)
{
    unsigned char hash[PEPPER_HASH_SIZE];
    text_add(p->out, VIEW("{\"proofs\":["));
    for (size_t key = 0; key < keys_of(p); key++) {
        pepper_hash_id(p->pepper, key, p->owner, id, hash);
        write_one(p, key, "hash", hash);
    }
    text_add(p->out, VIEW("]}"));
    return IS_DONE;
}

/* The types that can be proved. */
static const struct provable {
    const char *type;
    enum outcome (*write)(const struct proving *p, struct view value);
} provable[] = {{"pin", write_pin}, {"id_card", write_id_card}};

static const struct provable *provable_of(const struct argument *argument)
{
    for (size_t i = 0; argument->is_secret && i < sizeof(provable) / sizeof(*provable); i++)
        if (view_equal(argument->type, view_of(provable[i].type)))
            return &provable[i];
    return NULL;
}

/* --- a secret made by the hall --- */

/* Every number of six digits is as likely as the others, but for the weak ones. */
static void make_digits(struct view owner, char digits[PASSWORD_DIGITS])
{
    do {
        uint32_t number = secret_uniform(PASSWORDS);
        for (size_t i = PASSWORD_DIGITS; i-- > 0; number /= 10)
            digits[i] = (char)('0' + number % 10);
    } while (prover_weakness((struct view){digits, PASSWORD_DIGITS}, owner));
}

static void write_sealed(const struct proving *p, struct view digits)
{
    struct arena *arena = arena_new_small();
    text_addf(p->out, ",\"sealed\":\"%.*s\"", VIEW_ARG(pepper_seal(p->pepper, arena, digits)));
    arena_free(&arena);
}

static enum outcome write_made(const struct proving *p, struct view name)
{
    char digits[PASSWORD_DIGITS];
    const struct view made = {digits, sizeof digits};
    make_digits(p->owner, digits);
    text_addf(p->out, "%s\"%.*s\":{", p->match->arguments > 0 ? "," : "", VIEW_ARG(name));
    enum outcome outcome = write_password(p, made, p->pepper ? 1 : 0);
    if (p->pepper)
        write_sealed(p, made);
    text_add_char(p->out, '}');
    explicit_bzero(digits, sizeof digits);
    return outcome;
}

/* --- the arguments --- */

/* The argument before number i that holds the same, of the same type; i: there is none. */
static size_t find_same(const struct match *match, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (view_equal(match->argument[k].type, match->argument[i].type) && view_equal(match->argument[k].value, match->argument[i].value))
            return k;
    return i;
}

static enum outcome write_value(struct proving *p, size_t i)
{
    const struct argument *argument = &p->match->argument[i];
    const struct provable *how = provable_of(argument);
    size_t same = how ? find_same(p->match, i) : i;
    enum outcome outcome = IS_DONE;
    p->start[i] = p->out->size;
    if (same < i) {
        struct text copy = {0}; /* the text may move while it grows */
        text_add(&copy, (struct view){p->out->at + p->start[same], p->size[same]});
        text_add(p->out, text_view(&copy));
        text_free(&copy);
    } else if (how) {
        outcome = how->write(p, argument->value);
    } else {
        text_add_json(p->out, argument->is_secret ? VIEW("***") : argument->value);
    }
    p->size[i] = p->out->size - p->start[i];
    return outcome;
}

static struct view owner_of(const struct match *match, struct view sender)
{
    for (size_t i = 0; i < match->arguments; i++)
        if (view_equal(match->argument[i].name, VIEW("owner")))
            return match->argument[i].value;
    return sender;
}

bool prover_is_needed(const struct match *match)
{
    for (size_t i = 0; i < match->arguments; i++)
        if (provable_of(&match->argument[i]))
            return true;
    return match->command && match->command->makes.name.size;
}

enum outcome prover_write_args(const struct pepper *pepper, const struct match *match, struct view sender, struct text *out,
                               struct err *err)
{
    struct proving p = {.pepper = pepper, .match = match, .owner = owner_of(match, sender), .out = out, .err = err};
    enum outcome outcome = IS_DONE;
    text_add_char(out, '{');
    for (size_t i = 0; i < match->arguments && outcome == IS_DONE; i++) {
        text_add(out, i > 0 ? VIEW(",") : VIEW_NONE);
        text_add_json(out, match->argument[i].name);
        text_add_char(out, ':');
        outcome = write_value(&p, i);
    }
    if (outcome == IS_DONE && match->command && match->command->makes.name.size)
        outcome = write_made(&p, match->command->makes.name);
    text_add_char(out, '}');
    return outcome;
}

/* Nothing here copies a secret but into locked memory or onto the stack, and what was on the stack is wiped. argon2id is given a keyed
 * hash of number and digits, so that the same six digits of two subscribers have nothing in common. */
#include "base/pepper.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum { ID_MAX = 32767, MEMORY_MIB_MAX = 4096, PASSES_MAX = 100, NONCE = crypto_secretbox_NONCEBYTES, MAC = crypto_secretbox_MACBYTES };
_Static_assert(PEPPER_HASH_SIZE == crypto_auth_hmacsha256_BYTES, "argon2id and HMAC-SHA256 give as much");

struct key {
    unsigned id, memory_mib, passes;
    unsigned char bytes[crypto_auth_hmacsha256_KEYBYTES];
};

struct pepper { /* all of it in sodium_malloc's memory */
    size_t keys;
    struct key key[PEPPER_KEYS_MAX];
};

/* --- the file --- */

static struct view next_word(struct view *line)
{
    *line = view_trim(*line);
    size_t size = 0;
    while (size < line->size && line->at[size] != ' ' && line->at[size] != '\t')
        size++;
    struct view word = view_head(*line, size);
    *line = view_from(*line, size);
    return word;
}

static bool read_number(struct view *line, unsigned most, unsigned *number)
{
    uint64_t value;
    if (!view_number(next_word(line), most, &value) || value == 0)
        return false;
    *number = (unsigned)value;
    return true;
}

static bool read_key(struct view *line, struct key *key)
{
    struct view word = next_word(line);
    size_t size = 0;
    return sodium_base642bin(key->bytes, sizeof key->bytes, word.at, word.size, NULL, &size, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
           size == sizeof key->bytes;
}

static bool has_key(const struct pepper *pepper, unsigned id)
{
    for (size_t i = 0; i < pepper->keys; i++)
        if (pepper->key[i].id == id)
            return true;
    return false;
}

/* Gives what is wrong with the line, or NULL. The words of a line are never shown: one of them is the key. */
static const char *take_line(struct pepper *pepper, struct view line)
{
    struct key *key = &pepper->key[pepper->keys];
    if (pepper->keys == PEPPER_KEYS_MAX)
        return "more than 16 keys";
    if (!read_number(&line, ID_MAX, &key->id))
        return "must begin with the key's number, from 1 to 32767 (ID MEMORY_MIB PASSES KEY)";
    if (!read_number(&line, MEMORY_MIB_MAX, &key->memory_mib))
        return "the memory must be from 1 to 4096 MiB (ID MEMORY_MIB PASSES KEY)";
    if (!read_number(&line, PASSES_MAX, &key->passes))
        return "the passes must be from 1 to 100 (ID MEMORY_MIB PASSES KEY)";
    if (!read_key(&line, key))
        return "the key must be 32 bytes in base64 (ID MEMORY_MIB PASSES KEY)";
    if (view_trim(line).size)
        return "there is something behind the key";
    if (has_key(pepper, key->id))
        return "a key with this number stands above";
    pepper->keys++;
    return NULL;
}

static enum outcome take_lines(struct pepper *pepper, const char *path, struct view rest, struct err *err)
{
    for (int number = 1; rest.size; number++) {
        struct view line = view_cut(&rest, '\n');
        line = view_trim(view_cut(&line, '#'));
        const char *fault = line.size ? take_line(pepper, line) : NULL;
        if (fault)
            return err_refused(err, "%s:%d: %s", path, number, fault);
    }
    return pepper->keys ? IS_DONE : err_refused(err, "%s: there is no key in it", path);
}

static struct pepper *pepper_new(void)
{
    struct pepper *pepper = sodium_init() >= 0 ? sodium_malloc(sizeof *pepper) : NULL;
    if (!pepper) {
        fputs("out of guarded memory\n", stderr);
        abort();
    }
    sodium_memzero(pepper, sizeof *pepper);
    return pepper;
}

enum outcome pepper_read_file(const char *path, struct pepper **pepper, struct err *err)
{
    struct secret *file;
    *pepper = NULL;
    enum outcome outcome = secret_read_file(path, &file, err);
    if (outcome != IS_DONE)
        return outcome;
    struct pepper *made = pepper_new();
    outcome = take_lines(made, path, secret_lines(file), err);
    secret_free(&file);
    if (outcome != IS_DONE) {
        pepper_free(&made);
        return outcome;
    }
    sodium_mprotect_readonly(made);
    *pepper = made;
    return IS_DONE;
}

void pepper_free(struct pepper **pepper)
{
    sodium_free(*pepper); /* wipes */
    *pepper = NULL;
}

size_t pepper_keys(const struct pepper *pepper)
{
    return pepper->keys;
}

unsigned pepper_id(const struct pepper *pepper, size_t key)
{
    return pepper->key[key].id;
}

/* --- hashes --- */

/* HMAC over "what:msisdn:value"; without the colons' parts when they are VIEW_NONE. */
static void keyed_hash(const struct key *key, struct view what, struct view msisdn, struct view value, unsigned char hash[PEPPER_HASH_SIZE])
{
    const struct view part[] = {what, msisdn, value};
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key->bytes, sizeof key->bytes);
    for (size_t i = 0; i < sizeof part / sizeof *part && part[i].at; i++) {
        if (i > 0)
            crypto_auth_hmacsha256_update(&state, (const unsigned char *)":", 1);
        crypto_auth_hmacsha256_update(&state, (const unsigned char *)part[i].at, part[i].size);
    }
    crypto_auth_hmacsha256_final(&state, hash);
    sodium_memzero(&state, sizeof state);
}

enum outcome pepper_hash_password(const struct pepper *pepper, size_t key, struct view msisdn, struct view digits,
                                  unsigned char hash[PEPPER_HASH_SIZE], struct err *err)
{
    const struct key *with = &pepper->key[key];
    unsigned char keyed[PEPPER_HASH_SIZE], salt[PEPPER_HASH_SIZE];
    _Static_assert(sizeof salt >= crypto_pwhash_argon2id_SALTBYTES, "a salt is cut from a hash");
    keyed_hash(with, VIEW("password"), msisdn, digits, keyed);
    keyed_hash(with, VIEW("salt"), msisdn, VIEW_NONE, salt);
    int fault = crypto_pwhash(hash, PEPPER_HASH_SIZE, (const char *)keyed, sizeof keyed, salt, with->passes,
                              (size_t)with->memory_mib * 1024 * 1024, crypto_pwhash_ALG_ARGON2ID13);
    sodium_memzero(keyed, sizeof keyed);
    return fault ? err_failed(err, "no %u MiB of memory for a password's hash", with->memory_mib) : IS_DONE;
}

void pepper_hash_id(const struct pepper *pepper, size_t key, struct view msisdn, struct view id, unsigned char hash[PEPPER_HASH_SIZE])
{
    keyed_hash(&pepper->key[key], VIEW("id"), msisdn, id, hash);
}

void pepper_hash_piece(const struct pepper *pepper, size_t key, struct view msisdn, struct view digits,
                       unsigned char hash[PEPPER_HASH_SIZE])
{
    keyed_hash(&pepper->key[key], VIEW("piece"), msisdn, digits, hash);
}

uint64_t pepper_fingerprint(const struct pepper *pepper, struct view msisdn, struct view text)
{
    unsigned char hash[PEPPER_HASH_SIZE];
    uint64_t number;
    keyed_hash(&pepper->key[0], VIEW("text"), msisdn, text, hash);
    memcpy(&number, hash, sizeof number);
    return number;
}

void pepper_write_hash(const unsigned char hash[PEPPER_HASH_SIZE], struct text *out)
{
    char base64[sodium_base64_ENCODED_LEN(PEPPER_HASH_SIZE, sodium_base64_VARIANT_ORIGINAL)];
    sodium_bin2base64(base64, sizeof base64, hash, PEPPER_HASH_SIZE, sodium_base64_VARIANT_ORIGINAL);
    text_add(out, view_of(base64));
}

/* --- sealing --- */

struct view pepper_seal(const struct pepper *pepper, struct arena *arena, struct view text)
{
    const struct key *key = &pepper->key[0];
    size_t size = NONCE + MAC + text.size, room = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
    unsigned char *box = arena_alloc(arena, size), seal[PEPPER_HASH_SIZE];
    _Static_assert(sizeof seal == crypto_secretbox_KEYBYTES, "a hash is a key");
    keyed_hash(key, VIEW("seal"), VIEW_NONE, VIEW_NONE, seal);
    randombytes_buf(box, NONCE);
    crypto_secretbox_easy(box + NONCE, (const unsigned char *)(text.size ? text.at : ""), text.size, box, seal);
    sodium_memzero(seal, sizeof seal);
    char *base64 = arena_alloc(arena, room);
    sodium_bin2base64(base64, room, box, size, sodium_base64_VARIANT_ORIGINAL);
    return arena_printf(arena, "%u:%s", key->id, base64);
}

static const struct key *find_key(const struct pepper *pepper, struct view id)
{
    uint64_t number;
    bool is_number = view_number(id, ID_MAX, &number);
    for (size_t i = 0; is_number && i < pepper->keys; i++)
        if (pepper->key[i].id == number)
            return &pepper->key[i];
    return NULL;
}

static bool open_box(const struct key *key, const unsigned char *box, size_t size, unsigned char *text)
{
    unsigned char seal[PEPPER_HASH_SIZE];
    keyed_hash(key, VIEW("seal"), VIEW_NONE, VIEW_NONE, seal);
    bool is_open = crypto_secretbox_open_easy(text, box + NONCE, size - NONCE, box, seal) == 0;
    sodium_memzero(seal, sizeof seal);
    return is_open;
}

enum outcome pepper_open(const struct pepper *pepper, struct arena *arena, struct view sealed, struct view *text, struct err *err)
{
    struct view base64 = sealed, id = view_cut(&base64, ':');
    const struct key *key = find_key(pepper, id);
    if (!key)
        return err_refused(err, "what is sealed cannot be opened: there is no key %.*s in the pepper file", VIEW_ARG(view_head(id, 8)));
    unsigned char *box = arena_alloc(arena, base64.size + 1);
    size_t size = 0;
    bool is_box = sodium_base642bin(box, base64.size + 1, base64.at, base64.size, NULL, &size, NULL, sodium_base64_VARIANT_ORIGINAL) == 0;
    if (!is_box || size < NONCE + MAC)
        return err_refused(err, "what is sealed cannot be opened: it is not whole");
    unsigned char *inside = arena_alloc(arena, size - NONCE - MAC + 1);
    if (!open_box(key, box, size, inside))
        return err_refused(err, "what is sealed cannot be opened: it was not sealed with key %u, or was changed", key->id);
    *text = (struct view){(char *)inside, size - NONCE - MAC};
    return IS_DONE;
}

/* Pepper files: what is read has fit keys, what is refused says where and shows nothing of a line, and what is sealed is opened again by
 * nobody else (rules C3). */
#include "base/pepper.h"
#include "fuzz.h"

/* No key of the file is in the words of the fault: nothing of its lines that is as long as one. */
static void check_fault(const struct err *err, struct view file, const char *path)
{
    HOLDS(strncmp(err->text, path, strlen(path)) == 0, "\"%s\"", err->text);
    struct view words = view_of(err->text + strlen(path));
    for (size_t i = 0; i + 12 <= file.size; i++)
        HOLDS(!fuzz_has(words, view_head(view_from(file, i), 12)) ||
                  fuzz_has(VIEW("(ID MEMORY_MIB PASSES KEY) the key must be 32 bytes in base64"), view_head(view_from(file, i), 12)),
              "\"%s\" shows what is in the file", err->text);
}

static void check_seal(const struct pepper *pepper, struct arena *arena, struct view text, unsigned place)
{
    struct view sealed = pepper_seal(pepper, arena, text), opened;
    struct err err = {""};
    HOLDS(pepper_open(pepper, arena, sealed, &opened, &err) == IS_DONE && view_equal(opened, text), "%s", err.text);
    HOLDS(text.size < 4 || !fuzz_has(sealed, text), "%.*s", VIEW_ARG(sealed));
    struct view box = sealed; /* behind the key's number, for two numbers may have one key */
    view_cut(&box, ':');
    ((char *)box.at)[place % box.size] ^= (char)(1 + place % 7);
    HOLDS(pepper_open(pepper, arena, sealed, &opened, &err) == IS_REFUSED, "opened, though changed: %.*s", VIEW_ARG(sealed));
    HOLDS(pepper_open(pepper, arena, text, &opened, &err) == IS_REFUSED, "opened, though never sealed: %.*s", VIEW_ARG(text));
}

static void check_keys(const struct pepper *pepper)
{
    size_t keys = pepper_keys(pepper);
    HOLDS(keys >= 1 && keys <= PEPPER_KEYS_MAX, "%zu keys", keys);
    for (size_t i = 0; i < keys; i++)
        for (size_t k = 0; k < i; k++)
            HOLDS(pepper_id(pepper, i) != pepper_id(pepper, k), "two keys %u", pepper_id(pepper, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct input in = input_of(data, size);
    unsigned place = input_byte(&in);
    struct view text = input_field(&in);
    const char *path = fuzz_file(in.left);
    struct pepper *pepper;
    struct err err = {""};
    if (pepper_read_file(path, &pepper, &err) == IS_DONE) {
        unsigned char a[PEPPER_HASH_SIZE], b[PEPPER_HASH_SIZE];
        check_keys(pepper);
        check_seal(pepper, arena, text, place);
        pepper_hash_id(pepper, 0, VIEW("13800138000"), text, a);
        pepper_hash_piece(pepper, 0, VIEW("13800138000"), text, b);
        HOLDS(memcmp(a, b, sizeof a) != 0, "an ID and a piece hash alike: %.*s", VIEW_ARG(text));
    } else {
        HOLDS(!pepper, "%s", err.text);
        check_fault(&err, in.left, path);
    }
    pepper_free(&pepper);
    arena_free(&arena);
    return 0;
}

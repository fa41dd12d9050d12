/* What the store keeps of secrets, for tests that put some there by hand. Usage: pepper FILE WHAT MSISDN TEXT, where WHAT is
 *   password    prints the current key's number and the hash in hex
 *   id_card     likewise the digest, and behind it the digests of each six characters in a row, comma between
 *   puk         prints the text, sealed */
#include <stdio.h>
#include <string.h>

#include "base/pepper.h"

enum { PIECE = 6 };

static void print_hash(const char *before, const unsigned char hash[PEPPER_HASH_SIZE])
{
    fputs(before, stdout);
    for (size_t i = 0; i < PEPPER_HASH_SIZE; i++)
        printf("%02x", hash[i]);
}

static void print_id_card(const struct pepper *pepper, struct view msisdn, struct view id)
{
    unsigned char hash[PEPPER_HASH_SIZE];
    pepper_hash_id(pepper, 0, msisdn, id, hash);
    print_hash("", hash);
    for (size_t i = 0; i + PIECE <= id.size; i++) {
        pepper_hash_piece(pepper, 0, msisdn, view_head(view_from(id, i), PIECE), hash);
        print_hash(i > 0 ? "," : " ", hash);
    }
}

int main(int argc, char **argv)
{
    struct pepper *pepper;
    struct err err;
    unsigned char hash[PEPPER_HASH_SIZE];
    if (argc != 5)
        return 2;
    if (pepper_read_file(argv[1], &pepper, &err) != IS_DONE) {
        fprintf(stderr, "pepper: %s\n", err.text);
        return 1;
    }
    struct view msisdn = view_of(argv[3]), text = view_of(argv[4]);
    struct arena *arena = arena_new();
    if (strcmp(argv[2], "puk") == 0) {
        printf("%.*s", VIEW_ARG(pepper_seal(pepper, arena, text)));
    } else if (strcmp(argv[2], "id_card") == 0) {
        printf("%u ", pepper_id(pepper, 0));
        print_id_card(pepper, msisdn, text);
    } else if (pepper_hash_password(pepper, 0, msisdn, text, hash, NULL) == IS_DONE) {
        printf("%u ", pepper_id(pepper, 0));
        print_hash("", hash);
    }
    putchar('\n');
    arena_free(&arena);
    pepper_free(&pepper);
    return 0;
}

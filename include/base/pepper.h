/* The keys behind service passwords ("pepper"), which live outside of the store: six digits cannot resist a stolen table by hashing alone
 * (rules C3). Whoever has the table but no key learns nothing from it, and whoever has a key needs nothing else to prove a guess.
 *
 * The file has a key a line, `ID MEMORY_MIB PASSES KEY`: the key's number, which the store keeps beside what was made with it; what a
 * password's hash costs (argon2id); and 32 random bytes in base64. `#` begins a comment. The first key is the current one: with it all
 * that is new is made. The others still prove what is old, until it has moved to the current one.
 *
 *   hash of a password   argon2id(HMAC(key, "password:<msisdn>:<digits>"), salt = 16 bytes of HMAC(key, "salt:<msisdn>"))
 *   digest of an ID      HMAC(key, "id:<msisdn>:<18 characters>")
 *   digest of a piece    HMAC(key, "piece:<msisdn>:<six digits>")        HMAC is HMAC-SHA256, msisdn is 13800138000
 *   sealed               "<ID>:" and base64 of nonce and secretbox, under HMAC(key, "seal") */
#ifndef BASE_PEPPER_H
#define BASE_PEPPER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

struct pepper; /* keys in locked, guarded memory */

enum { PEPPER_KEYS_MAX = 16, PEPPER_HASH_SIZE = 32 };

/* Reads the file. Refused, with file and line, when it is no such file, or readable by others than its owner and group. */
enum outcome pepper_read_file(const char *path, struct pepper **pepper, struct err *err);
void pepper_free(struct pepper **pepper);

/* Keys are numbered in the order of the file: 0 is the current one. */
size_t pepper_keys(const struct pepper *pepper);
unsigned pepper_id(const struct pepper *pepper, size_t key);

/* The hash of a password; slow on purpose, and takes the key's MEMORY_MIB meanwhile. IS_FAILED: there is not so much memory now. */
enum outcome pepper_hash_password(const struct pepper *pepper, size_t key, struct view msisdn, struct view digits,
                                  unsigned char hash[PEPPER_HASH_SIZE], struct err *err);

/* The digests, which are quick. */
void pepper_hash_id(const struct pepper *pepper, size_t key, struct view msisdn, struct view id, unsigned char hash[PEPPER_HASH_SIZE]);
void pepper_hash_piece(const struct pepper *pepper, size_t key, struct view msisdn, struct view digits,
                       unsigned char hash[PEPPER_HASH_SIZE]);

/* Tells two texts of a number apart, and tells nothing of them: the same at every hall that has this key. */
uint64_t pepper_fingerprint(const struct pepper *pepper, struct view msisdn, struct view text);

/* A hash in base64 behind what text holds. */
void pepper_write_hash(const unsigned char hash[PEPPER_HASH_SIZE], struct text *out);

/* A text that only a hall can read: sealed under the current key. In the arena. */
struct view pepper_seal(const struct pepper *pepper, struct arena *arena, struct view text);

/* What was sealed, under whichever key of the file. IS_REFUSED: its key is not in the file, or it is nothing that was sealed. */
enum outcome pepper_open(const struct pepper *pepper, struct arena *arena, struct view sealed, struct view *text, struct err *err);

#endif

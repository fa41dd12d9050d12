/* Tokens and keys: read from files, compared in constant time (libsodium), wiped when freed; and what is signed with them. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/err.h"
#include "base/view.h"

struct secret; /* bytes in locked, guarded memory */

/* Reads a file's content without the blanks around it. Refused when it is missing, empty, over 4 kB or readable by others
 * than its owner and group. */
enum outcome secret_read_file(const char *path, struct secret **secret, struct err *err);

/* The candidate is the secret; takes the same time wherever they differ. */
bool secret_equal(const struct secret *secret, struct view candidate);

/* A hash of what may hold a secret, keyed anew at each start of the program: tells two texts apart, and tells nothing of them. Where there
 * is a pepper its fingerprint is better: it is the same at the next start, and at every hall. */
uint64_t secret_fingerprint(struct view text);

/* A random number below `bound`, each as likely as the others; nobody can foresee it. */
uint32_t secret_uniform(uint32_t bound);

/* Wipes what functions that have returned left on this thread's stack: called behind those that read a secret. */
void secret_wipe_stack(void);

/* The memory of this program shall show up in no core file and be open to no other program of the same user (rules C5). At the start. */
void secret_keep_memory(void);

/* HMAC-SHA256 over the parts one after the other, in base64. key is base64 too, line ends inside are forgiven; false: it is none, empty
 * or over 64 bytes. */
enum { SIGNATURE_SIZE = 45 };
bool secret_sign(struct view key, size_t parts, const struct view *part, char signature[SIGNATURE_SIZE]);

struct view secret_view(const struct secret *secret);
struct view secret_lines(const struct secret *secret); /* with the blanks around it, for who counts lines */
void secret_free(struct secret **secret);

#endif

/* Secrets lie in sodium_malloc's memory: between guard pages, not swapped, left out of core files, wiped when freed (rules C5). */
#include "base/secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_SIZE_MAX = 4096 };

struct secret {
    char *bytes; /* sodium_malloc */
    size_t size;
    struct view inside; /* without the blanks around */
};

static enum outcome check_mode(int fd, const char *path, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_refused(err, "%s: cannot be read: %s", path, strerrordesc_np(errno));
    if (!S_ISREG(st.st_mode))
        return err_refused(err, "%s: not a file", path);
    if (st.st_mode & (S_IROTH | S_IWOTH))
        return err_refused(err, "%s: others may read or write it (mode %03o); take that right away: chmod o= %s", path,
                           (unsigned)st.st_mode & 0777, path);
    return IS_DONE;
}

static enum outcome read_into(int fd, const char *path, struct secret *secret, struct err *err)
{
    size_t size = 0;
    while (size <= SECRET_SIZE_MAX) {
        ssize_t n = read(fd, secret->bytes + size, SECRET_SIZE_MAX + 1 - size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_refused(err, "%s: cannot be read: %s", path, strerrordesc_np(errno));
        if (n == 0)
            break;
        size += (size_t)n;
    }
    if (size > SECRET_SIZE_MAX)
        return err_refused(err, "%s: longer than %d bytes: no secret", path, SECRET_SIZE_MAX);
    secret->size = size;
    secret->inside = view_trim(secret_lines(secret));
    return secret->inside.size ? IS_DONE : err_refused(err, "%s: empty", path);
}

static struct secret *secret_new(void)
{
    struct secret *secret = calloc(1, sizeof *secret);
    if (secret && sodium_init() >= 0)
        secret->bytes = sodium_malloc(SECRET_SIZE_MAX + 1);
    if (!secret || !secret->bytes) {
        fputs("out of guarded memory\n", stderr);
        abort();
    }
    return secret;
}

enum outcome secret_read_file(const char *path, struct secret **secret, struct err *err)
{
    *secret = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_refused(err, "%s: cannot be read: %s", path, strerrordesc_np(errno));
    struct secret *new = secret_new();
    enum outcome outcome = check_mode(fd, path, err);
    if (outcome == IS_DONE)
        outcome = read_into(fd, path, new, err);
    close(fd);
    if (outcome != IS_DONE) {
        secret_free(&new);
        return outcome;
    }
    sodium_mprotect_readonly(new->bytes);
    *secret = new;
    return IS_DONE;
}

/* Compares hashes of the two, so that neither the length nor the place of the first difference can be told from the time. */
bool secret_equal(const struct secret *secret, struct view candidate)
{
    unsigned char ours[crypto_generichash_BYTES], theirs[crypto_generichash_BYTES];
    crypto_generichash(ours, sizeof ours, (const unsigned char *)secret->inside.at, secret->inside.size, NULL, 0);
    crypto_generichash(theirs, sizeof theirs, (const unsigned char *)candidate.at, candidate.size, NULL, 0);
    return sodium_memcmp(ours, theirs, sizeof ours) == 0;
}

static unsigned char fingerprint_key[crypto_shorthash_KEYBYTES];

static void make_fingerprint_key(void)
{
    int failed = sodium_init();
    assert(failed >= 0);
    randombytes_buf(fingerprint_key, sizeof(fingerprint_key));
}

uint64_t secret_fingerprint(struct view text)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_fingerprint_key);
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t number;
    _Static_assert(sizeof(hash) == sizeof(number), "SipHash gives 64 bits");
    crypto_shorthash(hash, (const unsigned char *)(text.size ? text.at : ""), text.size, fingerprint_key);
    memcpy(&number, hash, sizeof(number));
    return number;
}

uint32_t secret_uniform(uint32_t bound)
{
    int failed = sodium_init();
    assert(failed >= 0);
    return randombytes_uniform(bound);
}

/* Deeper than anything here reaches while it holds a secret; PCRE2's own stack, and argon2id's memory, hold none. */
void secret_wipe_stack(void)
{
    enum { DEPTH = 32 * 1024 };
    sodium_stackzero(DEPTH);
}

/* Three locks on one door. The limit keeps the kernel from writing a core file, but not from piping one to a program that core_pattern
 * names; for that nothing of the memory is put into it. A process that is not dumpable gets neither, and its /proc files (mem, environ)
 * are root's. In this order: once it is, its filter is root's too. */
void secret_keep_memory(void)
{
    const struct rlimit none = {0, 0};
    FILE *filter = fopen("/proc/self/coredump_filter", "we");
    if (filter) {
        fputs("0", filter);
        fclose(filter);
    }
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

/* SHA-256 itself hashes a longer key first; nobody here has one. */
bool secret_sign(struct view key, size_t parts, const struct view *part, char signature[SIGNATURE_SIZE])
{
    unsigned char bytes[64], hash[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    size_t size = 0;
    _Static_assert(sodium_base64_ENCODED_LEN(sizeof hash, sodium_base64_VARIANT_ORIGINAL) == SIGNATURE_SIZE, "32 bytes in base64");
    bool is_key = sodium_base642bin(bytes, sizeof bytes, key.at, key.size, "\r\n", &size, NULL, sodium_base64_VARIANT_ORIGINAL) == 0;
    if (is_key && size > 0) {
        crypto_auth_hmacsha256_init(&state, bytes, size);
        for (size_t i = 0; i < parts; i++)
            crypto_auth_hmacsha256_update(&state, (const unsigned char *)part[i].at, part[i].size);
        crypto_auth_hmacsha256_final(&state, hash);
        sodium_bin2base64(signature, SIGNATURE_SIZE, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    }
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(&state, sizeof state);
    return is_key && size > 0;
}

struct view secret_view(const struct secret *secret)
{
    return secret->inside;
}

struct view secret_lines(const struct secret *secret)
{
    return (struct view){secret->bytes, secret->size};
}

void secret_free(struct secret **secret)
{
    if (!*secret)
        return;
    sodium_free((*secret)->bytes);
    free(*secret);
    *secret = NULL;
}

#include "base/digest.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/hex.h"

#define FILE_PIECE_BYTES 65536

/* Set once; NULL afterwards means that OpenSSL offers no SHA-256 at all. */
static const EVP_MD *algorithm;
static pthread_once_t algorithm_once = PTHREAD_ONCE_INIT;

/* A struct digest is OpenSSL's own context: its name alone is ours, so that each needs one
 * allocation and no header names OpenSSL. */
static EVP_MD_CTX *context_of(struct digest *digest)
{
    return (EVP_MD_CTX *)digest;
}

/* What was closed last in a thread is the next one that it opens: a context costs as much as the
 * hash of a claim. */
static pthread_key_t spare;
static bool has_spare;

static void free_spare(void *context)
{
    EVP_MD_CTX_free((EVP_MD_CTX *)context);
}

static void fetch_algorithm(void)
{
    has_spare = pthread_key_create(&spare, free_spare) == 0;
    /* Where OpenSSL could not set itself up for want of memory, a fetch would crash. */
    if (OSSL_LIB_CTX_get0_global_default())
        algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static EVP_MD_CTX *take_spare(void)
{
    EVP_MD_CTX *context = has_spare ? (EVP_MD_CTX *)pthread_getspecific(spare) : NULL;

    if (context)
        pthread_setspecific(spare, NULL);
    return context;
}

static int begin(struct digest *digest)
{
    return algorithm && EVP_DigestInit_ex2(context_of(digest), algorithm, NULL) == 1 ? 0 : -1;
}

struct digest *digest_open(void)
{
    struct digest *digest;

    pthread_once(&algorithm_once, fetch_algorithm);
    digest = (struct digest *)take_spare();
    if (!digest)
        digest = (struct digest *)EVP_MD_CTX_new();
    if (digest && begin(digest) != 0) {
        digest_close(digest);
        return NULL;
    }
    return digest;
}

int digest_update(struct digest *digest, const void *bytes, size_t len)
{
    return EVP_DigestUpdate(context_of(digest), bytes, len) == 1 ? 0 : -1;
}

int digest_finish(struct digest *digest, unsigned char ret_digest[DIGEST_SHA256_BYTES])
{
    if (EVP_DigestFinal_ex(context_of(digest), ret_digest, NULL) != 1)
        return -1;
    return begin(digest);
}

int digest_end(struct digest *digest, unsigned char ret_digest[DIGEST_SHA256_BYTES])
{
    int result = EVP_DigestFinal_ex(context_of(digest), ret_digest, NULL) == 1 ? 0 : -1;

    digest_close(digest);
    return result;
}

void digest_close(struct digest *digest)
{
    if (!digest || !has_spare || pthread_getspecific(spare) ||
        pthread_setspecific(spare, context_of(digest)) != 0)
        EVP_MD_CTX_free(context_of(digest));
}

int digest_of_file(int fd, unsigned char ret_digest[DIGEST_SHA256_BYTES])
{
    unsigned char bytes[FILE_PIECE_BYTES];
    struct digest *digest = digest_open();
    ssize_t len = digest ? 1 : -1;

    while (len > 0 && (len = read(fd, bytes, sizeof(bytes))) > 0)
        if (digest_update(digest, bytes, (size_t)len))
            len = -1;
    if (!len && digest_finish(digest, ret_digest))
        len = -1;
    digest_close(digest);
    return len ? -1 : 0;
}

bool digest_is(const unsigned char digest[DIGEST_SHA256_BYTES], const char *text)
{
    char hex[2 * DIGEST_SHA256_BYTES + 1];

    hex_format(digest, DIGEST_SHA256_BYTES, hex);
    return strcmp(hex, text) == 0;
}

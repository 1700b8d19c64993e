#include "gateway/digest.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/buffer.h"
#include "input/claim.h"

#define CANONICAL_FORM "claimbatch-claim-1"
#define SEPARATOR "\x1f"

/* Set once; NULL afterwards means that OpenSSL offers no SHA-256 at all. */
static const EVP_MD *algorithm;
static pthread_once_t algorithm_once = PTHREAD_ONCE_INIT;

struct sha256 {
    EVP_MD_CTX *context;
};

static void fetch_algorithm(void)
{
    /* Where OpenSSL could not set itself up for want of memory, a fetch would crash. */
    if (OSSL_LIB_CTX_get0_global_default())
        algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static int begin(EVP_MD_CTX *context)
{
    pthread_once(&algorithm_once, fetch_algorithm);
    return algorithm && EVP_DigestInit_ex2(context, algorithm, NULL) == 1 ? 0 : -1;
}

/* The canonical text on its way into the hash, in pieces that are worth a call. */
struct canonical {
    EVP_MD_CTX *context;
    bool failed;
    size_t len;
    char bytes[512];
};

static void flush(struct canonical *c)
{
    if (EVP_DigestUpdate(c->context, c->bytes, c->len) != 1)
        c->failed = true;
    c->len = 0;
}

static void add(struct canonical *c, const char *text, size_t len)
{
    if (len > sizeof(c->bytes) - c->len)
        flush(c);
    if (len > sizeof(c->bytes)) {
        if (EVP_DigestUpdate(c->context, text, len) != 1)
            c->failed = true;
        return;
    }
    memcpy(c->bytes + c->len, text, len);
    c->len += len;
}

static void add_text(struct canonical *c, const char *text)
{
    add(c, SEPARATOR, strlen(SEPARATOR));
    add(c, text, strlen(text));
}

static void add_number(struct canonical *c, int64_t number)
{
    char digits[BUFFER_INTEGER_BYTES];

    add_text(c, buffer_integer_text(number, digits));
}

static void add_claim(struct canonical *c, const struct claim *claim)
{
    add(c, CANONICAL_FORM, strlen(CANONICAL_FORM));
    add_number(c, claim->workcard_id);
    add_text(c, claim->claim_desc);
    add_number(c, claim->claim_count);
    add_text(c, claim->claim_order_no);
    add_number(c, claim->claim_status);
    add_text(c, claim->claim_time);
    add_number(c, claim->claim_fee);
    flush(c);
}

int digest_claim(const struct claim *claim, unsigned char ret_digest[DIGEST_CLAIM_BYTES])
{
    struct canonical canonical = {.context = EVP_MD_CTX_new()};
    unsigned char whole[DIGEST_SHA256_BYTES];
    int result = -1;

    if (!canonical.context || begin(canonical.context) != 0)
        goto out;
    add_claim(&canonical, claim);
    if (canonical.failed || EVP_DigestFinal_ex(canonical.context, whole, NULL) != 1)
        goto out;
    memcpy(ret_digest, whole, DIGEST_CLAIM_BYTES);
    result = 0;
out:
    EVP_MD_CTX_free(canonical.context);
    return result;
}

void digest_hex(const unsigned char *bytes, size_t len, char *ret_hex)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        *ret_hex++ = digits[bytes[i] >> 4];
        *ret_hex++ = digits[bytes[i] & 15];
    }
    *ret_hex = '\0';
}

struct sha256 *sha256_open(void)
{
    struct sha256 *sha256 = calloc(1, sizeof(*sha256));

    if (!sha256)
        return NULL;
    sha256->context = EVP_MD_CTX_new();
    if (!sha256->context || begin(sha256->context) != 0) {
        sha256_close(sha256);
        return NULL;
    }
    return sha256;
}

int sha256_update(struct sha256 *sha256, const void *bytes, size_t len)
{
    return EVP_DigestUpdate(sha256->context, bytes, len) == 1 ? 0 : -1;
}

int sha256_finish(struct sha256 *sha256, unsigned char ret_digest[DIGEST_SHA256_BYTES])
{
    if (EVP_DigestFinal_ex(sha256->context, ret_digest, NULL) != 1)
        return -1;
    return begin(sha256->context);
}

void sha256_close(struct sha256 *sha256)
{
    if (!sha256)
        return;
    EVP_MD_CTX_free(sha256->context);
    free(sha256);
}

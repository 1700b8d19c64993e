#include "gateway/digest.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "input/claim.h"

#define CANONICAL_FORM "claimbatch-claim-1"
#define SEPARATOR "\x1f"
#define NUMBER_BYTES 21 /* INT64_MIN and its NUL */

/* Set once; NULL afterwards means that OpenSSL offers no SHA-256 at all. */
static const EVP_MD *algorithm;
static pthread_once_t algorithm_once = PTHREAD_ONCE_INIT;

struct sha256 {
    EVP_MD_CTX *context;
};

static void fetch_algorithm(void)
{
    algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static int begin(EVP_MD_CTX *context)
{
    pthread_once(&algorithm_once, fetch_algorithm);
    return algorithm && EVP_DigestInit_ex2(context, algorithm, NULL) == 1 ? 0 : -1;
}

static int add_text(EVP_MD_CTX *context, const char *text)
{
    if (EVP_DigestUpdate(context, SEPARATOR, strlen(SEPARATOR)) != 1)
        return -1;
    return EVP_DigestUpdate(context, text, strlen(text)) == 1 ? 0 : -1;
}

static int add_number(EVP_MD_CTX *context, int64_t number)
{
    char text[NUMBER_BYTES];
    snprintf(text, sizeof(text), "%" PRId64, number);
    return add_text(context, text);
}

static int add_claim(EVP_MD_CTX *context, const struct claim *claim)
{
    if (EVP_DigestUpdate(context, CANONICAL_FORM, strlen(CANONICAL_FORM)) != 1)
        return -1;
    if (add_number(context, claim->workcard_id) != 0 || add_text(context, claim->claim_desc) != 0 ||
        add_number(context, claim->claim_count) != 0 ||
        add_text(context, claim->claim_order_no) != 0 ||
        add_number(context, claim->claim_status) != 0 ||
        add_text(context, claim->claim_time) != 0 || add_number(context, claim->claim_fee) != 0)
        return -1;
    return 0;
}

int digest_claim(const struct claim *claim, unsigned char ret_digest[DIGEST_CLAIM_BYTES])
{
    int result = -1;
    unsigned char whole[DIGEST_SHA256_BYTES];
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    if (!context || begin(context) != 0 || add_claim(context, claim) != 0 ||
        EVP_DigestFinal_ex(context, whole, NULL) != 1)
        goto out;
    memcpy(ret_digest, whole, DIGEST_CLAIM_BYTES);
    result = 0;
out:
    EVP_MD_CTX_free(context);
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

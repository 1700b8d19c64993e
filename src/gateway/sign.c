#include "gateway/sign.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/error.h"
#include "base/hex.h"

#define SIGNATURE_BYTES 32 /* of the longest, SHA-256 */
#define BLOCK_BYTES 64     /* of both digests */

struct signer {
    enum sign_method method;
    struct buffer string; /* S of the call at hand; holds the session */

    EVP_MD *md;
    EVP_MD_CTX *context;
    const char *secret; /* SIGN_MD5: the caller's */

    /* The HMACs (RFC 2104): what the digest has come to behind the key, inside and outside.
     * OpenSSL's own would keep the key itself, in memory that may be swapped. */
    EVP_MD_CTX *inner, *outer;
};

static const struct {
    const char *name;
    const char *openssl_digest;
    size_t signature_bytes;
} methods[] = {
    [SIGN_HMAC_SHA256] = {"hmac-sha256", "SHA256", 32},
    [SIGN_HMAC_MD5] = {"hmac", "MD5", 16},
    [SIGN_MD5] = {"md5", "MD5", 16},
};

#define METHOD_COUNT (sizeof(methods) / sizeof(methods[0]))

const char *sign_method_name(enum sign_method method)
{
    return methods[method].name;
}

bool sign_method_parse(const char *name, enum sign_method *ret_method)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (strcmp(methods[i].name, name) == 0) {
            *ret_method = (enum sign_method)i;
            return true;
        }
    }
    return false;
}

/* The UTF-8 forms of Character.isWhitespace: U+0009-000D, U+001C-0020, U+1680, U+2000-200A without
   U+2007, U+2028, U+2029, U+205F, U+3000. */
static size_t java_whitespace_len(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;

    if ((s[0] >= 0x09 && s[0] <= 0x0d) || (s[0] >= 0x1c && s[0] <= 0x20))
        return 1;
    if (strncmp(text, "\xe1\x9a\x80", 3) == 0 || strncmp(text, "\xe2\x81\x9f", 3) == 0 ||
        strncmp(text, "\xe3\x80\x80", 3) == 0)
        return 3;
    if (s[0] != 0xe2 || s[1] != 0x80)
        return 0;
    if ((s[2] >= 0x80 && s[2] <= 0x8a && s[2] != 0x87) || s[2] == 0xa8 || s[2] == 0xa9)
        return 3;
    return 0;
}

bool sign_skips(const char *value)
{
    while (*value) {
        size_t len = java_whitespace_len(value);
        if (len == 0)
            return false;
        value += len;
    }
    return true;
}

static int begin_with(struct signer *signer, EVP_MD_CTX *context, const unsigned char *key,
                      unsigned char pad)
{
    unsigned char block[BLOCK_BYTES];
    bool good;

    for (size_t i = 0; i < BLOCK_BYTES; i++)
        block[i] = key[i] ^ pad;
    good = EVP_DigestInit_ex2(context, signer->md, NULL) == 1 &&
           EVP_DigestUpdate(context, block, sizeof(block)) == 1;
    OPENSSL_cleanse(block, sizeof(block));
    return good ? 0 : -1;
}

/* A key that is longer than a block is its digest. */
static int open_hmac(struct signer *signer, const char *secret)
{
    unsigned char key[BLOCK_BYTES] = {0};
    size_t len = strlen(secret);
    int result = -1;

    signer->inner = EVP_MD_CTX_new();
    signer->outer = EVP_MD_CTX_new();
    if (len <= BLOCK_BYTES)
        memcpy(key, secret, len);
    if (signer->inner && signer->outer &&
        (len <= BLOCK_BYTES || EVP_Digest(secret, len, key, NULL, signer->md, NULL) == 1) &&
        !begin_with(signer, signer->inner, key, 0x36))
        result = begin_with(signer, signer->outer, key, 0x5c);
    OPENSSL_cleanse(key, sizeof(key));
    return result;
}

static int open_digest(struct signer *signer, const char *secret)
{
    signer->md = EVP_MD_fetch(NULL, methods[signer->method].openssl_digest, NULL);
    signer->context = EVP_MD_CTX_new();
    signer->secret = secret;
    if (!signer->md || !signer->context)
        return -1;
    return signer->method == SIGN_MD5 ? 0 : open_hmac(signer, secret);
}

int sign_open(enum sign_method method, const char *secret, struct signer **ret_signer,
              struct error *err)
{
    struct signer *signer = calloc(1, sizeof(*signer));

    *ret_signer = NULL;
    if (!signer)
        return error_no_memory(err);
    signer->method = method;
    if (open_digest(signer, secret)) {
        sign_close(signer);
        return error_set(err, EXIT_INTERNAL,
                         "OpenSSL offers no '%s' signature here; nothing was sent; try another "
                         "--sign-method",
                         sign_method_name(method));
    }
    *ret_signer = signer;
    return 0;
}

void sign_close(struct signer *signer)
{
    if (!signer)
        return;
    EVP_MD_CTX_free(signer->inner);
    EVP_MD_CTX_free(signer->outer);
    EVP_MD_CTX_free(signer->context);
    EVP_MD_free(signer->md);
    buffer_wipe(&signer->string);
    free(signer);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(((const struct param *)left)->name, ((const struct param *)right)->name);
}

void sign_string(struct param *params, size_t count, struct buffer *ret_string)
{
    qsort(params, count, sizeof(*params), compare_names);
    for (size_t i = 0; i < count; i++) {
        if (sign_skips(params[i].value))
            continue;
        buffer_text(ret_string, params[i].name);
        buffer_text(ret_string, params[i].value);
    }
}

static int md5(struct signer *signer, unsigned char *ret_signature)
{
    EVP_MD_CTX *context = signer->context;
    const struct buffer *string = &signer->string;
    size_t len = strlen(signer->secret);

    return EVP_DigestInit_ex2(context, signer->md, NULL) == 1 &&
                   EVP_DigestUpdate(context, signer->secret, len) == 1 &&
                   EVP_DigestUpdate(context, buffer_string(string), string->len) == 1 &&
                   EVP_DigestUpdate(context, signer->secret, len) == 1 &&
                   EVP_DigestFinal_ex(context, ret_signature, NULL) == 1
               ? 0
               : -1;
}

static int hmac(struct signer *signer, unsigned char *ret_signature)
{
    EVP_MD_CTX *context = signer->context;
    const struct buffer *string = &signer->string;
    unsigned len = 0;

    return EVP_MD_CTX_copy_ex(context, signer->inner) == 1 &&
                   EVP_DigestUpdate(context, buffer_string(string), string->len) == 1 &&
                   EVP_DigestFinal_ex(context, ret_signature, &len) == 1 &&
                   EVP_MD_CTX_copy_ex(context, signer->outer) == 1 &&
                   EVP_DigestUpdate(context, ret_signature, len) == 1 &&
                   EVP_DigestFinal_ex(context, ret_signature, NULL) == 1
               ? 0
               : -1;
}

int sign_call(struct signer *signer, struct param *params, size_t count, const char *body,
              size_t body_len, char ret_sign[SIGN_TEXT_BYTES], struct error *err)
{
    unsigned char signature[SIGNATURE_BYTES];

    buffer_reset(&signer->string);
    sign_string(params, count, &signer->string);
    if (body)
        buffer_append(&signer->string, body, body_len);
    if (signer->string.failed)
        return error_no_memory(err);
    if ((signer->method == SIGN_MD5 ? md5 : hmac)(signer, signature) != 0)
        return error_set(err, EXIT_INTERNAL, "OpenSSL failed to sign a call; it was not sent");
    hex_format_upper(signature, methods[signer->method].signature_bytes, ret_sign);
    return 0;
}

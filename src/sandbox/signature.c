#include "signature.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"

struct verifier {
    EVP_MD *md5;
    EVP_MD_CTX *md;
    EVP_MAC_CTX *hmac_md5; /* both hold their key already */
    EVP_MAC_CTX *hmac_sha256;
    struct buffer secret;
    struct buffer text;
};

/* NULL when OpenSSL refuses, or without memory. */
static EVP_MAC_CTX *keyed_mac(EVP_MAC *hmac, const char *digest, const char *secret)
{
    EVP_MAC_CTX *mac = EVP_MAC_CTX_new(hmac);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest, 0),
        OSSL_PARAM_construct_end(),
    };

    if (mac && !EVP_MAC_init(mac, (const unsigned char *)secret, strlen(secret), params)) {
        EVP_MAC_CTX_free(mac);
        mac = NULL;
    }
    return mac;
}

int signature_verifier_open(const char *secret, struct verifier **ret_verifier, struct error *err)
{
    struct verifier *verifier = calloc(1, sizeof(*verifier));
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

    if (verifier && hmac) {
        buffer_text(&verifier->secret, secret);
        verifier->md5 = EVP_MD_fetch(NULL, "MD5", NULL);
        verifier->md = EVP_MD_CTX_new();
        verifier->hmac_md5 = keyed_mac(hmac, "MD5", secret);
        verifier->hmac_sha256 = keyed_mac(hmac, "SHA256", secret);
    }
    EVP_MAC_free(hmac);
    if (!verifier || !verifier->md5 || !verifier->md || !verifier->hmac_md5 ||
        !verifier->hmac_sha256 || verifier->secret.failed) {
        signature_verifier_close(verifier);
        return error_set(err, EXIT_INTERNAL, "OpenSSL offers no MD5, HMAC or SHA-256");
    }
    *ret_verifier = verifier;
    return 0;
}

void signature_verifier_close(struct verifier *verifier)
{
    if (!verifier)
        return;
    EVP_MAC_CTX_free(verifier->hmac_sha256);
    EVP_MAC_CTX_free(verifier->hmac_md5);
    EVP_MD_CTX_free(verifier->md);
    EVP_MD_free(verifier->md5);
    buffer_wipe(&verifier->secret);
    buffer_release(&verifier->text);
    free(verifier);
}

/* Length of the Java whitespace that begins at p, or 0. */
static size_t java_blank(const unsigned char *p)
{
    if ((*p >= 9 && *p <= 13) || (*p >= 28 && *p <= 32))
        return 1;
    if (p[0] == 0xe3 && p[1] == 0x80 && p[2] == 0x80) /* U+3000 */
        return 3;
    if (p[0] == 0xe1 && p[1] == 0x9a && p[2] == 0x80) /* U+1680 */
        return 3;
    if (p[0] == 0xe2 && p[1] == 0x81 && p[2] == 0x9f) /* U+205F */
        return 3;
    if (p[0] == 0xe2 && p[1] == 0x80) /* U+2000 to U+200A without U+2007; U+2028, U+2029 */
        return (p[2] >= 0x80 && p[2] <= 0x8a && p[2] != 0x87) || p[2] == 0xa8 || p[2] == 0xa9 ? 3
                                                                                              : 0;
    return 0;
}

static bool is_blank(const char *value)
{
    const unsigned char *p = (const unsigned char *)value;
    size_t len;

    while ((len = java_blank(p)))
        p += len;
    return *p == '\0';
}

static bool is_skipped(const struct field *field, enum signature_skip skip)
{
    if (!strcmp(field->name, "sign"))
        return true;
    switch (skip) {
    case SIGNATURE_SKIP_EMPTY:
        return *field->value == '\0';
    case SIGNATURE_SKIP_BLANK:
        return is_blank(field->value);
    case SIGNATURE_SKIP_NONE:
        break;
    }
    return false;
}

static int by_name(const void *left, const void *right)
{
    const struct field *a = left;
    const struct field *b = right;

    return strcmp(a->name, b->name);
}

void signature_text(const struct form *form, enum signature_skip skip, const char *body,
                    size_t body_len, struct buffer *ret_text)
{
    struct field sorted[FORM_FIELDS];
    size_t count = 0;

    for (size_t i = 0; i < form->count; i++)
        if (!is_skipped(&form->fields[i], skip))
            sorted[count++] = form->fields[i];
    qsort(sorted, count, sizeof(*sorted), by_name);
    for (size_t i = 0; i < count; i++) {
        buffer_text(ret_text, sorted[i].name);
        buffer_text(ret_text, sorted[i].value);
    }
    if (body)
        buffer_append(ret_text, body, body_len);
}

static size_t md5_of(struct verifier *verifier, const char *text, size_t text_len,
                     unsigned char *ret_bytes)
{
    unsigned int len = 0;
    const struct buffer *secret = &verifier->secret;

    if (!EVP_DigestInit_ex2(verifier->md, verifier->md5, NULL) ||
        !EVP_DigestUpdate(verifier->md, buffer_string(secret), secret->len) ||
        !EVP_DigestUpdate(verifier->md, text, text_len) ||
        !EVP_DigestUpdate(verifier->md, buffer_string(secret), secret->len) ||
        !EVP_DigestFinal_ex(verifier->md, ret_bytes, &len))
        return 0;
    return len;
}

static size_t hmac_of(EVP_MAC_CTX *mac, const char *text, size_t text_len, unsigned char *ret_bytes)
{
    size_t len = 0;

    if (!EVP_MAC_init(mac, NULL, 0, NULL) ||
        !EVP_MAC_update(mac, (const unsigned char *)text, text_len) ||
        !EVP_MAC_final(mac, ret_bytes, &len, EVP_MAX_MD_SIZE))
        return 0;
    return len;
}

bool signature_of_call(struct verifier *verifier, const char *method, const char *text, size_t len,
                       char ret_hex[SIGNATURE_HEX_BYTES])
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    size_t count = 0;

    if (!method || !strcmp(method, "md5"))
        count = md5_of(verifier, text, len, bytes);
    else if (!strcmp(method, "hmac"))
        count = hmac_of(verifier->hmac_md5, text, len, bytes);
    else if (!strcmp(method, "hmac-sha256"))
        count = hmac_of(verifier->hmac_sha256, text, len, bytes);
    return count && OPENSSL_buf2hexstr_ex(ret_hex, SIGNATURE_HEX_BYTES, NULL, bytes, count, '\0');
}

static bool fits(struct verifier *verifier, const char *method, const char *sign)
{
    char hex[SIGNATURE_HEX_BYTES];

    return !verifier->text.failed &&
           signature_of_call(verifier, method, buffer_string(&verifier->text), verifier->text.len,
                             hex) &&
           !strcasecmp(hex, sign);
}

static bool skips_any(const struct form *form, enum signature_skip skip)
{
    for (size_t i = 0; i < form->count; i++)
        if (strcmp(form->fields[i].name, "sign") != 0 && is_skipped(&form->fields[i], skip))
            return true;
    return false;
}

bool signature_accepts(struct verifier *verifier, const struct form *form, const char *body,
                       size_t body_len)
{
    static const enum signature_skip skips[] = {SIGNATURE_SKIP_NONE, SIGNATURE_SKIP_EMPTY,
                                                SIGNATURE_SKIP_BLANK};
    const char *sign = form_filled(form, "sign");

    if (!sign)
        return false;
    for (size_t i = 0; i < sizeof(skips) / sizeof(*skips); i++) {
        if (skips[i] != SIGNATURE_SKIP_NONE && !skips_any(form, skips[i]))
            continue;
        buffer_reset(&verifier->text);
        signature_text(form, skips[i], body, body_len, &verifier->text);
        if (fits(verifier, form_filled(form, "sign_method"), sign))
            return true;
    }
    return false;
}

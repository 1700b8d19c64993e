#include "certificate.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/error.h"

#define DAY_SECONDS 86400L

bool certificate_kind_parse(const char *name, enum certificate_kind *ret_kind)
{
    static const char *const names[] = {"good", "expired", "other-host"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(name, names[i]) != 0)
            continue;
        *ret_kind = (enum certificate_kind)i;
        return true;
    }
    return false;
}

static bool add_extension(X509 *x509, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool ok;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    ok = extension && X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

static bool add_extensions(X509 *x509, enum certificate_kind kind)
{
    const char *names =
        kind == CERTIFICATE_OTHER_HOST ? "DNS:other.invalid" : "IP:127.0.0.1,IP:::1,DNS:localhost";

    return add_extension(x509, NID_subject_alt_name, names) &&
           add_extension(x509, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(x509, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
           add_extension(x509, NID_ext_key_usage, "serverAuth") &&
           add_extension(x509, NID_subject_key_identifier, "hash") &&
           add_extension(x509, NID_authority_key_identifier, "keyid");
}

static bool set_validity(X509 *x509, enum certificate_kind kind)
{
    long end = kind == CERTIFICATE_EXPIRED ? -DAY_SECONDS : DAY_SECONDS;

    return X509_gmtime_adj(X509_getm_notBefore(x509), -2 * DAY_SECONDS) &&
           X509_gmtime_adj(X509_getm_notAfter(x509), end);
}

/* Its own issuer; the serial number is random, so that no two ever clash in a store. */
static bool set_names(X509 *x509)
{
    unsigned char serial[8];
    BIGNUM *number = NULL;
    X509_NAME *name = X509_get_subject_name(x509);
    bool ok = RAND_bytes(serial, sizeof(serial)) == 1;

    serial[0] = (serial[0] & 0x7f) | 1;
    number = BN_bin2bn(serial, sizeof(serial), NULL);
    ok = ok && number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                    (const unsigned char *)"claimbatch-sandbox", -1, -1, 0) &&
         X509_set_issuer_name(x509, name);
    BN_free(number);
    return ok;
}

static X509 *make_x509(enum certificate_kind kind, EVP_PKEY *key)
{
    X509 *x509 = X509_new();

    if (x509 && X509_set_version(x509, X509_VERSION_3) && set_names(x509) &&
        set_validity(x509, kind) && X509_set_pubkey(x509, key) && add_extensions(x509, kind) &&
        X509_sign(x509, key, EVP_sha256()))
        return x509;
    X509_free(x509);
    return NULL;
}

static void append_bio(BIO *bio, struct buffer *text)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);

    if (len > 0)
        buffer_append(text, bytes, (size_t)len);
}

int certificate_make(enum certificate_kind kind, struct buffer *ret_certificate,
                     struct buffer *ret_key, struct error *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = key ? make_x509(kind, key) : NULL;
    BIO *certificate_pem = BIO_new(BIO_s_mem());
    BIO *key_pem = BIO_new(BIO_s_mem());
    int result = -1;

    if (!x509 || !certificate_pem || !key_pem || !PEM_write_bio_X509(certificate_pem, x509) ||
        !PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL)) {
        error_set(err, EXIT_INTERNAL, "OpenSSL cannot make a certificate");
        goto out;
    }
    append_bio(certificate_pem, ret_certificate);
    append_bio(key_pem, ret_key);
    result = ret_certificate->failed || ret_key->failed ? error_no_memory(err) : 0;
out:
    BIO_free(key_pem);
    BIO_free(certificate_pem);
    X509_free(x509);
    EVP_PKEY_free(key);
    return result;
}

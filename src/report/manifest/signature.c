#include "report/manifest/signature.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/process/secret.h"
#include "base/words/language.h"

#define VALUE_BYTES 64
#define VALUE_TEXT_BYTES (4 * ((VALUE_BYTES + 2) / 3) + 1)
#define PUBLIC_BEGIN "-----BEGIN PUBLIC KEY-----"
#define PUBLIC_BYTES_MAX 64 /* 44 as DER */
#define PUBLIC_TEXT_BYTES (4 * ((PUBLIC_BYTES_MAX + 2) / 3) + 1)

#define TAIL "\n}\n" /* of every manifest */
#define MARK ",\n  \"signature\": {"

/* The private key is kept as text, in memory that is locked, and becomes OpenSSL's only while it
 * signs. */
struct signing_key {
    struct secret pem;
    char public_text[PUBLIC_TEXT_BYTES];
};

struct verify_key {
    EVP_PKEY *pkey;
    char public_text[PUBLIC_TEXT_BYTES];
    struct verify_key *next; /* behind it in the file */
};

/* ---- keys ---- */

/* OpenSSL would ask on the terminal. */
static int refuse_passphrase(char *bytes, int size, int writing, void *context)
{
    (void)bytes;
    (void)size;
    (void)writing;
    *(bool *)context = true;
    return -1;
}

static int refuse_key(const char *path, const char *why, struct error *err)
{
    return error_set(err, EXIT_BAD_CONFIG, "the key file '%s' %s", LOG_QUOTED(path), why);
}

/* The key in base64, as it stands between the lines of its PEM form. */
static int describe_public(EVP_PKEY *pkey, char ret_text[PUBLIC_TEXT_BYTES], struct error *err)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);

    if (len > 0 && len <= PUBLIC_BYTES_MAX)
        EVP_EncodeBlock((unsigned char *)ret_text, der, len);
    OPENSSL_free(der);
    return len > 0 && len <= PUBLIC_BYTES_MAX ? 0 : error_no_memory(err);
}

static EVP_PKEY *parse_private(const struct secret *pem, bool *ret_is_locked)
{
    BIO *bio = BIO_new_mem_buf(pem->text, (int)pem->len);
    EVP_PKEY *pkey =
        bio ? PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, ret_is_locked) : NULL;

    BIO_free(bio);
    return pkey;
}

static bool is_ed25519(const EVP_PKEY *pkey)
{
    return pkey && EVP_PKEY_get_base_id(pkey) == EVP_PKEY_ED25519;
}

static int take_private(const char *path, struct signing_key *key, struct error *err)
{
    bool is_locked = false;
    EVP_PKEY *pkey = NULL;
    int result = -1;

    if (secret_read_file(path, _("signing key"), SIGNATURE_KEY_BYTES_MAX, &key->pem, err))
        return -1;
    pkey = parse_private(&key->pem, &is_locked);
    if (is_ed25519(pkey))
        result = describe_public(pkey, key->public_text, err);
    else
        refuse_key(path,
                   is_locked ? _("is locked with a passphrase; signing needs a key without one")
                   : pkey ? _("holds a key of another kind; signing needs an Ed25519 key: openssl "
                              "genpkey -algorithm ed25519 -out FILE")
                          : _("holds no private key in PEM form; make one: openssl genpkey "
                              "-algorithm ed25519 -out FILE"),
                   err);
    EVP_PKEY_free(pkey); /* wipes it */
    return result;
}

int signature_key_open(const char *path, struct signing_key **ret_key, struct error *err)
{
    struct signing_key *key = calloc(1, sizeof(*key));

    *ret_key = NULL;
    if (!key)
        return error_no_memory(err);
    if (take_private(path, key, err)) {
        signature_key_close(key);
        return -1;
    }
    *ret_key = key;
    return 0;
}

void signature_key_close(struct signing_key *key)
{
    if (!key)
        return;
    secret_release(&key->pem);
    free(key);
}

static int refuse_public(const char *path, const EVP_PKEY *pkey, struct error *err)
{
    return refuse_key(path,
                      pkey ? _("holds a key of another kind; manifests are signed with Ed25519")
                           : _("holds no public key in PEM form; it is made of the private "
                               "one: openssl pkey -in PRIVATE -pubout -out FILE"),
                      err);
}

static size_t count_begun(const char *pem)
{
    size_t count = 0;

    while ((pem = strstr(pem, PUBLIC_BEGIN))) {
        pem += strlen(PUBLIC_BEGIN);
        count++;
    }
    return count;
}

/* So many as there are. One that cannot be read is not passed over: what it signed would be called
 * forged. */
static int parse_public(const char *path, BIO *bio, size_t count, struct verify_key **ret_keys,
                        struct error *err)
{
    struct verify_key **next = ret_keys;

    for (size_t i = 0; i < count || !i; i++) {
        struct verify_key *key = calloc(1, sizeof(*key));
        bool is_locked = false;

        if (!key)
            return error_no_memory(err);
        *next = key;
        next = &key->next;
        key->pkey = PEM_read_bio_PUBKEY(bio, NULL, refuse_passphrase, &is_locked);
        if (!is_ed25519(key->pkey))
            return refuse_public(path, key->pkey, err);
        if (describe_public(key->pkey, key->public_text, err))
            return -1;
    }
    return 0;
}

int signature_verify_key_open(const char *path, struct verify_key **ret_key, struct error *err)
{
    struct buffer pem = {0};
    BIO *bio = NULL;
    int result = file_read_all(path, SIGNATURE_KEY_BYTES_MAX, &pem, err);

    *ret_key = NULL;
    if (result && err->exit_code == EXIT_INPUT_REFUSED)
        refuse_key(path, _("is too large for a key"), err);
    if (!result) {
        bio = BIO_new_mem_buf(buffer_string(&pem), (int)pem.len);
        result = bio ? parse_public(path, bio, count_begun(buffer_string(&pem)), ret_key, err)
                     : error_no_memory(err);
    }
    BIO_free(bio);
    buffer_wipe(&pem);
    if (!result)
        return 0;
    signature_verify_key_close(*ret_key);
    *ret_key = NULL;
    return -1;
}

void signature_verify_key_close(struct verify_key *key)
{
    while (key) {
        struct verify_key *next = key->next;

        EVP_PKEY_free(key->pkey);
        free(key);
        key = next;
    }
}

/* ---- signing ---- */

/* Everything behind the canonical text's last member. */
static void append_member(const char *public_key, const char *value, struct buffer *ret_json)
{
    buffer_format(ret_json,
                  MARK "\n    \"algorithm\": \"" SIGNATURE_ALGORITHM "\",\n"
                       "    \"public_key\": \"%s\",\n    \"value\": \"%s\"\n  }" TAIL,
                  public_key, value);
}

static int sign(EVP_PKEY *pkey, const struct buffer *text, char ret_value[VALUE_TEXT_BYTES])
{
    unsigned char value[VALUE_BYTES];
    size_t len = sizeof(value);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good =
        context && EVP_DigestSignInit(context, NULL, NULL, NULL, pkey) == 1 &&
        EVP_DigestSign(context, value, &len, (const unsigned char *)text->ptr, text->len) == 1 &&
        len == sizeof(value);

    EVP_MD_CTX_free(context);
    if (good)
        EVP_EncodeBlock((unsigned char *)ret_value, value, sizeof(value));
    return good ? 0 : -1;
}

int signature_add(const struct signing_key *key, struct buffer *json, struct error *err)
{
    char value[VALUE_TEXT_BYTES];

    bool is_locked = false, is_signed = false;
    EVP_PKEY *pkey = parse_private(&key->pem, &is_locked);

    is_signed = pkey && json->len >= strlen(TAIL) &&
                strcmp(json->ptr + json->len - strlen(TAIL), TAIL) == 0 && !sign(pkey, json, value);
    EVP_PKEY_free(pkey);
    if (!is_signed)
        return error_set(err, EXIT_INTERNAL, "cannot sign the manifest");
    json->len -= strlen(TAIL);
    append_member(key->public_text, value, json);
    return json->failed ? error_no_memory(err) : 0;
}

/* ---- checking ---- */

static bool decode(const char *text, unsigned char ret_value[VALUE_BYTES])
{
    unsigned char bytes[VALUE_TEXT_BYTES];
    char again[VALUE_TEXT_BYTES];

    if (strlen(text) != VALUE_TEXT_BYTES - 1 ||
        EVP_DecodeBlock(bytes, (const unsigned char *)text, VALUE_TEXT_BYTES - 1) < VALUE_BYTES)
        return false;
    memcpy(ret_value, bytes, VALUE_BYTES);
    /* Several texts of base64 say the same, in bits that nothing needs. */
    EVP_EncodeBlock((unsigned char *)again, ret_value, VALUE_BYTES);
    return strcmp(text, again) == 0;
}

static bool verify(EVP_PKEY *pkey, const struct buffer *text, const char *value_text)
{
    unsigned char value[VALUE_BYTES];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context && decode(value_text, value) &&
                EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1 &&
                EVP_DigestVerify(context, value, sizeof(value), (const unsigned char *)text->ptr,
                                 text->len) == 1;

    EVP_MD_CTX_free(context);
    return good;
}

/* Takes the file apart: what was signed, provided that what follows is the signature and nothing
 * else. */
static bool extract(const struct manifest_found *manifest, struct buffer *ret_canonical)
{
    const char *text = manifest->text.ptr;
    const char *mark = strstr(text, MARK);
    struct buffer rest = {0};
    bool good;

    if (!mark)
        return false;
    append_member(manifest->signature.public_key, manifest->signature.value, &rest);
    good = strcmp(mark, buffer_string(&rest)) == 0;
    buffer_release(&rest);
    buffer_append(ret_canonical, text, (size_t)(mark - text));
    buffer_text(ret_canonical, TAIL);
    return good;
}

int signature_check(const struct verify_key *key, const struct manifest_found *manifest,
                    enum signature_verdict *ret_verdict, struct error *err)
{
    const struct manifest_signature *signature = &manifest->signature;
    struct buffer canonical = {0};

    while (signature->is_there && key->next && strcmp(signature->public_key, key->public_text) != 0)
        key = key->next;
    if (!signature->is_there)
        *ret_verdict = SIGNATURE_MISSING;
    else if (strcmp(signature->public_key, key->public_text) != 0)
        *ret_verdict = SIGNATURE_OTHER_KEY;
    else if (strcmp(signature->algorithm, SIGNATURE_ALGORITHM) == 0 &&
             extract(manifest, &canonical) && !canonical.failed &&
             verify(key->pkey, &canonical, signature->value))
        *ret_verdict = SIGNATURE_GOOD;
    else
        *ret_verdict = SIGNATURE_BAD;
    if (canonical.failed)
        error_no_memory(err);
    buffer_release(&canonical);
    return canonical.failed ? -1 : 0;
}

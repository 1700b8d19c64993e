/* Unit tests of report/signature: only what was signed, by the key that is given, is good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/error.h"
#include "folder.h"
#include "report/manifest/signature.h"

static struct error err;

/* A canonical text, as every manifest ends. */
static const char canonical[] = "{\n  \"manifest\": \"x\",\n  \"replaced\": []\n}\n";

struct keys {
    char folder[64];
    char private_path[96], public_path[96], other_path[96];
    struct signing_key *signing;
    struct verify_key *verifying, *other;
};

static void write_key(const char *path, EVP_PKEY *pkey, bool is_private)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    if (is_private)
        assert_int_equal(PEM_write_PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL), 1);
    else
        assert_int_equal(PEM_write_PUBKEY(file, pkey), 1);
    assert_int_equal(fclose(file), 0);
}

static void make_pair(const char *private_path, const char *public_path)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    assert_non_null(pkey);
    if (private_path)
        write_key(private_path, pkey, true);
    write_key(public_path, pkey, false);
    EVP_PKEY_free(pkey);
}

static int set_up(void **state)
{
    struct keys *keys = calloc(1, sizeof(*keys));

    *state = keys;
    folder_make(keys->folder);
    snprintf(keys->private_path, sizeof(keys->private_path), "%s/private.pem", keys->folder);
    snprintf(keys->public_path, sizeof(keys->public_path), "%s/public.pem", keys->folder);
    snprintf(keys->other_path, sizeof(keys->other_path), "%s/other.pem", keys->folder);
    make_pair(keys->private_path, keys->public_path);
    make_pair(NULL, keys->other_path);
    assert_int_equal(signature_key_open(keys->private_path, &keys->signing, &err), 0);
    assert_int_equal(signature_verify_key_open(keys->public_path, &keys->verifying, &err), 0);
    assert_int_equal(signature_verify_key_open(keys->other_path, &keys->other, &err), 0);
    return 0;
}

static int tear_down(void **state)
{
    struct keys *keys = *state;

    signature_key_close(keys->signing);
    signature_verify_key_close(keys->verifying);
    signature_verify_key_close(keys->other);
    unlink(keys->private_path);
    unlink(keys->public_path);
    unlink(keys->other_path);
    assert_int_equal(rmdir(keys->folder), 0);
    free(keys);
    return 0;
}

static void sign(const struct keys *keys, struct buffer *json)
{
    buffer_reset(json);
    buffer_text(json, canonical);
    assert_int_equal(signature_add(keys->signing, json, &err), 0);
}

/* The value of a member of the signature; the caller frees it. */
static char *member(const struct buffer *json, const char *name)
{
    char mark[32];
    const char *at;

    snprintf(mark, sizeof(mark), "\"%s\": \"", name);
    at = strstr(json->ptr, mark);
    if (!at)
        return strdup("");
    at += strlen(mark);
    return strndup(at, strcspn(at, "\""));
}

/* Judges a text as the manifest that was read of it. */
static enum signature_verdict judge(const struct verify_key *key, const struct buffer *json)
{
    char *algorithm = member(json, "algorithm");
    char *public_key = member(json, "public_key");
    char *value = member(json, "value");
    struct manifest_found found = {
        .signature = {strstr(json->ptr, "\"signature\"") != NULL, algorithm, public_key, value},
        .text = *json,
    };
    enum signature_verdict verdict;

    assert_int_equal(signature_check(key, &found, &verdict, &err), 0);
    free(algorithm);
    free(public_key);
    free(value);
    return verdict;
}

static void what_was_signed_is_good(void **state)
{
    const struct keys *keys = *state;
    struct buffer json = {0};

    sign(keys, &json);
    assert_int_equal(strncmp(json.ptr, canonical, strlen(canonical) - 3), 0);
    assert_int_equal(judge(keys->verifying, &json), SIGNATURE_GOOD);
    assert_int_equal(judge(keys->other, &json), SIGNATURE_OTHER_KEY);
    buffer_release(&json);
}

static void what_was_not_signed_is_said_to_be_missing(void **state)
{
    const struct keys *keys = *state;
    struct buffer json = {0};

    buffer_text(&json, canonical);
    assert_int_equal(judge(keys->verifying, &json), SIGNATURE_MISSING);
    buffer_release(&json);
}

static void no_flipped_bit_is_good(void **state)
{
    const struct keys *keys = *state;
    struct buffer json = {0};

    sign(keys, &json);
    for (size_t at = 0; at < json.len; at++)
        for (int bit = 0; bit < 8; bit++) {
            json.ptr[at] = (char)(json.ptr[at] ^ 1 << bit);
            if (json.ptr[at] && judge(keys->verifying, &json) == SIGNATURE_GOOD)
                fail_msg("bit %d of byte %zu was flipped, and the signature is good", bit, at);
            json.ptr[at] = (char)(json.ptr[at] ^ 1 << bit);
        }
    assert_int_equal(judge(keys->verifying, &json), SIGNATURE_GOOD);
    buffer_release(&json);
}

static void nothing_can_be_added(void **state)
{
    const struct keys *keys = *state;
    struct buffer json = {0};

    sign(keys, &json);
    buffer_text(&json, "\n");
    assert_int_equal(judge(keys->verifying, &json), SIGNATURE_BAD);
    sign(keys, &json);
    json.len -= 3;
    json.ptr[json.len] = '\0';
    buffer_text(&json, ",\n  \"complete\": true\n}\n");
    assert_int_equal(judge(keys->verifying, &json), SIGNATURE_BAD);
    buffer_release(&json);
}

static void the_name_of_the_key_can_not_be_exchanged(void **state)
{
    const struct keys *keys = *state;
    struct buffer json = {0};
    struct buffer forged = {0};
    char *mine;

    sign(keys, &json);
    mine = member(&json, "public_key");
    buffer_text(&forged, json.ptr);
    /* The forger signs with a key of his own and names ours. */
    {
        char path[96];
        char name[96];
        struct signing_key *his;
        char *named;
        char *place;

        snprintf(path, sizeof(path), "%s/his.pem", keys->folder);
        snprintf(name, sizeof(name), "%s/his-public.pem", keys->folder);
        make_pair(path, name);
        assert_int_equal(signature_key_open(path, &his, &err), 0);
        buffer_reset(&forged);
        buffer_text(&forged, canonical);
        assert_int_equal(signature_add(his, &forged, &err), 0);
        named = member(&forged, "public_key");
        assert_int_equal(strlen(named), strlen(mine));
        place = strstr(forged.ptr, named);
        assert_non_null(place);
        memcpy(place, mine, strlen(mine));
        free(named);
        signature_key_close(his);
        unlink(path);
        unlink(name);
    }
    assert_int_equal(judge(keys->verifying, &forged), SIGNATURE_BAD);
    free(mine);
    buffer_release(&json);
    buffer_release(&forged);
}

static void assert_no_signing_key(const char *path, const char *words)
{
    struct signing_key *key;

    assert_int_equal(signature_key_open(path, &key, &err), -1);
    assert_null(key);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    if (!strstr(err.text, words))
        fail_msg("'%s' is not in: %s", words, err.text);
}

static void keys_that_others_can_read_are_refused(void **state)
{
    const struct keys *keys = *state;

    assert_int_equal(chmod(keys->private_path, 0644), 0);
    assert_no_signing_key(keys->private_path, "chmod 600");
    assert_int_equal(chmod(keys->private_path, 0640), 0);
    assert_no_signing_key(keys->private_path, "chmod 600");
    assert_int_equal(chmod(keys->private_path, 0600), 0);
}

static void keys_of_another_kind_are_refused(void **state)
{
    const struct keys *keys = *state;
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    struct verify_key *key;
    char path[96];

    snprintf(path, sizeof(path), "%s/ec.pem", keys->folder);
    write_key(path, pkey, true);
    assert_no_signing_key(path, "Ed25519");
    write_key(path, pkey, false);
    assert_int_equal(signature_verify_key_open(path, &key, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "Ed25519"));
    EVP_PKEY_free(pkey);
    unlink(path);
}

static void the_wrong_half_of_a_pair_is_told(void **state)
{
    const struct keys *keys = *state;
    struct verify_key *key;

    assert_no_signing_key(keys->public_path, "no private key");
    assert_int_equal(signature_verify_key_open(keys->private_path, &key, &err), -1);
    assert_null(key);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "no public key"));
    assert_int_equal(signature_verify_key_open("/nowhere/key.pem", &key, &err), -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_MISSING);
    assert_no_signing_key("/nowhere/key.pem", "cannot open");
}

static void a_key_that_is_locked_is_told(void **state)
{
    const struct keys *keys = *state;
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    char path[96];
    FILE *file;

    snprintf(path, sizeof(path), "%s/locked.pem", keys->folder);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    assert_int_equal(
        PEM_write_PKCS8PrivateKey(file, pkey, EVP_aes_128_cbc(), "pass", 4, NULL, NULL), 1);
    assert_int_equal(fclose(file), 0);
    assert_no_signing_key(path, "passphrase");
    EVP_PKEY_free(pkey);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_signed_is_good),
        cmocka_unit_test(what_was_not_signed_is_said_to_be_missing),
        cmocka_unit_test(no_flipped_bit_is_good),
        cmocka_unit_test(nothing_can_be_added),
        cmocka_unit_test(the_name_of_the_key_can_not_be_exchanged),
        cmocka_unit_test(keys_that_others_can_read_are_refused),
        cmocka_unit_test(keys_of_another_kind_are_refused),
        cmocka_unit_test(the_wrong_half_of_a_pair_is_told),
        cmocka_unit_test(a_key_that_is_locked_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

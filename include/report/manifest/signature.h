/*
 * signature: who vouches for a manifest.
 *
 * Ed25519; hides OpenSSL. The canonical text is the manifest as it is without a signature: the
 * bytes of the file up to the line that begins with `  "signature"`, without the comma before it,
 * and then a line end, `}` and a line end. That member is always the last. So anybody can check
 * it with tools there are (M is the manifest, the value is that of the signature):
 *
 *   sed -z 's/,\n  "signature": {.*$/\n}\n/' M >text; echo VALUE | base64 -d >value
 *   openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in text -sigfile value
 *
 * Tested by tests/unit/test_signature.c and tests/e2e/test_signature.py
 */
#ifndef CLAIMBATCH_REPORT_MANIFEST_SIGNATURE_H
#define CLAIMBATCH_REPORT_MANIFEST_SIGNATURE_H

#include "base/buffer.h"
#include "report/manifest/manifest.h"

struct error;
struct signing_key;
struct verify_key;

#define SIGNATURE_ALGORITHM "Ed25519"
#define SIGNATURE_KEY_BYTES_MAX 16384 /* of a key file */

/* Reads a private key, PEM without a passphrase. EXIT_BAD_CONFIG when it cannot be read, is open to
 * group or others, or is no such key; its content is never in the message. */
int signature_key_open(const char *path, struct signing_key **ret_key, struct error *err);
void signature_key_close(struct signing_key *key); /* NULL is fine */

/* Adds the signature to a canonical text. */
int signature_add(const struct signing_key *key, struct buffer *json, struct error *err);

/* Reads public keys, PEM, one behind the other: an office that changes its key has reports of both.
 * EXIT_INPUT_MISSING when the file cannot be opened, EXIT_BAD_CONFIG when it holds none, or one
 * that cannot be read. */
int signature_verify_key_open(const char *path, struct verify_key **ret_key, struct error *err);
void signature_verify_key_close(struct verify_key *key); /* NULL is fine */

enum signature_verdict {
    SIGNATURE_GOOD,
    SIGNATURE_MISSING,
    SIGNATURE_OTHER_KEY, /* it says that another key made it */
    SIGNATURE_BAD,       /* the text was changed, or it was never signed with this key */
};

/* Judges the manifest that was read, by that of the keys which it names. -1 without memory. */
int signature_check(const struct verify_key *key, const struct manifest_found *manifest,
                    enum signature_verdict *ret_verdict, struct error *err);

#endif

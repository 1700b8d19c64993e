/*
 * signature: whether a call was signed with the app secret (protocol section 3).
 *
 * Written apart from the program's own signing, so that the two can be held against each other.
 * A verifier is used by one thread.
 *
 * Tested by tests/unit/test_sandbox_check.c, against vectors made with the official SDKs
 */
#ifndef CLAIMBATCH_SANDBOX_SIGNATURE_H
#define CLAIMBATCH_SANDBOX_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "form.h"

struct error;
struct verifier;

/* SDKs disagree which parameters are left out of the signature besides `sign`. */
enum signature_skip {
    SIGNATURE_SKIP_NONE,
    SIGNATURE_SKIP_EMPTY,
    SIGNATURE_SKIP_BLANK, /* nothing but what Java calls whitespace */
};

/* The secret is copied, and wiped on close. EXIT_INTERNAL when OpenSSL refuses. */
int signature_verifier_open(const char *secret, struct verifier **ret_verifier, struct error *err);
void signature_verifier_close(struct verifier *verifier);

/*
 * Appends the text that is signed: names and values in byte order of the names, then the raw body
 * of a batch call if there is one.
 */
void signature_text(const struct form *form, enum signature_skip skip, const char *body,
                    size_t body_len, struct buffer *ret_text);

#define SIGNATURE_HEX_BYTES 129

/*
 * Signs a text by the named method (NULL: md5). Upper-case hex; false for a method nobody knows.
 */
bool signature_of_call(struct verifier *verifier, const char *method, const char *text, size_t len,
                       char ret_hex[SIGNATURE_HEX_BYTES]);

/*
 * Whether the form's `sign` fits by its `sign_method` (md5 when it has none), with blank parameters
 * signed or not; case does not matter. `body` is NULL except in a batch call.
 */
bool signature_accepts(struct verifier *verifier, const struct form *form, const char *body,
                       size_t body_len);

#endif

/*
 * sign: the signature of a TOP call (protocol section 3).
 *
 * Hides OpenSSL: algorithms are fetched and keys set up once, in sign_open, not for each call. A
 * signer is used by one thread.
 *
 * Tested by tests/unit/test_sign.c, against vectors made with the official SDKs
 */
#ifndef CLAIMBATCH_GATEWAY_SIGN_H
#define CLAIMBATCH_GATEWAY_SIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

struct error;
struct signer;

enum sign_method { SIGN_HMAC_SHA256, SIGN_HMAC_MD5, SIGN_MD5 };

#define SIGN_TEXT_BYTES 65 /* upper-case hex of the longest signature and its NUL */

/* A parameter, before form encoding; UTF-8, the name not empty. Borrowed. */
struct param {
    const char *name;
    const char *value;
};

/*
 * Whether a parameter with this value takes no part in a call: nothing in it but what Java calls
 * whitespace (U+3000 is, U+00A0 is not). It is neither signed nor to be sent; the official SDK
 * leaves it out of the signature.
 */
bool sign_skips(const char *value);

/* "hmac-sha256", "hmac", "md5". */
const char *sign_method_name(enum sign_method method);
bool sign_method_parse(const char *name, enum sign_method *ret_method);

/* The secret is borrowed until the signer is closed, and never copied. EXIT_INTERNAL when OpenSSL
 * refuses (md5 in a FIPS build). */
int sign_open(enum sign_method method, const char *secret, struct signer **ret_signer,
              struct error *err);
void sign_close(struct signer *signer);

/* Appends S: names and values sorted by name in byte order and joined, without those that
 * sign_skips; params is sorted in place. */
void sign_string(struct param *params, size_t count, struct buffer *ret_string);

/*
 * Signs the parameters (all that are sent but `sign`; sorted in place) and, if not NULL, the raw
 * body. ret_sign gets the upper-case hex. -1 with EXIT_INTERNAL or EXIT_RESOURCES.
 */
int sign_call(struct signer *signer, struct param *params, size_t count, const char *body,
              size_t body_len, char ret_sign[SIGN_TEXT_BYTES], struct error *err);

#endif

/*
 * digest: SHA-256, and the fingerprint of a claim's content.
 *
 * Hides OpenSSL; the algorithm is fetched once a process. Safe in any thread after the first call.
 *
 * Tested by tests/unit/test_digest.c
 */
#ifndef CLAIMBATCH_GATEWAY_DIGEST_H
#define CLAIMBATCH_GATEWAY_DIGEST_H

#include <stddef.h>

struct claim;

#define DIGEST_SHA256_BYTES 32
#define DIGEST_CLAIM_BYTES 16      /* the first half of a SHA-256 */
#define DIGEST_CLAIM_TEXT_BYTES 33 /* its hex form and the NUL */

/*
 * The digest of the report (contract section 3): SHA-256 over "claimbatch-claim-1" and the seven
 * values as sent, in the order of the columns, an absent claim_desc as empty, joined by U+001F; its
 * first 16 bytes. -1 without memory.
 */
int digest_claim(const struct claim *claim, unsigned char ret_digest[DIGEST_CLAIM_BYTES]);

/* Lower-case hex of `len` bytes and a NUL: 2 * len + 1 chars. */
void digest_hex(const unsigned char *bytes, size_t len, char *ret_hex);

/* A running SHA-256. */
struct sha256;
struct sha256 *sha256_open(void); /* NULL without memory */
int sha256_update(struct sha256 *sha256, const void *bytes, size_t len);
/* Gives the digest of all bytes so far and begins anew. */
int sha256_finish(struct sha256 *sha256, unsigned char ret_digest[DIGEST_SHA256_BYTES]);
void sha256_close(struct sha256 *sha256);

#endif

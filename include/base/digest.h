/*
 * digest: SHA-256.
 *
 * Hides OpenSSL; the algorithm is fetched once a process. Safe in any thread after the first call.
 *
 * Tested by tests/unit/test_digest.c
 */
#ifndef CLAIMBATCH_BASE_DIGEST_H
#define CLAIMBATCH_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_SHA256_BYTES 32
#define DIGEST_CLAIM_BYTES 16      /* the first half of a SHA-256 */
#define DIGEST_CLAIM_TEXT_BYTES 33 /* its hex form and the NUL */

/* A running SHA-256. */
struct digest;
struct digest *digest_open(void); /* NULL without memory */
int digest_update(struct digest *digest, const void *bytes, size_t len);
/* Gives the digest of all bytes so far and begins anew. */
int digest_finish(struct digest *digest, unsigned char ret_digest[DIGEST_SHA256_BYTES]);
/* The same, and closes it. -1 where it could not be hashed; it is closed all the same. */
int digest_end(struct digest *digest, unsigned char ret_digest[DIGEST_SHA256_BYTES]);
void digest_close(struct digest *digest); /* NULL is fine */

/* Of what is left to read of a file: 0, or -1 where it cannot be read, or without memory. */
int digest_of_file(int fd, unsigned char ret_digest[DIGEST_SHA256_BYTES]);

/* Whether the text is that digest in lower-case hexadecimal digits. */
bool digest_is(const unsigned char digest[DIGEST_SHA256_BYTES], const char *text);

#endif

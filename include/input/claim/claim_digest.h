/*
 * claim_digest: the fingerprint of a claim's content.
 *
 * Any thread.
 *
 * Tested by tests/unit/test_digest.c
 */
#ifndef CLAIMBATCH_INPUT_CLAIM_CLAIM_DIGEST_H
#define CLAIMBATCH_INPUT_CLAIM_CLAIM_DIGEST_H

#include "base/digest.h"

struct claim;

/*
 * The digest of the report (contract section 3): SHA-256 over "claimbatch-claim-1" and the seven
 * values as sent, in the order of the columns, an absent claim_desc as empty, joined by U+001F; its
 * first 16 bytes. -1 without memory.
 */
int claim_digest(const struct claim *claim, unsigned char ret_digest[DIGEST_CLAIM_BYTES]);

#endif

/*
 * hash: quick fingerprints, for tables and for noticing that something changed by accident.
 *
 * Good for that alone: whoever wants two texts of one fingerprint can find them.
 *
 * Tested by tests/unit/test_hash.c
 */
#ifndef CLAIMBATCH_BASE_HASH_H
#define CLAIMBATCH_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Both halves of the product: each bit of the result depends on each of the operands. */
static inline uint64_t hash_word(uint64_t hash, uint64_t word)
{
    __extension__ unsigned __int128 product =
        (unsigned __int128)(hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);

    return ((uint64_t)product ^ (uint64_t)(product >> 64)) ^ UINT64_C(0xd6e8feb86659fd93);
}

/* Adds a text to a hash. */
uint64_t hash_text(uint64_t hash, const char *text);

/* Of a large piece of memory, some bytes each cycle. */
uint64_t hash_bytes(const void *bytes, size_t len);

#endif

#include "input/repeats.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "input/claim.h"

#define WORD_BITS 64

struct repeats {
    uint64_t once[REPEATS_BITS / WORD_BITS];  /* a claim of this hash was noted */
    uint64_t again[REPEATS_BITS / WORD_BITS]; /* and then another, or the same again */
};

struct repeats *repeats_open(void)
{
    return calloc(1, sizeof(struct repeats));
}

void repeats_close(struct repeats *repeats)
{
    free(repeats);
}

void repeats_clear(struct repeats *repeats)
{
    memset(repeats, 0, sizeof(*repeats));
}

/* Nobody gains from collisions: they cost a lookup, never a wrong answer. */
static uint32_t hash(const struct claim *claim)
{
    uint64_t h = hash_text(hash_word(0, (uint64_t)claim->workcard_id), claim->claim_order_no);

    return (uint32_t)(h >> 32) % REPEATS_BITS;
}

void repeats_note(struct repeats *repeats, const struct claim *claim)
{
    uint32_t bit = hash(claim);
    uint64_t mask = UINT64_C(1) << bit % WORD_BITS;

    repeats->again[bit / WORD_BITS] |= repeats->once[bit / WORD_BITS] & mask;
    repeats->once[bit / WORD_BITS] |= mask;
}

bool repeats_maybe(const struct repeats *repeats, const struct claim *claim)
{
    uint32_t bit = hash(claim);

    return repeats->again[bit / WORD_BITS] >> bit % WORD_BITS & 1;
}

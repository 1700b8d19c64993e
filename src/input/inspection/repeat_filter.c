#include "input/inspection/repeat_filter.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "input/claim/claim.h"

#define WORD_BITS 64
#define STRETCH_BITS 1024

struct repeat_filter {
    uint64_t once[REPEAT_FILTER_BITS / WORD_BITS];  /* a claim of this hash was noted */
    uint64_t again[REPEAT_FILTER_BITS / WORD_BITS]; /* and then another, or the same again */
    /* Stretches of `again` in which any bit is set. Usually these are few, and this fits into the
     * processor's cache, which `again` does not. */
    uint64_t stretches[REPEAT_FILTER_BITS / STRETCH_BITS / WORD_BITS];
};

struct repeat_filter *repeat_filter_open(void)
{
    return calloc(1, sizeof(struct repeat_filter));
}

void repeat_filter_close(struct repeat_filter *repeats)
{
    free(repeats);
}

void repeat_filter_clear(struct repeat_filter *repeats)
{
    memset(repeats, 0, sizeof(*repeats));
}

/* Nobody gains from collisions: they cost a lookup, never a wrong answer. */
static uint32_t hash(const struct claim *claim)
{
    uint64_t h = hash_text(hash_word(0, (uint64_t)claim->workcard_id), claim->claim_order_no);

    return (uint32_t)(h >> 32) % REPEAT_FILTER_BITS;
}

static bool is_set(const uint64_t *bits, uint32_t bit)
{
    return bits[bit / WORD_BITS] >> bit % WORD_BITS & 1;
}

static void set(uint64_t *bits, uint32_t bit)
{
    bits[bit / WORD_BITS] |= UINT64_C(1) << bit % WORD_BITS;
}

void repeat_filter_note(struct repeat_filter *repeats, const struct claim *claim)
{
    uint32_t bit = hash(claim);

    if (is_set(repeats->once, bit)) {
        set(repeats->again, bit);
        set(repeats->stretches, bit / STRETCH_BITS);
    }
    set(repeats->once, bit);
}

bool repeat_filter_maybe(const struct repeat_filter *repeats, const struct claim *claim)
{
    uint32_t bit = hash(claim);

    return is_set(repeats->stretches, bit / STRETCH_BITS) && is_set(repeats->again, bit);
}

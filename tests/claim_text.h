/* A claim as text: its values, each with the same end. */
#ifndef CLAIMBATCH_TESTS_CLAIM_TEXT_H
#define CLAIMBATCH_TESTS_CLAIM_TEXT_H

#include "base/buffer.h"
#include "input/claim/claim.h"

static inline void claim_text_string(struct buffer *text, const char *value, char end)
{
    buffer_text(text, value);
    buffer_byte(text, end);
}

static inline void claim_text_integer(struct buffer *text, int64_t value, char end)
{
    buffer_integer(text, value);
    buffer_byte(text, end);
}

static inline void claim_text(struct buffer *text, const struct claim *claim, char end)
{
    claim_text_integer(text, claim->workcard_id, end);
    claim_text_string(text, claim->claim_desc, end);
    claim_text_integer(text, claim->claim_count, end);
    claim_text_string(text, claim->claim_order_no, end);
    claim_text_integer(text, claim->claim_status, end);
    claim_text_string(text, claim->claim_time, end);
    claim_text_integer(text, claim->claim_fee, end);
}

#endif

/*
 * filler: what stands in a cell where there is nothing to say.
 *
 * Tested by tests/unit/test_order_no.c
 */
#ifndef CLAIMBATCH_INPUT_VALUE_FILLER_H
#define CLAIMBATCH_INPUT_VALUE_FILLER_H

#include "input/value/value.h"

/* What people and programs write where there is no number. */
bool filler_is_word(struct value value);

/* How programs show what has no text. */
bool filler_is_object(struct value value);

/* Whether a text says nothing at all: zeros, a word for emptiness, or marks alone (., ……, □),
 * but not what is known to be lost. `kinds` is that of text_kinds. */
bool filler_is_text(struct value value, unsigned kinds);

/* 0, 000, 0.00 */
bool filler_is_zero(struct value value);

#endif

/*
 * spill_record: a record of a spill as bytes. Private to spill.
 *
 * Numbers are 8 bytes, the low ones first; a text is its length, its bytes and a NUL.
 *
 * Tested by tests/unit/test_spill.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_OUTAGE_SPILL_RECORD_H
#define CLAIMBATCH_LEDGER_POSTGRES_OUTAGE_SPILL_RECORD_H

#include "spill.h"

/* What stands before a record: its length, and the first bytes of the SHA-256 of that and it. */
#define SPILL_SUM_BYTES 8
#define SPILL_FRAME_BYTES (8 + SPILL_SUM_BYTES)

/* What a spill begins with, its first record. The buffer fails without memory. */
void spill_record_put_head(struct buffer *bytes, const struct spill_owner *owner);
void spill_record_put(struct buffer *bytes, const struct spill_answer *answer);

/* Takes the record that is next: true, or false where none that is whole is there. What it has
 * taken lies before *from; texts stay where they are. */
bool spill_record_take_head(const struct buffer *bytes, size_t *from,
                            struct spill_owner *ret_owner);
bool spill_record_take(const struct buffer *bytes, size_t *from, struct spill_answer *ret_answer);

#endif

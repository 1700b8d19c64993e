/*
 * known_row: what the ledger knows of a row, kept by who asked for it.
 *
 * The record's texts are the known_row's own: they stay as they are until it is filled anew or
 * released, whatever the ledger is asked meanwhile. A zeroed struct is empty, and is released or
 * filled as any other.
 *
 * Tested by tests/unit/test_known_row.c
 */
#ifndef CLAIMBATCH_LEDGER_KNOWN_ROW_H
#define CLAIMBATCH_LEDGER_KNOWN_ROW_H

#include "base/buffer.h"
#include "ledger/outcome.h"

struct error;

struct known_row {
    struct row_record record;
    struct buffer texts; /* one behind the other, each with its NUL */
};

/* Takes a record, whose texts are copied. -1 without memory: then it is as known_row_reset has it.
 */
int known_row_set(struct known_row *known, const struct row_record *record, struct error *err);

/* Nothing is known: the record of a row that is untouched, with empty texts. */
void known_row_reset(struct known_row *known);

void known_row_release(struct known_row *known);

#endif

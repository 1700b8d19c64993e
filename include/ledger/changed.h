/*
 * changed: rows whose claim was accepted with other content, and what that comes to. Each is
 * recorded with its intent, or with the note of what became of it without one (struct row_ref).
 *
 * Tested by tests/e2e/test_correction.py
 */
#ifndef CLAIMBATCH_LEDGER_CHANGED_H
#define CLAIMBATCH_LEDGER_CHANGED_H

#include "ledger/ledger.h"

struct changed_sum {
    uint64_t rows;
    uint64_t without_before; /* of them: what was accepted came to is not known, and not in … */
    money before;            /* … fen */
    money after;
};

/* What those rows of a run add up to that were sent, and those that were held back (invalid). */
int ledger_changed_sum(struct ledger *ledger, int64_t run, struct changed_sum *ret_sent,
                       struct changed_sum *ret_held, struct error *err);

/* Adds one row; fee_before NULL: not known. */
void ledger_changed_sum_add(struct changed_sum *sum, const int64_t *fee_before, int64_t fee_after);

#endif

/*
 * correction: rows whose claim was accepted with other content: in words, and when they are too
 * many; and rows whose claim is known under another spelling of its number, or with another work
 * order or number.
 *
 * Tested by tests/e2e/test_correction.py, tests/e2e/test_alike.py,
 * tests/e2e/test_other_work_order.py and tests/e2e/test_other_number.py
 */
#ifndef CLAIMBATCH_CLI_CORRECTION_H
#define CLAIMBATCH_CLI_CORRECTION_H

#include <stdint.h>

#include "base/buffer.h"
#include "ledger/changed.h"
#include "run/coordinator.h"
#include "run/start/rehearsal.h"

struct options;
struct rules;

/* Appends "3 rows, 10.00 yuan before, 12.00 yuan now", and for how many the former is not known. */
void correction_describe(const struct changed_sum *sum, struct buffer *ret_words);

/* How many of `rows` may be corrections by --max-changed. */
uint64_t correction_limit(const struct options *options, uint64_t rows);

/* Fills in the stop where more of `rows` than that are corrections, unless the rules hold these
 * back anyway. Before that, where the rule damaged-order-no is an error: if the ledger knows the
 * claim of any under another spelling of its number, or of more than that with another work order
 * or number. A few of these are claims of their own, as contract.md section 5 has it; they are
 * told, and so is what the rule only warns of. */
void correction_check(const struct options *options, const struct rules *rules,
                      const struct rehearsal *rehearsal, uint64_t rows,
                      struct coordinator_stop *stop);

#endif

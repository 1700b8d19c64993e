/*
 * correction: rows whose claim was accepted with other content: in words, and when they are too
 * many; and rows whose claim is known under another spelling of its number, or with another work
 * order.
 *
 * Tested by tests/e2e/test_correction.py, tests/e2e/test_alike.py and
 * tests/e2e/test_other_work_order.py
 */
#ifndef CLAIMBATCH_CLI_CORRECTION_H
#define CLAIMBATCH_CLI_CORRECTION_H

#include <stdint.h>

#include "base/buffer.h"
#include "ledger/changed.h"
#include "run/coordinator.h"
#include "run/start/alike.h"
#include "run/start/other_work_order.h"

struct options;

/* Appends "3 rows, 10.00 yuan before, 12.00 yuan now", and for how many the former is not known. */
void correction_describe(const struct changed_sum *sum, struct buffer *ret_words);

/* Fills in the stop if so many of `rows` are more than that. */
void correction_check(const struct options *options, const struct changed_sum *sum, uint64_t rows,
                      struct coordinator_stop *stop);

/* The same if there is any whose claim is known under another spelling, where the rule
 * damaged-order-no is an error; where it warns that is said. */
void correction_check_alike(const struct rules *rules, const struct alike_found *found,
                            struct coordinator_stop *stop);

/* The same of rows whose number is known with another work order, where they are more of `rows`
 * than may be corrections: a few are claims of their own, as contract.md section 5 has it, and
 * told. */
void correction_check_other_work_order(const struct options *options, const struct rules *rules,
                                       const struct other_work_order_found *found, uint64_t rows,
                                       struct coordinator_stop *stop);

#endif

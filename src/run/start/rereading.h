/*
 * rereading: whether a run can go on with an export that is read in another way than before.
 *
 * It can where every row that the ledger has of it still is the claim that was sent: other words,
 * columns or rules then only decide about rows that never were.
 *
 * Tested by tests/e2e/test_resume.py
 */
#ifndef CLAIMBATCH_RUN_START_REREADING_H
#define CLAIMBATCH_RUN_START_REREADING_H

#include <stdint.h>

struct error;
struct inspection;
struct row_source;
struct ledger;

/* 1; or 0, and *ret_row is the first row that would be another claim; or -1. */
int rereading_fits(struct ledger *ledger, int64_t run, const struct row_source *row_source,
                   const struct inspection *inspection, uint64_t *ret_row, struct error *err);

#endif

/*
 * totals: what the rows of an audit add up to in their final state.
 *
 * Sums, the errors grouped by code, and the rows that need a person, written into the audit. Memory
 * is bounded by the limits of audit.h.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_TOTALS_H
#define CLAIMBATCH_COMMAND_AUDIT_TOTALS_H

#include <stdbool.h>
#include <stddef.h>

#include "report/scan.h"

struct audit;
struct error;
struct totals;

struct totals *totals_open(struct audit *audit); /* NULL without memory */
void totals_close(struct totals *totals);        /* NULL is fine */

/* Which of two lines of one row is its final state; `newer` comes from the newer report. */
const struct scan_row *totals_choose(const struct scan_row *older, const struct scan_row *newer);

/* Takes the final state of the next row, which audit->reports[report] tells. */
int totals_add(struct totals *totals, const struct scan_row *row, size_t report, struct error *err);

/* Whether somebody has to see to such a row: unknown, rejected, failed or invalid. */
bool totals_needs_person(enum outcome outcome);

/* Completes the audit's lists of codes and of rows that need a person. */
int totals_finish(struct totals *totals, struct error *err);

#endif

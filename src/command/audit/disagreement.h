/*
 * disagreement: what an audit holds against a report.
 *
 * All are counted, the first AUDIT_DISAGREEMENTS_MAX are kept. Running out of memory shows in the
 * audit as `no_memory`. Texts from outside have to be quoted before.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_DISAGREEMENT_H
#define CLAIMBATCH_COMMAND_AUDIT_DISAGREEMENT_H

#include <stddef.h>
#include <stdint.h>

#include "audit.h"

/* `report` is an index of audit->reports or AUDIT_NO_REPORT, `row` is 0 for a report as a whole. */
void disagreement_raise(struct audit *audit, enum audit_measure measure, size_t report,
                        uint64_t row, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Notes what could not be checked, and why. */
void disagreement_note(struct audit *audit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

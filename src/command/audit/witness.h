/*
 * witness: what the ledger knows of the rows of one report.
 *
 * Both are read side by side, so the lines come in ascending order.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_WITNESS_H
#define CLAIMBATCH_COMMAND_AUDIT_WITNESS_H

#include <stddef.h>

#include "ledger/ledger.h"
#include "report/scan.h"

struct audit;
struct error;
struct witness;

/*
 * Calls the ledger as a witness for audit->reports[report], which has a manifest. *ret_witness is
 * NULL where it cannot be one, and the audit says why: it does not know the run, or the run is
 * under way again.
 */
int witness_open(struct ledger *ledger, struct audit *audit, size_t report,
                 struct witness **ret_witness, struct error *err);
void witness_close(struct witness *witness); /* NULL is fine */

/* Hears the next line. */
int witness_hear(struct witness *witness, const struct scan_row *row, struct error *err);

/* No more lines follow: what the ledger knows of further rows is missing in the report. */
int witness_end(struct witness *witness, struct error *err);

#endif

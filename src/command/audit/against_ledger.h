/*
 * against_ledger: what the ledger knows of the rows of one report.
 *
 * Both are read side by side, so the lines come in ascending order.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_AGAINST_LEDGER_H
#define CLAIMBATCH_COMMAND_AUDIT_AGAINST_LEDGER_H

#include <stddef.h>

#include "ledger/ledger.h"
#include "report/scan.h"

struct audit;
struct error;
struct against_ledger;

/*
 * Opens the look at what the ledger knows of audit->reports[report], which has a manifest.
 * *ret_against_ledger is NULL where it cannot be one, and the audit says why: it does not know the
 * run, or the run is under way again.
 */
int against_ledger_open(struct ledger *ledger, struct audit *audit, size_t report,
                        struct against_ledger **ret_against_ledger, struct error *err);
void against_ledger_close(struct against_ledger *against_ledger); /* NULL is fine */

/* Hears the next line. */
int against_ledger_compare(struct against_ledger *against_ledger, const struct scan_row *row,
                           struct error *err);

/* No more lines follow: what the ledger knows of further rows is missing in the report. */
int against_ledger_end(struct against_ledger *against_ledger, struct error *err);

#endif

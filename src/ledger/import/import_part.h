/*
 * import_part: what the imports of a report and of a start share.
 *
 * Tested by tests/e2e/test_import.py, test_import_start.py
 */
#ifndef CLAIMBATCH_LEDGER_IMPORT_IMPORT_PART_H
#define CLAIMBATCH_LEDGER_IMPORT_IMPORT_PART_H

#include "ledger/chain.h"

/* Makes an attempt of this row the open one of its claim. */
int import_part_put_open(struct ledger *ledger, int64_t platform, const struct row_ref *ref,
                         const struct row_record *record, int64_t submitted_ms, struct error *err);

/* Whether a person has said what became of this very attempt: 1 or 0. */
int import_part_was_settled(struct ledger *ledger, const struct row_place *at, int64_t submitted_ms,
                            struct error *err);

#endif

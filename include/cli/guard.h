/*
 * guard: what keeps a command from sending with the wrong ledger, and from writing its report over
 * a file it needs (contract section 5).
 *
 * Tested by tests/e2e/test_resume.py, test_ledger.py
 */
#ifndef CLAIMBATCH_CLI_GUARD_H
#define CLAIMBATCH_CLI_GUARD_H

#include "cli/submission.h"

/*
 * EXIT_BAD_CONFIG when a manifest at the report's path, or beside an export that the ledger does
 * not know, names another ledger, or a run that this ledger should know and does not: it is an
 * older copy of itself. Nothing is refused with --new-ledger.
 */
int guard_ledger(const struct submission *submission, struct error *err);

/* EXIT_CANNOT_CREATE when a file of the report is one that the command reads or keeps, whether it
 * is there already or not. Not even --overwrite is meant for those. */
int guard_files(const struct submission *submission, struct error *err);

#endif

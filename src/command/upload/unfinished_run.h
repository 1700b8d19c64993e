/*
 * unfinished_run: a run whose place another export takes, while rows of it are open.
 *
 * Whoever replaces the file of a run that did not come to its end and types the same command
 * starts another run. What became of the rows of the first one is then told here, and once more in
 * the last words, for nothing else will remind of them.
 *
 * Tested by tests/e2e/test_interrupted.py
 */
#ifndef CLAIMBATCH_COMMAND_UPLOAD_UNFINISHED_RUN_H
#define CLAIMBATCH_COMMAND_UPLOAD_UNFINISHED_RUN_H

#include "command/upload/submission.h"

struct error;
struct manifest_found;

/* What tells of the start of a run without a report has moved to `aside`: warns, if the run is of
 * this ledger and was not abandoned. */
int unfinished_run_start(struct submission *submission, const struct manifest_found *started,
                         const char *aside, struct error *err);

/* The report of that run has moved to `aside`: warns, if rows of it failed or were not sent, and no
 * rerun has sent them since. */
int unfinished_run_report(struct submission *submission, const char *run, const char *aside,
                          struct error *err);

#endif

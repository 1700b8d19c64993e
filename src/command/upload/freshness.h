/*
 * freshness: whether an unattended upload has found the export of today, or one of an earlier day
 * (--expect-new).
 *
 * Tested by tests/e2e/test_freshness.py
 */
#ifndef CLAIMBATCH_COMMAND_UPLOAD_FRESHNESS_H
#define CLAIMBATCH_COMMAND_UPLOAD_FRESHNESS_H

#include "command/upload/submission.h"

/*
 * EXIT_TRY_LATER when --expect-new is in force and the run of this very export, also one that was
 * pruned, ended on an earlier Beijing day. One that was interrupted or stopped, or whose report
 * was not published, goes on; what a person says is sent again is never stale.
 */
int freshness_check(const struct submission *submission, struct error *err);

#endif

/*
 * descendants: re-runs whose reports lie beside those that are audited, and were not named.
 *
 * What an upload has left may be done by now: whoever audits its report alone is told where that
 * stands.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_REPORTS_DESCENDANTS_H
#define CLAIMBATCH_COMMAND_AUDIT_REPORTS_DESCENDANTS_H

struct audit;
struct error;

/* Notes them; its reports have been read. */
int descendants_note(struct audit *audit, struct error *err);

#endif

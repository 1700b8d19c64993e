/*
 * restarted: a report whose run was started again and made no other report since.
 *
 * Such a start may have been refused before it sent anything, for want of space, say, or have had
 * nothing to send, from another folder with a copy of the export: then the report is as true as
 * before. So it is held against the ledger as any other, but apart, and only whether all agrees is
 * told.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_REPORTS_RESTARTED_H
#define CLAIMBATCH_COMMAND_AUDIT_REPORTS_RESTARTED_H

#include <stddef.h>

struct audit;
struct error;
struct ledger;
struct manifest_found;
struct run_record;
struct restarted;

/* Whether the rows alone tell if it is true: nothing is in flight, and the ledger knows the end
 * that the manifest tells of. 1, 0, or -1. */
int restarted_may_agree(struct ledger *ledger, const struct run_record *run,
                        const struct manifest_found *manifest, struct error *err);

/* Raises that the report is not the newest of its run. */
void restarted_object(struct audit *audit, size_t report, const struct run_record *run);

struct restarted *restarted_open(struct audit *audit, size_t report,
                                 const struct run_record *run); /* NULL without memory */
void restarted_close(struct restarted *restarted);              /* NULL is fine */

/* Where disagreements of this report are to be raised, under its number. */
struct audit *restarted_audit(struct restarted *restarted);

/* Says what they came to. */
void restarted_tell(struct restarted *restarted);

#endif

/*
 * restarted: a report whose run was started again and made no other report since.
 *
 * Such a start may have been refused before it sent anything, for want of space, say: then the
 * report is as true as before. So it is held against the ledger as any other, but apart, and only
 * whether all agrees is told.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_REPORTS_RESTARTED_H
#define CLAIMBATCH_COMMAND_AUDIT_REPORTS_RESTARTED_H

#include <stddef.h>

struct audit;
struct error;
struct run_record;
struct restarted;

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

/*
 * same_run: reports of one run, of which one counts.
 *
 * A copy of a report, and one that a later report of its run has replaced, count nothing more than
 * what stays: that is noted. One that is not what its own manifest says, or that differs from the
 * other though neither replaced the other, is left out as well, and is a disagreement.
 * Whether a row of what is left out was executed apart is for left_out.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_REPORTS_SAME_RUN_H
#define CLAIMBATCH_COMMAND_AUDIT_REPORTS_SAME_RUN_H

struct audit;
struct superseded;

/* Leaves one report of each run in audit->reports; those that were read first stay first. The
 * others go to ret_left_out, but for copies and what is not what its manifest says. */
void same_run_drop(struct audit *audit, struct superseded *ret_left_out);

#endif

/*
 * missing_report: why a report is not where it was looked for.
 *
 * Tested by tests/e2e/test_missing_report.py
 */
#ifndef CLAIMBATCH_REPORT_MISSING_REPORT_H
#define CLAIMBATCH_REPORT_MISSING_REPORT_H

struct error;

/* The error of a report that cannot be opened for `cause`, an errno: EXIT_INPUT_MISSING. Says so
 * where its run was interrupted before it was published. Always returns -1. */
int missing_report_refuse(const char *path, int cause, struct error *err);

#endif

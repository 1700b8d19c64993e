/*
 * absence: why a report is not where it was looked for.
 *
 * Tested by tests/e2e/test_absence.py
 */
#ifndef CLAIMBATCH_REPORT_ABSENCE_H
#define CLAIMBATCH_REPORT_ABSENCE_H

struct error;

/* The error of a report that cannot be opened for `cause`, an errno: EXIT_INPUT_MISSING. Says so
 * where its run was interrupted before it was published. Always returns -1. */
int absence_refuse(const char *path, int cause, struct error *err);

#endif

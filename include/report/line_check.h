/*
 * line_check: whether a line of a report can be true by itself.
 *
 * Pure.
 *
 * Tested by tests/unit/test_line_check.c
 */
#ifndef CLAIMBATCH_REPORT_LINE_CHECK_H
#define CLAIMBATCH_REPORT_LINE_CHECK_H

#include "report/scan.h"

/* What of the line cannot be, as a sentence (static); NULL when all of it can. Cells that are
 * malformed are not judged. */
const char *line_check_breach(const struct scan_row *row);

#endif

/*
 * coherence: whether a line of a report can be true by itself.
 *
 * Pure.
 *
 * Tested by tests/unit/test_coherence.c
 */
#ifndef CLAIMBATCH_REPORT_COHERENCE_H
#define CLAIMBATCH_REPORT_COHERENCE_H

#include "report/scan.h"

/* What of the line cannot be, as a sentence (static); NULL when all of it can. Cells that are
 * malformed are not judged. */
const char *coherence_breach(const struct scan_row *row);

#endif

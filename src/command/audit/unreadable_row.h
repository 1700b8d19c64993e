/*
 * unreadable_row: at which row of a report the reading had to stop.
 *
 * A second look at bytes that no reader takes: records are told apart by line ends outside of
 * quotes and no more, and a row is known by the number that its record begins with.
 *
 * Tested by tests/unit/test_audit.c
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_UNREADABLE_ROW_H
#define CLAIMBATCH_COMMAND_AUDIT_UNREADABLE_ROW_H

#include <stdint.h>

#include "input/export/export.h"

/* The number of the row behind so many records, the header being one; 0 when it is not known. */
uint64_t unreadable_row_behind(struct export *export, uint64_t records);

/* The number of the first row with bytes that are not UTF-8, or NUL; 0 when it is not known. */
uint64_t unreadable_row_without_text(struct export *export);

#endif

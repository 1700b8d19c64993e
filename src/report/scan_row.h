/*
 * scan_row: what the cells of a row of a report say.
 *
 * Tested by tests/unit/test_scan.c
 */
#ifndef CLAIMBATCH_REPORT_SCAN_ROW_H
#define CLAIMBATCH_REPORT_SCAN_ROW_H

#include "report/scan.h"

bool scan_row_is_marked(const struct scan_row *row, enum scan_column column);
/* Reads what is beside the claim; marks what has not its form. */
void scan_row_take_cells(const struct record *record, struct scan_row *row);
/* Reads the claim; marks what has not its form. */
void scan_row_take_claim(const struct record *record, struct scan_row *row);
/* Sets digest_fits; -1 without memory. */
int scan_row_check_digest(struct scan_row *row, struct error *err);
/* What happened to cells whose digest is another one. */
int scan_row_find_edit(const struct record *record, struct scan_row *row, struct error *err);

#endif

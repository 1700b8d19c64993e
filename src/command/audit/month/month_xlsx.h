/*
 * month_xlsx: what reports of many exports came to, as a workbook; hides libxlsxwriter.
 *
 * Numbers of claims are texts, so nothing is rounded and nothing runs as a formula; amounts are
 * numbers in yuan. Memory does not grow with the rows of a sheet. Built without the library it
 * refuses.
 *
 * Tested by tests/e2e/test_month_xlsx.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_XLSX_H
#define CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_XLSX_H

#include "month.h"

/* EXIT_CANNOT_CREATE where something stands: people write into workbooks, so none is replaced;
 * EXIT_BAD_USAGE without the library, or for standard output. */
int month_xlsx_look(const char *path, struct error *err);

/* Writes it beside its place, owner-only, and gives it its name. Looks again. */
int month_xlsx_write(const struct month *month, const char *path, struct error *err);

#endif

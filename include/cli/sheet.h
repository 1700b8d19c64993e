/*
 * sheet: the rows with problems, as CSV for the one who mends them.
 *
 * UTF-8 with BOM, RFC 4180, guarded against formulas as a report is; owner-only; written beside and
 * renamed. In front of the cells as they stand in the export: row, line, severity, codes, problems.
 *
 * Tested by tests/e2e/test_check.py
 */
#ifndef CLAIMBATCH_CLI_SHEET_H
#define CLAIMBATCH_CLI_SHEET_H

#include <stdbool.h>

#include "base/buffer.h"
#include "input/export.h"
#include "input/reader.h"
#include "input/rules.h"

struct error;
struct sheet;

/*
 * Begins a sheet that is to take the name `path`. EXIT_CANNOT_CREATE when something else than a
 * sheet stands there and `overwrite` is false, or when it is the export itself, whatever it says.
 */
int sheet_open(const char *path, const struct export *export, bool overwrite,
               const struct record *header, struct sheet **ret_sheet, struct error *err);

/* Adds a row; `codes` and `problems` are its findings, the worst of them `severity`. */
int sheet_add(struct sheet *sheet, const struct record *record, enum severity severity,
              const char *codes, const char *problems, struct error *err);

/* Syncs it and gives it its name. */
int sheet_publish(struct sheet *sheet, struct error *err);

/* What was not published is removed. NULL is fine. */
void sheet_close(struct sheet *sheet);

#endif

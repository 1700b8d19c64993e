/*
 * unknown_sheet: unknown rows as a CSV of decisions: to be sent to the platform's support, filled
 * in, and read back by command/resolve/decisions.h.
 *
 * Cells as in a report: UTF-8 with BOM, guarded against running as formulas. Owner-only, written
 * beside its name and renamed.
 *
 * Tested by tests/e2e/test_resolve.py
 */
#ifndef CLAIMBATCH_COMMAND_RESOLVE_UNKNOWN_SHEET_H
#define CLAIMBATCH_COMMAND_RESOLVE_UNKNOWN_SHEET_H

#include <stdbool.h>

#include "unknown_row.h"

struct error;
struct unknown_sheet;

#define UNKNOWN_SHEET_HEADER                                                                       \
    "row,digest,submitted_at,workcard_id,claim_order_no,claim_fee,request_id,as,by,reason\n"

/* Begins the sheet at `path`, which is borrowed; "-" is standard output. EXIT_CANNOT_CREATE when
 * anything is there and `overwrite` is false: it may hold decisions; or when it is no regular file,
 * or the report itself. */
int unknown_sheet_open(const char *path, const char *report_path, bool overwrite,
                       struct unknown_sheet **ret_sheet, struct error *err);
int unknown_sheet_add(struct unknown_sheet *sheet, const struct unknown_row *unknown_row,
                      struct error *err);
/* Gives it its name. */
int unknown_sheet_publish(struct unknown_sheet *sheet, struct error *err);
/* Without unknown_sheet_publish nothing stays. NULL is fine. */
void unknown_sheet_close(struct unknown_sheet *sheet);

#endif

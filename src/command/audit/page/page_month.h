/*
 * page_month: reports of many exports as one page.
 *
 * The overview, a calendar of days, what changed, each export, and the claims that need a person;
 * under PAGE_BYTES_MAX as the page of one export is.
 *
 * Tested by tests/e2e/test_month_page.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_PAGE_PAGE_MONTH_H
#define CLAIMBATCH_COMMAND_AUDIT_PAGE_PAGE_MONTH_H

#include <stdint.h>

#include "base/buffer.h"
#include "command/audit/month/month.h"

/* Makes the page. */
int page_month_make(const struct month *month, const char *version, int64_t now_ms,
                    struct buffer *ret_page, struct error *err);

/* ---- its parts ---- */

/* How much of the page each may take; what is left is for the claims that need a person. */
#define PAGE_MONTH_CALENDAR_BYTES ((size_t)256 << 10)
#define PAGE_MONTH_CHANGED_BYTES ((size_t)256 << 10)
#define PAGE_MONTH_EXPORTS_BYTES ((size_t)640 << 10)
#define PAGE_MONTH_FINDINGS_BYTES ((size_t)192 << 10)

void page_month_calendar(const struct month *month, struct buffer *page);
void page_month_exports(const struct month *month, struct buffer *page);
int page_month_changed(const struct month *month, struct buffer *page, struct error *err);
int page_month_claims(const struct month *month, struct buffer *page, size_t limit,
                      struct error *err);

#endif

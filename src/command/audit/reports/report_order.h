/*
 * report_order: which reports belong together, and which is the newer one.
 *
 * An upload and its re-runs: each manifest names its run and that of its parent. Pure.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_REPORTS_REPORT_ORDER_H
#define CLAIMBATCH_COMMAND_AUDIT_REPORTS_REPORT_ORDER_H

#include <stddef.h>

struct audit_report;
struct error;

/*
 * Orders the reports by the last start of their runs, the oldest first. EXIT_INPUT_REFUSED when
 * there are several and they are not of one export on one platform, or one has no manifest. No two
 * are of one run.
 */
int report_order_sort(struct audit_report *reports, size_t count, struct error *err);

/* The index of the parent's report, or `count` when it is not among them. */
size_t report_order_parent(const struct audit_report *reports, size_t count, size_t report);

#endif

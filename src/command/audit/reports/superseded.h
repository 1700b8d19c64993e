/*
 * superseded: reports that do not count, since another one of their run does.
 *
 * They are read beside the others all the same: two copies of one ledger can go on with one run,
 * and then each report of it says of its own rows that they were accepted. Such a row was executed
 * twice, which is a disagreement. Memory does not depend on the reports' size.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_REPORTS_SUPERSEDED_H
#define CLAIMBATCH_COMMAND_AUDIT_REPORTS_SUPERSEDED_H

#include <stdbool.h>
#include <stddef.h>

struct audit;
struct audit_report;
struct error;
struct superseded;
struct scan;
struct scan_row;

struct superseded *superseded_open(void); /* NULL without memory */
void superseded_close(struct superseded *left_out);

/* Takes a report over that does not count. At most AUDIT_REPORTS_MAX. */
void superseded_add(struct superseded *left_out, const struct audit_report *report);

/* Takes the scan over of the report that was named so, or closes it. */
void superseded_read(struct superseded *left_out, const char *path, struct scan *scan);

/* Holds them against the row of audit->reports[report], the report of their run that counts. Rows
 * are to ascend. */
int superseded_compare(struct superseded *left_out, struct audit *audit, size_t report,
                       const struct scan_row *row, struct error *err);

/* Whether the newer one took the place of the older one. */
bool superseded_is_replaced(const struct audit_report *older, const struct audit_report *newer);

#endif

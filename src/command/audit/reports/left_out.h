/*
 * left_out: reports that do not count, since another one of their run does.
 *
 * They are read beside the others all the same: two copies of one ledger can go on with one run,
 * and then each report of it says of its own rows that they were accepted. Such a row was executed
 * twice, which is a disagreement. Memory does not depend on the reports' size.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_REPORTS_LEFT_OUT_H
#define CLAIMBATCH_COMMAND_AUDIT_REPORTS_LEFT_OUT_H

#include <stdbool.h>
#include <stddef.h>

struct audit;
struct audit_report;
struct error;
struct left_out;
struct scan;
struct scan_row;

struct left_out *left_out_open(void); /* NULL without memory */
void left_out_close(struct left_out *left_out);

/* Takes a report over that does not count. At most AUDIT_REPORTS_MAX. */
void left_out_add(struct left_out *left_out, const struct audit_report *report);

/* Takes the scan over of the report that was named so, or closes it. */
void left_out_read(struct left_out *left_out, const char *path, struct scan *scan);

/* Holds them against the row of audit->reports[report], the report of their run that counts. Rows
 * are to ascend. */
int left_out_compare(struct left_out *left_out, struct audit *audit, size_t report,
                     const struct scan_row *row, struct error *err);

/* Whether the newer one took the place of the older one. */
bool left_out_is_replaced(const struct audit_report *older, const struct audit_report *newer);

#endif

/*
 * audit_open: what an audit opens to compare with, and the signatures.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_AUDIT_OPEN_H
#define CLAIMBATCH_COMMAND_AUDIT_AUDIT_OPEN_H

#include "audit.h"

/* All that is read side by side. */
struct walk {
    const struct audit_settings *settings;
    struct audit *audit;
    struct scan *scans[AUDIT_REPORTS_MAX]; /* until the sources have them */
    struct superseded *left_out;           /* reports of a run of which another one counts */
    struct against_itself *sources[AUDIT_REPORTS_MAX];
    struct against_ledger *ledgers[AUDIT_REPORTS_MAX]; /* NULL: none for this report */
    struct export_rows *export_rows; /* NULL: there is no export to compare with */
    bool original_has_row;
    uint64_t original_last; /* the last row of the export that was read so far */
    bool is_whole;          /* among the reports is one of all rows of the export */
    struct ledger *ledger;
    struct latency *latency;
    struct totals *totals;
    struct suspect_lines *doubtful;
};

/* Says of each manifest whether it is signed with the key of the settings, if there is one. */
int audit_open_check_signatures(struct walk *w, struct error *err);
/* Opens the ledger, if there is one to compare with, and for each report the look at what it knows
 * of it. */
int audit_open_ledgers(struct walk *w, struct error *err);

#endif

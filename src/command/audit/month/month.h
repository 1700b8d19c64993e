/*
 * month: reports of many exports, each export audited by itself, and all of them together (contract
 * section 9).
 *
 * Rows are counted by the Beijing day on which they were sent, those that were not by that of their
 * run. Each claim counts once, in its final state, wherever it stands. Of each export its audit is
 * kept but for its open rows, which are in the list of open claims.
 *
 * Tested by tests/e2e/test_month.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_H
#define CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_H

#include "command/audit/audit.h"
#include "month_claims.h"
#include "month_sums.h"

struct report_list;

#define MONTH_FINDINGS_MAX 1000 /* are kept with their words; all are counted */

/* Where claims come from. */
struct month_source {
    const char *platform, *app_key; /* "" where there is no manifest */
    size_t platform_number;
    struct audit_sum accepted; /* rows */
    uint64_t rows;
};

struct month_export {
    const char *name;   /* of the file that was sent; "" when not known */
    int64_t started_ms; /* of its first run; 0: not known */
    int exit_code;      /* not 0: it could not be audited … */
    char *fault;        /* … and why */
    struct audit audit;
    const char **paths; /* of its reports */
};

struct month {
    bool agrees;                  /* each export does, and they do with each other */
    size_t missing;               /* manifests whose report is gone, and reports without one */
    struct month_export *exports; /* by their first start */
    size_t export_count, report_count;
    uint64_t disagreements; /* all of them */

    char **findings; /* what disagrees between exports; safe for a terminal */
    size_t finding_count;
    uint64_t findings_found;

    struct month_source *sources;
    size_t source_count;

    /* Of rows. */
    uint64_t rows;
    struct audit_sum outcomes[OUTCOME_COUNT];
    struct audit_sum statuses[INSPECTION_STATUSES][OUTCOME_COUNT];
    struct month_sum *sums;
    size_t sum_count;
    struct month_day *days; /* from the first to the last, those without a run, too */
    size_t day_count;

    /* Of claims. */
    uint64_t claims;
    struct audit_sum claim_outcomes[OUTCOME_COUNT]; /* in their final state */
    struct audit_sum accepted; /* what was accepted of them, whatever came later */
    uint64_t open;
    uint64_t changed;                    /* claims that were accepted with another amount */
    money changed_before, changed_after; /* … first, and last */
    uint64_t twice;
    struct month_claims *lists;
};

struct month_settings {
    const struct audit_settings *audit; /* its paths are not read */
    const struct report_list *reports;
    /* Told of each export in turn, while it still has its open rows; NULL: nobody. */
    int (*on_export)(void *context, const struct month_export *export, struct error *err);
    /* Told of each claim in its final state; NULL: nobody. */
    month_take *on_claim;
    void *context;
};

/* 0 whatever it finds. What cannot be audited is told of its export; it fails as audit_run for any
 * other cause. Release it in any case. */
int month_run(const struct month_settings *settings, struct month *ret_month, struct error *err);
void month_release(struct month *month);

#endif

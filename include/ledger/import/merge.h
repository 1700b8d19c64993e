/*
 * merge: what becomes of a row of which the ledger and a report of its run may say different
 * things.
 *
 * Pure. What was accepted was executed, whoever knows of it. An attempt that may have been executed
 * stays unknown until something is known of that very attempt. Of two things that are both known
 * the later one counts; of one attempt the ledger's word.
 *
 * Tested by tests/unit/test_merge.c, line by line
 */
#ifndef CLAIMBATCH_LEDGER_IMPORT_MERGE_H
#define CLAIMBATCH_LEDGER_IMPORT_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/outcome.h"

enum merge_verdict {
    MERGE_KEEP,   /* what the ledger says */
    MERGE_TAKE,   /* what the report says */
    MERGE_ACCEPT, /* the row stays unknown, and its claim was accepted before */
    MERGE_JOIN,   /* unknown: the report's attempt may have been executed, and the ledger's, which
                     was made later, tells nothing of it */
};

struct merge {
    enum merge_verdict verdict;
    bool differs; /* both cannot be true of one history: to be named */
};

struct merge_report {
    int64_t finished_ms; /* of the report's run */
    bool is_newer;       /* it tells of the run at least as late as the ledger does */
};

/* `known` is NULL when the ledger has no record. `was_settled`: a person has settled the attempt
 * that the report tells of. */
struct merge merge_row(const struct row_record *known, const struct row_record *said,
                       const struct merge_report *report, bool was_settled);

/* Whether the row was executed twice, each time by who did not know of the other: two copies of a
 * ledger went on with its run. A row that was resubmitted has more attempts than before. */
bool merge_is_twice(const struct row_record *known, const struct row_record *said);

#endif

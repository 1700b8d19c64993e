/*
 * import_row: what a ledger learns of one row of a report.
 *
 * Tested by tests/e2e/test_import.py
 */
#ifndef CLAIMBATCH_COMMAND_IMPORT_IMPORT_ROW_H
#define CLAIMBATCH_COMMAND_IMPORT_IMPORT_ROW_H

#include "import_report.h"
#include "ledger/import/import.h"
#include "report/scan.h"

/* Everything that taking one report has at hand. */
struct taking {
    const struct import_report *imported;
    struct ledger *ledger;
    const struct import_report_visitor *visitor;
    struct import_report_counts *counts;
    struct scan *scan;
    struct scan *ahead;  /* of a ledger on a server: it reads the rows that come next … */
    uint64_t ahead_upto; /* … up to this one */
    struct repeat_filter *repeats;
    struct import_run run;
    struct run_count run_counts[OUTCOME_COUNT];
    struct import_place place;
    struct buffer reading, warnings, words;
    struct import_result result; /* of the row taken last */
    struct {
        char name[LEDGER_ID_BYTES]; /* the run named last, and its number */
        int64_t run;
    } named;
    struct {
        int32_t day;
        int64_t calls; /* that the ledger did not know of, on that day */
    } called;
};

/* Adds the calls counted so far to those of their day. */
int import_row_flush_calls(struct taking *t, struct error *err);
/* Lets the ledger learn the row, and counts what became of it. */
int import_row_take(struct taking *t, const struct scan_row *scanned, struct error *err);
/* Whether it is a time that a run can have. */
bool import_row_is_time(int64_t ms);

#endif

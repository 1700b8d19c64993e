/*
 * other_rows: what a report says of the other rows of a claim, when one of them is sent again.
 *
 * A row that is not taken may stand in the way of one that is: an earlier one that is unknown yet,
 * or a later one whose content is accepted. Kept are only claims that stand in the report more than
 * once, so memory does not grow with the report.
 *
 * Tested by tests/unit/test_selection.c
 */
#ifndef CLAIMBATCH_COMMAND_RERUN_OTHER_ROWS_H
#define CLAIMBATCH_COMMAND_RERUN_OTHER_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"
#include "report/scan.h"

struct error;
struct other_rows;

/* Who else knows. Borrowed. */
struct other_rows_settings {
    bool unknown; /* such rows are taken themselves */
    const char *platform;
    struct ledger *ledger;
    int64_t run; /* of the report, as the ledger knows it; 0: it does not, only the report tells */
    int64_t sequence; /* … and its place in the order of runs */
};

/* Reads the whole report, which begins anew with its first record afterwards. */
int other_rows_read(const struct other_rows_settings *settings, struct scan *scan,
                    struct other_rows **ret_other_rows, struct error *err);
void other_rows_close(struct other_rows *other_rows); /* NULL is fine */

/* What stands in the way of a row of this claim. */
struct obstacle {
    uint64_t open_row;     /* an earlier one that is unknown, and not settled; 0: none */
    uint64_t accepted_row; /* a later one that is accepted; 0: none. Where the ledger knows the run
                              it knows that too, but for content accepted in an earlier run */
};

/* -1 without memory. */
int other_rows_find(struct other_rows *other_rows, const struct claim *claim, uint64_t row,
                    struct obstacle *ret_obstacle, struct error *err);

#endif

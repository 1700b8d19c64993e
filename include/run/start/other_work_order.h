/*
 * other_work_order: rows whose claim number the ledger knows with another work order. A column that
 * was sorted without the others, or work orders that were damaged on the way, make other claims of
 * all rows, and all of them would be paid again.
 *
 * Tested by tests/e2e/test_other_work_order.py
 */
#ifndef CLAIMBATCH_RUN_START_OTHER_WORK_ORDER_H
#define CLAIMBATCH_RUN_START_OTHER_WORK_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "run/start/alike.h"
#include "run/start/sent_before.h"

struct other_work_order_found {
    uint64_t rows;
    uint64_t same;      /* of them with the very content that was sent with the other one */
    uint64_t first_row; /* of those, or of all where there are none; and of that … */
    int64_t now, before;
    char order_no[ALIKE_TEXT_BYTES];
};

struct unmet_row {
    uint64_t row;
    const struct claim *claim; /* of which the ledger knows nothing */
};

#define OTHER_WORK_ORDER_ROWS 256 /* are looked at in one call */

/* Adds what is found of these rows, in the order of the file. What this run sent itself does not
 * count: its export has the number with both. */
int other_work_order_look(const struct sent_before *sent_before, const struct unmet_row *rows,
                          size_t count, struct other_work_order_found *found, struct error *err);

#endif

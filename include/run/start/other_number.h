/*
 * other_number: rows that the ledger knows with another claim number: the same work order, and all
 * else as it was sent. A new scheme of numbers, or a prefix before each, makes other claims of all
 * rows, and all of them would be paid again.
 *
 * The ledger finds claims by their numbers, so it is walked through once; rows that stand evenly
 * among those that are new are looked at.
 *
 * Tested by tests/e2e/test_other_number.py
 */
#ifndef CLAIMBATCH_RUN_START_OTHER_NUMBER_H
#define CLAIMBATCH_RUN_START_OTHER_NUMBER_H

#include <stdint.h>

#include "run/start/alike.h"
#include "run/start/sent_before.h"

struct other_number;

struct other_number_found {
    uint64_t unmet;     /* rows that were taken; of these … */
    uint64_t looked_at; /* … so many were looked at, … */
    uint64_t rows;      /* … and so many of them were sent with another number */
    uint64_t first_row; /* and of the first … */
    char now[ALIKE_TEXT_BYTES];
    char before[ALIKE_TEXT_BYTES];
};

/* Borrows all; NULL without memory. What this run sent itself does not count: its export has the
 * work order with both. */
struct other_number *other_number_open(const struct sent_before *sent_before,
                                       struct other_number_found *found);
void other_number_close(struct other_number *other_number); /* NULL is fine */

/* Takes a row, in the order of the file, of whose claim the ledger has nothing that was accepted or
 * is unknown. */
int other_number_take(struct other_number *other_number, uint64_t row, const struct claim *claim,
                      struct error *err);

/* After the last row: what was found. Where that is anything, a number may be in the export as
 * well: then the work order has both, and its rows are claims of their own. Who has shown all rows
 * of the export looks once more, and then these do not count. */
int other_number_look(struct other_number *other_number, struct error *err);
void other_number_meet(struct other_number *other_number, const struct claim *claim);

/* Of all unmet rows, as far as those that were looked at tell: a few tell of themselves alone. */
uint64_t other_number_rows(const struct other_number_found *found);

#endif

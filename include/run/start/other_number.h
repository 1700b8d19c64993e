/*
 * other_number: rows that the ledger knows with another claim number: the same work order, and all
 * else as it was sent. A new scheme of numbers, or a prefix before each, makes other claims of all
 * rows, and all of them would be paid again.
 *
 * The ledger finds claims by their numbers, so it is walked through once, and only for where many
 * rows are new: rows that stand evenly among these are looked at.
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
    uint64_t unmet;     /* rows of whose claims the ledger knows nothing; of these … */
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

/* Takes a row, in the order of the file, of whose claim the ledger knows nothing. What was found is
 * known after the end, which looks at none where no more than so many are unmet. */
int other_number_take(struct other_number *other_number, uint64_t row, const struct claim *claim,
                      struct error *err);
int other_number_end(struct other_number *other_number, uint64_t more_than, struct error *err);

/* As many of all unmet rows, as far as those that were looked at tell. */
uint64_t other_number_rows(const struct other_number_found *found);

#endif

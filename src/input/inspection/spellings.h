/*
 * spellings: claims that stand in one export under two spellings of their numbers, of the same work
 * order: sheets were put together, and in one of them a spreadsheet took the zeros away. As they
 * are they would be two claims each, and paid twice.
 *
 * One more pass over the rows, only where any number is written in another way than
 * order_no_alike.h folds it to: without one there are no two spellings. 16 bytes a row, as
 * duplicates.h has it.
 *
 * Tested by tests/e2e/test_alike.py
 */
#ifndef CLAIMBATCH_INPUT_INSPECTION_SPELLINGS_H
#define CLAIMBATCH_INPUT_INSPECTION_SPELLINGS_H

#include "input/inspection/inspection.h"

struct error;

/* Behind the inspection of an export. EXIT_INPUT_REFUSED where there are any and the rule
 * damaged-order-no is an error; where it warns that is said. */
int spellings_refuse(const struct row_source *row_source, const struct inspection *inspection,
                     struct error *err);

#endif

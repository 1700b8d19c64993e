/*
 * cell_name: what a spreadsheet calls a cell of the file at hand.
 *
 * Tested by tests/e2e/test_check.py
 */
#ifndef CLAIMBATCH_INPUT_READER_CELL_NAME_H
#define CLAIMBATCH_INPUT_READER_CELL_NAME_H

#include <stddef.h>

struct record;

#define CELL_NAME_COLUMN_BYTES 16
#define CELL_NAME_BYTES 40

/* The name of a spreadsheet's column, from 0: "A" … "Z", "AA" …. Returns ret_name. */
const char *cell_name_column(size_t index, char ret_name[CELL_NAME_COLUMN_BYTES]);

/* "cell D24", or "row 24" for COLUMN_ABSENT; of a list of problems, as the list shows it. Returns
 * ret_cell. */
const char *cell_name(const struct record *record, int index, char ret_cell[CELL_NAME_BYTES]);

#endif

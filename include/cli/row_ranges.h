/*
 * row_ranges: rows as a person types them: "3" or "3,7-9".
 *
 * Tested by tests/unit/test_decisions.c
 */
#ifndef CLAIMBATCH_CLI_ROW_RANGES_H
#define CLAIMBATCH_CLI_ROW_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#define ROW_RANGES_ROWS_MAX 100000

/* Takes "7" or "7-9" and the comma behind it from the text; false when it begins otherwise. */
bool row_ranges_next(const char **rows, uint64_t *ret_first, uint64_t *ret_last);

/* Whether the text names rows, none before row 2, at most ROW_RANGES_ROWS_MAX. */
bool row_ranges_are_valid(const char *rows);

#endif

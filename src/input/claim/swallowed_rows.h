/*
 * swallowed_rows: rows of the export that stand inside a cell of another, for a quote before them
 * was not closed.
 *
 * `1001,…,"late` and, forty lines below, `1041,…,gone"` are one record to every reader of CSV: its
 * text has the claims between in it, none of which would be sent or told of. So it is the export
 * that is refused, not the row.
 *
 * Tested by tests/unit/test_claim.c
 */
#ifndef CLAIMBATCH_INPUT_CLAIM_SWALLOWED_ROWS_H
#define CLAIMBATCH_INPUT_CLAIM_SWALLOWED_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "input/claim/rules.h"
#include "input/reader/columns.h"
#include "input/reader/reader.h"

struct swallowed_rows {
    size_t count; /* 0: none */
    size_t index; /* of the cell they are in */
};

/* Finds the first cell with lines that are as wide as a row of the export, and have two of
 * workcard_id, claim_time and claim_status where a row has them. */
struct swallowed_rows swallowed_rows_find(const struct rules *rules, const struct columns *columns,
                                          const struct record *record);

/* Appends how many there are where, and what to do; false, and nothing, where there are none. */
bool swallowed_rows_explain(const struct rules *rules, const struct columns *columns,
                            const struct record *record, struct buffer *ret_sentence);

#endif

/*
 * claim_rows: the rows that a run is about, one pass over them.
 *
 * They are those of an export, or those that a report has left (command/rerun/selection.h): the
 * source says which. Every pass over one source yields the very same rows, judged in the same way:
 * the bytes were surveyed, and nothing else but the source is asked. A pass is used by one
 * thread.
 *
 * Tested by tests/unit/test_claim_rows.c
 */
#ifndef CLAIMBATCH_INPUT_INSPECTION_CLAIM_ROWS_H
#define CLAIMBATCH_INPUT_INSPECTION_CLAIM_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "input/claim/claim.h"
#include "input/inspection/inspection.h"

struct error;
struct claim_rows;

/* One row. What is borrowed is so until the next one. */
struct judged_row {
    uint64_t row; /* as a spreadsheet that shows the export counts */
    bool invalid;
    struct claim claim; /* unless it is invalid; its texts live in the store */
    struct findings findings;
    const struct record *record;   /* the cells as they stand, borrowed … */
    const struct columns *columns; /* … and which of them is which field */
    const char *noted; /* codes of warnings that the row brought along, joined by ';'; borrowed */
    bool may_resend;   /* a round about unknown attempts is about this row too */
    const char *unknown_row; /* what is known of an unknown attempt before this run; NULL: there is
                              none, or the ledger tells; borrowed */
    bool is_unrecorded;      /* … of which no ledger knows */
    uint64_t open_row; /* an earlier row of its claim, not of this run, that is unknown; 0: none */
    bool was_disliked; /* a firewall in front of the gateway may have disliked it before this run */
};

/* How rows are read that are not those of an export. `pass` is what `open` gave back. */
struct claim_rows_kind {
    int (*open)(const struct row_source *row_source, void **ret_pass, struct error *err);
    int (*next)(void *pass, struct claim_store *store, struct judged_row *ret_row,
                struct error *err);
    void (*close)(void *pass); /* NULL is fine */
};

/* Starts a pass over an input that was inspected, which must outlive it. */
int claim_rows_open(const struct row_source *row_source, const struct inspection *inspection,
                    struct claim_rows **ret_claim_rows, struct error *err);
void claim_rows_close(struct claim_rows *claim_rows); /* NULL is fine */

/* The next row, judged: 1, or 0 behind the last one, or -1. Its claim's texts go into `store`. */
int claim_rows_next(struct claim_rows *claim_rows, struct claim_store *store,
                    struct judged_row *ret_row, struct error *err);

#endif

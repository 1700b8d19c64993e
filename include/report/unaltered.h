/*
 * unaltered: whether a report may be taken at its word.
 *
 * Its rows are shown one by one, in their order. The report is proven when it is byte for byte that
 * of its manifest, or, where a person said to have edited it, when it is whole, its outcomes are
 * those that the manifest counts, and only rows that are taken have other content. What a
 * spreadsheet does to a report is told apart from a person's edits, and never taken: what it lost
 * cannot be seen.
 *
 * Tested by tests/unit/test_unaltered.c
 */
#ifndef CLAIMBATCH_REPORT_UNALTERED_H
#define CLAIMBATCH_REPORT_UNALTERED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/money.h"
#include "report/manifest/manifest.h"
#include "report/scan.h"

struct error;

#define UNALTERED_ROWS_NAMED 10 /* of those that are not as they were written */

/* One with the settings, else zeroed, is to begin. */
struct unaltered {
    const char *path;
    const struct manifest_found *manifest;
    bool accept_edits;
    bool is_all_there_is; /* no ledger knows the report's run: edits are never accepted */

    uint64_t rows[OUTCOME_COUNT]; /* shown so far */
    money fee_fen[OUTCOME_COUNT];
    uint64_t edited;  /* rows that a person edited and that were taken */
    uint64_t last;    /* the row shown last */
    uint64_t refused; /* rows that are not as they were written … */
    bool damaged;     /* … one of them by a spreadsheet */
    struct buffer named;
};

/*
 * Shows the next row; `is_taken`: it is to be sent. EXIT_INPUT_REFUSED when it is no row of a
 * report, or not behind the one before. Edits are refused at the end, together. EXIT_TRY_LATER in
 * their place, here and at the end, where a run published it anew meanwhile.
 */
int unaltered_show(struct unaltered *unaltered, const struct scan_row *row, bool is_taken,
                   struct error *err);

/* Behind the last row: EXIT_INPUT_REFUSED with what speaks against the report, whose bytes have
 * this SHA-256. */
int unaltered_finish(struct unaltered *unaltered, const unsigned char *sha256, struct error *err);
void unaltered_release(struct unaltered *unaltered);

#endif

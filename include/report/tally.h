/*
 * tally: what a report adds up to.
 *
 * Counted from the lines of the report as they are written, so that counts and lines cannot differ.
 *
 * Tested by tests/unit/test_tally.c
 */
#ifndef CLAIMBATCH_REPORT_TALLY_H
#define CLAIMBATCH_REPORT_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/money.h"
#include "ledger/outcome.h"

struct run_count;
struct tally;

#define TALLY_CODES_MAX 1000 /* further codes are counted together as TALLY_OTHER_CODE */
#define TALLY_OTHER_CODE "OTHER"

struct tally *tally_open(void); /* NULL without memory */
void tally_close(struct tally *tally);

/* Counts one line. `fee` is 0 where the amount is not known. -1 without memory. */
int tally_add(struct tally *tally, enum outcome outcome, enum outcome counts_as, const char *code,
              int64_t fee_fen);

/* Takes over the counts of a report that was written earlier; its codes are not known. */
void tally_restore(struct tally *tally, enum outcome outcome, uint64_t rows, uint64_t counts_as,
                   money fee_fen);

/* Counts the warnings of a line, codes joined by ';'. Of more than TALLY_WARNINGS_MAX codes the
 * rest is not counted; there are not so many. */
#define TALLY_WARNINGS_MAX 48
#define TALLY_WARNING_BYTES 32
void tally_warn(struct tally *tally, const char *codes, uint64_t row);

struct tally_warning {
    char code[TALLY_WARNING_BYTES];
    uint64_t rows, first_row;
};

/* The i-th warning, in the order in which they were met; NULL past the last. Borrowed. */
const struct tally_warning *tally_warning(const struct tally *tally, size_t i);

/* Rows that give another amount than the row before them of the same claim. */
struct tally_repeats {
    uint64_t rows, first_row, row_before; /* of the first one */
    bool more;                            /* there may be more: not all rows were compared */
};
void tally_set_repeats(struct tally *tally, const struct tally_repeats *repeats);
const struct tally_repeats *tally_repeats(const struct tally *tally); /* NULL: not looked for */

/* One more line whose answer may be another row's; and how many there are. */
void tally_note_suspect(struct tally *tally);
uint64_t tally_suspects(const struct tally *tally);

uint64_t tally_rows(const struct tally *tally, enum outcome outcome);
money tally_fee(const struct tally *tally, enum outcome outcome);
uint64_t tally_all_rows(const struct tally *tally);

/* Rows that count as an outcome for the exit code: those that have it, and skipped repeats of
 * those. */
uint64_t tally_counted_as(const struct tally *tally, enum outcome outcome);

/* The same as a ledger keeps it of a run; OUTCOME_COUNT entries. */
void tally_counts(const struct tally *tally, struct run_count *ret_counts);

/* The i-th code, of the most frequent first, with its outcome; NULL past the last. Borrowed. */
const char *tally_code(struct tally *tally, size_t i, enum outcome *ret_outcome,
                       uint64_t *ret_rows);

#endif

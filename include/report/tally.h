/*
 * tally: what a report adds up to.
 *
 * Counted from the lines of the report as they are written, so that counts and lines cannot differ.
 *
 * Tested by tests/unit/test_tally.c
 */
#ifndef CLAIMBATCH_REPORT_TALLY_H
#define CLAIMBATCH_REPORT_TALLY_H

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

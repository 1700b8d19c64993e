/*
 * feed: the second pass: the rows of the export that still need something done.
 *
 * Reads the export once more and leaves out what needs no decision: invalid rows, and rows whose
 * outcome an earlier start of the same run has recorded and that is not to be tried again.
 *
 * Tested by tests/e2e/test_resume.py
 */
#ifndef CLAIMBATCH_RUN_ROWS_FEED_H
#define CLAIMBATCH_RUN_ROWS_FEED_H

#include <stdint.h>

#include "input/inspection/inspection.h"
#include "ledger/ledger.h"

struct error;
struct feed;
struct job;

struct report;

/* Rows that are passed over are given to the report. */
int feed_open(const struct row_source *row_source, const struct inspection *inspection,
              struct ledger *ledger, int64_t run, const struct round *round, struct report *report,
              struct feed **ret_feed, struct error *err);
void feed_close(struct feed *feed); /* NULL is fine */

/* Fills the next row into a free job: row, claim, digest, repeated, attempts. 1, or 0 at the end of
 * the export. */
int feed_next(struct feed *feed, struct job *job, struct error *err);

/* The row after the last one that was read. */
uint64_t feed_next_row(const struct feed *feed);

/* Rows passed over so far, by outcome. */
uint64_t feed_passed(const struct feed *feed, enum outcome outcome);

/* Whether a recorded outcome is to be tried again by the same command, in this round if there is
 * one. */
bool feed_tries_again(const struct row_record *record, const struct round *round);

#endif

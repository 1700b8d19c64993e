/*
 * history: which rows of an export are older than what was accepted, as the export itself says.
 *
 * An export may tell how a claim came about, first not settled, then settled, in a row each. Where
 * the content that was accepted last stands in a later row, the rows before it are no corrections
 * of it, though their run is newer: nothing of them is sent again.
 *
 * In memory, 24 bytes for each row that has the accepted content of a claim that may stand in the
 * export more than once, so far as there is room; the rows of other claims count as corrections
 * then, and --max-changed holds so many of them back.
 *
 * Tested by tests/unit/test_history.c
 */
#ifndef CLAIMBATCH_RUN_ROWS_HISTORY_H
#define CLAIMBATCH_RUN_ROWS_HISTORY_H

#include <stdint.h>

struct history;

#define HISTORY_ROWS_MAX ((size_t)1 << 20)

struct history *history_open(void);          /* NULL without memory */
void history_close(struct history *history); /* NULL is fine */

/* Takes note of a row whose content, by its digest, was accepted last of its claim. -1 without
 * memory. */
int history_note(struct history *history, const unsigned char *digest, uint64_t row);

/* Ends the notes; before the first question. */
void history_sort(struct history *history);

/* The last row that was noted with that content; 0: none, as of a history that is NULL. */
uint64_t history_row(const struct history *history, const unsigned char *digest);

#endif

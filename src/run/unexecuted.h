/*
 * unexecuted: the last rows that an answer said were not executed, and which have left the window:
 * failed, or unsent for what was known of their claims by then.
 *
 * Such an answer may turn out to be another row's as long as its connection is open (suspect.h).
 * Then the row may have been executed, and must not be sent again as if it surely was not. Kept in
 * a ring: a connection that idles while so many other rows fail is not foreseen. The coordinator's.
 *
 * Tested by tests/unit/test_suspect.c, tests/e2e/test_repeated_answer.py
 */
#ifndef CLAIMBATCH_RUN_UNEXECUTED_H
#define CLAIMBATCH_RUN_UNEXECUTED_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"

struct error;
struct job;
struct unexecuted;

/* As many as may fail while calls of one round of all connections are answered, and some more. */
#define UNEXECUTED_ROWS(rows) (4 * (rows))

int unexecuted_open(size_t rows, struct unexecuted **ret_unexecuted, struct error *err);
void unexecuted_close(struct unexecuted *unexecuted); /* NULL is fine */

/* Remembers the job's row in the place of the oldest one. */
int unexecuted_add(struct unexecuted *unexecuted, const struct job *job, struct error *err);

/* The claim of the row, and what it came to; false: it is not remembered, or nothing is. The key's
 * text is borrowed until the next one is added. */
bool unexecuted_find(const struct unexecuted *unexecuted, uint64_t row, struct claim_key *ret_key,
                     int64_t *ret_fee_fen);

#endif

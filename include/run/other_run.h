/*
 * other_run: another run that has a claim in flight for which a row of this one waits.
 *
 * It may be stopped (Ctrl-Z) or hang, so a row waits no longer than --wait-patience, and then stays
 * unsent with the code HELD_BY_RUN; further rows that the same run holds wait no more.
 *
 * Tested by tests/e2e/test_other_run.py
 */
#ifndef CLAIMBATCH_RUN_OTHER_RUN_H
#define CLAIMBATCH_RUN_OTHER_RUN_H

#include <stdint.h>

#include "base/buffer.h"

struct coordinator;
struct error;
struct job;
struct ledger;

/* Appends "run NAME (process 123, which is stopped)", as far as that is known. */
int other_run_describe(struct ledger *ledger, int64_t run, struct buffer *ret_words,
                       struct error *err);

/* That it is active, so that nothing is done with it now: EXIT_TRY_LATER. Always -1. */
int other_run_refuse(struct ledger *ledger, int64_t run, struct error *err);

/* The row waits for that run: 1 it has waited long enough, and the words say for whom, or 0: it is
 * to be judged again later. */
int other_run_wait(struct coordinator *c, struct job *job, int64_t run, struct buffer *ret_words,
                   struct error *err);

/* At the end of a run that was not stopped: stops it for the rows that were given up. */
void other_run_check(struct coordinator *c);

#endif

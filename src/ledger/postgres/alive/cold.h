/*
 * cold: a transaction that is none of a run's turns: it takes a run over, settles, or tells of an
 * answer that came late. There is one at a time in a ledger, as with a ledger in a file; turns do
 * not wait for it.
 *
 * Tested by tests/unit/test_worker.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_ALIVE_COLD_H
#define CLAIMBATCH_LEDGER_POSTGRES_ALIVE_COLD_H

struct error;
struct session;

/* Waits for the one at hand, for as long as the session waits for locks: EXIT_TRY_LATER then. */
int cold_begin(struct session *session, struct error *err);

/* Commits where the result is not negative, and takes all back where it is: then err stays. Returns
 * the result, or -1. */
int cold_end(struct session *session, int result, struct error *err);

#endif

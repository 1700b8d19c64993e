/*
 * exclusive: a transaction that is none of a run's turns: it takes a run over, settles, or tells of
 * an answer that came late. There is one at a time in a ledger, as with a ledger in a file; turns
 * do not wait for it.
 *
 * Tested by tests/unit/test_exclusive.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_ALIVE_EXCLUSIVE_H
#define CLAIMBATCH_LEDGER_POSTGRES_ALIVE_EXCLUSIVE_H

struct error;
struct session;

/* Waits for the one at hand, for as long as the session waits for locks: EXIT_TRY_LATER then.
 * EXIT_BAD_CONFIG where the ledger was moved to a file, which is told. */
int exclusive_begin(struct session *session, struct error *err);

/* The same of one that only ends what is its own, there too. */
int exclusive_begin_to_end(struct session *session, struct error *err);

/* Outside of a transaction: EXIT_BAD_CONFIG where the ledger was moved to a file. */
int exclusive_check_moved(struct session *session, struct error *err);

/* Commits where the result is not negative, and takes all back where it is: then err stays. Returns
 * the result, or -1. */
int exclusive_end(struct session *session, int result, struct error *err);

#endif

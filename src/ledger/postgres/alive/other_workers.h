/*
 * other_workers: all workers of a ledger on a server but this one.
 *
 * What changes a ledger as a whole needs it for itself: a turn of a run compares and sets, and does
 * not wait for who only reads a claim first.
 *
 * Tested by tests/unit/test_other_workers.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_ALIVE_OTHER_WORKERS_H
#define CLAIMBATCH_LEDGER_POSTGRES_ALIVE_OTHER_WORKERS_H

struct error;
struct ledger;

/*
 * Not in a transaction: begins this worker, and takes over what those have that are not heard of
 * any more, once they were watched for long enough. EXIT_TRY_LATER while another one is at work,
 * EXIT_SIGNAL_BASE and more where a signal ended the waiting.
 */
int other_workers_await(struct ledger *ledger, struct error *err);

/* In a transaction, before whose end nobody can take a run: EXIT_TRY_LATER where one has begun. */
int other_workers_check(struct ledger *ledger, struct error *err);

#endif

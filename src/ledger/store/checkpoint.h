/*
 * checkpoint: SQLite's log is carried over into the ledger's file.
 *
 * Tested by tests/unit/test_checkpoint.c
 */
#ifndef CLAIMBATCH_LEDGER_STORE_CHECKPOINT_H
#define CLAIMBATCH_LEDGER_STORE_CHECKPOINT_H

struct error;
struct ledger;

/* Carries SQLite's log over into the file (SQLITE_CHECKPOINT_…); nothing else may do that. What
 * hinders it for now (another's checkpoint, a reader, a full disk) is no error: the log stays. */
int checkpoint_run(struct ledger *ledger, int mode, struct error *err);

/* Before the ledger is closed, and its statements with it. Where the log cannot be carried over
 * whole it stays: SQLite, which does that when it closes the last one, leaves it alone then. */
void checkpoint_close(struct ledger *ledger);

#endif

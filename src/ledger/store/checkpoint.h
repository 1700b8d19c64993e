/*
 * checkpoint: SQLite's log is carried over into the ledger's file.
 *
 * Tested by tests/unit/test_checkpoint.c
 */
#ifndef CLAIMBATCH_LEDGER_STORE_CHECKPOINT_H
#define CLAIMBATCH_LEDGER_STORE_CHECKPOINT_H

struct error;
struct ledger;

/* Carries SQLite's log over into the file; nothing else may do that. What hinders it for now
 * (another's checkpoint, a reader, a full disk) is no error. The log keeps its length: one that is
 * cut while it is noted as being carried over looks like one that somebody has removed. SQLite
 * removes it when the last connection is closed, behind that note. */
int checkpoint_run(struct ledger *ledger, struct error *err);

/* Before the ledger is closed, and its statements with it. Where the log cannot be carried over
 * whole it stays: SQLite, which does that when it closes the last one, leaves it alone then. */
void checkpoint_close(struct ledger *ledger);

#endif

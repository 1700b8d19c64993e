/*
 * suspect: answers that may be another row's, because bytes that nobody had asked for came behind
 * them (protocol section 8).
 *
 * A row whose answer is not recorded yet becomes unknown, and so does one that was to be sent
 * again, now or by a later start (failed, unsent). One that is accepted or rejected keeps that once
 * it is committed, with the warning SUSPECT_ANSWER. Called by the coordinator alone.
 *
 * Tested by tests/unit/test_suspect.c, tests/e2e/test_repeated_answer.py
 */
#ifndef CLAIMBATCH_RUN_SUSPECT_H
#define CLAIMBATCH_RUN_SUSPECT_H

struct coordinator;
struct error;
struct job;

/* Right before answers are recorded: those that are suspect by now are not believed. */
void suspect_doubt(struct coordinator *c, struct job *collected);

/* In the open transaction, after answers were recorded: records what is suspect of others. */
int suspect_record(struct coordinator *c, struct error *err);

/* After a rollback: what was recorded in this turn is not. */
void suspect_undo(struct coordinator *c);

/* After pool_end: records the last of them, in a transaction of its own, and has the report made
 * anew where a line says less than the ledger. */
int suspect_finish(struct coordinator *c, struct error *err);

/* The same for a run that ends with an error, perhaps one of the ledger: what cannot be recorded is
 * told, row by row. */
void suspect_rescue(struct coordinator *c);

#endif

/*
 * chronicle: the pauses of a run, as the ledger records them.
 *
 * A pause is recorded when it begins and again when it is over, so that whoever audits the run sees
 * where its time went.
 *
 * Tested by tests/e2e/test_upload.py
 */
#ifndef CLAIMBATCH_RUN_CHRONICLE_H
#define CLAIMBATCH_RUN_CHRONICLE_H

struct batch;
struct error;

/* Records, in the open transaction, that a pause has begun or ended since the last turn. */
int chronicle_turn(struct batch *b, struct error *err);

#endif

/*
 * pause_events: the pauses of a run, as the ledger records them.
 *
 * A pause is recorded when it begins and again when it is over, so that whoever audits the run sees
 * where its time went; the log says the same at the moment it happens.
 *
 * Tested by tests/e2e/test_upload.py and tests/e2e/test_log.py
 */
#ifndef CLAIMBATCH_RUN_PAUSE_EVENTS_H
#define CLAIMBATCH_RUN_PAUSE_EVENTS_H

struct coordinator;
struct error;

/* Records, in the open transaction, that a pause has begun or ended since the last turn. */
int pause_events_turn(struct coordinator *c, struct error *err);

/* Says that the run ends in the pause at hand, if there is one. */
void pause_events_end(const struct coordinator *c);

#endif

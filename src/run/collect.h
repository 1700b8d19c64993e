/*
 * collect: what came of attempts: verdicts become outcomes, repeats, pauses or stops.
 *
 * Tested by tests/unit/test_coordinator.c and tests/e2e/test_upload.py
 */
#ifndef CLAIMBATCH_RUN_COLLECT_H
#define CLAIMBATCH_RUN_COLLECT_H

struct coordinator;
struct error;
struct job;

/* Counts the calls that left since the last turn, where a rate has to be kept: long before their
 * answers come. Elsewhere they are counted with these. */
void collect_departures(struct coordinator *c);

/* Records, in the open transaction, what came of the jobs just collected, linked by turn_next. */
int collect_jobs(struct coordinator *c, struct job *jobs, struct error *err);

/* Frees those of them whose row is final, once that is committed. Until then they keep what they
 * say. */
void collect_release(struct coordinator *c, struct job *jobs);

#endif

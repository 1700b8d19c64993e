/*
 * auto_rate: `--rate auto`: what becomes of calls sets the rate of those to come.
 *
 * The ledger remembers what was found for the next run of the app key. Without --rate auto nothing
 * here does anything.
 *
 * Tested by tests/e2e/test_auto_rate.py
 */
#ifndef CLAIMBATCH_RUN_AUTO_RATE_H
#define CLAIMBATCH_RUN_AUTO_RATE_H

struct coordinator;
struct error;
struct job;

/* Before the first turn: begins with what an earlier run has found. */
int auto_rate_begin(struct coordinator *c, struct error *err);

/* Learns from a call that came back, before pacing hears of it: a gateway that refuses again and
 * again is waited for longer than it asks. */
void auto_rate_judge(struct coordinator *c, struct job *job);

/* How much of what is found this run may have, from 0 to 1: others have the rest. */
void auto_rate_share(struct coordinator *c, double share);

/* In the open transaction: keeps what has been found. */
int auto_rate_write(struct coordinator *c, struct error *err);

#endif

/*
 * shared_limits: what the runs of an app key tell each other through the ledger: calls of the day,
 * departures, bans.
 *
 * Tested by tests/unit/test_shared_limits.c and tests/e2e/test_limits.py
 */
#ifndef CLAIMBATCH_RUN_SHARED_LIMITS_H
#define CLAIMBATCH_RUN_SHARED_LIMITS_H

#include <stdint.h>

struct coordinator;
struct error;
struct job;
struct verdict;

/*
 * Counts the call that is about to be granted on the day's quota: on that of tomorrow too when it
 * may leave after midnight. shared_limits_correct_call takes back what it was counted too much,
 * once it is known whether and when it left; shared_limits_take_back_call all of it.
 */
int shared_limits_charge_call(struct coordinator *c, struct job *job, struct error *err);
int shared_limits_take_back_call(struct coordinator *c, struct job *job, struct error *err);
int shared_limits_correct_call(struct coordinator *c, struct job *job, struct error *err);

/* What this turn adds to a day's count. */
int64_t shared_limits_charged(const struct coordinator *c, int32_t day);

/* Takes note of a call that was handed over at this monotonic time, until shared_limits_write. */
void shared_limits_note_departure(struct coordinator *c, int64_t sent_mono_ms);

/* Records a ban that the gateway spoke. */
int shared_limits_ban(struct coordinator *c, const struct verdict *verdict, struct error *err);

/* Records that the gateway's quota of the day is used up: a later start of this day begins with one
 * call. */
int shared_limits_quota(struct coordinator *c, struct error *err);

/* Tells pacing, at the start, of a ban or a quota that was met before: one call goes first. */
int shared_limits_begin(struct coordinator *c, struct error *err);

/* Tells pacing what other runs have sent and met since the last turn, in the open transaction.
 * Where the clock on the wall was set since then, nobody can tell when the calls of other runs
 * left: with a rate nothing is sent for as long as they could count. */
int shared_limits_read(struct coordinator *c, struct error *err);

/* Records what this turn adds: calls of the day, departures, and what may leave at any moment. */
int shared_limits_write(struct coordinator *c, struct error *err);

#endif

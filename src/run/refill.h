/*
 * refill: what becomes of the next rows: ready to be sent, or final without being sent (contract
 * section 5).
 *
 * Tested by tests/unit/test_coordinator.c and tests/e2e/test_upload.py
 */
#ifndef CLAIMBATCH_RUN_REFILL_H
#define CLAIMBATCH_RUN_REFILL_H

#include <stdbool.h>

struct coordinator;
struct error;

#define REFILL_ASKED_ROWS 512   /* asked of a server in one turn at most */
#define REFILL_ROWS 4096        /* rows judged in one turn at most */
#define REFILL_FINAL_ROWS 16384 /* … where all of them became final: each turn costs a sync */

/* Judges rows that are due and reads on while that is of use, in the open transaction. */
int refill_window(struct coordinator *c, struct error *err);

/* Whether there is use in reading on: the rows ready or on their way are fewer than may have an
 * intent. */
bool refill_is_wanted(const struct coordinator *c);

#endif

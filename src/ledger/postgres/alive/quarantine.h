/*
 * quarantine: how long an attempt of a worker that was fenced may not be called not executed.
 *
 * The worker may have been stopped between its last look at its deadline and the first byte of the
 * request. It then sends it whenever it goes on, and the gateway takes it while its timestamp is
 * not too old.
 *
 * Tested by tests/unit/test_fence.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_ALIVE_QUARANTINE_H
#define CLAIMBATCH_LEDGER_POSTGRES_ALIVE_QUARANTINE_H

#include <stdint.h>

struct buffer;
struct error;
struct session;

/* EXIT_INPUT_REFUSED while a person must not say so of this row's unknown attempt, nor send its
 * claim again. That it was accepted may be said at any time. */
int quarantine_check(struct session *session, int64_t run, uint64_t row, struct error *err);

/* How many unknown rows of a run it concerns, and, if any, from when on they may be sent again:
 * appends "2026-11-28 10:31:17", Beijing time. */
int quarantine_run(struct session *session, int64_t run, int64_t *ret_rows,
                   struct buffer *ret_until, struct error *err);

/* EXIT_INPUT_REFUSED where there are such. */
int quarantine_check_run(struct session *session, int64_t run, struct error *err);

#endif

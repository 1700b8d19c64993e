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

struct error;
struct session;

/* EXIT_INPUT_REFUSED while a person must not say so of this row's unknown attempt, nor send its
 * claim again. That it was accepted may be said at any time. */
int quarantine_check(struct session *session, int64_t run, uint64_t row, struct error *err);

/* The same of all unknown rows of a run, which are to be sent again. */
int quarantine_check_run(struct session *session, int64_t run, struct error *err);

#endif

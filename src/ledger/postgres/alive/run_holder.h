/*
 * run_holder: which worker holds a run of a ledger on a server, as run_lock is of a ledger in a
 * file.
 *
 * A run is held by one worker at most. It is anybody's when that has ended, or was fenced, which
 * whoever wants the run does himself once he has watched the worker for long enough; a worker that
 * died on this very host is not waited for. Each function is what struct database_driver says.
 *
 * Tested by tests/unit/test_run_holder.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_ALIVE_RUN_HOLDER_H
#define CLAIMBATCH_LEDGER_POSTGRES_ALIVE_RUN_HOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "fence.h"
#include "ledger/ledger.h"

/* A run that is watched while something else is done. */
struct run_watch {
    int64_t run;
    int64_t looked_ms; /* 0: not yet */
    struct fence_watch holder;
};

int run_holder_await(struct ledger *ledger, int64_t run, struct error *err);
int run_holder_take(struct ledger *ledger, int64_t run, struct error *err);
int run_holder_watch(struct ledger *ledger, int64_t run, struct error *err);
bool run_holder_is_alive(struct ledger *ledger, int64_t run);
int run_holder_process(struct ledger *ledger, int64_t run, struct run_process *ret_process,
                       struct error *err);

/* Looks at a worker once, and takes over what it has where it may be: 1 it is over, 0 it is not. */
int run_holder_look(struct ledger *ledger, struct fence_watch *holder, struct error *err);

/* Waits until the next look, and beats. EXIT_SIGNAL_BASE and more where a signal ended it. */
int run_holder_rest(struct ledger *ledger, struct error *err);

#endif

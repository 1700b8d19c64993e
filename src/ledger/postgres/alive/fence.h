/*
 * fence: taking what a worker has that is not heard of any more.
 *
 * Its calls in flight become unknown: they may have been executed, and what it has signed may still
 * leave while the gateway takes its time stamp, so until then nobody may say that it was not
 * executed. Its runs are anybody's. What it was told is refused from then on: it stands on an epoch
 * that is over.
 *
 * Tested by tests/unit/test_fence.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_ALIVE_FENCE_H
#define CLAIMBATCH_LEDGER_POSTGRES_ALIVE_FENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "lease.h"

struct error;
struct host_lock;
struct session;

#define FENCE_HOST_BYTES 256

/* A worker that is watched. */
struct fence_watch {
    int64_t worker;
    struct lease_watch lease; /* zeroed at first */

    /* As of the last look. */
    bool is_over;      /* it has ended, or was fenced, or is not known */
    bool is_fresh;     /* it has beaten a moment ago: there is no use in waiting for it */
    bool is_dead_here; /* it was a process of this host, and is no more */
    int64_t beat;
    int64_t pid;
    char host[FENCE_HOST_BYTES];
};

/* Looks at it once; to be done each look_ms of the lease. 1: it may be fenced; 0: not yet, or it is
 * over; -1: the ledger could not be asked, and the watch begins anew. */
int fence_look(struct session *session, const struct host_lock *lock, const struct lease *lease,
               struct fence_watch *watch, struct error *err);

/*
 * Fences a worker that may be, for worker `by`: 1, or 0 where it has beaten since the last look, or
 * somebody else was first: then nothing has changed. It waits for a turn of the worker that is
 * under way. *ret_lost: calls that are unknown now. An error of EXIT_TRY_LATER leaves the worker as
 * it was, and the same may be tried after another look.
 */
int fence_take(struct session *session, const struct lease *lease, const struct fence_watch *watch,
               int64_t by, int64_t *ret_lost, struct error *err);

/* In a transaction: its intents are unknown from now on, and not to be settled as not executed for
 * so long; and others may have its share of the rate. */
#define FENCE_SETTLE_AT_ONCE (-1)
int fence_release(struct session *session, int64_t worker, int64_t settle_ms, int64_t *ret_lost,
                  struct error *err);

#endif

/*
 * ledger_worker: the worker that a ledger on a server has in this process.
 *
 * It begins before the first run is held, and ends with the ledger. What is changed in between is
 * changed as this worker, so nothing is once another has taken its place.
 *
 * Tested by tests/unit/test_ledger_worker.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_ALIVE_LEDGER_WORKER_H
#define CLAIMBATCH_LEDGER_POSTGRES_ALIVE_LEDGER_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadline.h"
#include "host_lock.h"
#include "lease.h"
#include "ledger/postgres/outage/witness.h"
#include "worker.h"

struct error;
struct ledger;
struct run_watch;

/* Of each ledger on a server. The turns of a run are the worker's too. */
struct ledger_worker {
    const struct lease
        *lease;             /* &lease_real; of tests alone a shorter one, said before it begins */
    struct host_lock lock;  /* fd -1: not opened yet */
    struct worker worker;   /* id 0: not begun yet */
    struct session *beside; /* for what cannot wait for the end of a look; NULL: not yet */
    struct deadline send_before;
    struct witness witness;    /* fd -1: not opened yet */
    struct run_watch *watches; /* run_holder.c */
    size_t watch_count, watch_room;
};

/* What it begins with; NULL without memory. */
struct ledger_worker *ledger_worker_new(void);

/* Begins, where it has not; not in a transaction, which may be taken back. EXIT_CANNOT_CREATE,
 * EXIT_BAD_CONFIG: the lock file of this host has no place. */
int ledger_worker_begin(struct ledger *ledger, struct error *err);

/* The lock file of this host, where there is one; else NULL. */
const struct host_lock *ledger_worker_host(struct ledger *ledger);

/* As struct database_driver says. */
int ledger_worker_beat(struct ledger *ledger, struct error *err);
int ledger_worker_check(struct ledger *ledger, struct error *err);

/* Ends it, and frees it. Where the server cannot be told that is a warning: others wait then. */
void ledger_worker_end(struct ledger *ledger);

#endif

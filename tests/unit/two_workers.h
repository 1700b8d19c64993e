/* A ledger on a server that two starts of the program have opened. */
#ifndef CLAIMBATCH_TESTS_TWO_WORKERS_H
#define CLAIMBATCH_TESTS_TWO_WORKERS_H

#include "both_places.h"
#include "ledger/postgres/alive/ledger_worker.h"
#include "ledger/store/database.h"

/* Over before the patience of a test is. A host that is busy may look late. */
static const struct lease short_lease = {
    .length_ms = 300,
    .margin_ms = 50,
    .beat_ms = 50,
    .look_ms = 20,
    .gap_ms = 60000,
    .settle_ms = 600000,
};

static inline int64_t worker_of(const struct ledger *ledger)
{
    return ledger->server.worker->worker.id;
}

static inline void set_lease(struct ledger *ledger, const struct lease *lease)
{
    ledger->server.worker->lease = lease;
}

static inline void lock_run(struct ledger *ledger, int64_t run)
{
    int taken = ledger_run_lock(ledger, run, &err);

    if (taken < 0)
        fail_msg("%s", err.text);
    assert_int_equal(taken, 1);
}

/* What a statement about a worker, $1 there, says of it. */
static inline long long of_worker(const struct place *place, int64_t worker, const char *columns)
{
    char statement[256];

    snprintf(statement, sizeof(statement), "SELECT %s FROM claimbatch.worker WHERE id=%lld",
             columns, (long long)worker);
    return cluster_number(place->path, statement);
}

/* As if another host's. */
static inline void move_away(const struct place *place, int64_t worker)
{
    char statement[256];

    snprintf(statement, sizeof(statement),
             "UPDATE claimbatch.worker SET host='harbour', boot='another', pid=77 WHERE id=%lld",
             (long long)worker);
    cluster_run(place->path, statement);
}

#endif

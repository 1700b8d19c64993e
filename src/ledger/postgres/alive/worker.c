#include "worker.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/error.h"
#include "base/log.h"
#include "exclusive.h"
#include "fence.h"
#include "host_lock.h"
#include "lease.h"
#include "ledger/postgres/outage/witness.h"
#include "ledger/postgres/session.h"
#include "parameters.h"

#define HOST_BYTES 256

static void take_beat(struct worker *worker, int64_t sent_ms, int64_t calls)
{
    worker->beat_ms = sent_ms;
    worker->beat_calls = calls;
    if (worker->witness)
        witness_write(worker->witness, worker->id, calls);
    deadline_set(worker->send_before, lease_deadline_ms(worker->lease, sent_ms));
}

void worker_take_beat(struct worker *worker, int64_t sent_ms)
{
    take_beat(worker, sent_ms, worker->calls);
}

bool worker_beat_is_due(const struct worker *worker)
{
    return lease_beat_is_due(worker->lease, worker->beat_ms, clock_boot_ms());
}

/* The id is taken first: its byte of the host's file is locked before anybody can know of it. One
 * that a ledger gives again, which was put back from a backup, is passed over: by its number this
 * host knows what is gone. */
static int take_id(struct worker *worker, struct error *err)
{
    static const char next[] = "SELECT nextval(pg_get_serial_sequence('claimbatch.worker', 'id'))";
    int64_t newest = worker->witness ? witness_newest(worker->witness) : 0;

    do {
        if (session_ask(worker->session, next, 0, NULL, err))
            return -1;
        worker->id = session_integer(worker->session, 0, 0);
    } while (worker->id <= newest);
    return host_lock_take(worker->lock, worker->id, err);
}

int worker_begin(struct worker *worker, struct error *err)
{
    static const char insert[] =
        "INSERT INTO worker(id, host, place, boot, pid, version) OVERRIDING SYSTEM VALUE"
        " VALUES($1,$2,$3::uuid,$4,$5,$6)";
    char host[HOST_BYTES] = "";
    int64_t sent_ms;

    gethostname(host, sizeof(host) - 1);
    if (take_id(worker, err))
        return -1;
    sent_ms = clock_boot_ms();
    if (parameters_ask(worker->session, insert, err, "isssis", worker->id, host,
                       worker->lock->place, worker->lock->boot, (int64_t)getpid(),
                       CLAIMBATCH_VERSION))
        return -1;
    worker->epoch = 0;
    take_beat(worker, sent_ms, 0);
    return 0;
}

/* 1, or 0 where it was not. */
static int tell_fenced(struct session *session, int64_t worker, struct error *err)
{
    static const char who[] = "SELECT coalesce(b.host, ''), coalesce(b.pid, 0) FROM worker w"
                              " LEFT JOIN worker b ON b.id=w.fenced_by WHERE w.id=$1 AND w.fenced";

    if (parameters_ask(session, who, err, "i", worker))
        return -1;
    if (!session_rows(session))
        return 0;
    error_set(err, EXIT_TRY_LATER,
              "this host was not heard of in time, so host %s (process %lld) goes on in its "
              "place; nothing more is sent from here",
              LOG_QUOTED(session_text(session, 0, 0)), (long long)session_integer(session, 0, 1));
    return 1;
}

int worker_fail_refused(struct worker *worker, struct session *session, struct error *err)
{
    int told = tell_fenced(session, worker->id, err);

    worker->is_fenced = told > 0;
    if (worker->is_fenced)
        deadline_set(worker->send_before, 0);
    if (told == 0)
        error_set(err, EXIT_BAD_CONFIG,
                  "worker %lld is not in the ledger any more: was the database put back from a "
                  "backup? Nothing more is sent",
                  (long long)worker->id);
    return -1;
}

/* The one row that a statement gives unless the worker was fenced. */
static int expect_row(struct worker *worker, struct session *session, struct error *err)
{
    return session_rows(session) ? 0 : worker_fail_refused(worker, session, err);
}

int worker_check(struct worker *worker, struct error *err)
{
    static const char check[] =
        "SELECT epoch FROM worker WHERE id=$1 AND NOT fenced AND NOT ended FOR SHARE";

    if (parameters_ask(worker->session, check, err, "i", worker->id) ||
        expect_row(worker, worker->session, err))
        return -1;
    worker->epoch = session_integer(worker->session, 0, 0);
    return 0;
}

int worker_beat(struct worker *worker, int64_t calls, struct error *err)
{
    static const char beat[] =
        "UPDATE worker SET beat=beat+1, beat_at=clock_timestamp(), calls=$3"
        " WHERE id=$1 AND epoch=$2 AND NOT fenced AND NOT ended RETURNING beat";
    int64_t sent_ms = clock_boot_ms();

    if (parameters_ask(worker->session, beat, err, "iii", worker->id, worker->epoch, calls) ||
        expect_row(worker, worker->session, err))
        return -1;
    take_beat(worker, sent_ms, calls);
    return 0;
}

int worker_raise_epoch(struct worker *worker, struct session *session, int64_t *ret_calls,
                       struct error *err)
{
    static const char raise[] = "UPDATE worker SET epoch=epoch+1 WHERE id=$1 AND NOT fenced"
                                " AND NOT ended RETURNING epoch, calls";

    if (parameters_ask(session, raise, err, "i", worker->id) || expect_row(worker, session, err))
        return -1;
    worker->epoch = session_integer(session, 0, 0);
    *ret_calls = session_integer(session, 0, 1);
    return 0;
}

int worker_end(struct worker *worker, struct error *err)
{
    static const char end[] = "UPDATE worker SET ended=true WHERE id=$1 AND epoch=$2 AND NOT fenced"
                              " AND NOT ended RETURNING id";
    int64_t lost;
    int result;

    deadline_set(worker->send_before, 0);
    if (exclusive_begin_to_end(worker->session, err))
        return -1;
    result = parameters_ask(worker->session, end, err, "ii", worker->id, worker->epoch) ||
                     expect_row(worker, worker->session, err) ||
                     fence_release(worker->session, worker->id, FENCE_SETTLE_AT_ONCE, &lost, err)
                 ? -1
                 : 0;
    return exclusive_end(worker->session, result, err);
}

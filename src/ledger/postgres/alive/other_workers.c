#include "other_workers.h"

#include "base/error.h"
#include "base/log.h"
#include "ledger/postgres/session.h"
#include "ledger/store/database.h"
#include "ledger_worker.h"
#include "parameters.h"
#include "run_holder.h"

/* 0: there is none. */
static int ask_other(struct ledger *ledger, int64_t *ret_worker, struct error *err)
{
    static const char other[] =
        "SELECT id FROM worker WHERE NOT fenced AND NOT ended AND id<>$1 ORDER BY id LIMIT 1";
    struct session *session = ledger->server.session;

    if (parameters_ask(session, other, err, "i", ledger->server.worker->worker.id))
        return -1;
    *ret_worker = session_rows(session) ? session_integer(session, 0, 0) : 0;
    return 0;
}

static int refuse(const struct fence_watch *other, struct error *err)
{
    return error_set(err, EXIT_TRY_LATER,
                     "host %s (process %lld) works with this ledger; wait until it has ended, then "
                     "type the same again",
                     LOG_QUOTED(other->host), (long long)other->pid);
}

static void tell_wait(const struct lease *lease, const struct fence_watch *other)
{
    log_warn("host %s (process %lld) has not been heard of; what it had is taken over in %lld s "
             "unless it is",
             LOG_QUOTED(other->host), (long long)other->pid,
             (long long)((lease->length_ms + lease->margin_ms) / 1000));
}

/* Until it is over: it has ended, or was taken over. */
static int await(struct ledger *ledger, int64_t worker, struct error *err)
{
    struct fence_watch other = {.worker = worker};
    bool is_told = false;
    int is_over;

    while (!(is_over = run_holder_look(ledger, &other, err))) {
        if (other.is_fresh && !other.is_dead_here)
            return refuse(&other, err);
        if (!is_told && !other.is_dead_here)
            tell_wait(ledger->server.worker->lease, &other);
        is_told = true;
        if (run_holder_rest(ledger, err))
            return -1;
    }
    return is_over < 0 ? -1 : 0;
}

int other_workers_await(struct ledger *ledger, struct error *err)
{
    int64_t other;

    if (ledger_worker_begin(ledger, err))
        return -1;
    for (;;) {
        if (ask_other(ledger, &other, err))
            return -1;
        if (!other)
            return 0;
        if (await(ledger, other, err))
            return -1;
    }
}

int other_workers_check(struct ledger *ledger, struct error *err)
{
    int64_t other;

    if (ask_other(ledger, &other, err))
        return -1;
    return other ? error_set(err, EXIT_TRY_LATER,
                             "another process has begun to work with this ledger; wait until it "
                             "has ended, then type the same again")
                 : 0;
}

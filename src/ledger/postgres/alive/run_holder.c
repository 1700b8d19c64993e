#include "run_holder.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/stop.h"
#include "ledger/postgres/session.h"
#include "ledger/store/database.h"
#include "ledger_worker.h"
#include "parameters.h"

/* ---- who has it ---- */

/* 0: nobody, or there is no such run. */
static int ask_holder(struct ledger *ledger, int64_t run, int64_t *ret_worker, struct error *err)
{
    static const char holder[] = "SELECT worker FROM run WHERE id=$1";
    struct session *session = ledger->server.session;

    if (parameters_ask(session, holder, err, "i", run))
        return -1;
    *ret_worker = session_rows(session) ? session_integer(session, 0, 0) : 0;
    return 0;
}

/* Where that cannot be asked nobody may take it for dead. */
bool run_holder_is_alive(struct ledger *ledger, int64_t run)
{
    struct database_statement *s = database_ready(ledger, SQL_RUN_ALIVE, "i", run);
    struct error ignored = {0};
    int found = database_step(ledger, s, &ignored);
    bool is_alive = found != 0;

    if (found == 1 && database_integer(s, 0) != ledger->server.worker->worker.id) {
        const struct host_lock *lock = ledger_worker_host(ledger);

        is_alive = !lock || !host_lock_knows_dead(lock, database_text(s, 1), database_text(s, 2),
                                                  database_integer(s, 0));
    }
    database_done(s);
    return is_alive;
}

int run_holder_process(struct ledger *ledger, int64_t run, struct run_process *ret_process,
                       struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_RUN_PROCESS, "i", run);
    const struct host_lock *lock = ledger_worker_host(ledger);
    int found = database_step(ledger, s, err);

    *ret_process = (struct run_process){0};
    if (found == 1) {
        ret_process->id = database_integer(s, 0);
        snprintf(ret_process->host, sizeof(ret_process->host), "%s", database_text(s, 1));
        ret_process->is_here =
            lock && host_lock_is_here(lock, database_text(s, 2), database_text(s, 3));
    }
    database_done(s);
    return found < 0 ? -1 : 0;
}

/* ---- taking it over ---- */

static void tell_taken(const struct ledger *ledger, const struct fence_watch *holder, int64_t lost)
{
    const struct lease *lease = ledger->server.worker->lease;

    if (holder->is_dead_here)
        log_warn("process %lld of this host died: its runs are taken over; rows that it had in "
                 "flight and that are unknown now: %lld",
                 (long long)holder->pid, (long long)lost);
    else
        log_warn("host %s (process %lld) has not been heard of for %lld s: its runs are taken "
                 "over; rows that it had in flight and that are unknown now: %lld",
                 LOG_QUOTED(holder->host), (long long)holder->pid,
                 (long long)((lease->length_ms + lease->margin_ms) / 1000), (long long)lost);
}

/* Locks of the worker's last turn may still be held: it is tried again then. */
static int take_over(struct ledger *ledger, const struct fence_watch *holder, struct error *err)
{
    struct ledger_worker *own = ledger->server.worker;
    int64_t lost;
    int taken = fence_take(ledger->server.session, own->lease, holder, own->worker.id, &lost, err);

    if (taken > 0)
        tell_taken(ledger, holder, lost);
    if (taken < 0 && err->exit_code == EXIT_TRY_LATER && session_is_usable(ledger->server.session))
        return 0;
    return taken;
}

int run_holder_look(struct ledger *ledger, struct fence_watch *holder, struct error *err)
{
    struct ledger_worker *own = ledger->server.worker;
    int may = fence_look(ledger->server.session, &own->lock, own->lease, holder, err);

    if (may < 0)
        return -1;
    if (holder->is_over)
        return 1;
    return may ? take_over(ledger, holder, err) : 0;
}

/* The same of who has the run: 1 nobody, 0 somebody. */
static int look(struct ledger *ledger, int64_t run, struct fence_watch *holder, struct error *err)
{
    int64_t worker;

    if (ask_holder(ledger, run, &worker, err))
        return -1;
    if (worker != holder->worker)
        *holder = (struct fence_watch){.worker = worker};
    if (!worker || worker == ledger->server.worker->worker.id)
        return 1;
    return run_holder_look(ledger, holder, err);
}

int run_holder_rest(struct ledger *ledger, struct error *err)
{
    struct pollfd stop = {stop_fd(), POLLIN, 0};

    if (!stop_signal())
        poll(&stop, 1, (int)ledger->server.worker->lease->look_ms);
    if (stop_signal())
        return error_set(err, EXIT_SIGNAL_BASE + stop_signal(),
                         "stopped by a signal while another host was waited for; "
                         "nothing was sent");
    return ledger_worker_beat(ledger, err);
}

static void tell_wait(const struct lease *lease, const struct fence_watch *holder)
{
    log_warn("host %s (process %lld), which has this run, has not been heard of; the run is taken "
             "over in %lld s unless it is",
             LOG_QUOTED(holder->host), (long long)holder->pid,
             (long long)((lease->length_ms + lease->margin_ms) / 1000));
}

int run_holder_await(struct ledger *ledger, int64_t run, struct error *err)
{
    const struct lease *lease = ledger->server.worker->lease;
    struct fence_watch holder = {0};
    bool is_told = false;
    int is_over;

    if (ledger_worker_begin(ledger, err))
        return -1;
    while (!(is_over = look(ledger, run, &holder, err)) &&
           (holder.is_dead_here || !holder.is_fresh)) {
        if (!is_told && !holder.is_dead_here)
            tell_wait(lease, &holder);
        is_told = true;
        if (run_holder_rest(ledger, err))
            return -1;
    }
    return is_over < 0 ? -1 : 0;
}

static int take(struct ledger *ledger, int64_t run, struct error *err)
{
    struct database_statement *s =
        database_ready(ledger, SQL_RUN_TAKE, "ii", run, ledger->server.worker->worker.id);
    int found = database_step(ledger, s, err);

    database_done(s);
    return found;
}

int run_holder_take(struct ledger *ledger, int64_t run, struct error *err)
{
    int taken;

    if (ledger->server.is_begun)
        return ledger_worker_begin(ledger, err) ? -1 : take(ledger, run, err);
    if (run_holder_await(ledger, run, err) || ledger_begin(ledger, err))
        return -1;
    taken = take(ledger, run, err);
    if (taken <= 0)
        ledger_rollback(ledger);
    else if (ledger_commit(ledger, err))
        return -1;
    return taken;
}

/* ---- watching it beside other work ---- */

/* One that has not been looked at for so long knows nothing any more. */
static bool is_free(const struct run_watch *watch, const struct lease *lease, int64_t now_ms)
{
    return now_ms - watch->looked_ms > lease->gap_ms;
}

/* NULL without memory. */
static struct run_watch *find_watch(struct ledger_worker *own, int64_t run, int64_t now_ms)
{
    struct run_watch *found = NULL;

    for (size_t i = 0; i < own->watch_count; i++)
        if (own->watches[i].run == run)
            return &own->watches[i];
    for (size_t i = 0; i < own->watch_count && !found; i++)
        if (is_free(&own->watches[i], own->lease, now_ms))
            found = &own->watches[i];
    if (!found && ARRAY_HAS_ROOM(own->watches, own->watch_count, own->watch_room))
        found = &own->watches[own->watch_count++];
    if (found)
        *found = (struct run_watch){.run = run};
    return found;
}

int run_holder_watch(struct ledger *ledger, int64_t run, struct error *err)
{
    struct ledger_worker *own = ledger->server.worker;
    int64_t now_ms = clock_boot_ms();
    struct run_watch *watch;
    int is_over;

    if (ledger->server.is_begun)
        return 0;
    if (ledger_worker_begin(ledger, err))
        return -1;
    watch = find_watch(own, run, now_ms);
    if (!watch)
        return error_no_memory(err);
    if (watch->looked_ms && now_ms - watch->looked_ms < own->lease->look_ms)
        return 0;
    watch->looked_ms = now_ms;
    is_over = look(ledger, run, &watch->holder, err);
    if (is_over > 0)
        *watch = (struct run_watch){0};
    return is_over;
}

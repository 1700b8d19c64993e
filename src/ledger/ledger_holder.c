/* Which runs are alive, and who holds them. */
#include "base/error.h"
#include "ledger/postgres/alive/ledger_worker.h"
#include "ledger/store/database.h"
#include "ledger/store/run_lock.h"

int ledger_run_await(struct ledger *ledger, int64_t run, struct error *err)
{
    return database_is_server(ledger) ? ledger->driver->run_await(ledger, run, err) : 0;
}

int ledger_await_others(struct ledger *ledger, struct error *err)
{
    return database_is_server(ledger) ? ledger->driver->await_others(ledger, err) : 0;
}

int ledger_check_others(struct ledger *ledger, struct error *err)
{
    return database_is_server(ledger) ? ledger->driver->check_others(ledger, err) : 0;
}

int ledger_run_lock(struct ledger *ledger, int64_t run, struct error *err)
{
    size_t *count = &ledger->own_runs.count;
    int taken;

    if (database_is_server(ledger))
        return ledger->driver->run_lock(ledger, run, err);
    taken = run_lock_take(ledger->lock_fd, run, err);
    if (taken == 1 && *count < sizeof(ledger->own_runs.ids) / sizeof(*ledger->own_runs.ids))
        ledger->own_runs.ids[(*count)++] = run;
    return taken;
}

int ledger_run_watch(struct ledger *ledger, int64_t run, struct error *err)
{
    return database_is_server(ledger) ? ledger->driver->run_watch(ledger, run, err) : 0;
}

int ledger_run_note_process(struct ledger *ledger, int64_t run, int64_t process, struct error *err)
{
    if (database_is_server(ledger))
        return 0; /* the worker that holds it tells */
    return database_execute(ledger, database_ready(ledger, SQL_RUN_TAKE, "ii", run, process), err);
}

int ledger_run_process(struct ledger *ledger, int64_t run, struct run_process *ret_process,
                       struct error *err)
{
    struct database_statement *s;
    int found;

    if (database_is_server(ledger))
        return ledger->driver->run_process(ledger, run, ret_process, err);
    s = database_ready(ledger, SQL_RUN_PROCESS, "i", run);
    found = database_step(ledger, s, err);
    *ret_process =
        (struct run_process){.id = found == 1 ? database_integer(s, 0) : 0, .is_here = true};
    database_done(s);
    return found < 0 ? -1 : 0;
}

bool ledger_run_is_alive(struct ledger *ledger, int64_t run)
{
    if (database_is_server(ledger))
        return ledger->driver->run_is_alive(ledger, run);
    for (size_t i = 0; i < ledger->own_runs.count; i++)
        if (ledger->own_runs.ids[i] == run)
            return true;
    /* Beside a copy, or where nobody has ever locked a run, there is no lock file. */
    return ledger->lock_fd >= 0 && run_lock_is_held(ledger->lock_fd, run);
}

int ledger_beat(struct ledger *ledger, struct error *err)
{
    return database_is_server(ledger) ? ledger->driver->beat(ledger, err) : 0;
}

bool ledger_is_fenced(const struct ledger *ledger)
{
    return ledger->server.worker && ledger->server.worker->worker.is_fenced;
}

const struct deadline *ledger_send_before(const struct ledger *ledger)
{
    const struct ledger_worker *own = ledger->server.worker;

    return own && own->worker.id ? &own->send_before : NULL;
}

/* Which runs are alive, and who holds them. */
#include "base/error.h"
#include "base/log.h"
#include "ledger/postgres/alive/ledger_worker.h"
#include "ledger/store/database.h"
#include "ledger/store/run_lock.h"

int ledger_run_lock(struct ledger *ledger, int64_t run, struct error *err)
{
    size_t *count = &ledger->own_runs.count;
    int taken;

    if (database_is_server(ledger))
        return error_set(
            err, EXIT_BAD_CONFIG,
            "a run cannot be held on the ledger '%s', which is on a PostgreSQL server; "
            "nothing was sent",
            LOG_QUOTED(ledger->path));
    taken = run_lock_take(ledger->lock_fd, run, err);
    if (taken == 1 && *count < sizeof(ledger->own_runs.ids) / sizeof(*ledger->own_runs.ids))
        ledger->own_runs.ids[(*count)++] = run;
    return taken;
}

int ledger_run_note_process(struct ledger *ledger, int64_t run, int64_t process, struct error *err)
{
    return database_execute(ledger, database_ready(ledger, SQL_RUN_TAKE, "ii", run, process), err);
}

int ledger_run_process(struct ledger *ledger, int64_t run, int64_t *ret_process, struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_RUN_PROCESS, "i", run);
    int found = database_step(ledger, s, err);

    *ret_process = found == 1 ? database_integer(s, 0) : 0;
    database_done(s);
    return found < 0 ? -1 : 0;
}

/* Where that cannot be asked nobody may take it for dead. */
static bool is_alive_on_server(struct ledger *ledger, int64_t run)
{
    struct database_statement *s = database_ready(ledger, SQL_RUN_ALIVE, "i", run);
    struct error ignored = {0};
    int found = database_step(ledger, s, &ignored);

    database_done(s);
    return found != 0;
}

bool ledger_run_is_alive(struct ledger *ledger, int64_t run)
{
    if (database_is_server(ledger))
        return is_alive_on_server(ledger, run);
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
    return ledger->server.worker && ledger->server.worker->is_fenced;
}

const struct deadline *ledger_send_before(const struct ledger *ledger)
{
    const struct ledger_worker *own = ledger->server.worker;

    return own && own->worker.id ? &own->send_before : NULL;
}

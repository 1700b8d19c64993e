#include "member_watch.h"

#include "base/clock.h"
#include "ledger/postgres/alive/ledger_worker.h"
#include "ledger/postgres/alive/parameters.h"
#include "ledger/postgres/alive/run_holder.h"
#include "ledger/postgres/session.h"
#include "ledger/store/database.h"

/* The server's clock chooses which one is watched, and nothing else. 0: none. */
static int ask_silent(struct session *session, const struct member *member,
                      const struct lease *lease, int64_t *ret_worker, struct error *err)
{
    static const char silent[] =
        "SELECT w.id FROM member m JOIN worker w ON w.id=m.worker WHERE m.platform=$1"
        " AND m.app_key=$2 AND m.worker<>$3 AND NOT w.beat_at BETWEEN"
        " clock_timestamp()-$4*interval '1 ms' AND clock_timestamp()+$4*interval '1 ms'"
        " ORDER BY w.beat_at, w.id LIMIT 1";

    if (parameters_ask(session, silent, err, "isii", member->platform, member->app_key,
                       member->worker, 2 * lease->beat_ms))
        return -1;
    *ret_worker = session_rows(session) ? session_integer(session, 0, 0) : 0;
    return 0;
}

int member_watch_step(struct member_watch *watch, struct ledger *ledger,
                      const struct member *member, struct error *err)
{
    const struct lease *lease = ledger->server.worker->lease;
    int64_t now_ms = clock_boot_ms(), worker;

    if (ledger->server.is_begun || (watch->looked_ms && now_ms - watch->looked_ms < lease->look_ms))
        return 0;
    watch->looked_ms = now_ms;
    if (ask_silent(ledger->server.session, member, lease, &worker, err)) {
        lease_watch_fail(&watch->silent.lease);
        return -1;
    }
    if (worker != watch->silent.worker)
        watch->silent = (struct fence_watch){.worker = worker};
    if (!worker)
        return 0;
    return run_holder_look(ledger, &watch->silent, err) < 0 ? -1 : 0;
}

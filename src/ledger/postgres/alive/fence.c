#include "fence.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "exclusive.h"
#include "host_lock.h"
#include "ledger/ledger.h"
#include "ledger/postgres/session.h"
#include "ledger/postgres/shared/member.h"
#include "parameters.h"

/* ---- looking ---- */

static void take_seen(struct session *session, const struct host_lock *lock,
                      struct fence_watch *watch)
{
    watch->is_over = !session_rows(session) || session_bool(session, 0, 1);
    watch->is_fresh = watch->is_dead_here = false;
    if (watch->is_over)
        return;
    watch->beat = session_integer(session, 0, 0);
    watch->is_fresh = session_bool(session, 0, 2);
    watch->pid = session_integer(session, 0, 3);
    snprintf(watch->host, sizeof(watch->host), "%s", session_text(session, 0, 4));
    watch->is_dead_here = host_lock_knows_dead(lock, session_text(session, 0, 5),
                                               session_text(session, 0, 6), watch->worker);
}

int fence_look(struct session *session, const struct host_lock *lock, const struct lease *lease,
               struct fence_watch *watch, struct error *err)
{
    static const char look[] =
        "SELECT beat, fenced OR ended, beat_at BETWEEN clock_timestamp()-$2*interval '1 ms'"
        " AND clock_timestamp()+$2*interval '1 ms', pid, host, place::text, boot FROM worker"
        " WHERE id=$1";
    int64_t asked_ms = clock_boot_ms();
    bool is_silent;

    if (parameters_ask(session, look, err, "ii", watch->worker, 2 * lease->beat_ms)) {
        lease_watch_fail(&watch->lease);
        return -1;
    }
    take_seen(session, lock, watch);
    if (watch->is_over)
        return 0;
    is_silent = lease_watch_see(&watch->lease, lease, watch->beat, asked_ms, clock_boot_ms());
    return is_silent || watch->is_dead_here;
}

/* ---- fencing ---- */

static int lose_intents(struct session *session, int64_t worker, int64_t settle_ms,
                        int64_t *ret_lost, struct error *err)
{
    static const char lose[] =
        "WITH lost AS (UPDATE claim SET version=version+1, open_intent=false,"
        "  settle_from=clock_timestamp()+$2*interval '1 ms'"
        "  WHERE open_worker=$1 AND open_call IS NOT NULL AND open_intent RETURNING *)"
        " INSERT INTO row AS r(run, row, claim, call, submitted_ms, duration_ms, round, state,"
        "  outcome, counts_as, http_status, attempts, tries, digest, code, sub_code, message,"
        "  request_id, warnings)"
        " SELECT open_run, open_row, id, open_call, open_ms, 0, open_round, $3, $4, $4, 0,"
        "  open_attempts, open_tries, open_digest, $5, '', $6, '', open_warnings FROM lost"
        " ON CONFLICT (run, row) DO UPDATE SET claim=excluded.claim, call=excluded.call,"
        "  submitted_ms=excluded.submitted_ms, duration_ms=0, round=excluded.round,"
        "  state=excluded.state, outcome=excluded.outcome, counts_as=excluded.counts_as,"
        "  http_status=0, attempts=excluded.attempts, tries=excluded.tries,"
        "  digest=excluded.digest, code=excluded.code, sub_code='', message=excluded.message,"
        "  request_id='', warnings=excluded.warnings"
        " RETURNING r.run";

    if (parameters_ask(session, lose, err, "iniiss", worker, settle_ms, (int64_t)ROW_FINAL,
                       (int64_t)OUTCOME_UNKNOWN, OUTCOME_ENDED_CODE, OUTCOME_ENDED_MESSAGE))
        return -1;
    *ret_lost = session_rows(session);
    return 0;
}

int fence_release(struct session *session, int64_t worker, int64_t settle_ms, int64_t *ret_lost,
                  struct error *err)
{
    if (lose_intents(session, worker, settle_ms, ret_lost, err))
        return -1;
    return member_leave(session, worker, err);
}

static int free_runs(struct session *session, const struct fence_watch *watch, int64_t lost,
                     struct error *err)
{
    static const char let_go[] =
        "WITH freed AS (UPDATE run SET worker=NULL WHERE worker=$1 RETURNING id)"
        " INSERT INTO event SELECT id, floor(extract(epoch FROM clock_timestamp())*1000)::bigint,"
        "  $2, 0, $3 FROM freed ON CONFLICT DO NOTHING";
    char text[FENCE_HOST_BYTES + 128];

    snprintf(text, sizeof(text),
             "host %s (process %lld) %s; its calls in flight, %lld, are unknown", watch->host,
             (long long)watch->pid,
             watch->is_dead_here ? "was killed" : "was not heard of any more", (long long)lost);
    return parameters_ask(session, let_go, err, "iis", watch->worker, (int64_t)EVENT_TAKEN_OVER,
                          text);
}

/* 1, or 0 where it is too late, or too early. */
static int fence(struct session *session, const struct fence_watch *watch, int64_t by,
                 struct error *err)
{
    static const char take[] = "UPDATE worker SET fenced=true, fenced_by=$3, epoch=epoch+1"
                               " WHERE id=$1 AND beat=$2 AND NOT fenced AND NOT ended RETURNING id";

    if (parameters_ask(session, take, err, "iii", watch->worker, watch->beat, by))
        return -1;
    return session_rows(session) > 0;
}

static int take_all(struct session *session, const struct lease *lease,
                    const struct fence_watch *watch, int64_t by, int64_t *ret_lost,
                    struct error *err)
{
    int64_t settle_ms = watch->is_dead_here ? FENCE_SETTLE_AT_ONCE : lease->settle_ms;
    int fenced = fence(session, watch, by, err);

    if (fenced <= 0)
        return fenced;
    return fence_release(session, watch->worker, settle_ms, ret_lost, err) ||
                   free_runs(session, watch, *ret_lost, err)
               ? -1
               : 1;
}

int fence_take(struct session *session, const struct lease *lease, const struct fence_watch *watch,
               int64_t by, int64_t *ret_lost, struct error *err)
{
    *ret_lost = 0;
    if (exclusive_begin(session, err))
        return -1;
    return exclusive_end(session, take_all(session, lease, watch, by, ret_lost, err), err);
}

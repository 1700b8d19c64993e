#include "grant.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/words/language.h"
#include "firewall.h"
#include "ledger/shared_limits.h"
#include "run/halt.h"
#include "shared_limits.h"
#include "state.h"

/* How many calls the day's quota still allows; the run stops when it is none. */
static int quota_left(struct coordinator *c, int64_t *ret_left, struct error *err)
{
    const struct coordinator_settings *s = c->settings;
    const struct app app = state_app(c);
    int32_t today = clock_beijing_day(c->wall_ms);

    *ret_left = INT64_MAX;
    if (!s->daily_quota)
        return 0;
    if (ledger_calls_left(s->ledger, &app, today, s->daily_quota, ret_left, err))
        return -1;
    *ret_left -= shared_limits_charged(c, today);
    if (*ret_left <= 0 && !c->outstanding)
        halt_for_quota(c, true);
    return 0;
}

static int grant(struct coordinator *c, struct job *job, struct error *err)
{
    struct row_ref ref = state_ref(c, job);
    struct row_record record;

    job->attempts++;
    record = state_record(c, job, ROW_AGAIN, OUTCOME_UNSENT);
    /* Not that of the turn: it may have waited for another run's transaction since it began. */
    record.submitted_ms = clock_wall_ms();
    if (ledger_row_intend(c->settings->ledger, &ref, &record, &job->refused, err) ||
        shared_limits_charge_call(c, job, err))
        return -1;
    job->ticket = pace_grant(c->pace, c->now_ms);
    window_move(c->window, job, JOB_GRANTED, INT64_MIN);
    return 0;
}

static int take_back(struct coordinator *c, struct job *job, struct error *err)
{
    job->attempts--;
    pace_take_back(c->pace, job->ticket);
    window_move(c->window, job, JOB_JUDGE, c->now_ms + STATE_OTHER_RUN_WAIT_MS);
    return shared_limits_take_back_call(c, job, err);
}

int grant_take_back(struct coordinator *c, struct job **jobs, struct error *err)
{
    while (*jobs) {
        struct job *job = *jobs;

        if (!job->refused) {
            jobs = &job->queue_next;
            continue;
        }
        *jobs = job->queue_next;
        if (take_back(c, job, err))
            return -1;
    }
    return 0;
}

int grant_jobs(struct coordinator *c, struct job **ret_jobs, struct error *err)
{
    size_t room = 2 * state_rows_in_flight(c) - window_count(c->window, JOB_GRANTED);
    struct job **tail = ret_jobs;
    struct job *job;
    int64_t left;
    size_t allowed;

    *ret_jobs = NULL;
    c->pace_until_ms = INT64_MAX;
    c->pace_state = PACE_OPEN;
    if (halt_is_begun(c) || firewall_is_in_doubt(c) ||
        !window_due(c->window, JOB_READY, c->now_ms) || !room)
        return 0;
    if (quota_left(c, &left, err))
        return -1;
    /* Pacing would say that a call may leave at once, and the run would turn without a pause. */
    if (left <= 0)
        return 0;
    allowed = pace_allowance(c->pace, c->now_ms, room, &c->pace_until_ms, &c->pace_state);
    for (; allowed && left > 0 && (job = window_due(c->window, JOB_READY, c->now_ms));
         allowed--, left--) {
        if (grant(c, job, err))
            return -1;
        job->queue_next = NULL;
        *tail = job;
        tail = &job->queue_next;
    }
    return 0;
}

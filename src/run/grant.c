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
static int quota_left(struct batch *b, int64_t *ret_left, struct error *err)
{
    const struct batch_settings *s = b->settings;
    const struct app app = state_app(b);
    int32_t today = clock_beijing_day(b->wall_ms);

    *ret_left = INT64_MAX;
    if (!s->daily_quota)
        return 0;
    if (ledger_calls_left(s->ledger, &app, today, s->daily_quota, ret_left, err))
        return -1;
    *ret_left -= shared_limits_charged(b, today);
    if (*ret_left <= 0 && !b->outstanding)
        halt_for_quota(b, true);
    return 0;
}

static int grant(struct batch *b, struct job *job, struct error *err)
{
    struct row_ref ref = state_ref(b, job);
    struct row_record record;

    job->attempts++;
    record = state_record(b, job, ROW_AGAIN, OUTCOME_UNSENT);
    /* Not that of the turn: it may have waited for another run's transaction since it began. */
    record.submitted_ms = clock_wall_ms();
    if (ledger_row_intend(b->settings->ledger, &ref, &record, &job->refused, err) ||
        shared_limits_charge_call(b, job, err))
        return -1;
    job->ticket = pace_grant(b->pace, b->now_ms);
    window_move(b->window, job, JOB_GRANTED, INT64_MIN);
    return 0;
}

static int take_back(struct batch *b, struct job *job, struct error *err)
{
    job->attempts--;
    pace_take_back(b->pace, job->ticket);
    window_move(b->window, job, JOB_JUDGE, b->now_ms + STATE_OTHER_RUN_WAIT_MS);
    return shared_limits_take_back_call(b, job, err);
}

int grant_take_back(struct batch *b, struct job **jobs, struct error *err)
{
    while (*jobs) {
        struct job *job = *jobs;

        if (!job->refused) {
            jobs = &job->queue_next;
            continue;
        }
        *jobs = job->queue_next;
        if (take_back(b, job, err))
            return -1;
    }
    return 0;
}

int grant_jobs(struct batch *b, struct job **ret_jobs, struct error *err)
{
    size_t room = 2 * state_rows_in_flight(b) - window_count(b->window, JOB_GRANTED);
    struct job **tail = ret_jobs;
    struct job *job;
    int64_t left;
    size_t allowed;

    *ret_jobs = NULL;
    b->pace_until_ms = INT64_MAX;
    b->pace_state = PACE_OPEN;
    if (halt_is_begun(b) || firewall_is_in_doubt(b) ||
        !window_due(b->window, JOB_READY, b->now_ms) || !room)
        return 0;
    if (quota_left(b, &left, err))
        return -1;
    /* Pacing would say that a call may leave at once, and the run would turn without a pause. */
    if (left <= 0)
        return 0;
    allowed = pace_allowance(b->pace, b->now_ms, room, &b->pace_until_ms, &b->pace_state);
    for (; allowed && left > 0 && (job = window_due(b->window, JOB_READY, b->now_ms));
         allowed--, left--) {
        if (grant(b, job, err))
            return -1;
        job->queue_next = NULL;
        *tail = job;
        tail = &job->queue_next;
    }
    return 0;
}

#include "run/settle.h"

#include "base/error.h"
#include "run/halt.h"
#include "run/state.h"

static int settle_as(struct batch *b, struct job *job, enum row_state state, enum outcome outcome,
                     struct error *err)
{
    const struct exchange *x = &job->exchange;
    struct row_ref ref = state_ref(b, job);
    struct row_record record = state_record(job, state, outcome);

    record.http_status = (int)x->http_status;
    record.submitted_ms = job->attempts ? x->sent_ms : 0;
    record.duration_ms = x->duration_ms;
    record.code = job->verdict.code;
    record.sub_code = job->verdict.sub_code;
    record.message = job->verdict.message;
    record.request_id = job->verdict.request_id;
    if (ledger_row_settle(b->settings->ledger, &ref, &record, err))
        return -1;
    if (state == ROW_FINAL)
        state_leave(b, job, outcome);
    return 0;
}

static int settle_again(struct batch *b, struct job *job, int64_t wait_ms, struct error *err)
{
    int64_t due = wait_ms > 0 ? b->now_ms + wait_ms : INT64_MIN;

    if (settle_as(b, job, ROW_AGAIN, OUTCOME_UNSENT, err))
        return -1;
    window_move(b->window, job, JOB_READY, due);
    return 0;
}

static int settle_failure(struct batch *b, struct job *job, struct error *err)
{
    job->tries++;
    if (job->tries > b->settings->retries)
        return settle_as(b, job, ROW_FINAL, OUTCOME_FAILED, err);
    return settle_again(b, job, pace_backoff_ms(b->pace, job->tries), err);
}

static int remember_ban(struct batch *b, const struct verdict *verdict, struct error *err)
{
    const struct batch_settings *s = b->settings;

    return ledger_ban_set(s->ledger, s->platform, s->submit->app.app_key,
                          b->wall_ms + verdict->wait_ms, err);
}

static int settle(struct batch *b, struct job *job, struct error *err)
{
    const struct verdict *v = &job->verdict;
    bool handed_over = job->exchange.phase != PHASE_NOT_SENT;

    if (!handed_over) {
        job->attempts--;
        b->calls--;
    }
    switch (v->kind) {
    case VERDICT_ACCEPTED:
        return settle_as(b, job, ROW_FINAL, OUTCOME_ACCEPTED, err);
    case VERDICT_REJECTED:
        return settle_as(b, job, ROW_FINAL, OUTCOME_REJECTED, err);
    case VERDICT_UNKNOWN:
        return settle_as(b, job, ROW_FINAL, OUTCOME_UNKNOWN, err);
    case VERDICT_UNKNOWN_STOP:
        halt_begin(b, v->exit_code, "gateway", v->message);
        return settle_as(b, job, ROW_FINAL, OUTCOME_UNKNOWN, err);
    case VERDICT_AGAIN:
        return settle_failure(b, job, err);
    case VERDICT_BAN:
        if (remember_ban(b, v, err))
            return -1;
        return settle_again(b, job, 0, err);
    case VERDICT_OUTAGE:
    case VERDICT_WITHDRAWN:
        return settle_again(b, job, 0, err);
    case VERDICT_QUOTA:
        halt_for_quota(b, "the gateway says that today's quota of calls is used up");
        return settle_again(b, job, 0, err);
    case VERDICT_STOP:
        halt_begin(b, v->exit_code, "gateway", v->message);
        return settle_again(b, job, 0, err);
    }
    return 0;
}

/* Tells pacing of a job that came back; a pause it begins calls back what has not left yet. */
static void tell_pace(struct batch *b, struct job *job)
{
    bool handed_over = job->exchange.phase != PHASE_NOT_SENT;
    bool was_paused = pace_pause_until(b->pace, b->now_ms) > b->now_ms;

    pace_sent(b->pace, handed_over ? job->exchange.sent_mono_ms : -1);
    pace_judged(b->pace, job->ticket, &job->verdict, b->now_ms);
    if (!was_paused && pace_pause_until(b->pace, b->now_ms) > b->now_ms)
        pool_recall(b->pool);
}

int settle_jobs(struct batch *b, struct job *jobs, struct error *err)
{
    for (struct job *next; jobs; jobs = next) {
        next = jobs->queue_next;
        tell_pace(b, jobs);
        if (settle(b, jobs, err))
            return -1;
    }
    return 0;
}

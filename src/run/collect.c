#include "collect.h"

#include <stdio.h>
#include <string.h>

#include "auto_rate.h"
#include "base/error.h"
#include "base/words/language.h"
#include "firewall.h"
#include "row_log.h"
#include "run/halt.h"
#include "shared_limits.h"
#include "state.h"

/* What the record says of the last attempt that was handed over. */
static void take_attempt(struct job *job)
{
    const struct exchange *x = &job->exchange;

    if (x->phase == PHASE_NOT_SENT)
        return;
    job->sent_ms = x->sent_ms;
    job->duration_ms = x->duration_ms;
    job->http_status = (int)x->http_status;
}

static int record_end(struct coordinator *c, struct job *job, struct row_record *record,
                      struct error *err)
{
    struct row_ref ref = state_ref(c, job);

    if (ledger_row_end(c->settings->ledger, &ref, record, err))
        return -1;
    if (record->state == ROW_FINAL && record->outcome == OUTCOME_FAILED &&
        unexecuted_add(c->unexecuted, job, err))
        return -1;
    if (record->state == ROW_FINAL) {
        c->outcomes[record->outcome]++;
        c->answered[record->outcome]++;
        job->ended = true;
    }
    return 0;
}

/* A resend that was not accepted says nothing about the attempt before it: the claim stays unknown.
 */
static int end_resend(struct coordinator *c, struct job *job, enum row_state state,
                      enum outcome outcome, struct error *err)
{
    struct row_record record = state_record(c, job, state, outcome);
    struct buffer message = {0};
    int result;

    record.outcome = OUTCOME_UNKNOWN;
    record.counts_as = OUTCOME_UNKNOWN;
    buffer_format(&message, "%s; sent again, and %s: %s %s", buffer_string(&job->earlier),
                  state == ROW_FINAL ? outcome_name(outcome) : "put off", job->verdict.code,
                  job->verdict.message);
    record.code = "UNSETTLED";
    record.sub_code = job->verdict.sub_code;
    record.message = buffer_string(&message);
    record.request_id = job->verdict.request_id;
    result = message.failed ? error_no_memory(err) : record_end(c, job, &record, err);
    buffer_release(&message);
    return result;
}

static int record_kept(struct coordinator *c, struct job *job, struct row_record record,
                       enum row_state state, enum outcome outcome, struct error *err)
{
    struct row_ref ref = state_ref(c, job);
    struct buffer message = {0};
    int result;

    record.attempts = job->attempts;
    if (state == ROW_FINAL) {
        buffer_format(&message, "%s%ssent again, and %s: %s %s", record.message,
                      *record.message ? "; " : "", outcome_name(outcome), job->verdict.code,
                      job->verdict.message);
        record.message = buffer_string(&message);
        record.round = c->settings->round.id;
    }
    result = message.failed ? error_no_memory(err)
                            : ledger_row_end(c->settings->ledger, &ref, &record, err);
    buffer_release(&message);
    return result;
}

/* The row was accepted in this run before a person said to send it once more. It still is, whatever
 * was not executed since. */
static int end_kept(struct coordinator *c, struct job *job, enum row_state state,
                    enum outcome outcome, struct error *err)
{
    struct known_row known = {0};
    struct row_place place = {c->settings->run->id, job->row};
    int found = ledger_row_get(c->settings->ledger, place, &known, err);
    int result = found < 0 ? -1 : 0;

    if (found > 0)
        result = record_kept(c, job, known.record, state, outcome, err);
    known_row_release(&known);
    if (!found)
        return error_set(err, EXIT_INTERNAL, "row %llu is not in the ledger any more",
                         (unsigned long long)job->row);
    if (!result && state == ROW_FINAL) {
        c->outcomes[OUTCOME_ACCEPTED]++;
        c->answered[outcome]++;
        job->ended = true;
    }
    return result;
}

static int end_as(struct coordinator *c, struct job *job, enum row_state state,
                  enum outcome outcome, struct error *err)
{
    struct row_record record;

    if (job->keeps && !job->resend && outcome != OUTCOME_ACCEPTED && outcome != OUTCOME_UNKNOWN)
        return end_kept(c, job, state, outcome, err);
    take_attempt(job);
    record = state_record(c, job, state, outcome);
    if (job->resend && outcome != OUTCOME_ACCEPTED)
        return end_resend(c, job, state, outcome, err);
    record.code = job->verdict.code;
    record.sub_code = job->verdict.sub_code;
    record.message = job->verdict.message;
    record.request_id = job->verdict.request_id;
    return record_end(c, job, &record, err);
}

/* It is judged anew when its time has come: another run may have sent the claim meanwhile. */
static int try_again(struct coordinator *c, struct job *job, int64_t wait_ms, struct error *err)
{
    int64_t due = wait_ms > 0 ? c->now_ms + wait_ms : INT64_MIN;

    if (end_as(c, job, ROW_AGAIN, OUTCOME_UNSENT, err))
        return -1;
    window_move(c->window, job, JOB_JUDGE, due);
    return 0;
}

static int fail_or_try_again(struct coordinator *c, struct job *job, struct error *err)
{
    job->tries++;
    if (job->tries > c->settings->retries)
        return end_as(c, job, ROW_FINAL, OUTCOME_FAILED, err);
    return try_again(c, job, pace_backoff_ms(c->pace, job->tries), err);
}

/* The run goes on without it, and tries it once more at the end. */
static int set_aside(struct coordinator *c, struct job *job, struct error *err)
{
    if (end_as(c, job, ROW_AGAIN, OUTCOME_UNSENT, err))
        return -1;
    window_move(c->window, job, JOB_ASIDE, INT64_MIN);
    return 0;
}

static int fail_disliked(struct coordinator *c, struct job *job, struct error *err)
{
    struct verdict *v = &job->verdict;
    size_t used = strlen(v->message);

    snprintf(
        v->message + used, sizeof(v->message) - used,
        ". Other claims were taken at that time: something in front of the gateway may dislike "
        "the text of this row");
    return end_as(c, job, ROW_FINAL, OUTCOME_FAILED, err);
}

static int take_answer(struct coordinator *c, struct job *job, struct error *err)
{
    const struct verdict *v = &job->verdict;
    bool handed_over = job->exchange.phase != PHASE_NOT_SENT;
    enum firewall_fate aside = handed_over ? firewall_judge(c, job) : FIREWALL_NONE;

    row_log_attempt(job);
    if (!handed_over)
        job->attempts--;
    if (shared_limits_correct_call(c, job, err))
        return -1;
    if (aside == FIREWALL_WAIT)
        return set_aside(c, job, err);
    if (aside == FIREWALL_FAIL)
        return fail_disliked(c, job, err);
    switch (v->kind) {
    case VERDICT_ACCEPTED:
        return end_as(c, job, ROW_FINAL, OUTCOME_ACCEPTED, err);
    case VERDICT_REJECTED:
        return end_as(c, job, ROW_FINAL, OUTCOME_REJECTED, err);
    case VERDICT_UNKNOWN:
        if (v->wait_ms >= 0 && shared_limits_ban(c, v, err))
            return -1;
        return end_as(c, job, ROW_FINAL, OUTCOME_UNKNOWN, err);
    case VERDICT_UNKNOWN_STOP:
        halt_begin(c, v->exit_code, "gateway", "%s", v->message);
        return end_as(c, job, ROW_FINAL, OUTCOME_UNKNOWN, err);
    case VERDICT_AGAIN:
        return fail_or_try_again(c, job, err);
    case VERDICT_BAN:
        if (shared_limits_ban(c, v, err))
            return -1;
        return try_again(c, job, 0, err);
    case VERDICT_OUTAGE:
        c->outage = *v;
        return try_again(c, job, 0, err);
    case VERDICT_WITHDRAWN:
        return try_again(c, job, 0, err);
    case VERDICT_QUOTA:
        if (shared_limits_quota(c, err))
            return -1;
        halt_for_quota(c, false);
        return try_again(c, job, 0, err);
    case VERDICT_STOP:
        c->stop.is_clock |= !halt_is_begun(c) && strcmp(v->code, "31") == 0;
        halt_begin(c, v->exit_code, "gateway", "%s", v->message);
        return try_again(c, job, 0, err);
    }
    return 0;
}

static void note_departure(struct coordinator *c, int64_t mono_ms)
{
    pace_sent(c->pace, mono_ms);
    if (c->settings->rate_is_auto)
        rate_control_sent(&c->rate_control, mono_ms);
    shared_limits_note_departure(c, mono_ms);
}

void collect_departures(struct coordinator *c)
{
    size_t count;

    if (!c->rate)
        return;
    count = pool_departures(c->pool, c->told);
    for (size_t i = 0; i < count; i++)
        for (size_t claim = 0; claim < c->told[i].tags; claim++)
            note_departure(c, c->told[i].mono_ms);
}

/* Tells pacing of a job that came back; a pause it begins calls back what has not left yet. */
static void tell_pace(struct coordinator *c, struct job *job)
{
    bool handed_over = job->exchange.phase != PHASE_NOT_SENT;
    bool was_paused = pace_pause_until(c->pace, c->now_ms) > c->now_ms;

    if (!handed_over)
        pace_sent(c->pace, -1);
    else if (!c->rate)
        note_departure(c, job->exchange.sent_mono_ms);
    auto_rate_judge(c, job);
    pace_judged(c->pace, job->ticket, &job->verdict, c->now_ms);
    if (!was_paused && pace_pause_until(c->pace, c->now_ms) > c->now_ms)
        pool_recall(c->pool);
}

int collect_jobs(struct coordinator *c, struct job *jobs, struct error *err)
{
    for (; jobs; jobs = jobs->turn_next) {
        tell_pace(c, jobs);
        if (take_answer(c, jobs, err))
            return -1;
    }
    return 0;
}

void collect_release(struct coordinator *c, struct job *jobs)
{
    for (; jobs; jobs = jobs->turn_next)
        if (jobs->ended)
            window_leave(c->window, jobs);
}

#include "state.h"

#include <string.h>

size_t state_rows_in_flight(const struct coordinator *c)
{
    return c->settings->in_flight * submit_claims(c->settings->submit);
}

struct app state_app(const struct coordinator *c)
{
    return (struct app){c->settings->platform, c->settings->submit->app.app_key};
}

struct row_ref state_ref(const struct coordinator *c, struct job *job)
{
    return (struct row_ref){
        .platform = c->settings->platform,
        .place = {c->settings->run->id, job->row},
        .key = {job->claim.workcard_id, job->claim.claim_order_no},
        .resend = job->resend,
        .has_fee = true,
        .fee_fen = job->claim.claim_fee,
        .changed = job->changed,
        .has_before = job->has_before,
        .before_fen = job->before_fen,
        .link = &job->link,
    };
}

struct row_record state_record(const struct coordinator *c, const struct job *job,
                               enum row_state state, enum outcome outcome)
{
    enum severity severity = c->settings->row_source->rules.severity[RULE_CHANGED_SINCE_ACCEPTED];
    struct row_record record = {
        .row = job->row,
        .state = state,
        .outcome = outcome,
        .counts_as = outcome,
        .attempts = job->attempts,
        .tries = job->tries,
        .http_status = job->http_status,
        .submitted_ms = job->sent_ms,
        .duration_ms = job->duration_ms,
        .round = job->in_round ? c->settings->round.id : 0,
        .code = "",
        .sub_code = "",
        .message = "",
        .request_id = "",
        .warnings =
            job->changed && severity != SEVERITY_OFF ? rule_code(RULE_CHANGED_SINCE_ACCEPTED) : "",
    };

    memcpy(record.digest, job->digest, sizeof(record.digest));
    return record;
}

void state_leave(struct coordinator *c, struct job *job, enum outcome outcome)
{
    c->outcomes[outcome]++;
    window_leave(c->window, job);
}

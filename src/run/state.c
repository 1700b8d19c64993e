#include "state.h"

#include <string.h>

size_t state_rows_in_flight(const struct batch *b)
{
    return b->settings->in_flight * submit_claims(b->settings->submit);
}

struct app state_app(const struct batch *b)
{
    return (struct app){b->settings->platform, b->settings->submit->app.app_key};
}

struct row_ref state_ref(const struct batch *b, struct job *job)
{
    return (struct row_ref){
        .platform = b->settings->platform,
        .place = {b->settings->run->id, job->row},
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

struct row_record state_record(const struct batch *b, const struct job *job, enum row_state state,
                               enum outcome outcome)
{
    enum severity severity = b->settings->row_source->rules.severity[RULE_CHANGED_SINCE_ACCEPTED];
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
        .round = job->in_round ? b->settings->round.id : 0,
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

void state_leave(struct batch *b, struct job *job, enum outcome outcome)
{
    b->outcomes[outcome]++;
    window_leave(b->window, job);
}

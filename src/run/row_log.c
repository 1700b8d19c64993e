#include "row_log.h"

#include "base/log.h"
#include "base/words/language.h"
#include "job.h"

static const char *kind_word(enum verdict_kind kind)
{
    static const char *const words[] = {
        [VERDICT_ACCEPTED] = "accepted",     [VERDICT_REJECTED] = "rejected",
        [VERDICT_UNKNOWN] = N_("unknown"),   [VERDICT_AGAIN] = N_("not executed"),
        [VERDICT_OUTAGE] = N_("not sent"),   [VERDICT_WITHDRAWN] = N_("not sent"),
        [VERDICT_BAN] = N_("not executed"),  [VERDICT_QUOTA] = N_("not executed"),
        [VERDICT_STOP] = N_("not executed"), [VERDICT_UNKNOWN_STOP] = N_("unknown"),
    };

    return _(words[kind]);
}

void row_log_attempt(const struct job *job)
{
    const struct verdict *v = &job->verdict;

    /* Of attempts there may be thousands a second; what was withdrawn was none. */
    if (!log_shows(LOG_VERBOSE) || v->kind == VERDICT_WITHDRAWN)
        return;
    log_event(
        LOG_VERBOSE, "attempt",
        LOG_FIELDS(LOG_FIELD_NUMBER("row", job->row), LOG_FIELD_NUMBER("attempt", job->attempts),
                   LOG_FIELD_TEXT("result", kind_word(v->kind)), LOG_FIELD_TEXT("code", v->code),
                   LOG_FIELD_NUMBER("http_status", job->exchange.http_status),
                   LOG_FIELD_NUMBER("duration_ms", job->exchange.duration_ms),
                   LOG_FIELD_TEXT("request_id", v->request_id)),
        "row %llu, attempt %d: %s %s, %lld ms", (unsigned long long)job->row, job->attempts,
        kind_word(v->kind), LOG_QUOTED(v->code), (long long)job->exchange.duration_ms);
}

void row_log_lost(const struct job *jobs)
{
    for (; jobs; jobs = jobs->turn_next) {
        const struct verdict *v = &jobs->verdict;

        if (v->kind == VERDICT_WITHDRAWN)
            continue;
        log_event(LOG_ERROR, "answer-lost",
                  LOG_FIELDS(LOG_FIELD_NUMBER("row", jobs->row),
                             LOG_FIELD_NUMBER("attempt", jobs->attempts),
                             LOG_FIELD_TEXT("result", kind_word(v->kind)),
                             LOG_FIELD_TEXT("code", v->code),
                             LOG_FIELD_TEXT("request_id", v->request_id)),
                  "row %llu: its answer could not be stored: %s (request_id '%s'); until it is "
                  "settled the ledger holds it as unknown",
                  (unsigned long long)jobs->row, kind_word(v->kind), LOG_QUOTED(v->request_id));
    }
}

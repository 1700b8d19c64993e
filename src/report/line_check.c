#include "report/line_check.h"

#include <string.h>

#include "base/words/language.h"

#define FIRST_ROW 2 /* the header is row 1 */
#define HTTP_OK 200

/* What only a person's word decides is not measured by the answer of the gateway. */
static bool is_settled(const struct row_record *r)
{
    return strncmp(r->code, "RESOLVED_", strlen("RESOLVED_")) == 0;
}

static const char *breach_of_sent(const struct row_record *r)
{
    if (is_settled(r)) /* it may stand for the attempt of a run of which no report is left */
        return NULL;
    if (r->attempts < 1)
        return _("it has an answer, but no attempt");
    if (!r->submitted_ms)
        return _("it has an answer, but no submitted_at");
    if (r->outcome == OUTCOME_ACCEPTED && r->http_status != HTTP_OK)
        return _("it is accepted, but its http_status is not 200");
    return NULL;
}

/* An answer comes only to what was sent. */
static bool is_answered(const struct row_record *r)
{
    return r->attempts || r->submitted_ms || r->http_status || *r->request_id || *r->sub_code;
}

static const char *breach_of_invalid(const struct scan_row *row)
{
    const struct row_record *r = &row->line.record;

    if (row->line.has_digest)
        return _("it is invalid, but has a digest");
    return is_answered(r) ? _("it is invalid, but was sent") : NULL;
}

static const char *breach_of_outcome(const struct scan_row *row)
{
    const struct row_record *r = &row->line.record;

    switch (r->outcome) {
    case OUTCOME_ACCEPTED:
    case OUTCOME_REJECTED:
        return breach_of_sent(r);
    case OUTCOME_INVALID:
        return breach_of_invalid(row);
    default:
        return !r->submitted_ms && is_answered(r) ? _("it has an answer, but no submitted_at")
                                                  : NULL;
    }
}

const char *line_check_breach(const struct scan_row *row)
{
    const struct row_record *r = &row->line.record;

    if (row->malformed)
        return NULL;
    if (r->row < FIRST_ROW)
        return _("no row of an export has this number");
    if (r->outcome != OUTCOME_INVALID && !row->line.has_digest)
        return _("it has no digest");
    if ((r->outcome == OUTCOME_INVALID || r->outcome == OUTCOME_SKIPPED) && !*r->code)
        return _("it has no code that says why it was not sent");
    return breach_of_outcome(row);
}

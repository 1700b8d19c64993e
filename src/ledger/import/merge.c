#include "ledger/import/merge.h"

#include <string.h>

static const struct merge keep = {MERGE_KEEP, false};
static const struct merge keep_and_name = {MERGE_KEEP, true};
static const struct merge take = {MERGE_TAKE, false};
static const struct merge take_and_name = {MERGE_TAKE, true};

static bool was_sent(const struct row_record *r)
{
    return r->attempts || r->submitted_ms;
}

static bool is_accepted(const struct row_record *r)
{
    return r->state == ROW_FINAL && r->outcome == OUTCOME_ACCEPTED;
}

static bool is_unknown(const struct row_record *r)
{
    return was_sent(r) && outcome_is_there(r) && r->outcome == OUTCOME_UNKNOWN;
}

static bool is_final(const struct row_record *r)
{
    return r->state == ROW_FINAL;
}

bool merge_is_twice(const struct row_record *known, const struct row_record *said)
{
    bool is_later = said->submitted_ms > known->submitted_ms;

    return is_accepted(known) && is_accepted(said) && *known->request_id && *said->request_id &&
           strcmp(known->request_id, said->request_id) != 0 &&
           known->submitted_ms != said->submitted_ms &&
           (is_later ? said->attempts <= known->attempts : known->attempts <= said->attempts);
}

/* The ledger saw the run only up to an attempt, and the report goes beyond that. */
static bool goes_beyond(const struct row_record *known, const struct merge_report *report)
{
    return is_unknown(known) && strcmp(known->code, OUTCOME_ENDED_CODE) == 0 &&
           report->finished_ms >= known->submitted_ms;
}

static struct merge by_age(const struct merge_report *report)
{
    return report->is_newer ? take : keep;
}

/* Of what was decided without an attempt the later is as good as the earlier. */
static struct merge merge_unsent(const struct row_record *known, const struct row_record *said,
                                 const struct merge_report *report)
{
    bool is_alike = known->state == said->state && known->outcome == said->outcome &&
                    strcmp(known->code, said->code) == 0 &&
                    strcmp(known->message, said->message) == 0;

    return is_alike ? keep : by_age(report);
}

static struct merge merge_known_accepted(const struct row_record *known,
                                         const struct row_record *said)
{
    bool is_later = said->submitted_ms > known->submitted_ms;

    if (merge_is_twice(known, said))
        return keep_and_name;
    if (is_accepted(said))
        return is_later ? take : keep;
    if (is_unknown(said))
        return is_later ? take : keep; /* resubmitted, and that answer was lost */
    return said->submitted_ms < known->submitted_ms ? keep : keep_and_name;
}

static struct merge merge_said_accepted(const struct row_record *known,
                                        const struct row_record *said)
{
    if (is_unknown(known))
        return said->submitted_ms >= known->submitted_ms ? take
                                                         : (struct merge){MERGE_ACCEPT, false};
    if (!is_final(known) || said->submitted_ms > known->submitted_ms)
        return take;
    return take_and_name;
}

static struct merge merge_known_unknown(const struct row_record *known,
                                        const struct row_record *said,
                                        const struct merge_report *report)
{
    if (is_unknown(said))
        return said->submitted_ms > known->submitted_ms ? take : keep;
    if (outcome_is_noted(said))
        return merge_unsent(known, said, report);
    if (said->submitted_ms == known->submitted_ms && is_final(said))
        return take;
    return said->submitted_ms < known->submitted_ms ? keep : keep_and_name;
}

static struct merge merge_said_unknown(const struct row_record *known,
                                       const struct row_record *said, bool was_settled)
{
    if (said->submitted_ms > known->submitted_ms)
        return take;
    return said->submitted_ms == known->submitted_ms || was_settled
               ? keep
               : (struct merge){MERGE_JOIN, true};
}

/* Neither was accepted nor is unknown. */
static struct merge merge_definite(const struct row_record *known, const struct row_record *said,
                                   const struct merge_report *report)
{
    if (said->submitted_ms != known->submitted_ms)
        return said->submitted_ms > known->submitted_ms ? take : keep;
    if (is_final(known) && is_final(said))
        return known->outcome == said->outcome ? keep : keep_and_name;
    if (is_final(known) || is_final(said))
        return is_final(said) ? take : by_age(report);
    return merge_unsent(known, said, report);
}

/* Of an attempt that the ledger knows as open when its run died. */
static bool says_no_more(const struct row_record *known, const struct row_record *said)
{
    return is_unknown(said) &&
           (said->submitted_ms < known->submitted_ms ||
            (said->submitted_ms == known->submitted_ms && strcmp(said->code, known->code) == 0));
}

static struct merge merge_sent(const struct row_record *known, const struct row_record *said,
                               const struct merge_report *report, bool was_settled)
{
    if (is_accepted(known))
        return merge_known_accepted(known, said);
    if (goes_beyond(known, report))
        return says_no_more(known, said) ? keep : take;
    if (is_accepted(said))
        return merge_said_accepted(known, said);
    if (is_unknown(known))
        return merge_known_unknown(known, said, report);
    if (is_unknown(said))
        return merge_said_unknown(known, said, was_settled);
    return merge_definite(known, said, report);
}

struct merge merge_row(const struct row_record *known, const struct row_record *said,
                       const struct merge_report *report, bool was_settled)
{
    bool is_alike;

    if (!known)
        return was_sent(said) || outcome_is_there(said) ? take : keep;
    if (!was_sent(known))
        return was_sent(said) ? take : merge_unsent(known, said, report);
    is_alike = memcmp(known->digest, said->digest, DIGEST_CLAIM_BYTES) == 0;
    if (!was_sent(said))
        return goes_beyond(known, report) ? take : is_alike ? keep : keep_and_name;
    if (!is_alike)
        return (struct merge){is_accepted(said) ? MERGE_ACCEPT : MERGE_KEEP, true};
    return merge_sent(known, said, report, was_settled);
}

#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "input/claim/claim_digest.h"
#include "input/inspection/claim_rows.h"
#include "input/inspection/repeat_filter.h"
#include "report/report.h"
#include "run/job.h"
#include "run/rows/fate.h"

struct feed {
    const struct inspection *inspection;
    const struct round *round;
    struct claim_rows *claim_rows;
    struct report *report;
    struct ledger_rows *rows;
    uint64_t read;          /* rows, whatever became of them */
    struct known_row known; /* what an earlier start recorded of the row at hand */
    uint64_t next_row;
    uint64_t passed[OUTCOME_COUNT];
};

int feed_open(const struct row_source *row_source, const struct inspection *inspection,
              struct ledger *ledger, int64_t run, const struct round *round, struct report *report,
              struct feed **ret_feed, struct error *err)
{
    struct feed *feed = calloc(1, sizeof(*feed));

    *ret_feed = NULL;
    if (!feed)
        return error_no_memory(err);
    feed->inspection = inspection;
    feed->round = round;
    feed->report = report;
    feed->next_row = 2;
    if (claim_rows_open(row_source, inspection, &feed->claim_rows, err) ||
        ledger_rows_open(ledger, run, &feed->rows, err)) {
        feed_close(feed);
        return -1;
    }
    ledger_rows_read_ahead(feed->rows); /* the run itself writes those alone that it has read */
    *ret_feed = feed;
    return 0;
}

void feed_close(struct feed *feed)
{
    if (!feed)
        return;
    ledger_rows_close(feed->rows);
    claim_rows_close(feed->claim_rows);
    known_row_release(&feed->known);
    free(feed);
}

/* Whether the round is about rows of this outcome, and this one was sent neither in it nor in a
 * newer one. */
static bool is_of_round(const struct row_record *record, const struct round *round)
{
    if (!round->id || record->round >= round->id)
        return false;
    if (round->kind == ROUND_RESEND_UNKNOWN)
        return record->outcome == OUTCOME_UNKNOWN;
    /* One that repeats a row of the round counts as that does then. */
    return record->outcome == OUTCOME_ACCEPTED || record->outcome == OUTCOME_REJECTED ||
           record->outcome == OUTCOME_SKIPPED;
}

bool feed_tries_again(const struct row_record *record, const struct round *round)
{
    if (!outcome_is_there(record))
        return true;
    if (record->outcome == OUTCOME_FAILED || record->outcome == OUTCOME_UNSENT)
        return true;
    if (is_of_round(record, round))
        return true;
    /* What stood in its way may be gone. */
    return outcome_is_noted(record) &&
           (record->counts_as == OUTCOME_FAILED || record->counts_as == OUTCOME_UNSENT ||
            record->counts_as == OUTCOME_UNKNOWN || record->counts_as == OUTCOME_INVALID);
}

/* The round at hand, as far as it is about this row; id 0: it is not. */
static struct round round_of(const struct feed *feed, const struct judged_row *row)
{
    bool is_meant = row->may_resend || feed->round->kind != ROUND_RESEND_UNKNOWN;

    return is_meant ? *feed->round : (struct round){0};
}

static int fill(struct feed *feed, const struct judged_row *row, const struct row_record *known,
                struct job *job, struct error *err)
{
    struct round round = round_of(feed, row);

    job->row = row->row;
    job->place = feed->read - 1;
    job->claim = row->claim; /* its texts are in the job's own store, or static */
    ledger_row_forget(&job->link);
    job->repeated = repeat_filter_maybe(feed->inspection->repeats, &row->claim);
    job->changed = false;
    job->counted = false;
    job->changed_counted = false;
    job->waits_since_ms = 0;
    job->firewall = (known ? fate_was_disliked(known) : row->was_disliked) ? JOB_FIREWALL_ASIDE
                                                                           : JOB_FIREWALL_NONE;
    job->resend = false;
    job->unrecorded = row->is_unrecorded;
    job->open_row = row->open_row;
    job->in_round = round.id && !(known && known->round >= round.id);
    job->keeps = job->in_round && known && known->outcome == OUTCOME_ACCEPTED;
    buffer_reset(&job->codes);
    findings_codes(&row->findings, SEVERITY_WARN, &job->codes);
    if (*row->noted)
        buffer_format(&job->codes, "%s%s", job->codes.len ? ";" : "", row->noted);
    buffer_reset(&job->earlier);
    if (known && outcome_is_there(known))
        buffer_format(&job->earlier, "%s %s", known->code, known->message);
    else if (row->unknown_row)
        buffer_text(&job->earlier, row->unknown_row);
    job->attempts = known ? known->attempts : 0;
    job->tries = 0;
    job->sent_ms = known ? known->submitted_ms : 0;
    job->duration_ms = known ? known->duration_ms : 0;
    job->http_status = known ? known->http_status : 0;
    return job->codes.failed || job->earlier.failed || claim_digest(&row->claim, job->digest)
               ? error_no_memory(err)
               : 0;
}

static int pass_over(struct feed *feed, const struct judged_row *row,
                     const struct row_record *known, struct error *err)
{
    feed->passed[known ? known->outcome : OUTCOME_INVALID]++;
    return report_take(feed->report, feed->read - 1, row, known, err);
}

/* Looks at a row: 1 the job is filled, 0 the row is to be passed over. */
static int take(struct feed *feed, const struct judged_row *row, struct job *job, struct error *err)
{
    const struct row_record *known = &feed->known.record;
    struct round round = round_of(feed, row);
    int found;

    if (row->invalid)
        return pass_over(feed, row, NULL, err);
    found = ledger_rows_find(feed->rows, row->row, &feed->known, err);
    if (found < 0)
        return -1;
    if (found && !feed_tries_again(known, &round))
        return pass_over(feed, row, known, err);
    return fill(feed, row, found ? known : NULL, job, err) ? -1 : 1;
}

/* What earlier rows left in the job. */
static void trim(struct job *job)
{
    buffer_trim(&job->store.desc, JOB_KEPT_BYTES);
    buffer_trim(&job->store.order_no, JOB_KEPT_BYTES);
    buffer_trim(&job->codes, JOB_KEPT_BYTES);
    buffer_trim(&job->earlier, JOB_KEPT_BYTES);
    buffer_trim(&job->exchange.body, JOB_KEPT_BYTES);
}

int feed_next(struct feed *feed, struct job *job, struct error *err)
{
    struct judged_row row;
    int result;

    for (;;) {
        trim(job);
        result = claim_rows_next(feed->claim_rows, &job->store, &row, err);
        if (result <= 0)
            break;
        feed->next_row = row.row + 1;
        feed->read++;
        result = take(feed, &row, job, err);
        if (result)
            break;
    }
    if (!result)
        report_take_end(feed->report, feed->read);
    return result;
}

uint64_t feed_next_row(const struct feed *feed)
{
    return feed->next_row;
}

uint64_t feed_passed(const struct feed *feed, enum outcome outcome)
{
    return feed->passed[outcome];
}

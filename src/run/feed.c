#include "run/feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "gateway/digest.h"
#include "input/repeats.h"
#include "run/job.h"

struct feed {
    const struct intake *intake;
    const struct inspection *inspection;
    const struct round *round;
    struct reader *reader;
    struct ledger_rows *rows;
    struct row_record known;   /* the next row that an earlier start recorded */
    struct buffer known_words; /* its code and message */
    bool known_at_end;
    uint64_t next_row;
    uint64_t passed[OUTCOME_COUNT];
};

static int fetch_known(struct feed *feed, struct error *err)
{
    int found = ledger_rows_next(feed->rows, &feed->known, err);

    if (found < 0)
        return -1;
    feed->known_at_end = found == 0;
    if (!found)
        return 0;
    /* The record outlives the cursor's row, its texts do not. */
    buffer_reset(&feed->known_words);
    buffer_format(&feed->known_words, "%s %s", feed->known.code, feed->known.message);
    feed->known.code = feed->known.sub_code = feed->known.message = "";
    feed->known.request_id = feed->known.warnings = "";
    return feed->known_words.failed ? error_no_memory(err) : 0;
}

/* The cursor must not hold an old view of the ledger: with it no transaction can begin once another
 * run has committed. */
static void let_go(struct feed *feed)
{
    ledger_rows_rewind(feed->rows, feed->known_at_end ? UINT64_MAX >> 1 : feed->known.row + 1);
}

int feed_open(const struct intake *intake, const struct inspection *inspection,
              struct ledger *ledger, int64_t run, const struct round *round, struct feed **ret_feed,
              struct error *err)
{
    struct feed *feed = calloc(1, sizeof(*feed));

    *ret_feed = NULL;
    if (!feed)
        return error_no_memory(err);
    feed->intake = intake;
    feed->inspection = inspection;
    feed->round = round;
    feed->next_row = 2;
    if (reader_open(intake->export, &inspection->survey, &intake->reader, &feed->reader, err) ||
        ledger_rows_open(ledger, run, 0, &feed->rows, err) || fetch_known(feed, err)) {
        feed_close(feed);
        return -1;
    }
    let_go(feed);
    *ret_feed = feed;
    return 0;
}

void feed_close(struct feed *feed)
{
    if (!feed)
        return;
    ledger_rows_close(feed->rows);
    reader_close(feed->reader);
    buffer_release(&feed->known_words);
    free(feed);
}

/* Whether the round is about rows of this outcome, and this one was not sent in it yet. */
static bool is_of_round(const struct row_record *record, const struct round *round)
{
    if (!round->id || record->round == round->id)
        return false;
    if (round->kind == ROUND_RESEND_UNKNOWN)
        return record->outcome == OUTCOME_UNKNOWN;
    return record->outcome == OUTCOME_ACCEPTED || record->outcome == OUTCOME_REJECTED ||
           (record->outcome == OUTCOME_SKIPPED && record->counts_as == OUTCOME_SKIPPED);
}

bool feed_tries_again(const struct row_record *record, const struct round *round)
{
    if (record->state != ROW_FINAL)
        return true;
    if (record->outcome == OUTCOME_FAILED || record->outcome == OUTCOME_UNSENT)
        return true;
    if (is_of_round(record, round))
        return true;
    /* Never sent itself: what stood in its way may be gone. */
    return record->attempts == 0 &&
           (record->counts_as == OUTCOME_FAILED || record->counts_as == OUTCOME_UNSENT ||
            record->counts_as == OUTCOME_UNKNOWN);
}

/* Brings the ledger's cursor to this row. Rows between were recorded, but are invalid now. */
static int catch_up(struct feed *feed, uint64_t row, struct error *err)
{
    while (!feed->known_at_end && feed->known.row < row)
        if (fetch_known(feed, err))
            return -1;
    return 0;
}

static int fill(struct feed *feed, const struct record *record, const struct claim *claim,
                const struct row_record *known, struct job *job, struct error *err)
{
    job->row = record->row;
    job->claim = *claim; /* its texts are in the job's own store, or static */
    job->repeated = repeats_maybe(feed->inspection->repeats, claim);
    job->changed = false;
    job->counted = false;
    job->resend = false;
    job->in_round = feed->round->id && !(known && known->round == feed->round->id);
    buffer_reset(&job->earlier);
    if (known && known->state == ROW_FINAL)
        buffer_text(&job->earlier, buffer_string(&feed->known_words));
    job->attempts = known ? known->attempts : 0;
    job->tries = 0;
    job->sent_ms = known ? known->submitted_ms : 0;
    job->duration_ms = known ? known->duration_ms : 0;
    job->http_status = known ? known->http_status : 0;
    return digest_claim(claim, job->digest) ? error_no_memory(err) : 0;
}

/* Judges the record at hand: 1 the job is filled, 0 the row is to be passed over. */
static int take(struct feed *feed, const struct record *record, struct job *job, struct error *err)
{
    const struct row_record *known = NULL;
    struct findings findings;
    struct claim claim;

    claim_judge(&feed->intake->rules, reader_columns(feed->reader), record, feed->intake->now_ms,
                &job->store, &claim, &findings);
    if (job->store.desc.failed || job->store.order_no.failed)
        return error_no_memory(err);
    if (findings_invalid(&findings)) {
        feed->passed[OUTCOME_INVALID]++;
        return 0;
    }
    if (catch_up(feed, record->row, err))
        return -1;
    if (!feed->known_at_end && feed->known.row == record->row)
        known = &feed->known;
    if (known && !feed_tries_again(known, feed->round)) {
        feed->passed[known->outcome]++;
        return 0;
    }
    return fill(feed, record, &claim, known, job, err) ? -1 : 1;
}

int feed_next(struct feed *feed, struct job *job, struct error *err)
{
    struct record record;
    int result;

    while ((result = reader_next(feed->reader, &record, err)) > 0) {
        feed->next_row = record.row + 1;
        result = take(feed, &record, job, err);
        if (result)
            break;
    }
    let_go(feed);
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

#include "suspect.h"

#include "base/error.h"
#include "base/log.h"
#include "ledger/turn.h"
#include "report/report.h"
#include "state.h"

#define FOLLOWED "ANSWER_FOLLOWED"

#define REASON                                                                                     \
    "bytes that nobody had asked for came behind the answer, so it may be about another row"

static const char reason[] = REASON;
static const char reason_of_doubt[] = REASON "; the claim may have been stored";

static void drop(struct coordinator *c, size_t i)
{
    uint64_t row = c->suspects[i];

    c->suspects[i] = c->suspects[--c->suspect_count];
    c->suspects[c->suspect_count] = row;
}

/* Room is for all that the pool can tell at once; those that wait for their job are at most as many
 * as jobs are in the pool. */
static void listen(struct coordinator *c)
{
    if (c->suspects_max - c->suspect_count >= POOL_SUSPICIONS(state_rows_in_flight(c)))
        c->suspect_count += pool_suspicions(c->pool, c->suspects + c->suspect_count);
    c->suspects_known = c->suspect_count;
}

void suspect_undo(struct coordinator *c)
{
    c->suspect_count = c->suspects_known;
}

static struct job *find(struct job *jobs, uint64_t row)
{
    while (jobs && jobs->row != row)
        jobs = jobs->turn_next;
    return jobs;
}

/* Without its warning the gateway would have to be asked about every answer. */
static void note_ids(struct coordinator *c, const struct job *jobs)
{
    for (; jobs && !c->ids_are_common; jobs = jobs->turn_next) {
        if (!jobs->id_is_common)
            continue;
        c->ids_are_common = true;
        log_warn("the gateway gives the same request_id ('%s') to several calls: repeated answers "
                 "cannot be known by it",
                 LOG_QUOTED(jobs->verdict.request_id));
    }
}

void suspect_doubt(struct coordinator *c, struct job *collected)
{
    listen(c);
    note_ids(c, collected);
    for (size_t i = 0; i < c->suspect_count;) {
        struct job *job = find(collected, c->suspects[i]);

        /* What was not handed over has an answer before it, which said that it may be sent again:
         * suspect_record looks at that. */
        if (!job || job->exchange.phase == PHASE_NOT_SENT) {
            i++;
            continue;
        }
        if (job->exchange.phase == PHASE_ANSWERED)
            verdict_doubt(&job->verdict, FOLLOWED, reason);
        drop(c, i);
    }
}

/* It waits to be sent again, because an answer said that it was not executed. */
static int make_unknown(struct coordinator *c, struct job *job, struct error *err)
{
    struct ledger *ledger = c->settings->ledger;
    struct row_ref ref = state_ref(c, job);
    struct row_record record = state_record(c, job, ROW_FINAL, OUTCOME_UNKNOWN);

    record.code = FOLLOWED;
    record.message = reason_of_doubt;
    if (ledger_row_doubt(ledger, &ref, &record, err))
        return -1;
    c->answered[OUTCOME_UNKNOWN]++;
    state_leave(c, job, OUTCOME_UNKNOWN);
    return 0;
}

/* A row that was not executed, as it is recorded, becomes unknown. */
static int doubt_record(struct coordinator *c, const struct row_ref *ref, struct row_record record,
                        struct error *err)
{
    enum outcome before = record.outcome;

    record.state = ROW_FINAL;
    record.outcome = record.counts_as = OUTCOME_UNKNOWN;
    record.code = FOLLOWED;
    record.sub_code = "";
    record.message = reason_of_doubt;
    if (ledger_row_doubt(c->settings->ledger, ref, &record, err))
        return -1;
    c->outcomes[before]--;
    c->outcomes[OUTCOME_UNKNOWN]++;
    c->answered[before] -= before == OUTCOME_FAILED;
    c->answered[OUTCOME_UNKNOWN]++;
    return 1;
}

/* A row that has left the window, and is not to be sent again before it is known what became of it:
 * 1, or 0 when it has another outcome. */
static int doubt_left(struct coordinator *c, uint64_t row, const struct claim_key *key,
                      int64_t fee_fen, struct error *err)
{
    struct row_ref ref = {.platform = c->settings->platform,
                          .place = {c->settings->run->id, row},
                          .key = *key,
                          .has_fee = true,
                          .fee_fen = fee_fen};
    struct known_row known = {0};
    int found = ledger_row_get(c->settings->ledger, ref.place, &known, err);

    if (found > 0)
        found = known.record.outcome == OUTCOME_FAILED || known.record.outcome == OUTCOME_UNSENT
                    ? doubt_record(c, &ref, known.record, err)
                    : 0;
    known_row_release(&known);
    return found;
}

/* What is committed keeps its outcome, with a warning, unless that would let it be sent again. */
static int tell(struct coordinator *c, uint64_t row, struct error *err)
{
    struct row_place place = {c->settings->run->id, row};
    struct claim_key key;
    int64_t fee_fen;
    int told = 0;

    if (unexecuted_find(c->unexecuted, row, &key, &fee_fen))
        told = doubt_left(c, row, &key, fee_fen, err);
    if (!told)
        told = ledger_row_warn(c->settings->ledger, place, REPORT_SUSPECT_ANSWER, err);
    if (told > 0 && report_has_written(c->settings->report, row))
        c->report_is_stale = true;
    return told < 0 ? -1 : 0;
}

int suspect_record(struct coordinator *c, struct error *err)
{
    for (size_t i = 0; i < c->suspect_count;) {
        struct job *job = window_find(c->window, c->suspects[i]);

        if (job && job->state == JOB_GRANTED) {
            i++; /* to be doubted when it comes back */
            continue;
        }
        if (job ? make_unknown(c, job, err) : tell(c, c->suspects[i], err))
            return -1;
        drop(c, i);
    }
    return 0;
}

/* What is left, in a transaction of its own. */
static int record_last(struct coordinator *c, struct error *err)
{
    struct ledger *ledger = c->settings->ledger;

    listen(c);
    if (!c->suspect_count)
        return 0;
    if (ledger_turn_begin(ledger, err) || suspect_record(c, err) ||
        ledger_turn_commit(ledger, err)) {
        ledger_turn_rollback(ledger);
        suspect_undo(c);
        return -1;
    }
    return 0;
}

int suspect_finish(struct coordinator *c, struct error *err)
{
    if (record_last(c, err))
        return -1;
    return c->report_is_stale || c->report_waits ? report_restart(c->settings->report, err) : 0;
}

/* A row whose answer was not stored either is unknown to the next start, and was told as that. */
void suspect_rescue(struct coordinator *c)
{
    struct error err;

    if (!c->pool || !record_last(c, &err))
        return;
    for (size_t i = 0; i < c->suspect_count; i++)
        log_error("row %llu: %s, and that could not be recorded; ask the platform what became of "
                  "its claim",
                  (unsigned long long)c->suspects[i], reason);
}

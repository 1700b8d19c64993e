#include "import_row.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "input/inspection/repeat_filter.h"
#include "ledger/import/import.h"
#include "ledger/import/merge.h"
#include "ledger/shared_limits.h"
#include "report/scan.h"

#define FIRST_MS INT64_C(946684800000)   /* 2000: no run began before */
#define LAST_MS INT64_C(253402271999999) /* the end of the year 9999 */

bool import_row_is_time(int64_t ms)
{
    return ms >= FIRST_MS && ms <= LAST_MS;
}

/* "… by run RUN, row N, at TIME", as refill.c says why a row is skipped. */
static bool parse_place(const char *message, char *ret_run, uint64_t *ret_row, int64_t *ret_ms)
{
    const char *at = strstr(message, " by run ");
    char time[CLOCK_RFC3339_BYTES];
    unsigned long long row;

    if (!at || sscanf(at, " by run %32[0-9a-f-], row %llu, at %29s", ret_run, &row, time) != 3)
        return false;
    *ret_row = row;
    return row <= IMPORT_ROW_MAX && clock_parse_rfc3339(time, ret_ms) &&
           import_row_is_time(*ret_ms);
}

static int find_named(struct taking *t, const char *name, int64_t at_ms, struct error *err)
{
    if (strcmp(t->named.name, name) == 0)
        return 0;
    if (ledger_import_named(t->ledger, t->place.platform, name, at_ms, &t->named.run, err))
        return -1;
    snprintf(t->named.name, sizeof(t->named.name), "%s", name);
    return 0;
}

/* Where the claim of a skipped row was accepted; where that cannot be read, here. */
static int take_acceptance(struct taking *t, struct import_row *row, struct error *err)
{
    bool is_alike = strcmp(row->record.code, "ALREADY_ACCEPTED") == 0;
    char run[LEDGER_ID_BYTES];
    uint64_t number;
    int64_t at_ms;

    if (row->record.outcome != OUTCOME_SKIPPED ||
        (!is_alike && strcmp(row->record.code, "SUPERSEDED") != 0))
        return 0;
    row->is_content_accepted = is_alike;
    row->accepted_at = (struct row_place){t->place.run, row->row};
    row->accepted_ms = t->imported->manifest.finished_ms;
    t->counts->accepted_elsewhere++;
    if (!parse_place(row->record.message, run, &number, &at_ms))
        return 0;
    if (find_named(t, run, at_ms, err))
        return -1;
    row->accepted_at = (struct row_place){t->named.run, number};
    row->accepted_ms = at_ms;
    return 0;
}

/* What a repeated row counts as, which is what the row it repeats counts as. */
static enum outcome counts_as(const struct row_record *r)
{
    const char *which = strstr(r->message, ", which is ");
    enum outcome outcome;

    if (strcmp(r->code, "DUPLICATE_IN_FILE") == 0 && which &&
        outcome_parse(which + strlen(", which is "), &outcome))
        return outcome;
    return r->outcome;
}

static bool was_sent(const struct row_record *r)
{
    return r->attempts > 0;
}

static enum row_state state_of(const struct row_record *r)
{
    switch (r->outcome) {
    case OUTCOME_ACCEPTED:
    case OUTCOME_REJECTED:
    case OUTCOME_FAILED:
        return ROW_FINAL;
    case OUTCOME_UNKNOWN:
        return was_sent(r) ? ROW_FINAL : ROW_NOTED;
    case OUTCOME_UNSENT:
        return ROW_AGAIN;
    default:
        return ROW_NOTED;
    }
}

static uint64_t awaited_row(const struct row_record *r)
{
    return r->outcome == OUTCOME_UNKNOWN && !was_sent(r) ? outcome_awaited_row(r) : 0;
}

static int describe(struct taking *t, const struct scan_row *row, struct import_row *ret_row,
                    struct error *err)
{
    *ret_row = (struct import_row){
        .row = row->line.record.row,
        .key = {row->claim.workcard_id, row->claim.claim_order_no},
        .fee_fen = row->claim.claim_fee,
        .record = row->line.record,
        .repeated = repeat_filter_maybe(t->repeats, &row->claim),
        .awaited_row = awaited_row(&row->line.record),
    };
    ret_row->record.state = state_of(&row->line.record);
    ret_row->record.counts_as = counts_as(&row->line.record);
    ret_row->record.tries = ret_row->record.attempts;
    buffer_reset(&t->warnings);
    line_append_arisen(row->line.warnings, &t->warnings);
    ret_row->record.warnings = buffer_string(&t->warnings);
    return t->warnings.failed ? error_no_memory(err) : take_acceptance(t, ret_row, err);
}

static void say_twice(struct taking *t, const struct row_record *said,
                      const struct row_record *known)
{
    char times[2][CLOCK_RFC3339_BYTES];

    clock_format_rfc3339(said->submitted_ms, times[0]);
    clock_format_rfc3339(known->submitted_ms, times[1]);
    language_format(&t->words,
                    "the report has it as accepted with request_id '%s' (sent at %s), the ledger "
                    "as accepted with '%s' (sent at %s): executed twice, by two copies of one "
                    "ledger; the ledger's stays",
                    LOG_QUOTED(said->request_id), times[0], LOG_QUOTED(known->request_id),
                    times[1]);
}

static void say_other(struct taking *t, const struct import_row *row,
                      const struct import_result *result)
{
    const struct row_record *known = &result->known.record;

    language_format(&t->words, "the report has it as %s %s, the ledger as %s %s; ",
                    outcome_word(row->record.outcome), LOG_QUOTED(row->record.code),
                    outcome_word(outcome_is_there(known) ? known->outcome : OUTCOME_UNSENT),
                    LOG_QUOTED(known->code));
    buffer_text(&t->words, result->merge.verdict == MERGE_TAKE
                               ? _("it was accepted, so it is not sent")
                           : result->merge.verdict == MERGE_JOIN
                               ? _("it is unknown: both attempts may have been executed")
                           : result->merge.verdict == MERGE_ACCEPT
                               ? _("the row stays so, its claim is known as accepted")
                               : _("the ledger's stays"));
}

static void say_difference(struct taking *t, const struct import_row *row,
                           const struct import_result *result)
{
    t->counts->differ++;
    buffer_reset(&t->words);
    if (merge_is_twice(&result->known.record, &row->record))
        say_twice(t, &row->record, &result->known.record);
    else
        say_other(t, row, result);
    t->visitor->differs(t->visitor->context, t->imported, row->row, buffer_string(&t->words));
}

/* Calls of today count against the quota, whoever knew of them. */
int import_row_flush_calls(struct taking *t, struct error *err)
{
    const struct app app = {t->place.platform, t->imported->manifest.app_key};
    int64_t calls = t->called.calls;

    t->called.calls = 0;
    return calls ? ledger_calls_add(t->ledger, &app, t->called.day, calls, err) : 0;
}

static int count_calls(struct taking *t, const struct import_row *row,
                       const struct import_result *result, struct error *err)
{
    int known = result->was_known ? result->known.record.attempts : 0;
    int32_t day;

    if (!row->record.submitted_ms || row->record.attempts <= known)
        return 0;
    day = clock_beijing_day(row->record.submitted_ms);
    if (day != t->called.day && import_row_flush_calls(t, err))
        return -1;
    t->called.day = day;
    t->called.calls += row->record.attempts - known;
    return 0;
}

int import_row_take(struct taking *t, const struct scan_row *scanned, struct error *err)
{
    const struct import_result *result = &t->result;
    struct import_row row;

    t->counts->rows++;
    if (!scanned->has_claim) { /* it was invalid, and never sent */
        t->run_counts[OUTCOME_INVALID].counts_as++;
        return 0;
    }
    if (describe(t, scanned, &row, err))
        return -1;
    t->run_counts[row.record.counts_as].counts_as++;
    if (ledger_import_row(t->ledger, &t->place, &row, &t->result, err))
        return -1;
    if (result->merge.verdict != MERGE_KEEP) {
        t->counts->learned++;
        t->counts->learned_of[row.record.outcome]++;
        if (count_calls(t, &row, result, err))
            return -1;
    }
    t->counts->blind += result->is_blind;
    if (result->merge.differs)
        say_difference(t, &row, result);
    return t->words.failed ? error_no_memory(err) : 0;
}

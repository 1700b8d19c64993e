#include "import_report.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/stop.h"
#include "input/inspection/repeats.h"
#include "ledger/import/import.h"
#include "report/line_check.h"
#include "report/scan.h"
#include "report/unaltered.h"

#define FIRST_MS INT64_C(946684800000)   /* 2000: no run began before */
#define LAST_MS INT64_C(253402271999999) /* the end of the year 9999 */

/* ---- is it as it was written? ---- */

static int refuse(const struct import_report *imported, uint64_t row, const char *why,
                  struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    log_quote(imported->path, quoted, sizeof(quoted));
    if (row)
        return error_set(err, EXIT_INPUT_REFUSED, "'%s' cannot be imported: row %llu: %s", quoted,
                         (unsigned long long)row, why);
    return error_set(err, EXIT_INPUT_REFUSED, "'%s' cannot be imported: %s", quoted, why);
}

static int check_row(const struct import_report *imported, const struct scan_row *row,
                     struct error *err)
{
    const char *breach = line_check_breach(row);

    if (!breach && row->line.record.row > IMPORT_ROW_MAX)
        breach = "no ledger has a place for a row of this number";
    if (!breach && row->line.has_digest && !row->has_claim)
        breach = "its cells are no claim";
    return breach ? refuse(imported, row->line.record.row, breach, err) : 0;
}

/* The next row: 1, or 0 behind the last one, or -1. */
static int next_row(struct scan *scan, struct scan_row *ret_row, struct error *err)
{
    if (stop_signal())
        return error_set(err, EXIT_SIGNAL_BASE + stop_signal(), "stopped by a signal");
    return scan_next(scan, ret_row, err);
}

/* Shows all rows to the proof, and notes which claims may stand there more than once. */
static int prove(const struct import_report *imported, struct scan *scan, struct repeats *repeats,
                 struct error *err)
{
    struct unaltered unaltered = {
        .path = imported->path, .manifest = &imported->manifest, .is_all_there_is = true};
    const struct survey *survey = scan_survey(scan);
    struct scan_row row;
    int result;

    while ((result = next_row(scan, &row, err)) > 0) {
        if (unaltered_show(&unaltered, &row, false, err) || check_row(imported, &row, err)) {
            result = -1;
            break;
        }
        if (repeats && row.has_claim)
            repeats_note(repeats, &row.claim);
    }
    if (!result)
        result = survey ? unaltered_finish(&unaltered, survey->sha256, err)
                        : refuse(imported, 0, "it holds bytes that are no text", err);
    unaltered_release(&unaltered);
    return result;
}

static int check_signature(const struct import_report *imported, const struct verify_key *key,
                           struct error *err)
{
    static const char *const words[] = {
        [SIGNATURE_MISSING] = "its manifest is not signed",
        [SIGNATURE_OTHER_KEY] = "its manifest is signed with another key than the one given",
        [SIGNATURE_BAD] = "the signature of its manifest is wrong",
    };
    enum signature_verdict verdict;

    if (signature_check(key, &imported->manifest, &verdict, err))
        return -1;
    return verdict == SIGNATURE_GOOD ? 0 : refuse(imported, 0, words[verdict], err);
}

static bool is_time(int64_t ms)
{
    return ms >= FIRST_MS && ms <= LAST_MS;
}

/* The manifest names each start of the run. */
static int find_import_started(struct import_report *imported, struct error *err)
{
    const struct manifest_found *m = &imported->manifest;

    if (!is_time(m->started_ms) || !is_time(m->finished_ms))
        return refuse(imported, 0, "its manifest does not say when its run began and ended", err);
    imported->began_ms = m->started_ms;
    for (size_t i = 0; i < m->event_count; i++)
        if (strcmp(m->events[i].kind, event_name(EVENT_START)) == 0 &&
            is_time(m->events[i].at_ms) && m->events[i].at_ms < imported->began_ms)
            imported->began_ms = m->events[i].at_ms;
    return 0;
}

int import_report_open(struct import_report *imported, const char *platform,
                       const struct verify_key *key, struct error *err)
{
    struct scan *scan = NULL;
    int result = -1;

    if (!manifest_require(imported->path, platform, &imported->manifest, err) &&
        !(key && check_signature(imported, key, err)) && !find_import_started(imported, err) &&
        !scan_open(imported->path, &scan, err))
        result = prove(imported, scan, NULL, err);
    scan_close(scan);
    return result;
}

void import_report_release(struct import_report *imported)
{
    manifest_found_release(&imported->manifest);
}

/* ---- a row ---- */

/* Everything that taking one report has at hand. */
struct taking {
    const struct import_report *imported;
    struct ledger *ledger;
    const struct import_report_visitor *visitor;
    struct import_report_counts *counts;
    struct scan *scan;
    struct repeats *repeats;
    struct import_run run;
    struct run_count run_counts[OUTCOME_COUNT];
    struct import_place place;
    struct buffer reading, warnings, words;
    struct {
        char name[LEDGER_ID_BYTES]; /* the run named last, and its number */
        int64_t run;
    } named;
    struct {
        int32_t day;
        int64_t calls; /* that the ledger did not know of, on that day */
    } called;
};

/* "… by run RUN, row N, at TIME", as refill.c says why a row is skipped. */
static bool parse_place(const char *message, char *ret_run, uint64_t *ret_row, int64_t *ret_ms)
{
    const char *at = strstr(message, " by run ");
    char time[CLOCK_RFC3339_BYTES];
    unsigned long long row;

    if (!at || sscanf(at, " by run %32[0-9a-f-], row %llu, at %29s", ret_run, &row, time) != 3)
        return false;
    *ret_row = row;
    return row <= IMPORT_ROW_MAX && clock_parse_rfc3339(time, ret_ms) && is_time(*ret_ms);
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
    return r->outcome == OUTCOME_UNKNOWN && !was_sent(r) ? row_awaited(r) : 0;
}

static int describe(struct taking *t, const struct scan_row *row, struct import_row *ret_row,
                    struct error *err)
{
    *ret_row = (struct import_row){
        .row = row->line.record.row,
        .key = {row->claim.workcard_id, row->claim.claim_order_no},
        .fee_fen = row->claim.claim_fee,
        .record = row->line.record,
        .repeated = repeats_maybe(t->repeats, &row->claim),
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

static void say_difference(struct taking *t, const struct import_row *row,
                           const struct import_result *result)
{
    const struct row_record *known = &result->known;
    char codes[2][LOG_QUOTE_BYTES];

    t->counts->differ++;
    buffer_reset(&t->words);
    buffer_format(&t->words, "the report has it as %s %s, the ledger as %s %s; ",
                  outcome_name(row->record.outcome),
                  log_quote(row->record.code, codes[0], sizeof(codes[0])),
                  row_has_outcome(known) ? outcome_name(known->outcome) : "unsent",
                  log_quote(result->known_code, codes[1], sizeof(codes[1])));
    buffer_text(&t->words, result->merge.verdict == MERGE_TAKE
                               ? "it was accepted, so it is not sent"
                           : result->merge.verdict == MERGE_JOIN
                               ? "it is unknown: both attempts may have been executed"
                           : result->merge.verdict == MERGE_ACCEPT
                               ? "the row stays so, its claim is known as accepted"
                               : "the ledger's stays");
    t->visitor->differs(t->visitor->context, t->imported, row->row, buffer_string(&t->words));
}

/* Calls of today count against the quota, whoever knew of them. */
static int flush_calls(struct taking *t, struct error *err)
{
    int64_t calls = t->called.calls;

    t->called.calls = 0;
    return calls ? ledger_calls_add(t->ledger, t->place.platform, t->imported->manifest.app_key,
                                    t->called.day, calls, err)
                 : 0;
}

static int count_calls(struct taking *t, const struct import_row *row,
                       const struct import_result *result, struct error *err)
{
    int known = result->was_known ? result->known.attempts : 0;
    int32_t day;

    if (!row->record.submitted_ms || row->record.attempts <= known)
        return 0;
    day = clock_beijing_day(row->record.submitted_ms);
    if (day != t->called.day && flush_calls(t, err))
        return -1;
    t->called.day = day;
    t->called.calls += row->record.attempts - known;
    return 0;
}

static int take_row(struct taking *t, const struct scan_row *scanned, struct error *err)
{
    struct import_result result = {0};
    struct import_row row;

    t->counts->rows++;
    if (!scanned->has_claim) { /* it was invalid, and never sent */
        t->run_counts[OUTCOME_INVALID].counts_as++;
        return 0;
    }
    if (describe(t, scanned, &row, err))
        return -1;
    t->run_counts[row.record.counts_as].counts_as++;
    if (ledger_import_row(t->ledger, &t->place, &row, &result, err))
        return -1;
    if (result.merge.verdict != MERGE_KEEP) {
        t->counts->learned++;
        t->counts->learned_of[row.record.outcome]++;
        if (count_calls(t, &row, &result, err))
            return -1;
    }
    t->counts->blind += result.is_blind;
    if (result.merge.differs)
        say_difference(t, &row, &result);
    return t->words.failed ? error_no_memory(err) : 0;
}

/* ---- the run ---- */

static void describe_run(struct taking *t, const struct inspection *inspection)
{
    const struct manifest_found *m = &t->imported->manifest;

    t->run = (struct import_run){
        .record =
            {
                .command = m->command,
                .platform = m->platform,
                .export_name = *m->input_path ? m->input_path : m->input_name,
                .export_sha256 = inspection->survey.sha256,
                .export_bytes = m->input_bytes,
                .reading = buffer_string(&t->reading),
                .report_path = t->imported->path,
                .started_ms = m->started_ms,
                .finished_ms = m->finished_ms,
                .stopped_because = m->stopped_because,
                .complete = m->complete,
                .open_rows = m->rows[OUTCOME_FAILED] + m->rows[OUTCOME_UNSENT],
                .invalid_rows = m->rows[OUTCOME_INVALID],
                .published = true,
            },
        .began_ms = t->imported->began_ms,
        .parent = m->parent_run,
        .counts = t->run_counts,
    };
    snprintf(t->run.record.name, sizeof(t->run.record.name), "%s", m->run);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        t->run_counts[i].rows = m->rows[i];
        money_format_fen(m->fee_fen[i], t->run_counts[i].fee_fen);
    }
}

static int take_events(const struct taking *t, struct error *err)
{
    const struct manifest_found *m = &t->imported->manifest;

    for (size_t i = 0; i < m->event_count; i++)
        for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
            struct event event = {(enum event_kind)kind, m->events[i].at_ms, m->events[i].until_ms,
                                  m->events[i].text};

            if (strcmp(m->events[i].kind, event_name(event.kind)) == 0 &&
                ledger_event_put(t->ledger, t->place.run, &event, err))
                return -1;
        }
    return 0;
}

static int take_rows(struct taking *t, struct error *err)
{
    struct scan_row row;
    int found;

    if (prove(t->imported, t->scan, t->repeats, err) || scan_restart(t->scan, err))
        return -1;
    while ((found = next_row(t->scan, &row, err)) > 0)
        if (take_row(t, &row, err))
            return -1;
    return found < 0 ? -1 : flush_calls(t, err);
}

/* As a ledger of the version before words were recorded tells the reading of its runs: by what was
 * not as usual then, so that the same export goes on. */
static void forget_words(struct rules *rules)
{
    static const enum rule since[] = {
        RULE_PAST_TIME, RULE_DAMAGED_ORDER_NO, RULE_LOST_TEXT,  RULE_BACKSLASH_ESCAPE,
        RULE_CUT_ROW,   RULE_SHIFTED_CELLS,    RULE_CLAMPED_ID, RULE_PRIVATE_USE_CHARACTER};
    struct rules usual;

    rules_init(&usual);
    rules->vocabulary = usual.vocabulary;
    for (size_t i = 0; i < sizeof(since) / sizeof(*since); i++)
        rules->severity[since[i]] = usual.severity[since[i]];
    if (rules->severity[RULE_EXCEL_ROUNDED_ID] == SEVERITY_WARN)
        rules->severity[RULE_EXCEL_ROUNDED_ID] = usual.severity[RULE_EXCEL_ROUNDED_ID];
}

static int take_all(struct taking *t, struct error *err)
{
    struct row_source row_source;
    struct inspection inspection;

    manifest_take_reading(&t->imported->manifest, &row_source, &inspection);
    if (!t->imported->manifest.reading.has_words)
        forget_words(&row_source.rules);
    inspection_reading(&row_source, &inspection, &t->reading);
    t->repeats = repeats_open();
    if (!t->repeats || t->reading.failed)
        return error_no_memory(err);
    describe_run(t, &inspection);
    if (scan_open(t->imported->path, &t->scan, err) ||
        ledger_import_run(t->ledger, &t->run, &t->place, err) || take_rows(t, err) ||
        take_events(t, err))
        return -1;
    return ledger_import_end(t->ledger, &t->place, &t->run, err);
}

int import_report_take(const struct import_report *imported, struct ledger *ledger,
                       const struct import_report_visitor *visitor,
                       struct import_report_counts *counts, int64_t *ret_run, struct error *err)
{
    struct taking t = {
        .imported = imported, .ledger = ledger, .visitor = visitor, .counts = counts};
    int result = take_all(&t, err);

    *ret_run = t.place.run;
    scan_close(t.scan);
    repeats_close(t.repeats);
    buffer_release(&t.reading);
    buffer_release(&t.warnings);
    buffer_release(&t.words);
    return result;
}

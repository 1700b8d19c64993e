#include "import_report.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/words/language.h"
#include "import_row.h"
#include "input/inspection/repeat_filter.h"
#include "ledger/import/import.h"
#include "report/line_check.h"
#include "report/publication.h"
#include "report/scan.h"
#include "report/unaltered.h"

/* ---- is it as it was written? ---- */

static int refuse(const struct import_report *imported, uint64_t row, const char *why,
                  struct error *err)
{
    if (row)
        return error_set(err, EXIT_INPUT_REFUSED, "'%s' cannot be imported: row %llu: %s",
                         LOG_QUOTED(imported->path), (unsigned long long)row, why);
    return error_set(err, EXIT_INPUT_REFUSED, "'%s' cannot be imported: %s",
                     LOG_QUOTED(imported->path), why);
}

static int check_row(const struct import_report *imported, const struct scan_row *row,
                     struct error *err)
{
    const char *breach = line_check_breach(row);

    if (!breach && row->line.record.row > IMPORT_ROW_MAX)
        breach = _("no ledger has a place for a row of this number");
    if (!breach && row->line.has_digest && !row->has_claim)
        breach = _("its cells are no claim");
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
static int prove(const struct import_report *imported, struct scan *scan,
                 struct repeat_filter *repeats, struct error *err)
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
            repeat_filter_note(repeats, &row.claim);
    }
    if (!result)
        result = survey ? unaltered_finish(&unaltered, survey->sha256, err)
                        : refuse(imported, 0, _("it holds bytes that are no text"), err);
    unaltered_release(&unaltered);
    return result;
}

static int check_signature(const struct import_report *imported, const struct verify_key *key,
                           struct error *err)
{
    static const char *const words[] = {
        [SIGNATURE_MISSING] = N_("its manifest is not signed"),
        [SIGNATURE_OTHER_KEY] = N_("its manifest is signed with another key than the one given"),
        [SIGNATURE_BAD] = N_("the signature of its manifest is wrong"),
    };
    enum signature_verdict verdict;

    if (signature_check(key, &imported->manifest, &verdict, err))
        return -1;
    return verdict == SIGNATURE_GOOD ? 0 : refuse(imported, 0, _(words[verdict]), err);
}

/* The manifest names each start of the run. */
static int find_import_started(struct import_report *imported, struct error *err)
{
    const struct manifest_found *m = &imported->manifest;

    if (!import_row_is_time(m->started_ms) || !import_row_is_time(m->finished_ms))
        return refuse(imported, 0, _("its manifest does not say when its run began and ended"),
                      err);
    imported->began_ms = m->started_ms;
    for (size_t i = 0; i < m->event_count; i++)
        if (strcmp(m->events[i].kind, ledger_event_name(EVENT_START)) == 0 &&
            import_row_is_time(m->events[i].at_ms) && m->events[i].at_ms < imported->began_ms)
            imported->began_ms = m->events[i].at_ms;
    return 0;
}

int import_report_open(struct import_report *imported, const char *platform,
                       const struct verify_key *key, struct error *err)
{
    struct scan *scan = NULL;
    int result = -1;

    if (!publication_mend(imported->path, err) &&
        !manifest_require(imported->path, platform, &imported->manifest, err) &&
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

            if (strcmp(m->events[i].kind, ledger_event_name(event.kind)) == 0 &&
                ledger_event_put(t->ledger, t->place.run, &event, err))
                return -1;
        }
    return 0;
}

/* What the ledger knows of the next rows is read at once. */
static int look_ahead(struct taking *t, struct error *err)
{
    struct scan_row row;
    int found = 1;

    ledger_import_ahead_forget(t->ledger);
    for (int i = 0; i < IMPORT_AHEAD_ROWS && (found = next_row(t->ahead, &row, err)) > 0; i++) {
        const struct claim_key key = {row.claim.workcard_id, row.claim.claim_order_no};

        t->ahead_upto = row.line.record.row;
        if (row.has_claim && ledger_import_ahead_add(t->ledger, &key, t->ahead_upto, err))
            return -1;
    }
    return found < 0 ? -1 : ledger_import_ahead_read(t->ledger, &t->place, err);
}

static int take_row(struct taking *t, const struct scan_row *row, struct error *err)
{
    if (t->ahead && row->line.record.row > t->ahead_upto && look_ahead(t, err))
        return -1;
    return import_row_take(t, row, err);
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
    ledger_import_ahead_forget(t->ledger);
    return found < 0 ? -1 : import_row_flush_calls(t, err);
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
    t->repeats = repeat_filter_open();
    if (!t->repeats || t->reading.failed)
        return error_no_memory(err);
    describe_run(t, &inspection);
    if (scan_open(t->imported->path, &t->scan, err) ||
        (ledger_import_ahead_is_of_use(t->ledger) && scan_open_second(t->scan, &t->ahead, err)) ||
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
    scan_close(t.ahead);
    scan_close(t.scan);
    repeat_filter_close(t.repeats);
    buffer_release(&t.reading);
    buffer_release(&t.warnings);
    buffer_release(&t.words);
    known_row_release(&t.result.known);
    return result;
}

#include "audit.h"

#include <stdlib.h>
#include <string.h>

#include "against_itself.h"
#include "against_ledger.h"
#include "audit_open.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/words/language.h"
#include "command/audit/reports/descendants.h"
#include "command/audit/reports/report_order.h"
#include "command/audit/reports/same_run.h"
#include "command/audit/reports/superseded.h"
#include "disagreement.h"
#include "growth.h"
#include "report/export_rows.h"
#include "suspect_lines.h"
#include "totals.h"

const char *audit_measure_name(enum audit_measure measure)
{
    static const char *const names[AUDIT_MEASURE_COUNT] = {
        N_("itself"), N_("other reports"), N_("signature"), N_("ledger"), N_("export")};

    return _(names[measure]);
}

static const char *path_of(const struct audit *audit, size_t report, char *room)
{
    return log_quote(audit->reports[report].path, room, LOG_QUOTE_BYTES);
}

/* ---- opening ---- */

/* The scans follow their reports when these are put in order. */
static int open_reports(struct walk *w, struct error *err)
{
    const struct audit_settings *s = w->settings;
    struct audit *audit = w->audit;
    struct scan *scans[AUDIT_REPORTS_MAX] = {0};
    int result = 0;

    for (size_t i = 0; i < s->path_count && !result; i++) {
        audit->report_count++;
        result = against_itself_open(s->paths[i], &audit->reports[i], &scans[i], err);
    }
    if (!result) {
        same_run_drop(audit, w->left_out);
        result = report_order_sort(audit->reports, audit->report_count, err);
    }
    for (size_t i = 0; i < audit->report_count; i++)
        for (size_t k = 0; k < s->path_count; k++)
            if (scans[k] && audit->reports[i].path == s->paths[k]) {
                w->scans[i] = scans[k];
                scans[k] = NULL;
                break;
            }
    for (size_t k = 0; k < s->path_count; k++)
        superseded_read(w->left_out, s->paths[k], scans[k]);
    return result;
}

/* Whether its run took the rows of an export, all of them. */
static bool is_of_export(const struct manifest_found *manifest)
{
    return !*manifest->parent_run && !*manifest->corrects;
}

/* Whether its run took the rows of a list of problems: content of them is another, by intent. */
static bool is_correction(const struct audit *audit, size_t report)
{
    return audit->reports[report].has_manifest && *audit->reports[report].manifest.corrects;
}

static int start_sources(struct walk *w, struct error *err)
{
    for (size_t i = 0; i < w->audit->report_count; i++) {
        struct scan *scan = w->scans[i];

        w->scans[i] = NULL;
        w->sources[i] = against_itself_start(w->audit, i, scan, w->latency);
        if (!w->sources[i])
            return error_no_memory(err);
        if (w->audit->reports[i].has_manifest && is_of_export(&w->audit->reports[i].manifest))
            w->is_whole = true;
    }
    return 0;
}

/* ---- the export ---- */

/* The manifest that says how the export was read: of a run that read it. */
static const struct manifest_found *find_reading(const struct audit *audit)
{
    for (size_t i = audit->report_count; i-- > 0;)
        if (audit->reports[i].has_manifest && is_of_export(&audit->reports[i].manifest))
            return &audit->reports[i].manifest;
    /* A list of problems by itself is an export, too. */
    for (size_t i = audit->report_count; i-- > 0;)
        if (is_correction(audit, i))
            return &audit->reports[i].manifest;
    return NULL;
}

static int next_original(struct walk *w, struct error *err)
{
    int found = export_rows_next(w->export_rows, err);

    w->original_has_row = found > 0;
    if (found > 0)
        w->original_last = export_rows_row(w->export_rows);
    w->audit->export_rows += found > 0;
    return found < 0 ? -1 : 0;
}

static int open_original(struct walk *w, struct error *err)
{
    const struct manifest_found *manifest = find_reading(w->audit);
    char sha256[MANIFEST_SHA256_TEXT_BYTES];

    w->audit->export_path = w->settings->export.path;
    if (!w->settings->export.path)
        return 0;
    if (export_rows_open(&w->settings->export, manifest, &w->export_rows, err))
        return -1;
    w->audit->export = AUDIT_AGREES;
    hex_format(export_rows_survey(w->export_rows)->sha256, EXPORT_SHA256_BYTES, sha256);
    if (manifest && strcmp(manifest->input_sha256, sha256) != 0) {
        w->audit->export = AUDIT_DISAGREES;
        disagreement_raise(
            w->audit, AUDIT_EXPORT, AUDIT_NO_REPORT, 0,
            "'%s' is not the export that was sent: its sha256 is %s, the manifest says "
            "%s",
            LOG_QUOTED(w->settings->export.path), sha256, manifest->input_sha256);
    }
    if (!w->is_whole)
        disagreement_note(w->audit, _("no report here is of all rows of the export, so it was not "
                                      "checked that none is missing"));
    return next_original(w, err);
}

/* ---- one row ---- */

/* The number of the next row that anybody has; UINT64_MAX: none. */
static uint64_t next_number(const struct walk *w)
{
    uint64_t least = w->original_has_row ? export_rows_row(w->export_rows) : UINT64_MAX;

    for (size_t i = 0; i < w->audit->report_count; i++) {
        const struct scan_row *row = against_itself_row(w->sources[i]);

        if (row && row->line.record.row < least)
            least = row->line.record.row;
    }
    return least;
}

/* The report's line of this row, NULL if it has none. */
static const struct scan_row *line_of(const struct walk *w, size_t report, uint64_t number)
{
    const struct scan_row *row = against_itself_row(w->sources[report]);

    return row && row->line.record.row == number ? row : NULL;
}

static void object_to_original(struct walk *w, size_t report, uint64_t number, const char *what)
{
    w->audit->export = AUDIT_DISAGREES;
    disagreement_raise(w->audit, AUDIT_EXPORT, report, number, "%s", what);
}

/* Whether the row is not that of the export at hand, but of a list of problems, or was taken from
 * the report of one. */
static bool is_corrected(const struct walk *w, size_t report)
{
    size_t count = w->audit->report_count;

    while (report < count && !is_correction(w->audit, report))
        report = report_order_parent(w->audit->reports, count, report);
    return report < count && find_reading(w->audit) != &w->audit->reports[report].manifest;
}

static bool is_rerun(const struct walk *w, size_t report)
{
    return *w->audit->reports[report].manifest.parent_run != '\0';
}

static void compare_with_original(struct walk *w, uint64_t number)
{
    bool is_there_too = w->original_has_row && export_rows_row(w->export_rows) == number;
    bool is_reported = false;

    for (size_t i = 0; i < w->audit->report_count; i++) {
        const struct scan_row *row = line_of(w, i, number);
        const char *breach = NULL;

        if (!row)
            continue;
        is_reported = true;
        breach = !is_there_too        ? _("the export has no such row")
                 : is_corrected(w, i) ? NULL
                 : is_rerun(w, i)     ? export_rows_breach_of_rerun(w->export_rows, row)
                                      : export_rows_breach(w->export_rows, row);
        if (breach)
            object_to_original(w, i, number, breach);
    }
    if (is_there_too && !is_reported && w->is_whole)
        object_to_original(w, AUDIT_NO_REPORT, number,
                           _("the export has it, and no report speaks of it"));
}

/* A re-run takes its rows from its parent's report. */
static void compare_with_parent(struct walk *w, size_t report, const struct scan_row *row)
{
    uint64_t number = row->line.record.row;
    size_t parent = report_order_parent(w->audit->reports, w->audit->report_count, report);
    char quoted[LOG_QUOTE_BYTES];
    const struct scan_row *older;

    if (parent == w->audit->report_count)
        return;
    older = line_of(w, parent, number);
    path_of(w->audit, parent, quoted);
    if (!older)
        disagreement_raise(w->audit, AUDIT_OTHERS, report, number,
                           _("it is not in '%s', whose rows were run again"), quoted);
    else if (!is_correction(w->audit, report) && row->digest_fits && older->digest_fits &&
             strcmp(row->digest, older->digest) != 0)
        disagreement_raise(w->audit, AUDIT_OTHERS, report, number,
                           _("its content is another than in '%s'"), quoted);
}

static void compare_acceptance(struct walk *w, size_t first, size_t second, uint64_t number)
{
    char quoted[LOG_QUOTE_BYTES];

    disagreement_raise(w->audit, AUDIT_OTHERS, second, number,
                       _("it was accepted already in '%s': executed twice"),
                       path_of(w->audit, first, quoted));
}

/* What became of a correction is not known, whatever was known of the row before. */
static bool is_doubtful(const struct walk *w, size_t report, const struct scan_row *row)
{
    return is_correction(w->audit, report) && row->line.record.outcome == OUTCOME_UNKNOWN;
}

/* Whether the second report corrected the row that the first one's run had accepted. */
static bool is_newer_content(const struct walk *w, size_t first, size_t second, uint64_t number)
{
    const struct scan_row *a = line_of(w, first, number);
    const struct scan_row *b = line_of(w, second, number);

    return is_correction(w->audit, second) && a->digest_fits && b->digest_fits &&
           strcmp(a->digest, b->digest) != 0;
}

/* Counts the row's final state, and hands it on. */
static int tell_final(struct walk *w, const struct scan_row *final, size_t teller,
                      struct error *err)
{
    const struct audit_settings *s = w->settings;

    if (totals_add(w->totals, final, teller, err))
        return -1;
    return s->on_row ? s->on_row(s->context, w->audit, final, teller, err) : 0;
}

/* Chooses the row's final state, and compares what the reports say of it. */
static int fold_row(struct walk *w, uint64_t number, struct error *err)
{
    const struct scan_row *final = NULL;
    size_t teller = 0;
    size_t accepted_by = AUDIT_NO_REPORT;

    for (size_t i = 0; i < w->audit->report_count; i++) {
        const struct scan_row *row = line_of(w, i, number);

        if (!row)
            continue;
        if (w->ledgers[i] && against_ledger_compare(w->ledgers[i], row, err))
            return -1;
        if (suspect_lines_note(w->doubtful, i, row, err))
            return -1;
        if (superseded_compare(w->left_out, w->audit, i, row, err))
            return -1;
        compare_with_parent(w, i, row);
        if (row->line.record.outcome == OUTCOME_ACCEPTED) {
            if (accepted_by != AUDIT_NO_REPORT && !is_newer_content(w, accepted_by, i, number))
                compare_acceptance(w, accepted_by, i, number);
            accepted_by = i;
        }
        if (!final || totals_choose(final, row) == row || is_doubtful(w, i, row)) {
            final = row;
            teller = i;
        }
    }
    return final ? tell_final(w, final, teller, err) : 0;
}

/* Lets everybody who stands at this row go on. */
static int pass(struct walk *w, uint64_t number, struct error *err)
{
    for (size_t i = 0; i < w->audit->report_count; i++)
        if (line_of(w, i, number) && against_itself_next(w->sources[i], err) < 0)
            return -1;
    if (w->original_has_row && export_rows_row(w->export_rows) == number)
        return next_original(w, err);
    return 0;
}

static int walk(struct walk *w, struct error *err)
{
    uint64_t number;

    for (size_t i = 0; i < w->audit->report_count; i++)
        if (against_itself_next(w->sources[i], err) < 0)
            return -1;
    while ((number = next_number(w)) != UINT64_MAX) {
        if (stop_signal())
            return error_set(err, EXIT_SIGNAL_BASE + stop_signal(), "stopped by a signal");
        if (w->export_rows)
            compare_with_original(w, number);
        if (fold_row(w, number, err) || pass(w, number, err))
            return -1;
    }
    for (size_t i = 0; i < w->audit->report_count; i++)
        if (w->ledgers[i] && against_ledger_end(w->ledgers[i], err))
            return -1;
    if (w->export_rows && export_rows_has_grown(w->export_rows) &&
        growth_tell(w->audit, &w->settings->export, find_reading(w->audit), w->original_last, err))
        return -1;
    return suspect_lines_finish(w->doubtful, err) ? -1 : totals_finish(w->totals, err);
}

/* ---- what the manifests tell of time ---- */

static int compare_events(const void *a, const void *b)
{
    const struct audit_event *x = a;
    const struct audit_event *y = b;

    if (x->event->at_ms != y->event->at_ms)
        return x->event->at_ms < y->event->at_ms ? -1 : 1;
    return x->report < y->report ? -1 : x->report > y->report;
}

static int list_events(struct audit *audit, struct error *err)
{
    size_t count = 0;

    for (size_t i = 0; i < audit->report_count; i++)
        count += audit->reports[i].manifest.event_count;
    if (!count)
        return 0;
    audit->events = calloc(count, sizeof(*audit->events));
    if (!audit->events)
        return error_no_memory(err);
    for (size_t i = 0; i < audit->report_count; i++)
        for (size_t k = 0; k < audit->reports[i].manifest.event_count; k++)
            audit->events[audit->event_count++] =
                (struct audit_event){i, &audit->reports[i].manifest.events[k]};
    qsort(audit->events, audit->event_count, sizeof(*audit->events), compare_events);
    return 0;
}

static void find_span(struct audit *audit)
{
    for (size_t i = 0; i < audit->report_count; i++) {
        const struct manifest_found *m = &audit->reports[i].manifest;

        if (m->started_ms && (!audit->started_ms || m->started_ms < audit->started_ms))
            audit->started_ms = m->started_ms;
        if (m->finished_ms > audit->finished_ms)
            audit->finished_ms = m->finished_ms;
    }
}

/* ---- the whole ---- */

static int begin(struct walk *w, struct error *err)
{
    w->audit->reports = calloc(w->settings->path_count, sizeof(*w->audit->reports));
    w->latency = latency_open();
    w->totals = totals_open(w->audit);
    w->left_out = superseded_open();
    if (!w->audit->reports || !w->left_out || !w->latency || !w->totals)
        return error_no_memory(err);
    if (suspect_lines_open(w->audit, &w->doubtful, err) || open_reports(w, err) ||
        start_sources(w, err) || audit_open_check_signatures(w, err) || audit_open_ledgers(w, err))
        return -1;
    return open_original(w, err);
}

static void close_walk(struct walk *w)
{
    for (size_t i = 0; i < AUDIT_REPORTS_MAX; i++) {
        against_ledger_close(w->ledgers[i]);
        against_itself_close(w->sources[i]);
        scan_close(w->scans[i]);
    }
    export_rows_close(w->export_rows);
    ledger_close(w->ledger);
    latency_close(w->latency);
    totals_close(w->totals);
    suspect_lines_close(w->doubtful);
    superseded_close(w->left_out);
}

int audit_run(const struct audit_settings *settings, struct audit *ret_audit, struct error *err)
{
    struct walk w = {.settings = settings, .audit = ret_audit};
    int result = -1;

    memset(ret_audit, 0, sizeof(*ret_audit));
    ret_audit->agrees = true;
    if (settings->path_count > AUDIT_REPORTS_MAX)
        return error_set(err, EXIT_BAD_USAGE, "at most %d reports at a time", AUDIT_REPORTS_MAX);
    if (!begin(&w, err) && !walk(&w, err) && !list_events(ret_audit, err) &&
        !descendants_note(ret_audit, err)) {
        find_span(ret_audit);
        latency_summarise(w.latency, &ret_audit->latency);
        result = ret_audit->no_memory ? error_no_memory(err) : 0;
    }
    close_walk(&w);
    return result;
}

void audit_release(struct audit *audit)
{
    for (size_t i = 0; i < audit->disagreement_count; i++)
        free(audit->disagreements[i].text);
    for (size_t i = 0; i < audit->note_count; i++)
        free(audit->notes[i]);
    for (size_t i = 0; i < audit->report_count; i++)
        manifest_found_release(&audit->reports[i].manifest);
    for (size_t i = 0; i < audit->open_count; i++)
        free(audit->open_rows[i].texts);
    free(audit->disagreements);
    free(audit->reports);
    free(audit->codes);
    free(audit->open_rows);
    free(audit->events);
    memset(audit, 0, sizeof(*audit));
}

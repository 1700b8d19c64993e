#include "import_started.h"

#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "base/stop.h"
#include "input/claim/claim_digest.h"
#include "ledger/import/import.h"
#include "report/beside.h"
#include "report/export_rows.h"
#include "report/manifest/started.h"
#include "report/scan.h"

#define MESSAGE                                                                                    \
    "the run began at this time and left no report: it may have been sent. Ask the platform "      \
    "before it is sent again (imported)"

bool import_started_is_named(const char *path)
{
    return beside_has_ending(path, BESIDE_STARTED) || beside_has_ending(path, BESIDE_LEDGER);
}

static bool is_rerun(const struct import_started *b)
{
    return strncmp(b->manifest.command, "rerun", strlen("rerun")) == 0;
}

/* ---- the rows, wherever they stand ---- */

struct rows {
    struct export_rows *export_rows; /* of an export … */
    struct scan *scan;               /* … or of the report that a re-run took them from */
    bool rejected, unknown;          /* are taken too */
    struct scan_row scanned;
};

static void close_rows(struct rows *rows)
{
    export_rows_close(rows->export_rows);
    scan_close(rows->scan);
}

static int open_rows(const struct import_started *b, struct rows *rows, struct error *err)
{
    struct export_rows_settings settings = {.path = b->export_path};

    *rows = (struct rows){0};
    if (is_rerun(b)) {
        rows->rejected = strstr(b->manifest.command, "rejected") != NULL;
        rows->unknown = strstr(b->manifest.command, "unknown") != NULL;
        return scan_open(b->export_path, &rows->scan, err);
    }
    memcpy(settings.wanted_columns, b->wanted_columns, sizeof(settings.wanted_columns));
    return export_rows_open(&settings, &b->manifest, &rows->export_rows, err);
}

static const struct survey *survey_of(const struct rows *rows)
{
    return rows->scan ? scan_survey(rows->scan) : export_rows_survey(rows->export_rows);
}

static bool is_taken(const struct rows *rows, enum outcome outcome)
{
    return outcome == OUTCOME_FAILED || outcome == OUTCOME_UNSENT ||
           (outcome == OUTCOME_REJECTED && rows->rejected) ||
           (outcome == OUTCOME_UNKNOWN && rows->unknown);
}

/* The next one that can be sent: 1, or 0 behind the last one, or -1. */
static int next_row(struct rows *rows, uint64_t *ret_row, const struct claim **ret_claim,
                    struct error *err)
{
    int found;

    do {
        if (stop_signal())
            return error_set(err, EXIT_SIGNAL_BASE + stop_signal(), "stopped by a signal");
        found = rows->scan ? scan_next(rows->scan, &rows->scanned, err)
                           : export_rows_next(rows->export_rows, err);
        if (found <= 0)
            return found;
        if (rows->export_rows) {
            *ret_row = export_rows_row(rows->export_rows);
            *ret_claim = export_rows_claim(rows->export_rows);
        } else {
            const struct row_record *record = &rows->scanned.line.record;

            *ret_row = record->row;
            *ret_claim = rows->scanned.has_claim && is_taken(rows, record->outcome)
                             ? &rows->scanned.claim
                             : NULL;
        }
    } while (!*ret_claim);
    return 1;
}

/* ---- is it what it says? ---- */

static int refuse_export(const struct import_started *b, struct error *err)
{
    return error_set(err, EXIT_INPUT_REFUSED,
                     "'%s' tells of a start that read '%s' (SHA-256 %s), and '%s' holds other "
                     "bytes; name the %s as it was then with --export",
                     LOG_QUOTED(b->path), LOG_QUOTED(b->manifest.input_name),
                     b->manifest.input_sha256, LOG_QUOTED(b->export_path),
                     is_rerun(b) ? "report" : "export");
}

static int check_export(const struct import_started *b, const struct rows *rows, struct error *err)
{
    const struct survey *survey = survey_of(rows);

    return survey && digest_is(survey->sha256, b->manifest.input_sha256) ? 0
                                                                         : refuse_export(b, err);
}

static int read_manifest(struct import_started *b, const char *platform, struct error *err)
{
    const char *quoted = LOG_QUOTED(b->path);
    int found = manifest_read_start(b->path, &b->manifest, err);

    if (found < 0)
        return -1;
    if (!found)
        return error_set(err, EXIT_INPUT_MISSING, "there is no '%s'", quoted);
    if (strcmp(b->manifest.platform, platform) != 0)
        return error_set(err, EXIT_BAD_CONFIG,
                         "'%s' is of platform '%s', not of '%s'; name the same --gateway as then",
                         quoted, LOG_QUOTED(b->manifest.platform), LOG_QUOTED(platform));
    return b->manifest.started_ms
               ? 0
               : error_set(err, EXIT_INPUT_REFUSED, "'%s' does not say when its run began", quoted);
}

/* A row of which nobody will ask where it cannot be read any more is none: all are read once. */
int import_started_open(struct import_started *import_started, const char *platform,
                        struct error *err)
{
    const struct claim *claim;
    struct rows rows = {0};
    uint64_t row;
    int result = -1;

    if (!read_manifest(import_started, platform, err) && !open_rows(import_started, &rows, err) &&
        !check_export(import_started, &rows, err))
        do
            result = next_row(&rows, &row, &claim, err);
        while (result > 0);
    close_rows(&rows);
    return result;
}

void import_started_release(struct import_started *import_started)
{
    manifest_found_release(&import_started->manifest);
}

/* ---- learning ---- */

static int take_row(const struct import_started *b, struct ledger *ledger,
                    const struct import_place *place, uint64_t number, const struct claim *claim,
                    bool *ret_learned, struct error *err)
{
    struct import_row row = {
        .row = number,
        .key = {claim->workcard_id, claim->claim_order_no},
        .fee_fen = claim->claim_fee,
        .record = {.row = number,
                   .state = ROW_FINAL,
                   .outcome = OUTCOME_UNKNOWN,
                   .counts_as = OUTCOME_UNKNOWN,
                   .submitted_ms = b->manifest.started_ms,
                   .code = OUTCOME_ENDED_CODE,
                   .sub_code = "",
                   .message = MESSAGE,
                   .request_id = "",
                   .warnings = ""},
    };

    return claim_digest(claim, row.record.digest)
               ? error_no_memory(err)
               : ledger_import_doubtful(ledger, place, &row, ret_learned, err);
}

static int take_rows(const struct import_started *b, struct ledger *ledger,
                     const struct import_place *place, struct import_started_counts *counts,
                     struct error *err)
{
    const struct claim *claim;
    struct rows rows = {0};
    uint64_t number;
    int found = -1;

    if (!open_rows(b, &rows, err) && !check_export(b, &rows, err))
        while ((found = next_row(&rows, &number, &claim, err)) > 0) {
            bool learned;

            if (take_row(b, ledger, place, number, claim, &learned, err)) {
                found = -1;
                break;
            }
            counts->rows++;
            counts->learned += learned;
        }
    close_rows(&rows);
    return found;
}

/* The report that it was to have; texts live in the manifest and in `report`. */
static struct import_start describe(const struct import_started *b,
                                    const struct inspection *inspection,
                                    const struct buffer *reading, const struct buffer *report,
                                    struct run_count *counts)
{
    const struct manifest_found *m = &b->manifest;
    struct import_start start = {
        .run =
            {
                .record =
                    {
                        .command = m->command,
                        .platform = m->platform,
                        .export_name = *m->input_path ? m->input_path : m->input_name,
                        .export_sha256 = inspection->survey.sha256,
                        .export_bytes = m->input_bytes,
                        .reading = buffer_string(reading),
                        .report_path = buffer_string(report),
                        .started_ms = m->started_ms,
                        .stopped_because = "",
                    },
                .began_ms = m->started_ms,
                .parent = m->parent_run,
                .counts = counts,
            },
        .ledger = m->ledger_id,
        .commits = m->ledger_commits,
    };

    memcpy(start.run.record.name, m->run, sizeof(start.run.record.name));
    return start;
}

/* What a re-run sends again would stand there. Of a report that lay elsewhere the place is unknown:
 * it is the one that it has by itself. */
static void append_report(const char *path, struct buffer *ret_report)
{
    struct buffer export = {0};

    if (beside_has_ending(path, BESIDE_STARTED)) {
        buffer_append(ret_report, path, strlen(path) - strlen(BESIDE_STARTED));
        return;
    }
    buffer_append(&export, path, strlen(path) - strlen(BESIDE_LEDGER));
    beside_name_report(buffer_string(&export), ret_report);
    ret_report->failed |= export.failed;
    buffer_release(&export);
}

int import_started_take(const struct import_started *import_started, struct ledger *ledger,
                        struct import_started_counts *ret_counts, int64_t *ret_run, bool *ret_known,
                        struct error *err)
{
    struct run_count counts[OUTCOME_COUNT] = {0};
    struct inspection inspection;
    struct import_start start;
    struct import_place place;
    struct buffer reading = {0};
    struct buffer report = {0};
    struct row_source row_source;
    int result;

    *ret_counts = (struct import_started_counts){0};
    manifest_take_reading(&import_started->manifest, &row_source, &inspection);
    inspection_reading(&row_source, &inspection, &reading);
    append_report(import_started->path, &report);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        money_format_fen(0, counts[i].fee_fen);
    start = describe(import_started, &inspection, &reading, &report, counts);
    result = reading.failed || report.failed
                 ? error_no_memory(err)
                 : ledger_import_start(ledger, &start, &place, ret_known, err);
    if (!result && !*ret_known)
        result = take_rows(import_started, ledger, &place, ret_counts, err);
    *ret_run = place.run;
    buffer_release(&reading);
    buffer_release(&report);
    return result;
}

#include "against_itself.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "against_manifest.h"
#include "audit.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/words/language.h"
#include "disagreement.h"
#include "report/line_check.h"
#include "unreadable_row.h"

#define LAST_MS INT64_C(253402271999999)  /* the end of the year 9999 */
#define NOTHING_SENT "; nothing was sent" /* is no news in an audit */

/* ---- opening ---- */

/* A manifest that is missing or none is a fault of the report, not the end of the audit. */
static int take_manifest(struct audit_report *report, struct error *err)
{
    int found = manifest_read(report->path, &report->manifest, err);

    report->has_manifest = found > 0;
    if (found > 0)
        return 0;
    manifest_found_release(&report->manifest);
    if (found == 0)
        snprintf(report->manifest_fault, sizeof(report->manifest_fault),
                 _("there is no manifest beside it"));
    else if (err->exit_code == EXIT_INPUT_REFUSED || err->exit_code == EXIT_INPUT_MISSING)
        log_quote(err->text, report->manifest_fault, sizeof(report->manifest_fault));
    else
        return -1;
    return 0;
}

int against_itself_open(const char *path, struct audit_report *ret_report, struct scan **ret_scan,
                        struct error *err)
{
    const struct survey *survey;

    ret_report->path = path;
    if (scan_open(path, ret_scan, err) || take_manifest(ret_report, err))
        return -1;
    survey = scan_survey(*ret_scan);
    if (survey) {
        ret_report->bytes = survey->bytes;
        hex_format(survey->sha256, sizeof(survey->sha256), ret_report->sha256);
    }
    return 0;
}

struct against_itself *against_itself_start(struct audit *audit, size_t report, struct scan *scan,
                                            struct latency *latency)
{
    struct against_itself *source = calloc(1, sizeof(*source));

    if (source)
        source->tally = tally_open();
    if (!source || !source->tally) {
        scan_close(scan);
        free(source);
        return NULL;
    }
    source->audit = audit;
    source->report = report;
    source->scan = scan;
    source->latency = latency;
    if (*audit->reports[report].manifest_fault)
        disagreement_raise(audit, AUDIT_ITSELF, report, 0, "%s",
                           audit->reports[report].manifest_fault);
    return source;
}

void against_itself_close(struct against_itself *source)
{
    if (!source)
        return;
    tally_close(source->tally);
    scan_close(source->scan);
    for (int i = 0; i < 2; i++)
        buffer_release(&source->lines[i].texts);
    free(source);
}

const struct scan_row *against_itself_row(const struct against_itself *source)
{
    return source->has_row ? &source->lines[source->at].row : NULL;
}

static const struct scan_row *next_row(const struct against_itself *source)
{
    return source->has_next ? &source->lines[!source->at].row : NULL;
}

/* ---- lines ---- */

static void judge_cells(struct against_itself *source, const struct scan_row *row)
{
    struct buffer words = {0};

    if (row->malformed == SCAN_ALL_MALFORMED) {
        disagreement_raise(source->audit, AUDIT_ITSELF, source->report, row->line.record.row,
                           _("line %" PRIu64 " of the report has not %d cells, as every line has"),
                           row->start_line, SCAN_COLUMNS);
    } else if (row->malformed) {
        scan_name_malformed(row, &words);
        disagreement_raise(
            source->audit, AUDIT_ITSELF, source->report, row->line.record.row,
            _("line %" PRIu64 " of the report has cells in no form that a report has: %s"),
            row->start_line, buffer_string(&words));
        buffer_reset(&words);
    }
    if (row->edit != SCAN_EDIT_NONE && row->malformed != SCAN_ALL_MALFORMED) {
        scan_explain_edit(row, &words);
        disagreement_raise(source->audit, AUDIT_ITSELF, source->report, row->line.record.row, "%s",
                           buffer_string(&words));
    }
    source->audit->no_memory |= words.failed;
    buffer_release(&words);
}

static void measure(struct against_itself *source, const struct row_record *r)
{
    int64_t answered = r->submitted_ms;

    if (r->submitted_ms <= 0)
        return;
    answered = r->duration_ms < LAST_MS - answered ? answered + r->duration_ms : LAST_MS;
    latency_add(source->latency, r->duration_ms);
    timeline_add(&source->audit->timeline, answered, r->outcome);
}

static int count_line(struct against_itself *source, const struct scan_row *row, struct error *err)
{
    struct audit_report *report = against_manifest_report(source);
    const struct row_record *r = &row->line.record;
    int64_t fee = row->has_claim ? row->claim.claim_fee : 0;

    report->lines++;
    report->sums[r->outcome].rows++;
    report->sums[r->outcome].fee_fen += fee;
    return tally_add(source->tally, r->outcome, r->outcome, r->code, fee) ? error_no_memory(err)
                                                                          : 0;
}

static bool has_warning(const char *warnings, const char *code)
{
    size_t len = strlen(code);

    while (*warnings) {
        size_t end = strcspn(warnings, ";");

        if (end == len && strncmp(warnings, code, len) == 0)
            return true;
        warnings += end + (warnings[end] == ';');
    }
    return false;
}

/* Whether the line tells of a claim that was accepted with other content. */
static void count_changed(struct audit_report *report, const struct scan_row *row)
{
    const struct row_record *r = &row->line.record;
    const char *code = rule_code(RULE_CHANGED_SINCE_ACCEPTED);

    if (r->outcome == OUTCOME_INVALID) {
        report->held_back += strcmp(r->code, code) == 0;
    } else if (r->attempts && r->outcome != OUTCOME_SKIPPED &&
               has_warning(row->line.warnings, code)) {
        report->changed.rows++;
        report->changed.fee_fen += row->has_claim ? row->claim.claim_fee : 0;
    }
}

static int take_line(struct against_itself *source, const struct scan_row *row, struct error *err)
{
    const char *breach = line_check_breach(row);

    if (count_line(source, row, err))
        return -1;
    count_changed(against_manifest_report(source), row);
    measure(source, &row->line.record);
    judge_cells(source, row);
    if (breach)
        disagreement_raise(source->audit, AUDIT_ITSELF, source->report, row->line.record.row, "%s",
                           breach);
    return 0;
}

/* Copies a line out of the scan's memory; false without memory. */
static bool keep(const struct scan_row *row, struct kept *kept)
{
    const char **const places[] = {
        &kept->row.line.fields[0],
        &kept->row.line.fields[1],
        &kept->row.line.fields[2],
        &kept->row.line.fields[3],
        &kept->row.line.fields[4],
        &kept->row.line.fields[5],
        &kept->row.line.fields[6],
        &kept->row.line.record.code,
        &kept->row.line.record.sub_code,
        &kept->row.line.record.message,
        &kept->row.line.record.request_id,
        &kept->row.line.warnings,
        &kept->row.digest,
    };
    const char *text;

    kept->row = *row;
    buffer_reset(&kept->texts);
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
        buffer_append(&kept->texts, *places[i], strlen(*places[i]) + 1);
    if (kept->texts.failed)
        return false;
    text = kept->texts.ptr;
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++, text += strlen(text) + 1)
        *places[i] = text;
    kept->row.claim.claim_desc = kept->row.line.fields[FIELD_CLAIM_DESC];
    kept->row.claim.claim_order_no = kept->row.line.fields[FIELD_CLAIM_ORDER_NO];
    return true;
}

/* Whether the line at hand stands behind the one handed out last and, unless it is that which does
 * not belong there, before the next. */
static bool is_in_order(const struct against_itself *source)
{
    const struct scan_row *next = next_row(source);
    uint64_t number = source->lines[source->at].row.line.record.row;
    uint64_t follower = next ? next->line.record.row : 0;

    return number > source->last_row && !(follower > source->last_row && follower < number);
}

/* Names the line that is not in its order. */
static void object_to_order(struct against_itself *source)
{
    const struct scan_row *next = next_row(source);
    uint64_t number = source->lines[source->at].row.line.record.row;
    bool is_too_early = number > source->last_row;
    uint64_t other = is_too_early ? next->line.record.row : source->last_row;

    if (!number)
        return; /* it is malformed, and that is said already */
    if (number == source->last_row)
        disagreement_raise(source->audit, AUDIT_ITSELF, source->report, number,
                           _("it is there twice"));
    else
        disagreement_raise(source->audit, AUDIT_ITSELF, source->report, number,
                           _("it stands %s row %" PRIu64 ", out of its order"),
                           is_too_early ? "before" : "behind", other);
}

/* An export would be fixed; a report is got again. */
static void object_to_bytes(struct against_itself *source)
{
    disagreement_raise(
        source->audit, AUDIT_ITSELF, source->report,
        unreadable_row_without_text(scan_export(source->scan)),
        _("it holds bytes that are no text (NUL, or not UTF-8), so the report cannot be "
          "read"));
}

/* What ended the reading, if it is the report's own fault. */
static int take_damage(struct against_itself *source, struct error *err)
{
    size_t len = strlen(err->text);

    if (err->exit_code != EXIT_INPUT_REFUSED)
        return -1;
    source->is_damaged = true;
    if (!scan_survey(source->scan)) {
        object_to_bytes(source);
        return 0;
    }
    if (len > strlen(NOTHING_SENT) &&
        strcmp(err->text + len - strlen(NOTHING_SENT), NOTHING_SENT) == 0)
        err->text[len - strlen(NOTHING_SENT)] = '\0';
    disagreement_raise(source->audit, AUDIT_ITSELF, source->report,
                       unreadable_row_behind(scan_export(source->scan),
                                             against_manifest_report(source)->lines + 1),
                       scan_is_cut(source->scan) ? _("the report is cut here: %s")
                                                 : _("from here on the report cannot be read: %s"),
                       err->text);
    return 0;
}

static int end(struct against_itself *source, struct error *err)
{
    if (!against_manifest_report(source)->has_manifest)
        return 0;
    against_manifest_judge_file(source);
    if (source->is_damaged)
        return 0;
    against_manifest_judge_counts(source);
    against_manifest_judge_changed(source);
    return against_manifest_judge_codes(source, err);
}

/* Reads the line behind the one at hand. */
static int read_ahead(struct against_itself *source, struct error *err)
{
    struct scan_row row;
    int found = source->is_at_end ? 0 : scan_next(source->scan, &row, err);

    source->has_next = found > 0;
    source->is_at_end = found <= 0;
    if (found < 0)
        return take_damage(source, err);
    if (found == 0)
        return 0;
    if (!keep(&row, &source->lines[!source->at]))
        return error_no_memory(err);
    return take_line(source, &source->lines[!source->at].row, err);
}

/* Makes the next line the one at hand. */
static int step(struct against_itself *source, struct error *err)
{
    source->has_row = source->has_next;
    source->at = !source->at;
    return read_ahead(source, err);
}

int against_itself_next(struct against_itself *source, struct error *err)
{
    if (!source->has_begun && read_ahead(source, err))
        return -1;
    source->has_begun = true;
    if (step(source, err))
        return -1;
    while (source->has_row && !is_in_order(source)) {
        object_to_order(source);
        if (step(source, err))
            return -1;
    }
    if (!source->has_row)
        return end(source, err);
    source->last_row = source->lines[source->at].row.line.record.row;
    return 1;
}

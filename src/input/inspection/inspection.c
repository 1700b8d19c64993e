#include "input/inspection/inspection.h"
#include "input/claim/swallowed_rows.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/words/language.h"
#include "input/claim/swallowed_rows.h"
#include "input/inspection/repeat_filter.h"
#include "input/value/order_no_alike.h"
#include "misreading.h"
#include "spellings.h"

static void count_findings(struct inspection *inspection, const struct record *record,
                           const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        enum rule rule = findings->list[i].rule;

        if (!inspection->broken[rule]++) {
            inspection->first_row[rule] = record->row;
            inspection->first_line[rule] = record->line;
        }
        inspection->warned[rule] += findings->list[i].severity == SEVERITY_WARN;
    }
}

static void count_claim(struct inspection *inspection, const struct claim *claim)
{
    inspection->status_rows[claim->claim_status]++;
    inspection->status_fee[claim->claim_status] += claim->claim_fee;
}

const char *inspection_first(const struct inspection *inspection, enum rule rule,
                             char ret_text[INSPECTION_FIRST_BYTES])
{
    unsigned long long row = inspection->first_row[rule], line = inspection->first_line[rule];

    if (line && line != row)
        snprintf(ret_text, INSPECTION_FIRST_BYTES, _("row %llu, line %llu"), row, line);
    else
        snprintf(ret_text, INSPECTION_FIRST_BYTES, _("row %llu"), row);
    return ret_text;
}

/* A last record without a line end may have been cut in the middle of a number. */
static int check_end(const struct row_source *row_source, const struct reader *reader, uint64_t row,
                     struct inspection *inspection, struct error *err)
{
    enum severity severity = row_source->rules.severity[RULE_MISSING_FINAL_NEWLINE];

    inspection->blank_lines = reader_blank_lines(reader);
    if (!reader_is_unfinished(reader) || severity == SEVERITY_OFF)
        return 0;
    inspection->broken[RULE_MISSING_FINAL_NEWLINE] = 1;
    inspection->warned[RULE_MISSING_FINAL_NEWLINE] = severity == SEVERITY_WARN;
    inspection->first_row[RULE_MISSING_FINAL_NEWLINE] = row;
    inspection->first_line[RULE_MISSING_FINAL_NEWLINE] = inspection->last_line;
    if (severity != SEVERITY_ERROR)
        return 0;
    return error_set(
        err, EXIT_INPUT_REFUSED,
        "'%s', line %llu: MISSING_FINAL_NEWLINE: no line end follows the last row (row %llu), so "
        "it may be cut; export the file again, or if you are sure that the row is whole: --rule "
        "missing-final-newline=warn; nothing was sent",
        LOG_QUOTED(export_name(row_source->export)), (unsigned long long)inspection->last_line,
        (unsigned long long)row);
}

static int refuse_stopped(const struct row_source *row_source, struct error *err)
{
    return error_set(err, EXIT_SIGNAL_BASE + stop_signal(),
                     "stopped by a signal while '%s' was checked; nothing was sent",
                     LOG_QUOTED(export_name(row_source->export)));
}

/* What one pass over the rows has at hand. */
struct pass {
    const struct row_source *row_source;
    const struct inspection_visitor *visitor; /* NULL: nobody looks on */
    struct inspection *inspection;
    struct reader *reader;
    struct claim_store store;
    struct findings findings;
    struct claim claim;
    bool counts;   /* rows and findings are counted; else they were before */
    bool profiles; /* the profile is not known yet */
    bool shows;    /* findings are for the visitor */
};

static int show(struct pass *pass, const struct record *record, bool invalid, struct error *err)
{
    const struct inspection_visitor *visitor = pass->visitor;
    int result = 0;

    if (pass->counts && !invalid)
        result = visitor->claim(visitor->context, record->row, &pass->claim, err);
    if (!result && pass->shows && pass->findings.count)
        result = visitor->row(visitor->context, pass->reader, record, &pass->findings, err);
    if (result > 0)
        pass->shows = false;
    return result < 0 ? -1 : 0;
}

static void count_row(struct pass *pass, const struct record *record, bool invalid)
{
    struct inspection *inspection = pass->inspection;

    inspection->rows++;
    inspection->invalid += invalid;
    inspection->last_line = record->line;
    if (!invalid)
        count_claim(inspection, &pass->claim);
    inspection->other_spellings += !invalid && !order_no_is_folded(pass->claim.claim_order_no);
    /* Also of a row that may be valid by the time the run began with. */
    if (inspection->repeats && *pass->claim.claim_order_no)
        repeat_filter_note(inspection->repeats, &pass->claim);
    if (pass->findings.count)
        count_findings(inspection, record, &pass->findings);
}

/* Rows that a quote made part of a cell are no fault of one row, which could be left out or
 * corrected by itself: the others would be in no report. */
static int refuse_swallowed(const struct pass *pass, const struct record *record, struct error *err)
{
    const struct columns *columns = reader_columns(pass->reader);
    const struct rules *rules = &pass->row_source->rules;
    struct buffer why = {0};
    int result;

    if (!record->has_line_end || rules->severity[RULE_CUT_ROW] != SEVERITY_ERROR ||
        !swallowed_rows_explain(rules, columns, record, &why))
        return 0;
    language_append(&why, "; if it is a text: --rule cut-row=warn");
    result = why.failed ? error_no_memory(err)
                        : reader_refuse(pass->reader, record, buffer_string(&why), err);
    buffer_release(&why);
    return result;
}

static int take_row(struct pass *pass, const struct record *record, struct error *err)
{
    const struct row_source *row_source = pass->row_source;
    struct inspection *inspection = pass->inspection;
    bool invalid = false;

    if (pass->profiles && refuse_swallowed(pass, record, err))
        return -1;
    /* Cells at the end that have no header stand in all rows or in none. */
    if (pass->profiles && inspection->rows == 0 && !record->correction)
        inspection->profile.width = record->count;
    /* A list of problems is what is odd about an export: it has no profile of its own. */
    if (pass->profiles && !record->correction &&
        census_note(inspection->census, &row_source->rules, reader_columns(pass->reader), record,
                    err))
        return -1;
    claim_judge(&row_source->rules, reader_columns(pass->reader), &inspection->profile, record,
                row_source->now_ms, &pass->store, &pass->claim, &pass->findings);
    if (pass->store.desc.failed || pass->store.order_no.failed)
        return error_no_memory(err);
    if (pass->findings.count && pass->profiles &&
        misreading_refuse(pass->reader, inspection->survey.encoding, record, &pass->findings, err))
        return -1;
    invalid = findings_invalid(&pass->findings);
    if (pass->counts)
        count_row(pass, record, invalid);
    return pass->visitor ? show(pass, record, invalid, err) : 0;
}

#define FOOTER_LINES_SHOWN 3

/* A line of the footer, for people to see what was passed over. */
static void take_footer(struct inspection *inspection, const struct record *record)
{
    uint64_t at = record->row - inspection->profile.footer_row;
    struct buffer *text = &inspection->footer;

    for (size_t i = 0; at < FOOTER_LINES_SHOWN && i < record->count; i++) {
        struct value value = value_of(&record->cells[i]);

        if (value.len == 0)
            continue;
        buffer_format(text, "%s'%s'", text->len ? _(", ") : "", LOG_QUOTED(record->cells[i].text));
        return;
    }
}

/* Whether all that there is to see was seen before the end. */
static bool is_over(const struct pass *pass)
{
    return !pass->counts && !pass->profiles && !pass->shows;
}

static int read_rows(struct pass *pass, struct error *err)
{
    struct inspection *inspection = pass->inspection;
    struct record record = {.row = 1};
    uint64_t row = 1;
    int result = 0;

    while (!is_over(pass) && (result = reader_next(pass->reader, &record, err)) > 0) {
        row = record.row;
        if (stop_signal())
            result = refuse_stopped(pass->row_source, err);
        else if (profile_is_footer(&inspection->profile, row))
            result = pass->counts ? (take_footer(inspection, &record), 0) : 0;
        else
            result = take_row(pass, &record, err);
        if (result)
            break;
    }
    if (!result && pass->profiles)
        result = check_end(pass->row_source, pass->reader, row, inspection, err);
    claim_store_release(&pass->store);
    return result;
}

static void note_correction(const struct reader *reader, struct inspection *inspection)
{
    const unsigned char *sha256 = reader_corrects(reader);

    inspection->is_correction = sha256 != NULL;
    if (sha256)
        memcpy(inspection->corrects, sha256, sizeof(inspection->corrects));
}

static int start_pass(struct pass *pass, struct error *err)
{
    struct inspection *inspection = pass->inspection;

    if (reader_open(pass->row_source->export, &inspection->survey, &pass->row_source->reader,
                    &pass->reader, err))
        return -1;
    inspection->columns = *reader_columns(pass->reader);
    if (pass->counts) {
        inspection->last_line = reader_header(pass->reader)->line;
        buffer_reset(&inspection->unused_columns);
        buffer_text(&inspection->unused_columns, reader_unused_columns(pass->reader));
    }
    return 0;
}

/* What the first pass takes for granted, so that hardly any export is judged twice: numbers that
 * end in zeros as often as chance gives. A list of problems is never judged again, and a rounded
 * number in it is worth a word. */
static void guess_profile(const struct reader *reader, struct profile *ret_profile)
{
    profile_init(ret_profile);
    if (!reader_corrects(reader))
        memset(ret_profile->rounded, 0, sizeof(ret_profile->rounded));
}

/* The first pass, which counts what the profile is made of, and judges as if nothing was odd. */
static int read_first(const struct row_source *row_source, const struct inspection_visitor *visitor,
                      struct inspection *inspection, struct error *err)
{
    struct pass pass = {.row_source = row_source,
                        .visitor = visitor,
                        .inspection = inspection,
                        .counts = true,
                        .profiles = true};
    int result = -1;

    inspection->census = census_open();
    if (!inspection->census)
        return error_no_memory(err);
    if (!start_pass(&pass, err)) {
        guess_profile(pass.reader, &inspection->profile);
        result = read_rows(&pass, err);
        note_correction(pass.reader, inspection);
    }
    reader_close(pass.reader);
    return result;
}

/* Forgets what was counted of rows, but for the end of the file, which the first pass saw. */
static void forget_rows(struct inspection *inspection)
{
    uint64_t newline = inspection->broken[RULE_MISSING_FINAL_NEWLINE];
    uint64_t row = inspection->first_row[RULE_MISSING_FINAL_NEWLINE];

    inspection->rows = inspection->invalid = inspection->other_spellings = 0;
    memset(inspection->broken, 0, sizeof(inspection->broken));
    memset(inspection->first_row, 0, sizeof(inspection->first_row));
    memset(inspection->first_line, 0, sizeof(inspection->first_line));
    memset(inspection->warned, 0, sizeof(inspection->warned));
    memset(inspection->status_rows, 0, sizeof(inspection->status_rows));
    memset(inspection->status_fee, 0, sizeof(inspection->status_fee));
    inspection->broken[RULE_MISSING_FINAL_NEWLINE] = newline;
    inspection->warned[RULE_MISSING_FINAL_NEWLINE] = newline;
    inspection->first_row[RULE_MISSING_FINAL_NEWLINE] = row;
    inspection->first_line[RULE_MISSING_FINAL_NEWLINE] = inspection->last_line;
}

static bool has_findings(const struct inspection *inspection)
{
    for (int i = 0; i < RULE_COUNT; i++)
        if (inspection->broken[i] && i != RULE_MISSING_FINAL_NEWLINE)
            return true;
    return false;
}

/* Reads the rows once more where they have to be judged anew, or shown. */
static int read_again(const struct row_source *row_source, const struct inspection_visitor *visitor,
                      bool counts, struct inspection *inspection, struct error *err)
{
    struct pass pass = {.row_source = row_source,
                        .visitor = visitor,
                        .inspection = inspection,
                        .counts = counts,
                        .shows = visitor && (counts || has_findings(inspection))};
    int result = -1;

    if (counts) {
        forget_rows(inspection);
        if (inspection->repeats)
            repeat_filter_clear(inspection->repeats);
        if (visitor)
            visitor->forget(visitor->context);
    }
    if (!start_pass(&pass, err) &&
        (!visitor || !visitor->begin(visitor->context, pass.reader, err)))
        result = read_rows(&pass, err);
    reader_close(pass.reader);
    return result;
}

/* All passes over the rows, after the survey. */
static int read_export(const struct row_source *row_source,
                       const struct inspection_visitor *visitor, struct inspection *inspection,
                       struct error *err)
{
    struct profile granted = {0};
    bool again = false;

    if (read_first(row_source, visitor, inspection, err))
        return -1;
    granted = inspection->profile;
    again = census_finish(inspection->census, &granted, &inspection->profile);
    return again || visitor ? read_again(row_source, visitor, again, inspection, err) : 0;
}

int inspection_run(const struct row_source *row_source, struct inspection *ret_inspection,
                   struct error *err)
{
    memset(ret_inspection, 0, sizeof(*ret_inspection));
    ret_inspection->repeats = repeat_filter_open();
    if (!ret_inspection->repeats)
        return error_no_memory(err);
    if (export_survey(row_source->export, row_source->encoding, &ret_inspection->survey, err))
        return -1;
    if (read_export(row_source, NULL, ret_inspection, err))
        return -1;
    return spellings_refuse(row_source, ret_inspection, err);
}

int inspection_read(const struct row_source *row_source, struct inspection *ret_inspection,
                    struct error *err)
{
    memset(ret_inspection, 0, sizeof(*ret_inspection));
    if (export_survey(row_source->export, row_source->encoding, &ret_inspection->survey, err))
        return -1;
    return read_export(row_source, NULL, ret_inspection, err);
}

int inspection_check(const struct row_source *row_source, const struct inspection_visitor *visitor,
                     struct inspection *ret_inspection, struct error *err)
{
    memset(ret_inspection, 0, sizeof(*ret_inspection));
    if ((visitor->needs_sha256 ? export_survey : export_survey_unnamed)(
            row_source->export, row_source->encoding, &ret_inspection->survey, err))
        return -1;
    if (read_export(row_source, visitor, ret_inspection, err))
        return -1;
    return spellings_refuse(row_source, ret_inspection, err);
}

void inspection_release(struct inspection *inspection)
{
    repeat_filter_close(inspection->repeats);
    census_close(inspection->census);
    buffer_release(&inspection->footer);
    buffer_release(&inspection->unused_columns);
    memset(inspection, 0, sizeof(*inspection));
}

enum severity inspection_severity(const struct inspection *inspection, enum rule rule)
{
    return inspection->broken[rule] > inspection->warned[rule] ? SEVERITY_ERROR : SEVERITY_WARN;
}

money inspection_fee(const struct inspection *inspection)
{
    money sum = 0;

    for (int i = 0; i < INSPECTION_STATUSES; i++)
        sum += inspection->status_fee[i];
    return sum;
}

#include "report/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/words/language.h"
#include "input/claim/claim_digest.h"
#include "input/inspection/claim_rows.h"
#include "input/inspection/duplicates.h"
#include "input/inspection/repeat_filter.h"
#include "report/draft.h"
#include "report/line.h"

#define FIRST_ROW 2                   /* of an export, below its header */
#define REPEATS_MAX ((size_t)1 << 19) /* rows that are compared */
/* The further a large export, the more of them: memory must not grow with that. */
#define REPEATS_IN_MEMORY ((size_t)1 << 15) /* 512 KiB */

struct report {
    const struct report_settings *settings;
    struct draft draft;
    uint64_t taken;                /* rows that were given, from the first one on … */
    uint64_t source_rows;          /* … of so many; UINT64_MAX: that is not known */
    struct claim_rows *claim_rows; /* the report's own pass, open from the beginning: what it has of
                                    * a small export stays, whatever becomes of the file … */
    bool reads;                    /* … has begun */
    uint64_t passed;               /* rows that it has read and that were given before */
    struct judged_row row;         /* read, but not yet written; row 0: none */
    bool at_end;
    struct ledger_rows *rows;
    struct known_row known; /* what it knows of the row at hand */
    uint64_t next_row;      /* no row before it is to be written any more */
    struct claim_store store;
    struct buffer codes, sentence, numbers;
    struct duplicates *repeats; /* rows whose claim may stand in the export more than once */
};

int report_open(const struct report_settings *settings, struct report **ret_report,
                struct error *err)
{
    struct report *report = calloc(1, sizeof(*report));

    *ret_report = NULL;
    if (!report)
        return error_no_memory(err);
    report->settings = settings;
    report->next_row = FIRST_ROW;
    report->source_rows = UINT64_MAX;
    report->repeats = duplicates_open(REPEATS_IN_MEMORY);
    if ((!report->repeats && error_no_memory(err)) ||
        draft_open(settings->path, &report->draft, err) ||
        claim_rows_open(settings->row_source, settings->inspection, &report->claim_rows, err) ||
        ledger_rows_open(settings->ledger, settings->run, &report->rows, err)) {
        report_close(report);
        return -1;
    }
    *ret_report = report;
    return 0;
}

bool report_has_written(const struct report *report, uint64_t row)
{
    return row < report->next_row;
}

int report_restart(struct report *report, struct error *err)
{
    const struct report_settings *settings = report->settings;

    claim_rows_close(report->claim_rows);
    report->claim_rows = NULL;
    duplicates_clear(report->repeats);
    if (draft_restart(&report->draft, err))
        return -1;
    report->row.row = 0;
    report->at_end = false;
    report->next_row = FIRST_ROW;
    report->taken = report->passed = 0;
    report->reads = true;
    return claim_rows_open(settings->row_source, settings->inspection, &report->claim_rows, err);
}

void report_close(struct report *report)
{
    if (!report)
        return;
    ledger_rows_close(report->rows);
    known_row_release(&report->known);
    claim_rows_close(report->claim_rows);
    claim_store_release(&report->store);
    buffer_release(&report->codes);
    buffer_release(&report->sentence);
    buffer_release(&report->numbers);
    duplicates_close(report->repeats);
    output_leave(&report->draft.output);
    draft_close(&report->draft);
    free(report);
}

static void set_fields(struct line *line, const struct claim *claim, struct buffer *numbers)
{
    const int64_t values[] = {claim->workcard_id, claim->claim_count, claim->claim_status,
                              claim->claim_fee};
    static const enum field fields[] = {FIELD_WORKCARD_ID, FIELD_CLAIM_COUNT, FIELD_CLAIM_STATUS,
                                        FIELD_CLAIM_FEE};
    size_t starts[4];

    buffer_reset(numbers);
    for (int i = 0; i < 4; i++) {
        starts[i] = numbers->len;
        buffer_integer(numbers, values[i]);
        buffer_byte(numbers, '\0');
    }
    for (int i = 0; i < 4; i++)
        line->fields[fields[i]] = numbers->failed ? "" : numbers->ptr + starts[i];
    line->fields[FIELD_CLAIM_DESC] = claim->claim_desc;
    line->fields[FIELD_CLAIM_ORDER_NO] = claim->claim_order_no;
    line->fields[FIELD_CLAIM_TIME] = claim->claim_time;
}

static void set_raw(const struct judged_row *row, struct line *line)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        line->fields[i] = claim_raw(row->columns, row->record, (enum field)i);
}

/* A row that broke a rule: the raw text, the first error's code, and all that is wrong as the
 * message. */
static void set_invalid(struct report *report, const struct judged_row *row, struct line *line)
{
    const struct finding *first;

    language_record_begin();
    first = explanation_of_findings(&row->findings, &report->settings->row_source->rules,
                                    row->columns, row->record, &report->sentence);
    language_record_end();
    set_raw(row, line);
    line->record.outcome = OUTCOME_INVALID;
    line->record.counts_as = OUTCOME_INVALID;
    line->record.code = rule_code(first->rule);
    line->record.message = buffer_string(&report->sentence);
}

/* A row that was unknown before this run, and was not sent in it: that is what it still is. */
static void set_unsettled(struct report *report, const struct judged_row *row, struct line *line,
                          const char *message)
{
    buffer_format(&report->sentence, "not sent again%s%s; before: %s", *message ? ": " : "",
                  message, row->unknown_row);
    line->record.outcome = OUTCOME_UNKNOWN;
    line->record.counts_as = OUTCOME_UNKNOWN;
    line->record.code = "UNSETTLED";
    line->record.message = buffer_string(&report->sentence);
}

/* A valid row: what the ledger says, or unsent. */
static int set_valid(struct report *report, const struct judged_row *row, struct line *line,
                     const struct row_record *known, const char *code, const char *message,
                     struct error *err)
{
    /* The record has the same digest: a reading that makes another claim of its row is refused. */
    bool is_there = known && outcome_is_there(known);

    if (!is_there && claim_digest(&row->claim, line->record.digest))
        return error_no_memory(err);
    line->has_digest = true;
    if (is_there)
        return 0;
    if (!known && row->unknown_row) {
        set_unsettled(report, row, line, message);
        return 0;
    }
    line->record.outcome = OUTCOME_UNSENT;
    line->record.counts_as = OUTCOME_UNSENT;
    if (*line->record.code)
        return 0; /* it waits for a repeat: the last answer says why */
    line->record.code = code;
    line->record.message = message;
    return 0;
}

static void add_codes(struct report *report, const char *codes)
{
    if (*codes && report->codes.len)
        buffer_byte(&report->codes, ';');
    buffer_text(&report->codes, codes);
}

static void set_warnings(struct report *report, const struct judged_row *row, struct line *line)
{
    buffer_reset(&report->codes);
    findings_codes(&row->findings, SEVERITY_WARN, &report->codes);
    add_codes(report, row->noted);
    add_codes(report, line->record.warnings);
    line->warnings = buffer_string(&report->codes);
}

/* Takes note of a row whose claim may have another row. Of a very large export some are noted for
 * nothing, so that there is a limit. -1 without memory. */
static int note_repeat(struct report *report, const struct judged_row *row)
{
    const struct repeat_filter *repeats = report->settings->inspection->repeats;

    if (row->invalid || !repeats || !repeat_filter_maybe(repeats, &row->claim) ||
        duplicates_count(report->repeats) >= REPEATS_MAX)
        return 0;
    return duplicates_note_amount(report->repeats, row->row, &row->claim);
}

static void count_repeats(struct report *report)
{
    struct tally_repeats sum = {.more = duplicates_count(report->repeats) >= REPEATS_MAX};
    size_t pairs = duplicates_find(report->repeats);

    for (size_t i = 0; i < pairs; i++) {
        struct duplicate pair = duplicates_at(report->repeats, i);

        if (pair.same_content)
            continue;
        if (sum.rows++ == 0) {
            sum.first_row = pair.row;
            sum.row_before = pair.before;
        }
    }
    duplicates_clear(report->repeats);
    tally_set_repeats(report->draft.tally, &sum);
}

/* Adds the line of a row; `known`: what the ledger knows of it, NULL: nothing. `code` and `message`
 * say why, if it turns out unsent. */
static int add_line(struct report *report, const struct judged_row *row,
                    const struct row_record *known, const char *code, const char *message,
                    struct error *err)
{
    struct line line = {.record = known ? *known : report->known.record};

    line.record.row = row->row;
    buffer_reset(&report->sentence);
    if (row->invalid) {
        set_invalid(report, row, &line);
    } else if (known && known->outcome == OUTCOME_INVALID) {
        set_raw(row, &line);
    } else {
        set_fields(&line, &row->claim, &report->numbers);
        if (set_valid(report, row, &line, known, code, message, err))
            return -1;
    }
    set_warnings(report, row, &line);
    line_append(&line, &report->draft.output.text);
    tally_warn(report->draft.tally, line.warnings, row->row);
    if (strstr(line.warnings, REPORT_SUSPECT_ANSWER))
        tally_note_suspect(report->draft.tally);
    /* Before the next row begins them anew. */
    if (report->draft.output.text.failed || report->codes.failed || report->sentence.failed ||
        report->numbers.failed)
        return error_no_memory(err);
    if (tally_add(report->draft.tally, line.record.outcome, line.record.counts_as, line.record.code,
                  line.record.outcome == OUTCOME_INVALID ? 0 : row->claim.claim_fee) ||
        note_repeat(report, row))
        return error_no_memory(err);
    report->next_row = row->row + 1;
    return 0;
}

/* Whether all rows so far were given, so that none had to be read. */
static bool is_given(const struct report *report)
{
    return !report->reads;
}

int report_take(struct report *report, uint64_t place, const struct judged_row *row,
                const struct row_record *known, struct error *err)
{
    if (!is_given(report) || place != report->taken)
        return 0;
    if (!known)
        known_row_reset(&report->known);
    report->taken++;
    return add_line(report, row, known, "", "", err);
}

void report_take_end(struct report *report, uint64_t rows)
{
    report->source_rows = rows;
}

static int write_line(struct report *report, const char *code, const char *message,
                      struct error *err)
{
    int found = ledger_rows_find(report->rows, report->row.row, &report->known, err);

    if (found < 0 ||
        add_line(report, &report->row, found ? &report->known.record : NULL, code, message, err))
        return -1;
    return draft_advance(&report->draft, err);
}

/* Brings the report's own pass behind the rows that were given, of which it reads *most. */
static int catch_up(struct report *report, uint64_t *most, struct error *err)
{
    report->reads = true;
    for (; report->passed < report->taken && *most; report->passed++, (*most)--) {
        if (claim_rows_next(report->claim_rows, &report->store, &report->row, err) < 0)
            return -1;
        report->row.row = 0;
    }
    return 0;
}

/* Reads the next row into report->row, unless one is waiting there. */
static int fetch(struct report *report, struct error *err)
{
    int found;

    if (report->row.row || report->at_end)
        return 0;
    found = claim_rows_next(report->claim_rows, &report->store, &report->row, err);
    if (found < 0)
        return -1;
    if (!found) {
        report->row.row = 0;
        report->at_end = true;
    }
    return 0;
}

static int write_lines(struct report *report, uint64_t frontier, uint64_t most, const char *code,
                       const char *message, struct error *err)
{
    int result;

    report->at_end |= is_given(report) && report->taken == report->source_rows;
    result = report->at_end ? 0 : catch_up(report, &most, err);
    for (; !result && most; most--) {
        result = ledger_beat(report->settings->ledger, err) || fetch(report, err) ? -1 : 0;
        if (result || report->at_end || report->row.row >= frontier)
            break;
        result = write_line(report, code, message, err);
        if (result)
            break;
        report->row.row = 0;
    }
    return result;
}

static int pass(struct report *report, uint64_t frontier, uint64_t most, const char *code,
                const char *message, struct error *err)
{
    struct ledger *ledger = report->settings->ledger;
    int result = ledger_look_begin(ledger, err);

    if (!result)
        result = write_lines(report, frontier, most, code, message, err);
    ledger_look_end(ledger);
    return result;
}

int report_advance(struct report *report, uint64_t frontier, uint64_t most, struct error *err)
{
    if (is_given(report) && frontier <= report->next_row)
        return draft_advance(&report->draft, err);
    return pass(report, frontier, most, "", "", err);
}

int report_finish(struct report *report, const char *code, const char *message, struct error *err)
{
    if (pass(report, UINT64_MAX, UINT64_MAX, code, message, err))
        return -1;
    count_repeats(report);
    return draft_finish(&report->draft, err);
}

struct tally *report_tally(const struct report *report)
{
    return report->draft.tally;
}

struct draft *report_draft(struct report *report)
{
    return &report->draft;
}

#include "input/inspection.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/stop.h"
#include "input/repeats.h"

static void count_findings(struct inspection *inspection, const struct record *record,
                           const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        enum rule rule = findings->list[i].rule;

        if (!inspection->broken[rule]++)
            inspection->first_row[rule] = record->row;
    }
}

static void count_claim(struct inspection *inspection, const struct claim *claim)
{
    inspection->status_rows[claim->claim_status]++;
    inspection->status_fee[claim->claim_status] += claim->claim_fee;
}

/* A last record without a line end may have been cut in the middle of a number. */
static int check_end(const struct intake *intake, const struct reader *reader, uint64_t row,
                     struct inspection *inspection, struct error *err)
{
    char name[LOG_QUOTE_BYTES];
    enum severity severity = intake->rules.severity[RULE_MISSING_FINAL_NEWLINE];

    inspection->blank_lines = reader_blank_lines(reader);
    if (!reader_is_unfinished(reader) || severity == SEVERITY_OFF)
        return 0;
    inspection->broken[RULE_MISSING_FINAL_NEWLINE] = 1;
    inspection->first_row[RULE_MISSING_FINAL_NEWLINE] = row;
    if (severity != SEVERITY_ERROR)
        return 0;
    return error_set(
        err, EXIT_INPUT_REFUSED,
        "'%s', line %llu: MISSING_FINAL_NEWLINE: no line end follows the last row (row %llu), so "
        "it may be cut; export the file again, or if you are sure that the row is whole: --rule "
        "missing-final-newline=warn; nothing was sent",
        log_quote(export_name(intake->export), name, sizeof(name)),
        (unsigned long long)inspection->last_line, (unsigned long long)row);
}

static int refuse_stopped(const struct intake *intake, struct error *err)
{
    char name[LOG_QUOTE_BYTES];

    return error_set(err, EXIT_SIGNAL_BASE + stop_signal(),
                     "stopped by a signal while '%s' was checked; nothing was sent",
                     log_quote(export_name(intake->export), name, sizeof(name)));
}

/* Counts a row that was judged and shows it. */
static int take_row(const struct inspection_visitor *visitor, const struct reader *reader,
                    const struct record *record, const struct findings *findings,
                    const struct claim *claim, struct inspection *inspection, struct error *err)
{
    bool invalid = findings_invalid(findings);

    inspection->rows++;
    inspection->invalid += invalid;
    inspection->last_line = record->line;
    if (!invalid)
        count_claim(inspection, claim);
    /* Also of a row that may be valid by the time the run began with. */
    if (inspection->repeats && *claim->claim_order_no)
        repeats_note(inspection->repeats, claim);
    if (findings->count)
        count_findings(inspection, record, findings);
    return visitor ? visitor->row(visitor->context, reader, record, findings,
                                  invalid ? NULL : claim, err)
                   : 0;
}

static int read_rows(const struct intake *intake, const struct inspection_visitor *visitor,
                     struct reader *reader, struct inspection *inspection, struct error *err)
{
    struct claim_store store = {0};
    struct record record = {.row = 1};
    struct findings findings;
    struct claim claim;
    uint64_t row = 1;
    int result;

    while ((result = reader_next(reader, &record, err)) > 0) {
        row = record.row;
        claim_judge(&intake->rules, reader_columns(reader), &record, intake->now_ms, &store, &claim,
                    &findings);
        if (store.desc.failed || store.order_no.failed)
            result = error_no_memory(err);
        else if (stop_signal())
            result = refuse_stopped(intake, err);
        else
            result = take_row(visitor, reader, &record, &findings, &claim, inspection, err);
        if (result)
            break;
    }
    if (!result)
        result = check_end(intake, reader, row, inspection, err);
    claim_store_release(&store);
    return result;
}

static void note_correction(const struct reader *reader, struct inspection *inspection)
{
    const unsigned char *sha256 = reader_corrects(reader);

    inspection->is_correction = sha256 != NULL;
    if (sha256)
        memcpy(inspection->corrects, sha256, sizeof(inspection->corrects));
}

/* The pass over the rows, after the survey. */
static int read_export(const struct intake *intake, const struct inspection_visitor *visitor,
                       struct inspection *inspection, struct error *err)
{
    struct reader *reader = NULL;
    int result = -1;

    if (reader_open(intake->export, &inspection->survey, &intake->reader, &reader, err))
        goto out;
    inspection->columns = *reader_columns(reader);
    inspection->last_line = reader_header(reader)->line;
    buffer_text(&inspection->unused_columns, reader_unused_columns(reader));
    if (visitor && visitor->begin(visitor->context, reader, err))
        goto out;
    result = read_rows(intake, visitor, reader, inspection, err);
    note_correction(reader, inspection);
out:
    reader_close(reader);
    return result;
}

int inspection_run(const struct intake *intake, struct inspection *ret_inspection,
                   struct error *err)
{
    memset(ret_inspection, 0, sizeof(*ret_inspection));
    ret_inspection->repeats = repeats_open();
    if (!ret_inspection->repeats)
        return error_no_memory(err);
    if (export_survey(intake->export, intake->encoding, &ret_inspection->survey, err))
        return -1;
    return read_export(intake, NULL, ret_inspection, err);
}

int inspection_check(const struct intake *intake, const struct inspection_visitor *visitor,
                     struct inspection *ret_inspection, struct error *err)
{
    memset(ret_inspection, 0, sizeof(*ret_inspection));
    if ((visitor->needs_sha256 ? export_survey : export_survey_unnamed)(
            intake->export, intake->encoding, &ret_inspection->survey, err))
        return -1;
    return read_export(intake, visitor, ret_inspection, err);
}

int inspection_expect(const struct inspection *inspection, int64_t rows, int64_t fee_fen,
                      struct error *err)
{
    char fen[MONEY_TEXT_BYTES];
    money fee = inspection_fee(inspection);

    if (rows >= 0 && inspection->rows != (uint64_t)rows)
        return error_set(err, EXIT_INPUT_REFUSED,
                         "the export has %llu rows, not the %lld that --expect-rows says; nothing "
                         "was sent",
                         (unsigned long long)inspection->rows, (long long)rows);
    if (fee_fen >= 0 && fee != fee_fen)
        return error_set(err, EXIT_INPUT_REFUSED,
                         "the valid rows of the export come to %s fen, not the %lld that "
                         "--expect-fee says; nothing was sent",
                         money_format_fen(fee, fen), (long long)fee_fen);
    return 0;
}

void inspection_release(struct inspection *inspection)
{
    repeats_close(inspection->repeats);
    buffer_release(&inspection->unused_columns);
    memset(inspection, 0, sizeof(*inspection));
}

money inspection_fee(const struct inspection *inspection)
{
    money sum = 0;

    for (int i = 0; i < INSPECTION_STATUSES; i++)
        sum += inspection->status_fee[i];
    return sum;
}

void inspection_reading(const struct intake *intake, const struct inspection *inspection,
                        struct buffer *ret_reading)
{
    static const char *const units[] = {"undeclared", "fen", "yuan"};
    struct rules defaults;

    buffer_format(ret_reading, "encoding=%s delimiter=0x%02x fee-unit=%s",
                  encoding_name(inspection->survey.encoding),
                  (unsigned)(unsigned char)intake->reader.delimiter,
                  units[inspection->columns.fee_unit]);
    for (int i = 0; i < FIELD_COUNT; i++)
        if (inspection->columns.index[i] != COLUMN_ABSENT)
            buffer_format(ret_reading, " %s=%d", field_name((enum field)i),
                          inspection->columns.index[i] + 1);
    rules_init(&defaults);
    for (int i = 0; i < RULE_COUNT; i++)
        if (intake->rules.severity[i] != defaults.severity[i] && !rule_is_of_run((enum rule)i))
            buffer_format(ret_reading, " %s=%s", rule_name((enum rule)i),
                          severity_name(intake->rules.severity[i]));
    if (intake->rules.max_fee >= 0)
        buffer_format(ret_reading, " max-fee=%lld", (long long)intake->rules.max_fee);
}

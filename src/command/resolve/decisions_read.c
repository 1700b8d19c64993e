/* A list of decisions is read from a file. */
#include "cli/statement.h"
#include "decisions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/character.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/formula.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/words/language.h"
#include "decisions_part.h"
#include "input/export/export.h"
#include "input/reader/reader.h"
#include "input/value/value.h"
#include "report/line.h"

enum column {
    COLUMN_ROW,
    COLUMN_DIGEST,
    COLUMN_SUBMITTED_AT,
    COLUMN_AS,
    COLUMN_BY,
    COLUMN_REASON,
    COLUMN_SAID, /* as enum decision_said counts them */
};
#define COLUMNS (COLUMN_SAID + DECISION_SAID_COUNT)
#define REQUIRED_COLUMNS 4 /* the first ones */

static const char *const column_names[COLUMNS] = {
    "row",    "digest",      "submitted_at",   "as",        "by",
    "reason", "workcard_id", "claim_order_no", "claim_fee",
};

/* What reading a file passes around. */
struct reading {
    struct decisions *decisions;
    const struct reader *reader;
    size_t index[COLUMNS]; /* SIZE_MAX: absent */
    const char *by, *reason;
};

static struct value cell_of(const struct reading *reading, const struct record *record,
                            enum column column)
{
    size_t index = reading->index[column];

    return index < record->count ? value_of(&record->cells[index]) : (struct value){"", 0};
}

/* Shows a cell in a sentence. */
static const char *show(struct value value, char ret_text[LOG_QUOTE_BYTES])
{
    char text[LOG_QUOTE_BYTES];

    snprintf(text, sizeof(text), "%.*s", (int)(value.len < 80 ? value.len : 80), value.ptr);
    return log_quote(text, ret_text, LOG_QUOTE_BYTES);
}

static bool take_row(const struct reading *reading, const struct record *record,
                     struct decision *decision)
{
    struct value value = cell_of(reading, record, COLUMN_ROW);
    char shown[LOG_QUOTE_BYTES];
    int64_t row = 0;

    if (value_parse_integer(value, &row) != RULE_NONE || row < 2) {
        decisions_refuse(reading->decisions, decision, _("'%s' is no row of a report"),
                         show(value, shown));
        return false;
    }
    decision->row = (uint64_t)row;
    return true;
}

static bool take_digest(const struct reading *reading, const struct record *record,
                        struct decision *decision)
{
    struct value value = cell_of(reading, record, COLUMN_DIGEST);
    char shown[LOG_QUOTE_BYTES];

    if (value.len == 2 * DIGEST_CLAIM_BYTES &&
        hex_parse(value.ptr, DIGEST_CLAIM_BYTES, decision->digest))
        return true;
    decisions_refuse(reading->decisions, decision, _("the digest '%s' %s"), show(value, shown),
                     value.len == 0 ? _("is missing: copy it from the report")
                     : value_is_scientific(value)
                         ? _("was turned into a number by a spreadsheet: copy it from the report")
                         : _("is not one of a report: copy it from there"));
    return false;
}

static bool take_submitted(const struct reading *reading, const struct record *record,
                           struct decision *decision)
{
    struct value value = cell_of(reading, record, COLUMN_SUBMITTED_AT);
    char text[CLOCK_RFC3339_BYTES] = "";
    char shown[LOG_QUOTE_BYTES];

    if (value.len < sizeof(text))
        snprintf(text, sizeof(text), "%.*s", (int)value.len, value.ptr);
    if (clock_parse_rfc3339(text, &decision->submitted_ms))
        return true;
    decisions_refuse(
        reading->decisions, decision, _("submitted_at '%s' %s"), show(value, shown),
        value.len == 0 ? _("is missing: copy it from the report")
        : character_is_digit(*value.ptr)
            ? _("was rewritten, as by a spreadsheet: its milliseconds or its zone are lost; "
                "copy it from the report, as text")
            : _("is no time as a report writes it, such as "
                "2026-01-02T03:04:05.678+08:00: copy it from there"));
    return false;
}

/* Keeps a text and says where. */
static bool take_text(const struct reading *reading, const struct record *record,
                      enum column column, struct decision *decision, size_t *ret_at)
{
    size_t limit = column == COLUMN_BY ? STATEMENT_BY_BYTES : STATEMENT_REASON_BYTES;
    size_t index = reading->index[column];
    const char *cell = index < record->count ? record->cells[index].text : "";
    const char *text = formula_unguard(cell) ? formula_unguard(cell) : cell;
    const char *typed = column == COLUMN_BY ? reading->by : reading->reason;
    struct buffer *texts = &reading->decisions->texts;
    const char *why;

    if (!*text && typed)
        text = typed;
    why = statement_breach(text, limit);
    if (why) {
        decisions_refuse(reading->decisions, decision,
                         _("%s %s: it is 1 to %zu bytes of plain text%s"), column_names[column],
                         why, limit,
                         *text ? "" : _(", in its column or as the option of that name"));
        return false;
    }
    *ret_at = texts->len;
    buffer_append(texts, text, strlen(text) + 1);
    return true;
}

static void keep_said(const struct reading *reading, const struct record *record,
                      struct decision *decision)
{
    struct buffer *texts = &reading->decisions->texts;

    for (int i = 0; i < DECISION_SAID_COUNT; i++) {
        size_t index = reading->index[COLUMN_SAID + i];
        const char *text = index < record->count ? record->cells[index].text : "";

        decision->said_at[i] = texts->len;
        buffer_append(texts, text, strlen(text) + 1);
    }
}

static bool take_outcome(const struct reading *reading, const struct record *record,
                         struct decision *decision)
{
    struct value value = cell_of(reading, record, COLUMN_AS);
    char shown[LOG_QUOTE_BYTES];

    if (decision_parse_outcome(record->cells[reading->index[COLUMN_AS]].text, &decision->outcome))
        return true;
    decisions_refuse(
        reading->decisions, decision,
        _("'%s' is no decision: it is accepted or not-executed, or empty where none was "
          "made"),
        show(value, shown));
    return false;
}

static bool take_line(const struct reading *reading, const struct record *record,
                      struct decision *decision)
{
    decision->line = record->line;
    decision->names_attempt = true;
    if (!take_row(reading, record, decision))
        return false;
    if (record->count != reader_header(reading->reader)->count) {
        decisions_refuse(reading->decisions, decision,
                         _("cells of the line: %zu, of the header: %zu"), record->count,
                         reader_header(reading->reader)->count);
        return false;
    }
    return take_outcome(reading, record, decision) && take_digest(reading, record, decision) &&
           take_submitted(reading, record, decision) &&
           take_text(reading, record, COLUMN_BY, decision, &decision->by_at) &&
           take_text(reading, record, COLUMN_REASON, decision, &decision->reason_at);
}

static int take_record(const struct reading *reading, const struct record *record,
                       struct error *err)
{
    struct decisions *decisions = reading->decisions;
    struct decision *decision;

    if (cell_of(reading, record, COLUMN_AS).len == 0) {
        decisions->skipped++;
        return 0;
    }
    decision = decisions_new(decisions);
    if (!decision)
        return error_no_memory(err);
    keep_said(reading, record, decision);
    if (!take_line(reading, record, decision))
        decisions->count--;
    return decisions->texts.failed ? error_no_memory(err) : 0;
}

static bool is_named(const struct cell *cell, const char *name)
{
    struct value value = value_of(cell);

    return value.len == strlen(name) && strncasecmp(value.ptr, name, value.len) == 0;
}

static size_t count_columns(const struct record *header, const char *name, size_t *ret_index)
{
    size_t count = 0;

    *ret_index = SIZE_MAX;
    for (size_t i = 0; i < header->count; i++)
        if (is_named(&header->cells[i], name)) {
            *ret_index = i;
            count++;
        }
    return count;
}

static int refuse_file(const struct export *export, const char *why, struct error *err)
{
    return error_set(err, EXIT_INPUT_REFUSED, "'%s' is no file of decisions: %s",
                     LOG_QUOTED(export_name(export)), why);
}

static int map_columns(const struct export *export, struct reading *reading, struct error *err)
{
    char why[256];

    for (int i = 0; i < COLUMNS; i++) {
        size_t count =
            count_columns(reader_header(reading->reader), column_names[i], &reading->index[i]);

        if (count == 1 || (count == 0 && i >= REQUIRED_COLUMNS))
            continue;
        snprintf(why, sizeof(why), _("its header has the column '%s' %s"), column_names[i],
                 count ? "twice" : "nowhere");
        return refuse_file(export, why, err);
    }
    return 0;
}

/* Opens the file with the delimiter that makes a column 'row' of its header: which one it is
 * depends on the locale of the spreadsheet that wrote it. */
static int open_table(struct export *export, const struct survey *survey,
                      struct reader **ret_reader, struct error *err)
{
    static const char delimiters[] = {',', ';', '\t', '|'};
    bool was_read = false;
    struct error refusal;
    size_t index;

    for (size_t i = 0; i < sizeof(delimiters); i++) {
        if (reader_open_table(export, survey, (unsigned char)delimiters[i], ret_reader, &refusal)) {
            *err = refusal;
            if (refusal.exit_code != EXIT_INPUT_REFUSED)
                return -1;
            continue;
        }
        if (count_columns(reader_header(*ret_reader), "row", &index))
            return 0;
        was_read = true;
        reader_close(*ret_reader);
        *ret_reader = NULL;
    }
    return was_read ? refuse_file(export,
                                  _("its first line is to name the columns row, digest, "
                                    "submitted_at, as, by, reason"),
                                  err)
                    : -1;
}

static void sort(struct decisions *decisions)
{
    for (size_t i = 0; i < decisions->count; i++) {
        struct decision *decision = &decisions->list[i];

        decision->by = decisions->texts.ptr + decision->by_at;
        decision->reason = decisions->texts.ptr + decision->reason_at;
        for (int said = 0; said < DECISION_SAID_COUNT; said++)
            decision->said[said] = decisions->texts.ptr + decision->said_at[said];
    }
    if (decisions->count)
        qsort(decisions->list, decisions->count, sizeof(*decisions->list), decisions_compare);
    for (size_t i = 1; i < decisions->count; i++)
        if (decisions->list[i].row == decisions->list[i - 1].row)
            decisions_refuse(decisions, &decisions->list[i], _("line %llu is about the same row"),
                             (unsigned long long)decisions->list[i - 1].line);
}

static int read_lines(struct export *export, const struct survey *survey, struct reading *reading,
                      struct error *err)
{
    struct reader *reader = NULL;
    struct record record;
    int found = -1;

    if (open_table(export, survey, &reader, err))
        return -1;
    reading->reader = reader;
    if (!map_columns(export, reading, err))
        while ((found = reader_next(reader, &record, err)) > 0)
            if (take_record(reading, &record, err)) {
                found = -1;
                break;
            }
    reader_close(reader);
    return found;
}

static int read_file(const char *path, enum encoding encoding, struct reading *reading,
                     struct error *err)
{
    struct export *export = NULL;
    struct survey survey;
    int result = -1;

    if (!export_open(path, &export, err) && !export_survey_unnamed(export, encoding, &survey, err))
        result = survey.bytes > DECISIONS_BYTES_MAX
                     ? refuse_file(export, _("it is over 16 MiB; split it"), err)
                     : read_lines(export, &survey, reading, err);
    export_close(export);
    return result;
}

int decisions_read(const char *path, enum encoding encoding, const char *by, const char *reason,
                   struct decisions **ret_decisions, struct error *err)
{
    struct decisions *decisions = calloc(1, sizeof(*decisions));
    struct reading reading = {.decisions = decisions, .by = by, .reason = reason};

    *ret_decisions = NULL;
    if (!decisions)
        return error_no_memory(err);
    if (read_file(path, encoding, &reading, err)) {
        decisions_close(decisions);
        return -1;
    }
    sort(decisions);
    *ret_decisions = decisions;
    return 0;
}

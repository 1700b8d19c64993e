#include "command/resolve/rulings.h"
#include "base/character.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/formula.h"
#include "base/hex.h"
#include "base/log.h"
#include "input/claim/value.h"
#include "input/export/export.h"
#include "input/reader/reader.h"
#include "report/line.h"

#define REFUSAL_BYTES 512

enum column { COLUMN_ROW, COLUMN_DIGEST, COLUMN_SUBMITTED_AT, COLUMN_AS, COLUMN_BY, COLUMN_REASON };
#define COLUMNS 6
#define REQUIRED_COLUMNS 4 /* the first ones */

static const char *const column_names[COLUMNS] = {"row", "digest", "submitted_at",
                                                  "as",  "by",     "reason"};

struct rulings {
    struct ruling *list;
    size_t count, room;
    uint64_t skipped, refused;
    struct buffer texts; /* names and reasons, each with its NUL */
};

/* What reading a file passes around. */
struct reading {
    struct rulings *rulings;
    const struct reader *reader;
    size_t index[COLUMNS]; /* SIZE_MAX: absent */
    const char *by, *reason;
};

/* ---- words ---- */

bool ruling_parse_outcome(const char *word, enum outcome *ret_outcome)
{
    struct cell cell = {word, strlen(word)};
    struct value value = value_of(&cell);
    static const char *const words[] = {"accepted", "not-executed"};

    for (int i = 0; i < 2; i++)
        if (value.len == strlen(words[i]) && strncasecmp(value.ptr, words[i], value.len) == 0) {
            *ret_outcome = i == 0 ? OUTCOME_ACCEPTED : OUTCOME_FAILED;
            return true;
        }
    return false;
}

const char *ruling_text_breach(const char *text, size_t limit)
{
    struct cell cell = {text, strlen(text)};

    if (value_of(&cell).len == 0)
        return "is empty";
    if (cell.len > limit)
        return "is too long";
    if (!character_is_utf8(text))
        return "is not UTF-8";
    if (value_has_control((struct value){text, cell.len}) || strpbrk(text, "\t\r\n"))
        return "has control characters";
    return NULL;
}

/* ---- refusals ---- */

void rulings_refuse(struct rulings *rulings, const struct ruling *ruling, const char *format, ...)
{
    char why[REFUSAL_BYTES];
    char row[32] = "";
    va_list args;

    if (rulings->refused++ >= RULINGS_REFUSED_SHOWN)
        return;
    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    if (ruling->row)
        snprintf(row, sizeof(row), "row %llu", (unsigned long long)ruling->row);
    if (ruling->line)
        log_error("line %llu%s%s: %s", (unsigned long long)ruling->line, *row ? ", " : "", row,
                  why);
    else
        log_error("%s: %s", row, why);
}

uint64_t rulings_refused(const struct rulings *rulings)
{
    return rulings->refused;
}

/* ---- the list ---- */

static struct ruling *new_ruling(struct rulings *rulings)
{
    if (rulings->count == rulings->room) {
        size_t room = rulings->room ? rulings->room * 2 : 64;
        struct ruling *list = realloc(rulings->list, room * sizeof(*list));

        if (!list)
            return NULL;
        rulings->list = list;
        rulings->room = room;
    }
    rulings->list[rulings->count] = (struct ruling){0};
    return &rulings->list[rulings->count++];
}

struct ruling *rulings_add(struct rulings *rulings, uint64_t row, enum outcome outcome,
                           const char *by, const char *reason)
{
    struct ruling *ruling = new_ruling(rulings);

    if (ruling)
        *ruling = (struct ruling){.row = row, .outcome = outcome, .by = by, .reason = reason};
    return ruling;
}

/* Takes "7" or "7-9" and the comma behind it from the text; false when it begins otherwise. */
static bool take_range(const char **rows, uint64_t *ret_first, uint64_t *ret_last)
{
    char *end;

    if (!isdigit((unsigned char)**rows))
        return false;
    *ret_first = *ret_last = strtoull(*rows, &end, 10);
    if (*end == '-' && isdigit((unsigned char)end[1]))
        *ret_last = strtoull(end + 1, &end, 10);
    if (*end == ',' && !end[1])
        return false;
    *rows = end + (*end == ',');
    return (!*end || *end == ',') && *ret_first >= 2 && *ret_last >= *ret_first &&
           *ret_last <= INT64_MAX && *ret_last - *ret_first < RULINGS_ROWS_MAX;
}

bool rulings_check_rows(const char *rows)
{
    uint64_t first, last, count = 0;

    while (*rows) {
        if (!take_range(&rows, &first, &last))
            return false;
        count += last - first + 1;
    }
    return count > 0 && count <= RULINGS_ROWS_MAX;
}

static int compare_row_number(const void *a, const void *b)
{
    const struct ruling *x = a;
    const struct ruling *y = b;

    return x->row < y->row ? -1 : x->row > y->row;
}

/* In their order, and none twice. */
static void sort_rows(struct rulings *rulings)
{
    size_t used = 0;

    qsort(rulings->list, rulings->count, sizeof(*rulings->list), compare_row_number);
    for (size_t i = 0; i < rulings->count; i++)
        if (!used || rulings->list[used - 1].row != rulings->list[i].row)
            rulings->list[used++] = rulings->list[i];
    rulings->count = used;
}

struct rulings *rulings_of_rows(const char *rows, enum outcome outcome, const char *by,
                                const char *reason, struct error *err)
{
    struct rulings *rulings = calloc(1, sizeof(*rulings));
    uint64_t first, last;
    bool good = rulings != NULL;

    while (good && rows && take_range(&rows, &first, &last))
        for (; first <= last && good; first++)
            good = rulings_add(rulings, first, outcome, by, reason) != NULL;
    if (!good) {
        rulings_close(rulings);
        error_no_memory(err);
        return NULL;
    }
    if (rulings->count)
        sort_rows(rulings);
    return rulings;
}

void rulings_close(struct rulings *rulings)
{
    if (!rulings)
        return;
    for (size_t i = 0; i < rulings->count; i++)
        free(rulings->list[i].claim_order_no);
    free(rulings->list);
    buffer_release(&rulings->texts);
    free(rulings);
}

size_t rulings_count(const struct rulings *rulings)
{
    return rulings->count;
}

uint64_t rulings_skipped(const struct rulings *rulings)
{
    return rulings->skipped;
}

struct ruling *rulings_at(struct rulings *rulings, size_t i)
{
    return &rulings->list[i];
}

static int compare(const void *a, const void *b)
{
    const struct ruling *x = a;
    const struct ruling *y = b;

    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static int compare_row(const void *row, const void *ruling)
{
    uint64_t wanted = *(const uint64_t *)row;
    uint64_t at = ((const struct ruling *)ruling)->row;

    return wanted < at ? -1 : wanted > at;
}

struct ruling *rulings_find(struct rulings *rulings, uint64_t row)
{
    if (!rulings->count)
        return NULL;
    return bsearch(&row, rulings->list, rulings->count, sizeof(*rulings->list), compare_row);
}

int ruling_set_claim(struct ruling *ruling, int64_t workcard_id, const char *claim_order_no)
{
    free(ruling->claim_order_no);
    ruling->claim_order_no = strdup(claim_order_no);
    ruling->workcard_id = workcard_id;
    return ruling->claim_order_no ? 0 : -1;
}

/* ---- one line of a file ---- */

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
                     struct ruling *ruling)
{
    struct value value = cell_of(reading, record, COLUMN_ROW);
    char shown[LOG_QUOTE_BYTES];
    int64_t row = 0;

    if (value_parse_integer(value, &row) != RULE_NONE || row < 2) {
        rulings_refuse(reading->rulings, ruling, "'%s' is no row of a report", show(value, shown));
        return false;
    }
    ruling->row = (uint64_t)row;
    return true;
}

static bool take_digest(const struct reading *reading, const struct record *record,
                        struct ruling *ruling)
{
    struct value value = cell_of(reading, record, COLUMN_DIGEST);
    char shown[LOG_QUOTE_BYTES];

    if (value.len == 2 * DIGEST_CLAIM_BYTES &&
        hex_parse(value.ptr, DIGEST_CLAIM_BYTES, ruling->digest))
        return true;
    rulings_refuse(reading->rulings, ruling, "the digest '%s' %s", show(value, shown),
                   value.len == 0 ? "is missing: copy it from the report"
                   : value_is_scientific(value)
                       ? "was turned into a number by a spreadsheet: copy it from the report"
                       : "is not one of a report: copy it from there");
    return false;
}

static bool take_submitted(const struct reading *reading, const struct record *record,
                           struct ruling *ruling)
{
    struct value value = cell_of(reading, record, COLUMN_SUBMITTED_AT);
    char text[CLOCK_RFC3339_BYTES] = "";
    char shown[LOG_QUOTE_BYTES];

    if (value.len < sizeof(text))
        snprintf(text, sizeof(text), "%.*s", (int)value.len, value.ptr);
    if (clock_parse_rfc3339(text, &ruling->submitted_ms))
        return true;
    rulings_refuse(
        reading->rulings, ruling, "submitted_at '%s' %s", show(value, shown),
        value.len == 0 ? "is missing: copy it from the report"
        : *value.ptr >= '0' && *value.ptr <= '9'
            ? "was rewritten, as by a spreadsheet: its milliseconds or its zone are lost; "
              "copy it from the report, as text"
            : "is no time as a report writes it, such as "
              "2026-01-02T03:04:05.678+08:00: copy it from there");
    return false;
}

/* Keeps a text and says where. */
static bool take_text(const struct reading *reading, const struct record *record,
                      enum column column, struct ruling *ruling, size_t *ret_at)
{
    size_t limit = column == COLUMN_BY ? RULING_BY_BYTES : RULING_REASON_BYTES;
    size_t index = reading->index[column];
    const char *cell = index < record->count ? record->cells[index].text : "";
    const char *text = formula_unguard(cell) ? formula_unguard(cell) : cell;
    const char *typed = column == COLUMN_BY ? reading->by : reading->reason;
    struct buffer *texts = &reading->rulings->texts;
    const char *why;

    if (!*text && typed)
        text = typed;
    why = ruling_text_breach(text, limit);
    if (why) {
        rulings_refuse(reading->rulings, ruling, "%s %s: it is 1 to %zu bytes of plain text%s",
                       column_names[column], why, limit,
                       *text ? "" : ", in its column or as the option of that name");
        return false;
    }
    *ret_at = texts->len;
    buffer_append(texts, text, strlen(text) + 1);
    return true;
}

static bool take_outcome(const struct reading *reading, const struct record *record,
                         struct ruling *ruling)
{
    struct value value = cell_of(reading, record, COLUMN_AS);
    char shown[LOG_QUOTE_BYTES];

    if (ruling_parse_outcome(record->cells[reading->index[COLUMN_AS]].text, &ruling->outcome))
        return true;
    rulings_refuse(reading->rulings, ruling,
                   "'%s' is no decision: it is accepted or not-executed, or empty where none was "
                   "made",
                   show(value, shown));
    return false;
}

static bool take_line(const struct reading *reading, const struct record *record,
                      struct ruling *ruling)
{
    ruling->line = record->line;
    ruling->names_attempt = true;
    if (!take_row(reading, record, ruling))
        return false;
    if (record->count != reader_header(reading->reader)->count) {
        rulings_refuse(reading->rulings, ruling, "the line has %zu cells, the header %zu",
                       record->count, reader_header(reading->reader)->count);
        return false;
    }
    return take_outcome(reading, record, ruling) && take_digest(reading, record, ruling) &&
           take_submitted(reading, record, ruling) &&
           take_text(reading, record, COLUMN_BY, ruling, &ruling->by_at) &&
           take_text(reading, record, COLUMN_REASON, ruling, &ruling->reason_at);
}

static int take_record(const struct reading *reading, const struct record *record,
                       struct error *err)
{
    struct rulings *rulings = reading->rulings;
    struct ruling *ruling;

    if (cell_of(reading, record, COLUMN_AS).len == 0) {
        rulings->skipped++;
        return 0;
    }
    ruling = new_ruling(rulings);
    if (!ruling)
        return error_no_memory(err);
    if (!take_line(reading, record, ruling))
        rulings->count--;
    return rulings->texts.failed ? error_no_memory(err) : 0;
}

/* ---- the file ---- */

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
    char quoted[LOG_QUOTE_BYTES];

    return error_set(err, EXIT_INPUT_REFUSED, "'%s' is no file of decisions: %s",
                     log_quote(export_name(export), quoted, sizeof(quoted)), why);
}

static int map_columns(const struct export *export, struct reading *reading, struct error *err)
{
    char why[96];

    for (int i = 0; i < COLUMNS; i++) {
        size_t count =
            count_columns(reader_header(reading->reader), column_names[i], &reading->index[i]);

        if (count == 1 || (count == 0 && i >= REQUIRED_COLUMNS))
            continue;
        snprintf(why, sizeof(why), "its header has the column '%s' %s", column_names[i],
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
        if (reader_open_table(export, survey, delimiters[i], ret_reader, &refusal)) {
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
                                  "its first line is to name the columns row, digest, "
                                  "submitted_at, as, by, reason",
                                  err)
                    : -1;
}

static void sort(struct rulings *rulings)
{
    for (size_t i = 0; i < rulings->count; i++) {
        struct ruling *ruling = &rulings->list[i];

        ruling->by = rulings->texts.ptr + ruling->by_at;
        ruling->reason = rulings->texts.ptr + ruling->reason_at;
    }
    if (rulings->count)
        qsort(rulings->list, rulings->count, sizeof(*rulings->list), compare);
    for (size_t i = 1; i < rulings->count; i++)
        if (rulings->list[i].row == rulings->list[i - 1].row)
            rulings_refuse(rulings, &rulings->list[i], "line %llu is about the same row",
                           (unsigned long long)rulings->list[i - 1].line);
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
        result = survey.bytes > RULINGS_BYTES_MAX
                     ? refuse_file(export, "it is over 16 MiB; split it", err)
                     : read_lines(export, &survey, reading, err);
    export_close(export);
    return result;
}

int rulings_read(const char *path, enum encoding encoding, const char *by, const char *reason,
                 struct rulings **ret_rulings, struct error *err)
{
    struct rulings *rulings = calloc(1, sizeof(*rulings));
    struct reading reading = {.rulings = rulings, .by = by, .reason = reason};

    *ret_rulings = NULL;
    if (!rulings)
        return error_no_memory(err);
    if (read_file(path, encoding, &reading, err)) {
        rulings_close(rulings);
        return -1;
    }
    sort(rulings);
    *ret_rulings = rulings;
    return 0;
}

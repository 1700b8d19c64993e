#include "scan_row.h"

#include <string.h>

#include "base/character.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/formula.h"
#include "base/hex.h"
#include "base/log.h"
#include "input/claim/claim_digest.h"
#include "input/reader/reader.h"
#include "input/value/value.h"
#include "report/scan.h"

#define ZEROS_TRIED 32 /* lost leading zeros are looked for so far */

static void mark(struct scan_row *row, enum scan_column column)
{
    row->malformed |= UINT32_C(1) << column;
}

bool scan_row_is_marked(const struct scan_row *row, enum scan_column column)
{
    return row->malformed >> column & 1;
}

/* The cell's number, which must be written in the one way there is; 0 where it is not. */
static int64_t take_number(const struct record *record, enum scan_column column, int64_t most,
                           struct scan_row *row)
{
    const struct cell *cell = &record->cells[column];
    struct value value = {cell->text, cell->len};
    int64_t number = 0;

    if (value_parse_integer(value, &number) != RULE_NONE || number > most ||
        (*cell->text == '0' && cell->len > 1)) {
        mark(row, column);
        return 0;
    }
    return number;
}

/* The same for a cell that may be empty, for 0. */
static int64_t take_optional(const struct record *record, enum scan_column column, int64_t most,
                             struct scan_row *row)
{
    int64_t number = 0;

    if (record->cells[column].len == 0)
        return 0;
    number = take_number(record, column, most, row);
    if (number == 0)
        mark(row, column);
    return number;
}

/* The text without its guard. */
static const char *take_text(const struct record *record, enum scan_column column,
                             struct scan_row *row)
{
    const char *text = record->cells[column].text;
    const char *content = formula_unguard(text);

    if (!content)
        mark(row, column);
    return content ? content : text;
}

static void take_submitted(const struct record *record, struct scan_row *row)
{
    const char *text = record->cells[SCAN_SUBMITTED_AT].text;

    if (!*text)
        return;
    if (!clock_parse_rfc3339(text, &row->line.record.submitted_ms) ||
        row->line.record.submitted_ms == 0) {
        mark(row, SCAN_SUBMITTED_AT);
        row->line.record.submitted_ms = 0;
    }
}

/* Stands when the row was sent, and only then. */
static void take_duration(const struct record *record, struct scan_row *row)
{
    if (*record->cells[SCAN_SUBMITTED_AT].text)
        row->line.record.duration_ms = take_number(record, SCAN_DURATION_MS, INT64_MAX, row);
    else if (record->cells[SCAN_DURATION_MS].len)
        mark(row, SCAN_DURATION_MS);
}

static void take_digest(const struct record *record, struct scan_row *row)
{
    const struct cell *cell = &record->cells[SCAN_DIGEST];

    row->digest = cell->text;
    row->line.has_digest = cell->len == DIGEST_CLAIM_TEXT_BYTES - 1 &&
                           hex_parse(cell->text, DIGEST_CLAIM_BYTES, row->line.record.digest);
    if (cell->len && !row->line.has_digest)
        mark(row, SCAN_DIGEST);
}

static void take_outcome(const struct record *record, struct scan_row *row)
{
    struct row_record *r = &row->line.record;

    if (!outcome_parse(record->cells[SCAN_OUTCOME].text, &r->outcome)) {
        mark(row, SCAN_OUTCOME);
        r->outcome = OUTCOME_INVALID;
    }
    r->counts_as = r->outcome;
}

void scan_row_take_cells(const struct record *record, struct scan_row *row)
{
    struct row_record *r = &row->line.record;

    r->row = (uint64_t)take_number(record, SCAN_ROW, INT64_MAX, row);
    for (int i = 0; i < FIELD_COUNT; i++)
        row->line.fields[i] = take_text(record, (enum scan_column)(SCAN_WORKCARD_ID + i), row);
    take_outcome(record, row);
    r->code = take_text(record, SCAN_CODE, row);
    r->sub_code = take_text(record, SCAN_SUB_CODE, row);
    r->message = take_text(record, SCAN_MESSAGE, row);
    row->line.warnings = record->cells[SCAN_WARNINGS].text;
    r->attempts = (int)take_number(record, SCAN_ATTEMPTS, INT32_MAX, row);
    r->http_status = (int)take_optional(record, SCAN_HTTP_STATUS, INT32_MAX, row);
    r->request_id = take_text(record, SCAN_REQUEST_ID, row);
    take_submitted(record, row);
    take_duration(record, row);
    take_digest(record, row);
}

/* As clock_format_top writes it. */
static bool is_top_time(const char *text)
{
    struct value value = {text, strlen(text)};
    struct civil civil;
    char again[CLOCK_TOP_BYTES];
    bool date_only;

    if (value.len != CLOCK_TOP_BYTES - 1 ||
        value_parse_time(value, &civil, &date_only) != RULE_NONE)
        return false;
    clock_format_top(clock_civil_seconds(&civil) * 1000 - CLOCK_BEIJING_OFFSET_MS, again);
    return strcmp(text, again) == 0;
}

/* The seven values; a cell that is none is marked. */
void scan_row_take_claim(const struct record *record, struct scan_row *row)
{
    static const uint32_t fields = ((UINT32_C(1) << FIELD_COUNT) - 1) << SCAN_WORKCARD_ID;
    struct claim *claim = &row->claim;
    const char *const *cells = row->line.fields;

    claim->workcard_id = take_number(record, SCAN_WORKCARD_ID, INT64_MAX, row);
    claim->claim_desc = cells[FIELD_CLAIM_DESC];
    claim->claim_count = take_number(record, SCAN_CLAIM_COUNT, INT64_MAX, row);
    claim->claim_order_no = cells[FIELD_CLAIM_ORDER_NO];
    claim->claim_status = take_number(record, SCAN_CLAIM_STATUS, 2, row);
    claim->claim_fee = take_number(record, SCAN_CLAIM_FEE, INT64_MAX, row);
    if (!*claim->claim_order_no)
        mark(row, SCAN_CLAIM_ORDER_NO);
    if (is_top_time(cells[FIELD_CLAIM_TIME]))
        memcpy(claim->claim_time, cells[FIELD_CLAIM_TIME], CLAIM_TIME_BYTES);
    else
        mark(row, SCAN_CLAIM_TIME);
    row->has_claim = !(row->malformed & fields);
}

int scan_row_check_digest(struct scan_row *row, struct error *err)
{
    unsigned char digest[DIGEST_CLAIM_BYTES];

    if (!row->has_claim || !row->line.has_digest)
        return 0;
    if (claim_digest(&row->claim, digest))
        return error_no_memory(err);
    row->digest_fits = memcmp(digest, row->line.record.digest, sizeof(digest)) == 0;
    return 0;
}

static bool is_rewritten_number(const struct record *record, enum scan_column column)
{
    const struct cell *cell = &record->cells[column];
    struct value value = {cell->text, cell->len};

    return column == SCAN_CLAIM_ORDER_NO ? value_is_spreadsheet_number(value)
                                         : value_is_scientific(value);
}

/* A time or date in some other form than ours. */
static bool is_rewritten_time(const struct record *record, const struct scan_row *row,
                              enum scan_column column)
{
    const struct cell *cell = &record->cells[column];
    struct value value = {cell->text, cell->len};
    struct civil civil;
    bool date_only;

    return scan_row_is_marked(row, column) &&
           (value_parse_time(value, &civil, &date_only) == RULE_NONE ||
            value_is_date_serial(value) ||
            (cell->len && character_is_digit(*cell->text) && strpbrk(cell->text, "/.-:")));
}

/* Whether the digest is that of the same claim with zeros before its order number: 1 or 0, or -1.
 */
static int has_lost_zeros(const struct scan_row *row, struct error *err)
{
    struct scan_row other = *row;
    struct buffer order_no = {0};
    int result = 0;

    if (!row->has_claim || !row->line.has_digest ||
        strspn(row->claim.claim_order_no, "0123456789") != strlen(row->claim.claim_order_no))
        return 0;
    buffer_text(&order_no, "00000000000000000000000000000000");
    buffer_text(&order_no, row->claim.claim_order_no);
    for (int zeros = 1; zeros <= ZEROS_TRIED && !result; zeros++) {
        other.claim.claim_order_no = buffer_string(&order_no) + ZEROS_TRIED - zeros;
        if (order_no.failed || scan_row_check_digest(&other, err))
            result = order_no.failed ? error_no_memory(err) : -1;
        else if (other.digest_fits)
            result = 1;
    }
    buffer_release(&order_no);
    return result;
}

int scan_row_find_edit(const struct record *record, struct scan_row *row, struct error *err)
{
    int zeros;

    if (row->digest_fits || row->line.record.outcome == OUTCOME_INVALID)
        return 0;
    if (is_rewritten_number(record, SCAN_WORKCARD_ID) ||
        is_rewritten_number(record, SCAN_CLAIM_ORDER_NO) ||
        (scan_row_is_marked(row, SCAN_DIGEST) && is_rewritten_number(record, SCAN_DIGEST))) {
        row->edit = SCAN_EDIT_SCIENTIFIC;
        return 0;
    }
    if (is_rewritten_time(record, row, SCAN_CLAIM_TIME) ||
        is_rewritten_time(record, row, SCAN_SUBMITTED_AT)) {
        row->edit = SCAN_EDIT_DATE;
        return 0;
    }
    zeros = has_lost_zeros(row, err);
    row->edit = zeros > 0 ? SCAN_EDIT_ZEROS : SCAN_EDIT_CONTENT;
    return zeros < 0 ? -1 : 0;
}

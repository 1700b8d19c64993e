#include "input/claim.h"

#include <string.h>

#include "base/clock.h"
#include "input/correction.h"
#include "input/value.h"

struct judgement {
    const struct rules *rules;
    const struct columns *columns;
    const struct record *record;
    struct findings *findings;
    bool parsed[FIELD_COUNT]; /* the claim's member is set */
};

static const struct cell *find_cell(const struct columns *columns, const struct record *record,
                                    enum field field)
{
    static const struct cell empty = {"", 0};
    int index = columns->index[field];

    return index == COLUMN_ABSENT || (size_t)index >= record->count ? &empty
                                                                    : &record->cells[index];
}

const char *claim_raw(const struct columns *columns, const struct record *record, enum field field)
{
    return find_cell(columns, record, field)->text;
}

void claim_store_release(struct claim_store *store)
{
    buffer_release(&store->desc);
    buffer_release(&store->order_no);
}

bool claim_is_blank(const struct record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        if (value_of(&record->cells[i]).len > 0)
            return false;
    }
    return true;
}

static void add(struct judgement *judgement, enum rule rule, enum field field)
{
    findings_add(judgement->findings, judgement->rules, rule, field);
}

static struct value value_in(const struct judgement *judgement, enum field field)
{
    return value_of(find_cell(judgement->columns, judgement->record, field));
}

/* The value of a field that must not be empty. */
static bool take_value(struct judgement *judgement, enum field field, struct value *ret_value)
{
    *ret_value = value_in(judgement, field);
    if (ret_value->len == 0)
        add(judgement, RULE_MISSING_FIELD, field);
    return ret_value->len > 0;
}

/* Notes what came of a field. `damaged`: a spreadsheet spoilt the value; where that is no error by
 * itself, the rule of the field's form fires as well, for nothing is guessed. */
static void settle(struct judgement *judgement, enum rule broken, bool damaged, enum field field)
{
    judgement->parsed[field] = broken == RULE_NONE;
    if (broken == RULE_NONE)
        return;
    if (damaged)
        add(judgement, RULE_EXCEL_NUMBER, field);
    if (!damaged || judgement->rules->severity[RULE_EXCEL_NUMBER] != SEVERITY_ERROR)
        add(judgement, broken, field);
}

static void take_integer(struct judgement *judgement, enum field field, int64_t *ret_integer)
{
    struct value value = {0};
    enum rule broken = RULE_NONE;

    if (!take_value(judgement, field, &value))
        return;
    broken = value_parse_integer(value, ret_integer);
    settle(judgement, broken, broken != RULE_NONE && value_is_scientific(value), field);
}

static void take_workcard_id(struct judgement *judgement, struct claim *claim)
{
    enum field field = FIELD_WORKCARD_ID;

    take_integer(judgement, field, &claim->workcard_id);
    if (judgement->parsed[field] && value_is_rounded_id(value_in(judgement, field)))
        add(judgement, RULE_EXCEL_ROUNDED_ID, field);
}

static void take_count(struct judgement *judgement, struct claim *claim)
{
    enum field field = FIELD_CLAIM_COUNT;

    if (judgement->columns->index[field] == COLUMN_ABSENT) {
        claim->claim_count = 1;
        return;
    }
    take_integer(judgement, field, &claim->claim_count);
    if (judgement->parsed[field] && claim->claim_count != 1)
        add(judgement, RULE_COUNT_NOT_ONE, field);
}

static void take_status(struct judgement *judgement, struct claim *claim)
{
    struct value value = {0};

    if (take_value(judgement, FIELD_CLAIM_STATUS, &value))
        settle(judgement, value_parse_status(value, &claim->claim_status), false,
               FIELD_CLAIM_STATUS);
}

static void take_fee(struct judgement *judgement, struct claim *claim)
{
    enum field field = FIELD_CLAIM_FEE;
    int64_t limit = judgement->rules->max_fee;
    struct value value = {0};

    if (!take_value(judgement, field, &value))
        return;
    settle(judgement, value_parse_fee(value, judgement->columns->fee_unit, &claim->claim_fee),
           false, field);
    if (judgement->parsed[field] && limit >= 0 && claim->claim_fee > limit)
        add(judgement, RULE_MAX_FEE, field);
}

static void put_digits(char *text, size_t digits, int number)
{
    while (digits-- > 0) {
        text[digits] = (char)('0' + number % 10);
        number /= 10;
    }
}

/* By hand: snprintf would be a third of the time of judging a row. */
static void format_time(const struct civil *civil, char ret_text[CLAIM_TIME_BYTES])
{
    memcpy(ret_text, "0000-00-00 00:00:00", CLAIM_TIME_BYTES);
    put_digits(ret_text, 4, civil->year);
    put_digits(ret_text + 5, 2, civil->month);
    put_digits(ret_text + 8, 2, civil->day);
    put_digits(ret_text + 11, 2, civil->hour);
    put_digits(ret_text + 14, 2, civil->minute);
    put_digits(ret_text + 17, 2, civil->second);
}

static void take_time(struct judgement *judgement, int64_t now_ms, struct claim *claim)
{
    enum field field = FIELD_CLAIM_TIME;
    struct value value = {0};
    struct civil civil = {0};
    enum rule broken = RULE_NONE;
    bool date_only = false;

    if (!take_value(judgement, field, &value))
        return;
    broken = value_parse_time(value, &civil, &date_only);
    settle(judgement, broken,
           broken != RULE_NONE && (value_is_scientific(value) || value_is_date_serial(value)),
           field);
    if (broken != RULE_NONE)
        return;
    format_time(&civil, claim->claim_time);
    if (clock_civil_seconds(&civil) * 1000 - CLOCK_BEIJING_OFFSET_MS >
        now_ms + CLAIM_FUTURE_LIMIT_S * INT64_C(1000))
        add(judgement, RULE_FUTURE_TIME, field);
    if (date_only)
        add(judgement, RULE_DATE_ONLY, field);
}

static const char *take_text(struct judgement *judgement, enum field field, struct value value,
                             size_t limit, struct buffer *store)
{
    judgement->parsed[field] = true;
    if (value.len == 0)
        return "";
    if (value_has_control(value) || value_has_replacement(value))
        add(judgement, RULE_CONTROL_CHARACTER, field);
    if (value_is_longer(value, limit))
        add(judgement, RULE_TEXT_TOO_LONG, field);
    buffer_reset(store);
    buffer_append(store, value.ptr, value.len);
    return buffer_string(store);
}

static void take_order_no(struct judgement *judgement, struct buffer *store, struct claim *claim)
{
    enum field field = FIELD_CLAIM_ORDER_NO;
    struct value value = {0};

    if (!take_value(judgement, field, &value))
        return;
    if (value_is_spreadsheet_number(value) || value_is_spreadsheet_error(value))
        add(judgement, RULE_EXCEL_NUMBER, field);
    else if (value_is_rounded_id(value))
        add(judgement, RULE_EXCEL_ROUNDED_ID, field);
    /* In a text it may be meant, as inside an emoji; in a number nobody would ever see it. */
    if (value_has_invisible(value) && !value_has_control(value) && !value_has_replacement(value))
        add(judgement, RULE_CONTROL_CHARACTER, field);
    claim->claim_order_no = take_text(judgement, field, value, CLAIM_ORDER_NO_CHARACTERS, store);
}

static void take_desc(struct judgement *judgement, struct buffer *store, struct claim *claim)
{
    struct value value = value_in(judgement, FIELD_CLAIM_DESC);

    if (value_is_spreadsheet_error(value))
        add(judgement, RULE_EXCEL_NUMBER, FIELD_CLAIM_DESC);
    claim->claim_desc = take_text(judgement, FIELD_CLAIM_DESC, value, CLAIM_DESC_CHARACTERS, store);
}

/* Rules between the status and other fields; they need those fields to have a meaning. */
static void judge_status(struct judgement *judgement, const struct claim *claim)
{
    static const enum rule with_fee[] = {RULE_UNSETTLED_WITH_FEE, RULE_NONE, RULE_REFUSED_WITH_FEE};
    static const enum rule without_fee[] = {RULE_NONE, RULE_SUCCESS_WITHOUT_FEE, RULE_NONE};
    bool reason = claim->claim_desc[0] != '\0';
    bool refused = claim->claim_status == 2;

    if (judgement->parsed[FIELD_CLAIM_FEE])
        add(judgement, (claim->claim_fee ? with_fee : without_fee)[claim->claim_status],
            FIELD_CLAIM_FEE);
    if (refused && !reason)
        add(judgement, RULE_REFUSED_WITHOUT_REASON, FIELD_CLAIM_DESC);
    if (!refused && reason)
        add(judgement, RULE_REASON_WITHOUT_REFUSAL, FIELD_CLAIM_DESC);
}

void claim_judge(const struct rules *rules, const struct columns *columns,
                 const struct record *record, int64_t now_ms, struct claim_store *store,
                 struct claim *ret_claim, struct findings *ret_findings)
{
    struct judgement judgement = {
        .rules = rules, .columns = columns, .record = record, .findings = ret_findings};

    ret_findings->count = 0;
    *ret_claim = (struct claim){.claim_desc = "", .claim_order_no = ""};
    if (record->count != columns->count) {
        add(&judgement, RULE_COLUMN_COUNT, FIELD_NONE);
        return;
    }
    if (claim_is_blank(record)) {
        add(&judgement, RULE_MISSING_FIELD, FIELD_NONE);
        return;
    }
    take_workcard_id(&judgement, ret_claim);
    take_desc(&judgement, &store->desc, ret_claim);
    take_count(&judgement, ret_claim);
    take_order_no(&judgement, &store->order_no, ret_claim);
    take_status(&judgement, ret_claim);
    take_time(&judgement, now_ms, ret_claim);
    take_fee(&judgement, ret_claim);
    if (judgement.parsed[FIELD_CLAIM_STATUS])
        judge_status(&judgement, ret_claim);
    if (record->correction && correction_judge(rules, columns, record, ret_findings))
        store->order_no.failed = true;
}

#include "claim_fields.h"

#include <string.h>

#include "base/clock.h"
#include "input/claim/claim.h"
#include "input/value/value.h"

#define GROUP_DIGITS 3 /* between the commas of an amount */

static struct value value_at(const struct judgement *judgement, size_t index)
{
    return index < judgement->record->count ? value_of(&judgement->record->cells[index])
                                            : (struct value){"", 0};
}

void claim_take_count(struct judgement *judgement, struct claim *claim)
{
    enum field field = FIELD_CLAIM_COUNT;
    struct value value = {0};
    enum rule broken = RULE_NONE;
    int index = judgement->columns->index[field];

    claim->claim_count = 1;
    if (index == COLUMN_ABSENT ||
        (judgement->rules->short_rows && (size_t)index >= judgement->record->count))
        return;
    if (!claim_take_value(judgement, field, &value))
        return;
    broken = value_parse_whole(value, &claim->claim_count);
    claim_note(judgement, broken, broken != RULE_NONE && value_is_scientific(value), field);
    if (judgement->parsed[field] && claim->claim_count != 1)
        claim_add_finding(judgement, RULE_COUNT_NOT_ONE, field);
}

/* Where columns are separated by semicolons a comma may be the decimal point: 1,234 may be either.
 */
static bool is_comma_doubtful(const struct columns *columns, struct value value)
{
    const char *comma = columns->delimiter == ';' ? memchr(value.ptr, ',', value.len) : NULL;

    return comma && !memchr(comma + 1, ',', (size_t)(value.ptr + value.len - comma - 1)) &&
           !memchr(comma, '.', (size_t)(value.ptr + value.len - comma));
}

/* Three digits in the place of the count: more than one form, in a row whose number of cells may
 * have room for one too many, or before a reason of digits, which was the count. */
static bool is_shifted_count(const struct judgement *judgement)
{
    struct value reason = claim_value_in(judgement, FIELD_CLAIM_DESC);

    return (reason.len && value_count_digits(reason, 0) == reason.len) ||
           judgement->rules->short_rows || judgement->record->count != judgement->columns->count;
}

/* Whether the row has a cell more than the header, as parted amounts give it: some rows have it, or
 * all do, and in all an amount may have been parted. */
static bool is_surplus_odd(const struct profile *profile, const struct columns *columns,
                           const struct record *record)
{
    return record->count > columns->count && (!profile->width || profile->is_parted);
}

/* Whether the amount's decimal comma was taken for a delimiter: two digits, which are hardly a
 * count and no reason but a refusal's code. One digit may be any code; beside a cell too many,
 * neither is. */
static bool is_cut_at_decimals(const struct judgement *judgement, bool is_refused, size_t next,
                               struct value value)
{
    const struct columns *columns = judgement->columns;
    bool is_wider = judgement->record->count > columns->count;

    if (value_count_digits(value, 0) != value.len)
        return false;
    if (columns->index[FIELD_CLAIM_DESC] == (int)next)
        return (value.len == 2 && (is_wider || !is_refused)) ||
               (value.len == 1 && *value.ptr != '0' && is_wider);
    if (value.len != 2)
        return false;
    if (columns->index[FIELD_CLAIM_COUNT] == (int)next)
        return is_shifted_count(judgement);
    return is_wider && !columns_is_used(columns, next) && judgement->profile &&
           !judgement->profile->width;
}

/* Whether the amount's grouping comma was taken for a delimiter, so that its second half stands in
 * the place of a text. */
static bool is_cut_at_group(const struct judgement *judgement, size_t next, struct value value)
{
    const struct columns *columns = judgement->columns;

    if (!value_is_group(value))
        return false;
    if (columns->index[FIELD_CLAIM_DESC] == (int)next)
        return true;
    if (columns->index[FIELD_CLAIM_COUNT] == (int)next)
        return is_shifted_count(judgement);
    /* No claim number has decimals; of three digits one may be where no cell is too many. */
    if (columns->index[FIELD_CLAIM_ORDER_NO] == (int)next)
        return memchr(value.ptr, '.', value.len) || judgement->record->count > columns->count;
    return !columns_is_used(columns, next) && judgement->profile &&
           (judgement->profile->is_text_behind_fee ||
            is_surplus_odd(judgement->profile, columns, judgement->record));
}

static bool is_shifted(const struct judgement *judgement, bool is_refused, struct value fee)
{
    const struct columns *columns = judgement->columns;
    size_t next = (size_t)columns->index[FIELD_CLAIM_FEE] + 1;
    struct value value = value_at(judgement, next);

    if (!fee.len || value_count_digits(fee, 0) != fee.len ||
        (columns->delimiter && columns->delimiter != ','))
        return false;
    return (fee.len <= GROUP_DIGITS && *fee.ptr != '0' &&
            is_cut_at_group(judgement, next, value)) ||
           is_cut_at_decimals(judgement, is_refused, next, value);
}

/* Whether the amount is exact in fen, but may be in yuan as others of its column. Zero is zero. */
static bool is_unit_doubtful(const struct judgement *judgement, struct value value, int64_t fen)
{
    const struct profile *profile = judgement->profile;

    if (!profile || profile->fee_doubt == FEE_DOUBT_NONE || !fen)
        return false;
    return profile->fee_doubt == FEE_DOUBT_ALL || memchr(value.ptr, '.', value.len);
}

void claim_take_fee(struct judgement *judgement, struct claim *claim)
{
    enum field field = FIELD_CLAIM_FEE;
    int64_t limit = judgement->rules->max_fee;
    bool is_refused = judgement->parsed[FIELD_CLAIM_STATUS] && claim->claim_status == 2;
    struct value value = {0};
    enum rule broken = RULE_NONE;

    if (!claim_take_value(judgement, field, &value))
        return;
    broken = is_comma_doubtful(judgement->columns, value)
                 ? RULE_BAD_FEE
                 : value_parse_fee(value, judgement->columns->fee_unit, &claim->claim_fee);
    if (broken == RULE_NONE && is_unit_doubtful(judgement, value, claim->claim_fee))
        broken = RULE_BAD_FEE;
    claim_note(judgement, broken, false, field);
    if (judgement->parsed[field] && limit >= 0 && claim->claim_fee > limit)
        claim_add_finding(judgement, RULE_MAX_FEE, field);
    if (is_shifted(judgement, is_refused, value))
        claim_add_finding(judgement, RULE_SHIFTED_CELLS, field);
}

static void put_two(char *text, unsigned number)
{
    text[0] = (char)('0' + number / 10);
    text[1] = (char)('0' + number % 10);
}

/* By hand: snprintf would be a third of the time of judging a row. */
static void format_time(const struct civil *civil, char ret_text[CLAIM_TIME_BYTES])
{
    memcpy(ret_text, "0000-00-00 00:00:00", CLAIM_TIME_BYTES);
    put_two(ret_text, (unsigned)civil->year / 100);
    put_two(ret_text + 2, (unsigned)civil->year % 100);
    put_two(ret_text + 5, (unsigned)civil->month);
    put_two(ret_text + 8, (unsigned)civil->day);
    put_two(ret_text + 11, (unsigned)civil->hour);
    put_two(ret_text + 14, (unsigned)civil->minute);
    put_two(ret_text + 17, (unsigned)civil->second);
}

/* The date in one column, the time of day in another. A date that has a time of day already must
 * say midnight, as a date that was a time stamp does. */
static enum rule parse_two(const struct judgement *judgement, struct value date,
                           struct civil *ret_civil, bool *ret_date_only)
{
    struct value clock = value_at(judgement, judgement->columns->time_of_day - 1);
    bool empty = vocabulary_is_null(&judgement->rules->vocabulary, clock);

    if (value_parse_time(date, ret_civil, ret_date_only) != RULE_NONE)
        return RULE_BAD_TIME;
    if (empty)
        return RULE_NONE;
    if (ret_civil->hour || ret_civil->minute || ret_civil->second)
        return RULE_BAD_TIME;
    *ret_date_only = false;
    return value_parse_time_of_day(clock, ret_civil);
}

static enum rule parse_time(const struct judgement *judgement, struct value value,
                            struct civil *ret_civil, bool *ret_date_only)
{
    return judgement->columns->time_of_day ? parse_two(judgement, value, ret_civil, ret_date_only)
                                           : value_parse_time(value, ret_civil, ret_date_only);
}

static void judge_time(struct judgement *judgement, const struct civil *civil, int64_t now_ms)
{
    int64_t seconds = clock_civil_seconds(civil);

    if (seconds < judgement->rules->oldest_s)
        claim_add_finding(judgement, RULE_PAST_TIME, FIELD_CLAIM_TIME);
    if (seconds * 1000 - CLOCK_BEIJING_OFFSET_MS > now_ms + CLAIM_FUTURE_LIMIT_S * INT64_C(1000))
        claim_add_finding(judgement, RULE_FUTURE_TIME, FIELD_CLAIM_TIME);
}

void claim_take_time(struct judgement *judgement, int64_t now_ms, struct claim *claim)
{
    enum field field = FIELD_CLAIM_TIME;
    struct value value = {0};
    struct civil civil = {0};
    enum rule broken = RULE_NONE;
    bool date_only = false;

    if (!claim_take_value(judgement, field, &value))
        return;
    broken = parse_time(judgement, value, &civil, &date_only);
    claim_note(judgement, broken,
               broken != RULE_NONE && (value_is_scientific(value) || value_is_date_serial(value)),
               field);
    if (broken != RULE_NONE)
        return;
    format_time(&civil, claim->claim_time);
    judge_time(judgement, &civil, now_ms);
    if (date_only)
        claim_add_finding(judgement, RULE_DATE_ONLY, field);
}

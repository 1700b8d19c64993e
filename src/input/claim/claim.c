#include "input/claim/claim.h"

#include <string.h>

#include "base/clock.h"
#include "input/claim/order_no.h"
#include "input/claim/pattern.h"
#include "input/claim/value.h"
#include "input/reader/problem_line.h"
#include "text.h"

struct judgement {
    const struct rules *rules;
    const struct columns *columns;
    const struct profile *profile; /* NULL: nothing is known of other rows */
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
static inline bool take_value(struct judgement *judgement, enum field field,
                              struct value *ret_value)
{
    *ret_value = value_in(judgement, field);
    if (!vocabulary_is_null(&judgement->rules->vocabulary, *ret_value))
        return true;
    add(judgement, RULE_MISSING_FIELD, field);
    return false;
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

/* A whole number with a point and zeros behind it, as a data frame writes a column that has a gap.
 */
static bool is_whole_fraction(struct value value)
{
    int64_t ignored = 0;

    return value_parse_integer(value, &ignored) != RULE_NONE &&
           value_parse_whole(value, &ignored) == RULE_NONE;
}

/* Numbers that a spreadsheet rounds; `value` is one of more than 15 digits. */
static void judge_rounding(struct judgement *judgement, enum id_column column, struct value value,
                           enum field field)
{
    static const size_t exact[ROUNDINGS] = {15, 17};
    enum doubt worst = DOUBT_NONE;
    size_t zeros = 0;

    while (value.ptr[value.len - 1 - zeros] == '0')
        zeros++;
    for (int at = 0; at < ROUNDINGS; at++) {
        enum doubt doubt = judgement->profile  ? judgement->profile->rounded[column][at]
                           : at == ROUND_AT_16 ? DOUBT_WARN
                                               : DOUBT_NONE;

        if (value.len > exact[at] && zeros >= value.len - exact[at] && doubt > worst)
            worst = doubt;
    }
    if (worst == DOUBT_ERROR)
        add(judgement, RULE_EXCEL_ROUNDED_ID, field);
    else if (worst == DOUBT_WARN)
        findings_warn(judgement->findings, judgement->rules, RULE_EXCEL_ROUNDED_ID, field);
}

/* The limits of types, at which some program stopped counting. */
static bool is_clamped(int64_t id)
{
    return id == 0 || id == INT32_MAX || id == UINT32_MAX || id == (INT64_C(1) << 53) ||
           id == INT64_MAX;
}

static void take_workcard_id(struct judgement *judgement, struct claim *claim)
{
    enum field field = FIELD_WORKCARD_ID;
    struct value value = {0};
    enum rule broken = RULE_NONE;

    if (!take_value(judgement, field, &value))
        return;
    broken = value_parse_integer(value, &claim->workcard_id);
    settle(judgement, broken,
           broken != RULE_NONE && (value_is_scientific(value) || is_whole_fraction(value)), field);
    if (broken != RULE_NONE)
        return;
    if (is_clamped(claim->workcard_id))
        add(judgement, RULE_CLAMPED_ID, field);
    if (value_is_long_number(&value))
        judge_rounding(judgement, ID_WORKCARD, value, field);
}

static void take_count(struct judgement *judgement, struct claim *claim)
{
    enum field field = FIELD_CLAIM_COUNT;
    struct value value = {0};
    enum rule broken = RULE_NONE;
    int index = judgement->columns->index[field];

    claim->claim_count = 1;
    if (index == COLUMN_ABSENT ||
        (judgement->rules->short_rows && (size_t)index >= judgement->record->count))
        return;
    if (!take_value(judgement, field, &value))
        return;
    broken = value_parse_whole(value, &claim->claim_count);
    settle(judgement, broken, broken != RULE_NONE && value_is_scientific(value), field);
    if (judgement->parsed[field] && claim->claim_count != 1)
        add(judgement, RULE_COUNT_NOT_ONE, field);
}

static void take_status(struct judgement *judgement, struct claim *claim)
{
    struct value value = {0};

    if (take_value(judgement, FIELD_CLAIM_STATUS, &value))
        settle(judgement,
               vocabulary_status(&judgement->rules->vocabulary, value, &claim->claim_status)
                   ? RULE_NONE
                   : RULE_BAD_STATUS,
               false, FIELD_CLAIM_STATUS);
}

/* Where columns are separated by semicolons a comma may be the decimal point: 1,234 may be either.
 */
static bool is_comma_doubtful(const struct columns *columns, struct value value)
{
    const char *comma = columns->delimiter == ';' ? memchr(value.ptr, ',', value.len) : NULL;

    return comma && !memchr(comma + 1, ',', (size_t)(value.ptr + value.len - comma - 1)) &&
           !memchr(comma, '.', (size_t)(value.ptr + value.len - comma));
}

static size_t count_digits(struct value value, size_t from)
{
    size_t n = from;

    while (n < value.len && value.ptr[n] >= '0' && value.ptr[n] <= '9')
        n++;
    return n - from;
}

static struct value value_at(const struct judgement *judgement, size_t index)
{
    return index < judgement->record->count ? value_of(&judgement->record->cells[index])
                                            : (struct value){"", 0};
}

/* Whether the amount's grouping comma was taken for a delimiter, so that its second half stands in
 * the place of a text. */
static bool is_shifted(const struct judgement *judgement, struct value fee)
{
    const struct columns *columns = judgement->columns;
    size_t next = (size_t)columns->index[FIELD_CLAIM_FEE] + 1;
    struct value value = value_at(judgement, next);
    size_t digits = count_digits(fee, 0);

    if (digits < 1 || digits > 3 || digits != fee.len || !value_is_group(value) ||
        (columns->delimiter && columns->delimiter != ','))
        return false;
    if (columns->index[FIELD_CLAIM_DESC] == (int)next)
        return true;
    if (columns->index[FIELD_CLAIM_COUNT] == (int)next) {
        struct value reason = value_in(judgement, FIELD_CLAIM_DESC);

        return reason.len && count_digits(reason, 0) == reason.len;
    }
    /* No claim number has decimals; of three digits one may be where no cell is too many. */
    if (columns->index[FIELD_CLAIM_ORDER_NO] == (int)next)
        return memchr(value.ptr, '.', value.len) || judgement->record->count > columns->count;
    for (int i = 0; i < FIELD_COUNT; i++)
        if (columns->index[i] == (int)next)
            return false;
    return judgement->profile && judgement->profile->is_text_behind_fee;
}

static void take_fee(struct judgement *judgement, struct claim *claim)
{
    enum field field = FIELD_CLAIM_FEE;
    int64_t limit = judgement->rules->max_fee;
    struct value value = {0};
    enum rule broken = RULE_NONE;

    if (!take_value(judgement, field, &value))
        return;
    broken = is_comma_doubtful(judgement->columns, value)
                 ? RULE_BAD_FEE
                 : value_parse_fee(value, judgement->columns->fee_unit, &claim->claim_fee);
    settle(judgement, broken, false, field);
    if (judgement->parsed[field] && limit >= 0 && claim->claim_fee > limit)
        add(judgement, RULE_MAX_FEE, field);
    if (value.len <= 3 && is_shifted(judgement, value))
        add(judgement, RULE_SHIFTED_CELLS, field);
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
        add(judgement, RULE_PAST_TIME, FIELD_CLAIM_TIME);
    if (seconds * 1000 - CLOCK_BEIJING_OFFSET_MS > now_ms + CLAIM_FUTURE_LIMIT_S * INT64_C(1000))
        add(judgement, RULE_FUTURE_TIME, FIELD_CLAIM_TIME);
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
    broken = parse_time(judgement, value, &civil, &date_only);
    settle(judgement, broken,
           broken != RULE_NONE && (value_is_scientific(value) || value_is_date_serial(value)),
           field);
    if (broken != RULE_NONE)
        return;
    format_time(&civil, claim->claim_time);
    judge_time(judgement, &civil, now_ms);
    if (date_only)
        add(judgement, RULE_DATE_ONLY, field);
}

/* Nearly every number, and many a text: letters, digits and dashes. */
static bool has_usual_characters(unsigned kinds)
{
    return !(kinds & ~(unsigned)(TEXT_DIGIT | TEXT_UPPER | TEXT_LOWER | TEXT_DASH));
}

/* What is wrong with the characters of a text that is more than letters and digits. */
static void judge_characters(struct judgement *judgement, enum field field, struct value value,
                             unsigned kinds)
{
    if (text_is_lost(value, kinds) || text_mojibake(value, kinds) != MOJIBAKE_NONE)
        add(judgement, RULE_LOST_TEXT, field);
    else if (value_has_control(value) || (kinds & TEXT_SPECIAL && value_has_replacement(value)))
        add(judgement, RULE_CONTROL_CHARACTER, field);
    if (kinds & TEXT_SPECIAL && text_has_private_use(value))
        add(judgement, RULE_PRIVATE_USE_CHARACTER, field);
    if (kinds & TEXT_BACKSLASH && text_has_backslash_escape(value, judgement->columns->delimiter))
        add(judgement, RULE_BACKSLASH_ESCAPE, field);
}

static const char *take_text(struct judgement *judgement, enum field field, struct value value,
                             unsigned kinds, size_t limit, struct buffer *store)
{
    judgement->parsed[field] = true;
    if (value.len == 0)
        return "";
    if (!has_usual_characters(kinds))
        judge_characters(judgement, field, value, kinds);
    if (value_is_longer(value, limit))
        add(judgement, RULE_TEXT_TOO_LONG, field);
    buffer_reset(store);
    buffer_append(store, value.ptr, value.len);
    return buffer_string(store);
}

/* A number whose first character makes it worth no second look: letters, digits and dashes. */
static bool is_plain_order_no(struct value value, unsigned kinds)
{
    return has_usual_characters(kinds) && kinds & TEXT_DIGIT && *value.ptr != '0' &&
           *value.ptr != '-';
}

static bool is_several(const struct judgement *judgement, struct value value, unsigned kinds)
{
    const struct profile *profile = judgement->profile;

    if (profile && profile->has_lists)
        return false;
    return (profile && order_no_is_several(value, kinds, profile->order_shape)) ||
           order_no_is_list(value, kinds);
}

/* Whether the claim number has a form that tools and people give it, and no office. */
static bool is_damaged(const struct judgement *judgement, struct value value, unsigned kinds)
{
    const struct profile *profile = judgement->profile;

    if (order_no_guise(value, kinds) != ORDER_GENUINE ||
        (profile && profile->is_odd[ORDER_DIGITLESS] &&
         order_no_look(value, kinds) == ORDER_DIGITLESS))
        return true;
    return (profile && order_no_is_labelled(value, kinds, profile->order_shape)) ||
           is_several(judgement, value, kinds);
}

/* Whether a spreadsheet or a data frame spoilt the claim number. */
static bool is_spoilt_order_no(const struct judgement *judgement, struct value value,
                               unsigned kinds)
{
    enum order_look look = order_no_look(value, kinds);

    if (look != ORDER_PLAIN && look != ORDER_DIGITLESS && judgement->profile &&
        judgement->profile->is_odd[look])
        return true;
    if (order_no_is_moment(value, kinds))
        return true;
    /* These have a point, a plus or a hash. */
    return !has_usual_characters(kinds) &&
           (order_no_is_spoilt_number(value, kinds) || value_is_spreadsheet_error(value));
}

static void judge_order_no(struct judgement *judgement, struct value value, unsigned kinds,
                           const char *text)
{
    enum field field = FIELD_CLAIM_ORDER_NO;
    bool spoilt = is_spoilt_order_no(judgement, value, kinds);
    struct value number = value; /* without zeros before it */

    if (spoilt)
        add(judgement, RULE_EXCEL_NUMBER, field);
    else if (kinds == TEXT_DIGIT && value_is_long_number(&number))
        judge_rounding(judgement, ID_ORDER_NO, number, field);
    if (kinds == TEXT_DIGIT && order_no_is_limit(value))
        add(judgement, RULE_CLAMPED_ID, field);
    if ((!spoilt && !is_plain_order_no(value, kinds) && is_damaged(judgement, value, kinds)) ||
        (judgement->rules->pattern && !pattern_fits(judgement->rules->pattern, text)))
        add(judgement, RULE_DAMAGED_ORDER_NO, field);
    /* In a text it may be meant, as inside an emoji; in a number nobody would ever see it. */
    if (kinds & TEXT_BEYOND_ASCII && value_has_invisible(value) && !value_has_control(value) &&
        !value_has_replacement(value))
        add(judgement, RULE_CONTROL_CHARACTER, field);
}

static void take_order_no(struct judgement *judgement, struct buffer *store, struct claim *claim)
{
    enum field field = FIELD_CLAIM_ORDER_NO;
    struct value value = {0};
    unsigned kinds = 0;

    if (!take_value(judgement, field, &value))
        return;
    kinds = text_kinds(value);
    claim->claim_order_no =
        take_text(judgement, field, value, kinds, CLAIM_ORDER_NO_CHARACTERS, store);
    judge_order_no(judgement, value, kinds, claim->claim_order_no);
}

static void take_desc(struct judgement *judgement, struct buffer *store, struct claim *claim)
{
    struct value value = value_in(judgement, FIELD_CLAIM_DESC);

    judgement->parsed[FIELD_CLAIM_DESC] = true;
    if (vocabulary_is_null(&judgement->rules->vocabulary, value))
        return;
    if (value_is_spreadsheet_error(value))
        add(judgement, RULE_EXCEL_NUMBER, FIELD_CLAIM_DESC);
    claim->claim_desc = take_text(judgement, FIELD_CLAIM_DESC, value, text_kinds(value),
                                  CLAIM_DESC_CHARACTERS, store);
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

/* Whether the cells from one on are empty. */
static bool is_empty_from(const struct record *record, size_t first)
{
    for (size_t i = first; i < record->count; i++)
        if (value_of(&record->cells[i]).len > 0)
            return false;
    return true;
}

/* A row that is wider than the header may have been shifted by a delimiter inside a text; not so
 * where all rows are as wide, nor where its last cell would have moved behind the header. */
static bool may_be_wide(const struct judgement *judgement, size_t named)
{
    const struct columns *columns = judgement->columns;

    if (judgement->record->count <= columns->count ||
        (judgement->profile && judgement->profile->width == judgement->record->count))
        return true;
    for (int i = 0; i < FIELD_COUNT; i++)
        if (columns->index[i] == (int)named - 1)
            return true;
    return columns->time_of_day == named;
}

static bool has_content_without_name(const struct columns *columns, const struct record *record)
{
    for (size_t i = 0; columns->has_nameless && i < columns->named && i < record->count; i++)
        if ((columns->nameless[i / 8] >> i % 8 & 1) && value_of(&record->cells[i]).len)
            return true;
    return false;
}

/* Whether each cell stands under its header. */
static bool is_of_right_width(const struct judgement *judgement)
{
    const struct columns *columns = judgement->columns;
    const struct record *record = judgement->record;
    size_t named = columns->named ? columns->named : columns->count;

    if (record->count == columns->count && named == columns->count && !columns->has_nameless)
        return true;
    if (record->count < columns_least(columns, judgement->rules->short_rows))
        return false;
    return is_empty_from(record, named) && may_be_wide(judgement, named) &&
           !has_content_without_name(columns, record);
}

void claim_judge(const struct rules *rules, const struct columns *columns,
                 const struct profile *profile, const struct record *record, int64_t now_ms,
                 struct claim_store *store, struct claim *ret_claim, struct findings *ret_findings)
{
    struct judgement judgement = {.rules = rules,
                                  .columns = columns,
                                  .profile = profile,
                                  .record = record,
                                  .findings = ret_findings};

    ret_findings->count = 0;
    *ret_claim = (struct claim){.claim_desc = "", .claim_order_no = ""};
    if (!is_of_right_width(&judgement)) {
        add(&judgement, RULE_COLUMN_COUNT, FIELD_NONE);
        return;
    }
    if (value_of(&record->cells[0]).len == 0 && claim_is_blank(record)) {
        add(&judgement, RULE_MISSING_FIELD, FIELD_NONE);
        return;
    }
    if (profile && profile->cut_count && profile_is_cut(profile, record->row))
        add(&judgement, RULE_CUT_ROW, FIELD_NONE);
    take_workcard_id(&judgement, ret_claim);
    take_desc(&judgement, &store->desc, ret_claim);
    take_count(&judgement, ret_claim);
    take_order_no(&judgement, &store->order_no, ret_claim);
    take_status(&judgement, ret_claim);
    take_time(&judgement, now_ms, ret_claim);
    take_fee(&judgement, ret_claim);
    if (judgement.parsed[FIELD_CLAIM_STATUS])
        judge_status(&judgement, ret_claim);
    if (record->correction && problem_line_judge(rules, columns, record, ret_findings))
        store->order_no.failed = true;
}

#include "input/claim/claim.h"

#include <string.h>

#include "base/clock.h"
#include "claim_fields.h"
#include "input/reader/problem_line.h"
#include "input/value/filler.h"
#include "input/value/order_no.h"
#include "input/value/pattern.h"
#include "input/value/text.h"
#include "input/value/value.h"
#include "swallowed_rows.h"

const char *claim_raw(const struct columns *columns, const struct record *record, enum field field)
{
    return claim_find_cell(columns, record, field)->text;
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
        claim_add_finding(judgement, RULE_EXCEL_ROUNDED_ID, field);
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

    if (!claim_take_value(judgement, field, &value))
        return;
    broken = value_parse_integer(value, &claim->workcard_id);
    claim_note(judgement, broken,
               broken != RULE_NONE && (value_is_scientific(value) || is_whole_fraction(value)),
               field);
    if (broken != RULE_NONE)
        return;
    if (is_clamped(claim->workcard_id))
        claim_add_finding(judgement, RULE_CLAMPED_ID, field);
    if (value_is_long_number(&value))
        judge_rounding(judgement, ID_WORKCARD, value, field);
}

static void take_status(struct judgement *judgement, struct claim *claim)
{
    struct value value = {0};

    if (claim_take_value(judgement, FIELD_CLAIM_STATUS, &value))
        claim_note(judgement,
                   vocabulary_status(&judgement->rules->vocabulary, value, &claim->claim_status)
                       ? RULE_NONE
                       : RULE_BAD_STATUS,
                   false, FIELD_CLAIM_STATUS);
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
    if (text_is_lost(value, kinds) || mojibake_find(value, kinds) != MOJIBAKE_NONE)
        claim_add_finding(judgement, RULE_LOST_TEXT, field);
    else if (value_has_control(value) || (kinds & TEXT_SPECIAL && value_has_replacement(value)))
        claim_add_finding(judgement, RULE_CONTROL_CHARACTER, field);
    if (kinds & TEXT_SPECIAL && text_has_private_use(value))
        claim_add_finding(judgement, RULE_PRIVATE_USE_CHARACTER, field);
    if (kinds & TEXT_BACKSLASH && text_has_backslash_escape(value, judgement->columns->delimiter))
        claim_add_finding(judgement, RULE_BACKSLASH_ESCAPE, field);
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
        claim_add_finding(judgement, RULE_TEXT_TOO_LONG, field);
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

    if (order_no_guise_find(value, kinds) != ORDER_GENUINE ||
        (profile && profile->is_odd[ORDER_DIGITLESS] &&
         order_no_look(value, kinds) == ORDER_DIGITLESS))
        return true;
    return (profile && order_no_guise_is_labelled(value, kinds, profile->order_shape)) ||
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
        claim_add_finding(judgement, RULE_EXCEL_NUMBER, field);
    else if (kinds == TEXT_DIGIT && value_is_long_number(&number))
        judge_rounding(judgement, ID_ORDER_NO, number, field);
    if (kinds == TEXT_DIGIT && order_no_is_limit(value))
        claim_add_finding(judgement, RULE_CLAMPED_ID, field);
    if ((!spoilt && !is_plain_order_no(value, kinds) && is_damaged(judgement, value, kinds)) ||
        (judgement->rules->pattern && !pattern_fits(judgement->rules->pattern, text)))
        claim_add_finding(judgement, RULE_DAMAGED_ORDER_NO, field);
    /* In a text it may be meant, as inside an emoji; in a number nobody would ever see it. */
    if (kinds & TEXT_BEYOND_ASCII && value_has_invisible(value) && !value_has_control(value) &&
        !value_has_replacement(value))
        claim_add_finding(judgement, RULE_CONTROL_CHARACTER, field);
}

static void take_order_no(struct judgement *judgement, struct buffer *store, struct claim *claim)
{
    enum field field = FIELD_CLAIM_ORDER_NO;
    struct value value = {0};
    unsigned kinds = 0;

    if (!claim_take_value(judgement, field, &value))
        return;
    kinds = text_kinds(value);
    claim->claim_order_no =
        take_text(judgement, field, value, kinds, CLAIM_ORDER_NO_CHARACTERS, store);
    judge_order_no(judgement, value, kinds, claim->claim_order_no);
}

static void take_desc(struct judgement *judgement, struct buffer *store, struct claim *claim)
{
    struct value value = claim_value_in(judgement, FIELD_CLAIM_DESC);

    judgement->parsed[FIELD_CLAIM_DESC] = true;
    if (vocabulary_is_null(&judgement->rules->vocabulary, value))
        return;
    if (value_is_spreadsheet_error(value))
        claim_add_finding(judgement, RULE_EXCEL_NUMBER, FIELD_CLAIM_DESC);
    claim->claim_desc = take_text(judgement, FIELD_CLAIM_DESC, value, text_kinds(value),
                                  CLAIM_DESC_CHARACTERS, store);
}

/* Whether the text says why, as far as a program can tell. */
static bool gives_reason(const struct claim *claim)
{
    struct value value = {claim->claim_desc, strlen(claim->claim_desc)};

    return value.len && !filler_is_text(value, text_kinds(value));
}

/* Rules between the status and other fields; they need those fields to have a meaning. */
static void judge_status(struct judgement *judgement, const struct claim *claim)
{
    static const enum rule with_fee[] = {RULE_UNSETTLED_WITH_FEE, RULE_NONE, RULE_REFUSED_WITH_FEE};
    static const enum rule without_fee[] = {RULE_NONE, RULE_SUCCESS_WITHOUT_FEE, RULE_NONE};
    bool reason = claim->claim_desc[0] != '\0';
    bool refused = claim->claim_status == 2;

    if (judgement->parsed[FIELD_CLAIM_FEE])
        claim_add_finding(judgement,
                          (claim->claim_fee ? with_fee : without_fee)[claim->claim_status],
                          FIELD_CLAIM_FEE);
    if (refused && !gives_reason(claim))
        claim_add_finding(judgement, RULE_REFUSED_WITHOUT_REASON, FIELD_CLAIM_DESC);
    if (!refused && reason)
        claim_add_finding(judgement, RULE_REASON_WITHOUT_REFUSAL, FIELD_CLAIM_DESC);
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
    if (record->has_line_end && swallowed_rows_find(rules, columns, record).count)
        claim_add_finding(&judgement, RULE_CUT_ROW, FIELD_NONE);
    if (findings_invalid(ret_findings))
        return;
    if (!is_of_right_width(&judgement)) {
        claim_add_finding(&judgement, RULE_COLUMN_COUNT, FIELD_NONE);
        return;
    }
    if (value_of(&record->cells[0]).len == 0 && claim_is_blank(record)) {
        claim_add_finding(&judgement, RULE_MISSING_FIELD, FIELD_NONE);
        return;
    }
    if (profile && profile->cut_count && !ret_findings->count &&
        profile_is_cut(profile, record->row))
        claim_add_finding(&judgement, RULE_CUT_ROW, FIELD_NONE);
    take_workcard_id(&judgement, ret_claim);
    take_desc(&judgement, &store->desc, ret_claim);
    claim_take_count(&judgement, ret_claim);
    take_order_no(&judgement, &store->order_no, ret_claim);
    take_status(&judgement, ret_claim);
    claim_take_time(&judgement, now_ms, ret_claim);
    claim_take_fee(&judgement, ret_claim);
    if (judgement.parsed[FIELD_CLAIM_STATUS])
        judge_status(&judgement, ret_claim);
    if (record->correction && problem_line_judge(rules, columns, record, ret_findings))
        store->order_no.failed = true;
}

#include "input/findings.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "input/claim.h"
#include "input/value.h"

#define SHOWN_VALUE_BYTES 96

/* The row as a whole goes before its fields. */
static int place_of(enum field field)
{
    return field == FIELD_NONE ? -1 : (int)field;
}

void findings_add(struct findings *findings, const struct rules *rules, enum rule rule,
                  enum field field)
{
    size_t at = findings->count;

    if (rule == RULE_NONE || rules->severity[rule] == SEVERITY_OFF || at == FINDINGS_MAX)
        return;
    for (; at > 0 && place_of(findings->list[at - 1].field) > place_of(field); at--)
        findings->list[at] = findings->list[at - 1];
    findings->list[at] = (struct finding){rule, rules->severity[rule], field};
    findings->count++;
}

bool findings_invalid(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->list[i].severity == SEVERITY_ERROR)
            return true;
    }
    return false;
}

static bool is_first_of_rule(const struct findings *findings, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (findings->list[i].rule == findings->list[at].rule)
            return false;
    }
    return true;
}

void findings_codes(const struct findings *findings, enum severity severity,
                    struct buffer *ret_codes)
{
    const char *separator = "";

    for (size_t i = 0; i < findings->count; i++) {
        if (findings->list[i].severity != severity || !is_first_of_rule(findings, i))
            continue;
        buffer_format(ret_codes, "%s%s", separator, rule_code(findings->list[i].rule));
        separator = ";";
    }
}

/* What stands behind the field and its value; rules that need more have a function below. */
static const char *const sentences[RULE_COUNT] = {
    [RULE_MISSING_FIELD] = "is empty: fill it in",
    [RULE_BAD_NUMBER] = "is not a plain whole number: write digits only, without sign, point, "
                        "comma, quote or blank",
    [RULE_NUMBER_RANGE] = "is negative or larger than 9223372036854775807: correct it",
    [RULE_BAD_STATUS] = "is no status: write 0 or 未理赔 (not settled), 1 or 理赔成功 (claim "
                        "succeeded), 2 or 理赔失败 (claim failed)",
    [RULE_BAD_TIME] = "is no real date and time: write it as 2022-12-31 23:59:59, in Beijing time",
    [RULE_SUCCESS_WITHOUT_FEE] = "is zero although the claim succeeded (status 1): correct the fee "
                                 "or the status",
    [RULE_REFUSED_WITH_FEE] = "is not zero although the claim failed (status 2): correct the fee "
                              "or the status",
    [RULE_REFUSED_WITHOUT_REASON] = "is empty although the claim failed (status 2): write why it "
                                    "was refused",
    [RULE_UNSETTLED_WITH_FEE] = "is not zero although the claim is not settled (status 0): check "
                                "the fee and the status",
    [RULE_REASON_WITHOUT_REFUSAL] = "gives a reason although the claim did not fail (status is not "
                                    "2): check the status",
    [RULE_COUNT_NOT_ONE] = "is not 1, the usual number of claim forms: check it",
    [RULE_FUTURE_TIME] = "is more than 10 minutes ahead of now: correct the time, or this "
                         "machine's clock",
    [RULE_DATE_ONLY] = "has no time of day; midnight, Beijing time, is taken",
    [RULE_EXCEL_ROUNDED_ID] = "has more than 15 digits and ends in 000: a spreadsheet may have "
                              "rounded it; compare it with the system it came from",
    [RULE_CONTROL_CHARACTER] = "has a control character, or one that cannot be seen: take it out "
                               "and type the text anew",
    [RULE_CHANGED_SINCE_ACCEPTED] = "is another one than was accepted before: see that the change "
                                    "is meant",
};

/* Digits, a point and three or more digits. */
static bool has_too_many_decimals(struct value value)
{
    const char *point = value.len ? memchr(value.ptr, '.', value.len) : NULL;
    size_t whole = point ? (size_t)(point - value.ptr) : 0;
    int64_t ignored = 0;

    return point && value.len - whole > 3 &&
           value_parse_integer((struct value){value.ptr, whole}, &ignored) == RULE_NONE &&
           value_parse_integer((struct value){point + 1, value.len - whole - 1}, &ignored) ==
               RULE_NONE;
}

static const char *fee_sentence(struct value value, enum fee_unit unit)
{
    if (value_is_scientific(value))
        return "was shortened by a spreadsheet, its digits may be lost: export it again with this "
               "column as plain numbers";
    if (unit == FEE_UNIT_FEN)
        return "is not an exact amount in fen: write a whole number such as 1234, without sign or "
               "point; if the amounts are in yuan, say --fee-unit yuan, or correct a header that "
               "says fen";
    if (has_too_many_decimals(value))
        return "has more than 2 decimals of yuan: write an exact amount such as 12.34";
    return "is not an exact amount in yuan: write digits with at most 2 decimals, such as 12.34, "
           "without sign, currency sign or grouping";
}

static bool has_digit(struct value value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] >= '0' && value.ptr[i] <= '9')
            return true;
    return false;
}

static const char *number_sentence(enum field field, struct value value)
{
    static const char *const totals[] = {"合计", "总计", "小计", "共计", "汇总", "总额"};

    for (size_t i = 0; field == FIELD_WORKCARD_ID && i < sizeof(totals) / sizeof(*totals); i++) {
        if (value.len >= strlen(totals[i]) && memcmp(value.ptr, totals[i], strlen(totals[i])) == 0)
            return "is a line of totals and no claim: delete this row from the export";
    }
    if (field == FIELD_WORKCARD_ID && !has_digit(value))
        return "is not a plain whole number: write digits only, or, if this line is no claim (a "
               "note, the header once more), delete it";
    return sentences[RULE_BAD_NUMBER];
}

/* Digits and a colon: what a spreadsheet shows of a moment that has fractions of a second. */
static bool has_lost_its_date(struct value value)
{
    size_t digits = 0;

    while (digits < value.len && value.ptr[digits] >= '0' && value.ptr[digits] <= '9')
        digits++;
    return digits > 0 && digits < value.len && value.ptr[digits] == ':';
}

static bool has_hour_24(struct value value)
{
    return value.len &&
           (memmem(value.ptr, value.len, " 24:", 4) || memmem(value.ptr, value.len, "T24:", 4));
}

static const char *time_sentence(struct value value)
{
    if (has_lost_its_date(value))
        return "has no date, a spreadsheet may have hidden it: export it again as text, such as "
               "2022-12-31 23:59:59";
    if (has_hour_24(value))
        return "has an hour 24, which there is not: midnight is 00:00:00 of the next day";
    return sentences[RULE_BAD_TIME];
}

static const char *control_sentence(struct value value)
{
    if (!value_has_control(value) && value_has_replacement(value))
        return "has a \ufffd, which some program wrote in place of a character that it lost: "
               "export it "
               "again as UTF-8, or type the text anew";
    return sentences[RULE_CONTROL_CHARACTER];
}

static const char *excel_sentence(enum field field)
{
    if (field == FIELD_CLAIM_TIME)
        return "is a number that a spreadsheet made of a date: export it again as text, such as "
               "2022-12-31 23:59:59";
    return "was shortened by a spreadsheet and its digits are lost: export it again with this "
           "column as text; it cannot be restored from here";
}

static size_t limit_of(enum field field)
{
    return field == FIELD_CLAIM_DESC ? CLAIM_DESC_CHARACTERS : CLAIM_ORDER_NO_CHARACTERS;
}

/* Whether the rule is about the form of a value. */
static bool is_about_form(enum rule rule)
{
    return rule == RULE_BAD_NUMBER || rule == RULE_BAD_STATUS || rule == RULE_BAD_TIME ||
           rule == RULE_BAD_FEE;
}

/* Whether quotes around all of a row made one cell of it, as a spreadsheet does that takes the file
 * for one column. */
static bool is_whole_row(const struct columns *columns, const struct record *record)
{
    return record->count == 1 && columns->count > 1 && strpbrk(record->cells[0].text, ",;\t|");
}

static void explain_column_count(const struct columns *columns, const struct record *record,
                                 struct buffer *ret_sentence)
{
    char shown[SHOWN_VALUE_BYTES];

    buffer_format(ret_sentence, "the row that begins '%s' has %zu cell%s but the header has %zu: ",
                  log_quote(record->cells[0].text, shown, sizeof(shown)), record->count,
                  record->count == 1 ? "" : "s", columns->count);
    buffer_text(ret_sentence,
                is_whole_row(columns, record)
                    ? "quotes stand around the whole row, or another delimiter parts it: take the "
                      "quotes away, and one of each two inside it"
                    : "look for a comma or a quote too many or too few; a text with a comma or a "
                      "line break needs quotes (\") around it");
}

static void explain_changed_key(const struct finding *finding, const struct columns *columns,
                                const struct record *record, struct buffer *ret_sentence)
{
    char shown[2][SHOWN_VALUE_BYTES];

    if (finding->field == FIELD_CLAIM_TIME) {
        buffer_format(
            ret_sentence,
            "claim_time '%s' has lost the seconds that it has in the export, as "
            "spreadsheets save it: write it as it stands in row %llu of the export",
            log_quote(claim_raw(columns, record, FIELD_CLAIM_TIME), shown[0], SHOWN_VALUE_BYTES),
            (unsigned long long)record->row);
        return;
    }
    buffer_format(
        ret_sentence,
        "this line, with workcard_id '%s' and claim_order_no '%s', is not of the claim "
        "that it was in the export, and its key was not the problem: write both as they "
        "stand in row %llu of the export",
        log_quote(claim_raw(columns, record, FIELD_WORKCARD_ID), shown[0], SHOWN_VALUE_BYTES),
        log_quote(claim_raw(columns, record, FIELD_CLAIM_ORDER_NO), shown[1], SHOWN_VALUE_BYTES),
        (unsigned long long)record->row);
}

static void explain_field(const struct finding *finding, const struct rules *rules,
                          struct value value, enum fee_unit unit, struct buffer *ret_sentence)
{
    enum field field = finding->field;
    enum rule rule = finding->rule;

    if ((is_about_form(rule) || rule == RULE_EXCEL_NUMBER) && value_is_spreadsheet_error(value))
        buffer_text(ret_sentence, "is what a spreadsheet shows when it has no value: correct it "
                                  "there, then export it again");
    else if (rule == RULE_BAD_NUMBER)
        buffer_text(ret_sentence, number_sentence(field, value));
    else if (rule == RULE_BAD_FEE)
        buffer_text(ret_sentence, fee_sentence(value, unit));
    else if (rule == RULE_BAD_TIME)
        buffer_text(ret_sentence, time_sentence(value));
    else if (rule == RULE_EXCEL_NUMBER)
        buffer_text(ret_sentence, excel_sentence(field));
    else if (rule == RULE_CONTROL_CHARACTER)
        buffer_text(ret_sentence, control_sentence(value));
    else if (rule == RULE_TEXT_TOO_LONG)
        buffer_format(ret_sentence, "is longer than %zu characters: shorten it", limit_of(field));
    else if (rule == RULE_MAX_FEE)
        buffer_format(ret_sentence,
                      "is dearer than --max-fee %" PRId64 " fen: check the amount, or raise the "
                      "limit",
                      rules->max_fee);
    else
        buffer_text(ret_sentence, sentences[rule]);
}

/* What the eye does not see of a value that looks right. */
static void explain_looks(enum rule rule, struct value value, struct buffer *ret_sentence)
{
    if (rule != RULE_CONTROL_CHARACTER && value_has_invisible(value))
        buffer_text(ret_sentence, "; the \\u{…} in it stands for a character that cannot be seen: "
                                  "delete it");
    if (is_about_form(rule) && value_imitates_ascii(value))
        buffer_text(ret_sentence, "; it has full-width characters, or blanks or dashes of another "
                                  "kind: type it anew in half width");
}

void finding_explain(const struct finding *finding, const struct rules *rules,
                     const struct columns *columns, const struct record *record,
                     struct buffer *ret_sentence)
{
    const char *raw = NULL;
    struct value value = {0};
    char shown[SHOWN_VALUE_BYTES];

    if (finding->rule == RULE_COLUMN_COUNT && !claim_is_blank(record)) {
        explain_column_count(columns, record, ret_sentence);
        return;
    }
    if (finding->rule == RULE_CHANGED_KEY) {
        explain_changed_key(finding, columns, record, ret_sentence);
        return;
    }
    if (finding->field == FIELD_NONE) {
        buffer_text(ret_sentence, "the row has nothing but empty cells: delete it from the export");
        return;
    }
    raw = claim_raw(columns, record, finding->field);
    buffer_format(ret_sentence, "%s ", field_name(finding->field));
    if (*raw)
        buffer_format(ret_sentence, "'%s' ", log_quote(raw, shown, sizeof(shown)));
    value = value_of(&(struct cell){raw, strlen(raw)});
    explain_field(finding, rules, value, columns->fee_unit, ret_sentence);
    explain_looks(finding->rule, value, ret_sentence);
}

const struct finding *findings_explain(const struct findings *findings, const struct rules *rules,
                                       const struct columns *columns, const struct record *record,
                                       struct buffer *ret_sentences)
{
    const struct finding *first = NULL;

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];

        if (finding->severity != SEVERITY_ERROR)
            continue;
        if (first)
            buffer_text(ret_sentences, "; ");
        else
            first = finding;
        finding_explain(finding, rules, columns, record, ret_sentences);
    }
    return first;
}

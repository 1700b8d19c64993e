/* The words for findings: what is wrong with a cell, and what to do. */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/words/language.h"
#include "explanation_order_no.h"
#include "explanation_row.h"
#include "input/claim/claim.h"
#include "input/claim/findings.h"
#include "input/reader/cell_name.h"
#include "input/value/filler.h"
#include "input/value/order_no.h"
#include "input/value/text.h"
#include "input/value/value.h"

/* What stands behind the field and its value; rules that need more have a function below. */
static const char *const sentences[RULE_COUNT] = {
    [RULE_BAD_NUMBER] = N_("is not a plain whole number: write digits only, without sign, point, "
                           "comma, quote or blank"),
    [RULE_NUMBER_RANGE] = N_("is negative or larger than 9223372036854775807: correct it"),
    [RULE_BAD_STATUS] = N_("is no status: write 0 (not settled), 1 (claim succeeded) or 2 (claim "
                           "failed), or say what the word means, with --status WORD=N or in "
                           "[statuses]"),
    [RULE_BAD_TIME] =
        N_("is no real date and time: write it as 2022-12-31 23:59:59, in Beijing time"),
    [RULE_PAST_TIME] = N_("is too long ago, it may stand for no date at all: correct it; if claims "
                          "are that old, say --oldest-time DATE"),
    [RULE_SUCCESS_WITHOUT_FEE] =
        N_("is zero although the claim succeeded (status 1): correct the fee "
           "or the status"),
    [RULE_REFUSED_WITH_FEE] =
        N_("is not zero although the claim failed (status 2): correct the fee "
           "or the status"),
    [RULE_UNSETTLED_WITH_FEE] =
        N_("is not zero although the claim is not settled (status 0): check "
           "the fee and the status"),
    [RULE_REASON_WITHOUT_REFUSAL] =
        N_("gives a reason although the claim did not fail (status is not "
           "2): check the status"),
    [RULE_COUNT_NOT_ONE] = N_("is not 1, the usual number of claim forms: check it"),
    [RULE_FUTURE_TIME] = N_("is more than 10 minutes ahead of now: correct the time, or this "
                            "machine's clock"),
    [RULE_DATE_ONLY] = N_("has no time of day; midnight, Beijing time, is taken"),
    [RULE_SHIFTED_CELLS] =
        N_("stands before two or three digits in the next cell: a comma without quotes "
           "may have split the amount; export amounts with a decimal point and without "
           "grouping, or in quotes"),
    [RULE_CLAMPED_ID] = N_("is no number but a limit at which some program stops counting: look "
                           "the number up in the system it came from"),
    [RULE_BACKSLASH_ESCAPE] =
        N_("has a backslash as MySQL and Hive write it, which is sent as it is: "
           "export without escapes, or check the text"),
    [RULE_CHANGED_SINCE_ACCEPTED] =
        N_("is another one than was accepted before: see that the change "
           "is meant"),
    [RULE_PRIVATE_USE_CHARACTER] = N_("has a private character, which others cannot read: type the "
                                      "text anew"),
};

static const char *empty_sentence(enum field field, struct value value)
{
    if (field == FIELD_CLAIM_COUNT && !value.len)
        return _("is empty: write how many claim forms there are; without this column 1 is taken");
    return value.len ? _("stands for an empty cell: fill it in; if it is a value, say --null none")
                     : _("is empty: fill it in");
}

static const char *reason_sentence(const struct rules *rules, struct value value)
{
    if (value.len && !vocabulary_is_null(&rules->vocabulary, value))
        return _("says nothing although the claim failed (status 2): write why it was refused; if "
                 "this is why, say --rule refused-without-reason=warn");
    return value.len ? _("stands for an empty cell although the claim failed (status 2): write why "
                         "it was refused")
                     : _("is empty although the claim failed (status 2): write why it was refused");
}

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

/* Of a column in fen: whether the amount would be exact in yuan, and has to be. */
static bool looks_like_yuan(struct value value)
{
    int64_t fen = 0;

    return memchr(value.ptr, '.', value.len) &&
           value_parse_fee(value, FEE_UNIT_YUAN, &fen) == RULE_NONE && fen % 100 != 0;
}

static const char *fee_sentence(struct value value, enum fee_unit unit)
{
    bool has_comma = memchr(value.ptr, ',', value.len),
         has_point = memchr(value.ptr, '.', value.len);
    int64_t fen = 0;

    if (unit == FEE_UNIT_FEN && (has_point || !has_comma) &&
        value_parse_fee(value, unit, &fen) == RULE_NONE)
        return has_point
                   ? _("may be in yuan, and not in fen: it has a point, and not all amounts of "
                       "this column are written like that; if all are in yuan, say "
                       "--fee-unit yuan, else write this one as a whole number of fen")
                   : _("may be in yuan, and not in fen: other amounts of this column have "
                       "decimals, which "
                       "fen have not; say --fee-unit yuan, or correct those");
    if (value_is_scientific(value))
        return _("is in scientific notation, its digits may be lost: export it again with this "
                 "column as plain numbers");
    if (unit == FEE_UNIT_FEN && looks_like_yuan(value))
        return _("is not an exact amount in fen: write a whole number such as 1234; if the amounts "
                 "are in yuan, say --fee-unit yuan, or correct a header that says fen");
    if (unit == FEE_UNIT_FEN)
        return _("is not an exact amount in fen: write a whole number such as 1234, without minus, "
                 "currency sign or unit");
    if (has_too_many_decimals(value))
        return _("has more than 2 decimals of yuan: write an exact amount such as 12.34");
    return _("is not an exact amount in yuan: write digits with at most 2 decimals, such as 12.34, "
             "without minus, currency sign or unit; commas only in quotes and every three digits");
}

static const char *number_sentence(enum field field, struct value value)
{
    static const char *const totals[] = {"合计", "总计", "小计", "共计", "汇总", "总额", "计数"};

    for (size_t i = 0; field == FIELD_WORKCARD_ID && i < sizeof(totals) / sizeof(*totals); i++) {
        if (memmem(value.ptr, value.len, totals[i], strlen(totals[i])))
            return _("is a line of totals and no claim: delete this row from the export");
    }
    if (field == FIELD_WORKCARD_ID &&
        (!(text_kinds(value) & TEXT_DIGIT) || text_kinds(value) & TEXT_HAN))
        return _("is not a plain whole number: write digits only, or, if this line is no claim (a "
                 "note, the header once more), delete it");
    return sentences[RULE_BAD_NUMBER];
}

/* Digits and a colon: what a spreadsheet shows of a moment that has fractions of a second. */
static bool has_lost_its_date(struct value value)
{
    size_t digits = value_count_digits(value, 0);

    return digits > 0 && digits < value.len && value.ptr[digits] == ':';
}

static bool has_hour_24(struct value value)
{
    return memmem(value.ptr, value.len, " 24:", 4) || memmem(value.ptr, value.len, "T24:", 4);
}

/* Six digits, or two groups of them: a time of day whose date may be in another column. */
static bool is_time_of_day(struct value value)
{
    struct civil civil = {.year = 2000, .month = 1, .day = 1};

    return value_parse_time_of_day(value, &civil) == RULE_NONE;
}

/* A time with a fraction of a second that is not zero. */
static bool has_fraction(struct value value)
{
    const char *point = memrchr(value.ptr, '.', value.len);
    struct civil civil = {0};
    bool date_only = false;

    return point && point + 1 < value.ptr + value.len &&
           value_parse_time((struct value){value.ptr, (size_t)(point - value.ptr)}, &civil,
                            &date_only) == RULE_NONE &&
           !date_only;
}

static bool is_epoch(struct value value)
{
    return (value.len == 10 || value.len == 13) && *value.ptr == '1' &&
           text_kinds(value) == TEXT_DIGIT;
}

static const char *time_sentence(struct value value)
{
    if (is_time_of_day(value))
        return _("has no date: if that is in a column of its own, say --column "
                 "claim_time=DATE+TIME with the two headers; if a spreadsheet hid it, export it "
                 "again as text, such as 2022-12-31 23:59:59");
    if (has_lost_its_date(value))
        return _("has no date, a spreadsheet may have hidden it: export it again as text, such as "
                 "2022-12-31 23:59:59");
    if (has_hour_24(value))
        return _("has an hour 24, which there is not: midnight is 00:00:00 of the next day");
    if (is_epoch(value))
        return _("counts seconds since 1970 as it seems, which is not taken: export it as "
                 "2022-12-31 23:59:59, in Beijing time");
    if (has_fraction(value))
        return _("has a fraction of a second, and times are sent in whole seconds: export it "
                 "without, as 2022-12-31 23:59:59");
    return sentences[RULE_BAD_TIME];
}

static const char *control_sentence(struct value value)
{
    if (!value_has_control(value) && value_has_replacement(value))
        return _("has a �, which some program wrote in place of a character that it lost: "
                 "export it again as UTF-8, or type the text anew");
    return _("has a control character, or one that cannot be seen: take it out and type the text "
             "anew");
}

static const char *excel_sentence(enum field field, struct value value)
{
    unsigned kinds = text_kinds(value);

    if (field == FIELD_CLAIM_TIME)
        return _("is a number that a spreadsheet made of a date: export it again as text, such as "
                 "2022-12-31 23:59:59");
    if (field == FIELD_CLAIM_ORDER_NO && value.len && order_no_is_moment(value, kinds))
        return _(
            "is a date or time, which a spreadsheet may have made of a claim number: export it "
            "again with this column as text");
    if (value_is_scientific(value))
        return _("is in scientific notation and digits of it are lost: export it again with this "
                 "column as text; it cannot be restored from here");
    if (field == FIELD_CLAIM_ORDER_NO && kinds & TEXT_SEPARATOR)
        return _("is grouped by commas, as a spreadsheet shows a number: export it again with this "
                 "column as text");
    if (kinds & TEXT_MARK)
        return _(
            "ends in a decimal point and zeros, as a data frame writes whole numbers: export it "
            "again with this column as text");
    return _("looks unlike the other numbers of this column: a spreadsheet may have changed it; "
             "export it again with this column as text");
}

static const char *rounded_sentence(enum severity severity)
{
    if (severity == SEVERITY_ERROR)
        return _(
            "ends in zeros where a spreadsheet rounds, and more numbers of this column do than "
            "chance explains: export it again with this column as text; if the numbers of "
            "this office end so, write excel-rounded-id = warn under [rules] in the "
            "configuration");
    return _(
        "has more than 15 digits and ends in zeros: a spreadsheet may have rounded it; compare "
        "it with the system it came from");
}

static const char *lost_sentence(struct value value)
{
    switch (mojibake_find(value, text_kinds(value))) {
    case MOJIBAKE_UTF8_AS_GBK:
        return _("is text in UTF-8 that some program read as GBK: export it again as UTF-8");
    case MOJIBAKE_GBK_AS_UTF8:
    case MOJIBAKE_AS_LATIN:
        return _("is Chinese text that some program read in a wrong encoding: export it again as "
                 "UTF-8");
    case MOJIBAKE_NONE:
        break;
    }
    return _("is what a program wrote in place of characters that it lost: export it again as "
             "UTF-8, or type the text anew");
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

/* ---- cells ---- */

/* Of rules whose sentence depends on the value; NULL: it does not. */
static const char *sentence_on(const struct finding *finding, const struct rules *rules,
                               struct value value, enum fee_unit unit)
{
    switch (finding->rule) {
    case RULE_MISSING_FIELD:
        return empty_sentence(finding->field, value);
    case RULE_REFUSED_WITHOUT_REASON:
        return reason_sentence(rules, value);
    case RULE_REASON_WITHOUT_REFUSAL:
        return filler_is_text(value, text_kinds(value))
                   ? _("is sent as a reason although it says nothing: if it stands for an empty "
                       "cell, name "
                       "it with --null")
                   : NULL;
    case RULE_BAD_NUMBER:
        return number_sentence(finding->field, value);
    case RULE_BAD_FEE:
        return fee_sentence(value, unit);
    case RULE_BAD_TIME:
        return time_sentence(value);
    case RULE_EXCEL_NUMBER:
        return excel_sentence(finding->field, value);
    case RULE_EXCEL_ROUNDED_ID:
        return rounded_sentence(finding->severity);
    case RULE_DAMAGED_ORDER_NO:
        return explanation_order_no(value);
    case RULE_LOST_TEXT:
        return lost_sentence(value);
    case RULE_CONTROL_CHARACTER:
        return control_sentence(value);
    default:
        return NULL;
    }
}

static void explain_field(const struct finding *finding, const struct rules *rules,
                          struct value value, enum fee_unit unit, struct buffer *ret_sentence)
{
    enum rule rule = finding->rule;
    const char *sentence = sentence_on(finding, rules, value, unit);

    if ((is_about_form(rule) || rule == RULE_EXCEL_NUMBER) && value_is_spreadsheet_error(value))
        language_append(ret_sentence,
                        "is what a program shows when it has no value, or no room for "
                        "it: correct it there, then export it again");
    else if (sentence)
        buffer_text(ret_sentence, _(sentence));
    else if (rule == RULE_TEXT_TOO_LONG)
        language_format(ret_sentence, "is longer than %zu characters: shorten it",
                        limit_of(finding->field));
    else if (rule == RULE_MAX_FEE)
        language_format(ret_sentence,
                        _("is more than --max-fee %" PRId64 " fen: check the amount, or raise the "
                          "limit"),
                        rules->max_fee);
    else
        buffer_text(ret_sentence,
                    sentences[rule] ? _(sentences[rule]) : _("breaks a rule: correct it"));
}

/* What the eye does not see of a value that looks right. */
static void explain_looks(enum rule rule, struct value value, struct buffer *ret_sentence)
{
    if (rule != RULE_CONTROL_CHARACTER && value_has_invisible(value))
        language_append(ret_sentence,
                        "; the \\u{…} in it stands for a character that cannot be seen: "
                        "delete it");
    if (is_about_form(rule) && value_imitates_ascii(value))
        language_append(ret_sentence,
                        "; it has full-width characters, or blanks or dashes of another "
                        "kind: type it anew in half width");
    if (rule == RULE_BAD_NUMBER && value.len && (*value.ptr == '\'' || *value.ptr == '`'))
        language_append(ret_sentence, "; the apostrophe before it was put there by a tool");
}

/* Where the file's own headers say more than a sentence can: whether they did. */
static bool explain_column(const struct finding *finding, const struct columns *columns,
                           struct value value, struct buffer *ret_sentence)
{
    const char *similar = columns->similar[finding->field % FIELD_COUNT];

    if (finding->rule == RULE_REFUSED_WITHOUT_REASON &&
        columns->index[FIELD_CLAIM_DESC] == COLUMN_ABSENT) {
        language_append(ret_sentence, "has no column here although the claim failed (status 2): ");
        if (*similar)
            language_format(ret_sentence,
                            "if '%s' says why it was refused, say --column "
                            "'claim_desc=%s'",
                            similar, similar);
        else
            language_append(ret_sentence,
                            "name the one that says why it was refused, with --column "
                            "claim_desc=HEADER, or export it too");
        return true;
    }
    if (finding->rule != RULE_BAD_TIME || !*similar || columns->time_of_day ||
        !is_time_of_day(value))
        return false;
    language_format(ret_sentence, "has no date: if '%s' has it, say --column 'claim_time=%s+%s'",
                    similar, similar, column_header(columns, FIELD_CLAIM_TIME));
    return true;
}

void explanation_of_finding(const struct finding *finding, const struct rules *rules,
                            const struct columns *columns, const struct record *record,
                            struct buffer *ret_sentence)
{
    const char *raw = NULL;
    struct value value = {0};

    if (finding->rule == RULE_CHANGED_KEY) {
        explanation_row_changed_key(finding, columns, record, ret_sentence);
        return;
    }
    if (finding->field == FIELD_NONE) {
        explanation_row_explain(finding->rule, rules, columns, record, ret_sentence);
        return;
    }
    raw = claim_raw(columns, record, finding->field);
    buffer_format(ret_sentence, "%s ", column_header(columns, finding->field));
    if (*raw)
        buffer_format(ret_sentence, "'%s' ", LOG_QUOTED_WITHIN(raw, EXPLANATION_VALUE_BYTES));
    value = value_of_field(&(struct cell){raw, strlen(raw)}, finding->field);
    if (!explain_column(finding, columns, value, ret_sentence))
        explain_field(finding, rules, value, columns->fee_unit, ret_sentence);
    explain_looks(finding->rule, value, ret_sentence);
}

const struct finding *explanation_of_findings(const struct findings *findings,
                                              const struct rules *rules,
                                              const struct columns *columns,
                                              const struct record *record,
                                              struct buffer *ret_sentences)
{
    const struct finding *first = NULL;
    char cell[CELL_NAME_BYTES];

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];

        if (finding->severity != SEVERITY_ERROR)
            continue;
        if (first)
            language_append(ret_sentences, "; ");
        else
            first = finding;
        explanation_of_finding(finding, rules, columns, record, ret_sentences);
        if (finding->field != FIELD_NONE)
            buffer_format(ret_sentences, " (%s)",
                          cell_name(record, columns->index[finding->field], cell));
    }
    return first;
}

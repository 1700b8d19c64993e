#include "input/claim/rules.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/words/language.h"
#include "input/value/value.h"

static const struct {
    const char *name, *code;
    enum severity severity;
    bool fixed;
} table[RULE_COUNT] = {
    [RULE_MISSING_FIELD] = {"missing-field", "MISSING_FIELD", SEVERITY_ERROR, true},
    [RULE_BAD_NUMBER] = {"bad-number", "BAD_NUMBER", SEVERITY_ERROR, true},
    [RULE_NUMBER_RANGE] = {"number-range", "NUMBER_RANGE", SEVERITY_ERROR, true},
    [RULE_BAD_STATUS] = {"bad-status", "BAD_STATUS", SEVERITY_ERROR, true},
    [RULE_BAD_TIME] = {"bad-time", "BAD_TIME", SEVERITY_ERROR, true},
    [RULE_BAD_FEE] = {"bad-fee", "BAD_FEE", SEVERITY_ERROR, true},
    [RULE_PAST_TIME] = {"past-time", "PAST_TIME", SEVERITY_ERROR, false},
    [RULE_SUCCESS_WITHOUT_FEE] = {"success-without-fee", "SUCCESS_WITHOUT_FEE", SEVERITY_ERROR,
                                  false},
    [RULE_REFUSED_WITH_FEE] = {"refused-with-fee", "REFUSED_WITH_FEE", SEVERITY_ERROR, false},
    [RULE_REFUSED_WITHOUT_REASON] = {"refused-without-reason", "REFUSED_WITHOUT_REASON",
                                     SEVERITY_ERROR, false},
    [RULE_UNSETTLED_WITH_FEE] = {"unsettled-with-fee", "UNSETTLED_WITH_FEE", SEVERITY_WARN, false},
    [RULE_REASON_WITHOUT_REFUSAL] = {"reason-without-refusal", "REASON_WITHOUT_REFUSAL",
                                     SEVERITY_WARN, false},
    [RULE_COUNT_NOT_ONE] = {"count-not-one", "COUNT_NOT_ONE", SEVERITY_WARN, false},
    [RULE_FUTURE_TIME] = {"future-time", "FUTURE_TIME", SEVERITY_ERROR, false},
    [RULE_DATE_ONLY] = {"date-only", "DATE_ONLY", SEVERITY_WARN, false},
    [RULE_EXCEL_NUMBER] = {"excel-number", "EXCEL_NUMBER", SEVERITY_ERROR, false},
    [RULE_EXCEL_ROUNDED_ID] = {"excel-rounded-id", "EXCEL_ROUNDED_ID", SEVERITY_ERROR, false},
    [RULE_DAMAGED_ORDER_NO] = {"damaged-order-no", "DAMAGED_ORDER_NO", SEVERITY_ERROR, false},
    [RULE_LOST_TEXT] = {"lost-text", "LOST_TEXT", SEVERITY_ERROR, false},
    [RULE_BACKSLASH_ESCAPE] = {"backslash-escape", "BACKSLASH_ESCAPE", SEVERITY_WARN, false},
    [RULE_CUT_ROW] = {"cut-row", "CUT_ROW", SEVERITY_ERROR, false},
    [RULE_SHIFTED_CELLS] = {"shifted-cells", "SHIFTED_CELLS", SEVERITY_ERROR, false},
    [RULE_CLAMPED_ID] = {"clamped-id", "CLAMPED_ID", SEVERITY_ERROR, false},
    [RULE_PRIVATE_USE_CHARACTER] = {"private-use-character", "PRIVATE_USE_CHARACTER",
                                    SEVERITY_ERROR, false},
    [RULE_CONTROL_CHARACTER] = {"control-character", "CONTROL_CHARACTER", SEVERITY_ERROR, false},
    [RULE_TEXT_TOO_LONG] = {"text-too-long", "TEXT_TOO_LONG", SEVERITY_ERROR, false},
    [RULE_COLUMN_COUNT] = {"column-count", "COLUMN_COUNT", SEVERITY_ERROR, true},
    [RULE_MISSING_FINAL_NEWLINE] = {"missing-final-newline", "MISSING_FINAL_NEWLINE",
                                    SEVERITY_ERROR, false},
    [RULE_CHANGED_SINCE_ACCEPTED] = {"changed-since-accepted", "CHANGED_SINCE_ACCEPTED",
                                     SEVERITY_WARN, false},
    [RULE_MAX_FEE] = {"max-fee", "MAX_FEE", SEVERITY_ERROR, true},
    [RULE_CHANGED_KEY] = {"changed-key", "CHANGED_KEY", SEVERITY_ERROR, true},
};

static const char *const severity_names[] = {
    [SEVERITY_OFF] = "off", [SEVERITY_WARN] = "warn", [SEVERITY_ERROR] = "error"};

const char *rule_severity_name(enum severity severity)
{
    return severity_names[severity];
}

void rules_init(struct rules *ret_rules)
{
    *ret_rules = (struct rules){.max_fee = -1};
    rules_parse_date(RULES_OLDEST_TIME, &ret_rules->oldest_s);
    vocabulary_init(&ret_rules->vocabulary);
    for (size_t i = 0; i < RULE_COUNT; i++)
        ret_rules->severity[i] = table[i].severity;
}

bool rules_parse_date(const char *text, int64_t *ret_seconds)
{
    struct civil civil = {0};
    bool date_only = false;

    if (value_parse_time((struct value){text, strlen(text)}, &civil, &date_only) != RULE_NONE ||
        !date_only || strlen(text) != strlen(RULES_OLDEST_TIME))
        return false;
    *ret_seconds = clock_civil_seconds(&civil);
    return true;
}

const char *rule_name(enum rule rule)
{
    return table[rule].name;
}

const char *rule_code(enum rule rule)
{
    return table[rule].code;
}

bool rule_is_of_run(enum rule rule)
{
    return rule == RULE_CHANGED_SINCE_ACCEPTED;
}

bool rule_is_fixed(enum rule rule)
{
    return table[rule].fixed;
}

static bool find_rule(const char *name, size_t len, enum rule *ret_rule)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0) {
            *ret_rule = (enum rule)i;
            return true;
        }
    }
    return false;
}

bool rule_severity_parse(const char *name, enum severity *ret_severity)
{
    for (size_t i = 0; i < sizeof(severity_names) / sizeof(*severity_names); i++) {
        if (strcmp(severity_names[i], name) == 0) {
            *ret_severity = (enum severity)i;
            return true;
        }
    }
    return false;
}

bool rules_parse(struct rules *rules, const char *text, const char **ret_why)
{
    const char *equals = strchr(text, '=');
    enum severity severity = SEVERITY_OFF;
    enum rule rule = RULE_NONE;

    if (!equals || !rule_severity_parse(equals + 1, &severity))
        *ret_why = _("write NAME=error, NAME=warn or NAME=off");
    else if (!find_rule(text, (size_t)(equals - text), &rule))
        *ret_why = _("there is no rule of this name");
    else if (rule == RULE_MAX_FEE)
        *ret_why = _("max-fee is set by --max-fee FEN");
    else if (rule_is_fixed(rule))
        *ret_why = _("this rule is always an error: without it the row has no meaning");
    else
        *ret_why = NULL;
    if (*ret_why)
        return false;
    rules->severity[rule] = severity;
    return true;
}

/* Unit tests of input/claim/rules: their defaults, and what they may be set to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "input/claim/rules.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void rules_have_the_defaults_of_the_contract(void **state)
{
    static const struct {
        const char *name, *code;
        enum severity severity;
        bool fixed;
    } cases[RULE_COUNT] = {
        {"missing-field", "MISSING_FIELD", SEVERITY_ERROR, true},
        {"bad-number", "BAD_NUMBER", SEVERITY_ERROR, true},
        {"number-range", "NUMBER_RANGE", SEVERITY_ERROR, true},
        {"bad-status", "BAD_STATUS", SEVERITY_ERROR, true},
        {"bad-time", "BAD_TIME", SEVERITY_ERROR, true},
        {"past-time", "PAST_TIME", SEVERITY_ERROR, false},
        {"bad-fee", "BAD_FEE", SEVERITY_ERROR, true},
        {"success-without-fee", "SUCCESS_WITHOUT_FEE", SEVERITY_ERROR, false},
        {"refused-with-fee", "REFUSED_WITH_FEE", SEVERITY_ERROR, false},
        {"refused-without-reason", "REFUSED_WITHOUT_REASON", SEVERITY_ERROR, false},
        {"unsettled-with-fee", "UNSETTLED_WITH_FEE", SEVERITY_WARN, false},
        {"reason-without-refusal", "REASON_WITHOUT_REFUSAL", SEVERITY_WARN, false},
        {"count-not-one", "COUNT_NOT_ONE", SEVERITY_WARN, false},
        {"future-time", "FUTURE_TIME", SEVERITY_ERROR, false},
        {"date-only", "DATE_ONLY", SEVERITY_WARN, false},
        {"excel-number", "EXCEL_NUMBER", SEVERITY_ERROR, false},
        {"excel-rounded-id", "EXCEL_ROUNDED_ID", SEVERITY_ERROR, false},
        {"damaged-order-no", "DAMAGED_ORDER_NO", SEVERITY_ERROR, false},
        {"lost-text", "LOST_TEXT", SEVERITY_ERROR, false},
        {"backslash-escape", "BACKSLASH_ESCAPE", SEVERITY_WARN, false},
        {"cut-row", "CUT_ROW", SEVERITY_ERROR, false},
        {"shifted-cells", "SHIFTED_CELLS", SEVERITY_ERROR, false},
        {"clamped-id", "CLAMPED_ID", SEVERITY_ERROR, false},
        {"private-use-character", "PRIVATE_USE_CHARACTER", SEVERITY_ERROR, false},
        {"control-character", "CONTROL_CHARACTER", SEVERITY_ERROR, false},
        {"text-too-long", "TEXT_TOO_LONG", SEVERITY_ERROR, false},
        {"column-count", "COLUMN_COUNT", SEVERITY_ERROR, true},
        {"missing-final-newline", "MISSING_FINAL_NEWLINE", SEVERITY_ERROR, false},
        {"changed-since-accepted", "CHANGED_SINCE_ACCEPTED", SEVERITY_WARN, false},
        {"max-fee", "MAX_FEE", SEVERITY_ERROR, true},
        {"changed-key", "CHANGED_KEY", SEVERITY_ERROR, true},
    };
    struct rules rules = {0};

    (void)state;
    rules_init(&rules);
    assert_int_equal(rules.max_fee, -1);
    for (size_t i = 0; i < RULE_COUNT; i++) {
        assert_string_equal(rule_name((enum rule)i), cases[i].name);
        assert_string_equal(rule_code((enum rule)i), cases[i].code);
        assert_int_equal(rules.severity[i], cases[i].severity);
        assert_int_equal(rule_is_fixed((enum rule)i), cases[i].fixed);
    }
}

static void rules_take_a_severity(void **state)
{
    struct rules rules = {0};
    const char *why = "";

    (void)state;
    rules_init(&rules);
    assert_true(rules_parse(&rules, "date-only=error", &why));
    assert_int_equal(rules.severity[RULE_DATE_ONLY], SEVERITY_ERROR);
    assert_true(rules_parse(&rules, "missing-final-newline=warn", &why));
    assert_int_equal(rules.severity[RULE_MISSING_FINAL_NEWLINE], SEVERITY_WARN);
    assert_true(rules_parse(&rules, "date-only=off", &why));
    assert_int_equal(rules.severity[RULE_DATE_ONLY], SEVERITY_OFF);
}

static void rules_refuse_what_they_do_not_know(void **state)
{
    static const char *const cases[][2] = {
        {"date-only", "NAME=error"},       {"date-only=", "NAME=error"},
        {"date-only=maybe", "NAME=error"}, {"date-only=ERROR", "NAME=error"},
        {"=warn", "no rule of this name"}, {"dateonly=warn", "no rule of this name"},
        {"bad-fee=warn", "always"},        {"column-count=off", "always"},
        {"missing-field=error", "always"}, {"max-fee=off", "--max-fee"},
    };
    struct rules rules = {0}, untouched = {0};

    (void)state;
    rules_init(&rules);
    rules_init(&untouched);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *why = NULL;

        assert_false(rules_parse(&rules, cases[i][0], &why));
        assert_non_null(strstr(why, cases[i][1]));
    }
    assert_memory_equal(&rules, &untouched, sizeof(rules));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_have_the_defaults_of_the_contract),
        cmocka_unit_test(rules_take_a_severity),
        cmocka_unit_test(rules_refuse_what_they_do_not_know),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of input/claim/claim: what a row says, and which rules it breaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void assert_codes(const struct judged *judged, enum severity severity, const char *expected)
{
    struct buffer codes = {0};

    findings_codes(&judged->findings, severity, &codes);
    assert_string_equal(buffer_string(&codes), expected);
    buffer_release(&codes);
}

/* Judges one row and compares the codes of its errors and its warnings. */
static void assert_judged(const struct rules *rules, const struct columns *columns,
                          const char *cells, const char *errors, const char *warnings)
{
    struct judged judged = {0};

    judge(&judged, rules, columns, cells);
    assert_codes(&judged, SEVERITY_ERROR, errors);
    assert_codes(&judged, SEVERITY_WARN, warnings);
    assert_int_equal(findings_invalid(&judged.findings), *errors != '\0');
    claim_store_release(&judged.store);
}

static void claim_holds_the_seven_values(void **state)
{
    struct judged judged = {0};

    (void)state;
    judge(&judged, NULL, &yuan,
          " 12345 |\u3000资料不全\n第二行 |1|=\"00123\"|理赔失败|2022/12/1 9:08|0.00");
    assert_int_equal(judged.findings.count, 0);
    assert_int_equal(judged.claim.workcard_id, 12345);
    assert_string_equal(judged.claim.claim_desc, "资料不全\n第二行");
    assert_int_equal(judged.claim.claim_count, 1);
    assert_string_equal(judged.claim.claim_order_no, "00123");
    assert_int_equal(judged.claim.claim_status, 2);
    assert_string_equal(judged.claim.claim_time, "2022-12-01 09:08:00");
    assert_int_equal(judged.claim.claim_fee, 0);
    assert_string_equal(claim_raw(&yuan, &judged.record, FIELD_WORKCARD_ID), " 12345 ");

    judge(&judged, NULL, &narrow, "1000|2022-12-12T00:00:00Z|1|A-1|9223372036854775806");
    assert_int_equal(judged.findings.count, 0);
    assert_int_equal(judged.claim.workcard_id, INT64_MAX - 1);
    assert_string_equal(judged.claim.claim_desc, "");
    assert_int_equal(judged.claim.claim_count, 1);
    assert_string_equal(judged.claim.claim_order_no, "A-1");
    assert_int_equal(judged.claim.claim_status, 1);
    assert_string_equal(judged.claim.claim_time, "2022-12-12 08:00:00");
    assert_int_equal(judged.claim.claim_fee, 1000);
    assert_string_equal(claim_raw(&narrow, &judged.record, FIELD_CLAIM_DESC), "");
    claim_store_release(&judged.store);
}

/* Else one claim would go out under two keys that look the same. */
static void claim_number_has_no_white_space_around_it(void **state)
{
    static const char *const around[] = {"A 1\n",          "\nA 1",         "A 1\r",
                                         "A 1\r\n",        "\t\r\n A 1 \n", "A 1 \n ",
                                         "\n=\"A 1\n\"\r", "A 1\n\u3000\n"};

    (void)state;
    for (size_t i = 0; i < COUNT(around); i++) {
        struct judged judged = {0};
        char cells[128];

        snprintf(cells, sizeof(cells), "1||1|%s|1|2022-12-12 07:00:00|5", around[i]);
        judge(&judged, NULL, &fen, cells);
        assert_int_equal(judged.findings.count, 0);
        assert_string_equal(judged.claim.claim_order_no, "A 1");
        claim_store_release(&judged.store);
    }
}

/* Every rule: what breaks it, what just does not. */
static void claim_obeys_every_rule(void **state)
{
    static const struct {
        const char *cells, *errors, *warnings;
    } cases[] = {
        {"1||1|A|1|2022-12-12 07:00:00|5", "", ""},
        {"7||1|A|0|2022-12-12 07:00:00|0", "", ""},
        {"0||1|A|0|2022-12-12 07:00:00|0", "CLAMPED_ID", ""},
        {"1|why|1|A|2|2022-12-12 07:00:00|0", "", ""},
        /* missing-field */
        {"||1|A|1|2022-12-12 07:00:00|5", "MISSING_FIELD", ""},
        {"1||\u3000|A|1|2022-12-12 07:00:00|5", "MISSING_FIELD", ""},
        {"1||1|=\"\"|1|2022-12-12 07:00:00|5", "MISSING_FIELD", ""},
        {"1||1|A| |2022-12-12 07:00:00|5", "MISSING_FIELD", ""},
        {"1||1|A|1|\t|5", "MISSING_FIELD", ""},
        {"1||1|A|1|2022-12-12 07:00:00|", "MISSING_FIELD", ""},
        {"||||||", "MISSING_FIELD", ""},
        /* bad-number, number-range */
        {"1.0||1|A|1|2022-12-12 07:00:00|5", "EXCEL_NUMBER", ""},
        {"1||1.0|A|1|2022-12-12 07:00:00|5", "", ""},
        {"+1||1|A|1|2022-12-12 07:00:00|5", "BAD_NUMBER", ""},
        {"1,000||1|A|1|2022-12-12 07:00:00|5", "BAD_NUMBER", ""},
        {"x||y|A|1|2022-12-12 07:00:00|5", "BAD_NUMBER", ""},
        {"-1||1|A|1|2022-12-12 07:00:00|5", "NUMBER_RANGE", ""},
        {"9223372036854775808||1|A|1|2022-12-12 07:00:00|5", "NUMBER_RANGE", ""},
        {"1||-1|A|1|2022-12-12 07:00:00|5", "NUMBER_RANGE", ""},
        {"1||1|A|1|2022-12-12 07:00:00|9223372036854775808", "NUMBER_RANGE", ""},
        /* bad-status: no rule that needs the status follows from it */
        {"1||1|A|3|2022-12-12 07:00:00|0", "BAD_STATUS", ""},
        {"1|why|1|A|成功|2022-12-12 07:00:00|0", "BAD_STATUS", ""},
        /* bad-time, bad-fee */
        {"1||1|A|1|2022-02-30 07:00:00|5", "BAD_TIME", ""},
        {"1||1|A|1|20221212|5", "", "DATE_ONLY"},
        {"1||1|A|1|2022-12-12 07:00:00|1.00", "", ""},
        {"1||1|A|1|2022-12-12 07:00:00|1.01", "BAD_FEE", ""},
        {"1||1|A|1|2022-12-12 07:00:00|1E+15", "BAD_FEE", ""},
        {"1|why|1|A|2|2022-12-12 07:00:00|-1", "BAD_FEE", ""},
        {"1||1|A1\nB|1|2022-12-12 07:00:00|5", "DAMAGED_ORDER_NO", ""},
        {"1||1|A1\tB|1|2022-12-12 07:00:00|5", "DAMAGED_ORDER_NO", ""},
        {"1||1|\n \r\n|1|2022-12-12 07:00:00|5", "MISSING_FIELD", ""},
        /* status and fee */
        {"1||1|A|1|2022-12-12 07:00:00|0", "SUCCESS_WITHOUT_FEE", ""},
        {"1|why|1|A|2|2022-12-12 07:00:00|5", "REFUSED_WITH_FEE", ""},
        {"1||1|A|0|2022-12-12 07:00:00|5", "", "UNSETTLED_WITH_FEE"},
        /* status and reason */
        {"1||1|A|2|2022-12-12 07:00:00|0", "REFUSED_WITHOUT_REASON", ""},
        {"1| \u3000|1|A|2|2022-12-12 07:00:00|0", "REFUSED_WITHOUT_REASON", ""},
        {"1||1|A|2|2022-12-12 07:00:00|5", "REFUSED_WITHOUT_REASON;REFUSED_WITH_FEE", ""},
        {"1|why|1|A|1|2022-12-12 07:00:00|5", "", "REASON_WITHOUT_REFUSAL"},
        {"1|why|1|A|0|2022-12-12 07:00:00|0", "", "REASON_WITHOUT_REFUSAL"},
        /* count-not-one */
        {"1||2|A|1|2022-12-12 07:00:00|5", "", "COUNT_NOT_ONE"},
        {"1||0|A|1|2022-12-12 07:00:00|5", "", "COUNT_NOT_ONE"},
        /* future-time: ten minutes are fine */
        {"1||1|A|1|2022-12-12 08:10:00|5", "", ""},
        {"1||1|A|1|2022-12-12 08:10:01|5", "FUTURE_TIME", ""},
        {"1||1|A|1|2022-12-12T00:10:00Z|5", "", ""},
        {"1||1|A|1|2022-12-12T00:10:01Z|5", "FUTURE_TIME", ""},
        {"1||1|A|1|2022-12-13|5", "FUTURE_TIME", "DATE_ONLY"},
        /* date-only */
        {"1||1|A|1|2022-12-12|5", "", "DATE_ONLY"},
        /* excel-number; a fee of that form is a bad fee, above */
        {"1.23E+11||1|A|1|2022-12-12 07:00:00|5", "EXCEL_NUMBER", ""},
        {"1E5||1|A|1|2022-12-12 07:00:00|5", "EXCEL_NUMBER", ""},
        {"1||1E+00|A|1|2022-12-12 07:00:00|5", "EXCEL_NUMBER", ""},
        {"1||1|1.23457E+15|1|2022-12-12 07:00:00|5", "EXCEL_NUMBER", ""},
        {"1||1|1E5|1|2022-12-12 07:00:00|5", "", ""},
        {"1||1|A|1|44907|5", "EXCEL_NUMBER", ""},
        {"1||1|A|1|44907.5|5", "EXCEL_NUMBER", ""},
        {"1||1|A|1|2.02212E+13|5", "EXCEL_NUMBER", ""},
        {"1||1|#N/A|1|2022-12-12 07:00:00|5", "EXCEL_NUMBER", ""},
        {"1|#NAME?|1|A|2|2022-12-12 07:00:00|0", "EXCEL_NUMBER", ""},
        {"1|see #N/A|1|#1|2|2022-12-12 07:00:00|0", "", ""},
        /* excel-rounded-id */
        {"1234567890123000||1|A|1|2022-12-12 07:00:00|5", "", "EXCEL_ROUNDED_ID"},
        {"123456789012000||1|A|1|2022-12-12 07:00:00|5", "", ""},
        {"1||1|1234567890123000|1|2022-12-12 07:00:00|5", "", "EXCEL_ROUNDED_ID"},
        {"1||1|A234567890123000|1|2022-12-12 07:00:00|5", "", ""},
        {"1234567890123000||1|1234567890123000|1|2022-12-12 07:00:00|5", "", "EXCEL_ROUNDED_ID"},
        {"12345678901234567890000||1|A|1|2022-12-12 07:00:00|5", "NUMBER_RANGE", ""},
        /* control-character */
        {"1|a\x01|1|A|2|2022-12-12 07:00:00|0", "CONTROL_CHARACTER", ""},
        {"1|a\tb\r\nc|1|A|2|2022-12-12 07:00:00|0", "", ""},
        {"1||1|A\x7f|1|2022-12-12 07:00:00|5", "CONTROL_CHARACTER", ""},
        {"1|\xc2\x85|1|A\x1f|2|2022-12-12 07:00:00|0", "CONTROL_CHARACTER", ""},
        {"1||1|A\u200e|1|2022-12-12 07:00:00|5", "CONTROL_CHARACTER", ""},
        {"1|\U0001f469\u200d\U0001f527|1|A|2|2022-12-12 07:00:00|0", "", ""},
        /* column-count says all; the cells may have moved */
        {"1||1|A|1|2022-12-12 07:00:00", "COLUMN_COUNT", ""},
        {"1||1|A|1|2022-12-12 07:00:00|5|", "", ""},
        {"1||1|A|1|2022-12-12 07:00:00|5||\u3000", "", ""},
        {"1||1|A|1|2022-12-12 07:00:00|5|x", "COLUMN_COUNT", ""},
        {"x", "COLUMN_COUNT", ""},
        /* Several fields at once, in the order of the fields. */
        {"x|why\x01|2|1E+15|9|44907|1.5",
         "BAD_NUMBER;CONTROL_CHARACTER;EXCEL_NUMBER;BAD_STATUS;BAD_FEE", "COUNT_NOT_ONE"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct judged judged = {0};
        struct buffer errors = {0}, warnings = {0};

        judge(&judged, NULL, &fen, cases[i].cells);
        findings_codes(&judged.findings, SEVERITY_ERROR, &errors);
        findings_codes(&judged.findings, SEVERITY_WARN, &warnings);
        if (strcmp(buffer_string(&errors), cases[i].errors) != 0 ||
            strcmp(buffer_string(&warnings), cases[i].warnings) != 0)
            fail_msg("'%s': '%s', '%s'", cases[i].cells, buffer_string(&errors),
                     buffer_string(&warnings));
        assert_int_equal(findings_invalid(&judged.findings), *cases[i].errors != '\0');
        buffer_release(&errors);
        buffer_release(&warnings);
        claim_store_release(&judged.store);
    }
}

#define SWALLOWED "2,,1,B,1,2022-12-12 07:00:00,5"

static void claim_with_rows_in_a_cell_is_cut(void **state)
{
    static const struct columns described_last = {
        .index = {0, 6, 1, 2, 3, 4, 5}, .count = 7, .fee_unit = FEE_UNIT_FEN};
    static const struct columns remarked = {
        .index = {0, 1, 2, 3, 4, 5, 6}, .count = 8, .named = 8, .fee_unit = FEE_UNIT_FEN};
    static const struct columns by_tabs = {
        .index = {0, 1, 2, 3, 4, 5, 6}, .count = 7, .fee_unit = FEE_UNIT_FEN, .delimiter = '\t'};
    static const struct {
        const struct columns *columns;
        const char *cells, *errors;
    } cases[] = {
        {&described_last, "1|1|A|2|2022-12-12 07:00:00|0|x\n2,1,B,1,2022-12-12 07:00:00,5,y",
         "CUT_ROW"},
        {&described_last,
         "1|1|A|2|2022-12-12 07:00:00|0|x\r\n2,1,B,1,2022-12-12 07:00:00,5,\r\n3,1,C", "CUT_ROW"},
        {&described_last, "1|1|A|2|2022-12-12 07:00:00|0|x\r2,1,B,1,2022-12-12 07:00:00,5,y",
         "CUT_ROW"},
        /* In a column that nobody asked for. */
        {&remarked, "1||1|A|1|2022-12-12 07:00:00|5|x\n" SWALLOWED ",y", "CUT_ROW"},
        /* The last of them goes on in the cells behind. */
        {&fen, "1|x,1,A,1,2022-12-12 07:00:00,5\n2,y|1|B|1|2022-12-12 07:00:00|5", "CUT_ROW"},
        /* It is not the width that is wrong, whatever the quote did to it. */
        {&fen, "1|x,1,A,1,2022-12-12 07:00:00,5\n" SWALLOWED "\n3,y", "CUT_ROW"},
        {&fen, "1,,1,A,1,2022-12-12 07:00:00,5\n" SWALLOWED, "CUT_ROW"},
        {&by_tabs, "1|x\t1\tA\t2\t2022-12-12 07:00:00\t0\n2\ty|1|B|2|2022-12-12 07:00:00|0",
         "CUT_ROW"},
        /* As a spreadsheet or an office spoils one of its cells. */
        {&fen, "1|x,1,A,1,2022-12-12 07:00:00,5\n1.2E+15,,1,B,1,2022-12-12 07:00:00,5\n3,y",
         "CUT_ROW"},
        {&fen, "1|x,1,A,1,2022-12-12 07:00:00,5\n2,,1,B,done,2022-12-12 07:00:00,5\n3,y",
         "CUT_ROW"},
        {&fen, "1|x,1,A,1,2022-12-12 07:00:00,5\n2,,1,B,1,44907,5\n3,y", "CUT_ROW"},
        /* Texts. */
        {&by_tabs, "1|x\n2,y|1|B|2|2022-12-12 07:00:00|0", ""},
        {&fen, "1|late\nagain, and again,, and again,,,\n|1|A|2|2022-12-12 07:00:00|0", ""},
        {&fen, "1|late\nno 2,y|1|A|2|2022-12-12 07:00:00|0", ""},
        {&fen, "1|late:\n1,no cover\n2,too old|1|A|2|2022-12-12 07:00:00|0", ""},
        {&fen, "1|late\n2,,1,,1,,|1|A|2|2022-12-12 07:00:00|0", ""},
        {&fen, "1|late\n2,,1,B,maybe,,|1|A|2|2022-12-12 07:00:00|0", ""},
        {&fen, "1|late\n|1|A|2|2022-12-12 07:00:00|0", ""},
        {&fen, "1|" SWALLOWED "|1|A|2|2022-12-12 07:00:00|0", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_judged(NULL, cases[i].columns, cases[i].cells, cases[i].errors, "");
}

static void claim_texts_have_a_longest_length(void **state)
{
    static const struct {
        size_t desc, order_no;
        const char *errors;
    } cases[] = {{2000, 128, ""}, {2001, 128, "TEXT_TOO_LONG"}, {2000, 129, "TEXT_TOO_LONG"}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer cells = {0};

        buffer_text(&cells, "1|");
        for (size_t k = 0; k < cases[i].desc; k++)
            buffer_text(&cells, "赔");
        buffer_text(&cells, "|1|");
        for (size_t k = 0; k < cases[i].order_no; k++)
            buffer_text(&cells, "号");
        buffer_text(&cells, "|2|2022-12-12 07:00:00|0");
        assert_judged(NULL, &fen, cells.ptr, cases[i].errors, "");
        buffer_release(&cells);
    }
}

static void claim_is_never_guessed_when_a_rule_is_softer(void **state)
{
    static const struct {
        const char *setting, *cells, *errors, *warnings;
    } cases[] = {
        {"excel-number=warn", "1E+15||1|A|1|2022-12-12 07:00:00|5", "BAD_NUMBER", "EXCEL_NUMBER"},
        {"excel-number=off", "1E+15||1|A|1|2022-12-12 07:00:00|5", "BAD_NUMBER", ""},
        {"excel-number=off", "1||1|A|1|44907|5", "BAD_TIME", ""},
        {"excel-number=warn", "1||1|A|1|44907.5|5", "BAD_TIME", "EXCEL_NUMBER"},
        /* A text is what it is. */
        {"excel-number=warn", "1||1|1.2E+15|1|2022-12-12 07:00:00|5", "", "EXCEL_NUMBER"},
        {"excel-number=off", "1||1|1.2E+15|1|2022-12-12 07:00:00|5", "", ""},
        {"date-only=error", "1||1|A|1|2022-12-12|5", "DATE_ONLY", ""},
        {"date-only=off", "1||1|A|1|2022-12-12|5", "", ""},
        {"success-without-fee=warn", "1||1|A|1|2022-12-12 07:00:00|0", "", "SUCCESS_WITHOUT_FEE"},
        {"success-without-fee=off", "1||1|A|1|2022-12-12 07:00:00|0", "", ""},
        {"refused-with-fee=warn", "1|why|1|A|2|2022-12-12 07:00:00|5", "", "REFUSED_WITH_FEE"},
        {"refused-without-reason=off", "1||1|A|2|2022-12-12 07:00:00|0", "", ""},
        {"unsettled-with-fee=error", "1||1|A|0|2022-12-12 07:00:00|5", "UNSETTLED_WITH_FEE", ""},
        {"reason-without-refusal=off", "1|why|1|A|1|2022-12-12 07:00:00|5", "", ""},
        {"count-not-one=error", "1||2|A|1|2022-12-12 07:00:00|5", "COUNT_NOT_ONE", ""},
        {"future-time=warn", "1||1|A|1|2023-12-12 07:00:00|5", "", "FUTURE_TIME"},
        {"control-character=warn", "1||1|A\x01|1|2022-12-12 07:00:00|5", "", "CONTROL_CHARACTER"},
        {"excel-rounded-id=error", "1||1|1234567890123000|1|2022-12-12 07:00:00|5", "",
         "EXCEL_ROUNDED_ID"},
        {"excel-rounded-id=off", "1||1|1234567890123000|1|2022-12-12 07:00:00|5", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rules rules = {0};
        const char *why = NULL;

        rules_init(&rules);
        assert_true(rules_parse(&rules, cases[i].setting, &why));
        assert_judged(&rules, &fen, cases[i].cells, cases[i].errors, cases[i].warnings);
    }
}

static void claim_above_max_fee_is_invalid(void **state)
{
    struct rules rules = {0};

    (void)state;
    rules_init(&rules);
    rules.max_fee = 500;
    assert_judged(&rules, &fen, "1||1|A|1|2022-12-12 07:00:00|500", "", "");
    assert_judged(&rules, &fen, "1||1|A|1|2022-12-12 07:00:00|501", "MAX_FEE", "");
    assert_judged(&rules, &yuan, "1||1|A|1|2022-12-12 07:00:00|5.01", "MAX_FEE", "");
    rules.max_fee = 0;
    assert_judged(&rules, &fen, "1||1|A|0|2022-12-12 07:00:00|0", "", "");
    assert_judged(&rules, &fen, "1||1|A|1|2022-12-12 07:00:00|1", "MAX_FEE", "");
}

static void claim_columns_may_be_absent(void **state)
{
    (void)state;
    assert_judged(NULL, &narrow, "5|2022-12-12 07:00:00|1|A|1", "", "");
    assert_judged(NULL, &narrow, "0|2022-12-12 07:00:00|2|A|1", "REFUSED_WITHOUT_REASON", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claim_holds_the_seven_values),
        cmocka_unit_test(claim_number_has_no_white_space_around_it),
        cmocka_unit_test(claim_obeys_every_rule),
        cmocka_unit_test(claim_with_rows_in_a_cell_is_cut),
        cmocka_unit_test(claim_texts_have_a_longest_length),
        cmocka_unit_test(claim_is_never_guessed_when_a_rule_is_softer),
        cmocka_unit_test(claim_above_max_fee_is_invalid),
        cmocka_unit_test(claim_columns_may_be_absent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

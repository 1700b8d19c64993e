/* Unit tests of input/claim, input/rules and input/findings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "input/claim/claim.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define CELLS_MAX 16
#define NOW_MS INT64_C(1670803200000) /* 2022-12-12 08:00:00 in Beijing */

static const struct columns fen = {
    .index = {0, 1, 2, 3, 4, 5, 6}, .count = 7, .fee_unit = FEE_UNIT_FEN};
static const struct columns yuan = {
    .index = {0, 1, 2, 3, 4, 5, 6}, .count = 7, .fee_unit = FEE_UNIT_YUAN};
/* No claim_desc, no claim_count, the rest backwards. */
static const struct columns narrow = {
    .index = {4, COLUMN_ABSENT, COLUMN_ABSENT, 3, 2, 1, 0}, .count = 5, .fee_unit = FEE_UNIT_FEN};

/* A record and all that came of it. */
struct judged {
    char text[8192];
    struct cell cells[CELLS_MAX];
    struct record record;
    struct claim_store store;
    struct claim claim;
    struct findings findings;
};

/* Judges cells that are joined by '|'. */
static void judge(struct judged *judged, const struct rules *rules, const struct columns *columns,
                  const char *cells)
{
    struct rules defaults = {0};
    char *rest = judged->text;

    claim_store_release(&judged->store);
    *judged = (struct judged){.record = {.row = 2, .line = 2, .cells = judged->cells}};
    snprintf(judged->text, sizeof(judged->text), "%s", cells);
    while (rest) {
        char *cell = strsep(&rest, "|");

        judged->cells[judged->record.count++] = (struct cell){cell, strlen(cell)};
    }
    rules_init(&defaults);
    claim_judge(rules ? rules : &defaults, columns, NULL, &judged->record, NOW_MS, &judged->store,
                &judged->claim, &judged->findings);
}

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

static void findings_are_in_the_order_of_the_fields(void **state)
{
    struct rules rules = {0};
    struct findings findings = {0};

    (void)state;
    rules_init(&rules);
    findings_add(&findings, &rules, RULE_BAD_FEE, FIELD_CLAIM_FEE);
    findings_add(&findings, &rules, RULE_BAD_NUMBER, FIELD_WORKCARD_ID);
    findings_add(&findings, &rules, RULE_COLUMN_COUNT, FIELD_NONE);
    findings_add(&findings, &rules, RULE_EXCEL_ROUNDED_ID, FIELD_WORKCARD_ID);
    findings_add(&findings, &rules, RULE_NONE, FIELD_CLAIM_TIME);
    assert_int_equal(findings.count, 4);
    assert_int_equal(findings.list[0].rule, RULE_COLUMN_COUNT);
    assert_int_equal(findings.list[1].rule, RULE_BAD_NUMBER);
    assert_int_equal(findings.list[2].rule, RULE_EXCEL_ROUNDED_ID);
    assert_int_equal(findings.list[2].severity, SEVERITY_ERROR);
    assert_int_equal(findings.list[3].rule, RULE_BAD_FEE);
    for (size_t i = 0; i < 2 * FINDINGS_MAX; i++)
        findings_add(&findings, &rules, RULE_BAD_TIME, FIELD_CLAIM_TIME);
    assert_int_equal(findings.count, FINDINGS_MAX);
}

static void findings_say_what_is_wrong_and_what_to_do(void **state)
{
    static const struct {
        const struct columns *columns;
        const char *cells, *sentence;
    } cases[] = {
        {&yuan, "1||1|A|1|2022-12-12 07:00:00|12.345",
         "claim_fee '12.345' has more than 2 decimals of yuan: write an exact amount such as "
         "12.34"},
        {&yuan, "1||1|A|1|2022-12-12 07:00:00|￥12",
         "claim_fee '￥12' is not an exact amount in yuan: write digits with at most 2 decimals, "
         "such as 12.34, without minus, currency sign or unit; commas only in quotes and every "
         "three digits; it has full-width characters, or blanks or dashes of another kind: type it "
         "anew in half width"},
        {&yuan, "1||1|A|1|2022-12-12 07:00:00|1.2E+05",
         "claim_fee '1.2E+05' is in scientific notation, its digits may be lost: export it again "
         "with this column as plain numbers"},
        {&yuan, "1||1|A|1|2022-12-12 07:00:00|#VALUE!",
         "claim_fee '#VALUE!' is what a program shows when it has no value, or no room for it: "
         "correct it there, then export it again"},
        {&fen, "1||1|A|1|2022-12-12 07:00:00|12.34",
         "claim_fee '12.34' is not an exact amount in fen: write a whole number such as 1234; if "
         "the amounts are in yuan, say --fee-unit yuan, or correct a header that says fen"},
        {&fen, "1||1| |1|2022-12-12 07:00:00|5", "claim_order_no ' ' is empty: fill it in"},
        {&fen, "||1|A|1|2022-12-12 07:00:00|5", "workcard_id is empty: fill it in"},
        {&fen, "1\x1b[2J||1|A|1|2022-12-12 07:00:00|5",
         "workcard_id '1\\x1B[2J' is not a plain whole number: write digits only, without sign, "
         "point, comma, quote or blank"},
        {&fen, "1E+15||1|A|1|2022-12-12 07:00:00|5",
         "workcard_id '1E+15' is in scientific notation and digits of it are lost: export it again "
         "with this column as text; it cannot be restored from here"},
        {&fen, "1||1|A|1|44907|5",
         "claim_time '44907' is a number that a spreadsheet made of a date: export it again as "
         "text, such as 2022-12-31 23:59:59"},
        {&fen, "1||1|A|1|2022-02-30|5",
         "claim_time '2022-02-30' is no real date and time: write it as 2022-12-31 23:59:59, in "
         "Beijing time"},
        {&fen, "1||1|A|1|2022-12-31 24:00:00|5",
         "claim_time '2022-12-31 24:00:00' has an hour 24, which there is not: midnight is "
         "00:00:00 of the next day"},
        {&fen, "1||1|A|1|41:23.5|5",
         "claim_time '41:23.5' has no date, a spreadsheet may have hidden it: export it again as "
         "text, such as 2022-12-31 23:59:59"},
        {&fen, "1||1|A|1|2022-12-12\u200307:00:00|5",
         "claim_time '2022-12-12\u200307:00:00' is no real date and time: write it as 2022-12-31 "
         "23:59:59, in Beijing time; it has full-width characters, or blanks or dashes of another "
         "kind: type it anew in half width"},
        {&fen, "1|已\ufffd|1|A|2|2022-12-12 07:00:00|0",
         "claim_desc '已\ufffd' has a \ufffd, which some program wrote in place of a character "
         "that "
         "it lost: export it again as UTF-8, or type the text anew"},
        {&fen, "1||1|A\ufffd|1|2022-12-12 07:00:00|5",
         "claim_order_no 'A\ufffd' has a \ufffd, which some program wrote in place of a character "
         "that it lost: export it again as UTF-8, or type the text anew"},
        {&fen, " \u3000", "the row has nothing but empty cells: delete it from the export"},
        {&fen, "1||1|A|2|2022-12-12 07:00:00|0",
         "claim_desc is empty although the claim failed (status 2): write why it was refused"},
        {&fen, "1||1|A|1|2022-12-12 07:00:00|0",
         "claim_fee '0' is zero although the claim succeeded (status 1): correct the fee or the "
         "status"},
        {&fen, "1||1|A|1|2022-12-12 07:00:00",
         "the row that begins '1' has 6 cells but the header has 7: look for a comma or a quote "
         "too many or too few; a text with a comma or a line break needs quotes (\") around it; if "
         "cells that are left out at the end were empty, say --short-rows"},
        {&fen, "\x1a",
         "the row that begins '\\x1A' has 1 cell but the header has 7: if this line is no claim, "
         "delete it; if it is the rest of a text with a line break, put quotes (\") around that "
         "text"},
        {&fen, "1,A,\"b\",0",
         "the row that begins '1,A,\"b\",0' has 1 cell but the header has 7: quotes stand around "
         "the whole row, or another delimiter separates it: take the quotes away, and one of each "
         "two inside it"},
        {&fen, "制表人：王||1|A|1|2022-12-12 07:00:00|5",
         "workcard_id '制表人：王' is not a plain whole number: write digits only, or, if this "
         "line is "
         "no claim (a note, the header once more), delete it"},
        {&fen, "|||\u3000|| |", "the row has nothing but empty cells: delete it from the export"},
        {&fen, "合计：||1|A|1|2022-12-12 07:00:00|5",
         "workcard_id '合计：' is a line of totals and no claim: delete this row from the export"},
        {&fen, "12\u200b||1|A|1|2022-12-12 07:00:00|5",
         "workcard_id '12\\u{200B}' is not a plain whole number: write digits only, without sign, "
         "point, comma, quote or blank; the \\u{…} in it stands for a character that cannot be "
         "seen: "
         "delete it"},
        {&fen, "1||1|\ufeffA|1|2022-12-12 07:00:00|5",
         "claim_order_no '\\u{FEFF}A' has a control character, or one that cannot be seen: take it "
         "out and type the text anew"},
        {&fen, "1||1|#N/A|1|2022-12-12 07:00:00|5",
         "claim_order_no '#N/A' is what a program shows when it has no value, or no room for it: "
         "correct it there, then export it again"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct judged judged = {0};
        struct rules rules = {0};
        struct buffer sentence = {0};

        rules_init(&rules);
        judge(&judged, &rules, cases[i].columns, cases[i].cells);
        assert_int_equal(judged.findings.count, 1);
        explanation_of_finding(&judged.findings.list[0], &rules, cases[i].columns, &judged.record,
                               &sentence);
        assert_string_equal(buffer_string(&sentence), cases[i].sentence);
        buffer_release(&sentence);
        claim_store_release(&judged.store);
    }
}

static void findings_have_a_sentence_for_every_rule(void **state)
{
    struct judged judged = {0};
    struct rules rules = {0};

    (void)state;
    rules_init(&rules);
    rules.max_fee = 3;
    judge(&judged, &rules, &fen, "1||1|A|1|2022-12-12 07:00:00|5");
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        struct finding finding = {(enum rule)rule, SEVERITY_ERROR, FIELD_CLAIM_FEE};
        struct buffer sentence = {0};

        if (rule == RULE_MISSING_FINAL_NEWLINE)
            continue; /* of the file, not of a row */
        explanation_of_finding(&finding, &rules, &fen, &judged.record, &sentence);
        assert_true(sentence.len > 20);
        assert_null(strstr(sentence.ptr, "(null)"));
        buffer_release(&sentence);
    }
    claim_store_release(&judged.store);
}

static void findings_cut_a_long_value(void **state)
{
    struct judged judged = {0};
    struct rules rules = {0};
    struct buffer cells = {0}, sentence = {0};

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        buffer_text(&cells, "赔");
    buffer_text(&cells, "||1|A|1|2022-12-12 07:00:00|5");
    rules_init(&rules);
    judge(&judged, &rules, &fen, cells.ptr);
    explanation_of_finding(&judged.findings.list[0], &rules, &fen, &judged.record, &sentence);
    assert_true(sentence.len < 300);
    assert_non_null(strstr(sentence.ptr, "赔…'"));
    buffer_release(&cells);
    buffer_release(&sentence);
    claim_store_release(&judged.store);
}

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
        enum rule rule = RULE_NONE;

        assert_true(rule_parse(cases[i].name, &rule));
        assert_int_equal(rule, i);
        assert_string_equal(rule_name(rule), cases[i].name);
        assert_string_equal(rule_code(rule), cases[i].code);
        assert_int_equal(rules.severity[rule], cases[i].severity);
        assert_int_equal(rule_is_fixed(rule), cases[i].fixed);
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
        cmocka_unit_test(claim_holds_the_seven_values),
        cmocka_unit_test(claim_obeys_every_rule),
        cmocka_unit_test(claim_texts_have_a_longest_length),
        cmocka_unit_test(claim_is_never_guessed_when_a_rule_is_softer),
        cmocka_unit_test(claim_above_max_fee_is_invalid),
        cmocka_unit_test(claim_columns_may_be_absent),
        cmocka_unit_test(findings_are_in_the_order_of_the_fields),
        cmocka_unit_test(findings_say_what_is_wrong_and_what_to_do),
        cmocka_unit_test(findings_have_a_sentence_for_every_rule),
        cmocka_unit_test(findings_cut_a_long_value),
        cmocka_unit_test(rules_have_the_defaults_of_the_contract),
        cmocka_unit_test(rules_take_a_severity),
        cmocka_unit_test(rules_refuse_what_they_do_not_know),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

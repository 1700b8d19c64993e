/* Unit tests of input/claim/findings: their order, and the sentences that explain them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judged.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_in_the_order_of_the_fields),
        cmocka_unit_test(findings_say_what_is_wrong_and_what_to_do),
        cmocka_unit_test(findings_have_a_sentence_for_every_rule),
        cmocka_unit_test(findings_cut_a_long_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

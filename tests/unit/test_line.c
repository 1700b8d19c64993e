/* Unit tests of report/line: what a spreadsheet makes of a report, and what it must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "line_words.h"
#include "report/line.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void assert_cell(const char *text, const char *cell)
{
    struct buffer written = {0};

    line_append_cell(text, &written);
    assert_string_equal(buffer_string(&written), cell);
    buffer_release(&written);
}

static void cell_that_would_be_a_formula_gets_an_apostrophe(void **state)
{
    static const char *const cases[][2] = {
        {"=1+1", "'=1+1"},
        {"+86 21", "'+86 21"},
        {"-5", "'-5"},
        {"@cmd", "'@cmd"},
        {"\tx", "'\tx"},
        {"\rx", "\"'\rx\""},
        {"＝1", "'＝1"},
        {"＋1", "'＋1"},
        {"－1", "'－1"},
        {"＠x", "'＠x"},
        {"'=1", "''=1"},
        {"''=1", "'''=1"},
        {"'＝1", "''＝1"},
        {"=A1,B1", "\"'=A1,B1\""},
        {"=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""},
        {"=", "'="},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_cell(cases[i][0], cases[i][1]);
}

static void cell_that_is_harmless_stays_as_it_is(void **state)
{
    static const char *const cases[] = {"",  "a",    "1=2",    "'",           "''",   "'a",
                                        "0", " =1",  "a-b",    "理赔=1",      "a'=1", "／",
                                        ";", "a\tb", "，理赔", "\xef\xbc\x9b"};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_cell(cases[i], cases[i]);
}

static void cell_is_quoted_where_rfc_4180_asks_for_it(void **state)
{
    static const char *const cases[][2] = {
        {"a,b", "\"a,b\""},
        {"a\nb", "\"a\nb\""},
        {"a\r\nb", "\"a\r\nb\""},
        {"\"", "\"\"\"\""},
        {"a\"b\"\"c", "\"a\"\"b\"\"\"\"c\""},
        {",", "\",\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_cell(cases[i][0], cases[i][1]);
}

static struct line plain_line(void)
{
    struct line line = {
        .fields = {"815", "", "1", "LP-1", "1", "2026-11-02 09:00:00", "12800"},
        .record = answered_record(2, OUTCOME_ACCEPTED),
        .warnings = "date-only;count-not-one",
        .has_digest = true,
    };

    memcpy(line.record.digest, "\x01\xab", 2);
    return line;
}

static void line_has_all_columns_in_their_order(void **state)
{
    struct line line = plain_line();
    struct buffer text = {0};

    (void)state;
    line_append(&line, &text);
    assert_string_equal(buffer_string(&text),
                        "2,815,,1,LP-1,1,2026-11-02 09:00:00,12800,accepted,SUCCESS,,ok,"
                        "date-only;count-not-one,1,200,abc,2022-12-12T00:00:00.007+08:00,51,"
                        "01ab0000000000000000000000000000\n");
    buffer_release(&text);
}

static void line_of_a_row_that_was_never_sent_leaves_out_what_is_not_known(void **state)
{
    struct line line = plain_line();
    struct buffer text = {0};

    (void)state;
    line.record.outcome = OUTCOME_INVALID;
    line.record.code = "BAD_FEE";
    line.record.message = "no amount, at all";
    line.record.request_id = "";
    line.record.attempts = 0;
    line.record.http_status = 0;
    line.record.submitted_ms = 0;
    line.record.duration_ms = 0;
    line.warnings = "";
    line.has_digest = false;
    line_append(&line, &text);
    assert_string_equal(buffer_string(&text),
                        "2,815,,1,LP-1,1,2026-11-02 09:00:00,12800,invalid,BAD_FEE,,"
                        "\"no amount, at all\",,0,,,,,\n");
    buffer_release(&text);
}

static void line_has_as_many_cells_as_the_header(void **state)
{
    struct line line = plain_line();
    struct buffer text = {0};
    int header_commas = 0;
    int commas = 0;

    (void)state;
    line_append(&line, &text);
    for (const char *p = LINE_HEADER; *p; p++)
        header_commas += *p == ',';
    for (const char *p = buffer_string(&text); *p; p++)
        commas += *p == ',';
    assert_int_equal(commas, header_commas);
    buffer_release(&text);
}

static void control_characters_of_the_gateway_become_blanks(void **state)
{
    static const char *const cases[][2] = {
        {"a\tb", "a b"},
        {"a\r\nb", "a  b"},
        {"\033[31mred\033[0m", " [31mred [0m"},
        {"bell\007", "bell "},
        {"del\x7f.", "del ."},
        {"c1 \xc2\x9b.", "c1  ."},
        {"no-break\xc2\xa0space", "no-break\xc2\xa0space"},
        {"§ 5", "§ 5"},
        {"理赔失败", "理赔失败"},
        {"a,\"b\"\n", "\"a,\"\"b\"\" \""},
        {"=1\n", "'=1 "},
        {"cut \xc2", "cut \xc2"},
    };
    struct buffer text = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct line line = plain_line();
        char expected[128];

        line.record.message = cases[i][0];
        buffer_reset(&text);
        line_append(&line, &text);
        snprintf(expected, sizeof(expected), ",SUCCESS,,%s,date-only", cases[i][1]);
        if (!strstr(buffer_string(&text), expected))
            fail_msg("%s: not in: %s", expected, buffer_string(&text));
    }
    buffer_release(&text);
}

static void every_word_of_the_gateway_is_guarded(void **state)
{
    struct line line = plain_line();
    struct buffer text = {0};

    (void)state;
    line.record.code = "=1";
    line.record.sub_code = "+2\a";
    line.record.message = "-3";
    line.record.request_id = "@4\n";
    line_append(&line, &text);
    assert_non_null(strstr(buffer_string(&text), ",'=1,'+2 ,'-3,"));
    assert_non_null(strstr(buffer_string(&text), ",'@4 ,"));
    buffer_release(&text);
}

static void line_keeps_the_line_breaks_of_the_insurer(void **state)
{
    struct line line = plain_line();
    struct buffer text = {0};

    (void)state;
    line.fields[FIELD_CLAIM_DESC] = "拒赔\n=原因\t";
    line_append(&line, &text);
    assert_non_null(strstr(buffer_string(&text), "2,815,\"拒赔\n=原因\t\",1,"));
    buffer_release(&text);
}

static void warnings_of_rules_are_told_from_those_of_the_run(void **state)
{
    static const char *const cases[][3] = {
        {"", "", ""},
        {"DATE_ONLY", "DATE_ONLY", ""},
        {"CHANGED_SINCE_ACCEPTED", "", "CHANGED_SINCE_ACCEPTED"},
        {"DATE_ONLY;COUNT_NOT_ONE;CHANGED_SINCE_ACCEPTED", "DATE_ONLY;COUNT_NOT_ONE",
         "CHANGED_SINCE_ACCEPTED"},
        {"X;DATE_ONLY;DATE_ONLYX;", "DATE_ONLY", "X;DATE_ONLYX"},
    };
    struct buffer texts[2] = {{0}, {0}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        buffer_reset(&texts[0]);
        buffer_reset(&texts[1]);
        line_append_noted(cases[i][0], &texts[0]);
        line_append_arisen(cases[i][0], &texts[1]);
        assert_string_equal(buffer_string(&texts[0]), cases[i][1]);
        assert_string_equal(buffer_string(&texts[1]), cases[i][2]);
    }
    buffer_release(&texts[0]);
    buffer_release(&texts[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cell_that_would_be_a_formula_gets_an_apostrophe),
        cmocka_unit_test(cell_that_is_harmless_stays_as_it_is),
        cmocka_unit_test(cell_is_quoted_where_rfc_4180_asks_for_it),
        cmocka_unit_test(line_has_all_columns_in_their_order),
        cmocka_unit_test(line_of_a_row_that_was_never_sent_leaves_out_what_is_not_known),
        cmocka_unit_test(line_has_as_many_cells_as_the_header),
        cmocka_unit_test(control_characters_of_the_gateway_become_blanks),
        cmocka_unit_test(every_word_of_the_gateway_is_guarded),
        cmocka_unit_test(line_keeps_the_line_breaks_of_the_insurer),
        cmocka_unit_test(warnings_of_rules_are_told_from_those_of_the_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

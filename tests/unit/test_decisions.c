/* Unit tests of command/resolve/decisions: what a file of decisions says, line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "cli/statement.h"
#include "command/resolve/decisions.h"
#include "memfile.h"

#define HEADER "row,digest,submitted_at,as,by,reason\n"
#define DIGEST "00112233445566778899aabbccddeeff"
#define TIME "2022-12-12T08:00:00.123+08:00"
#define TIME_MS INT64_C(1670803200123)

static struct error err;

/* NULL when the file as a whole is refused. */
static struct decisions *read_text(const char *text, const char *by, const char *reason)
{
    struct memfile file = memfile_text(text);
    struct decisions *decisions = NULL;
    int result = decisions_read(file.path, ENCODING_AUTO, by, reason, &decisions, &err);

    assert_int_equal(result == 0, decisions != NULL);
    memfile_close(&file);
    return decisions;
}

static void assert_counts(const char *text, size_t taken, uint64_t refused, uint64_t skipped)
{
    struct decisions *decisions = read_text(text, "desk", "phone");

    assert_non_null(decisions);
    assert_int_equal(decisions_refused(decisions), refused);
    assert_int_equal(decisions_skipped(decisions), skipped);
    if (!refused)
        assert_int_equal(decisions_count(decisions), taken);
    decisions_close(decisions);
}

static void a_line_names_its_attempt_and_what_became_of_it(void **state)
{
    struct decisions *decisions =
        read_text(HEADER "7," DIGEST "," TIME ",not-executed,desk,'=because\n", NULL, NULL);
    const struct decision *decision = decisions_at(decisions, 0);

    (void)state;
    assert_int_equal(decisions_count(decisions), 1);
    assert_int_equal(decision->row, 7);
    assert_int_equal(decision->line, 2);
    assert_int_equal(decision->outcome, OUTCOME_FAILED);
    assert_true(decision->names_attempt);
    assert_int_equal(decision->digest[1], 0x11);
    assert_int_equal(decision->digest[15], 0xff);
    assert_int_equal(decision->submitted_ms, TIME_MS);
    assert_string_equal(decision->by, "desk");
    assert_string_equal(decision->reason, "=because");
    assert_null(decision->claim_order_no);
    decisions_close(decisions);
}

static void decisions_are_found_by_their_row_whatever_the_order_of_lines(void **state)
{
    struct decisions *decisions = read_text(HEADER "9," DIGEST "," TIME ",accepted,,\n"
                                                   "2," DIGEST "," TIME ",not-executed,,\n"
                                                   "4," DIGEST "," TIME ",,,\n"
                                                   "5," DIGEST "," TIME ",accepted,other,\n",
                                            "desk", "phone");

    (void)state;
    assert_int_equal(decisions_count(decisions), 3);
    assert_int_equal(decisions_skipped(decisions), 1);
    assert_int_equal(decisions_at(decisions, 0)->row, 2);
    assert_int_equal(decisions_at(decisions, 2)->row, 9);
    assert_int_equal(decisions_find(decisions, 9)->line, 2);
    assert_string_equal(decisions_find(decisions, 2)->by, "desk");
    assert_string_equal(decisions_find(decisions, 5)->by, "other");
    assert_string_equal(decisions_find(decisions, 5)->reason, "phone");
    assert_null(decisions_find(decisions, 4));
    assert_null(decisions_find(decisions, 10));
    decisions_close(decisions);
}

static void an_empty_list_finds_nothing(void **state)
{
    struct decisions *decisions = read_text(HEADER, NULL, NULL);

    (void)state;
    assert_int_equal(decisions_count(decisions), 0);
    assert_null(decisions_find(decisions, 2));
    decisions_close(decisions);
}

static void columns_are_found_by_name_and_delimiters_by_the_header(void **state)
{
    (void)state;
    assert_counts("As; Row ;x;SUBMITTED_AT;digest\naccepted;2;y;" TIME ";" DIGEST "\n", 1, 0, 0);
    assert_counts("row\tdigest\tsubmitted_at\tas\n2\t" DIGEST "\t" TIME "\tACCEPTED\n", 1, 0, 0);
    assert_counts("\"row\"|\"digest\"|\"submitted_at\"|\"as\"\r\n\"2\"|\"" DIGEST "\"|\"" TIME
                  "\"|\" accepted\"\r\n",
                  1, 0, 0);
    assert_counts("\xef\xbb\xbf" HEADER "2," DIGEST "," TIME ",accepted,,", 1, 0, 0);
}

static void files_without_the_columns_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "row,digest,submitted_at\n",
        "row,digest,as\n",
        "digest,submitted_at,as\n",
        "row,as,as,digest,submitted_at\n",
        "row,by,digest,submitted_at,as,BY\n",
        HEADER "2,\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        assert_null(read_text(texts[i], "desk", "phone"));
        assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
    }
}

static void lines_that_do_not_name_an_attempt_are_refused(void **state)
{
    static const char *const lines[] = {
        "0," DIGEST "," TIME ",accepted,,\n",
        "1," DIGEST "," TIME ",accepted,,\n",
        "2.5," DIGEST "," TIME ",accepted,,\n",
        "," DIGEST "," TIME ",accepted,,\n",
        "2,," TIME ",accepted,,\n",
        "2,1.23E+31," TIME ",accepted,,\n",
        "2,00112233445566778899AABBCCDDEEFF," TIME ",accepted,,\n",
        "2," DIGEST "0," TIME ",accepted,,\n",
        "2," DIGEST ",,accepted,,\n",
        "2," DIGEST ",2022/12/12 8:00,accepted,,\n",
        "2," DIGEST ",2022-12-12T08:00:00+08:00,accepted,,\n",
        "2," DIGEST ",2022-12-12T00:00:00.123Z,accepted,,\n",
        "2," DIGEST ",44907.33,accepted,,\n",
        "2," DIGEST "," TIME ",maybe,,\n",
        "2," DIGEST "," TIME ",acceptedly,,\n",
        "2," DIGEST "," TIME ",accepted\n",
        "2," DIGEST "," TIME ",accepted,,,more\n",
        "2," DIGEST "," TIME ",accepted,\"a\nb\",\n",
        "2," DIGEST "," TIME ",accepted,,\x7f\n",
        "2," DIGEST "," TIME ",accepted, ,\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        char text[512];

        snprintf(text, sizeof(text), HEADER "%s3," DIGEST "," TIME ",accepted,,\n", lines[i]);
        assert_counts(text, 0, 1, 0);
    }
}

static void one_row_has_one_decision(void **state)
{
    (void)state;
    assert_counts(HEADER "2," DIGEST "," TIME ",accepted,,\n3," DIGEST "," TIME ",accepted,,\n"
                         "2," DIGEST "," TIME ",accepted,,\n",
                  0, 1, 0);
}

static void who_and_why_must_come_from_somewhere(void **state)
{
    struct decisions *decisions =
        read_text(HEADER "2," DIGEST "," TIME ",accepted,,why\n", NULL, "");

    (void)state;
    assert_int_equal(decisions_refused(decisions), 1);
    decisions_close(decisions);
}

static void texts_are_short_plain_utf8(void **state)
{
    (void)state;
    assert_null(statement_breach("理赔 desk", 11));
    assert_non_null(statement_breach("理赔 desk", 10));
    assert_non_null(statement_breach("", 10));
    assert_non_null(statement_breach(" \u3000", 10));
    assert_non_null(statement_breach("\xff", 10));
    assert_non_null(statement_breach("a\tb", 10));
    assert_non_null(statement_breach("a\nb", 10));
    assert_non_null(statement_breach("a\x1b", 10));
    assert_non_null(statement_breach("a\xc2\x85", 10));
}

static void a_typed_decision_means_the_attempt_of_the_report(void **state)
{
    struct decisions *decisions = decisions_of_rows("5", OUTCOME_ACCEPTED, "desk", "phone", &err);
    struct decision *decision = decisions_find(decisions, 5);

    (void)state;
    assert_false(decision->names_attempt);
    assert_int_equal(decision->line, 0);
    assert_int_equal(decision_set_claim(decision, 1, "A"), 0);
    assert_int_equal(decision_set_claim(decision, 2, "B"), 0);
    assert_string_equal(decision->claim_order_no, "B");
    decisions_close(decisions);
}

/* Goal: another claim's cell is none, and what a spreadsheet makes of the right one is. */
static void what_a_list_says_of_a_claim_is_compared(void **state)
{
    static const struct {
        const char *said, *is;
        bool same;
    } cases[] = {
        {"LP-1", "LP-1", true},
        {" LP-1 ", "LP-1", true},
        {"'=LP-1", "=LP-1", true},
        {"", "LP-1", true},
        {"LP-2", "LP-1", false},
        {"LP-", "LP-1", false},
        {"lp-1", "LP-1", false},
        {"17", "0017", true},
        {"12.80", "12.8", true},
        {"128", "128.00", true},
        {"12.81", "12.8", false},
        {"8815300029", "8815300032", false},
        {"2.02611E+11", "202611004109", true},
        {"2.02612E+11", "202611004109", false},
        {"2.02611E+12", "202611004109", false},
        {"2.02611E", "202611004109", false},
        {"2E+11x", "202611004109", false},
        {"202611004109123000", "202611004109123456", true},
        {"202611004109123001", "202611004109123456", false},
        {"202611004109124000", "202611004109123456", false},
        {"LP2E+11", "LP202611004109", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        if (decision_says(cases[i].said, cases[i].is) != cases[i].same)
            fail_msg("'%s' for '%s'", cases[i].said, cases[i].is);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_names_its_attempt_and_what_became_of_it),
        cmocka_unit_test(decisions_are_found_by_their_row_whatever_the_order_of_lines),
        cmocka_unit_test(an_empty_list_finds_nothing),
        cmocka_unit_test(columns_are_found_by_name_and_delimiters_by_the_header),
        cmocka_unit_test(files_without_the_columns_are_refused),
        cmocka_unit_test(lines_that_do_not_name_an_attempt_are_refused),
        cmocka_unit_test(one_row_has_one_decision),
        cmocka_unit_test(who_and_why_must_come_from_somewhere),
        cmocka_unit_test(texts_are_short_plain_utf8),
        cmocka_unit_test(a_typed_decision_means_the_attempt_of_the_report),
        cmocka_unit_test(what_a_list_says_of_a_claim_is_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

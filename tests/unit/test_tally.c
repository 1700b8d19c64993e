/* Unit tests of report/tally: what a report adds up to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "report/tally.h"

static struct tally *tally;

static int open_tally(void **state)
{
    (void)state;
    tally = tally_open();
    return tally ? 0 : -1;
}

static int close_tally(void **state)
{
    (void)state;
    tally_close(tally);
    return 0;
}

static void add(enum outcome outcome, const char *code, int64_t fee)
{
    assert_int_equal(tally_add(tally, outcome, outcome, code, fee), 0);
}

static void empty_tally_is_all_zero(void **state)
{
    enum outcome outcome;
    uint64_t rows;

    (void)state;
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        assert_int_equal(tally_rows(tally, (enum outcome)i), 0);
        assert_true(tally_fee(tally, (enum outcome)i) == 0);
    }
    assert_int_equal(tally_all_rows(tally), 0);
    assert_null(tally_code(tally, 0, &outcome, &rows));
}

/* One behind the other, as rows come. */
static void same_code_of_two_outcomes_is_two_codes(void **state)
{
    enum outcome outcome;
    uint64_t rows;

    (void)state;
    add(OUTCOME_UNKNOWN, "HTTP_502", 0);
    add(OUTCOME_FAILED, "HTTP_502", 0);
    add(OUTCOME_FAILED, "HTTP_502", 0);
    assert_string_equal(tally_code(tally, 0, &outcome, &rows), "HTTP_502");
    assert_int_equal(outcome, OUTCOME_FAILED);
    assert_int_equal(rows, 2);
    assert_string_equal(tally_code(tally, 1, &outcome, &rows), "HTTP_502");
    assert_int_equal(outcome, OUTCOME_UNKNOWN);
    assert_int_equal(rows, 1);
    assert_null(tally_code(tally, 2, &outcome, &rows));
}

static void rows_and_money_are_counted_by_outcome(void **state)
{
    (void)state;
    add(OUTCOME_ACCEPTED, "SUCCESS", 100);
    add(OUTCOME_ACCEPTED, "SUCCESS", 250);
    add(OUTCOME_REJECTED, "isv.x", 7);
    add(OUTCOME_UNSENT, "", 0);
    assert_int_equal(tally_rows(tally, OUTCOME_ACCEPTED), 2);
    assert_true(tally_fee(tally, OUTCOME_ACCEPTED) == 350);
    assert_int_equal(tally_rows(tally, OUTCOME_REJECTED), 1);
    assert_true(tally_fee(tally, OUTCOME_REJECTED) == 7);
    assert_int_equal(tally_rows(tally, OUTCOME_UNKNOWN), 0);
    assert_int_equal(tally_all_rows(tally), 4);
}

static void repeat_counts_as_the_row_it_repeats(void **state)
{
    (void)state;
    assert_int_equal(tally_add(tally, OUTCOME_SKIPPED, OUTCOME_UNKNOWN, "DUPLICATE_IN_FILE", 10),
                     0);
    assert_int_equal(tally_rows(tally, OUTCOME_SKIPPED), 1);
    assert_int_equal(tally_rows(tally, OUTCOME_UNKNOWN), 0);
    assert_int_equal(tally_counted_as(tally, OUTCOME_UNKNOWN), 1);
    assert_int_equal(tally_counted_as(tally, OUTCOME_SKIPPED), 0);
    assert_int_equal(tally_all_rows(tally), 1);
}

static void money_of_many_rows_does_not_overflow(void **state)
{
    money sum = (money)INT64_MAX * 3;

    (void)state;
    for (int i = 0; i < 3; i++)
        add(OUTCOME_ACCEPTED, "", INT64_MAX);
    assert_true(tally_fee(tally, OUTCOME_ACCEPTED) == sum);
}

static void codes_come_most_frequent_first_and_with_their_outcome(void **state)
{
    static const struct {
        const char *code;
        enum outcome outcome;
        uint64_t rows;
    } expected[] = {
        {"B", OUTCOME_FAILED, 3},
        {"A", OUTCOME_REJECTED, 2},
        {"A", OUTCOME_UNKNOWN, 1},
    };
    enum outcome outcome;
    uint64_t rows;

    (void)state;
    add(OUTCOME_REJECTED, "A", 0);
    add(OUTCOME_FAILED, "B", 0);
    add(OUTCOME_UNKNOWN, "A", 0);
    add(OUTCOME_FAILED, "B", 0);
    add(OUTCOME_REJECTED, "A", 0);
    add(OUTCOME_FAILED, "B", 0);
    add(OUTCOME_ACCEPTED, "", 0);
    for (size_t i = 0; i < 3; i++) {
        const char *code = tally_code(tally, i, &outcome, &rows);

        assert_non_null(code);
        assert_string_equal(code, expected[i].code);
        assert_int_equal(outcome, expected[i].outcome);
        assert_int_equal(rows, expected[i].rows);
    }
    assert_null(tally_code(tally, 3, &outcome, &rows));
}

static void codes_beyond_the_limit_are_counted_together(void **state)
{
    uint64_t all = 0;
    uint64_t others = 0;
    uint64_t rows;
    enum outcome outcome;
    const char *code;
    size_t count;

    (void)state;
    for (int i = 0; i < 3 * TALLY_CODES_MAX; i++) {
        char text[32];

        snprintf(text, sizeof(text), "code-%d", i);
        add(OUTCOME_REJECTED, text, 1);
    }
    add(OUTCOME_REJECTED, "code-0", 1); /* one that is known is still counted apart */
    for (count = 0; (code = tally_code(tally, count, &outcome, &rows)); count++) {
        all += rows;
        if (strcmp(code, TALLY_OTHER_CODE) == 0)
            others += rows;
    }
    assert_int_equal(count, TALLY_CODES_MAX + 1);
    assert_int_equal(all, 3 * TALLY_CODES_MAX + 1);
    assert_int_equal(others, 2 * TALLY_CODES_MAX);
}

static void code_of_any_length_is_counted(void **state)
{
    char text[300];
    enum outcome outcome;
    uint64_t rows;
    const char *code;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    add(OUTCOME_REJECTED, text, 0);
    add(OUTCOME_REJECTED, text, 0);
    code = tally_code(tally, 0, &outcome, &rows);
    assert_int_equal(rows, 2);
    assert_memory_equal(code, text, strlen(code));
}

static void counts_of_an_earlier_report_are_taken_over(void **state)
{
    (void)state;
    tally_restore(tally, OUTCOME_SKIPPED, 5, 3, 700);
    assert_int_equal(tally_rows(tally, OUTCOME_SKIPPED), 5);
    assert_int_equal(tally_counted_as(tally, OUTCOME_SKIPPED), 3);
    assert_true(tally_fee(tally, OUTCOME_SKIPPED) == 700);
    assert_int_equal(tally_all_rows(tally), 5);
}

#define WITH_TALLY(test) cmocka_unit_test_setup_teardown(test, open_tally, close_tally)

static void warnings_are_counted_by_code_with_their_first_row(void **state)
{
    struct tally *counts = tally_open();

    (void)state;
    tally_warn(counts, "", 2);
    tally_warn(counts, "DATE_ONLY", 3);
    tally_warn(counts, "COUNT_NOT_ONE;DATE_ONLY", 4);
    assert_string_equal(tally_warning(counts, 0)->code, "DATE_ONLY");
    assert_int_equal(tally_warning(counts, 0)->rows, 2);
    assert_int_equal(tally_warning(counts, 0)->first_row, 3);
    assert_string_equal(tally_warning(counts, 1)->code, "COUNT_NOT_ONE");
    assert_int_equal(tally_warning(counts, 1)->first_row, 4);
    assert_null(tally_warning(counts, 2));
    tally_close(counts);
}

static void warnings_beyond_the_limit_are_not_counted(void **state)
{
    struct tally *counts = tally_open();
    char code[2 * TALLY_WARNING_BYTES] = "";

    (void)state;
    for (int i = 0; i < TALLY_WARNINGS_MAX + 5; i++) {
        snprintf(code, sizeof(code), "W%d", i);
        tally_warn(counts, code, 2);
    }
    assert_non_null(tally_warning(counts, TALLY_WARNINGS_MAX - 1));
    assert_null(tally_warning(counts, TALLY_WARNINGS_MAX));
    tally_close(counts);
    counts = tally_open();
    memset(code, 'X', sizeof(code) - 1);
    tally_warn(counts, code, 2);
    assert_null(tally_warning(counts, 0));
    assert_null(tally_repeats(counts));
    tally_close(counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TALLY(empty_tally_is_all_zero),
        WITH_TALLY(same_code_of_two_outcomes_is_two_codes),
        WITH_TALLY(rows_and_money_are_counted_by_outcome),
        WITH_TALLY(repeat_counts_as_the_row_it_repeats),
        WITH_TALLY(money_of_many_rows_does_not_overflow),
        WITH_TALLY(codes_come_most_frequent_first_and_with_their_outcome),
        WITH_TALLY(codes_beyond_the_limit_are_counted_together),
        WITH_TALLY(code_of_any_length_is_counted),
        WITH_TALLY(counts_of_an_earlier_report_are_taken_over),
        cmocka_unit_test(warnings_are_counted_by_code_with_their_first_row),
        cmocka_unit_test(warnings_beyond_the_limit_are_not_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

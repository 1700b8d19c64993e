/* Unit tests of input/inspection: what is known of an export before anything is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "input/inspection/inspection.h"
#include "input/inspection/repeat_filter.h"
#include "memfile.h"

#define HEADER "workcard_id,claim_order_no,claim_status,claim_time,claim_fee,claim_desc\n"
#define NOW_MS INT64_C(1670803200000) /* 2022-12-12 08:00:00 in Beijing */

/* An export in memory, and how it is taken. */
struct taken {
    struct memfile file;
    struct row_source row_source;
    struct inspection inspection;
    struct error err;
};

static void take(struct taken *taken, const char *text)
{
    taken->file = memfile_text(text);
    taken->row_source.reader.delimiter = ',';
    taken->row_source.now_ms = NOW_MS;
    rules_init(&taken->row_source.rules);
    assert_int_equal(export_open(taken->file.path, &taken->row_source.export, &taken->err), 0);
}

static int inspect(struct taken *taken, const char *text)
{
    take(taken, text);
    return inspection_run(&taken->row_source, &taken->inspection, &taken->err);
}

static void release(struct taken *taken)
{
    inspection_release(&taken->inspection);
    export_close(taken->row_source.export);
    memfile_close(&taken->file);
}

static void inspection_adds_up_rows_and_money_by_status(void **state)
{
    struct taken taken = {0};

    (void)state;
    assert_int_equal(inspect(&taken, HEADER "1,A,1,2022-12-01 10:00:00,100,\n"
                                            "2,B,1,2022-12-01 10:00:00,9223372036854775807,\n"
                                            "3,C,2,2022-12-01 10:00:00,0,why\n"
                                            "\n"
                                            "4,D,0,2022-12-01 10:00:00,7,\n"
                                            "5,E,1,2022-12-01 10:00:00,0,\n"),
                     0);
    assert_int_equal(taken.inspection.rows, 5);
    assert_int_equal(taken.inspection.invalid, 1);
    assert_int_equal(taken.inspection.blank_lines, 1);
    assert_int_equal(taken.inspection.status_rows[0], 1);
    assert_int_equal(taken.inspection.status_rows[1], 2);
    assert_int_equal(taken.inspection.status_rows[2], 1);
    assert_true(taken.inspection.status_fee[0] == 7);
    assert_true(taken.inspection.status_fee[1] == (money)INT64_MAX + 100);
    assert_true(inspection_fee(&taken.inspection) == (money)INT64_MAX + 107);
    release(&taken);
}

static void inspection_counts_each_rule_and_where_it_is_broken_first(void **state)
{
    struct taken taken = {0};

    (void)state;
    assert_int_equal(inspect(&taken, HEADER "1,A,1,2022-12-01 10:00:00,100,\n"
                                            "2,B,1,2022-12-01,0,\n"
                                            "3,C,1,2022-12-01,5,\n"
                                            "4,D,1,2022-12-12 08:10:01,5,\n"),
                     0);
    assert_int_equal(taken.inspection.invalid, 2);
    assert_int_equal(taken.inspection.broken[RULE_SUCCESS_WITHOUT_FEE], 1);
    assert_int_equal(taken.inspection.first_row[RULE_SUCCESS_WITHOUT_FEE], 3);
    assert_int_equal(taken.inspection.broken[RULE_DATE_ONLY], 2);
    assert_int_equal(taken.inspection.first_row[RULE_DATE_ONLY], 3);
    assert_int_equal(taken.inspection.broken[RULE_FUTURE_TIME], 1);
    assert_int_equal(taken.inspection.first_row[RULE_FUTURE_TIME], 5);
    assert_int_equal(taken.inspection.broken[RULE_BAD_FEE], 0);
    assert_int_equal(taken.inspection.first_row[RULE_BAD_FEE], 0);
    release(&taken);
}

/* What a visitor saw, as "begin row:valid row:invalid …". */
static int write_begin(void *context, const struct reader *reader, struct error *err)
{
    (void)reader;
    (void)err;
    buffer_text(context, "begin ");
    return 0;
}

static int write_claim(void *context, uint64_t row, const struct claim *claim, struct error *err)
{
    (void)claim;
    (void)err;
    buffer_format(context, "%d:claim ", (int)row);
    return 0;
}

static void write_forget(void *context)
{
    buffer_text(context, "forget ");
}

static int write_row(void *context, const struct reader *reader, const struct record *record,
                     const struct findings *findings, struct error *err)
{
    (void)reader;
    (void)err;
    buffer_format(context, "%d:%s ", (int)record->row,
                  findings_invalid(findings) ? "invalid" : "warned");
    return 0;
}

static int refuse_row(void *context, const struct reader *reader, const struct record *record,
                      const struct findings *findings, struct error *err)
{
    (void)context;
    (void)reader;
    (void)findings;
    return error_set(err, EXIT_CANNOT_WRITE, "row %d", (int)record->row);
}

static const char three_rows[] = HEADER "1,A,1,2022-12-01 10:00:00,100,\n"
                                        "2,B,1,2022-12-01,100,\n"
                                        "3,C,9,2022-12-01 10:00:00,100,\n";

static void check_shows_claims_and_then_what_is_found(void **state)
{
    struct taken taken = {0};
    struct buffer seen = {0};
    struct inspection_visitor visitor = {&seen,        write_begin, write_claim,
                                         write_forget, write_row,   false};

    (void)state;
    take(&taken, three_rows);
    assert_int_equal(inspection_check(&taken.row_source, &visitor, &taken.inspection, &taken.err),
                     0);
    assert_string_equal(buffer_string(&seen), "2:claim 3:claim begin 3:warned 4:invalid ");
    assert_int_equal(taken.inspection.rows, 3);
    assert_int_equal(taken.inspection.invalid, 1);
    assert_true(inspection_fee(&taken.inspection) == 200);
    buffer_release(&seen);
    release(&taken);
}

/* The only full row stands before a fragment, which the first pass cannot know when it shows it. */
static void check_forgets_a_claim_that_turns_out_invalid(void **state)
{
    struct taken taken = {0};
    struct buffer seen = {0};
    struct inspection_visitor visitor = {&seen,        write_begin, write_claim,
                                         write_forget, write_row,   false};

    (void)state;
    take(&taken, HEADER "1,A,1,2022-12-01 10:00:00,100,\n"
                        "rest\n");
    assert_int_equal(inspection_check(&taken.row_source, &visitor, &taken.inspection, &taken.err),
                     0);
    assert_string_equal(buffer_string(&seen), "2:claim forget begin 2:invalid 3:invalid ");
    assert_int_equal(taken.inspection.invalid, 2);
    buffer_release(&seen);
    release(&taken);
}

static void check_ends_with_the_error_of_its_visitor(void **state)
{
    struct taken taken = {0};
    struct buffer seen = {0};
    struct inspection_visitor visitor = {&seen,        write_begin, write_claim,
                                         write_forget, refuse_row,  false};

    (void)state;
    take(&taken, three_rows);
    assert_int_equal(inspection_check(&taken.row_source, &visitor, &taken.inspection, &taken.err),
                     -1);
    assert_int_equal(taken.err.exit_code, EXIT_CANNOT_WRITE);
    assert_string_equal(taken.err.text, "row 3");
    buffer_release(&seen);
    release(&taken);
}

static void control_totals_must_be_met(void **state)
{
    static const struct {
        int64_t rows, fee_fen;
        int result;
    } cases[] = {{-1, -1, 0},  {3, 200, 0}, {3, -1, 0},   {-1, 200, 0}, {2, -1, -1},
                 {4, 200, -1}, {-1, 0, -1}, {3, 201, -1}, {0, -1, -1}};
    struct taken taken = {0};

    (void)state;
    assert_int_equal(inspect(&taken, three_rows), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct error err = {0};

        assert_int_equal(
            inspection_expect(&taken.inspection, cases[i].rows, cases[i].fee_fen, &err),
            cases[i].result);
        assert_int_equal(err.exit_code, cases[i].result ? EXIT_INPUT_REFUSED : 0);
    }
    release(&taken);
}

static void inspection_knows_which_claims_repeat(void **state)
{
    static const struct claim repeated = {.workcard_id = 1, .claim_order_no = "A"};
    static const struct claim single = {.workcard_id = 2, .claim_order_no = "B"};
    static const struct claim half_invalid = {.workcard_id = 3, .claim_order_no = "C"};
    struct taken taken = {0};

    (void)state;
    assert_int_equal(inspect(&taken, HEADER "1,A,1,2022-12-01 10:00:00,100,\n"
                                            "2,B,1,2022-12-01 10:00:00,100,\n"
                                            "3,C,1,2022-12-01 10:00:00,0,\n"
                                            "3,C,1,2022-12-01 10:00:00,1,\n"
                                            "1,A,1,2022-12-01 10:00:00,200,\n"),
                     0);
    assert_true(repeat_filter_maybe(taken.inspection.repeats, &repeated));
    assert_false(repeat_filter_maybe(taken.inspection.repeats, &single));
    /* An invalid row counts: it may be valid by the time its run began with. */
    assert_true(repeat_filter_maybe(taken.inspection.repeats, &half_invalid));
    release(&taken);
}

static void header_alone_is_an_empty_export(void **state)
{
    struct taken taken = {0};

    (void)state;
    assert_int_equal(inspect(&taken, HEADER), 0);
    assert_int_equal(taken.inspection.rows, 0);
    assert_true(inspection_fee(&taken.inspection) == 0);
    release(&taken);
}

static void file_that_may_be_cut_is_refused(void **state)
{
    static const char *const texts[] = {
        HEADER "1,A,1,2022-12-01 10:00:00,100,",
        "workcard_id,claim_order_no,claim_status,claim_time,claim_fee",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct taken taken = {0};

        assert_int_equal(inspect(&taken, texts[i]), -1);
        assert_int_equal(taken.err.exit_code, EXIT_INPUT_REFUSED);
        assert_non_null(strstr(taken.err.text, "MISSING_FINAL_NEWLINE"));
        release(&taken);
    }
}

static void file_that_cannot_be_trusted_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "a,b,c\n",
        HEADER "1,A,1,2022-12-01 10:00:00,100,\"open\n",
        HEADER "1,A,1,2022-12-01 10:00:00,100,x\"y\n",
        HEADER "1,A,1,2022-12-01 10:00:00,100,\xff\xff\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct taken taken = {0};

        if (inspect(&taken, texts[i]) != -1)
            fail_msg("text %zu", i);
        assert_int_equal(taken.err.exit_code, EXIT_INPUT_REFUSED);
        release(&taken);
    }
}

static void reading_says_all_that_decides_what_a_row_means(void **state)
{
    struct taken taken = {0};
    struct buffer reading = {0};
    const char *why;

    (void)state;
    assert_int_equal(inspect(&taken, HEADER "1,A,1,2022-12-01 10:00:00,100,\n"), 0);
    inspection_reading(&taken.row_source, &taken.inspection, &reading);
    assert_string_equal(buffer_string(&reading),
                        "encoding=utf-8 delimiter=0x2c fee-unit=fen workcard_id=1 claim_desc=6 "
                        "claim_order_no=2 claim_status=3 claim_time=4 claim_fee=5");
    assert_true(rules_parse(&taken.row_source.rules, "future-time=off", &why));
    taken.row_source.rules.max_fee = 500;
    buffer_reset(&reading);
    inspection_reading(&taken.row_source, &taken.inspection, &reading);
    assert_non_null(strstr(buffer_string(&reading), " future-time=off"));
    assert_non_null(strstr(buffer_string(&reading), " max-fee=500"));
    buffer_release(&reading);
    release(&taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inspection_adds_up_rows_and_money_by_status),
        cmocka_unit_test(inspection_counts_each_rule_and_where_it_is_broken_first),
        cmocka_unit_test(check_shows_claims_and_then_what_is_found),
        cmocka_unit_test(check_forgets_a_claim_that_turns_out_invalid),
        cmocka_unit_test(check_ends_with_the_error_of_its_visitor),
        cmocka_unit_test(control_totals_must_be_met),
        cmocka_unit_test(inspection_knows_which_claims_repeat),
        cmocka_unit_test(header_alone_is_an_empty_export),
        cmocka_unit_test(file_that_may_be_cut_is_refused),
        cmocka_unit_test(file_that_cannot_be_trusted_is_refused),
        cmocka_unit_test(reading_says_all_that_decides_what_a_row_means),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of report/coherence: what a line cannot say, whatever the gateway answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "line_words.h"
#include "report/line_check.h"

static struct scan_row row_of(enum outcome outcome)
{
    return (struct scan_row){.line.record = answered_record(2, outcome), .line.has_digest = true};
}

/* A row that was never sent. */
static struct scan_row idle_row_of(enum outcome outcome)
{
    struct scan_row row = row_of(outcome);

    row.line.record.attempts = row.line.record.http_status = 0;
    row.line.record.submitted_ms = row.line.record.duration_ms = 0;
    row.line.record.request_id = "";
    row.line.has_digest = outcome != OUTCOME_INVALID;
    return row;
}

static void assert_breach(const struct scan_row *row, const char *words)
{
    const char *breach = line_check_breach(row);

    assert_non_null(breach);
    assert_non_null(strstr(breach, words));
}

static void lines_of_every_outcome_can_be_true(void **state)
{
    (void)state;
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        struct scan_row sent = row_of((enum outcome)i);
        struct scan_row idle = idle_row_of((enum outcome)i);

        if (i != OUTCOME_INVALID)
            assert_null(line_check_breach(&sent));
        if (i != OUTCOME_ACCEPTED && i != OUTCOME_REJECTED)
            assert_null(line_check_breach(&idle));
    }
}

static void what_was_never_sent_is_not_accepted_or_rejected(void **state)
{
    static const enum outcome outcomes[] = {OUTCOME_ACCEPTED, OUTCOME_REJECTED};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct scan_row row = idle_row_of(outcomes[i]);

        assert_breach(&row, "no attempt");
        row = row_of(outcomes[i]);
        row.line.record.submitted_ms = 0;
        assert_breach(&row, "no submitted_at");
    }
}

static void accepted_means_http_200_or_a_persons_word(void **state)
{
    struct scan_row row = row_of(OUTCOME_ACCEPTED);

    (void)state;
    row.line.record.http_status = 500;
    assert_breach(&row, "not 200");
    row.line.record.http_status = 0;
    assert_breach(&row, "not 200");
    row.line.record.code = "RESOLVED_ACCEPTED";
    assert_null(line_check_breach(&row));
    row = idle_row_of(OUTCOME_ACCEPTED);
    row.line.record.code = "RESOLVED_ACCEPTED"; /* of an attempt of which no report is left */
    assert_null(line_check_breach(&row));
    row = row_of(OUTCOME_REJECTED);
    row.line.record.http_status = 500;
    assert_null(line_check_breach(&row));
}

static void an_answer_needs_a_time_at_which_the_row_was_sent(void **state)
{
    struct scan_row row = idle_row_of(OUTCOME_UNSENT);

    (void)state;
    row.line.record.attempts = 1;
    assert_breach(&row, "no submitted_at");
    row = idle_row_of(OUTCOME_SKIPPED);
    row.line.record.request_id = "rid";
    assert_breach(&row, "no submitted_at");
    row = idle_row_of(OUTCOME_UNKNOWN);
    row.line.record.sub_code = "isv.x";
    assert_breach(&row, "no submitted_at");
    row = idle_row_of(OUTCOME_FAILED);
    row.line.record.http_status = 200;
    assert_breach(&row, "no submitted_at");
}

static void an_invalid_row_has_neither_digest_nor_answer(void **state)
{
    struct scan_row row = idle_row_of(OUTCOME_INVALID);

    (void)state;
    row.line.has_digest = true;
    assert_breach(&row, "has a digest");
    row = row_of(OUTCOME_INVALID);
    row.line.has_digest = false;
    assert_breach(&row, "was sent");
    row = idle_row_of(OUTCOME_INVALID);
    row.line.record.sub_code = "isv.x";
    assert_breach(&row, "was sent");
    row = idle_row_of(OUTCOME_INVALID);
    row.line.record.code = "";
    assert_breach(&row, "no code");
}

static void every_other_row_has_a_digest_and_a_number(void **state)
{
    (void)state;
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        struct scan_row row = row_of((enum outcome)i);

        row.line.record.row = 1;
        assert_breach(&row, "number");
        if (i == OUTCOME_INVALID)
            continue;
        row = row_of((enum outcome)i);
        row.line.has_digest = false;
        assert_breach(&row, "no digest");
    }
}

static void cells_that_are_malformed_are_not_judged(void **state)
{
    struct scan_row row = idle_row_of(OUTCOME_ACCEPTED);

    (void)state;
    row.malformed = 1u << SCAN_ATTEMPTS;
    assert_null(line_check_breach(&row));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_every_outcome_can_be_true),
        cmocka_unit_test(what_was_never_sent_is_not_accepted_or_rejected),
        cmocka_unit_test(accepted_means_http_200_or_a_persons_word),
        cmocka_unit_test(an_answer_needs_a_time_at_which_the_row_was_sent),
        cmocka_unit_test(an_invalid_row_has_neither_digest_nor_answer),
        cmocka_unit_test(every_other_row_has_a_digest_and_a_number),
        cmocka_unit_test(cells_that_are_malformed_are_not_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

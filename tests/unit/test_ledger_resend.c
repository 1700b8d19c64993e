/* Unit tests of ledger: what is sent again, and what becomes of the attempt before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "both_places.h"
#include "ledger_words.h"

static void resend_takes_over_an_unknown_attempt_and_only_acceptance_ends_it(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "A");

    begin(ledger);
    send_row(ledger, run, 2, "A", OUTCOME_UNKNOWN);
    ref.resend = true;
    intend(ledger, &ref);
    assert_true(claim_of(ledger, "A").open_is_intent);
    assert_int_equal(try_intend(ledger, &ref), 0); /* it is on the wire */
    end_row(ledger, &ref, ROW_AGAIN, OUTCOME_ACCEPTED);
    assert_true(claim_of(ledger, "A").open);
    assert_false(claim_of(ledger, "A").open_is_intent);
    assert_int_equal(row_of(ledger, run, 2).outcome, OUTCOME_UNKNOWN);

    intend(ledger, &ref);
    end_row(ledger, &ref, ROW_FINAL, OUTCOME_REJECTED);
    assert_true(claim_of(ledger, "A").open);
    assert_false(claim_of(ledger, "A").open_is_intent);

    intend(ledger, &ref);
    end_row(ledger, &ref, ROW_FINAL, OUTCOME_ACCEPTED);
    commit(ledger);
    assert_false(claim_of(ledger, "A").open);
    assert_true(claim_of(ledger, "A").accepted);
}

static void resend_that_dies_on_the_wire_is_unknown_again(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "A");
    size_t count = 0;

    begin(ledger);
    send_row(ledger, run, 2, "A", OUTCOME_UNKNOWN);
    ref.resend = true;
    intend(ledger, &ref);
    commit(ledger);
    begin(ledger);
    assert_int_equal(ledger_run_recover(ledger, run, &count, &err), 0);
    commit(ledger);
    assert_int_equal(count, 1);
    assert_true(claim_of(ledger, "A").open);
    assert_false(claim_of(ledger, "A").open_is_intent);
    assert_int_equal(row_of(ledger, run, 2).outcome, OUTCOME_UNKNOWN);
}

static void resend_that_is_put_off_gives_the_attempt_before_its_place_back(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    int64_t later_run = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(later_run, 7, "A");

    begin(ledger);
    send_row(ledger, run, 2, "A", OUTCOME_UNKNOWN);
    ref.resend = true;
    intend(ledger, &ref);
    assert_int_equal(claim_of(ledger, "A").open_at.run, later_run);
    end_row(ledger, &ref, ROW_AGAIN, OUTCOME_UNSENT);
    commit(ledger);
    assert_true(claim_of(ledger, "A").open);
    assert_false(claim_of(ledger, "A").open_is_intent);
    assert_int_equal(claim_of(ledger, "A").open_at.run, run);
    assert_int_equal(claim_of(ledger, "A").open_at.row, 2);
    assert_int_equal(count_rows(ledger, later_run), 0);
}

static void resend_of_what_no_row_tells_of_is_unknown_where_it_was_put_off(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 7, "A");

    begin(ledger);
    ref.resend = true;
    intend(ledger, &ref);
    end_row(ledger, &ref, ROW_AGAIN, OUTCOME_UNSENT);
    commit(ledger);
    assert_true(claim_of(ledger, "A").open);
    assert_false(claim_of(ledger, "A").open_is_intent);
    assert_int_equal(claim_of(ledger, "A").open_at.row, 7);
    assert_int_equal(row_of(ledger, run, 7).state, ROW_FINAL);
    assert_int_equal(row_of(ledger, run, 7).outcome, OUTCOME_UNKNOWN);
}

static void what_dies_on_the_wire_was_sent_in_the_round_of_its_intent(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "A");
    struct row_record record = record_of(&ref, ROW_AGAIN, OUTCOME_UNSENT);
    struct round open;

    begin(ledger);
    send_row(ledger, run, 2, "A", OUTCOME_UNKNOWN);
    assert_int_equal(
        ledger_round_open(ledger, run, ROUND_RESEND_UNKNOWN, "ops", "7", 5, &open, &err), 0);
    ref.resend = true;
    record.round = open.id;
    assert_int_equal(try_intend_as(ledger, &ref, &record), 1);
    /* One that was sent as it always is, while the round is open. */
    ref = ref_of(run, 3, "B");
    intend(ledger, &ref);
    assert_int_equal(ledger_run_recover(ledger, run, NULL, &err), 0);
    commit(ledger);
    assert_int_equal(row_of(ledger, run, 2).round, open.id);
    assert_int_equal(row_of(ledger, run, 3).round, 0);
}

static void row_that_waits_is_released_though_it_was_tried_before(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    int64_t other = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "A");
    struct row_record waits = record_of(&ref, ROW_NOTED, OUTCOME_UNKNOWN);

    begin(ledger);
    send_row(ledger, run, 2, "A", OUTCOME_FAILED);
    send_row(ledger, other, 2, "A", OUTCOME_UNKNOWN);
    assert_int_equal(ledger_row_note(ledger, &ref, &waits, false, &err), 0);
    ref = ref_of(other, 2, "A");
    ref.resend = true;
    intend(ledger, &ref);
    end_row(ledger, &ref, ROW_FINAL, OUTCOME_ACCEPTED);
    commit(ledger);
    assert_int_equal(row_of(ledger, run, 2).outcome, OUTCOME_UNSENT);
}

static void settling_one_attempt_leaves_the_one_before_it_open(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    int64_t other = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(other, 3, "A");
    struct row_record record;
    struct settlement settlement = {
        .outcome = OUTCOME_FAILED, .by = "ops", .reason = "looked up", .at_ms = 5};

    begin(ledger);
    send_row(ledger, run, 2, "A", OUTCOME_UNKNOWN);
    ref.resend = true;
    intend(ledger, &ref);
    end_row(ledger, &ref, ROW_FINAL, OUTCOME_UNKNOWN);
    commit(ledger);
    record = row_of(ledger, other, 3);
    settlement.digest = record.digest;
    settlement.submitted_ms = record.submitted_ms;
    begin(ledger);
    assert_int_equal(ledger_row_resolve(ledger, &ref, &settlement, &err), 1);
    commit(ledger);
    assert_true(claim_of(ledger, "A").open);
    assert_int_equal(claim_of(ledger, "A").open_at.run, run);
    ref = ref_of(run, 2, "A");
    record = row_of(ledger, run, 2);
    settlement.digest = record.digest;
    settlement.submitted_ms = record.submitted_ms;
    begin(ledger);
    assert_int_equal(ledger_row_resolve(ledger, &ref, &settlement, &err), 1);
    commit(ledger);
    assert_false(claim_of(ledger, "A").open);
}

static void safe_repeat_is_intended_anew(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "A");
    struct row_record again = record_of(&ref, ROW_UNTOUCHED, OUTCOME_ACCEPTED);

    begin(ledger);
    intend(ledger, &ref);
    end_row(ledger, &ref, ROW_AGAIN, OUTCOME_ACCEPTED);
    again.attempts = 2;
    again.submitted_ms = 2000;
    assert_int_equal(try_intend_as(ledger, &ref, &again), 1);
    commit(ledger);
    assert_int_equal(row_of(ledger, run, 2).state, ROW_AGAIN);
    assert_true(claim_of(ledger, "A").open_is_intent);

    /* What the second intent said is what is left if the run dies now. */
    begin(ledger);
    assert_int_equal(ledger_run_recover(ledger, run, NULL, &err), 0);
    commit(ledger);
    assert_int_equal(row_of(ledger, run, 2).outcome, OUTCOME_UNKNOWN);
    assert_int_equal(row_of(ledger, run, 2).attempts, 2);
    assert_int_equal(row_of(ledger, run, 2).submitted_ms, 2000);
    assert_int_equal(row_before(ledger, run, 3, "A"), 2);
}

static void row_that_failed_may_be_accepted_in_a_later_start(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);

    begin(ledger);
    send_row(ledger, run, 2, "A", OUTCOME_FAILED);
    send_row(ledger, run, 3, "A", OUTCOME_FAILED);
    commit(ledger);
    begin(ledger);
    send_row(ledger, run, 2, "A", OUTCOME_ACCEPTED);
    commit(ledger);
    assert_int_equal(claim_of(ledger, "A").accepted_at.row, 2);
    assert_int_equal(row_of(ledger, run, 2).outcome, OUTCOME_ACCEPTED);
    assert_int_equal(row_before(ledger, run, 3, "A"), 2);
    assert_int_equal(row_before(ledger, run, 4, "A"), 3);
    assert_int_equal(row_before(ledger, run, 2, "A"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(resend_takes_over_an_unknown_attempt_and_only_acceptance_ends_it),
        ON_BOTH(resend_that_dies_on_the_wire_is_unknown_again),
        ON_BOTH(resend_that_is_put_off_gives_the_attempt_before_its_place_back),
        ON_BOTH(resend_of_what_no_row_tells_of_is_unknown_where_it_was_put_off),
        ON_BOTH(what_dies_on_the_wire_was_sent_in_the_round_of_its_intent),
        ON_BOTH(row_that_waits_is_released_though_it_was_tried_before),
        ON_BOTH(settling_one_attempt_leaves_the_one_before_it_open),
        ON_BOTH(safe_repeat_is_intended_anew),
        ON_BOTH(row_that_failed_may_be_accepted_in_a_later_start),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

/* Unit tests of ledger: a person's word on an unknown attempt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "both_places.h"
#include "ledger_words.h"

static struct settlement settlement_of(enum outcome outcome, const struct row_record *record)
{
    static int64_t now_ms = 5000;

    return (struct settlement){
        .outcome = outcome,
        .digest = record->digest,
        .submitted_ms = record->submitted_ms,
        .by = "claims-desk",
        .reason = "asked the platform",
        .at_ms = now_ms++,
    };
}

static int resolve(struct ledger *ledger, const struct row_ref *ref, enum outcome outcome)
{
    struct row_record record = record_of(ref, ROW_FINAL, outcome);
    struct settlement settlement = settlement_of(outcome, &record);
    int result;

    begin(ledger);
    result = ledger_row_resolve(ledger, ref, &settlement, &err);
    commit(ledger);
    return result;
}

static void unknown_attempt_is_settled_as_accepted(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "LP-1");
    struct known_row known = {0};

    begin(ledger);
    send_row(ledger, run, 2, "LP-1", OUTCOME_UNKNOWN);
    commit(ledger);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_ACCEPTED), 1);
    assert_true(claim_of(ledger, "LP-1").accepted);
    assert_false(claim_of(ledger, "LP-1").open);
    assert_int_equal(ledger_row_get(ledger, ref.place, &known, &err), 1);
    assert_int_equal(known.record.outcome, OUTCOME_ACCEPTED);
    assert_string_equal(known.record.code, "RESOLVED_ACCEPTED");
    assert_non_null(strstr(known.record.message, "claims-desk: asked the platform"));
    known_row_release(&known);
}

static void unknown_attempt_is_settled_as_not_executed_and_its_run_has_a_row_to_send(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "LP-1");
    struct run_record found;

    begin(ledger);
    send_row(ledger, run, 2, "LP-1", OUTCOME_UNKNOWN);
    commit(ledger);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_FAILED), 1);
    assert_false(claim_of(ledger, "LP-1").accepted);
    assert_false(claim_of(ledger, "LP-1").open);
    assert_int_equal(row_of(ledger, run, 2).outcome, OUTCOME_FAILED);
    assert_int_equal(find_run(ledger, "upload", PLATFORM, EXPORT, &found), 1);
    assert_int_equal(found.released, 1);
    begin(ledger);
    assert_int_equal(ledger_run_take_released(ledger, run, &err), 0);
    commit(ledger);
    assert_int_equal(find_run(ledger, "upload", PLATFORM, EXPORT, &found), 1);
    assert_int_equal(found.released, 0);
}

static void attempt_that_was_not_executed_may_be_said_to_be_accepted_until_it_is_sent(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "LP-1"), sent = ref_of(run, 3, "LP-2");

    begin(ledger);
    send_row(ledger, run, 2, "LP-1", OUTCOME_UNKNOWN);
    send_row(ledger, run, 3, "LP-2", OUTCOME_UNKNOWN);
    commit(ledger);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_FAILED), 1);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_FAILED), 0);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_ACCEPTED), 1);
    assert_true(claim_of(ledger, "LP-1").accepted);
    assert_int_equal(row_of(ledger, run, 2).outcome, OUTCOME_ACCEPTED);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_FAILED), 0);
    assert_int_equal(resolve(ledger, &sent, OUTCOME_FAILED), 1);
    begin(ledger);
    intend(ledger, &sent);
    commit(ledger);
    assert_int_equal(resolve(ledger, &sent, OUTCOME_ACCEPTED), 0);
    assert_false(claim_of(ledger, "LP-2").accepted);
}

static void attempt_is_not_said_to_be_accepted_when_another_run_has_sent(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM), other = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "LP-1");

    begin(ledger);
    send_row(ledger, run, 2, "LP-1", OUTCOME_UNKNOWN);
    commit(ledger);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_FAILED), 1);
    begin(ledger);
    send_row(ledger, other, 2, "LP-1", OUTCOME_ACCEPTED);
    commit(ledger);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_ACCEPTED), 0);
    assert_int_equal(row_of(ledger, run, 2).outcome, OUTCOME_FAILED);
}

static void word_on_another_attempt_settles_nothing(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "LP-1");
    struct row_ref other_row = ref_of(run, 3, "LP-1");
    struct row_record record = record_of(&ref, ROW_FINAL, OUTCOME_ACCEPTED);
    struct settlement later = settlement_of(OUTCOME_ACCEPTED, &record);
    unsigned char digest[DIGEST_CLAIM_BYTES] = {0xee};
    struct settlement edited = settlement_of(OUTCOME_ACCEPTED, &record);

    begin(ledger);
    send_row(ledger, run, 2, "LP-1", OUTCOME_UNKNOWN);
    later.submitted_ms++;
    edited.digest = digest;
    assert_int_equal(ledger_row_resolve(ledger, &ref, &later, &err), 0);
    assert_int_equal(ledger_row_resolve(ledger, &ref, &edited, &err), 0);
    commit(ledger);
    assert_int_equal(resolve(ledger, &other_row, OUTCOME_ACCEPTED), 0);
    assert_true(claim_of(ledger, "LP-1").open);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_ACCEPTED), 1);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_ACCEPTED), 0);
}

static void intent_is_not_settled_by_a_word(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    struct row_ref ref = ref_of(new_run(ledger, PLATFORM), 2, "LP-1");

    begin(ledger);
    intend(ledger, &ref);
    commit(ledger);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_ACCEPTED), 0);
    assert_true(claim_of(ledger, "LP-1").open_is_intent);
}

/* A row that waits for an unknown attempt, in another run. */
static struct row_ref wait_in(struct ledger *ledger, int64_t run, uint64_t row,
                              const char *order_no)
{
    struct row_ref ref = ref_of(run, row, order_no);
    struct row_record record = record_of(&ref, ROW_FINAL, OUTCOME_UNKNOWN);

    record.attempts = 0;
    record.submitted_ms = 0;
    assert_int_equal(ledger_row_note(ledger, &ref, &record, false, &err), 0);
    return ref;
}

static void rows_that_wait_are_released_when_the_attempt_is_settled(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t first = new_run(ledger, PLATFORM);
    int64_t second = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(first, 2, "LP-1");
    struct run_record found;

    begin(ledger);
    send_row(ledger, first, 2, "LP-1", OUTCOME_UNKNOWN);
    wait_in(ledger, second, 7, "LP-1");
    wait_in(ledger, second, 9, "LP-2");
    commit(ledger);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_ACCEPTED), 1);
    assert_int_equal(row_of(ledger, second, 7).outcome, OUTCOME_UNSENT);
    assert_int_equal(row_of(ledger, second, 9).outcome, OUTCOME_UNKNOWN);
    assert_int_equal(find_run(ledger, "upload", PLATFORM, EXPORT, &found), 1);
    assert_int_equal(found.id, second);
    assert_int_equal(found.released, 1);
}

static void rows_that_wait_are_released_when_a_resend_is_accepted(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t first = new_run(ledger, PLATFORM);
    int64_t second = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(first, 2, "LP-1");

    begin(ledger);
    send_row(ledger, first, 2, "LP-1", OUTCOME_UNKNOWN);
    wait_in(ledger, second, 7, "LP-1");
    ref.resend = true;
    intend(ledger, &ref);
    end_row(ledger, &ref, ROW_FINAL, OUTCOME_REJECTED);
    assert_int_equal(row_of(ledger, second, 7).outcome, OUTCOME_UNKNOWN);
    intend(ledger, &ref);
    end_row(ledger, &ref, ROW_FINAL, OUTCOME_ACCEPTED);
    commit(ledger);
    assert_int_equal(row_of(ledger, second, 7).outcome, OUTCOME_UNSENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(unknown_attempt_is_settled_as_accepted),
        ON_BOTH(unknown_attempt_is_settled_as_not_executed_and_its_run_has_a_row_to_send),
        ON_BOTH(attempt_that_was_not_executed_may_be_said_to_be_accepted_until_it_is_sent),
        ON_BOTH(attempt_is_not_said_to_be_accepted_when_another_run_has_sent),
        ON_BOTH(word_on_another_attempt_settles_nothing),
        ON_BOTH(intent_is_not_settled_by_a_word),
        ON_BOTH(rows_that_wait_are_released_when_the_attempt_is_settled),
        ON_BOTH(rows_that_wait_are_released_when_a_resend_is_accepted),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

/* Unit tests of ledger: what is known of a claim over all its rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "both_places.h"
#include "ledger_words.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void claim_has_one_open_attempt(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t first = new_run(ledger, PLATFORM);
    int64_t second = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(first, 2, "A");
    struct row_ref rival = ref_of(second, 9, "A");
    struct row_ref other_claim = ref_of(second, 10, "B");
    struct row_ref other_workcard = ref_of(second, 11, "A");
    struct claim_state claim;

    other_workcard.key.workcard_id = 816;
    begin(ledger);
    intend(ledger, &ref);
    assert_int_equal(try_intend(ledger, &rival), 0);
    intend(ledger, &other_claim);
    intend(ledger, &other_workcard);
    commit(ledger);
    claim = claim_of(ledger, "A");
    assert_true(claim.open);
    assert_true(claim.open_is_intent);
    assert_int_equal(claim.open_at.run, first);
    assert_int_equal(claim.open_at.row, 2);
    assert_false(claim.accepted);
    assert_int_equal(count_open(ledger), 3);
}

static void many_claims_are_told_as_each_by_itself(void **state)
{
    static const char *const names[] = {"A", "B", "C", "", "D"};
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 4, "C");
    struct claim_key keys[COUNT(names)];
    struct claim_state states[COUNT(names)];

    begin(ledger);
    send_row(ledger, run, 2, "A", OUTCOME_ACCEPTED);
    send_row(ledger, run, 3, "B", OUTCOME_UNKNOWN);
    intend(ledger, &ref);
    commit(ledger);
    for (size_t i = 0; i < COUNT(names); i++)
        keys[i] = ref_of(run, 9, names[i]).key;
    memset(states, 0xff, sizeof(states));
    assert_int_equal(ledger_claims_get(ledger, PLATFORM, keys, COUNT(names), states, &err), 0);
    for (size_t i = 0; i < COUNT(names); i++) {
        struct claim_state alone = claim_of(ledger, names[i]);

        assert_memory_equal(&states[i], &alone, sizeof(alone));
    }
    assert_true(states[0].accepted);
    assert_true(states[1].open);
    assert_true(states[2].open_is_intent);
    assert_int_equal(ledger_claims_get(ledger, PLATFORM, keys, 0, states, &err), 0);
}

static void numbers_are_looked_for_between_two(void **state)
{
    static const struct {
        const char *first, *end;
        bool any;
    } cases[] = {
        {"00", "01", true}, {"01", "02", false}, {"1", "2", false},
        {"A", "B", true}, /* one that is open */
        {"a", "b", false},  {"P1", "P2", true},  {"P", "P1", false},
    };
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 4, "AX");
    bool any;

    begin(ledger);
    send_row(ledger, run, 2, "0026", OUTCOME_ACCEPTED);
    send_row(ledger, run, 3, "P1", OUTCOME_ACCEPTED);
    intend(ledger, &ref);
    commit(ledger);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(ledger_claims_between(ledger, cases[i].first, cases[i].end, &any, &err),
                         0);
        assert_int_equal(any, cases[i].any);
    }
}

static void work_orders_of_a_number_are_told_one_after_the_other(void **state)
{
    static const char *const numbers[] = {"", "A", "A1", "AA", "B", "C"};
    static const bool known[COUNT(numbers)] = {false, true, false, true, false, false};
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    int64_t workcard_id = INT64_MIN;
    bool found[COUNT(numbers)];

    begin(ledger);
    send_row(ledger, run, 2, "A", OUTCOME_ACCEPTED);
    send_row(ledger, run, 3, "AA", OUTCOME_UNKNOWN);
    commit(ledger);
    assert_int_equal(ledger_numbers_find(ledger, numbers, COUNT(numbers), found, &err), 0);
    assert_memory_equal(found, known, sizeof(known));
    assert_int_equal(ledger_number_next(ledger, PLATFORM, "A", &workcard_id, &err), 1);
    assert_int_equal(workcard_id, ref_of(run, 2, "A").key.workcard_id);
    assert_int_equal(ledger_number_next(ledger, PLATFORM, "A", &workcard_id, &err), 0);
}

static void platforms_do_not_share_claims(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    int64_t elsewhere = new_run(ledger, OTHER_PLATFORM);
    struct row_ref ref = ref_of(elsewhere, 2, "A");

    begin(ledger);
    send_row(ledger, run, 2, "A", OUTCOME_ACCEPTED);
    ref.platform = OTHER_PLATFORM;
    intend(ledger, &ref);
    commit(ledger);
    assert_true(claim_of(ledger, "A").accepted);
    assert_false(claim_of(ledger, "A").open);
}

static void accepted_row_is_the_claims_newest_content(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct run_record found;
    struct claim_state claim;

    begin(ledger);
    send_row(ledger, run, 7, "A", OUTCOME_ACCEPTED);
    commit(ledger);
    claim = claim_of(ledger, "A");
    assert_true(claim.accepted);
    assert_false(claim.open);
    assert_int_equal(claim.accepted_digest[0], 7);
    assert_int_equal(claim.accepted_at.run, run);
    assert_int_equal(claim.accepted_at.row, 7);
    assert_int_equal(claim.accepted_ms, STARTED_MS + 7 + 50);
    assert_int_equal(find_run(ledger, "upload", PLATFORM, EXPORT, &found), 1);
    assert_string_equal(claim.accepted_run_name, found.name);
}

static void outcomes_close_the_attempt_unless_it_is_unknown(void **state)
{
    static const struct {
        enum row_state row_state;
        enum outcome outcome;
        bool open, accepted;
    } cases[] = {
        {ROW_FINAL, OUTCOME_ACCEPTED, false, true}, {ROW_FINAL, OUTCOME_REJECTED, false, false},
        {ROW_FINAL, OUTCOME_FAILED, false, false},  {ROW_FINAL, OUTCOME_UNKNOWN, true, false},
        {ROW_FINAL, OUTCOME_UNSENT, false, false},  {ROW_AGAIN, OUTCOME_ACCEPTED, false, false},
    };
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);

    begin(ledger);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char order_no[8];
        struct row_ref ref;
        struct claim_state claim;

        snprintf(order_no, sizeof(order_no), "%zu", i);
        ref = ref_of(run, i + 2, order_no);
        intend(ledger, &ref);
        end_row(ledger, &ref, cases[i].row_state, cases[i].outcome);
        claim = claim_of(ledger, order_no);
        assert_int_equal(claim.open, cases[i].open);
        assert_false(claim.open_is_intent);
        assert_int_equal(claim.accepted, cases[i].accepted);
        assert_int_equal(row_of(ledger, run, i + 2).state, cases[i].row_state);
    }
    commit(ledger);
}

static void unknown_claim_cannot_be_intended(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref later = ref_of(run, 5, "A");

    begin(ledger);
    send_row(ledger, run, 2, "A", OUTCOME_UNKNOWN);
    assert_int_equal(try_intend(ledger, &later), 0);
    commit(ledger);
    assert_int_equal(claim_of(ledger, "A").open_at.row, 2);
    assert_int_equal(count_rows(ledger, run), 1);
}

static void newest_accepted_is_by_the_order_of_rows_not_of_time(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t first = new_run(ledger, PLATFORM);
    int64_t second = new_run(ledger, PLATFORM);
    const struct {
        struct row_place accepted, newest;
    } steps[] = {
        {{first, 8}, {first, 8}},   {{first, 5}, {first, 8}},   {{first, 9}, {first, 9}},
        {{second, 3}, {second, 3}}, {{first, 20}, {second, 3}}, {{second, 2}, {second, 3}},
        {{second, 4}, {second, 4}},
    };

    for (size_t i = 0; i < COUNT(steps); i++) {
        struct claim_state claim;

        begin(ledger);
        send_row(ledger, steps[i].accepted.run, steps[i].accepted.row, "A", OUTCOME_ACCEPTED);
        commit(ledger);
        claim = claim_of(ledger, "A");
        assert_int_equal(claim.accepted_at.run, steps[i].newest.run);
        assert_int_equal(claim.accepted_at.row, steps[i].newest.row);
        assert_int_equal(claim.accepted_digest[0], steps[i].newest.row);
        assert_int_equal(claim.accepted_digest[1], steps[i].newest.run);
    }
}

static void later_refusal_leaves_what_was_accepted(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);

    begin(ledger);
    send_row(ledger, run, 2, "A", OUTCOME_ACCEPTED);
    send_row(ledger, run, 3, "A", OUTCOME_REJECTED);
    send_row(ledger, run, 4, "A", OUTCOME_UNKNOWN);
    commit(ledger);
    assert_true(claim_of(ledger, "A").accepted);
    assert_int_equal(claim_of(ledger, "A").accepted_at.row, 2);
    assert_int_equal(claim_of(ledger, "A").open_at.row, 4);
}

static void row_before_is_of_the_same_claim_and_file(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t first = new_run(ledger, PLATFORM);
    int64_t second = new_run(ledger, PLATFORM);

    begin(ledger);
    send_row(ledger, first, 3, "A", OUTCOME_ACCEPTED);
    send_row(ledger, first, 4, "B", OUTCOME_ACCEPTED);
    note(ledger, first, 5, "A", true);
    send_row(ledger, second, 2, "A", OUTCOME_FAILED);
    send_row(ledger, first, 9, "A", OUTCOME_REJECTED);
    commit(ledger);
    assert_int_equal(row_before(ledger, first, 2, "A"), 0);
    assert_int_equal(row_before(ledger, first, 3, "A"), 0);
    assert_int_equal(row_before(ledger, first, 5, "A"), 3);
    assert_int_equal(row_before(ledger, first, 9, "A"), 5);
    assert_int_equal(row_before(ledger, first, 100, "A"), 9);
    assert_int_equal(row_before(ledger, second, 2, "A"), 0);
    assert_int_equal(row_before(ledger, second, 3, "A"), 2);
    assert_int_equal(row_before(ledger, first, 5, "B"), 4);
    assert_int_equal(row_before(ledger, first, 5, "C"), 0);
}

/* Row 3 was invalid in the first start (its time lay ahead), and is sent in the second. */
static void row_before_is_the_nearest_though_rows_became_final_in_another_order(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);

    begin(ledger);
    send_row(ledger, run, 5, "A", OUTCOME_FAILED);
    send_row(ledger, run, 9, "A", OUTCOME_FAILED);
    send_row(ledger, run, 3, "A", OUTCOME_ACCEPTED);
    send_row(ledger, run, 7, "A", OUTCOME_FAILED);
    send_row(ledger, run, 5, "A", OUTCOME_REJECTED);
    commit(ledger);
    assert_int_equal(row_before(ledger, run, 10, "A"), 9);
    assert_int_equal(row_before(ledger, run, 9, "A"), 7);
    assert_int_equal(row_before(ledger, run, 7, "A"), 5);
    assert_int_equal(row_before(ledger, run, 5, "A"), 3);
    assert_int_equal(row_before(ledger, run, 3, "A"), 0);
}

static void row_that_stands_alone_costs_the_claim_nothing(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);

    begin(ledger);
    note(ledger, run, 2, "A", false);
    commit(ledger);
    assert_int_equal(row_before(ledger, run, 3, "A"), 0);
    assert_int_equal(count_rows(ledger, run), 1);
    assert_int_equal(run_sql(ledger_path(ledger), "SELECT count(*) FROM claim"), 0);
}

static void what_is_known_of_a_row_is_its_claim_and_the_row_before(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref first = ref_of(run, 2, "A");
    struct row_ref second = ref_of(run, 9, "A");
    struct row_facts known;

    send_one(ledger, run, 2, "A", OUTCOME_ACCEPTED);
    assert_int_equal(ledger_row_ask(ledger, &second, true, &known, &err), 0);
    assert_true(known.claim.accepted);
    assert_true(known.has_before);
    assert_int_equal(known.before.row, 2);
    assert_int_equal(known.before.outcome, OUTCOME_ACCEPTED);
    assert_int_equal(ledger_row_ask(ledger, &second, false, &known, &err), 0);
    assert_true(known.claim.accepted);
    assert_false(known.has_before);
    assert_int_equal(ledger_row_ask(ledger, &first, true, &known, &err), 0);
    assert_false(known.has_before);
}

static void a_claim_tells_whether_the_run_of_its_intent_is_alive(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "A");

    begin(ledger);
    intend(ledger, &ref);
    commit(ledger);
    assert_true(claim_of(ledger, "A").open_is_intent);
    assert_false(claim_of(ledger, "A").open_run_alive);
    assert_int_equal(ledger_run_lock(ledger, run, &err), 1);
    assert_true(claim_of(ledger, "A").open_run_alive);
    begin(ledger);
    end_row(ledger, &ref, ROW_FINAL, OUTCOME_UNKNOWN);
    commit(ledger);
    assert_true(claim_of(ledger, "A").open);
    assert_false(claim_of(ledger, "A").open_run_alive);
}

static void intents_of_a_dead_run_become_unknown(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t dead = new_run(ledger, PLATFORM);
    int64_t alive = new_run(ledger, PLATFORM);
    struct row_ref refs[] = {ref_of(dead, 2, "A"), ref_of(dead, 3, "B"), ref_of(alive, 2, "C")};
    struct known_row known = {0};
    size_t count = 0;

    begin(ledger);
    for (size_t i = 0; i < COUNT(refs); i++)
        intend(ledger, &refs[i]);
    send_row(ledger, dead, 4, "D", OUTCOME_ACCEPTED);
    send_row(ledger, dead, 5, "E", OUTCOME_UNKNOWN);
    commit(ledger);

    begin(ledger);
    assert_int_equal(ledger_run_recover(ledger, dead, &count, &err), 0);
    commit(ledger);
    assert_int_equal(count, 2);
    assert_true(claim_of(ledger, "A").open);
    assert_false(claim_of(ledger, "A").open_is_intent);
    assert_false(claim_of(ledger, "B").open_is_intent);
    assert_true(claim_of(ledger, "C").open_is_intent);
    assert_int_equal(row_before(ledger, dead, 9, "A"), 2);
    assert_int_equal(row_of(ledger, dead, 4).outcome, OUTCOME_ACCEPTED);
    assert_int_equal(count_rows(ledger, alive), 0);

    assert_int_equal(ledger_row_get(ledger, (struct row_place){dead, 3}, &known, &err), 1);
    assert_int_equal(known.record.state, ROW_FINAL);
    assert_int_equal(known.record.outcome, OUTCOME_UNKNOWN);
    assert_int_equal(known.record.counts_as, OUTCOME_UNKNOWN);
    assert_int_equal(known.record.attempts, 1);
    assert_int_equal(known.record.digest[0], 3);
    assert_string_equal(known.record.code, "RUN_ENDED");
    assert_true(*known.record.message);
    known_row_release(&known);

    begin(ledger);
    assert_int_equal(ledger_run_recover(ledger, dead, &count, &err), 0);
    assert_int_equal(ledger_run_recover(ledger, dead, NULL, &err), 0);
    commit(ledger);
    assert_int_equal(count, 0);
}

static void row_of_a_rerun_stands_in_the_place_of_the_run_it_comes_from(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t old = new_run(ledger, PLATFORM);
    int64_t newer = new_run(ledger, PLATFORM);
    struct run_record rerun = run_record(PLATFORM, EXPORT);
    struct row_ref ref;
    struct claim_state claim;

    rerun.command = "rerun";
    rerun.parent = "20221212-aabbccdd";
    rerun.origin = old;
    begin(ledger);
    assert_int_equal(ledger_run_create(ledger, &rerun, &err), 0);
    send_row(ledger, newer, 2, "LP-1", OUTCOME_ACCEPTED);
    ref = ref_of(rerun.id, 2, "LP-1");
    intend(ledger, &ref);
    end_row(ledger, &ref, ROW_FINAL, OUTCOME_ACCEPTED);
    commit(ledger);
    claim = claim_of(ledger, "LP-1");
    assert_int_equal(claim.accepted_at.run, newer);

    begin(ledger);
    ref = ref_of(rerun.id, 3, "LP-2");
    intend(ledger, &ref);
    end_row(ledger, &ref, ROW_FINAL, OUTCOME_ACCEPTED);
    commit(ledger);
    claim = claim_of(ledger, "LP-2");
    assert_int_equal(claim.accepted_at.run, rerun.id);
    assert_int_equal(claim.accepted_order.run, rerun.sequence);
    assert_int_equal(ledger_run_get(ledger, old, &rerun, &err), 1);
    assert_int_equal(claim.accepted_order.run, rerun.sequence);
    assert_int_equal(find_run(ledger, "rerun", PLATFORM, EXPORT, &rerun), 1);
    assert_string_equal(rerun.parent, "20221212-aabbccdd");
    assert_int_equal(rerun.origin, old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(row_of_a_rerun_stands_in_the_place_of_the_run_it_comes_from),
        ON_BOTH(claim_has_one_open_attempt),
        ON_BOTH(many_claims_are_told_as_each_by_itself),
        ON_BOTH(numbers_are_looked_for_between_two),
        ON_BOTH(work_orders_of_a_number_are_told_one_after_the_other),
        ON_BOTH(platforms_do_not_share_claims),
        ON_BOTH(accepted_row_is_the_claims_newest_content),
        ON_BOTH(outcomes_close_the_attempt_unless_it_is_unknown),
        ON_BOTH(unknown_claim_cannot_be_intended),
        ON_BOTH(newest_accepted_is_by_the_order_of_rows_not_of_time),
        ON_BOTH(later_refusal_leaves_what_was_accepted),
        ON_BOTH(row_before_is_of_the_same_claim_and_file),
        ON_BOTH(row_before_is_the_nearest_though_rows_became_final_in_another_order),
        WITH_LEDGER(row_that_stands_alone_costs_the_claim_nothing),
        ON_BOTH(what_is_known_of_a_row_is_its_claim_and_the_row_before),
        ON_BOTH(a_claim_tells_whether_the_run_of_its_intent_is_alive),
        ON_BOTH(intents_of_a_dead_run_become_unknown),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

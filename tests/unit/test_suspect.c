/* Answers that may be another row's: a row that was about to be sent again is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/state.h"
#include "run/suspect.h"

#include "ledger_place.h"

#define ROW 5

/* One row that was answered "not executed" and granted once more, when its answer became suspect.
 */
struct scene {
    struct coordinator coordinator;
    struct coordinator_settings settings;
    struct submit_settings submit;
    struct row_source row_source;
    uint64_t report[1024]; /* one that has written nothing, which is all that is asked of it */
    struct run_record run;
    uint64_t suspects[1];
    struct job *job;
};

static void set_scene(struct place *place, struct scene *s, enum phase phase,
                      enum verdict_kind kind)
{
    memset(s, 0, sizeof(*s));
    s->run = create_run(place->ledger, 1);
    s->settings = (struct coordinator_settings){.ledger = place->ledger,
                                                .platform = PLATFORM,
                                                .run = &s->run,
                                                .submit = &s->submit,
                                                .row_source = &s->row_source,
                                                .report = (struct report *)s->report,
                                                .in_flight = 1};
    s->coordinator.settings = &s->settings;
    s->coordinator.suspects = s->suspects;
    s->coordinator.suspects_max = s->coordinator.suspect_count =
        1; /* no room: the pool is not asked */
    s->suspects[0] = ROW;
    assert_int_equal(window_open(2, &s->coordinator.window, &err), 0);
    s->job = window_spare(s->coordinator.window);
    s->job->row = ROW;
    s->job->claim = (struct claim){.workcard_id = WORKCARD, .claim_order_no = "A"};
    s->job->attempts = 1;
    s->job->turn_next = NULL;
    assert_int_equal(window_enter(s->coordinator.window, s->job, &err), 0);
    window_move(s->coordinator.window, s->job, JOB_GRANTED, INT64_MIN);
    s->job->exchange.phase = phase;
    s->job->verdict = (struct verdict){.kind = kind};
}

static void clear_scene(struct scene *s)
{
    window_close(s->coordinator.window);
}

static void answer_that_came_is_doubted(void **state)
{
    struct scene s;

    set_scene(*state, &s, PHASE_ANSWERED, VERDICT_ACCEPTED);
    suspect_doubt(&s.coordinator, s.job);
    assert_int_equal(s.job->verdict.kind, VERDICT_UNKNOWN);
    assert_int_equal(s.coordinator.suspect_count, 0);
    clear_scene(&s);
}

/* What the ledger has of the row, in the end. */
static void assert_known(struct ledger *ledger, const struct row_ref *ref, enum outcome outcome,
                         const char *code, const char *warnings)
{
    struct known_row known = {0};

    assert_int_equal(ledger_row_get(ledger, ref->place, &known, &err), 1);
    assert_int_equal(known.record.state, ROW_FINAL);
    assert_int_equal(known.record.outcome, outcome);
    assert_string_equal(known.record.code, code);
    assert_string_equal(known.record.warnings, warnings);
    assert_int_equal(known.record.attempts, 1);
    known_row_release(&known);
}

/* The answer before it may be another row's, so this one may have been executed. */
static void row_that_came_back_unsent_is_unknown_and_not_sent_again(void **state)
{
    struct place *place = *state;
    struct row_record known;
    struct row_ref ref;
    struct scene s;

    set_scene(place, &s, PHASE_NOT_SENT, VERDICT_WITHDRAWN);
    ref = state_ref(&s.coordinator, s.job);
    begin(place->ledger);
    intend(place->ledger, &ref);
    suspect_doubt(&s.coordinator, s.job);
    assert_int_equal(s.coordinator.suspect_count, 1);
    known = state_record(&s.coordinator, s.job, ROW_AGAIN, OUTCOME_UNSENT); /* as collect.c does */
    assert_int_equal(ledger_row_end(place->ledger, &ref, &known, &err), 0);
    window_move(s.coordinator.window, s.job, JOB_JUDGE, INT64_MIN);
    assert_int_equal(suspect_record(&s.coordinator, &err), 0);
    commit(place->ledger);
    assert_int_equal(s.coordinator.suspect_count, 0);
    assert_int_equal(window_used(s.coordinator.window), 0);
    assert_known(place->ledger, &ref, OUTCOME_UNKNOWN, "ANSWER_FOLLOWED", "");
    clear_scene(&s);
}

/* Another run has the claim in flight by now: whatever becomes of that, but for an accepted answer,
 * the claim is not sent again before somebody has settled the doubt. */
static void doubt_outlasts_the_intent_of_another_run(void **state)
{
    static const enum row_state states[] = {ROW_FINAL, ROW_FINAL, ROW_AGAIN, ROW_FINAL};
    static const enum outcome outcomes[] = {OUTCOME_REJECTED, OUTCOME_FAILED, OUTCOME_UNSENT,
                                            OUTCOME_ACCEPTED};
    struct place *place = *state;
    struct run_record other = create_run(place->ledger, 2);
    struct row_ref theirs = ref_of(other.id, 9, "A");
    struct row_record known;
    struct claim_state claim;
    struct row_ref ref;
    struct scene s;

    for (int i = 0; i < 4; i++) {
        set_scene(place, &s, PHASE_NOT_SENT, VERDICT_WITHDRAWN);
        ref = state_ref(&s.coordinator, s.job);
        begin(place->ledger);
        intend(place->ledger, &ref);
        known = state_record(&s.coordinator, s.job, ROW_AGAIN, OUTCOME_UNSENT);
        assert_int_equal(ledger_row_end(place->ledger, &ref, &known, &err), 0);
        window_move(s.coordinator.window, s.job, JOB_JUDGE, INT64_MIN);
        intend(place->ledger, &theirs);
        assert_int_equal(suspect_record(&s.coordinator, &err), 0);
        assert_known(place->ledger, &ref, OUTCOME_UNKNOWN, "ANSWER_FOLLOWED", "");
        known = record_of(&theirs, states[i], outcomes[i]);
        assert_int_equal(ledger_row_end(place->ledger, &theirs, &known, &err), 0);
        assert_int_equal(ledger_claim_get(place->ledger, PLATFORM, &ref.key, &claim, &err), 0);
        assert_int_equal(claim.open, outcomes[i] != OUTCOME_ACCEPTED);
        assert_false(claim.open && (claim.open_is_intent || claim.open_at.run != s.run.id));
        ledger_rollback(place->ledger);
        clear_scene(&s);
    }
}

/* A turn that failed has recorded nothing: what was suspect still is. */
static void row_of_a_turn_that_was_rolled_back_is_warned_of_at_the_end(void **state)
{
    struct place *place = *state;
    struct row_record known;
    struct row_ref ref;
    struct scene s;

    set_scene(place, &s, PHASE_ANSWERED, VERDICT_ACCEPTED);
    ref = state_ref(&s.coordinator, s.job);
    begin(place->ledger);
    intend(place->ledger, &ref);
    known = state_record(&s.coordinator, s.job, ROW_FINAL, OUTCOME_ACCEPTED);
    assert_int_equal(ledger_row_end(place->ledger, &ref, &known, &err), 0);
    commit(place->ledger);
    window_leave(s.coordinator.window, s.job);
    begin(place->ledger);
    suspect_doubt(&s.coordinator, NULL);
    assert_int_equal(suspect_record(&s.coordinator, &err), 0);
    assert_int_equal(s.coordinator.suspect_count, 0);
    ledger_rollback(place->ledger);
    suspect_undo(&s.coordinator);
    s.coordinator.pool = (struct pool *)&s; /* no room: it is not asked */
    suspect_rescue(&s.coordinator);
    assert_int_equal(s.coordinator.suspect_count, 0);
    assert_known(place->ledger, &ref, OUTCOME_ACCEPTED, known.code, "SUSPECT_ANSWER");
    clear_scene(&s);
}

/* It is over for this start, and the next one would send it again. */
static void row_that_has_left_unexecuted_is_unknown(void **state)
{
    static const enum outcome outcomes[] = {OUTCOME_FAILED, OUTCOME_UNSENT};
    struct place *place = *state;
    struct claim_state claim;
    struct row_record known;
    struct row_ref ref;
    struct scene s;

    for (int i = 0; i < 2; i++) {
        set_scene(place, &s, PHASE_ANSWERED, VERDICT_AGAIN);
        assert_int_equal(unexecuted_open(2, &s.coordinator.unexecuted, &err), 0);
        ref = state_ref(&s.coordinator, s.job);
        begin(place->ledger);
        intend(place->ledger, &ref);
        known = state_record(&s.coordinator, s.job, i ? ROW_AGAIN : ROW_FINAL, outcomes[i]);
        assert_int_equal(ledger_row_end(place->ledger, &ref, &known, &err), 0);
        known.state = ROW_NOTED;
        if (i)
            assert_int_equal(ledger_row_note(place->ledger, &ref, &known, false, &err), 0);
        assert_int_equal(unexecuted_add(s.coordinator.unexecuted, s.job, &err), 0);
        window_leave(s.coordinator.window, s.job);
        s.coordinator.outcomes[outcomes[i]] = 1;
        assert_int_equal(suspect_record(&s.coordinator, &err), 0);
        assert_known(place->ledger, &ref, OUTCOME_UNKNOWN, "ANSWER_FOLLOWED", "");
        assert_int_equal(ledger_claim_get(place->ledger, PLATFORM, &ref.key, &claim, &err), 0);
        assert_true(claim.open && !claim.open_is_intent);
        assert_int_equal(s.coordinator.outcomes[outcomes[i]], 0);
        assert_int_equal(s.coordinator.outcomes[OUTCOME_UNKNOWN], 1);
        ledger_rollback(place->ledger);
        unexecuted_close(s.coordinator.unexecuted);
        clear_scene(&s);
    }
}

/* The ring forgets the oldest; nothing is said of what it does not know. */
static void only_the_last_rows_are_remembered(void **state)
{
    struct unexecuted *unexecuted;
    struct claim_key key;
    struct job job = {.claim = {.workcard_id = 7, .claim_order_no = "A", .claim_fee = 9}};
    int64_t fee_fen;

    (void)state;
    assert_int_equal(unexecuted_open(2, &unexecuted, &err), 0);
    for (job.row = 2; job.row <= 4; job.row++)
        assert_int_equal(unexecuted_add(unexecuted, &job, &err), 0);
    assert_false(unexecuted_find(unexecuted, 2, &key, &fee_fen));
    assert_true(unexecuted_find(unexecuted, 3, &key, &fee_fen));
    assert_true(unexecuted_find(unexecuted, 4, &key, &fee_fen));
    assert_string_equal(key.claim_order_no, "A");
    assert_int_equal(key.workcard_id, 7);
    assert_int_equal(fee_fen, 9);
    assert_false(unexecuted_find(NULL, 3, &key, &fee_fen));
    unexecuted_close(unexecuted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LEDGER(doubt_outlasts_the_intent_of_another_run),
        WITH_LEDGER(row_of_a_turn_that_was_rolled_back_is_warned_of_at_the_end),
        WITH_LEDGER(answer_that_came_is_doubted),
        WITH_LEDGER(row_that_has_left_unexecuted_is_unknown),
        WITH_LEDGER(only_the_last_rows_are_remembered),
        WITH_LEDGER(row_that_came_back_unsent_is_unknown_and_not_sent_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

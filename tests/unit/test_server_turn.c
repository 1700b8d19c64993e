/* Turns of workers on one server: what is granted, what is refused, and what stands afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>

#include "server_place.h"

static void what_is_accepted_is_known_in_the_next_turn(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    struct worker worker = WORKER(1);
    struct server_turn *turn = place_turn(url, &worker);
    struct server_answer judged = ask(turn, 5), known;
    struct attempt attempt;

    (void)state;
    assert_int_equal(judged.claim, 0);
    assert_int_equal(judged.last.record.row, 0);
    intend(turn, 5, 9, &judged, &attempt);
    commit(turn);
    assert_false(attempt.refused);
    known = ask(turn, 5);
    assert_int_equal(known.claim, attempt.claim);
    assert_int_equal(known.open_call, attempt.intent.call);
    assert_true(known.facts.claim.open && known.facts.claim.open_is_intent);
    assert_true(known.facts.claim.open_run_alive);
    assert_int_equal(known.facts.claim.open_at.row, 9);
    end_row(turn, &attempt, SERVER_END_OVER, ROW_FINAL, OUTCOME_ACCEPTED);
    server_answer_release(&known);
    known = ask(turn, 5);
    assert_false(known.facts.claim.open);
    assert_true(known.facts.claim.accepted && known.facts.claim.has_fee);
    assert_int_equal(known.facts.claim.fee_fen, 500);
    assert_int_equal(known.facts.claim.accepted_at.row, 9);
    assert_int_equal(known.facts.claim.accepted_order.run, 1);
    assert_int_equal(known.facts.claim.accepted_ms, 1009 + 7);
    assert_int_equal(known.facts.claim.accepted_digest[0], 9);
    assert_string_equal(known.facts.claim.accepted_run_name, "run 1");
    assert_true(known.facts.has_before);
    assert_int_equal(known.facts.before.row, 9);
    assert_string_equal(known.last.record.message, "a message");
    server_answer_release(&known);
    server_turn_close(turn);
    session_close(look);
}

static void an_older_row_does_not_become_the_newest(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    struct worker first = WORKER(1), second = WORKER(2);
    struct server_turn *older = place_turn(url, &first), *newer = place_turn(url, &second);

    (void)state;
    send_once(newer, 5, 3, SERVER_END_OVER, OUTCOME_ACCEPTED);
    send_once(older, 5, 8, SERVER_END_OVER, OUTCOME_ACCEPTED);
    assert_string_equal(value(look, "SELECT accepted_run||' '||accepted_row FROM claim"), "2 3");
    send_once(newer, 5, 4, SERVER_END_OVER, OUTCOME_REJECTED);
    assert_string_equal(value(look, "SELECT accepted_run||' '||accepted_row FROM claim"), "2 3");
    send_once(newer, 5, 5, SERVER_END_OVER, OUTCOME_ACCEPTED);
    assert_string_equal(value(look, "SELECT accepted_run||' '||accepted_row FROM claim"), "2 5");
    server_turn_close(older);
    server_turn_close(newer);
    session_close(look);
}

static void of_two_that_judged_the_same_one_is_refused(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    struct worker first = WORKER(1), second = WORKER(2);
    struct server_turn *a = place_turn(url, &first), *b = place_turn(url, &second);
    struct server_answer judged = ask(a, 5);
    struct attempt mine, others;

    (void)state;
    for (int known = 0; known < 2; known++) {
        intend(a, 5, 1, &judged, &mine);
        intend(b, 5, 1, &judged, &others);
        commit(a);
        commit(b);
        assert_false(mine.refused);
        assert_true(others.refused);
        end_row(a, &mine, SERVER_END_OVER, ROW_FINAL, OUTCOME_REJECTED);
        commit(a);
        /* As it was judged, it was free; it is free again, and yet another one. */
        intend(b, 5, 1, &judged, &others);
        commit(b);
        assert_true(others.refused);
        judged = ask(a, 5);
        server_answer_release(&judged);
    }
    server_turn_close(a);
    server_turn_close(b);
    session_close(look);
}

static void *commit_there(void *context)
{
    struct error err;

    return server_turn_commit(context, &err) ? context : NULL;
}

/* Until somebody waits for a lock. */
static void wait_for_waiter(struct session *look)
{
    while (strcmp(value(look, "SELECT count(*)>0 FROM pg_locks WHERE NOT granted"), "t") != 0)
        ;
}

/* The turn begins, waits for the row that another transaction has changed, and is decided on what
 * that has made of it. */
static void decided_on_what_is_there(bool known, const char *change, bool refused)
{
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url), *other;
    struct worker worker = WORKER(1);
    struct server_turn *turn = place_turn(url, &worker);
    struct server_answer judged;
    struct attempt attempt;
    pthread_t thread;
    struct error err;
    void *failed;

    if (known)
        send_once(turn, 5, 1, SERVER_END_OVER, OUTCOME_REJECTED);
    judged = ask(turn, 5);
    assert_int_equal(session_open(url, &other, &err), 0);
    execute(other, "BEGIN");
    execute(other, change);
    intend(turn, 5, 2, &judged, &attempt);
    pthread_create(&thread, NULL, commit_there, turn);
    wait_for_waiter(look);
    execute(other, "COMMIT");
    pthread_join(thread, &failed);
    assert_null(failed);
    assert_int_equal(attempt.refused, refused);
    server_answer_release(&judged);
    server_turn_close(turn);
    session_close(other);
    session_close(look);
}

static void what_another_makes_of_a_claim_meanwhile_decides(void **state)
{
    static const char add[] = "INSERT INTO claim(id, workcard_id, platform, version,"
                              " claim_order_no, accepted_run) VALUES(-1, 5, 1, 0, 'order 5', 2)";
    static const char accept[] = "UPDATE claim SET accepted_run=2, version=version+1";
    static const char open[] = "UPDATE claim SET open_call=7, open_worker=2, open_intent=true,"
                               " version=version+1";
    static const char nothing[] = "UPDATE claim SET id=id";

    (void)state;
    decided_on_what_is_there(false, add, true);
    decided_on_what_is_there(true, accept, true);
    decided_on_what_is_there(true, open, true);
    decided_on_what_is_there(true, nothing, false);
}

static void a_resend_that_is_put_off_leaves_the_attempt_before(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    struct worker first = WORKER(1), second = WORKER(2);
    struct server_turn *a = place_turn(url, &first), *b = place_turn(url, &second);
    struct server_answer judged;
    struct attempt attempt;

    (void)state;
    send_once(a, 5, 1, SERVER_END_STAYS, OUTCOME_UNKNOWN);
    judged = ask(b, 5);
    assert_true(judged.facts.claim.open && !judged.facts.claim.open_is_intent);
    assert_int_equal(judged.open.record.row, 1);
    intend(b, 5, 2, &judged, &attempt);
    commit(b);
    assert_false(attempt.refused);
    end_row(b, &attempt, SERVER_END_PUT_OFF, ROW_AGAIN, OUTCOME_FAILED);
    commit(b);
    assert_string_equal(value(look, "SELECT open_run||' '||open_row||' '||open_intent FROM claim"),
                        "1 1 false");
    assert_string_equal(value(look, "SELECT count(*) FROM row"), "1");
    /* Where no row tells of it, the one that was put off does. */
    execute(look, "DELETE FROM row");
    server_answer_release(&judged);
    judged = ask(b, 5);
    intend(b, 5, 3, &judged, &attempt);
    commit(b);
    end_row(b, &attempt, SERVER_END_PUT_OFF, ROW_AGAIN, OUTCOME_FAILED);
    commit(b);
    assert_string_equal(value(look, "SELECT open_run||' '||open_row||' '||open_intent FROM claim"),
                        "2 3 false");
    assert_string_equal(value(look, "SELECT row||' '||state||' '||outcome FROM row"), "3 3 3");
    server_answer_release(&judged);
    server_turn_close(a);
    server_turn_close(b);
    session_close(look);
}

static void what_may_not_be_settled_yet_is_not_sent_again(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    struct worker worker = WORKER(1);
    struct server_turn *turn = place_turn(url, &worker);
    struct server_answer judged;
    struct attempt attempt;

    (void)state;
    send_once(turn, 5, 1, SERVER_END_STAYS, OUTCOME_UNKNOWN);
    execute(look, "UPDATE claim SET settle_from=clock_timestamp()+interval '21 min'");
    judged = ask(turn, 5);
    assert_true(judged.is_early);
    intend(turn, 5, 2, &judged, &attempt);
    commit(turn);
    assert_true(attempt.refused);
    execute(look, "UPDATE claim SET settle_from=clock_timestamp()");
    intend(turn, 5, 2, &judged, &attempt);
    commit(turn);
    assert_false(attempt.refused);
    server_answer_release(&judged);
    server_turn_close(turn);
    session_close(look);
}

static void a_doubt_is_the_open_attempt_once_the_intent_ends(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    struct worker first = WORKER(1), second = WORKER(2);
    struct server_turn *a = place_turn(url, &first), *b = place_turn(url, &second);
    struct server_answer judged;
    struct attempt attempt;

    (void)state;
    for (int accepted = 0; accepted < 2; accepted++) {
        struct attempt doubted = send_once(a, 5, 1, SERVER_END_OVER, OUTCOME_REJECTED);
        struct row_record record = place_record(1, ROW_FINAL, OUTCOME_UNKNOWN);
        struct server_attempt doubt = {.call = server_turn_call(a), .claim = doubted.claim};

        judged = ask(b, 5);
        intend(b, 5, 2, &judged, &attempt);
        commit(b);
        record.submitted_ms = 2000;
        server_turn_doubt(a, &doubt, &record);
        commit(a);
        end_row(b, &attempt, SERVER_END_OVER, ROW_FINAL,
                accepted ? OUTCOME_ACCEPTED : OUTCOME_REJECTED);
        commit(b);
        assert_string_equal(value(look, "SELECT coalesce(open_run, 0) FROM claim"),
                            accepted ? "0" : "1");
        execute(look, "UPDATE claim SET open_call=NULL, open_run=NULL, open_besides=NULL;"
                      "DELETE FROM row");
        server_answer_release(&judged);
    }
    server_turn_close(a);
    server_turn_close(b);
    session_close(look);
}

static void rows_that_wait_are_released_once(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    struct worker first = WORKER(1), second = WORKER(2);
    struct server_turn *a = place_turn(url, &first), *b = place_turn(url, &second);
    struct attempt unknown = send_once(a, 5, 1, SERVER_END_STAYS, OUTCOME_UNKNOWN);
    struct server_attempt note = {.call = server_turn_call(b), .claim = unknown.claim};
    struct row_record record = place_record(4, ROW_NOTED, OUTCOME_UNKNOWN);

    (void)state;
    server_turn_note(b, &note, &record);
    commit(b);
    for (int i = 0; i < 2; i++) {
        server_turn_release(a, unknown.claim);
        commit(a);
    }
    assert_string_equal(value(look, "SELECT code||released FROM row JOIN run ON run.id=row.run"
                                    " WHERE run=2"),
                        "RELEASED1");
    /* Under its call the note was written: what became of it since stands. */
    server_turn_note(b, &note, &record);
    commit(b);
    assert_string_equal(value(look, "SELECT code FROM row WHERE run=2"), "RELEASED");
    server_turn_close(a);
    server_turn_close(b);
    session_close(look);
}

static void who_waits_for_one_another_goes_on(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url), *other;
    struct worker worker = WORKER(1);
    struct server_turn *turn = place_turn(url, &worker);
    struct server_answer judged[2];
    struct attempt attempts[2];
    pthread_t thread;
    struct error err;
    void *failed;

    (void)state;
    for (int i = 0; i < 2; i++) {
        send_once(turn, 5 + i, 1 + (uint64_t)i, SERVER_END_OVER, OUTCOME_REJECTED);
        judged[i] = ask(turn, 5 + i);
    }
    for (int i = 0; i < 2; i++)
        intend(turn, 5 + i, 3 + (uint64_t)i, &judged[i], &attempts[i]);
    assert_int_equal(session_open(url, &other, &err), 0);
    /* The turn is the one of the two that the server ends. */
    execute(other, "SET deadlock_timeout='1h'; BEGIN; UPDATE claim SET id=id WHERE workcard_id=6");
    pthread_create(&thread, NULL, commit_there, turn);
    wait_for_waiter(look);
    execute(other, "UPDATE claim SET id=id WHERE workcard_id=5; COMMIT");
    session_close(other);
    pthread_join(thread, &failed);
    assert_null(failed);
    assert_false(attempts[0].refused || attempts[1].refused);
    for (int i = 0; i < 2; i++)
        server_answer_release(&judged[i]);
    server_turn_close(turn);
    session_close(look);
}

static void a_warning_is_added_once_and_not_to_what_is_unknown(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    struct worker worker = WORKER(1);
    struct server_turn *turn = place_turn(url, &worker);

    (void)state;
    send_once(turn, 5, 1, SERVER_END_OVER, OUTCOME_ACCEPTED);
    send_once(turn, 6, 2, SERVER_END_STAYS, OUTCOME_UNKNOWN);
    for (int i = 0; i < 2; i++) {
        server_turn_warn(turn, 1, "ONE");
        server_turn_warn(turn, 2, "ONE");
        commit(turn);
        server_turn_warn(turn, 1, "TWO");
        commit(turn);
    }
    assert_string_equal(value(look, "SELECT string_agg(row||warnings, ',' ORDER BY row) FROM row"),
                        "1ONE;TWO,2");
    server_turn_close(turn);
    session_close(look);
}

static void what_a_row_was_changed_from_goes_when_it_is_changed_no_more(void **state)
{
    static const char changes[] = "SELECT coalesce(string_agg(row||':'||coalesce(fee_before, -1)"
                                  "||':'||fee_after, ',' ORDER BY row), '') FROM changed";
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    struct worker worker = WORKER(1);
    struct server_turn *turn = place_turn(url, &worker);
    struct server_answer judged;
    struct attempt attempt;
    int64_t fee = 7;

    (void)state;
    server_turn_change(turn, 1, &fee, 8);
    server_turn_change(turn, 2, NULL, 9);
    commit(turn);
    assert_string_equal(value(look, changes), "1:7:8,2:-1:9");
    server_turn_unchanged(turn, 1);
    commit(turn);
    assert_string_equal(value(look, changes), "2:-1:9");
    send_once(turn, 5, 1, SERVER_END_OVER, OUTCOME_REJECTED);
    execute(look, "UPDATE claim SET accepted_run=1, accepted_row=1, accepted_fee=4");
    for (int changed = 1; changed >= 0; changed--) {
        judged = ask(turn, 5);
        judged.facts.claim.accepted = changed;
        intend_attempt(turn, 5, 2, 2, &judged, &attempt);
        commit(turn);
        assert_string_equal(value(look, changes), changed ? "2:4:500" : "");
        end_row(turn, &attempt, SERVER_END_OVER, ROW_FINAL, OUTCOME_REJECTED);
        commit(turn);
        server_answer_release(&judged);
    }
    server_turn_close(turn);
    session_close(look);
}

static void facts_come_with_the_turn(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    struct worker worker = WORKER(1);
    struct server_turn *turn = place_turn(url, &worker);
    struct server_facts facts;

    (void)state;
    server_turn_facts(turn, "key", &facts);
    worker.beat_ms = 0; /* it is due */
    commit(turn);
    assert_true(facts.now_ms > 0);
    assert_true(facts.ban_ms == 0 && facts.calls == 0 && facts.halt_code == 0);
    execute(look, "INSERT INTO app(platform, app_key, ban_until, ban_wait_ms, day, calls)"
                  " VALUES(1, 'key', clock_timestamp()+interval '1 day', 5000, 20261127, 7)");
    server_turn_facts(turn, "key", &facts);
    commit(turn);
    assert_int_equal(facts.ban_ms, 5000);
    assert_int_equal(facts.day, 20261127);
    assert_int_equal(facts.calls, 7);
    assert_string_equal(value(look, "SELECT beat FROM worker WHERE id=1"), "1");
    server_turn_close(turn);
    session_close(look);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_accepted_is_known_in_the_next_turn),
        cmocka_unit_test(an_older_row_does_not_become_the_newest),
        cmocka_unit_test(of_two_that_judged_the_same_one_is_refused),
        cmocka_unit_test(what_another_makes_of_a_claim_meanwhile_decides),
        cmocka_unit_test(a_resend_that_is_put_off_leaves_the_attempt_before),
        cmocka_unit_test(what_may_not_be_settled_yet_is_not_sent_again),
        cmocka_unit_test(a_doubt_is_the_open_attempt_once_the_intent_ends),
        cmocka_unit_test(rows_that_wait_are_released_once),
        cmocka_unit_test(who_waits_for_one_another_goes_on),
        cmocka_unit_test(a_warning_is_added_once_and_not_to_what_is_unknown),
        cmocka_unit_test(what_a_row_was_changed_from_goes_when_it_is_changed_no_more),
        cmocka_unit_test(facts_come_with_the_turn),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

/* Unit tests of ledger/postgres/shared/rate_share on a real server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alive_place.h"
#include "ledger/postgres/shared/rate_share.h"

#define RATE 100

static int64_t now_ms = 1000;

/* As if so long had passed, for the ledger and for who looks at it. */
static void pass(struct session *session, int seconds)
{
    char text[128];

    snprintf(text, sizeof(text),
             "UPDATE app SET changed=changed-interval '%d s', left_at=left_at-interval '%d s'",
             seconds, seconds);
    execute(session, text);
    now_ms += seconds * 1000;
}

static int64_t generation_of(struct session *session)
{
    if (session_ask(session, "SELECT generation FROM app", 0, NULL, &err))
        fail_msg("%s", err.text);
    return session_integer(session, 0, 0);
}

/* A step after a while; which share it has then. */
static int64_t step(struct session *session, struct rate_share *share, int64_t rate, int64_t taken)
{
    struct rate_share_turn turn = {rate, taken, 0, now_ms += 1000};

    add_worker(session, share->member.worker);
    if (share->has_joined)
        turn.generation = generation_of(session);
    if (rate_share_step(share, session, &turn, &err))
        fail_msg("%s", err.text);
    return share->share;
}

static void newcomer_waits_for_what_another_has_sent(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct rate_share first = {.member = {3, "k", 1}}, second = {.member = {3, "k", 2}};

    (void)state;
    pass(session, 0);
    assert_int_equal(step(session, &first, RATE, 0), 0);
    pass(session, 2);
    assert_int_equal(step(session, &first, RATE, 0), RATE);
    assert_int_equal(step(session, &first, RATE, 90), RATE);
    assert_true(first.is_agreed);

    assert_int_equal(step(session, &second, RATE, 0), 0);
    assert_int_equal(step(session, &first, RATE, 90), RATE / 2);
    pass(session, 2);
    assert_int_equal(step(session, &second, RATE, 0), 0);
    assert_int_equal(step(session, &first, RATE, RATE / 2), RATE / 2);
    assert_int_equal(step(session, &second, RATE, 0), RATE / 2);
    assert_int_equal(second.members, 2);
    session_close(session);
}

static void one_by_itself_waits_for_who_has_left_alone(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct rate_share first = {.member = {3, "k", 1}}, second = {.member = {3, "k", 2}};

    (void)state;
    step(session, &first, RATE, 0);
    pass(session, 2);
    assert_int_equal(member_leave(session, 1, &err), 0);
    assert_int_equal(step(session, &second, RATE, 0), 0);
    pass(session, 2);
    assert_int_equal(member_leave(session, 2, &err), 0);
    pass(session, 2);
    first = (struct rate_share){.member = {3, "k", 1}};
    assert_int_equal(step(session, &first, RATE, 0), RATE);
    session_close(session);
}

/* Both were written by a clock that is set back then. */
static void server_whose_clock_is_set_back_stops_nobody(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct rate_share share = {.member = {3, "k", 1}};

    (void)state;
    assert_int_equal(step(session, &share, RATE, 0), 0);
    pass(session, -900);
    now_ms += 900 * 1000;
    assert_int_equal(step(session, &share, RATE, 0), 0);
    assert_int_equal(step(session, &share, RATE, 0), RATE);
    session_close(session);
}

/* Between two looks at it; that a quarter of an hour has passed since is not so. */
static void server_whose_clock_is_set_forth_hides_nobody_who_has_left(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct rate_share first = {.member = {3, "k", 1}}, second = {.member = {3, "k", 2}};

    (void)state;
    step(session, &first, RATE, 0);
    pass(session, 2);
    execute(session, "CREATE FUNCTION claimbatch.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
                     " AS $$SELECT pg_catalog.clock_timestamp()-interval '15 min'$$");
    execute(session, "SET search_path=claimbatch, pg_catalog");
    assert_int_equal(member_leave(session, 1, &err), 0);
    execute(session, "SET search_path=claimbatch");
    execute(session, "DROP FUNCTION claimbatch.clock_timestamp");
    assert_int_equal(step(session, &second, RATE, 0), 0);
    assert_int_equal(step(session, &second, RATE, 0), 0);
    assert_int_equal(step(session, &second, RATE, 0), RATE);
    session_close(session);
}

/* It had said so, and never heard that it was written. */
static void share_that_was_acknowledged_unheard_is_used(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct rate_share share = {.member = {3, "k", 1}};

    (void)state;
    assert_int_equal(step(session, &share, RATE, 0), 0);
    execute(session, "UPDATE member SET share=100, acked=(SELECT generation FROM app)");
    pass(session, 2);
    assert_int_equal(step(session, &share, RATE, 0), RATE);
    assert_int_equal(step(session, &share, RATE, 0), RATE);
    session_close(session);
}

static void one_without_a_rate_keeps_that_of_others(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct rate_share first = {.member = {3, "k", 1}}, second = {.member = {3, "k", 2}};

    (void)state;
    step(session, &first, SHARE_UNLIMITED, 0);
    pass(session, 2);
    assert_true(step(session, &first, SHARE_UNLIMITED, 0) == SHARE_UNLIMITED);
    step(session, &second, RATE, 0);
    assert_int_equal(step(session, &first, SHARE_UNLIMITED, 5), RATE / 2);
    assert_int_equal(first.rate, RATE);
    session_close(session);
}

static void agreed_one_asks_nothing_before_somebody_comes_or_goes(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct rate_share share = {.member = {3, "k", 1}};
    struct rate_share_turn turn = {RATE, 0, 0, 0};

    (void)state;
    step(session, &share, RATE, 0);
    pass(session, 2);
    step(session, &share, RATE, 0);
    step(session, &share, RATE, 0);
    turn.generation = share.generation;
    turn.now_ms = now_ms + 60000;
    execute(session, "DELETE FROM member");
    assert_int_equal(rate_share_step(&share, session, &turn, &err), 0);
    turn.generation++;
    assert_int_equal(rate_share_step(&share, session, &turn, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    session_close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newcomer_waits_for_what_another_has_sent),
        cmocka_unit_test(one_by_itself_waits_for_who_has_left_alone),
        cmocka_unit_test(server_whose_clock_is_set_back_stops_nobody),
        cmocka_unit_test(server_whose_clock_is_set_forth_hides_nobody_who_has_left),
        cmocka_unit_test(share_that_was_acknowledged_unheard_is_used),
        cmocka_unit_test(one_without_a_rate_keeps_that_of_others),
        cmocka_unit_test(agreed_one_asks_nothing_before_somebody_comes_or_goes),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

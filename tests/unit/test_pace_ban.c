/* Unit tests of gateway/pace: bans and Retry-After. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pace_words.h"

static void ban_closes_the_gate_then_one_probe_goes(void **state)
{
    struct pace *pace = open_pace(0, 4);
    struct pace_ticket probe;

    (void)state;
    send_one(pace, VERDICT_BAN, 5000, T0);
    assert_closed(pace, T0, PACE_BAN, T0 + 5000);
    assert_int_equal(pace_pause_until(pace, T0), T0 + 5000);
    assert_closed(pace, T0 + 4999, PACE_BAN, T0 + 5000);
    assert_int_equal(allowance(pace, T0 + 5000, 10), 1);
    probe = pace_grant(pace, T0 + 5000);
    assert_true(probe.probe);
    assert_closed(pace, T0 + 5001, PACE_PROBE, INT64_MAX);
    assert_int_equal(pace_pause_until(pace, T0 + 5001), INT64_MAX);
    pace_sent(pace, T0 + 5001);
    judge(pace, probe, VERDICT_ACCEPTED, -1, T0 + 5002);
    assert_int_equal(allowance(pace, T0 + 5002, 10), 10);
    assert_int_equal(pace_pause_until(pace, T0 + 5002), T0 + 5002);
    pace_close(pace);
}

static void answers_to_earlier_sends_prolong_a_ban_but_are_no_further_bans(void **state)
{
    struct pace *pace = open_pace(0, 10);
    struct pace_ticket tickets[64];

    (void)state;
    for (int i = 0; i < 64; i++) {
        tickets[i] = pace_grant(pace, T0);
        pace_sent(pace, T0);
    }
    judge(pace, tickets[0], VERDICT_BAN, 5000, T0);
    judge(pace, tickets[1], VERDICT_BAN, 3000, T0 + 1);
    assert_closed(pace, T0 + 1, PACE_BAN, T0 + 5000);
    judge(pace, tickets[2], VERDICT_BAN, 5000, T0 + 2);
    assert_closed(pace, T0 + 2, PACE_BAN, T0 + 5002);
    for (int i = 3; i < 20; i++)
        judge(pace, tickets[i], VERDICT_BAN, 1000, T0 + 3);
    assert_int_equal(pace_ended(pace, T0 + 3), PACE_GO_ON);
    judge(pace, tickets[20], VERDICT_ACCEPTED, -1, T0 + 3);
    judge(pace, tickets[21], VERDICT_OUTAGE, -1, T0 + 3);
    for (int i = 22; i < 64; i++)
        judge(pace, tickets[i], VERDICT_UNKNOWN, -1, T0 + 4);
    assert_closed(pace, T0 + 4, PACE_BAN, T0 + 5002);
    assert_int_equal(pace_ended(pace, T0 + 4), PACE_GO_ON);
    pace_close(pace);
}

static void ban_named_while_the_probe_is_under_way_still_holds(void **state)
{
    struct pace *pace = open_pace(0, 4);
    struct pace_ticket early, banned, probe;

    (void)state;
    early = pace_grant(pace, T0);
    banned = pace_grant(pace, T0);
    judge(pace, banned, VERDICT_BAN, 1000, T0);
    probe = pace_grant(pace, T0 + 1000);
    judge(pace, early, VERDICT_BAN, 9000, T0 + 1001);
    judge(pace, probe, VERDICT_ACCEPTED, -1, T0 + 1002);
    assert_closed(pace, T0 + 1002, PACE_BAN, T0 + 10001);
    assert_int_equal(allowance(pace, T0 + 10001, 10), 1);
    pace_close(pace);
}

static void late_ban_closes_a_gate_that_a_probe_has_opened(void **state)
{
    struct pace *pace = open_pace(0, 4);
    struct pace_ticket early;

    (void)state;
    early = pace_grant(pace, T0);
    send_one(pace, VERDICT_BAN, 1000, T0);
    send_one(pace, VERDICT_ACCEPTED, -1, T0 + 1000);
    judge(pace, early, VERDICT_BAN, 500, T0 + 1001);
    assert_closed(pace, T0 + 1001, PACE_BAN, T0 + 1501);
    pace_close(pace);
}

static void ten_bans_in_a_row_end_the_run(void **state)
{
    struct pace *pace = open_pace(0, 4);
    int64_t now_ms = T0;

    (void)state;
    for (int i = 1; i <= 9; i++, now_ms += 1000)
        send_one(pace, VERDICT_BAN, 1000, now_ms);
    assert_int_equal(pace_ended(pace, now_ms), PACE_GO_ON);
    send_one(pace, VERDICT_AGAIN, -1, now_ms); /* an answer between them begins anew */
    for (int i = 1; i <= 9; i++, now_ms += 1000)
        send_one(pace, VERDICT_BAN, 1000, now_ms);
    assert_int_equal(pace_ended(pace, now_ms), PACE_GO_ON);
    send_one(pace, VERDICT_BAN, 1000, now_ms);
    assert_int_equal(pace_ended(pace, now_ms), PACE_END_BANS);
    pace_close(pace);
}

static void ban_over_ten_minutes_ends_the_run(void **state)
{
    struct pace *pace = open_pace(0, 4);

    (void)state;
    send_one(pace, VERDICT_BAN, 600000, T0);
    assert_int_equal(pace_ended(pace, T0), PACE_GO_ON);
    pace_close(pace);

    pace = open_pace(0, 4);
    send_one(pace, VERDICT_BAN, 600001, T0);
    assert_int_equal(pace_ended(pace, T0), PACE_END_LONG_BAN);
    pace_close(pace);

    pace = open_pace(0, 4);
    pace_ban_until(pace, T0 + 600001, T0);
    assert_int_equal(pace_ended(pace, T0), PACE_END_LONG_BAN);
    pace_close(pace);
}

static void ban_of_another_run_holds_here(void **state)
{
    struct pace *pace = open_pace(0, 4);

    (void)state;
    pace_ban_until(pace, T0, T0);
    assert_int_equal(allowance(pace, T0, 10), 10);
    pace_ban_until(pace, T0 + 3000, T0);
    pace_ban_until(pace, T0 + 2000, T0);
    pace_ban_until(pace, T0 + 3000, T0 + 1);
    assert_closed(pace, T0 + 2999, PACE_BAN, T0 + 3000);
    assert_int_equal(allowance(pace, T0 + 3000, 10), 1);
    for (int i = 0; i < 20; i++)
        pace_ban_until(pace, T0 + 4000 + i, T0 + 3000);
    assert_int_equal(pace_ended(pace, T0 + 3000), PACE_GO_ON);
    pace_close(pace);
}

/* Goal: not even a definite answer that ends an outage lets a send into the ban. */
static void ban_of_another_run_outlives_an_outage(void **state)
{
    struct pace *pace = open_pace(0, 4);
    struct pace_ticket early = pace_grant(pace, T0);

    (void)state;
    send_one(pace, VERDICT_OUTAGE, -1, T0);
    pace_ban_until(pace, T0 + 900, T0);
    judge(pace, early, VERDICT_ACCEPTED, -1, T0 + 1);
    assert_closed(pace, T0 + 1, PACE_BAN, T0 + 900);
    pace_close(pace);
}

static void retry_after_closes_the_gate_for_all(void **state)
{
    struct pace *pace = open_pace(0, 4);

    (void)state;
    send_one(pace, VERDICT_AGAIN, 2000, T0);
    assert_closed(pace, T0, PACE_RETRY_AFTER, T0 + 2000);
    assert_int_equal(allowance(pace, T0 + 2000, 10), 1);
    send_one(pace, VERDICT_AGAIN, 1000, T0 + 2000);
    assert_closed(pace, T0 + 2000, PACE_RETRY_AFTER, T0 + 3000);
    send_one(pace, VERDICT_AGAIN, -1, T0 + 3000);
    assert_int_equal(allowance(pace, T0 + 3000, 10), 10);
    pace_close(pace);
}

static void withdrawn_probe_makes_room_for_another(void **state)
{
    static const enum verdict_kind kinds[] = {VERDICT_BAN, VERDICT_OUTAGE};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct pace *pace = open_pace(0, 4);
        send_one(pace, kinds[i], 1000, T0);
        send_one(pace, VERDICT_WITHDRAWN, -1, T0 + 1000);
        assert_int_equal(allowance(pace, T0 + 1000, 10), 1);
        assert_true(pace_grant(pace, T0 + 1000).probe);
        assert_int_equal(allowance(pace, T0 + 1000, 10), 0);
        pace_close(pace);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ban_closes_the_gate_then_one_probe_goes),
        cmocka_unit_test(answers_to_earlier_sends_prolong_a_ban_but_are_no_further_bans),
        cmocka_unit_test(ban_named_while_the_probe_is_under_way_still_holds),
        cmocka_unit_test(late_ban_closes_a_gate_that_a_probe_has_opened),
        cmocka_unit_test(ten_bans_in_a_row_end_the_run),
        cmocka_unit_test(ban_over_ten_minutes_ends_the_run),
        cmocka_unit_test(ban_of_another_run_holds_here),
        cmocka_unit_test(ban_of_another_run_outlives_an_outage),
        cmocka_unit_test(retry_after_closes_the_gate_for_all),
        cmocka_unit_test(withdrawn_probe_makes_room_for_another),
    };
    return cmocka_run_group_tests_name("pace_ban", tests, NULL, NULL);
}

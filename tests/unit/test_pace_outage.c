/* Unit tests of gateway/pace: outages, the brake, and the end of a run that is only refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pace_words.h"

static void outage_is_probed_at_1_2_4_up_to_30_seconds(void **state)
{
    static const int64_t pauses_ms[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000};
    struct pace *pace = open_pace(0, 4);
    int64_t now_ms = T0;

    (void)state;
    for (size_t i = 0; i < sizeof(pauses_ms) / sizeof(pauses_ms[0]); i++) {
        send_one(pace, VERDICT_OUTAGE, -1, now_ms);
        assert_closed(pace, now_ms, PACE_OUTAGE, now_ms + pauses_ms[i]);
        now_ms += pauses_ms[i];
        assert_int_equal(pace_ended(pace, now_ms), PACE_GO_ON);
    }
    assert_int_equal(allowance(pace, now_ms, 10), 1);
    send_one(pace, VERDICT_REJECTED, -1, now_ms);
    assert_int_equal(allowance(pace, now_ms, 10), 10);
    send_one(pace, VERDICT_OUTAGE, -1, now_ms);
    assert_closed(pace, now_ms, PACE_OUTAGE, now_ms + 1000);
    pace_close(pace);
}

static void patience_ends_counted_from_the_first_failure(void **state)
{
    struct pace *pace = open_pace(0, 4);
    int64_t now_ms = T0, until_ms = 0;
    struct pace_ticket probe;
    enum pace_state why;

    (void)state;
    while (now_ms < T0 + 91000) {
        send_one(pace, VERDICT_OUTAGE, -1, now_ms);
        now_ms = pace_pause_until(pace, now_ms);
    }
    assert_int_equal(now_ms, T0 + 91000);
    probe = pace_grant(pace, now_ms);
    pace_sent(pace, -1);
    assert_closed(pace, now_ms, PACE_PROBE, T0 + 120000); /* the patience ends before the probe */
    judge(pace, probe, VERDICT_OUTAGE, -1, now_ms + 1);
    assert_int_equal(pace_allowance(pace, now_ms + 1, 1, &until_ms, &why), 0);
    assert_int_equal(until_ms, T0 + 120000); /* and before the next */
    assert_int_equal(pace_ended(pace, T0 + 119999), PACE_GO_ON);
    assert_int_equal(pace_ended(pace, T0 + 120000), PACE_END_OUTAGE);
    pace_close(pace);
}

static void failures_of_one_outage_count_once(void **state)
{
    struct pace *pace = open_pace(0, 64);
    struct pace_ticket tickets[64];

    (void)state;
    for (int i = 0; i < 64; i++)
        tickets[i] = pace_grant(pace, T0);
    for (int i = 0; i < 64; i++) {
        pace_sent(pace, -1);
        judge(pace, tickets[i], VERDICT_OUTAGE, -1, T0 + i);
    }
    assert_closed(pace, T0 + 64, PACE_OUTAGE, T0 + 1000);
    pace_close(pace);
}

static void any_definite_answer_ends_an_outage(void **state)
{
    static const enum verdict_kind kinds[] = {VERDICT_ACCEPTED, VERDICT_REJECTED, VERDICT_AGAIN};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct pace *pace = open_pace(0, 4);
        struct pace_ticket early = pace_grant(pace, T0);
        send_one(pace, VERDICT_OUTAGE, -1, T0);
        judge(pace, early, kinds[i], -1, T0 + 1);
        assert_int_equal(allowance(pace, T0 + 1, 10), 10);
        pace_close(pace);
    }
}

static void ban_replaces_an_outage(void **state)
{
    struct pace *pace = open_pace(0, 4);

    (void)state;
    send_one(pace, VERDICT_OUTAGE, -1, T0);
    send_one(pace, VERDICT_BAN, 5000, T0 + 1000);
    assert_closed(pace, T0 + 1000, PACE_BAN, T0 + 6000);
    assert_int_equal(pace_ended(pace, T0 + 500000), PACE_GO_ON);
    pace_close(pace);
}

static void brake_closes_after_unknowns_in_a_row(void **state)
{
    static const struct {
        size_t in_flight;
        int limit;
    } cases[] = {{1, 10}, {10, 10}, {64, 64}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct pace *pace = open_pace(0, cases[i].in_flight);
        for (int n = 1; n < cases[i].limit; n++)
            send_one(pace, VERDICT_UNKNOWN, -1, T0);
        send_one(pace, VERDICT_ACCEPTED, -1, T0);
        for (int n = 1; n < cases[i].limit; n++)
            send_one(pace, VERDICT_UNKNOWN, -1, T0);
        assert_int_equal(allowance(pace, T0, 10), 10);
        send_one(pace, VERDICT_UNKNOWN, -1, T0);
        assert_closed(pace, T0, PACE_BRAKE, T0 + 1000);
        send_one(pace, VERDICT_UNKNOWN, -1, T0 + 1000);
        assert_closed(pace, T0 + 1000, PACE_BRAKE, T0 + 3000);
        assert_int_equal(pace_ended(pace, T0 + 119999), PACE_GO_ON);
        assert_int_equal(pace_ended(pace, T0 + 120000), PACE_END_BRAKE);
        send_one(pace, VERDICT_ACCEPTED, -1, T0 + 3000);
        assert_int_equal(allowance(pace, T0 + 3000, 10), 10);
        assert_int_equal(pace_ended(pace, T0 + 120000), PACE_GO_ON);
        pace_close(pace);
    }
}

static void unknown_probe_turns_an_outage_into_a_brake(void **state)
{
    struct pace *pace = open_pace(0, 4);

    (void)state;
    send_one(pace, VERDICT_OUTAGE, -1, T0);
    send_one(pace, VERDICT_UNKNOWN, -1, T0 + 1000);
    assert_closed(pace, T0 + 1000, PACE_BRAKE, T0 + 3000);
    assert_int_equal(pace_ended(pace, T0 + 120000), PACE_END_BRAKE);
    pace_close(pace);
}

static void hundred_rejections_at_first_end_the_run(void **state)
{
    struct pace *pace = open_pace(0, 4);

    (void)state;
    for (int i = 0; i < 99; i++)
        send_one(pace, VERDICT_REJECTED, -1, T0);
    send_one(pace, VERDICT_UNKNOWN, -1, T0);
    assert_int_equal(pace_ended(pace, T0), PACE_GO_ON);
    send_one(pace, VERDICT_REJECTED, -1, T0);
    assert_int_equal(pace_ended(pace, T0), PACE_END_REJECTIONS);
    pace_close(pace);

    pace = open_pace(0, 4);
    send_one(pace, VERDICT_ACCEPTED, -1, T0);
    for (int i = 0; i < 200; i++)
        send_one(pace, VERDICT_REJECTED, -1, T0);
    assert_int_equal(pace_ended(pace, T0), PACE_GO_ON);
    pace_close(pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outage_is_probed_at_1_2_4_up_to_30_seconds),
        cmocka_unit_test(patience_ends_counted_from_the_first_failure),
        cmocka_unit_test(failures_of_one_outage_count_once),
        cmocka_unit_test(any_definite_answer_ends_an_outage),
        cmocka_unit_test(ban_replaces_an_outage),
        cmocka_unit_test(brake_closes_after_unknowns_in_a_row),
        cmocka_unit_test(unknown_probe_turns_an_outage_into_a_brake),
        cmocka_unit_test(hundred_rejections_at_first_end_the_run),
    };
    return cmocka_run_group_tests_name("pace_outage", tests, NULL, NULL);
}

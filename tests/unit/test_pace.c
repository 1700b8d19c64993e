/* Unit tests of gateway/pace: the rate, and how long a retry waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pace_words.h"

static void without_a_rate_everything_may_go(void **state)
{
    struct pace *pace = open_pace(0, 4);

    (void)state;
    assert_int_equal(allowance(pace, T0, 5000), 5000);
    for (int i = 0; i < 5000; i++)
        pace_grant(pace, T0);
    assert_int_equal(allowance(pace, T0, 5000), 5000);
    pace_close(pace);
}

static void send_counts_from_its_grant_until_a_second_after_it_left(void **state)
{
    struct pace *pace = open_pace(2, 4);

    (void)state;
    assert_int_equal(allowance(pace, T0, 10), 2);
    pace_grant(pace, T0);
    assert_int_equal(allowance(pace, T0, 10), 1);
    pace_grant(pace, T0);
    assert_closed(pace, T0, PACE_RATE, INT64_MAX);
    /* Not known to have left, they may do so at any moment. */
    assert_closed(pace, T0 + 60000, PACE_RATE, INT64_MAX);
    pace_sent(pace, T0 + 60000);
    assert_closed(pace, T0 + 60001, PACE_RATE, T0 + 60000 + PACE_WINDOW_MS);
    pace_sent(pace, -1);
    assert_int_equal(allowance(pace, T0 + 60001, 10), 1);
    assert_int_equal(allowance(pace, T0 + 60000 + PACE_WINDOW_MS - 1, 10), 1);
    assert_int_equal(allowance(pace, T0 + 60000 + PACE_WINDOW_MS, 10), 2);
    pace_close(pace);
}

static void departures_may_be_heard_of_late_and_in_any_order(void **state)
{
    struct pace *pace = open_pace(3, 4);

    (void)state;
    for (int i = 0; i < 3; i++)
        pace_grant(pace, T0);
    pace_sent(pace, T0 + 500);
    pace_sent(pace, T0 + 100);
    assert_int_equal(allowance(pace, T0 + 600, 10), 0);
    pace_sent(pace, T0 + 2000); /* by now the others have left the window */
    assert_int_equal(allowance(pace, T0 + 2000, 10), 2);
    pace_grant(pace, T0 + 2000);
    pace_sent(pace, T0 + 10); /* heard of far too late to count */
    assert_int_equal(allowance(pace, T0 + 2000, 10), 2);
    pace_close(pace);
}

static void sends_of_other_runs_count(void **state)
{
    struct pace *pace = open_pace(3, 4);

    (void)state;
    pace_others(pace, 2);
    assert_int_equal(allowance(pace, T0, 10), 1);
    pace_others(pace, 7);
    assert_closed(pace, T0, PACE_RATE, T0 + 100);
    pace_others(pace, 0);
    assert_int_equal(allowance(pace, T0, 10), 3);
    pace_close(pace);
}

static void wanted_is_the_most_that_is_allowed(void **state)
{
    struct pace *pace = open_pace(INT64_MAX, 4);

    (void)state;
    assert_int_equal(allowance(pace, T0, 7), 7);
    assert_int_equal(allowance(pace, T0, 0), 0);
    pace_close(pace);
}

/* 10 a second: one each 100 ms, though all ten would fit into the second at hand. */
static void rate_that_is_set_is_spread_evenly(void **state)
{
    struct pace *pace = open_pace(1, 4);

    (void)state;
    pace_set_rate(pace, 10, T0);
    assert_int_equal(allowance(pace, T0, 10), 1);
    send_one(pace, VERDICT_ACCEPTED, 0, T0);
    assert_closed(pace, T0, PACE_RATE, T0 + 101);
    assert_int_equal(allowance(pace, T0 + 101, 10), 1);
    assert_int_equal(allowance(pace, T0 + 600, 10), 1);
    pace_close(pace);
}

/* What a turn holds goes together, and the sliding second still has its whole rate. */
static void rate_that_is_set_is_used_and_held(void **state)
{
    struct pace *pace = open_pace(1, 4);
    size_t sent = 0;

    (void)state;
    pace_set_rate(pace, 1000, T0);
    assert_int_equal(allowance(pace, T0, 5000), 20);
    for (int64_t ms = 0; ms < PACE_WINDOW_MS; ms += 5)
        for (size_t room = allowance(pace, T0 + ms, 5000); room; room--, sent++)
            send_one(pace, VERDICT_ACCEPTED, 0, T0 + ms);
    assert_in_range(sent, 980, 1000);
    pace_close(pace);
}

static void what_never_left_takes_nothing_of_a_rate_that_is_set(void **state)
{
    struct pace *pace = open_pace(1, 4);
    struct pace_ticket ticket;

    (void)state;
    pace_set_rate(pace, 10, T0);
    assert_int_equal(allowance(pace, T0, 10), 1);
    ticket = pace_grant(pace, T0);
    assert_int_equal(allowance(pace, T0, 10), 0);
    pace_sent(pace, -1);
    judge(pace, ticket, VERDICT_WITHDRAWN, 0, T0);
    assert_int_equal(allowance(pace, T0, 10), 1);
    pace_close(pace);
}

static void grant_that_is_taken_back_takes_nothing_of_a_rate_that_is_set(void **state)
{
    struct pace *pace = open_pace(100, 40);
    size_t before;

    (void)state;
    pace_set_rate(pace, 100, T0);
    before = allowance(pace, T0, 40);
    for (int times = 0; times < 3; times++)
        pace_take_back(pace, pace_grant(pace, T0));
    assert_int_equal(allowance(pace, T0, 40), before);
    assert_int_equal(pace_pending(pace), 0);
    pace_close(pace);
}

/* Goal: the rate is not only held but nearly reached. */
static void rate_is_used(void **state)
{
    struct pace *pace = open_pace(200, 16);
    size_t sent = 0;

    (void)state;
    for (int64_t now_ms = T0; now_ms < T0 + 20000; now_ms++) {
        for (size_t n = allowance(pace, now_ms, 16); n > 0; n--, sent++) {
            struct pace_ticket ticket = pace_grant(pace, now_ms);
            pace_sent(pace, now_ms);
            judge(pace, ticket, VERDICT_ACCEPTED, -1, now_ms);
        }
    }
    assert_in_range(sent, 3880, 4000);
    pace_close(pace);
}

static void backoff_is_full_jitter_below_an_exponential_bound(void **state)
{
    static const int64_t bounds_ms[] = {500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
    struct pace *pace = open_pace(0, 4);

    (void)state;
    for (int attempt = 1; attempt <= 8; attempt++) {
        int64_t bound = bounds_ms[attempt - 1], most = 0, least = INT64_MAX;
        for (int i = 0; i < 2000; i++) {
            int64_t wait_ms = pace_backoff_ms(pace, attempt);
            most = wait_ms > most ? wait_ms : most;
            least = wait_ms < least ? wait_ms : least;
        }
        assert_in_range(most, bound * 9 / 10, bound);
        assert_in_range(least, 0, bound / 10);
    }
    assert_in_range(pace_backoff_ms(pace, INT32_MAX), 0, 30000);
    pace_close(pace);
}

static void backoff_is_the_same_for_the_same_seed(void **state)
{
    struct pace *one = open_pace(0, 4), *other = open_pace(0, 4);

    (void)state;
    for (int i = 1; i < 50; i++)
        assert_int_equal(pace_backoff_ms(one, i), pace_backoff_ms(other, i));
    pace_close(one);
    pace_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_rate_everything_may_go),
        cmocka_unit_test(send_counts_from_its_grant_until_a_second_after_it_left),
        cmocka_unit_test(departures_may_be_heard_of_late_and_in_any_order),
        cmocka_unit_test(sends_of_other_runs_count),
        cmocka_unit_test(wanted_is_the_most_that_is_allowed),
        cmocka_unit_test(rate_that_is_set_is_spread_evenly),
        cmocka_unit_test(rate_that_is_set_is_used_and_held),
        cmocka_unit_test(what_never_left_takes_nothing_of_a_rate_that_is_set),
        cmocka_unit_test(grant_that_is_taken_back_takes_nothing_of_a_rate_that_is_set),
        cmocka_unit_test(rate_is_used),
        cmocka_unit_test(backoff_is_full_jitter_below_an_exponential_bound),
        cmocka_unit_test(backoff_is_the_same_for_the_same_seed),
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}

/* Unit tests of gateway/pace: scenarios by hand, then a simulated gateway on a simulated clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "gateway/pace.h"

#define T0 INT64_C(1000000)

static struct pace *open_pace(int64_t rate, size_t in_flight)
{
    const struct pace_settings settings = {
        .rate = rate, .in_flight = in_flight, .outage_patience_ms = 120000, .seed = 42};
    struct error err = {0};
    struct pace *pace = pace_open(&settings, &err);

    assert_non_null(pace);
    return pace;
}

static size_t allowance(struct pace *pace, int64_t now_ms, size_t wanted)
{
    int64_t until_ms = 0;
    enum pace_state state;
    return pace_allowance(pace, now_ms, wanted, &until_ms, &state);
}

static void assert_closed(struct pace *pace, int64_t now_ms, enum pace_state state,
                          int64_t until_ms)
{
    int64_t got_until_ms = 0;
    enum pace_state got_state;

    assert_int_equal(pace_allowance(pace, now_ms, 10, &got_until_ms, &got_state), 0);
    assert_int_equal(got_state, state);
    assert_int_equal(got_until_ms, until_ms);
}

static struct verdict verdict_of(enum verdict_kind kind, int64_t wait_ms)
{
    return (struct verdict){.kind = kind, .wait_ms = wait_ms};
}

static void judge(struct pace *pace, struct pace_ticket ticket, enum verdict_kind kind,
                  int64_t wait_ms, int64_t now_ms)
{
    struct verdict verdict = verdict_of(kind, wait_ms);
    pace_judged(pace, ticket, &verdict, now_ms);
}

/* One send that leaves at once and is judged at once. */
static void send_one(struct pace *pace, enum verdict_kind kind, int64_t wait_ms, int64_t now_ms)
{
    struct pace_ticket ticket;

    assert_true(allowance(pace, now_ms, 1) == 1);
    ticket = pace_grant(pace, now_ms);
    pace_sent(pace, kind == VERDICT_OUTAGE || kind == VERDICT_WITHDRAWN ? -1 : now_ms);
    judge(pace, ticket, kind, wait_ms, now_ms);
}

/* ---- rate ---- */

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

/* ---- bans and Retry-After ---- */

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

/* ---- outage and brake ---- */

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

/* ---- retries ---- */

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

/* ---- a simulated gateway ---- */

#define SIMULATED_SLOTS 48
#define SIMULATED_MS 60000
#define LOG_MAX (SIMULATED_MS * 4)

enum slot_state { SLOT_FREE, SLOT_GRANTED, SLOT_LEFT };

struct simulation {
    struct pace *pace;
    int64_t rate;
    bool takes_back; /* grants more than it needs */
    uint64_t random;
    int64_t now_ms;
    struct {
        enum slot_state state;
        struct pace_ticket ticket;
        int64_t leaves_ms, answered_ms;
        struct verdict verdict;
    } slots[SIMULATED_SLOTS];

    /* of the gateway */
    int64_t ban_until_ms, down_until_ms;

    /* what the run has been told */
    int64_t told_ban_until_ms;

    int64_t departures[LOG_MAX];
    size_t departure_count, probe_count, ban_count, outage_count;
};

static int64_t chance(struct simulation *sim, int64_t below)
{
    sim->random = sim->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((sim->random >> 33) % (uint64_t)below);
}

static struct verdict answer_at(struct simulation *sim)
{
    if (sim->now_ms < sim->ban_until_ms)
        return verdict_of(VERDICT_BAN, (sim->ban_until_ms - sim->now_ms + 999) / 1000 * 1000);
    if (chance(sim, 10 * sim->rate + 20) == 0) {
        sim->ban_until_ms = sim->now_ms + 1000 * (1 + chance(sim, 3));
        return answer_at(sim);
    }
    switch (chance(sim, 300)) {
    case 0:
        return verdict_of(VERDICT_AGAIN, 1000);
    case 1:
    case 2:
        return verdict_of(VERDICT_AGAIN, -1);
    case 3:
    case 4:
        return verdict_of(VERDICT_UNKNOWN, -1);
    default:
        return verdict_of(VERDICT_ACCEPTED, -1);
    }
}

/* Any number that may go, in any order; by the clock, so that no chance is used up. */
static void simulate_grants_taken_back(struct simulation *sim)
{
    enum { MOST = 5 };
    struct pace_ticket tickets[MOST];
    size_t count = allowance(sim->pace, sim->now_ms, (size_t)(sim->now_ms % (MOST + 1)));

    for (size_t i = 0; i < count; i++)
        tickets[i] = pace_grant(sim->pace, sim->now_ms);
    for (size_t i = 0; i < count; i++)
        pace_take_back(sim->pace, tickets[sim->now_ms / 7 % 2 ? i : count - 1 - i]);
}

static void simulate_grants(struct simulation *sim)
{
    if (sim->takes_back)
        simulate_grants_taken_back(sim);
    for (size_t i = 0; i < SIMULATED_SLOTS; i++) {
        if (sim->slots[i].state != SLOT_FREE)
            continue;
        if (allowance(sim->pace, sim->now_ms, 1) == 0)
            return;
        assert_true(sim->now_ms >= sim->told_ban_until_ms);
        sim->slots[i].state = SLOT_GRANTED;
        sim->slots[i].ticket = pace_grant(sim->pace, sim->now_ms);
        sim->slots[i].leaves_ms = sim->now_ms + chance(sim, 40);
        for (size_t other = 0; other < SIMULATED_SLOTS && sim->slots[i].ticket.probe; other++)
            assert_false(other != i && sim->slots[other].state != SLOT_FREE &&
                         sim->slots[other].ticket.epoch == sim->slots[i].ticket.epoch);
        sim->probe_count += sim->slots[i].ticket.probe;
    }
}

static void simulate_departures(struct simulation *sim)
{
    for (size_t i = 0; i < SIMULATED_SLOTS; i++) {
        if (sim->slots[i].state != SLOT_GRANTED || sim->slots[i].leaves_ms > sim->now_ms)
            continue;
        if (sim->now_ms < sim->down_until_ms || sim->now_ms < sim->told_ban_until_ms) {
            bool down = sim->now_ms >= sim->told_ban_until_ms;
            pace_sent(sim->pace, -1);
            judge(sim->pace, sim->slots[i].ticket, down ? VERDICT_OUTAGE : VERDICT_WITHDRAWN, -1,
                  sim->now_ms);
            sim->outage_count += down;
            sim->slots[i].state = SLOT_FREE;
            continue;
        }
        assert_true(sim->departure_count < LOG_MAX);
        sim->departures[sim->departure_count++] = sim->now_ms;
        sim->slots[i].state = SLOT_LEFT;
        sim->slots[i].leaves_ms = sim->now_ms;
        sim->slots[i].verdict = answer_at(sim);
        sim->slots[i].answered_ms = sim->now_ms + 1 + chance(sim, 150);
    }
}

/* A departure is told only with its answer, as late as can be. */
static void simulate_answers(struct simulation *sim)
{
    for (size_t i = 0; i < SIMULATED_SLOTS; i++) {
        if (sim->slots[i].state != SLOT_LEFT || sim->slots[i].answered_ms > sim->now_ms)
            continue;
        pace_sent(sim->pace, sim->slots[i].leaves_ms);
        pace_judged(sim->pace, sim->slots[i].ticket, &sim->slots[i].verdict, sim->now_ms);
        if (sim->slots[i].verdict.kind == VERDICT_BAN) {
            int64_t until_ms = sim->now_ms + sim->slots[i].verdict.wait_ms;
            sim->ban_count++;
            if (until_ms > sim->told_ban_until_ms)
                sim->told_ban_until_ms = until_ms;
        }
        sim->slots[i].state = SLOT_FREE;
    }
}

static void assert_rate_held(const struct simulation *sim)
{
    for (size_t i = (size_t)sim->rate; i < sim->departure_count; i++)
        assert_true(sim->departures[i] - sim->departures[i - (size_t)sim->rate] > 1000);
}

static void simulate(struct simulation *sim, int64_t rate, uint64_t seed)
{
    sim->pace = open_pace(rate, SIMULATED_SLOTS);
    sim->rate = rate;
    sim->random = seed;
    for (sim->now_ms = T0; sim->now_ms < T0 + SIMULATED_MS; sim->now_ms++) {
        if (chance(sim, 20000) == 0)
            sim->down_until_ms = sim->now_ms + chance(sim, 4000);
        simulate_answers(sim);
        simulate_departures(sim);
        simulate_grants(sim);
        assert_int_not_equal(pace_ended(sim->pace, sim->now_ms), PACE_END_OUTAGE);
    }
    pace_close(sim->pace);
}

static const int64_t simulated_rates[] = {1, 3, 10, 100, 1000};

/* Goal: with bans, outages, late news and random delays, over a simulated minute, no sliding
   second holds more departures than the rate, no grant falls into a ban the run was told of, and
   with a probe no other send of the same pause is under way. */
static void pace_holds_whatever_the_gateway_does(void **state)
{
    struct simulation *sim = calloc(1, sizeof(*sim));

    (void)state;
    assert_non_null(sim);
    for (size_t i = 0; i < sizeof(simulated_rates) / sizeof(*simulated_rates); i++) {
        memset(sim, 0, sizeof(*sim));
        simulate(sim, simulated_rates[i], (uint64_t)i + 7);
        assert_rate_held(sim);
        assert_true(sim->departure_count > 40);
        assert_true(sim->rate < 10 || (sim->probe_count > 3 && sim->ban_count > 3));
    }
    free(sim);
}

/* Goal: however many grants are taken back, and when, each send leaves when it leaves without them.
 */
static void grant_that_is_taken_back_leaves_no_trace(void **state)
{
    struct simulation *sims = calloc(2, sizeof(*sims));

    (void)state;
    assert_non_null(sims);
    for (size_t i = 0; i < sizeof(simulated_rates) / sizeof(*simulated_rates); i++) {
        memset(sims, 0, 2 * sizeof(*sims));
        sims[1].takes_back = true;
        simulate(&sims[0], simulated_rates[i], (uint64_t)i + 107);
        simulate(&sims[1], simulated_rates[i], (uint64_t)i + 107);
        assert_int_equal(sims[1].departure_count, sims[0].departure_count);
        assert_memory_equal(sims[1].departures, sims[0].departures, sizeof(sims[0].departures));
        assert_int_equal(sims[1].probe_count, sims[0].probe_count);
    }
    free(sims);
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
        cmocka_unit_test(outage_is_probed_at_1_2_4_up_to_30_seconds),
        cmocka_unit_test(patience_ends_counted_from_the_first_failure),
        cmocka_unit_test(failures_of_one_outage_count_once),
        cmocka_unit_test(any_definite_answer_ends_an_outage),
        cmocka_unit_test(ban_replaces_an_outage),
        cmocka_unit_test(brake_closes_after_unknowns_in_a_row),
        cmocka_unit_test(unknown_probe_turns_an_outage_into_a_brake),
        cmocka_unit_test(hundred_rejections_at_first_end_the_run),
        cmocka_unit_test(backoff_is_full_jitter_below_an_exponential_bound),
        cmocka_unit_test(backoff_is_the_same_for_the_same_seed),
        cmocka_unit_test(pace_holds_whatever_the_gateway_does),
        cmocka_unit_test(grant_that_is_taken_back_leaves_no_trace),
        cmocka_unit_test(grant_that_is_taken_back_takes_nothing_of_a_rate_that_is_set),
        cmocka_unit_test(rate_is_used),
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}

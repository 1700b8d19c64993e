/* Unit tests of ledger: what runs of an app key share: calls, bans, departures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "both_places.h"
#include "ledger/shared_limits.h"
#include "ledger_words.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const struct app app = {PLATFORM, "key"};

static void calls_are_counted_by_day_and_app_key(void **state)
{
    static const struct {
        struct app app;
        int32_t day;
        int64_t calls;
    } cases[] = {
        {{PLATFORM, "key"}, 20221212, 8},          {{PLATFORM, "key"}, 20221213, 1},
        {{PLATFORM, "other"}, 20221212, 0},        {{OTHER_PLATFORM, "key"}, 20221212, 0},
        {{"http://nowhere/", "key"}, 20221212, 0},
    };
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t calls;

    new_run(ledger, PLATFORM);
    new_run(ledger, OTHER_PLATFORM);
    begin(ledger);
    assert_int_equal(ledger_calls_add(ledger, &app, 20221212, 5, &err), 0);
    assert_int_equal(ledger_calls_add(ledger, &app, 20221212, 3, &err), 0);
    assert_int_equal(ledger_calls_add(ledger, &app, 20221213, 1, &err), 0);
    commit(ledger);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(ledger_calls_get(ledger, &cases[i].app, cases[i].day, &calls, &err), 0);
        assert_int_equal(calls, cases[i].calls);
    }
}

/* What is left of a ban now; -1: there never was one. A server has a clock of its own. */
static int64_t rest_of(struct ledger *ledger, const char *app_key, int64_t now_ms)
{
    const struct app of = {PLATFORM, app_key};
    struct ban ban;

    assert_int_equal(ledger_ban_get(ledger, &of, now_ms, &ban, &err), 0);
    return ban.until_ms ? ledger_ban_rest_ms(&ban, now_ms) : -1;
}

static void set_ban(struct ledger *ledger, int64_t now_ms, int64_t wait_ms)
{
    begin(ledger);
    assert_int_equal(ledger_ban_set(ledger, &app, now_ms, wait_ms, &err), 0);
    commit(ledger);
}

static void ban_is_remembered_for_its_app_key(void **state)
{
    struct place *place = *state;

    new_run(place->ledger, PLATFORM);
    assert_int_equal(rest_of(place->ledger, "key", 1000000), -1);
    set_ban(place->ledger, 1000000, 500000);
    set_ban(place->ledger, 1000000, 700000);
    ledger_close(place->ledger);
    place->ledger = open_ledger(place->path);
    assert_in_range(rest_of(place->ledger, "key", 1000000), 600000, 700000);
    assert_int_equal(rest_of(place->ledger, "other", 1000000), -1);
}

static void longer_ban_outlives_a_shorter_one_that_is_heard_of_later(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;

    new_run(ledger, PLATFORM);
    set_ban(ledger, 1000000, 500000);
    set_ban(ledger, 1000000, 1000);
    set_ban(ledger, 1000000, 0);
    assert_in_range(rest_of(ledger, "key", 1000000), 400000, 500000);
}

static void ban_that_is_over_makes_room_for_a_shorter_one(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;

    new_run(ledger, PLATFORM);
    set_ban(ledger, 1000, 5000);
    assert_int_equal(rest_of(ledger, "key", 3000), 3000);
    assert_int_equal(rest_of(ledger, "key", 6000), 0);
    set_ban(ledger, 7000, 1);
    assert_int_equal(rest_of(ledger, "key", 7000), 1);
}

static void ban_is_never_longer_than_the_gateway_said_though_the_clock_is_set_back(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;

    new_run(ledger, PLATFORM);
    set_ban(ledger, 1000000, 500000);
    assert_in_range(rest_of(ledger, "key", 7000), 400000, 500000);
    /* What was recorded by the clock of before does not keep a new one out. */
    set_ban(ledger, 7000, 600000);
    assert_in_range(rest_of(ledger, "key", 7000), 500001, 600000);
}

/* Each host says what it wants of the time: the server's clock counts. */
static void ban_is_as_long_for_a_host_whose_clock_differs(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;

    new_run(ledger, PLATFORM);
    set_ban(ledger, 1000000, 500000);
    assert_in_range(rest_of(ledger, "key", 1060000), 400000, 500000);
    set_ban(ledger, 1060000, 460000);
    assert_in_range(rest_of(ledger, "key", 940000), 460001, 500000);
}

/* Of a turn, not the first, of the start of the run that began then. */
static int64_t others_of(struct ledger *ledger, int64_t run, int64_t began_ms, int64_t now_ms)
{
    const struct turn turn = {
        .run = run, .began_ms = began_ms, .now_ms = now_ms, .window_ms = 1000};
    struct turn_facts facts;

    begin(ledger);
    assert_int_equal(ledger_turn_facts(ledger, &app, &turn, &facts, &err), 0);
    commit(ledger);
    return facts.others;
}

static int64_t live_run(struct ledger *ledger)
{
    int64_t run = new_run(ledger, PLATFORM);

    assert_int_equal(ledger_run_lock(ledger, run, &err), 1);
    return run;
}

static void departures_of_others_fall_into_the_window_or_are_forgotten(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = live_run(ledger);
    int64_t other = live_run(ledger);

    begin(ledger);
    assert_int_equal(ledger_departures_add(ledger, &app, other, 100000, 3, &err), 0);
    assert_int_equal(ledger_pending_set(ledger, &app, other, 2, 100000, &err), 0);
    commit(ledger);
    assert_int_equal(others_of(ledger, run, 0, 100500), 5);
    assert_int_equal(others_of(ledger, other, 0, 100500), 0);
    /* What is pending may leave at any moment. */
    assert_int_equal(others_of(ledger, run, 0, 102000), 2);
    /* A start of the run that left them behind is another one. */
    assert_int_equal(others_of(ledger, other, 100300, 100500), 3);
    /* The clock was set back by a little, or by much. */
    assert_int_equal(others_of(ledger, run, 0, 98000), 5);
    assert_int_equal(others_of(ledger, run, 0, 50000), 2);
    begin(ledger);
    assert_int_equal(ledger_departures_add(ledger, &app, run, 50000, 1, &err), 0);
    commit(ledger);
    assert_int_equal(others_of(ledger, other, 0, 50500), 1);
    assert_int_equal(others_of(ledger, run, 0, 100500), 2); /* what was pending; the rest is gone */
}

/* What a run that has ended had pending: as having left, for a start without a rate just once. */
static void pending_calls_of_ended_starts_count_as_having_left(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = live_run(ledger);
    int64_t ended = new_run(ledger, PLATFORM);
    struct turn turn = {.run = run, .is_first = true, .began_ms = 100000, .now_ms = 100000};
    struct turn_facts facts;

    for (int starts = 0; starts < 2; starts++) {
        begin(ledger);
        assert_int_equal(ledger_pending_set(ledger, &app, run, 3, 90000, &err), 0);
        assert_int_equal(ledger_pending_set(ledger, &app, ended, 2, 90000, &err), 0);
        turn.is_first = !starts;
        assert_int_equal(ledger_turn_facts(ledger, &app, &turn, &facts, &err), 0);
        assert_int_equal(facts.others, 0);
        turn.window_ms = 1000;
        turn.is_first = false;
        assert_int_equal(ledger_turn_facts(ledger, &app, &turn, &facts, &err), 0);
        assert_int_equal(facts.others, !starts ? 5 : 2);
        ledger_rollback(ledger);
        turn.window_ms = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LEDGER(calls_are_counted_by_day_and_app_key),
        ON_BOTH(ban_is_remembered_for_its_app_key),
        ON_BOTH(longer_ban_outlives_a_shorter_one_that_is_heard_of_later),
        WITH_LEDGER(ban_that_is_over_makes_room_for_a_shorter_one),
        ON_SERVER(ban_is_as_long_for_a_host_whose_clock_differs),
        ON_BOTH(ban_is_never_longer_than_the_gateway_said_though_the_clock_is_set_back),
        WITH_LEDGER(pending_calls_of_ended_starts_count_as_having_left),
        WITH_LEDGER(departures_of_others_fall_into_the_window_or_are_forgotten),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

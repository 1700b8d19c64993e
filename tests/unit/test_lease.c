/* Unit tests of ledger/postgres/alive/lease: a worker and who watches it, by clocks of different
 * speed, over a ledger that may be away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>

#include "ledger/postgres/alive/lease.h"

#define WORLDS 3000

static uint64_t seed;

static int64_t upto(int64_t most)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((seed >> 33) % (uint64_t)(most + 1));
}

static void look(struct lease_watch *watch, int64_t beat, int64_t at_ms, bool expected)
{
    assert_int_equal(lease_watch_see(watch, &lease_real, beat, at_ms, at_ms), expected);
}

static void whoever_does_not_beat_may_be_fenced(void **state)
{
    struct lease_watch watch = {0};

    (void)state;
    for (int64_t at = 1000; at < 23000; at += 2000)
        look(&watch, 7, at, false);
    look(&watch, 7, 22999, false);
    look(&watch, 7, 23000, true);
    look(&watch, 7, 24000, true); /* it was not done, and is still right */
    look(&watch, 8, 24500, false);
}

static void a_beat_a_gap_and_a_look_that_fails_begin_it_anew(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        struct lease_watch watch = {0};
        int64_t at;

        for (at = 0; at <= 20000; at += 5000)
            look(&watch, 7, at, false);
        if (how == 0)
            lease_watch_fail(&watch);
        at = how == 1 ? 25001 : 25000;
        for (int64_t end = at + 22000; at < end; at += 2000)
            look(&watch, how == 2 ? 8 : 7, at, false);
        look(&watch, how == 2 ? 8 : 7, at, true);
    }
}

/* What a look was told was so no later than when it was told, and no earlier than when it was
 * asked: of both ends of the time between, the shorter counts. */
static void looks_that_take_long_count_for_less(void **state)
{
    struct lease_watch watch = {0};

    (void)state;
    assert_false(lease_watch_see(&watch, &lease_real, 7, 0, 4000));
    for (int64_t at = 4000; at < 24000; at += 4000)
        assert_false(lease_watch_see(&watch, &lease_real, 7, at, at + 4000));
    assert_false(lease_watch_see(&watch, &lease_real, 7, 25999, 27000));
    assert_true(lease_watch_see(&watch, &lease_real, 7, 26000, 27000));
}

static void a_beat_is_due_and_lasts(void **state)
{
    (void)state;
    assert_false(lease_beat_is_due(&lease_real, 1000, 5999));
    assert_true(lease_beat_is_due(&lease_real, 1000, 6000));
    assert_int_equal(lease_deadline_ms(&lease_real, 1000), 19000);
    assert_int_equal(lease_real.settle_ms, 21 * 60 * 1000);
}

/* A worker and a watcher; true time is in milliseconds, their clocks go at their own speed. */
struct world {
    double worker_speed, watcher_speed;
    int64_t now_ms;
    int64_t beat;               /* in the ledger */
    int64_t stored_ms;          /* since then */
    int64_t deadline_ms;        /* the worker's, by its own clock */
    int64_t away_from, away_to; /* the ledger */
    struct lease_watch watch;
};

static int64_t by(double speed, int64_t ms)
{
    return (int64_t)((double)ms * speed);
}

/* One beat; it may take long. Its deadline counts from when it was sent. */
static void beat(struct world *w, int64_t sent_ms)
{
    w->beat++;
    w->stored_ms = w->now_ms;
    w->deadline_ms = lease_deadline_ms(&lease_real, by(w->worker_speed, sent_ms));
}

static bool is_away(const struct world *w)
{
    return w->now_ms >= w->away_from && w->now_ms < w->away_to;
}

static bool look_in(struct world *w)
{
    int64_t asked = w->now_ms;
    int64_t told = asked + upto(400);

    if (is_away(w)) {
        lease_watch_fail(&w->watch);
        return false;
    }
    return lease_watch_see(&w->watch, &lease_real, w->beat, by(w->watcher_speed, asked),
                           by(w->watcher_speed, told));
}

static struct world make_world(uint64_t number)
{
    struct world w = {0};

    seed = number;
    w.worker_speed = 0.92 + (double)upto(16) / 100; /* apart by less than a fifth */
    w.watcher_speed = 0.92 + (double)upto(16) / 100;
    w.away_from = 20000 + upto(30000);
    w.away_to = w.away_from + upto(2) * upto(40000);
    return w;
}

/* Goal: however long the ledger is away, who beats as soon as it is back is not fenced. */
static void who_beats_is_never_fenced(void **state)
{
    (void)state;
    for (uint64_t number = 0; number < WORLDS; number++) {
        struct world w = make_world(number);
        int64_t next_beat = upto(5000), next_look = upto(2000);

        for (; w.now_ms < 150000; w.now_ms++) {
            if (w.now_ms >= next_beat && !is_away(&w)) {
                beat(&w, w.now_ms);
                next_beat = w.now_ms + 5000 + upto(3000);
            }
            if (w.now_ms >= next_look) {
                if (look_in(&w))
                    fail_msg("world %d, %d ms", (int)number, (int)w.now_ms);
                next_look = w.now_ms + 2000 + upto(500);
            }
        }
    }
}

/* Goal: who stops is fenced after its deadline, and soon. */
static void who_stops_is_fenced_after_its_deadline(void **state)
{
    (void)state;
    for (uint64_t number = 0; number < WORLDS; number++) {
        struct world w = make_world(number);
        int64_t end_ms = 20000 + upto(20000), next_beat = upto(5000), next_look = upto(2000);
        bool is_fenced = false;

        w.away_to = w.away_from;
        for (; !is_fenced && w.now_ms < 150000; w.now_ms++) {
            if (w.now_ms >= next_beat && w.now_ms < end_ms) {
                beat(&w, w.now_ms - upto(2000));
                next_beat = w.now_ms + 5000 + upto(3000);
            }
            if (w.now_ms >= next_look) {
                is_fenced = look_in(&w);
                next_look = w.now_ms + 2000 + upto(500);
            }
        }
        assert_true(is_fenced);
        assert_true(by(w.worker_speed, w.now_ms) > w.deadline_ms);
        assert_true(by(w.watcher_speed, w.now_ms - w.stored_ms) >= 22000);
        assert_true(by(w.watcher_speed, w.now_ms - w.stored_ms) <= 28000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_does_not_beat_may_be_fenced),
        cmocka_unit_test(a_beat_a_gap_and_a_look_that_fails_begin_it_anew),
        cmocka_unit_test(looks_that_take_long_count_for_less),
        cmocka_unit_test(a_beat_is_due_and_lasts),
        cmocka_unit_test(who_beats_is_never_fenced),
        cmocka_unit_test(who_stops_is_fenced_after_its_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of ledger/postgres/shared/member_watch on a real server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ledger/postgres/shared/member_watch.h"
#include "two_workers.h"

#define FENCED "fenced::int"

/* Of a ledger whose worker is on another host, and shares the rate. */
static struct ledger *begin_other(const struct place *place)
{
    struct ledger *other = open_ledger(place->path);

    set_lease(place->ledger, &short_lease);
    set_lease(other, &short_lease);
    lock_run(other, create_run(place->ledger, 1).id);
    lock_run(place->ledger, create_run(place->ledger, 2).id);
    move_away(place, worker_of(other));
    for (int i = 0; i < 2; i++) {
        struct ledger *ledger = i ? other : place->ledger;
        struct member member = {1, "k", worker_of(ledger)};

        assert_int_equal(member_join(ledger->server.session, &member, 10, &err), 0);
    }
    return other;
}

/* For longer than a lease, or until the other is fenced. */
static void watch_other(const struct place *place, struct ledger *other, bool beats)
{
    struct member member = {1, "k", worker_of(place->ledger)};
    struct member_watch watch = {0};
    int64_t before_ms = clock_mono_ms();
    int64_t limit_ms = beats ? 3 * short_lease.length_ms : 60000;

    while (clock_mono_ms() - before_ms < limit_ms && !of_worker(place, worker_of(other), FENCED)) {
        if (beats) {
            other->server.worker->worker.beat_ms -= short_lease.beat_ms;
            assert_int_equal(ledger_beat(other, &err), 0);
        }
        assert_int_equal(member_watch_step(&watch, place->ledger, &member, &err), 0);
    }
}

static void who_shares_the_rate_and_is_not_heard_of_loses_its_share(void **state)
{
    struct place *place = *state;
    struct ledger *other = begin_other(place);

    /* The server's clock was set back since. */
    cluster_run(place->path, "UPDATE claimbatch.worker SET beat_at=beat_at+interval '15 min'");
    watch_other(place, other, false);
    assert_int_equal(of_worker(place, worker_of(other), FENCED), 1);
    assert_int_equal(cluster_number(place->path, "SELECT count(*) FROM claimbatch.member"), 1);
    ledger_close(other);
}

static void who_is_heard_of_keeps_it(void **state)
{
    struct place *place = *state;
    struct ledger *other = begin_other(place);

    watch_other(place, other, true);
    assert_int_equal(of_worker(place, worker_of(other), FENCED), 0);
    assert_int_equal(cluster_number(place->path, "SELECT count(*) FROM claimbatch.member"), 2);
    ledger_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SERVER(who_shares_the_rate_and_is_not_heard_of_loses_its_share),
        ON_SERVER(who_is_heard_of_keeps_it),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

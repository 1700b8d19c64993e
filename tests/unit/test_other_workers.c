/* Unit tests of ledger/postgres/alive/other_workers on a real server: who needs the ledger for
 * himself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/holder.h"
#include "two_workers.h"

/* Another start, which has a run. */
static struct ledger *begin_other(const struct place *place, int64_t *ret_worker)
{
    struct ledger *other = open_ledger(place->path);

    set_lease(other, &short_lease);
    lock_run(other, create_run(other, 1).id);
    *ret_worker = worker_of(other);
    return other;
}

static void expect_later(int result, const char *words)
{
    assert_int_equal(result, -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_non_null(strstr(err.text, words));
}

static void it_is_alone_where_nobody_else_works(void **state)
{
    struct place *place = *state;
    struct ledger *other;
    int64_t worker;

    other = begin_other(place, &worker);
    ledger_close(other);
    assert_int_equal(ledger_await_others(place->ledger, &err), 0);
    begin(place->ledger);
    assert_int_equal(ledger_check_others(place->ledger, &err), 0);
    commit(place->ledger);
}

static void one_that_is_heard_of_is_not_waited_for(void **state)
{
    struct place *place = *state;
    struct ledger *other;
    int64_t worker;

    other = begin_other(place, &worker);
    move_away(place, worker);
    expect_later(ledger_await_others(place->ledger, &err),
                 "host harbour (process 77) works with this ledger");
    assert_int_equal(of_worker(place, worker, "count(*) FILTER (WHERE fenced)"), 0);
    ledger_close(other);
}

static void one_that_has_begun_meanwhile_is_found(void **state)
{
    struct place *place = *state;
    struct ledger *other;
    int64_t worker;

    assert_int_equal(ledger_await_others(place->ledger, &err), 0);
    other = begin_other(place, &worker);
    begin(place->ledger);
    expect_later(ledger_check_others(place->ledger, &err), "another process has begun");
    ledger_rollback(place->ledger);
    ledger_close(other);
}

static void one_that_is_not_heard_of_is_taken_over(void **state)
{
    struct place *place = *state;
    struct ledger *other;
    int64_t worker;

    set_lease(place->ledger, &short_lease);
    other = begin_other(place, &worker);
    move_away(place, worker);
    cluster_run(place->path, "UPDATE claimbatch.worker SET beat_at=beat_at-interval '1 h'");
    assert_int_equal(ledger_await_others(place->ledger, &err), 0);
    assert_int_equal(of_worker(place, worker, "fenced_by"), worker_of(place->ledger));
    ledger_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SERVER(it_is_alone_where_nobody_else_works),
        ON_SERVER(one_that_is_heard_of_is_not_waited_for),
        ON_SERVER(one_that_has_begun_meanwhile_is_found),
        ON_SERVER(one_that_is_not_heard_of_is_taken_over),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

/* Unit tests of ledger/postgres/alive/exclusive on a real server: of a ledger that was moved to a
 * file nothing is begun any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/holder.h"
#include "two_workers.h"

static void move_to_file(const struct place *place)
{
    cluster_run(place->path,
                "INSERT INTO claimbatch.meta VALUES('moved_to', 'harbour:/srv/ledger.db')");
}

static void expect_moved(int result)
{
    assert_int_equal(result, -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "was moved to a file, 'harbour:/srv/ledger.db'"));
}

static void who_had_it_open_begins_nothing_more(void **state)
{
    struct place *place = *state;

    move_to_file(place);
    expect_moved(ledger_begin(place->ledger, &err));
    cluster_run(place->path, "DELETE FROM claimbatch.meta WHERE name='moved_to'");
    begin(place->ledger);
    commit(place->ledger);
}

static void a_worker_takes_no_run_any_more_and_ends(void **state)
{
    struct place *place = *state;
    struct ledger *other = open_ledger(place->path);
    int64_t run = create_run(other, 1).id, worker;

    assert_int_equal(ledger_await_others(other, &err), 0);
    worker = worker_of(other);
    move_to_file(place);
    expect_moved(ledger_run_lock(other, run, &err));
    ledger_close(other);
    assert_int_equal(of_worker(place, worker, "count(*) FILTER (WHERE ended)"), 1);
}

static void nobody_opens_it(void **state)
{
    struct place *place = *state;
    struct ledger *ledger;

    move_to_file(place);
    expect_moved(ledger_open(place->path, &ledger, &err));
    ledger_close(ledger);
}

static void another_failure_is_told_as_it_is(void **state)
{
    struct place *place = *state;

    cluster_run(place->path, "ALTER TABLE claimbatch.meta RENAME TO put_away");
    assert_int_equal(ledger_begin(place->ledger, &err), -1);
    assert_non_null(strstr(err.text, "claimbatch.meta"));
    cluster_run(place->path, "ALTER TABLE claimbatch.put_away RENAME TO meta");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SERVER(who_had_it_open_begins_nothing_more),
        ON_SERVER(a_worker_takes_no_run_any_more_and_ends),
        ON_SERVER(nobody_opens_it),
        ON_SERVER(another_failure_is_told_as_it_is),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

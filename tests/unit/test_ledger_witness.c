/* Unit tests of ledger/postgres/outage/ledger_witness on a real server: a ledger that was put back
 * from a backup is told as one that lost commits, until a person says that it is to be used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cli/stale_ledger.h"
#include "ledger/commits.h"
#include "two_workers.h"

#define WORKERS "SELECT count(*) FROM claimbatch.worker"

static void open_again(struct place *place)
{
    ledger_close(place->ledger);
    if (ledger_open(place->path, &place->ledger, &err))
        fail_msg("%s", err.text);
}

/* A worker was here, whose last beat told of 41 calls. */
static void work(struct place *place)
{
    struct worker *worker = &place->ledger->server.worker->worker;

    assert_int_equal(ledger_run_await(place->ledger, 0, &err), 0);
    assert_int_equal(worker_beat(worker, 41, &err), 0);
    open_again(place);
    assert_int_equal(ledger_commits_lost(place->ledger), 0);
}

static void one_that_was_put_back_has_lost_what_was_told(void **state)
{
    struct place *place = *state;

    work(place);
    cluster_run(place->path, "UPDATE claimbatch.worker SET calls=30");
    open_again(place);
    assert_int_equal(ledger_commits_lost(place->ledger), 11);
    assert_int_equal(stale_ledger_check(place->ledger, "", NULL, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "put back from a backup"));
    assert_non_null(strstr(err.text, "--new-ledger --by NAME --reason TEXT"));
    cluster_run(place->path, "TRUNCATE claimbatch.worker RESTART IDENTITY");
    open_again(place);
    assert_int_equal(ledger_commits_lost(place->ledger), 41);
}

/* The worker that begins has the number of the one that is gone. */
static void it_stays_so_until_a_person_says_otherwise(void **state)
{
    const struct statement_by by = {"clerk", "there is no other", 7};
    struct place *place = *state;

    work(place);
    cluster_run(place->path, "TRUNCATE claimbatch.worker RESTART IDENTITY");
    for (int i = 0; i < 2; i++) {
        open_again(place);
        assert_int_equal(ledger_commits_lost(place->ledger), 41);
        assert_int_equal(ledger_run_await(place->ledger, 0, &err), 0);
        assert_int_equal(cluster_number(place->path, WORKERS), i + 1);
    }
    open_again(place);
    begin(place->ledger);
    assert_int_equal(ledger_commits_jump(place->ledger, 0, &by, &err), 0);
    ledger_rollback(place->ledger); /* nothing was said */
    open_again(place);
    assert_int_equal(ledger_commits_lost(place->ledger), 41);
    begin(place->ledger);
    assert_int_equal(ledger_commits_jump(place->ledger, 0, &by, &err), 0);
    commit(place->ledger);
    assert_int_equal(ledger_commits_lost(place->ledger), 0);
    assert_int_equal(stale_ledger_check(place->ledger, "", NULL, &err), 0);
    assert_int_equal(cluster_number(place->path, "SELECT commits FROM claimbatch.pass"
                                                 " WHERE by='clerk' AND kind=0"),
                     41);
    work(place);
}

static void another_host_knows_nothing_of_it(void **state)
{
    struct place *place = *state;
    char folder[96];

    work(place);
    cluster_run(place->path, "UPDATE claimbatch.worker SET calls=30");
    snprintf(folder, sizeof(folder), "%s/other", place->folder);
    setenv("STATE_DIRECTORY", folder, 1);
    open_again(place);
    assert_int_equal(ledger_commits_lost(place->ledger), 0);
}

/* What counts commits counts none there. */
static void the_number_of_a_commit_is_not_asked_of_it(void **state)
{
    struct place *place = *state;

    assert_int_equal(ledger_commits_is_lost(place->ledger, 99, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SERVER(one_that_was_put_back_has_lost_what_was_told),
        ON_SERVER(it_stays_so_until_a_person_says_otherwise),
        ON_SERVER(another_host_knows_nothing_of_it),
        ON_SERVER(the_number_of_a_commit_is_not_asked_of_it),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

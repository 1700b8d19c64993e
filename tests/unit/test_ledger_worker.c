/* Unit tests of ledger/postgres/alive/ledger_worker on a real server: when the worker of a ledger
 * begins, beats, is refused and ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/deadline.h"
#include "two_workers.h"

#define WAITS_FOR_STANDBY "UPDATE claimbatch.meta SET value='standby' WHERE name='durability'"
#define WORKERS "SELECT count(*) FROM claimbatch.worker"

static void a_ledger_in_a_file_has_none(void **state)
{
    struct place *place = *state;
    int64_t run = create_run(place->ledger, 1).id;

    assert_int_equal(ledger_run_await(place->ledger, run, &err), 0);
    assert_int_equal(ledger_run_lock(place->ledger, run, &err), 1);
    assert_int_equal(ledger_run_watch(place->ledger, run, &err), 0);
    assert_int_equal(ledger_beat(place->ledger, &err), 0);
    assert_false(ledger_is_fenced(place->ledger));
    assert_null(ledger_send_before(place->ledger));
}

static void it_begins_before_a_run_is_held(void **state)
{
    struct place *place = *state;
    char path[256];
    struct stat status;

    create_run(place->ledger, 1);
    assert_int_equal(ledger_beat(place->ledger, &err), 0);
    assert_null(ledger_send_before(place->ledger));
    assert_int_equal(cluster_number(place->path, WORKERS), 0);
    assert_int_equal(ledger_run_await(place->ledger, 0, &err), 0);
    assert_int_equal(ledger_run_await(place->ledger, 0, &err), 0);
    assert_int_equal(cluster_number(place->path, WORKERS), 1);
    assert_false(deadline_is_over(ledger_send_before(place->ledger)));
    snprintf(path, sizeof(path), "%s/ledger-%s.lock", place->folder, ledger_id(place->ledger));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void where_its_lock_file_has_no_place_nothing_begins(void **state)
{
    struct place *place = *state;
    char below[160];

    setenv("STATE_DIRECTORY", "relative", 1);
    assert_int_equal(ledger_run_await(place->ledger, 0, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "STATE_DIRECTORY, XDG_STATE_HOME or HOME"));
    snprintf(below, sizeof(below), "/proc/none/below");
    setenv("STATE_DIRECTORY", below, 1);
    assert_int_equal(ledger_run_await(place->ledger, 0, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_int_equal(cluster_number(place->path, WORKERS), 0);
}

/* One that was taken back with it would be unknown to the ledger. */
static void none_begins_in_a_transaction(void **state)
{
    struct place *place = *state;
    int64_t run = create_run(place->ledger, 1).id;

    begin(place->ledger);
    assert_int_equal(ledger_run_lock(place->ledger, run, &err), -1);
    assert_int_equal(err.exit_code, EXIT_INTERNAL);
    ledger_rollback(place->ledger);
    assert_int_equal(cluster_number(place->path, WORKERS), 0);
}

static void it_is_heard_of_when_that_is_due(void **state)
{
    static const struct lease always = {.length_ms = 60000};
    struct place *place = *state;
    int64_t worker;

    set_lease(place->ledger, &always);
    assert_int_equal(ledger_run_await(place->ledger, 0, &err), 0);
    worker = worker_of(place->ledger);
    assert_int_equal(of_worker(place, worker, "beat"), 0);
    place->ledger->server.worker->worker.calls = 7;
    begin(place->ledger);
    assert_int_equal(ledger_beat(place->ledger, &err), 0); /* not in it */
    ledger_rollback(place->ledger);
    assert_int_equal(of_worker(place, worker, "beat"), 1);
    assert_int_equal(of_worker(place, worker, "calls"), 7);
    assert_int_equal(ledger_beat(place->ledger, &err), 0);
    assert_int_equal(of_worker(place, worker, "beat"), 2);
    place->ledger->server.worker->worker.lease = &lease_real;
    assert_int_equal(ledger_beat(place->ledger, &err), 0);
    begin(place->ledger);
    commit(place->ledger);
    assert_int_equal(of_worker(place, worker, "beat"), 2);
}

/* … and the look goes on. */
static void it_is_heard_of_while_it_looks(void **state)
{
    static const struct lease always = {.length_ms = 60000};
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1), seen;

    set_lease(place->ledger, &always);
    assert_int_equal(ledger_run_await(place->ledger, 0, &err), 0);
    assert_int_equal(ledger_look_begin(place->ledger, &err), 0);
    assert_int_equal(ledger_run_get(place->ledger, run.id, &seen, &err), 1);
    assert_int_equal(ledger_beat(place->ledger, &err), 0);
    assert_int_equal(ledger_beat(place->ledger, &err), 0);
    assert_int_equal(of_worker(place, worker_of(place->ledger), "beat"), 2);
    cluster_run(place->path, "UPDATE claimbatch.run SET invalid_rows=7");
    assert_int_equal(ledger_run_get(place->ledger, run.id, &seen, &err), 1);
    assert_int_equal(seen.invalid_rows, 0);
    ledger_look_end(place->ledger);
    assert_int_equal(ledger_beat(place->ledger, &err), 0);
    assert_int_equal(of_worker(place, worker_of(place->ledger), "beat"), 3);
}

static void fence(const struct place *place, int64_t worker)
{
    char statement[512];

    snprintf(statement, sizeof(statement),
             "INSERT INTO claimbatch.worker(host,place,boot,pid,version)"
             " VALUES('harbour',gen_random_uuid(),'b',77,'v');"
             "UPDATE claimbatch.worker SET fenced=true, epoch=epoch+1, fenced_by=(SELECT max(id)"
             " FROM claimbatch.worker) WHERE id=%lld",
             (long long)worker);
    cluster_run(place->path, statement);
}

static void who_was_fenced_changes_nothing_any_more(void **state)
{
    struct place *place = *state;
    int64_t worker;

    assert_int_equal(ledger_run_await(place->ledger, 0, &err), 0);
    worker = worker_of(place->ledger);
    begin(place->ledger);
    commit(place->ledger);
    assert_false(ledger_is_fenced(place->ledger));
    fence(place, worker);
    assert_int_equal(ledger_begin(place->ledger, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_non_null(strstr(err.text, "host harbour (process 77) goes on"));
    assert_true(ledger_is_fenced(place->ledger));
    assert_false(ledger_is_begun(place->ledger));
    assert_true(deadline_is_over(ledger_send_before(place->ledger)));
    ledger_close(place->ledger);
    place->ledger = NULL;
    assert_int_equal(of_worker(place, worker, "ended::int"), 0);
}

static void a_beat_tells_of_a_fence_too(void **state)
{
    static const struct lease always = {.length_ms = 60000};
    struct place *place = *state;

    set_lease(place->ledger, &always);
    assert_int_equal(ledger_run_await(place->ledger, 0, &err), 0);
    fence(place, worker_of(place->ledger));
    assert_int_equal(ledger_beat(place->ledger, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_true(ledger_is_fenced(place->ledger));
}

/* Its turns raise the epoch when they connect anew. */
static void it_takes_the_epoch_that_it_has(void **state)
{
    struct place *place = *state;
    int64_t worker;

    assert_int_equal(ledger_run_await(place->ledger, 0, &err), 0);
    worker = worker_of(place->ledger);
    cluster_run(place->path, "UPDATE claimbatch.worker SET epoch=3");
    begin(place->ledger);
    commit(place->ledger);
    ledger_close(place->ledger);
    place->ledger = NULL;
    assert_int_equal(of_worker(place, worker, "ended::int"), 1);
}

static void it_ends_with_its_ledger(void **state)
{
    struct place *place = *state;
    int64_t worker, run = create_run(place->ledger, 1).id;

    lock_run(place->ledger, run);
    worker = worker_of(place->ledger);
    begin(place->ledger); /* and what is open is taken back */
    ledger_close(place->ledger);
    place->ledger = NULL;
    assert_int_equal(of_worker(place, worker, "ended::int"), 1);
}

/* Nobody knows what became of it: it is neither done once more nor said to be a bad setting. */
static void a_commit_that_was_lost_is_not_repeated(void **state)
{
    struct place *place = *state;

    begin(place->ledger);
    cluster_run(place->path, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                             " datname=current_database() AND pid<>pg_backend_pid()");
    assert_int_equal(ledger_commit(place->ledger, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
}

static void a_session_that_was_lost_is_replaced(void **state)
{
    struct place *place = *state;
    int64_t worker;

    assert_int_equal(ledger_run_await(place->ledger, 0, &err), 0);
    worker = worker_of(place->ledger);
    cluster_run(place->path, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                             " datname=current_database() AND pid<>pg_backend_pid()");
    begin(place->ledger);
    commit(place->ledger);
    ledger_close(place->ledger);
    place->ledger = NULL;
    assert_int_equal(of_worker(place, worker, "ended::int"), 1);
}

static void none_begins_on_a_server_without_its_standby(void **state)
{
    struct place *place = *state;

    cluster_run(place->path, WAITS_FOR_STANDBY);
    assert_int_equal(ledger_run_await(place->ledger, 0, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_int_equal(cluster_number(place->path, WORKERS), 0);
}

/* What it acknowledged may be forgotten. */
static void a_session_is_not_replaced_by_one_of_such_a_server(void **state)
{
    struct place *place = *state;
    int64_t worker;

    assert_int_equal(ledger_run_await(place->ledger, 0, &err), 0);
    worker = worker_of(place->ledger);
    cluster_run(place->path, WAITS_FOR_STANDBY);
    cluster_run(place->path, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                             " datname=current_database() AND pid<>pg_backend_pid()");
    assert_int_equal(ledger_begin(place->ledger, &err), -1);
    ledger_close(place->ledger);
    place->ledger = NULL;
    assert_int_equal(of_worker(place, worker, "ended::int"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LEDGER(a_ledger_in_a_file_has_none),
        ON_SERVER(it_begins_before_a_run_is_held),
        ON_SERVER(where_its_lock_file_has_no_place_nothing_begins),
        ON_SERVER(none_begins_in_a_transaction),
        ON_SERVER(it_is_heard_of_when_that_is_due),
        ON_SERVER(it_is_heard_of_while_it_looks),
        ON_SERVER(who_was_fenced_changes_nothing_any_more),
        ON_SERVER(a_beat_tells_of_a_fence_too),
        ON_SERVER(it_takes_the_epoch_that_it_has),
        ON_SERVER(it_ends_with_its_ledger),
        ON_SERVER(a_commit_that_was_lost_is_not_repeated),
        ON_SERVER(a_session_that_was_lost_is_replaced),
        ON_SERVER(none_begins_on_a_server_without_its_standby),
        ON_SERVER(a_session_is_not_replaced_by_one_of_such_a_server),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

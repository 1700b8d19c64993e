/* Unit tests of ledger/postgres/alive/worker on a real server: how a worker begins, beats, connects
 * anew and ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "worker_desk.h"

#define ROW_OF_WORKER "epoch, beat, calls, fenced, ended", "FROM worker"

static void a_worker_begins_as_what_it_is(void **state)
{
    char url[CLUSTER_URL_BYTES], expected[256];
    struct session *session = make_ledger(url);
    struct desk d;

    begin_desk(&d, session, *state);
    snprintf(expected, sizeof(expected), "%s %s %d %s", d.lock.place, d.lock.boot, (int)getpid(),
             CLAIMBATCH_VERSION);
    assert_string_equal(ask(session, "place, boot, pid, version", "FROM worker"), expected);
    assert_string_equal(ask(session, ROW_OF_WORKER), "0 0 0 f f");
    assert_false(worker_beat_is_due(&d.worker));
    clear_desk(&d);
}

/* Its right to send counts from before what it told the ledger. */
static void a_beat_gives_it_time(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    int64_t before_ms, after_ms;
    struct desk d;

    begin_desk(&d, session, *state);
    assert_false(deadline_is_over(&d.send_before));
    deadline_set(&d.send_before, 0);
    d.worker.beat_ms -= lease_real.beat_ms;
    assert_true(worker_beat_is_due(&d.worker));
    before_ms = clock_boot_ms();
    assert_int_equal(worker_beat(&d.worker, 41, &err), 0);
    after_ms = clock_boot_ms();
    assert_in_range(d.worker.beat_ms, before_ms, after_ms);
    assert_int_equal(atomic_load(&d.send_before.boot_ms), d.worker.beat_ms + 18000);
    assert_string_equal(ask(session, ROW_OF_WORKER), "0 1 41 f f");
    clear_desk(&d);
}

static void who_was_fenced_is_told_by_whom(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    int64_t calls, deadline_ms;
    struct desk d;

    begin_desk(&d, session, *state);
    deadline_ms = atomic_load(&d.send_before.boot_ms);
    execute(session, "INSERT INTO worker(host,place,boot,pid,version)"
                     " VALUES('harbour',gen_random_uuid(),'b',77,'v');"
                     "UPDATE worker SET fenced=true, epoch=epoch+1, fenced_by=(SELECT max(id) FROM"
                     " worker) WHERE host<>'harbour'");
    assert_int_equal(worker_beat(&d.worker, 1, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_non_null(strstr(err.text, "host harbour (process 77) goes on"));
    assert_int_equal(worker_raise_epoch(&d.worker, session, &calls, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_int_equal(worker_end(&d.worker, &err), -1);
    assert_non_null(strstr(err.text, "harbour"));
    assert_true(atomic_load(&d.send_before.boot_ms) <= deadline_ms);
    clear_desk(&d);
}

/* What was sent by the session before is refused from then on. */
static void a_new_session_is_a_new_epoch(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct worker ghost;
    int64_t calls = 0;
    struct desk d;

    begin_desk(&d, session, *state);
    assert_int_equal(worker_beat(&d.worker, 41, &err), 0);
    ghost = d.worker;
    d.session = connect_to(url);
    d.worker.session = d.session;
    assert_int_equal(worker_raise_epoch(&d.worker, d.session, &calls, &err), 0);
    assert_int_equal(calls, 41);
    assert_int_equal(d.worker.epoch, 1);
    assert_int_equal(worker_beat(&ghost, 42, &err), -1);
    assert_int_equal(worker_beat(&d.worker, 43, &err), 0);
    assert_string_equal(ask(d.session, ROW_OF_WORKER), "1 2 43 f f");
    session_close(session);
    clear_desk(&d);
}

/* … and takes the epoch that its other session has raised. */
static void who_is_at_work_is_not_fenced_before_that_is_done(void **state)
{
    static const char fence[] = "SET lock_timeout='50ms'; UPDATE worker SET fenced=true";
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url), *other;
    struct desk d;

    begin_desk(&d, session, *state);
    execute(session, "UPDATE worker SET epoch=3; BEGIN");
    assert_int_equal(worker_check(&d.worker, &err), 0);
    assert_int_equal(d.worker.epoch, 3);
    other = connect_to(url);
    assert_int_equal(session_execute(other, fence, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    execute(session, "COMMIT");
    execute(other, fence);
    assert_false(deadline_is_over(&d.send_before));
    assert_int_equal(worker_check(&d.worker, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_true(deadline_is_over(&d.send_before));
    session_close(other);
    clear_desk(&d);
}

static void an_end_leaves_nothing(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct desk d;

    begin_desk(&d, session, *state);
    open_attempt(session, d.worker.id, 1, true);
    execute(session, "INSERT INTO app(platform,app_key) VALUES(1,'k');"
                     "INSERT INTO member SELECT 1,'k',id,NULL,7,0 FROM worker");
    assert_int_equal(worker_end(&d.worker, &err), 0);
    assert_string_equal(ask(session, ROW_OF_WORKER), "0 0 0 f t");
    assert_string_equal(ask(session, "open_intent, settle_from IS NULL", "FROM claim"), "f t");
    assert_string_equal(ask(session, "code, outcome", "FROM row"), "RUN_ENDED 3");
    assert_string_equal(
        ask(session, "generation, changed IS NOT NULL, (SELECT count(*) FROM member)", "FROM app"),
        "1 t 0");
    assert_true(deadline_is_over(&d.send_before));
    assert_int_equal(worker_beat(&d.worker, 1, &err), -1);
    clear_desk(&d);
}

static void nothing_is_read_whole(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    int64_t calls;
    struct desk d;
    int before;

    fill_ledger(session);
    before = reads(session);
    begin_desk(&d, session, *state);
    open_attempt(session, d.worker.id, 1, true);
    assert_int_equal(worker_beat(&d.worker, 1, &err), 0);
    assert_int_equal(worker_raise_epoch(&d.worker, session, &calls, &err), 0);
    assert_int_equal(worker_end(&d.worker, &err), 0);
    expect_few_reads(session, before);
    execute(session, "SELECT count(*) FROM worker"); /* is told */
    assert_true(reads(session) - before > 2000);
    clear_desk(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_worker_begins_as_what_it_is),
        IN_FOLDER(a_beat_gives_it_time),
        IN_FOLDER(who_was_fenced_is_told_by_whom),
        IN_FOLDER(a_new_session_is_a_new_epoch),
        IN_FOLDER(who_was_fenced_is_told_by_whom),
        IN_FOLDER(who_is_at_work_is_not_fenced_before_that_is_done),
        IN_FOLDER(an_end_leaves_nothing),
        IN_FOLDER(nothing_is_read_whole),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

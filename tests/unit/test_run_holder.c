/* Unit tests of ledger/postgres/alive/run_holder on a real server: two starts want one run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/stop.h"
#include "holder.h"
#include "ledger/view/view.h"
#include "two_workers.h"

#define HOLDER "SELECT worker FROM claimbatch.run"
#define TAKEN_OVER "SELECT count(*) FROM claimbatch.event WHERE kind=7 AND text LIKE '%s'"

static long long count_events(const struct place *place, const char *like)
{
    char statement[256];

    snprintf(statement, sizeof(statement), TAKEN_OVER, like);
    return cluster_number(place->path, statement);
}

static void a_free_run_is_taken(void **state)
{
    struct place *place = *state;
    int64_t run = create_run(place->ledger, 1).id;

    assert_false(ledger_run_is_alive(place->ledger, run));
    lock_run(place->ledger, run);
    lock_run(place->ledger, run);
    assert_true(ledger_run_is_alive(place->ledger, run));
    assert_int_equal(cluster_number(place->path, HOLDER), worker_of(place->ledger));
}

static void what_was_taken_back_is_not_held(void **state)
{
    struct place *place = *state;
    int64_t run = create_run(place->ledger, 1).id;

    assert_int_equal(ledger_run_await(place->ledger, run, &err), 0);
    begin(place->ledger);
    lock_run(place->ledger, run);
    ledger_rollback(place->ledger);
    assert_false(ledger_run_is_alive(place->ledger, run));
}

/* … and nobody waits for it; who holds it is told. */
static void a_run_is_held_while_its_worker_is_heard_of(void **state)
{
    struct place *place = *state;
    struct ledger *other = open_ledger(place->path);
    int64_t run = create_run(place->ledger, 1).id;
    int64_t before_ms = clock_mono_ms();
    char host[LEDGER_HOST_BYTES] = "";
    struct run_process process;

    gethostname(host, sizeof(host) - 1);
    lock_run(place->ledger, run);
    assert_true(ledger_run_is_alive(other, run));
    assert_int_equal(ledger_run_lock(other, run, &err), 0);
    assert_int_equal(ledger_run_watch(other, run, &err), 0);
    assert_true(clock_mono_ms() - before_ms < lease_real.length_ms / 2);
    assert_int_equal(ledger_run_process(other, run, &process, &err), 0);
    assert_int_equal(process.id, getpid());
    assert_true(process.is_here);
    assert_string_equal(process.host, host);
    move_away(place, worker_of(place->ledger));
    assert_int_equal(ledger_run_lock(other, run, &err), 0);
    assert_int_equal(ledger_run_process(other, run, &process, &err), 0);
    assert_false(process.is_here);
    assert_string_equal(process.host, "harbour");
    ledger_close(other);
    assert_int_equal(cluster_number(place->path, HOLDER), worker_of(place->ledger));
}

static void a_run_whose_worker_has_ended_is_anybodys(void **state)
{
    struct place *place = *state;
    struct ledger *other = open_ledger(place->path);
    int64_t run = create_run(place->ledger, 1).id;

    lock_run(other, run);
    assert_int_equal(ledger_run_watch(place->ledger, run, &err), 0);
    ledger_close(other);
    assert_false(ledger_run_is_alive(place->ledger, run));
    lock_run(place->ledger, run);
    assert_int_equal(count_events(place, "%"), 0);
}

struct held_run {
    const char *ledger;
    int64_t run;
};

static int take_run_and_claim(const void *of)
{
    const struct held_run *held = of;
    struct row_ref ref = ref_of(held->run, 1, "order");
    struct ledger *ledger = NULL;

    return ledger_open(held->ledger, &ledger, &err) ||
           ledger_run_lock(ledger, held->run, &err) != 1 || ledger_begin(ledger, &err) ||
           try_intend(ledger, &ref) != 1 || ledger_commit(ledger, &err);
}

/* Killed with the run and a claim in flight. */
static void kill_holder(const struct place *place, int64_t run)
{
    const struct held_run held = {place->path, run};
    struct holder holder = holder_start(take_run_and_claim, &held);
    bool was_alive = ledger_run_is_alive(place->ledger, run);

    holder_kill(&holder);
    assert_true(was_alive);
}

/* … if it is on this host: it makes no lock file, and takes nobody's word for dead. */
static void who_only_looks_knows_the_dead(void **state)
{
    struct place *place = *state;
    int64_t run = create_run(place->ledger, 1).id;
    struct ledger *view;
    char nowhere[160];

    kill_holder(place, run);
    assert_int_equal(view_open(place->path, &view, &err), 0);
    assert_false(ledger_run_is_alive(view, run));
    ledger_close(view);
    snprintf(nowhere, sizeof(nowhere), "%s/nowhere", place->folder);
    setenv("STATE_DIRECTORY", nowhere, 1);
    assert_int_equal(view_open(place->path, &view, &err), 0);
    assert_true(ledger_run_is_alive(view, run));
    assert_int_equal(access(nowhere, F_OK), -1);
    ledger_close(view);
}

static void who_died_on_this_host_is_not_waited_for(void **state)
{
    struct place *place = *state;
    int64_t run = create_run(place->ledger, 1).id;
    int64_t before_ms = clock_mono_ms();

    kill_holder(place, run);
    assert_false(ledger_run_is_alive(place->ledger, run));
    lock_run(place->ledger, run);
    assert_true(clock_mono_ms() - before_ms < lease_real.length_ms / 2);
    assert_int_equal(count_events(place, "%was killed; its calls in flight, 1, are unknown"), 1);
    assert_int_equal(cluster_number(place->path, "SELECT count(*) FROM claimbatch.claim WHERE NOT"
                                                 " open_intent AND settle_from IS NULL"),
                     1);
}

/* A start on another host that has the run and a claim in flight, and says nothing any more. */
static struct ledger *silent_holder(const struct place *place, int64_t run)
{
    struct ledger *other = open_ledger(place->path);
    struct row_ref ref = ref_of(run, 1, "order");

    set_lease(other, &short_lease);
    set_lease(place->ledger, &short_lease);
    lock_run(other, run);
    begin(other);
    intend(other, &ref);
    commit(other);
    move_away(place, worker_of(other));
    return other;
}

static void expect_taken_over(const struct place *place, struct ledger *other, int64_t worker)
{
    assert_int_equal(count_events(place, "host harbour (process 77) was not heard of any more; its"
                                         " calls in flight, 1, are unknown"),
                     1);
    assert_int_equal(cluster_number(place->path, "SELECT count(*) FROM claimbatch.claim WHERE NOT"
                                                 " open_intent AND settle_from>now()"),
                     1);
    assert_int_equal(of_worker(place, worker, "fenced_by"), worker_of(place->ledger));
    assert_int_equal(ledger_begin(other, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_true(ledger_is_fenced(other));
}

static void who_is_not_heard_of_loses_the_run(void **state)
{
    struct place *place = *state;
    int64_t run = create_run(place->ledger, 1).id;
    struct ledger *other = silent_holder(place, run);
    int64_t before_ms = clock_mono_ms();
    int taken;

    while ((taken = ledger_run_lock(place->ledger, run, &err)) == 0) /* a moment ago it was */
        assert_true(clock_mono_ms() - before_ms < 60000);
    assert_int_equal(taken, 1);
    assert_true(clock_mono_ms() - before_ms >= short_lease.length_ms + short_lease.margin_ms);
    assert_true(deadline_is_over(ledger_send_before(other)));
    expect_taken_over(place, other, worker_of(other));
    assert_int_equal(cluster_number(place->path, HOLDER), worker_of(place->ledger));
    ledger_close(other);
}

static void a_watch_takes_over_who_is_not_heard_of(void **state)
{
    struct place *place = *state;
    int64_t run = create_run(place->ledger, 1).id;
    struct ledger *other = silent_holder(place, run);
    int64_t before_ms = clock_mono_ms();
    int is_over = 0;

    while (clock_mono_ms() - before_ms < 2 * short_lease.length_ms) {
        other->server.worker->worker.beat_ms -= short_lease.beat_ms;
        assert_int_equal(ledger_beat(other, &err), 0);
        assert_int_equal(ledger_run_watch(place->ledger, run, &err), 0);
    }
    before_ms = clock_mono_ms();
    while (!is_over && clock_mono_ms() - before_ms < 60000)
        is_over = ledger_run_watch(place->ledger, run, &err);
    assert_int_equal(is_over, 1);
    assert_true(clock_mono_ms() - before_ms >= short_lease.length_ms);
    expect_taken_over(place, other, worker_of(other));
    assert_int_equal(ledger_run_watch(place->ledger, run, &err), 1);
    ledger_close(other);
}

/* Its turns may wait for their commit. */
static void nothing_is_watched_in_a_transaction(void **state)
{
    struct place *place = *state;
    int64_t run = create_run(place->ledger, 1).id;

    begin(place->ledger);
    assert_int_equal(ledger_run_watch(place->ledger, run, &err), 0);
    commit(place->ledger);
    assert_int_equal(ledger_run_watch(place->ledger, run, &err), 1);
}

/* Each by itself, and the places of those that are over are taken again. */
static void several_runs_are_watched(void **state)
{
    struct place *place = *state;
    struct ledger *others[10];
    int64_t runs[10];

    for (int i = 0; i < 10; i++) {
        others[i] = open_ledger(place->path);
        runs[i] = create_run(place->ledger, (unsigned char)(i + 1)).id;
        lock_run(others[i], runs[i]);
        assert_int_equal(ledger_run_watch(place->ledger, runs[i], &err), 0);
    }
    for (int i = 0; i < 10; i++) {
        ledger_close(others[i]);
        assert_int_equal(ledger_run_watch(place->ledger, runs[i], &err), 0); /* not yet again */
    }
    place->ledger->server.worker->lease = &short_lease;
    for (int i = 0; i < 10; i++) {
        poll(NULL, 0, (int)short_lease.look_ms);
        assert_int_equal(ledger_run_watch(place->ledger, runs[i], &err), 1);
        assert_int_equal(ledger_run_watch(place->ledger, runs[0], &err), 1);
    }
    assert_int_equal(place->ledger->server.worker->watch_count, 10);
}

/* In a process of its own, whose signal stays. */
static void a_signal_ends_the_wait(void **state)
{
    struct place *place = *state;
    int64_t run = create_run(place->ledger, 1).id;
    struct ledger *other = silent_holder(place, run);
    int status;
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        static const struct lease patient = {
            .length_ms = 60000, .beat_ms = 1, .look_ms = 60000, .gap_ms = 60000};
        struct ledger *ledger = NULL;

        if (ledger_open(place->path, &ledger, &err) || stop_watch(&err))
            _exit(1);
        set_lease(ledger, &patient);
        kill(getpid(), SIGTERM);
        _exit(ledger_run_lock(ledger, run, &err) == -1 ? err.exit_code : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_SIGNAL_BASE + SIGTERM);
    ledger_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SERVER(a_free_run_is_taken),
        ON_SERVER(what_was_taken_back_is_not_held),
        ON_SERVER(a_run_is_held_while_its_worker_is_heard_of),
        ON_SERVER(a_run_whose_worker_has_ended_is_anybodys),
        ON_SERVER(who_only_looks_knows_the_dead),
        ON_SERVER(who_died_on_this_host_is_not_waited_for),
        ON_SERVER(who_is_not_heard_of_loses_the_run),
        ON_SERVER(a_watch_takes_over_who_is_not_heard_of),
        ON_SERVER(nothing_is_watched_in_a_transaction),
        ON_SERVER(several_runs_are_watched),
        ON_SERVER(a_signal_ends_the_wait),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

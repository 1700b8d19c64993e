/* Unit tests of run/pool/pool: jobs go to workers and come back, with a submitter that follows a
 * script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>

#include "run/pool/pool.h"
#include "scripted_submitter.h"

#define JOBS 20
#define SCRIPT(cues) script_begin(cues, sizeof(cues) / sizeof(*(cues)))

static struct error err;

/* Jobs of rows 2, 3, …, linked in their order. */
static struct job *link_jobs(struct job *jobs, size_t count)
{
    memset(jobs, 0, count * sizeof(*jobs));
    for (size_t i = 0; i < count; i++) {
        jobs[i].row = i + 2;
        jobs[i].queue_next = i + 1 < count ? &jobs[i + 1] : NULL;
    }
    return jobs;
}

static struct pool *start_batches(size_t claims, size_t workers, size_t in_flight,
                                  bool tells_departures)
{
    const struct submit_settings settings = {.client = {.tells_departures = tells_departures},
                                             .claims_per_call = claims};
    struct pool *pool = NULL;

    if (pool_start(&settings, workers, in_flight, &pool, &err))
        fail_msg("%s", err.text);
    return pool;
}

static struct pool *start(size_t workers, size_t in_flight, bool tells_departures)
{
    return start_batches(1, workers, in_flight, tells_departures);
}

/* Collects until so many have come back; how often each came, and as what, is counted by kind. */
static void collect(struct pool *pool, size_t count, size_t ret_kinds[VERDICT_UNKNOWN_STOP + 1])
{
    bool came[JOBS + 2] = {false};

    memset(ret_kinds, 0, (VERDICT_UNKNOWN_STOP + 1) * sizeof(*ret_kinds));
    while (count) {
        struct pollfd fd = {.fd = pool_fd(pool), .events = POLLIN};

        assert_int_equal(poll(&fd, 1, SCRIPTED_PATIENCE_MS), 1);
        for (struct job *job = pool_collect(pool); job; job = job->queue_next) {
            assert_false(came[job->row]);
            came[job->row] = true;
            ret_kinds[job->verdict.kind]++;
            count--;
        }
    }
}

static void jobs_are_begun_in_their_order_and_come_back_once(void **state)
{
    struct job jobs[JOBS];
    size_t kinds[VERDICT_UNKNOWN_STOP + 1];
    struct pool *pool;

    (void)state;
    script_begin(NULL, 0);
    pool = start(1, 4, false);
    pool_submit(pool, NULL);
    pool_submit(pool, link_jobs(jobs, JOBS));
    collect(pool, JOBS, kinds);
    assert_int_equal(kinds[VERDICT_ACCEPTED], JOBS);
    assert_int_equal(script.started_count, JOBS);
    for (size_t i = 0; i < JOBS; i++)
        assert_int_equal(script.started[i], i + 2);
    assert_null(pool_collect(pool));
    pool_stop(pool);
    assert_int_equal(script.submitters, 0);
}

static void workers_share_what_may_be_in_flight(void **state)
{
    struct cue cues[JOBS];
    struct job jobs[JOBS];
    size_t kinds[VERDICT_UNKNOWN_STOP + 1];
    struct pool *pool;

    (void)state;
    for (size_t i = 0; i < JOBS; i++)
        cues[i] = (struct cue){.row = i + 2, .stays = true};
    SCRIPT(cues);
    pool = start(2, 5, false);
    pool_submit(pool, link_jobs(jobs, JOBS));
    assert_true(script_await(5));
    pool_recall(pool);
    collect(pool, JOBS, kinds);
    assert_int_equal(kinds[VERDICT_WITHDRAWN], JOBS);
    assert_int_equal(script.started_count, 5);
    pool_stop(pool);
}

static int is_rung(struct pool *pool, int wait_ms)
{
    struct pollfd fd = {.fd = pool_fd(pool), .events = POLLIN};

    return poll(&fd, 1, wait_ms);
}

/* With all slots taken and a queue of as many, submitted in two parts, of which none was taken
 * meanwhile. */
static struct pool *start_with_queue(size_t in_flight, struct job *jobs)
{
    struct pool *pool = start(1, in_flight, false);

    pool_submit(pool, link_jobs(jobs, in_flight));
    assert_true(script_await(in_flight));
    assert_null(pool_collect(pool));
    link_jobs(jobs + in_flight, in_flight);
    jobs[in_flight + in_flight / 2 - 1].queue_next = NULL;
    pool_submit(pool, jobs + in_flight);
    assert_null(pool_collect(pool));
    pool_submit(pool, jobs + in_flight + in_flight / 2);
    return pool;
}

/* Answers wait for others while the queue lasts. */
static void turn_begins_before_the_queue_runs_dry(void **state)
{
    static const struct {
        size_t in_flight, left; /* in the queue, when there is reason to collect */
    } cases[] = {{16, 3}, {4, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        size_t in_flight = cases[i].in_flight, few = in_flight - cases[i].left - 1;
        struct cue cues[2 * JOBS];
        struct job jobs[2 * JOBS];
        struct pool *pool;

        for (size_t row = 0; row < 2 * JOBS; row++)
            cues[row] = (struct cue){.row = row / 2 + 2, .stays = true};
        SCRIPT(cues);
        pool = start_with_queue(in_flight, jobs);
        script_release(few);
        assert_true(script_await(in_flight + few));
        assert_int_equal(is_rung(pool, 0), 0);
        script_release(1);
        assert_int_equal(is_rung(pool, SCRIPTED_PATIENCE_MS), 1);
        pool_recall(pool);
        for (size_t left = 2 * in_flight; left;) {
            assert_int_equal(is_rung(pool, SCRIPTED_PATIENCE_MS), 1);
            for (struct job *job = pool_collect(pool); job; job = job->queue_next)
                left--;
        }
        pool_stop(pool);
    }
}

/* The answer is heeded before anybody collects. */
static void answer_that_forbids_sending_calls_the_others_back(void **state)
{
    static const enum verdict_kind kinds[] = {VERDICT_BAN, VERDICT_QUOTA, VERDICT_STOP,
                                              VERDICT_UNKNOWN_STOP};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        const struct cue cues[] = {{.row = 2, .kind = kinds[i]}, {.row = 3, .stays = true}};
        struct job jobs[6];
        size_t came[VERDICT_UNKNOWN_STOP + 1];
        struct pool *pool;

        SCRIPT(cues);
        pool = start(1, 2, false);
        pool_submit(pool, link_jobs(jobs, 6));
        collect(pool, 6, came);
        assert_int_equal(came[kinds[i]], 1);
        assert_int_equal(came[VERDICT_WITHDRAWN], 5);
        assert_int_equal(script.started_count, 2);
        pool_stop(pool);
    }
}

static void calls_take_what_is_in_the_queue_and_no_more_than_they_may(void **state)
{
    struct job jobs[JOBS];
    size_t kinds[VERDICT_UNKNOWN_STOP + 1];
    struct pool *pool;

    (void)state;
    script_begin(NULL, 0);
    pool = start_batches(8, 1, 4, false);
    pool_submit(pool, link_jobs(jobs, JOBS));
    collect(pool, JOBS, kinds);
    assert_int_equal(script.call_count, 3);
    assert_int_equal(script.calls[0], 8);
    assert_int_equal(script.calls[1], 8);
    assert_int_equal(script.calls[2], 4);
    for (size_t i = 0; i < JOBS; i++) {
        assert_int_equal(script.started[i], i + 2);
        assert_int_equal(jobs[i].leads, i % 8 == 0);
        assert_null(jobs[i].company);
    }
    pool_stop(pool);
}

static void row_that_a_firewall_may_dislike_goes_alone(void **state)
{
    struct job jobs[6];
    size_t kinds[VERDICT_UNKNOWN_STOP + 1];
    struct pool *pool;

    (void)state;
    script_begin(NULL, 0);
    pool = start_batches(8, 1, 4, false);
    link_jobs(jobs, 6);
    jobs[2].firewall = jobs[3].firewall = JOB_FIREWALL_LAST;
    pool_submit(pool, jobs);
    collect(pool, 6, kinds);
    assert_int_equal(script.call_count, 4);
    assert_int_equal(script.calls[0], 2);
    assert_int_equal(script.calls[1], 1);
    assert_int_equal(script.calls[2], 1);
    assert_int_equal(script.calls[3], 2);
    pool_stop(pool);
}

/* Goal: a part of an answer is heeded as the answer to a single call is; what is recalled comes
 * back with all jobs of its calls, and slots are counted by calls. */
static void part_that_forbids_sending_calls_the_others_back(void **state)
{
    const struct cue cues[] = {{.row = 3, .kind = VERDICT_BAN}, {.row = 5, .stays = true}};
    struct job jobs[JOBS];
    size_t kinds[VERDICT_UNKNOWN_STOP + 1];
    struct pool *pool;

    (void)state;
    SCRIPT(cues);
    pool = start_batches(3, 1, 2, false);
    pool_submit(pool, link_jobs(jobs, JOBS));
    collect(pool, JOBS, kinds);
    assert_int_equal(kinds[VERDICT_BAN], 1);
    assert_int_equal(kinds[VERDICT_ACCEPTED], 2);
    assert_int_equal(kinds[VERDICT_WITHDRAWN], JOBS - 3);
    assert_int_equal(script.call_count, 2);
    pool_submit(pool, link_jobs(jobs, JOBS));
    collect(pool, JOBS, kinds);
    assert_int_equal(kinds[VERDICT_ACCEPTED], JOBS);
    pool_stop(pool);
}

static void departures_and_suspicions_are_told_once(void **state)
{
    static const uint64_t suspicions[] = {3, 2};
    struct job jobs[4];
    struct departure departures[POOL_DEPARTURES(4)];
    uint64_t rows[POOL_SUSPICIONS(4)];
    size_t kinds[VERDICT_UNKNOWN_STOP + 1];
    struct pool *pool;

    (void)state;
    script_begin(NULL, 0);
    script.suspicions = suspicions;
    script.suspicion_count = 2;
    pool = start(1, 4, true);
    pool_submit(pool, link_jobs(jobs, 4));
    collect(pool, 4, kinds);
    assert_int_equal(pool_departures(pool, departures), 4);
    assert_true(departures[3].mono_ms > 0);
    assert_int_equal(pool_departures(pool, departures), 0);
    pool_end(pool);
    assert_int_equal(pool_suspicions(pool, rows), 2);
    assert_int_equal(rows[0], 3);
    assert_int_equal(pool_suspicions(pool, rows), 0);
    pool_stop(pool);
}

static void submitter_that_cannot_be_opened_ends_the_start(void **state)
{
    static const struct submit_settings settings;
    struct pool *pool;

    (void)state;
    script_begin(NULL, 0);
    script.submitters_max = 2;
    assert_int_equal(pool_start(&settings, 3, 6, &pool, &err), -1);
    assert_int_equal(err.exit_code, EXIT_RESOURCES);
    assert_null(pool);
    assert_int_equal(script.submitters, 0);
    pool_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_are_begun_in_their_order_and_come_back_once),
        cmocka_unit_test(workers_share_what_may_be_in_flight),
        cmocka_unit_test(turn_begins_before_the_queue_runs_dry),
        cmocka_unit_test(answer_that_forbids_sending_calls_the_others_back),
        cmocka_unit_test(calls_take_what_is_in_the_queue_and_no_more_than_they_may),
        cmocka_unit_test(row_that_a_firewall_may_dislike_goes_alone),
        cmocka_unit_test(part_that_forbids_sending_calls_the_others_back),
        cmocka_unit_test(departures_and_suspicions_are_told_once),
        cmocka_unit_test(submitter_that_cannot_be_opened_ends_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of report/latency: percentiles beside those of a sorted list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "command/audit/latency.h"

#define CALLS_MAX 5000

static int64_t durations[CALLS_MAX];

static int compare(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* The least duration that so many percent of the calls do not exceed. */
static int64_t exact(size_t calls, size_t percent)
{
    size_t wanted = (calls * percent + 99) / 100;

    return durations[wanted ? wanted - 1 : 0];
}

static void summarise(size_t calls, struct latency_summary *ret_summary)
{
    struct latency *latency = latency_open();

    assert_non_null(latency);
    for (size_t i = 0; i < calls; i++)
        latency_add(latency, durations[i]);
    latency_summarise(latency, ret_summary);
    latency_close(latency);
}

static void assert_close(int64_t found, int64_t wanted)
{
    assert_true(found >= wanted);
    assert_true(found - wanted <= wanted / 100);
}

static void percentiles_are_at_most_a_hundredth_too_high(void **state)
{
    static const int64_t scales[] = {3, 300, 5000, 1000000, INT64_C(1) << 40, INT64_MAX};
    struct latency_summary summary;

    (void)state;
    srand(7);
    for (size_t k = 0; k < sizeof(scales) / sizeof(*scales); k++)
        for (size_t calls = 1; calls <= CALLS_MAX; calls = calls * 3 + 1) {
            for (size_t i = 0; i < calls; i++)
                durations[i] =
                    (int64_t)(((uint64_t)rand() << 32 | (uint64_t)rand()) % (uint64_t)scales[k]);
            summarise(calls, &summary);
            qsort(durations, calls, sizeof(*durations), compare);
            assert_int_equal(summary.calls, calls);
            assert_close(summary.p50_ms, exact(calls, 50));
            assert_close(summary.p90_ms, exact(calls, 90));
            assert_close(summary.p95_ms, exact(calls, 95));
            assert_close(summary.p99_ms, exact(calls, 99));
            assert_int_equal(summary.max_ms, durations[calls - 1]);
        }
}

static void short_durations_are_exact(void **state)
{
    struct latency_summary summary;

    (void)state;
    for (int i = 0; i < 100; i++)
        durations[i] = i + 1;
    summarise(100, &summary);
    assert_int_equal(summary.p50_ms, 50);
    assert_int_equal(summary.p90_ms, 90);
    assert_int_equal(summary.p95_ms, 95);
    assert_int_equal(summary.p99_ms, 99);
    assert_int_equal(summary.max_ms, 100);
}

static void steps_are_one_two_and_five_and_hold_every_call(void **state)
{
    struct latency_summary summary;
    uint64_t calls = 0;

    (void)state;
    durations[0] = 3;
    durations[1] = 5;
    durations[2] = 6;
    durations[3] = 100;
    durations[4] = 101;
    summarise(5, &summary);
    assert_int_equal(summary.step_count, 6); /* 5, 10, 20, 50, 100, 200 */
    assert_int_equal(summary.steps[0].up_to_ms, 5);
    assert_int_equal(summary.steps[0].calls, 2);
    assert_int_equal(summary.steps[1].calls, 1);
    assert_int_equal(summary.steps[4].up_to_ms, 100);
    assert_int_equal(summary.steps[4].calls, 1);
    assert_int_equal(summary.steps[5].up_to_ms, 200);
    for (size_t i = 0; i < summary.step_count; i++)
        calls += summary.steps[i].calls;
    assert_int_equal(calls, 5);
}

static void what_no_clock_measures_is_counted_all_the_same(void **state)
{
    struct latency_summary summary;
    uint64_t calls = 0;

    (void)state;
    durations[0] = -5;
    durations[1] = INT64_MAX;
    durations[2] = 0;
    summarise(3, &summary);
    assert_int_equal(summary.calls, 3);
    assert_int_equal(summary.p50_ms, 0);
    assert_int_equal(summary.max_ms, INT64_MAX);
    assert_int_equal(summary.p99_ms, INT64_MAX);
    for (size_t i = 0; i < summary.step_count; i++)
        calls += summary.steps[i].calls;
    assert_int_equal(calls, 3);
}

static void without_calls_all_is_zero(void **state)
{
    struct latency_summary summary;

    (void)state;
    summarise(0, &summary);
    assert_int_equal(summary.calls, 0);
    assert_int_equal(summary.p50_ms, 0);
    assert_int_equal(summary.step_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_at_most_a_hundredth_too_high),
        cmocka_unit_test(short_durations_are_exact),
        cmocka_unit_test(steps_are_one_two_and_five_and_hold_every_call),
        cmocka_unit_test(what_no_clock_measures_is_counted_all_the_same),
        cmocka_unit_test(without_calls_all_is_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

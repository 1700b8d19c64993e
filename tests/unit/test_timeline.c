/* Unit tests of report/timeline: every moment is in its bucket, however they come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/audit/timeline.h"

#define NOW_MS INT64_C(1670803200000)
#define YEAR_9999_MS INT64_C(253402271999999)
#define MOMENTS_MAX 3000

static int64_t moments[MOMENTS_MAX];

/* Of the moments so many fall into each bucket, and into no other. */
static void assert_all_counted(const struct timeline *timeline, size_t count)
{
    uint64_t wanted[TIMELINE_BUCKETS_MAX] = {0};

    for (size_t i = 0; i < count; i++) {
        int64_t bucket = (moments[i] - timeline->start_ms) / timeline->bucket_ms;

        assert_true(moments[i] >= timeline->start_ms);
        assert_true(bucket < (int64_t)timeline->bucket_count);
        wanted[bucket]++;
    }
    for (size_t i = 0; i < timeline->bucket_count; i++) {
        assert_int_equal(timeline->answered[i][OUTCOME_ACCEPTED], wanted[i]);
        assert_int_equal(timeline_answered(timeline, i), wanted[i]);
    }
    assert_true(wanted[timeline->bucket_count - 1] > 0);
}

/* Half as wide, they would not fit. */
static void assert_narrow(const struct timeline *timeline, size_t count)
{
    int64_t half = timeline->bucket_ms / 2;
    int64_t first = moments[0];
    int64_t last = moments[0];

    for (size_t i = 0; i < count; i++) {
        first = moments[i] < first ? moments[i] : first;
        last = moments[i] > last ? moments[i] : last;
    }
    assert_true(timeline->bucket_ms == TIMELINE_NARROWEST_MS ||
                last / half - first / half >= TIMELINE_BUCKETS_MAX);
}

static void moments_in_any_order_and_at_any_distance_are_counted(void **state)
{
    static const int64_t spans[] = {
        1, 99, 101, 5000, 12001, 3600000, 86400000, INT64_C(100) * 86400000, YEAR_9999_MS - NOW_MS};

    (void)state;
    srand(11);
    for (size_t k = 0; k < sizeof(spans) / sizeof(*spans); k++)
        for (size_t count = 1; count <= MOMENTS_MAX; count = count * 4 + 1) {
            struct timeline timeline = {0};

            for (size_t i = 0; i < count; i++) {
                moments[i] = NOW_MS + (int64_t)(((uint64_t)rand() << 31 | (uint64_t)rand()) %
                                                (uint64_t)spans[k]);
                timeline_add(&timeline, moments[i], OUTCOME_ACCEPTED);
            }
            assert_true(timeline.bucket_count <= TIMELINE_BUCKETS_MAX);
            assert_all_counted(&timeline, count);
            assert_narrow(&timeline, count);
        }
}

static void the_first_and_the_last_moment_there_is(void **state)
{
    struct timeline timeline = {0};

    (void)state;
    moments[0] = YEAR_9999_MS;
    moments[1] = 0;
    moments[2] = NOW_MS;
    for (int i = 0; i < 3; i++)
        timeline_add(&timeline, moments[i], OUTCOME_ACCEPTED);
    assert_all_counted(&timeline, 3);
}

static void outcomes_are_counted_apart(void **state)
{
    struct timeline timeline = {0};

    (void)state;
    timeline_add(&timeline, NOW_MS, OUTCOME_ACCEPTED);
    timeline_add(&timeline, NOW_MS, OUTCOME_UNKNOWN);
    timeline_add(&timeline, NOW_MS, OUTCOME_UNKNOWN);
    assert_int_equal(timeline.bucket_count, 1);
    assert_int_equal(timeline.answered[0][OUTCOME_ACCEPTED], 1);
    assert_int_equal(timeline.answered[0][OUTCOME_UNKNOWN], 2);
    assert_int_equal(timeline_answered(&timeline, 0), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_in_any_order_and_at_any_distance_are_counted),
        cmocka_unit_test(the_first_and_the_last_moment_there_is),
        cmocka_unit_test(outcomes_are_counted_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of sandbox/timers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sandbox/timers.h"

#define ITEMS 1000

static void items_come_out_in_the_order_they_are_due(void **state)
{
    static int64_t due[ITEMS];
    struct timers timers = {0};
    int64_t last = 0;

    (void)state;
    for (size_t i = 0; i < ITEMS; i++) {
        due[i] = (int64_t)(i * 7919 % ITEMS / 3); /* many alike */
        assert_true(timers_add(&timers, due[i], &due[i]));
    }
    for (size_t i = 0; i < ITEMS; i++) {
        int64_t next = timers_next(&timers);
        const int64_t *item = timers_take(&timers, INT64_MAX);

        assert_non_null(item);
        assert_int_equal(*item, next);
        assert_true(*item >= last);
        last = *item;
    }
    assert_null(timers_take(&timers, INT64_MAX));
    timers_release(&timers);
}

static void nothing_comes_out_before_it_is_due(void **state)
{
    struct timers timers = {0};
    int item = 0;

    (void)state;
    assert_int_equal(timers_next(&timers), INT64_MAX);
    assert_true(timers_add(&timers, 10, &item));
    assert_null(timers_take(&timers, 9));
    assert_ptr_equal(timers_take(&timers, 10), &item);
    assert_int_equal(timers_next(&timers), INT64_MAX);
    timers_release(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_out_in_the_order_they_are_due),
        cmocka_unit_test(nothing_comes_out_before_it_is_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of base/deadline, with a clock that says what the test wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "base/deadline.h"

static int64_t boot_ms;
static int asked;

int __real_clock_gettime(clockid_t id, struct timespec *ret_time);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret_time);

/* Only the clock that counts sleep. */
int __wrap_clock_gettime(clockid_t id, struct timespec *ret_time)
{
    if (id != CLOCK_BOOTTIME)
        return __real_clock_gettime(id, ret_time);
    asked++;
    *ret_time = (struct timespec){boot_ms / 1000, boot_ms % 1000 * 1000000};
    return 0;
}

static void it_is_over_from_its_moment_on(void **state)
{
    struct deadline deadline = {0};

    (void)state;
    boot_ms = 0;
    assert_true(deadline_is_over(&deadline));
    deadline_set(&deadline, 18000);
    for (boot_ms = 17990; boot_ms < 18010; boot_ms++)
        assert_int_equal(deadline_is_over(&deadline), boot_ms >= 18000);
    deadline_set(&deadline, 23000);
    assert_false(deadline_is_over(&deadline));
}

static void that_of_nobody_is_never_over_and_asks_no_clock(void **state)
{
    (void)state;
    asked = 0;
    boot_ms = INT64_MAX / 2;
    assert_false(deadline_is_over(NULL));
    assert_int_equal(asked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_over_from_its_moment_on),
        cmocka_unit_test(that_of_nobody_is_never_over_and_asks_no_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of base/clock: dates, Beijing time, and time that does not go back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/clock.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void civil_knows_real_dates(void **state)
{
    static const struct {
        struct civil civil;
        bool valid;
    } cases[] = {
        {{2022, 12, 12, 0, 0, 0}, true},    {{2024, 2, 29, 23, 59, 59}, true},
        {{2000, 2, 29, 0, 0, 0}, true},     {{1, 1, 1, 0, 0, 0}, true},
        {{9999, 12, 31, 23, 59, 59}, true}, {{2023, 2, 29, 0, 0, 0}, false},
        {{1900, 2, 29, 0, 0, 0}, false},    {{2022, 4, 31, 0, 0, 0}, false},
        {{2022, 0, 1, 0, 0, 0}, false},     {{2022, 13, 1, 0, 0, 0}, false},
        {{2022, 1, 0, 0, 0, 0}, false},     {{2022, 1, 32, 0, 0, 0}, false},
        {{2022, 1, 1, 24, 0, 0}, false},    {{2022, 1, 1, -1, 0, 0}, false},
        {{2022, 1, 1, 0, 60, 0}, false},    {{2016, 12, 31, 23, 59, 60}, false},
        {{0, 1, 1, 0, 0, 0}, false},        {{10000, 1, 1, 0, 0, 0}, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (clock_civil_valid(&cases[i].civil) != cases[i].valid)
            fail_msg("case %zu", i);
}

static void civil_seconds_count_from_1970(void **state)
{
    static const struct {
        struct civil civil;
        int64_t seconds;
    } cases[] = {
        {{1970, 1, 1, 0, 0, 0}, 0},
        {{1969, 12, 31, 23, 59, 59}, -1},
        {{2000, 2, 29, 12, 0, 0}, 951825600},
        {{2000, 3, 1, 0, 0, 0}, 951868800},
        {{2022, 12, 12, 0, 0, 0}, 1670803200},
        {{2038, 1, 19, 3, 14, 8}, 2147483648},
        {{1, 1, 1, 0, 0, 0}, -62135596800},
        {{9999, 12, 31, 23, 59, 59}, 253402300799},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(clock_civil_seconds(&cases[i].civil), cases[i].seconds);
}

static void civil_conversion_is_exact_for_every_day_of_ten_thousand_years(void **state)
{
    static const struct civil first = {1, 1, 1, 12, 34, 56};
    int64_t seconds = clock_civil_seconds(&first);
    struct civil last = {0};

    (void)state;
    for (;; seconds += 86400) {
        struct civil civil = clock_civil_of(seconds);
        bool next_day = civil.day == last.day + 1 && civil.month == last.month;
        bool next_month = civil.day == 1 && civil.month == last.month % 12 + 1;

        if (civil.year > 9999)
            break;
        if (!clock_civil_valid(&civil) || clock_civil_seconds(&civil) != seconds ||
            (last.year && !next_day && !next_month))
            fail_msg("%d-%d-%d", civil.year, civil.month, civil.day);
        last = civil;
    }
    assert_int_equal(last.year, 9999);
    assert_int_equal(last.month, 12);
    assert_int_equal(last.day, 31);
}

static void beijing_time_does_not_depend_on_the_zone_of_the_host(void **state)
{
    static const char *const zones[] = {"UTC", "America/New_York", "Asia/Shanghai",
                                        "Asia/Kathmandu"};
    char top[CLOCK_TOP_BYTES];
    char rfc3339[CLOCK_RFC3339_BYTES];

    (void)state;
    for (size_t i = 0; i < COUNT(zones); i++) {
        setenv("TZ", zones[i], 1);
        clock_format_top(1670774400000, top);
        assert_string_equal(top, "2022-12-12 00:00:00");
        clock_format_rfc3339(1670774400007, rfc3339);
        assert_string_equal(rfc3339, "2022-12-12T00:00:00.007+08:00");
    }
    unsetenv("TZ");
}

static void times_before_1970_are_formatted_too(void **state)
{
    char text[CLOCK_RFC3339_BYTES];

    (void)state;
    clock_format_rfc3339(-1 - CLOCK_BEIJING_OFFSET_MS, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999+08:00");
}

static void beijing_day_ends_at_16_utc(void **state)
{
    static const struct {
        int64_t wall_ms;
        int32_t day;
        int64_t next_ms;
    } cases[] = {
        {1670774399999, 20221211, 1670774400000}, /* 2022-12-11T15:59:59.999Z */
        {1670774400000, 20221212, 1670860800000},
        {1672502399999, 20221231, 1672502400000}, /* the last of a year */
        {1672502400000, 20230101, 1672588800000},
        {1709135999000, 20240228, 1709136000000},
        {1709136000000, 20240229, 1709222400000},
        {1709222400000, 20240301, 1709308800000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(clock_beijing_day(cases[i].wall_ms), cases[i].day);
        assert_int_equal(clock_next_beijing_day_ms(cases[i].wall_ms), cases[i].next_ms);
    }
}

static void monotonic_time_does_not_go_back(void **state)
{
    int64_t last = clock_mono_ms();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_mono_ms();

        assert_true(now >= last);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(civil_knows_real_dates),
        cmocka_unit_test(civil_seconds_count_from_1970),
        cmocka_unit_test(civil_conversion_is_exact_for_every_day_of_ten_thousand_years),
        cmocka_unit_test(beijing_time_does_not_depend_on_the_zone_of_the_host),
        cmocka_unit_test(times_before_1970_are_formatted_too),
        cmocka_unit_test(beijing_day_ends_at_16_utc),
        cmocka_unit_test(monotonic_time_does_not_go_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

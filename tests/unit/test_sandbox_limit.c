/* Unit tests of sandbox/limit: on a clock of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "sandbox/limit.h"

#define EVENING INT64_C(1670860799000) /* 2022-12-12 23:59:59 Beijing time */
#define BY_SECOND "accesscontrol.limited-by-api-access-count"
#define BY_DAY "accesscontrol.limited-by-app-access-count"

static struct limit *open_limit(int64_t flow_limit, int64_t daily_quota, int64_t ban_seconds)
{
    const struct limit_settings settings = {
        .flow_limit = flow_limit, .daily_quota = daily_quota, .ban_seconds = ban_seconds};
    struct limit *limit = NULL;
    struct error err = {0};

    if (limit_open(&settings, &limit, &err))
        fail_msg("%s", err.text);
    return limit;
}

static void assert_taken(struct limit *limit, size_t claims, int64_t mono_ms)
{
    struct refusal refusal;

    limit_take(limit, claims, mono_ms, EVENING, &refusal);
    assert_int_equal(refusal.code, REFUSAL_NONE);
}

static void assert_refused(struct limit *limit, size_t claims, int64_t mono_ms,
                           const char *sub_code, const char *sub_msg)
{
    struct refusal refusal;

    limit_take(limit, claims, mono_ms, EVENING, &refusal);
    assert_int_equal(refusal.code, REFUSAL_LIMITED);
    assert_string_equal(refusal.sub_code, sub_code);
    assert_string_equal(refusal.sub_msg, sub_msg);
}

static void without_limits_everything_passes(void **state)
{
    struct limit *limit = open_limit(0, 0, 1);

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_taken(limit, 20, 5);
    limit_close(limit);
}

static void the_second_slides(void **state)
{
    struct limit *limit = open_limit(2, 0, 1);

    (void)state;
    assert_taken(limit, 1, 0);
    assert_taken(limit, 1, 900);
    assert_taken(limit, 1, 1000);
    assert_refused(limit, 1, 1899, BY_SECOND, "This ban will last for 1 more seconds");
    limit_close(limit);
}

static void everything_inside_a_ban_is_refused(void **state)
{
    struct limit *limit = open_limit(1, 0, 3);

    (void)state;
    assert_taken(limit, 1, 0);
    assert_refused(limit, 1, 500, BY_SECOND, "This ban will last for 3 more seconds");
    assert_refused(limit, 1, 2400, BY_SECOND, "This ban will last for 2 more seconds");
    assert_refused(limit, 1, 3499, BY_SECOND, "This ban will last for 1 more seconds");
    assert_taken(limit, 1, 3500);
    limit_close(limit);
}

static void a_batch_counts_its_claims(void **state)
{
    struct limit *limit = open_limit(5, 0, 1);

    (void)state;
    assert_taken(limit, 3, 0);
    assert_refused(limit, 3, 10, BY_SECOND, "This ban will last for 1 more seconds");
    assert_taken(limit, 5, 1010);
    assert_refused(limit, 6, 9000, BY_SECOND, "This ban will last for 1 more seconds");
    limit_close(limit);
}

static void a_day_ends_at_midnight_in_beijing(void **state)
{
    struct limit *limit = open_limit(0, 2, 1);
    struct refusal refusal;

    (void)state;
    assert_taken(limit, 2, 0);
    assert_refused(limit, 1, 1, BY_DAY, "This ban will last for 1 more seconds");
    limit_take(limit, 2, 1001, EVENING + 1000, &refusal);
    assert_int_equal(refusal.code, REFUSAL_NONE);
    limit_close(limit);
}

static void a_ban_can_begin_out_of_turn(void **state)
{
    struct limit *limit = open_limit(0, 0, 2);
    struct refusal refusal;

    (void)state;
    limit_ban(limit, 100, &refusal);
    assert_string_equal(refusal.sub_msg, "This ban will last for 2 more seconds");
    assert_refused(limit, 1, 2099, BY_SECOND, "This ban will last for 1 more seconds");
    assert_taken(limit, 1, 2100);
    limit_close(limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_limits_everything_passes),
        cmocka_unit_test(the_second_slides),
        cmocka_unit_test(everything_inside_a_ban_is_refused),
        cmocka_unit_test(a_batch_counts_its_claims),
        cmocka_unit_test(a_day_ends_at_midnight_in_beijing),
        cmocka_unit_test(a_ban_can_begin_out_of_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

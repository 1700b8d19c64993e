/* Unit tests of input/inspection/repeat_filter: no claim that stands twice is missed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "input/claim/claim.h"
#include "input/inspection/repeat_filter.h"

static struct repeat_filter *repeats;

static int open_repeats(void **state)
{
    (void)state;
    repeats = repeat_filter_open();
    return repeats ? 0 : -1;
}

static int close_repeats(void **state)
{
    (void)state;
    repeat_filter_close(repeats);
    return 0;
}

static struct claim claim(int64_t workcard_id, const char *order_no)
{
    return (struct claim){.workcard_id = workcard_id, .claim_order_no = order_no};
}

static void note(int64_t workcard_id, const char *order_no)
{
    struct claim noted = claim(workcard_id, order_no);

    repeat_filter_note(repeats, &noted);
}

static bool maybe(int64_t workcard_id, const char *order_no)
{
    struct claim asked = claim(workcard_id, order_no);

    return repeat_filter_maybe(repeats, &asked);
}

static void claim_that_stands_once_is_not_repeated(void **state)
{
    (void)state;
    assert_false(maybe(1, "A"));
    note(1, "A");
    assert_false(maybe(1, "A"));
}

static void claim_that_stands_twice_is_repeated(void **state)
{
    (void)state;
    note(1, "A");
    note(2, "B");
    note(1, "A");
    assert_true(maybe(1, "A"));
    assert_false(maybe(2, "B"));
    note(1, "A");
    assert_true(maybe(1, "A"));
}

static void both_parts_of_the_key_count(void **state)
{
    (void)state;
    note(1, "A");
    note(2, "A");
    note(1, "B");
    note(0, "");
    assert_false(maybe(1, "A"));
    assert_false(maybe(2, "A"));
    assert_false(maybe(1, "B"));
    assert_false(maybe(0, ""));
}

static void nothing_but_the_key_counts(void **state)
{
    struct claim first = claim(1, "A");
    struct claim second = claim(1, "A");

    (void)state;
    second.claim_fee = 7;
    second.claim_desc = "other";
    repeat_filter_note(repeats, &first);
    repeat_filter_note(repeats, &second);
    assert_true(repeat_filter_maybe(repeats, &first));
}

static void none_is_missed_and_few_are_wrong_among_many(void **state)
{
    enum { CLAIMS = 500000 };
    char order_no[32];
    int wrong = 0;

    (void)state;
    for (int i = 0; i < CLAIMS; i++) {
        snprintf(order_no, sizeof(order_no), "LP%010d", i);
        note(8815300000 + i * 3, order_no);
        if (i % 1000 == 0)
            note(8815300000 + i * 3, order_no);
    }
    for (int i = 0; i < CLAIMS; i++) {
        snprintf(order_no, sizeof(order_no), "LP%010d", i);
        if (i % 1000 == 0)
            assert_true(maybe(8815300000 + i * 3, order_no));
        else
            wrong += maybe(8815300000 + i * 3, order_no);
    }
    /* 500,000 of 67 million bits: 0.75 % are to be expected. */
    assert_in_range(wrong, 1, CLAIMS / 100);
}

#define WITH_REPEATS(test) cmocka_unit_test_setup_teardown(test, open_repeats, close_repeats)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REPEATS(claim_that_stands_once_is_not_repeated),
        WITH_REPEATS(claim_that_stands_twice_is_repeated),
        WITH_REPEATS(both_parts_of_the_key_count),
        WITH_REPEATS(nothing_but_the_key_counts),
        WITH_REPEATS(none_is_missed_and_few_are_wrong_among_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

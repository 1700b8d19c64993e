/* Unit tests of ledger/outcome: the words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/outcome.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void outcomes_have_their_words(void **state)
{
    static const char *const names[] = {"accepted", "rejected", "failed", "unknown",
                                        "invalid",  "skipped",  "unsent"};
    enum outcome outcome;

    (void)state;
    assert_int_equal(COUNT(names), OUTCOME_COUNT);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        assert_string_equal(outcome_name((enum outcome)i), names[i]);
        assert_true(outcome_parse(names[i], &outcome));
        assert_int_equal(outcome, i);
    }
    assert_false(outcome_parse("Accepted", &outcome));
    assert_false(outcome_parse("", &outcome));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_have_their_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

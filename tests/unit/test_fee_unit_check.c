/* fee_unit_check: amounts of a column in fen that are in yuan are told from a slip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "input/inspection/fee_unit_check.h"

static struct fee_unit_check check_of(const char *amounts)
{
    struct fee_unit_check check = {0};

    for (const char *at = amounts; *at;) {
        size_t len = strcspn(at, " ");

        fee_unit_check_note(&check, (struct value){at, len});
        at += len + (at[len] == ' ');
    }
    return check;
}

static enum fee_doubt doubt_of(const char *amounts)
{
    struct fee_unit_check check = check_of(amounts);

    return fee_unit_check_doubt(&check);
}

static bool are_cents(const char *amounts)
{
    struct fee_unit_check check = check_of(amounts);

    return fee_unit_check_has_cents(&check);
}

static void fee_unit_check_knows_amounts_that_are_written_as_yuan_are(void **state)
{
    (void)state;
    assert_true(are_cents("128.00 0 99.00"));
    assert_false(are_cents(""));
    assert_false(are_cents("0.00"));
    assert_true(are_cents("128.00 99"));
    assert_false(are_cents("128.00 99 99"));
    assert_false(are_cents("128.00 99.50"));
    assert_false(are_cents("12800.0 9900.0")); /* as a data frame writes integers */
    assert_false(are_cents("128.00 99.0000"));
}

static void fee_unit_check_tells_yuan_from_slips(void **state)
{
    static const struct {
        const char *amounts;
        enum fee_doubt doubt;
    } cases[] = {
        {"", FEE_DOUBT_NONE},
        {"12800 9950 0 0.00", FEE_DOUBT_NONE},
        {"12800.00 9950.0 0", FEE_DOUBT_NONE},         /* fen as a database's decimals */
        {"12800.0 9950 7200.0", FEE_DOUBT_NONE},       /* a number here, a text there */
        {"12800 128.00 9950 7200", FEE_DOUBT_POINTED}, /* one was corrected by hand */
        {"12800.00 9900 9950.00", FEE_DOUBT_NONE},
        {"128.00 0 99.00", FEE_DOUBT_NONE},
        {"abc 1,2 12.345 0.00", FEE_DOUBT_NONE},
        {"128.00 99.50 0.00", FEE_DOUBT_POINTED},
        {"99.50 12800 9950 7200", FEE_DOUBT_POINTED}, /* one slip among fen */
        {"1.5 12800", FEE_DOUBT_POINTED},
        {"128 99.5 64 32.8 0", FEE_DOUBT_ALL},
        {"128 64 32 99.5", FEE_DOUBT_ALL},
        {"5000 128 99.5 64 32.85 12 7.2", FEE_DOUBT_ALL}, /* one large amount tells nothing */
        {"99.50 +128 1,280", FEE_DOUBT_ALL},
        {"0.5 1 2", FEE_DOUBT_ALL},
        /* Too seldom: a computed amount. */
        {"100.5 100 100 100 100 100 100 100 100 100 100", FEE_DOUBT_POINTED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        if (doubt_of(cases[i].amounts) != cases[i].doubt)
            fail_msg("'%s': %d", cases[i].amounts, (int)doubt_of(cases[i].amounts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fee_unit_check_tells_yuan_from_slips),
        cmocka_unit_test(fee_unit_check_knows_amounts_that_are_written_as_yuan_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

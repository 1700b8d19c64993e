/* Unit tests of base/money: amounts as they are shown and read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/money.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void money_is_shown_in_fen_and_yuan(void **state)
{
    static const struct {
        int64_t fen;
        const char *as_fen, *as_yuan;
    } cases[] = {
        {0, "0", "0.00"},
        {1, "1", "0.01"},
        {10, "10", "0.10"},
        {99, "99", "0.99"},
        {100, "100", "1.00"},
        {12345, "12345", "123.45"},
        {99999, "99999", "999.99"},
        {100000, "100000", "1,000.00"},
        {123456789, "123456789", "1,234,567.89"},
        {-1, "-1", "-0.01"},
        {-123456, "-123456", "-1,234.56"},
        {INT64_MAX, "9223372036854775807", "92,233,720,368,547,758.07"},
    };
    char text[MONEY_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(money_format_fen(cases[i].fen, text), cases[i].as_fen);
        assert_true(money_parse_fen(text) == cases[i].fen);
        assert_string_equal(money_format_yuan(cases[i].fen, text), cases[i].as_yuan);
    }
}

static void money_does_not_overflow_64_bits(void **state)
{
    char text[MONEY_TEXT_BYTES];
    money sum = 0;
    money most = ((money)1 << 126) - 1 + ((money)1 << 126);

    (void)state;
    for (int i = 0; i < 1000; i++)
        sum += INT64_MAX;
    assert_string_equal(money_format_fen(sum, text), "9223372036854775807000");
    assert_true(money_parse_fen(text) == sum);
    assert_string_equal(money_format_yuan(sum, text), "92,233,720,368,547,758,070.00");

    assert_string_equal(money_format_fen(most, text), "170141183460469231731687303715884105727");
    assert_true(money_parse_fen(text) == most);
    assert_string_equal(money_format_fen(-most - 1, text),
                        "-170141183460469231731687303715884105728");
    assert_string_equal(money_format_yuan(most, text),
                        "1,701,411,834,604,692,317,316,873,037,158,841,057.27");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(money_is_shown_in_fen_and_yuan),
        cmocka_unit_test(money_does_not_overflow_64_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

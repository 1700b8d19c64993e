/* Unit tests of base/hex: written and read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/hex.h"

static void hex_is_written_and_read_back(void **state)
{
    static const unsigned char bytes[] = {0x00, 0x0f, 0xa5, 0xff};
    unsigned char again[sizeof(bytes)];
    char text[2 * sizeof(bytes) + 1];

    (void)state;
    hex_format_upper(bytes, sizeof(bytes), text);
    assert_string_equal(text, "000FA5FF");
    assert_false(hex_parse(text, sizeof(again), again));
    hex_format(bytes, sizeof(bytes), text);
    assert_string_equal(text, "000fa5ff");
    assert_true(hex_is_text(text, 8));
    assert_true(hex_parse(text, sizeof(again), again));
    assert_memory_equal(again, bytes, sizeof(bytes));
}

static void hex_takes_digits_in_lower_case_alone(void **state)
{
    static const char *const bad[] = {"", "0", "0g", "0A", "00 ", "0x00", "-1", "/0", ":0", "`0"};
    unsigned char byte = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(hex_is_text(bad[i], 2));
    for (size_t i = 2; i < sizeof(bad) / sizeof(*bad); i++)
        if (strlen(bad[i]) == 2)
            assert_false(hex_parse(bad[i], 1, &byte));
    assert_int_equal(byte, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_is_written_and_read_back),
        cmocka_unit_test(hex_takes_digits_in_lower_case_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

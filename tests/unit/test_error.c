/* Unit tests of base/error: one sentence, cut where it is too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"

static void error_set_may_use_the_old_text(void **state)
{
    struct error err = {0};

    (void)state;
    assert_int_equal(error_set(&err, EXIT_CANNOT_WRITE, "no room on '%s'", "disk"), -1);
    assert_int_equal(error_set(&err, EXIT_INTERNAL, "row 7: %s", err.text), -1);
    assert_int_equal(err.exit_code, EXIT_INTERNAL);
    assert_string_equal(err.text, "row 7: no room on 'disk'");
}

static void error_cuts_what_is_too_long(void **state)
{
    struct error err = {0};
    char text[ERROR_TEXT_BYTES + 100];

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    error_set(&err, EXIT_INTERNAL, "%s", text);
    assert_int_equal(strlen(err.text), ERROR_TEXT_BYTES - 1);
}

static void error_is_cut_at_a_character(void **state)
{
    struct error err = {0};
    char text[ERROR_TEXT_BYTES + 4];

    (void)state;
    for (size_t before = 1; before <= 4; before++) {
        memset(text, 'a', sizeof(text));
        strcpy(text + ERROR_TEXT_BYTES - before, "\U00020bb7");
        error_set(&err, EXIT_INTERNAL, "%s", text);
        assert_int_equal(strlen(err.text), ERROR_TEXT_BYTES - before);
        text[ERROR_TEXT_BYTES - before] = '\0';
        assert_string_equal(err.text, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_set_may_use_the_old_text),
        cmocka_unit_test(error_cuts_what_is_too_long),
        cmocka_unit_test(error_is_cut_at_a_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

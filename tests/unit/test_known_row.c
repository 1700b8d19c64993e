/* Unit tests of ledger/known_row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "ledger/known_row.h"

static struct error err;

static void texts_outlive_those_they_were_taken_from(void **state)
{
    char code[] = "50";
    char message[300];
    struct row_record record = {.row = 7, .sub_code = "", .request_id = "abc", .warnings = ""};
    struct known_row known = {0};

    (void)state;
    memset(message, 'm', sizeof(message) - 1);
    message[sizeof(message) - 1] = '\0';
    record.code = code;
    record.message = message;
    assert_int_equal(known_row_set(&known, &record, &err), 0);
    memset(code, '#', sizeof(code) - 1);
    memset(message, '#', sizeof(message) - 1);
    assert_int_equal(known.record.row, 7);
    assert_string_equal(known.record.code, "50");
    assert_string_equal(known.record.sub_code, "");
    assert_int_equal(strspn(known.record.message, "m"), sizeof(message) - 1);
    assert_string_equal(known.record.request_id, "abc");
    assert_string_equal(known.record.warnings, "");
    known_row_release(&known);
}

static void row_is_filled_anew_and_emptied(void **state)
{
    struct row_record record = {
        .row = 1, .code = "A", .sub_code = "B", .message = "C", .request_id = "D", .warnings = "E"};
    struct known_row known = {0};

    (void)state;
    known_row_reset(&known);
    assert_string_equal(known.record.warnings, "");
    assert_int_equal(known_row_set(&known, &record, &err), 0);
    record.row = 2;
    record.code = "a longer one than that before";
    assert_int_equal(known_row_set(&known, &record, &err), 0);
    assert_int_equal(known.record.row, 2);
    assert_string_equal(known.record.code, record.code);
    assert_string_equal(known.record.warnings, "E");
    known_row_reset(&known);
    assert_int_equal(known.record.state, ROW_UNTOUCHED);
    assert_string_equal(known.record.code, "");
    known_row_release(&known);
    known_row_release(&(struct known_row){0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_outlive_those_they_were_taken_from),
        cmocka_unit_test(row_is_filled_anew_and_emptied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a server's error means for a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "ledger/postgres/sqlstate.h"

static void each_code_has_its_exit_code(void **state)
{
    static const struct {
        const char *state;
        int exit_code;
    } cases[] = {
        {"", EXIT_TRY_LATER},         {"08006", EXIT_TRY_LATER},  {"57P01", EXIT_TRY_LATER},
        {"57P03", EXIT_TRY_LATER},    {"40001", EXIT_TRY_LATER},  {"40P01", EXIT_TRY_LATER},
        {"55P03", EXIT_TRY_LATER},    {"57014", EXIT_TRY_LATER},  {"53300", EXIT_TRY_LATER},
        {"25006", EXIT_TRY_LATER},    {"25001", EXIT_INTERNAL},   {"53100", EXIT_CANNOT_WRITE},
        {"58030", EXIT_CANNOT_WRITE}, {"28P01", EXIT_BAD_CONFIG}, {"28000", EXIT_BAD_CONFIG},
        {"3D000", EXIT_BAD_CONFIG},   {"3F000", EXIT_BAD_CONFIG}, {"42501", EXIT_BAD_CONFIG},
        {"42P01", EXIT_BAD_CONFIG},   {"42601", EXIT_INTERNAL},   {"CB002", EXIT_BAD_CONFIG},
        {"XX000", EXIT_INTERNAL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        if (sqlstate_exit_code(cases[i].state) != cases[i].exit_code)
            fail_msg("%s: %d", cases[i].state, sqlstate_exit_code(cases[i].state));
}

static void statements_that_are_not_where_they_were_prepared_tell_of_a_pooler(void **state)
{
    (void)state;
    assert_true(sqlstate_is_of_pooler("26000"));
    assert_true(sqlstate_is_of_pooler("42P05"));
    assert_false(sqlstate_is_of_pooler("42P01"));
    assert_false(sqlstate_is_of_pooler(""));
}

static void the_code_of_a_refused_connection_is_in_its_message(void **state)
{
    char code[SQLSTATE_BYTES];

    (void)state;
    assert_true(sqlstate_find("connection to server at \"db\" (10.0.0.1), port 5432 failed: "
                              "FATAL:  28P01: password authentication failed for user \"x\"\n",
                              code));
    assert_string_equal(code, "28P01");
    assert_true(sqlstate_find("致命错误:  57P03: x", code));
    assert_string_equal(code, "57P03");
}

static void a_message_of_no_server_has_no_code(void **state)
{
    static const char *const messages[] = {
        "",
        "connection to server at \"db\" failed: Connection refused\n\tIs the server running?",
        "FATAL:  no code",
        "FATAL:  28P0",
        "FATAL:  28P011: x",
        "FATAL:  28p01: x",
    };
    char code[SQLSTATE_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++)
        assert_false(sqlstate_find(messages[i], code));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_code_has_its_exit_code),
        cmocka_unit_test(statements_that_are_not_where_they_were_prepared_tell_of_a_pooler),
        cmocka_unit_test(the_code_of_a_refused_connection_is_in_its_message),
        cmocka_unit_test(a_message_of_no_server_has_no_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of ledger/postgres/server_check on a real server: which one is told nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "alive_place.h"
#include "ledger/postgres/server_check.h"

static int check(const char *url, struct session *session, char id[LEDGER_ID_BYTES])
{
    return server_check(session, url, id, &err);
}

static void it_is_the_ledger_that_was_begun_with(void **state)
{
    char url[CLUSTER_URL_BYTES], id[LEDGER_ID_BYTES] = "";
    struct session *session = make_ledger(url);

    (void)state;
    assert_int_equal(check(url, session, id), 0);
    assert_string_equal(id, ask(session, "value", "FROM meta WHERE name='id'"));
    assert_int_equal(check(url, session, id), 0);
    execute(session, "UPDATE meta SET value='another' WHERE name='id'");
    assert_int_equal(check(url, session, id), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "'another'"));
    session_close(session);
}

/* A server of this test waits for no standby. */
static void one_that_was_made_for_a_standby_has_one(void **state)
{
    char url[CLUSTER_URL_BYTES], id[LEDGER_ID_BYTES] = "";
    struct session *session = make_ledger(url);

    (void)state;
    assert_string_equal(ask(session, "value", "FROM meta WHERE name='durability'"), "disk");
    execute(session, "UPDATE meta SET value='standby' WHERE name='durability'");
    assert_int_equal(check(url, session, id), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "synchronous_standby_names"));
    execute(session, "UPDATE meta SET value='disk' WHERE name='durability'");
    assert_int_equal(check(url, session, id), 0);
    session_close(session);
}

/* The server's clock is so far ahead. */
static int check_with_clock(const char *url, struct session *session, int seconds)
{
    char id[LEDGER_ID_BYTES] = "", text[256];

    snprintf(text, sizeof(text),
             "CREATE OR REPLACE FUNCTION claimbatch.clock_timestamp() RETURNS timestamptz LANGUAGE"
             " sql AS 'SELECT pg_catalog.clock_timestamp()+interval ''%d s'''",
             seconds);
    execute(session, text);
    return check(url, session, id);
}

static void its_clock_agrees_with_ours(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);

    (void)state;
    execute(session, "SET search_path=claimbatch, pg_catalog");
    assert_int_equal(check_with_clock(url, session, 0), 0);
    assert_int_equal(check_with_clock(url, session, 50), 0); /* with a word of it */
    assert_int_equal(check_with_clock(url, session, -50), 0);
    assert_int_equal(check_with_clock(url, session, 75), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "differ by 7"));
    assert_int_equal(check_with_clock(url, session, -75), -1);
    assert_non_null(strstr(err.text, "nothing is sent"));
    session_close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_ledger_that_was_begun_with),
        cmocka_unit_test(one_that_was_made_for_a_standby_has_one),
        cmocka_unit_test(its_clock_agrees_with_ours),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

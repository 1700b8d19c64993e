/* Statements that are one transaction and one round trip, on a real server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#include "base/error.h"
#include "ledger/postgres/session.h"
#include "one_server.h"

#define MANY 24
#define LARGE (1 << 20)

static const char add[] = "INSERT INTO public.t VALUES($1) RETURNING n";
static const char divide[] = "SELECT 10/$1";
static const char echo[] = "SELECT $1";
static const char warn[] = "DO $$BEGIN RAISE WARNING 'canceling wait'; END$$";
static const char count[] = "SELECT count(*) FROM public.t";

static char url[CLUSTER_URL_BYTES];
static struct session *session;
static struct error err;

static void open_new(void)
{
    static const enum server_type number[] = {SERVER_INT8}, text[] = {SERVER_TEXT};

    if (!has_server)
        skip();
    cluster_create(&server, url);
    cluster_run(url, "CREATE TABLE public.t(n bigint PRIMARY KEY)");
    if (session_open(url, &session, &err) || session_prepare(session, add, 1, number, &err) ||
        session_prepare(session, divide, 1, number, &err) ||
        session_prepare(session, echo, 1, text, &err) ||
        session_prepare(session, warn, 0, NULL, &err))
        fail_msg("%s", err.text);
}

static int close_session(void **state)
{
    (void)state;
    session_close(session);
    session = NULL;
    return 0;
}

static void send_number(const char *statement, int64_t number)
{
    struct session_value value = {SERVER_INT8, .number = number};

    if (session_pipeline_send(session, statement, 1, &value, &err))
        fail_msg("%s", err.text);
}

static int64_t rows_there(void)
{
    if (session_ask(session, count, 0, NULL, &err))
        fail_msg("%s", err.text);
    return session_integer(session, 0, 0);
}

static void each_statement_has_its_answer(void **state)
{
    (void)state;
    open_new();
    for (int64_t turn = 0; turn < 2; turn++) {
        assert_int_equal(session_pipeline_begin(session, &err), 0);
        send_number(add, 7 + turn);
        send_number(divide, 5);
        send_number(add, 9 + turn * 2);
        assert_int_equal(session_pipeline_commit(session, &err), 0);
        session_pipeline_show(session, 2);
        assert_int_equal(session_integer(session, 0, 0), 9 + turn * 2);
        session_pipeline_show(session, 0);
        assert_int_equal(session_rows(session), 1);
        assert_int_equal(session_integer(session, 0, 0), 7 + turn);
        session_pipeline_show(session, 1);
        assert_int_equal(session_integer(session, 0, 0), 2);
        assert_int_equal(rows_there(), 2 * (turn + 1));
    }
}

static void of_one_that_fails_nothing_is_left(void **state)
{
    (void)state;
    open_new();
    assert_int_equal(session_pipeline_begin(session, &err), 0);
    send_number(add, 1);
    send_number(divide, 0);
    send_number(add, 2);
    assert_int_equal(session_pipeline_commit(session, &err), -1);
    assert_non_null(strstr(err.text, "division by zero"));
    assert_string_equal(session_state(session), "22012");
    assert_true(session_is_usable(session));
    assert_int_equal(session_pipeline_begin(session, &err), 0);
    send_number(add, 3);
    assert_int_equal(session_pipeline_commit(session, &err), 0);
    assert_int_equal(rows_there(), 1);
}

static void both_sides_may_say_more_than_fits_on_the_way(void **state)
{
    static char large[LARGE + 1];
    struct session_value value = {SERVER_TEXT, .bytes = large};

    (void)state;
    open_new();
    memset(large, 'x', LARGE);
    assert_int_equal(session_pipeline_begin(session, &err), 0);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(session_pipeline_send(session, echo, 1, &value, &err), 0);
    if (session_pipeline_commit(session, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < MANY; i++) {
        session_pipeline_show(session, i);
        assert_int_equal(strlen(session_text(session, 0, 0)), LARGE);
    }
}

static void what_a_warning_comes_with_may_be_forgotten(void **state)
{
    (void)state;
    open_new();
    assert_int_equal(session_pipeline_begin(session, &err), 0);
    send_number(add, 1);
    assert_int_equal(session_pipeline_send(session, warn, 0, NULL, &err), 0);
    assert_int_equal(session_pipeline_commit(session, &err), -1);
    assert_non_null(strstr(err.text, "canceling wait"));
    assert_string_equal(session_state(session), "");
    assert_false(session_is_usable(session));
}

static void a_connection_that_is_cut_is_of_no_use(void **state)
{
    (void)state;
    open_new();
    assert_int_equal(session_pipeline_begin(session, &err), 0);
    send_number(add, 1);
    cluster_run(url, "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
                     " WHERE application_name='claimbatch';");
    assert_int_equal(session_pipeline_commit(session, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_false(session_is_usable(session));
}

static void what_was_not_prepared_is_not_sent(void **state)
{
    (void)state;
    open_new();
    assert_int_equal(session_pipeline_begin(session, &err), 0);
    assert_int_equal(session_pipeline_send(session, count, 0, NULL, &err), -1);
    assert_int_equal(err.exit_code, EXIT_INTERNAL);
    assert_false(session_is_usable(session));
}

static int send_behind(int64_t number)
{
    struct session_value value = {SERVER_INT8, .number = number};

    return session_behind_send(session, add, 1, &value, &err);
}

/* … more of them than are sent at once, and all of the transaction that was begun before. */
static void what_nobody_asks_for_is_not_waited_for(void **state)
{
    (void)state;
    open_new();
    assert_int_equal(session_behind_end(session, &err), 0);
    assert_int_equal(session_execute(session, "BEGIN", &err), 0);
    for (int64_t i = 1; i <= 1000; i++)
        assert_int_equal(send_behind(i), 0);
    assert_int_equal(session_behind_end(session, &err), 0);
    assert_int_equal(rows_there(), 1000);
    assert_int_equal(session_execute(session, "ROLLBACK", &err), 0);
    assert_int_equal(rows_there(), 0);
}

static void what_failed_behind_is_told_at_the_end(void **state)
{
    (void)state;
    open_new();
    assert_int_equal(session_execute(session, "BEGIN", &err), 0);
    assert_int_equal(send_behind(1), 0);
    assert_int_equal(send_behind(1), 0);
    assert_int_equal(send_behind(2), 0);
    assert_int_equal(session_behind_end(session, &err), -1);
    assert_string_equal(session_state(session), "23505");
    assert_true(session_is_usable(session));
    assert_int_equal(session_execute(session, "ROLLBACK", &err), 0);
    assert_int_equal(rows_there(), 0);
}

int main(void)
{
#define WITH_SESSION(test) cmocka_unit_test_teardown(test, close_session)
    const struct CMUnitTest tests[] = {
        WITH_SESSION(each_statement_has_its_answer),
        WITH_SESSION(of_one_that_fails_nothing_is_left),
        WITH_SESSION(both_sides_may_say_more_than_fits_on_the_way),
        WITH_SESSION(what_a_warning_comes_with_may_be_forgotten),
        WITH_SESSION(a_connection_that_is_cut_is_of_no_use),
        WITH_SESSION(what_was_not_prepared_is_not_sent),
        WITH_SESSION(what_nobody_asks_for_is_not_waited_for),
        WITH_SESSION(what_failed_behind_is_told_at_the_end),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

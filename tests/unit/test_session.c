/* A connection to a real server: what it asks, what it refuses, and what an error means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "folder.h"
#include "ledger/postgres/session.h"
#include "one_server.h"

/* A session in a new database, whose URL has to stay where it is. */
static struct session *open_new(char url[CLUSTER_URL_BYTES])
{
    struct session *session;
    struct error err;

    if (!has_server)
        skip();
    cluster_create(&server, url);
    if (session_open(url, &session, &err))
        fail_msg("%s", err.text);
    return session;
}

static void refused(const char *url, int exit_code, const char *words)
{
    struct session *session;
    struct error err = {0};

    assert_int_equal(session_open(url, &session, &err), -1);
    assert_null(session);
    if (err.exit_code != exit_code || !strstr(err.text, words))
        fail_msg("%d: %s", err.exit_code, err.text);
}

static void texts_go_and_come(void **state)
{
    static const char question[] = "SELECT $1, $2, $3+1, $4";
    const struct session_value first[] = {{SERVER_TEXT, .bytes = "a '; -- %s"},
                                          {SERVER_TEXT, .bytes = "保险"},
                                          {SERVER_INT8, .number = 41},
                                          {SERVER_TEXT, .bytes = NULL}};
    const struct session_value second[] = {{SERVER_TEXT, .bytes = ""},
                                           {SERVER_TEXT, .bytes = "\n"},
                                           {SERVER_INT8, .number = -1},
                                           {SERVER_TEXT, .bytes = "x"}};
    char url[CLUSTER_URL_BYTES];
    struct session *session = open_new(url);
    struct error err;

    (void)state;
    assert_int_equal(session_ask(session, question, 4, first, &err), 0);
    assert_int_equal(session_rows(session), 1);
    assert_string_equal(session_text(session, 0, 0), "a '; -- %s");
    assert_string_equal(session_text(session, 0, 1), "保险");
    assert_string_equal(session_text(session, 0, 2), "42");
    assert_true(session_is_null(session, 0, 3));
    assert_string_equal(session_text(session, 0, 3), "");
    assert_int_equal(session_ask(session, question, 4, second, &err), 0);
    assert_string_equal(session_text(session, 0, 0), "");
    assert_false(session_is_null(session, 0, 0));
    assert_string_equal(session_text(session, 0, 2), "0");
    session_close(session);
}

static void values_keep_their_types(void **state)
{
    static const char question[] = "SELECT $1, $2, $3, $4, pg_typeof($1)::text||pg_typeof($2)"
                                   "||pg_typeof($3)||pg_typeof($4), octet_length($4)";
    static const unsigned char bytes[] = {0, 255, '\\', 'x', 0};
    const struct session_value values[] = {{SERVER_INT8, .number = INT64_MIN},
                                           {SERVER_INT4, .number = -2},
                                           {SERVER_BOOL, .number = 1},
                                           {SERVER_BYTES, .bytes = bytes, .len = sizeof(bytes)}};
    struct session_value nulls[4];
    unsigned char read[sizeof(bytes)];
    char url[CLUSTER_URL_BYTES];
    struct session *session = open_new(url);
    struct error err;

    (void)state;
    assert_int_equal(session_ask(session, question, 4, values, &err), 0);
    assert_true(session_integer(session, 0, 0) == INT64_MIN);
    assert_int_equal(session_integer(session, 0, 1), -2);
    assert_true(session_bool(session, 0, 2));
    assert_true(session_bytes(session, 0, 3, sizeof(bytes), read));
    assert_memory_equal(read, bytes, sizeof(bytes));
    assert_false(session_bytes(session, 0, 3, sizeof(bytes) - 1, read));
    assert_string_equal(session_text(session, 0, 4), "bigintintegerbooleanbytea");
    assert_int_equal(session_integer(session, 0, 5), sizeof(bytes));
    for (size_t i = 0; i < 4; i++)
        nulls[i] = (struct session_value){values[i].type, .is_null = true};
    assert_int_equal(session_ask(session, question, 4, nulls, &err), 0);
    for (int i = 0; i < 4; i++)
        assert_true(session_is_null(session, 0, i));
    assert_int_equal(session_integer(session, 0, 0), 0);
    assert_false(session_bool(session, 0, 2));
    assert_false(session_bytes(session, 0, 3, 0, read));
    session_close(session);
}

static void a_statement_is_prepared_once(void **state)
{
    static const char count[] = "SELECT count(*) FROM pg_prepared_statements";
    char url[CLUSTER_URL_BYTES];
    struct session *session = open_new(url);
    char before[16];
    struct error err;

    (void)state;
    assert_int_equal(session_ask(session, count, 0, NULL, &err), 0);
    snprintf(before, sizeof(before), "%s", session_text(session, 0, 0));
    assert_int_equal(session_ask(session, count, 0, NULL, &err), 0);
    assert_string_equal(session_text(session, 0, 0), before);
    session_close(session);
}

static void a_commit_is_waited_for_whatever_the_role_says(void **state)
{
    static const char *const settings[][2] = {
        {"off", "on"}, {"local", "on"}, {"remote_write", "on"}, {"remote_apply", "remote_apply"}};
    char url[CLUSTER_URL_BYTES];
    struct error err;

    (void)state;
    session_close(open_new(url));
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
        char text[128];
        struct session *session;

        snprintf(text, sizeof(text), "ALTER ROLE postgres SET synchronous_commit=%s",
                 settings[i][0]);
        cluster_run(url, text);
        assert_int_equal(session_open(url, &session, &err), 0);
        assert_int_equal(session_ask(session, "SHOW synchronous_commit", 0, NULL, &err), 0);
        assert_string_equal(session_text(session, 0, 0), settings[i][1]);
        session_close(session);
    }
    cluster_run(url, "ALTER ROLE postgres RESET synchronous_commit");
}

/* Goal: a statement sees what others have committed until then, and a value is what it says. */
static void statements_mean_the_same_whatever_the_role_says(void **state)
{
    static const char *const settings[][3] = {
        {"default_transaction_isolation", "'repeatable read'", "read committed"},
        {"standard_conforming_strings", "off", "on"},
        {"bytea_output", "escape", "hex"},
        {"search_path", "public", "claimbatch"},
        {"timezone", "PRC", "UTC"},
    };
    char url[CLUSTER_URL_BYTES], questions[sizeof(settings) / sizeof(*settings)][64];
    struct session *session;
    struct error err;

    (void)state;
    session_close(open_new(url));
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
        char text[128];

        snprintf(text, sizeof(text), "ALTER ROLE postgres SET %s=%s", settings[i][0],
                 settings[i][1]);
        cluster_run(url, text);
    }
    assert_int_equal(session_open(url, &session, &err), 0);
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
        /* A statement is known by its address. */
        snprintf(questions[i], sizeof(questions[i]), "SHOW %s", settings[i][0]);
        assert_int_equal(session_ask(session, questions[i], 0, NULL, &err), 0);
        assert_string_equal(session_text(session, 0, 0), settings[i][2]);
    }
    session_close(session);
    cluster_run(url, "ALTER ROLE postgres RESET ALL");
}

static void a_warning_is_an_error_and_a_notice_is_none(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = open_new(url);
    struct error err = {0};

    (void)state;
    assert_int_equal(session_execute(session, "DO $$BEGIN RAISE NOTICE 'a'; END$$", &err), 0);
    assert_int_equal(
        session_execute(session, "BEGIN; DO $$BEGIN RAISE WARNING 'b'; END$$; COMMIT", &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "the server warns: b"));
    assert_int_equal(session_execute(session, "SELECT 1", &err), 0);
    session_close(session);
}

/* Ends the first wait for a standby. */
static pid_t cancel_beside(const char *url)
{
    pid_t child = fork();

    if (child)
        return child;
    for (int i = 0; i < 1000; i++) {
        cluster_run(url, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
                         " WHERE wait_event='SyncRep'");
        poll(NULL, 0, 10);
    }
    _exit(0);
}

static void a_commit_whose_wait_somebody_cancels_may_be_tried_later(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = open_new(url);
    struct error err = {0};
    pid_t child;
    int result;

    (void)state;
    cluster_run(url, "ALTER SYSTEM SET synchronous_standby_names='nobody'");
    cluster_run(url, "SELECT pg_reload_conf()");
    child = cancel_beside(url);
    poll(NULL, 0, 200);
    result = session_execute(session, "CREATE SCHEMA claimbatch", &err);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    cluster_run(url, "ALTER SYSTEM RESET synchronous_standby_names");
    cluster_run(url, "SELECT pg_reload_conf()");
    assert_int_equal(result, -1);
    assert_non_null(strstr(err.text, "synchronous replication"));
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_false(session_is_usable(session));
    session_close(session);
}

static void what_the_server_says_has_its_exit_code(void **state)
{
    static const struct {
        const char *statement, *words;
        int exit_code;
    } cases[] = {
        {"SELECT no", "column", EXIT_INTERNAL},
        {"SELECT * FROM meta", "meta", EXIT_BAD_CONFIG},
        {"DO $$BEGIN RAISE EXCEPTION 'full' USING ERRCODE='53100'; END$$", "full",
         EXIT_CANNOT_WRITE},
        {"DO $$BEGIN RAISE EXCEPTION 'two' USING ERRCODE='40P01'; END$$", "two", EXIT_TRY_LATER},
        {"SET statement_timeout=1; SELECT pg_sleep(60)", "timeout", EXIT_TRY_LATER},
    };
    char url[CLUSTER_URL_BYTES];
    struct session *session = open_new(url);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct error err = {0};

        assert_int_equal(session_execute(session, cases[i].statement, &err), -1);
        if (err.exit_code != cases[i].exit_code || !strstr(err.text, cases[i].words))
            fail_msg("%s: %d: %s", cases[i].statement, err.exit_code, err.text);
    }
    session_close(session);
}

static void a_connection_that_is_cut_can_be_tried_later(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = open_new(url);
    struct error err = {0};

    (void)state;
    cluster_run(url, "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
                     " WHERE application_name='claimbatch';");
    assert_int_equal(session_execute(session, "SELECT 1", &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    session_close(session);
}

static void who_is_not_let_in_is_told_why(void **state)
{
    char url[CLUSTER_URL_BYTES], other[2 * CLUSTER_URL_BYTES];
    const char *folder;

    (void)state;
    session_close(open_new(url));
    folder = strstr(url, "host=");
    snprintf(other, sizeof(other), "postgresql://nobody@/postgres?%s", folder);
    refused(other, EXIT_BAD_CONFIG, "nobody");
    snprintf(other, sizeof(other), "postgresql://postgres@/none?%s", folder);
    refused(other, EXIT_BAD_CONFIG, "none");
    refused("postgresql:///claims?host=/nowhere", EXIT_TRY_LATER, "cannot connect");
}

/* As one whose processes are stopped: the system connects, and nobody answers. */
static void a_host_that_hangs_keeps_nobody_from_the_next(void **state)
{
    char url[CLUSTER_URL_BYTES], both[2 * CLUSTER_URL_BYTES], path[256];
    const struct folder *folder = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct session *session = open_new(url);
    struct error err;
    const char *host = strstr(url, "host=") + strlen("host=");
    int hangs = socket(AF_UNIX, SOCK_STREAM, 0);

    session_close(session);
    snprintf(path, sizeof(path), "%s/.s.PGSQL.5432", folder->path);
    assert_true(strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path));
    assert_int_equal(bind(hangs, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(hangs, 1), 0);
    snprintf(both, sizeof(both), "%.*shost=%s,%s", (int)(strstr(url, "host=") - url), url,
             folder->path, host);
    if (session_open(both, &session, &err))
        fail_msg("%s", err.text);
    session_close(session);
    snprintf(both, sizeof(both), "postgresql:///claims?host=%s,/nowhere", folder->path);
    refused(both, EXIT_TRY_LATER, "no answer within 10 s; connection to server on socket");
    close(hangs);
}

static void another_host_has_to_show_who_it_is(void **state)
{
    static const char *const modes[] = {"disable", "allow", "prefer", "require", "verify-ca"};

    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        char url[CLUSTER_URL_BYTES];

        snprintf(url, sizeof(url), "postgresql://localhost,192.0.2.1/claims?sslmode=%s", modes[i]);
        refused(url, EXIT_BAD_CONFIG, "could be that host");
    }
    setenv("PGSSLMODE", "require", 1);
    refused("postgresql://192.0.2.1/claims", EXIT_BAD_CONFIG, "could be that host");
    unsetenv("PGSSLMODE");
}

static void a_password_comes_from_no_variable(void **state)
{
    (void)state;
    setenv("PGPASSWORD", "geheim", 1);
    refused("postgresql:///claims?host=/nowhere", EXIT_BAD_CONFIG, "PGPASSWORD");
    unsetenv("PGPASSWORD");
    refused("postgresql://clerk:geheim@db/claims", EXIT_BAD_CONFIG, "has a password in it");
}

/* What new connections find. */
static void set_on_server(const char *setting, const char *value)
{
    char statement[128];

    snprintf(statement, sizeof(statement), "ALTER SYSTEM SET %s=%s;", setting, value);
    cluster_run(server.url, statement);
    cluster_run(server.url, "DO $$BEGIN PERFORM pg_reload_conf(); END$$");
    snprintf(statement, sizeof(statement), "SELECT (current_setting('%s')='%s')::int", setting,
             value);
    while (cluster_number(server.url, statement) != 1)
        ;
}

static void a_server_that_may_forget_is_refused(void **state)
{
    static const char *const settings[] = {"fsync", "full_page_writes"};

    (void)state;
    if (!has_server)
        skip();
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
        set_on_server(settings[i], "off");
        refused(server.url, EXIT_BAD_CONFIG, i ? "full_page_writes off" : "fsync off");
        set_on_server(settings[i], "on");
    }
}

static void who_only_looks_writes_nothing_and_asks_for_no_promise(void **state)
{
    struct session *session;
    struct error err;

    (void)state;
    if (!has_server)
        skip();
    set_on_server("fsync", "off");
    assert_int_equal(session_open_to_look(server.url, &session, &err), 0);
    assert_int_equal(session_ask(session, "SELECT 42", 0, NULL, &err), 0);
    assert_int_equal(session_integer(session, 0, 0), 42);
    assert_int_equal(session_execute(session, "CREATE TABLE t()", &err), -1);
    assert_non_null(strstr(err.text, "read-only transaction"));
    session_close(session);
    set_on_server("fsync", "on");
}

static void a_database_of_another_encoding_is_refused(void **state)
{
    char url[CLUSTER_URL_BYTES], latin[2 * CLUSTER_URL_BYTES];

    (void)state;
    session_close(open_new(url));
    cluster_run(url, "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0;");
    snprintf(latin, sizeof(latin), "postgresql://postgres@/latin?%s", strstr(url, "host="));
    refused(latin, EXIT_BAD_CONFIG, "another encoding");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_go_and_come),
        cmocka_unit_test(values_keep_their_types),
        cmocka_unit_test(a_statement_is_prepared_once),
        cmocka_unit_test(a_commit_is_waited_for_whatever_the_role_says),
        cmocka_unit_test(statements_mean_the_same_whatever_the_role_says),
        cmocka_unit_test(a_warning_is_an_error_and_a_notice_is_none),
        cmocka_unit_test(a_commit_whose_wait_somebody_cancels_may_be_tried_later),
        cmocka_unit_test(what_the_server_says_has_its_exit_code),
        cmocka_unit_test(a_connection_that_is_cut_can_be_tried_later),
        cmocka_unit_test(who_is_not_let_in_is_told_why),
        IN_FOLDER(a_host_that_hangs_keeps_nobody_from_the_next),
        cmocka_unit_test(another_host_has_to_show_who_it_is),
        cmocka_unit_test(a_password_comes_from_no_variable),
        cmocka_unit_test(a_server_that_may_forget_is_refused),
        cmocka_unit_test(who_only_looks_writes_nothing_and_asks_for_no_promise),
        cmocka_unit_test(a_database_of_another_encoding_is_refused),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

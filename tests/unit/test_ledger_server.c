/* A ledger on a PostgreSQL server: what is not the same as of one in a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "both_places.h"
#include "ledger/shared_limits.h"
#include "ledger/store/answer.h"
#include "ledger/store/server_sql.h"
#include "ledger_words.h"

/* The highest parameter of a statement for SQLite. */
static size_t file_parameters(const char *statement)
{
    size_t most = 0;

    for (const char *at = statement; (at = strchr(at, '?')); at++) {
        size_t number = strtoul(at + 1, NULL, 10);

        most = number > most ? number : most;
    }
    return most;
}

static void every_statement_can_be_prepared(void **state)
{
    struct place *place = *state;
    struct buffer text = {0};
    int count = 0;

    buffer_format(&text, "SET search_path=claimbatch;\n");
    for (enum statement which = 0; which < SQL_COUNT; which++) {
        const char *statement = server_sql_text(which);

        if (!statement || which == SQL_BEGIN || which == SQL_COMMIT || which == SQL_READ)
            continue;
        buffer_format(&text, "PREPARE s%d AS %s;\n", (int)which, statement);
        count++;
    }
    assert_true(count > 80);
    cluster_run(place->path, text.ptr);
    buffer_release(&text);
}

/* One that a row's link, or a claim's last row, is left out of takes fewer. */
static void no_statement_takes_more_parameters_than_of_a_file(void **state)
{
    (void)state;
    for (enum statement which = 0; which < SQL_COUNT; which++)
        if (server_sql_text(which) && sql_text(which) && which != SQL_ROW_LINK)
            assert_true(answer_parameters(server_sql_text(which)) <=
                        file_parameters(sql_text(which)));
}

static void what_a_server_is_not_asked_is_an_error_and_nothing_is_done(void **state)
{
    struct place *place = *state;
    struct app app = {PLATFORM, "key"};
    struct run_record run = create_run(place->ledger, 1);

    begin(place->ledger);
    assert_int_equal(ledger_run_take_released(place->ledger, run.id, &err), 0);
    assert_int_equal(ledger_pending_set(place->ledger, &app, run.id, 1, 1, &err), -1);
    assert_int_equal(err.exit_code, EXIT_INTERNAL);
    assert_false(ledger_is_begun(place->ledger));
}

static void a_database_without_a_ledger_is_none(void **state)
{
    struct ledger *ledger;
    char url[CLUSTER_URL_BYTES];

    (void)state;
    cluster_create(&test_server, url);
    assert_int_equal(ledger_open(url, &ledger, &err), -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_MISSING);
}

static void a_ledger_of_another_schema_is_refused(void **state)
{
    struct place *place = *state;
    struct ledger *ledger;

    cluster_run(place->path, "UPDATE claimbatch.meta SET value='2' WHERE name='schema'");
    assert_int_equal(ledger_open(place->path, &ledger, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
}

static void a_statement_that_fails_takes_its_transaction_back(void **state)
{
    struct place *place = *state;
    struct run_record run = run_record(PLATFORM, 1);

    begin(place->ledger);
    assert_int_equal(ledger_run_create(place->ledger, &run, &err), 0);
    cluster_run(place->path, "ALTER TABLE claimbatch.event RENAME TO gone");
    assert_int_equal(ledger_event_put(place->ledger, run.id, &(struct event){.text = ""}, &err),
                     -1);
    assert_false(ledger_is_begun(place->ledger));
    cluster_run(place->path, "ALTER TABLE claimbatch.gone RENAME TO event");
    assert_int_equal(cluster_number(place->path, "SELECT count(*) FROM claimbatch.run"), 0);
    create_run(place->ledger, 1); /* and the ledger goes on */
    assert_int_equal(cluster_number(place->path, "SELECT count(*) FROM claimbatch.run"), 1);
}

static void rows_of_a_run_come_page_by_page(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);
    struct known_row known = {0};
    struct ledger_rows *rows;
    char text[256];
    uint64_t row = 0;

    snprintf(text, sizeof(text),
             "INSERT INTO claimbatch.row SELECT %lld, g, NULL, NULL, 1,2,0,3,2,2,200,1,1,"
             " '\\x00','','','','','' FROM generate_series(1, %d) g",
             (long long)run.id, 2 * SERVER_SQL_PAGE + 1);
    cluster_run(place->path, text);
    assert_int_equal(ledger_rows_open(place->ledger, run.id, &rows, &err), 0);
    begin(place->ledger);
    while (ledger_rows_next(rows, &known, &err) > 0)
        assert_int_equal(known.record.row, ++row);
    assert_int_equal(row, 2 * SERVER_SQL_PAGE + 1);
    commit(place->ledger);
    begin(place->ledger);
    assert_int_equal(ledger_rows_find(rows, 2 * SERVER_SQL_PAGE, &known, &err), 1);
    assert_int_equal(ledger_rows_find(rows, 2 * SERVER_SQL_PAGE + 1, &known, &err), 1);
    assert_int_equal(ledger_rows_find(rows, 2 * SERVER_SQL_PAGE + 2, &known, &err), 0);
    commit(place->ledger);
    ledger_rows_close(rows);
    known_row_release(&known);
}

static int create_runs(const char *path, int count)
{
    struct ledger *ledger;
    int failed = ledger_open(path, &ledger, &err);

    for (int i = 0; !failed && i < count; i++) {
        struct run_record run = run_record(PLATFORM, 1);

        failed = ledger_begin(ledger, &err) || ledger_run_create(ledger, &run, &err) ||
                 ledger_commit(ledger, &err);
    }
    return failed;
}

/* Each run takes the place behind the last one, which two at a time would both read. */
static void writers_wait_for_each_other(void **state)
{
    enum { PROCESSES = 4, RUNS = 10 };
    struct place *place = *state;
    pid_t children[PROCESSES];

    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(create_runs(place->path, RUNS) != 0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;

        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(
        cluster_number(place->path, "SELECT count(DISTINCT sequence) FROM claimbatch.run"),
        PROCESSES * RUNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SERVER(every_statement_can_be_prepared),
        cmocka_unit_test(no_statement_takes_more_parameters_than_of_a_file),
        ON_SERVER(what_a_server_is_not_asked_is_an_error_and_nothing_is_done),
        ON_SERVER(a_database_without_a_ledger_is_none),
        ON_SERVER(a_ledger_of_another_schema_is_refused),
        ON_SERVER(a_statement_that_fails_takes_its_transaction_back),
        ON_SERVER(writers_wait_for_each_other),
        ON_SERVER(rows_of_a_run_come_page_by_page),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

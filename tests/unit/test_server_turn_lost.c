/* Turns that cannot be said as they were begun: another says so of its worker, a connection, an
 * answer or the server is lost, or what the server has acknowledged is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#include "folder.h"
#include "ledger/postgres/alive/host_lock.h"
#include "ledger/postgres/outage/spill.h"
#include "server_place.h"

static void who_was_fenced_says_nothing_more(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    struct worker worker = WORKER(1);
    const struct server_work work = {1, 1, NULL};
    struct server_turn *turn = place_turn(url, &worker);
    struct server_answer judged = ask(turn, 5);
    struct attempt attempt;
    struct error err;

    (void)state;
    intend(turn, 5, 1, &judged, &attempt);
    execute(look, "UPDATE worker SET fenced=true, fenced_by=2, epoch=epoch+1 WHERE id=1");
    assert_int_equal(server_turn_commit(turn, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_true(worker.is_fenced);
    assert_string_equal(value(look, "SELECT count(*) FROM claim"), "0");
    server_turn_close(turn);
    assert_int_equal(server_turn_open(url, &worker, &work, PATIENCE_MS, &turn, &err), -1);
    assert_non_null(strstr(err.text, "nothing more is sent"));
    session_close(look);
}

static void an_earlier_connection_says_nothing_after_a_later_one(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    struct worker worker = WORKER(1), again = WORKER(1);
    struct server_turn *early = place_turn(url, &worker);
    struct server_answer judged = ask(early, 5);
    struct server_turn *late = place_turn(url, &again);
    struct attempt attempt;
    struct error err;

    (void)state;
    intend(early, 5, 1, &judged, &attempt);
    assert_int_equal(server_turn_commit(early, &err), -1);
    assert_string_equal(value(look, "SELECT count(*) FROM claim"), "0");
    intend(late, 5, 1, &judged, &attempt);
    commit(late);
    assert_false(attempt.refused);
    server_answer_release(&judged);
    server_turn_close(early);
    server_turn_close(late);
    session_close(look);
}

/* As a server says it where the wait for a standby was cancelled: the commit may be forgotten. */
static void what_a_warning_comes_with_is_said_again(void **state)
{
    static const char once[] =
        "CREATE SEQUENCE public.warned;"
        "CREATE FUNCTION public.warn() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
        " IF nextval('public.warned')=1 THEN RAISE WARNING 'canceling wait'; END IF; RETURN NULL;"
        " END$$;"
        "CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON claim INITIALLY DEFERRED FOR EACH ROW"
        " EXECUTE FUNCTION public.warn()";
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    struct worker worker = WORKER(1);
    struct server_turn *turn = place_turn(url, &worker);
    struct server_answer judged = ask(turn, 5);
    struct attempt attempt;

    (void)state;
    execute(look, once);
    intend(turn, 5, 1, &judged, &attempt);
    commit(turn);
    assert_false(attempt.refused);
    assert_int_equal(worker.epoch, 2);
    assert_string_equal(value(look, "SELECT count(*) FROM claim"), "1");
    assert_string_equal(value(look, "SELECT open_call FROM claim WHERE open_intent"), "268435457");
    server_answer_release(&judged);
    server_turn_close(turn);
    session_close(look);
}

static void what_was_acknowledged_and_is_gone_is_noticed(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    struct worker worker = WORKER(1);
    struct server_turn *turn = place_turn(url, &worker);
    struct server_answer judged = ask(turn, 5);
    struct attempt attempt;
    struct error err;

    (void)state;
    intend(turn, 5, 1, &judged, &attempt);
    commit(turn);
    execute(look, "DELETE FROM claim");
    end_row(turn, &attempt, SERVER_END_OVER, ROW_FINAL, OUTCOME_ACCEPTED);
    assert_int_equal(server_turn_commit(turn, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "does not have what it has acknowledged"));
    server_turn_close(turn);
    session_close(look);
}

/* As where a standby took over that had not received it all. `loss` is what is not there then; one
 * claim is in flight, and one is settled by the turn that is said again. */
static void a_ledger_that_lost_it_is_told(const char *loss, bool is_lost)
{
    char url[CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    struct worker worker = WORKER(1);
    struct server_turn *turn = place_turn(url, &worker);
    struct server_answer nothing = {0};
    struct attempt one, two;
    struct error err;
    int result;

    send_once(turn, 7, 1, SERVER_END_OVER, OUTCOME_ACCEPTED);
    intend(turn, 5, 2, &nothing, &one);
    intend(turn, 6, 3, &nothing, &two);
    worker.beat_ms = 0; /* it is due */
    commit(turn);
    end_row(turn, &one, SERVER_END_OVER, ROW_FINAL, OUTCOME_ACCEPTED);
    execute(look, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                  " WHERE pid<>pg_backend_pid() AND application_name='claimbatch'");
    execute(look, loss);
    result = server_turn_commit(turn, &err);
    assert_int_equal(result, is_lost ? -1 : 0);
    if (is_lost) {
        assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
        assert_non_null(strstr(err.text, "is sent"));
        assert_false(worker.is_fenced);
    }
    server_turn_close(turn);
    session_close(look);
}

static void what_was_acknowledged_is_there_after_a_new_connection(void **state)
{
    (void)state;
    a_ledger_that_lost_it_is_told("SELECT 1", false);
    a_ledger_that_lost_it_is_told("DELETE FROM claim WHERE workcard_id=6", true);
    a_ledger_that_lost_it_is_told("UPDATE claim SET open_call=NULL WHERE workcard_id=6", true);
    a_ledger_that_lost_it_is_told("UPDATE worker SET calls=calls-1 WHERE id=1", true);
    a_ledger_that_lost_it_is_told("DELETE FROM worker WHERE id=1", true);
    a_ledger_that_lost_it_is_told("UPDATE meta SET value='another' WHERE name='id'", true);
    a_ledger_that_lost_it_is_told("UPDATE meta SET value='standby' WHERE name='durability'", true);
    a_ledger_that_lost_it_is_told("UPDATE claim SET open_call=268435457, open_worker=1,"
                                  " open_intent=true WHERE workcard_id=7",
                                  true);
}

/* By a name of its folder that can be taken away. */
static void what_cannot_be_said_is_kept_until_it_is(void **state)
{
    const struct folder *folder = *state;
    char url[CLUSTER_URL_BYTES], by_name[2 * CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    struct host_lock lock = {.fd = -1, .boot = "boot"};
    struct worker worker = WORKER(1);
    const struct server_work work = {1, 1, folder->path};
    const char *host = strstr(url, "host=") + strlen("host=");
    struct server_answer nothing = {0};
    struct server_turn *turn;
    struct spill_content content;
    struct attempt attempt;
    struct error err;
    char path[160];

    worker.lock = &lock;
    snprintf(by_name, sizeof(by_name), "%.*shost=%s", (int)(strstr(url, "host=") - url), url,
             folder->file);
    assert_int_equal(symlink(host, folder->file), 0);
    assert_int_equal(server_turn_open(by_name, &worker, &work, 300, &turn, &err), 0);
    intend(turn, 5, 2, &nothing, &attempt);
    commit(turn);
    end_row(turn, &attempt, SERVER_END_OVER, ROW_FINAL, OUTCOME_ACCEPTED);
    assert_null(server_turn_kept(turn));
    unlink(folder->file);
    execute(look, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                  " WHERE pid<>pg_backend_pid() AND application_name='claimbatch'");
    assert_int_equal(server_turn_commit(turn, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_int_equal(spill_count(server_turn_kept(turn)), 1);
    assert_int_equal(server_turn_keep(turn, &err), 0); /* it has been */
    assert_int_equal(spill_count(server_turn_kept(turn)), 1);
    assert_true(server_turn_keep_last(turn, &err));
    assert_non_null(strstr(err.text, "the answer of 1 call is kept in '"));
    snprintf(path, sizeof(path), "%s", spill_path(server_turn_kept(turn)));
    assert_int_equal(spill_read(path, &content, &err), 0);
    assert_int_equal(content.count, 1);
    assert_int_equal(content.owner.worker, 1);
    assert_int_equal(content.answers[0].run, 1);
    assert_int_equal(content.answers[0].attempt.call, attempt.intent.call);
    assert_int_equal(content.answers[0].record.outcome, OUTCOME_ACCEPTED);
    spill_release(&content);
    assert_int_equal(symlink(host, folder->file), 0);
    commit(turn);
    assert_null(server_turn_kept(turn));
    assert_int_equal(access(path, F_OK), -1);
    assert_string_equal(value(look, "SELECT accepted_row FROM claim"), "2");
    server_turn_close(turn);
    session_close(look);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_was_fenced_says_nothing_more),
        cmocka_unit_test(an_earlier_connection_says_nothing_after_a_later_one),
        cmocka_unit_test(what_a_warning_comes_with_is_said_again),
        cmocka_unit_test(what_was_acknowledged_and_is_gone_is_noticed),
        cmocka_unit_test(what_was_acknowledged_is_there_after_a_new_connection),
        IN_FOLDER(what_cannot_be_said_is_kept_until_it_is),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

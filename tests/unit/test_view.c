/* Unit tests of view: a ledger is looked at without being touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include "ledger/shared_limits.h"
#include "view_words.h"

/* ---- opening ---- */

static void nothing_is_made_where_no_ledger_is(void **state)
{
    struct place *place = *state;
    struct ledger *view;
    struct stat status;
    char path[192];

    snprintf(path, sizeof(path), "%s/none/ledger.db", place->folder);
    assert_int_equal(view_open(path, &view, &err), -1);
    assert_null(view);
    assert_int_equal(err.exit_code, EXIT_INPUT_MISSING);
    assert_non_null(strstr(err.text, path));
    *strrchr(path, '/') = '\0';
    assert_int_equal(stat(path, &status), -1);

    assert_int_equal(view_open(place->folder, &view, &err), -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_MISSING);
}

static void what_is_no_ledger_is_refused(void **state)
{
    static const char text[] = "row,workcard_id,claim_desc\n2,815,this is somebody's report and "
                               "it is longer than the head of a database is\n";
    struct place *place = *state;
    struct ledger *view;
    char path[192];
    FILE *file;

    snprintf(path, sizeof(path), "%s/report.csv", place->folder);
    file = fopen(path, "w");
    fwrite(text, 1, sizeof(text) - 1, file);
    fclose(file);
    assert_int_equal(view_open(path, &view, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);

    snprintf(path, sizeof(path), "%s/other.db", place->folder);
    run_sql(path, "CREATE TABLE t(x)");
    assert_int_equal(view_open(path, &view, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "no ledger"));
}

static void versions_are_told_apart_and_an_earlier_one_is_left_as_it_is(void **state)
{
    struct place *place = *state;
    struct ledger *view = open_view(place);

    assert_int_equal(view_check_schema(view, &err), 0);
    ledger_close(view);
    run_sql(place->path, "PRAGMA user_version=1");
    view = open_view(place);
    assert_int_equal(view_check_schema(view, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "next upload"));
    ledger_close(view);
    assert_int_equal(run_sql(place->path, "PRAGMA user_version"), 1);

    run_sql(place->path, "PRAGMA user_version=99");
    assert_int_equal(view_open(place->path, &view, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "newer"));
}

static void view_cannot_write(void **state)
{
    struct place *place = *state;
    struct ledger *view = open_view(place);

    assert_int_equal(ledger_begin(view, &err), -1);
    ledger_close(view);
}

static void path_of_any_bytes_is_opened(void **state)
{
    struct place *place = *state;
    struct ledger *ledger, *view;
    char path[192];

    snprintf(path, sizeof(path), "%s/a b?c#d%%41e%%理.db", place->folder);
    assert_int_equal(ledger_open(path, &ledger, &err), 0);
    if (view_open(path, &view, &err))
        fail_msg("%s", err.text);
    assert_string_equal(ledger_id(view), ledger_id(ledger));
    ledger_close(view);
    ledger_close(ledger);
}

/* In a process that is not the superuser, to whom nothing is read-only. */
static int look_as_anybody(const struct place *place)
{
    struct ledger *view;
    struct view_run run;

    if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
        return 2;
    if (view_open(place->path, &view, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 3;
    }
    return view_run_next(view, INT64_MAX, &run, &err) == 1 ? 0 : 4;
}

static void backup_on_a_read_only_medium_can_be_looked_at(void **state)
{
    struct place *place = *state;
    struct stat status;
    char path[192];
    int ended;
    pid_t child;

    create_run(place->ledger, 1);
    ledger_close(place->ledger);
    place->ledger = NULL;
    snprintf(path, sizeof(path), "%s-wal", place->path);
    assert_int_equal(stat(path, &status), -1);
    assert_int_equal(chmod(place->path, 0444), 0);
    snprintf(path, sizeof(path), "%s.lock", place->path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(chmod(place->folder, 0555), 0);
    child = fork();
    if (child == 0)
        _exit(look_as_anybody(place));
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(chmod(place->folder, 0700), 0);
    assert_int_equal(WEXITSTATUS(ended), 0);
    snprintf(path, sizeof(path), "%s-wal", place->path);
    assert_int_equal(stat(path, &status), -1);
}

/* ---- runs ---- */

static struct view_run newest(struct ledger *view)
{
    struct view_run run;

    assert_int_equal(view_run_next(view, INT64_MAX, &run, &err), 1);
    return run;
}

static void runs_come_newest_first(void **state)
{
    struct place *place = *state;
    struct ledger *view = open_view(place);
    struct view_run run;

    assert_int_equal(view_run_next(view, INT64_MAX, &run, &err), 0);
    create_run(place->ledger, 1);
    create_run(place->ledger, 2);
    assert_int_equal(view_run_next(view, INT64_MAX, &run, &err), 1);
    assert_int_equal(run.record.id, 2);
    assert_string_equal(run.record.command, "upload");
    assert_string_equal(run.record.platform, PLATFORM);
    assert_string_equal(run.record.export_name, "claims.csv");
    assert_int_equal(view_run_next(view, 2, &run, &err), 1);
    assert_int_equal(run.record.id, 1);
    assert_int_equal(view_run_next(view, 1, &run, &err), 0);
    ledger_close(view);
}

static void state_of_a_run_is_told_by_its_lock_and_its_end(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);
    struct ledger *view = open_view(place);

    assert_int_equal(newest(view).state, VIEW_INTERRUPTED);
    assert_int_equal(ledger_run_lock(place->ledger, run.id, &err), 1);
    assert_int_equal(newest(view).state, VIEW_ACTIVE);
    ledger_close(place->ledger);
    assert_int_equal(ledger_open(place->path, &place->ledger, &err), 0);
    finish_run(place->ledger, &run, STARTED_MS + 1, "limit");
    assert_int_equal(newest(view).state, VIEW_STOPPED);
    assert_string_equal(newest(view).record.stopped_because, "limit");
    finish_run(place->ledger, &run, STARTED_MS + 1, "");
    assert_int_equal(newest(view).state, VIEW_FINISHED);
    ledger_close(view);
}

static void without_a_lock_file_no_run_is_active_and_none_is_made(void **state)
{
    struct place *place = *state;
    struct stat status;
    struct ledger *view;
    char path[192];

    create_run(place->ledger, 1);
    snprintf(path, sizeof(path), "%s.lock", place->path);
    assert_int_equal(unlink(path), 0);
    view = open_view(place);
    assert_int_equal(newest(view).state, VIEW_INTERRUPTED);
    ledger_close(view);
    assert_int_equal(stat(path, &status), -1);
}

static void counts_are_those_of_the_report_or_of_the_rows_so_far(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);
    struct run_count counts[OUTCOME_COUNT] = {[OUTCOME_ACCEPTED] = {7, 7, "700"}};
    struct ledger *view = open_view(place);
    struct view_run seen;

    send_one(place->ledger, run.id, 2, "A", OUTCOME_ACCEPTED);
    send_one(place->ledger, run.id, 3, "B", OUTCOME_ACCEPTED);
    send_one(place->ledger, run.id, 4, "C", OUTCOME_UNKNOWN);
    seen = newest(view);
    assert_false(seen.has_money);
    assert_int_equal(seen.counts[OUTCOME_ACCEPTED].rows, 2);
    assert_int_equal(seen.counts[OUTCOME_UNKNOWN].rows, 1);
    assert_int_equal(seen.counts[OUTCOME_FAILED].rows, 0);

    begin(place->ledger);
    assert_int_equal(ledger_run_count_put(place->ledger, run.id, counts, &err), 0);
    commit(place->ledger);
    finish_run(place->ledger, &run, STARTED_MS + 1, "");
    seen = newest(view);
    assert_true(seen.has_money);
    assert_int_equal(seen.counts[OUTCOME_ACCEPTED].rows, 7);
    assert_string_equal(seen.counts[OUTCOME_ACCEPTED].fee_fen, "700");
    ledger_close(view);
}

static void writer_and_viewer_do_not_wait_for_each_other(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);
    struct ledger *view = open_view(place);
    struct view_list *list;
    struct view_unknown unknown;

    send_one(place->ledger, run.id, 2, "A", OUTCOME_UNKNOWN);
    send_one(place->ledger, run.id, 3, "B", OUTCOME_UNKNOWN);
    begin(place->ledger);
    send_row(place->ledger, run.id, 4, "C", OUTCOME_ACCEPTED);
    assert_int_equal(newest(view).counts[OUTCOME_ACCEPTED].rows, 0);
    assert_int_equal(view_list_open(view, &list, &err), 0);
    assert_int_equal(view_list_next(list, &unknown, &err), 1);
    commit(place->ledger);
    /* In the middle of a list no old state is held: the log can be carried over to its end. */
    assert_int_equal(ask_place(place->ledger, "PRAGMA wal_checkpoint(TRUNCATE)", "SELECT 0"), 0);
    assert_int_equal(view_list_next(list, &unknown, &err), 1);
    assert_string_equal(unknown.claim_order_no, "B");
    assert_int_equal(view_list_next(list, &unknown, &err), 0);
    assert_int_equal(newest(view).counts[OUTCOME_ACCEPTED].rows, 1);
    view_list_close(list);
    ledger_close(view);
}

/* ---- today ---- */

struct apps {
    size_t count;
    struct view_app last;
    char app_key[32];
};

static void take_app(void *context, const struct view_app *app)
{
    struct apps *apps = context;

    apps->count++;
    apps->last = *app;
    snprintf(apps->app_key, sizeof(apps->app_key), "%s", app->app_key);
}

static void only_calls_of_today_and_bans_in_force_are_shown(void **state)
{
    static const struct app app = {PLATFORM, "k1"};
    struct place *place = *state;
    struct ledger *ledger = place->ledger;
    struct ledger *view = open_view(place);
    struct apps apps = {0};

    create_run(ledger, 1);
    begin(ledger);
    assert_int_equal(ledger_calls_add(ledger, &app, 20221211, 99, &err), 0);
    assert_int_equal(ledger_calls_add(ledger, &app, 20221212, 5, &err), 0);
    assert_int_equal(ledger_ban_set(ledger, &app, STARTED_MS, 2000, &err), 0);
    commit(ledger);
    assert_int_equal(view_today(view, STARTED_MS, take_app, &apps, &err), 0);
    assert_int_equal(apps.count, 1);
    assert_string_equal(apps.app_key, "k1");
    assert_int_equal(apps.last.calls, 5);
    assert_int_equal(apps.last.banned_until_ms, STARTED_MS + 2000);

    assert_int_equal(view_today(view, STARTED_MS + 2000, take_app, &apps, &err), 0);
    assert_int_equal(apps.count, 2);
    assert_int_equal(apps.last.banned_until_ms, 0);
    assert_int_equal(view_today(view, STARTED_MS + 2 * 86400000, take_app, &apps, &err), 0);
    assert_int_equal(apps.count, 2);
    ledger_close(view);
}

/* ---- unknown attempts ---- */

struct seen {
    size_t count;
    uint64_t rows[8];
    char codes[8][32];
    uint64_t unknown;
};

static void take_unknown(void *context, const struct view_unknown *unknown)
{
    struct seen *seen = context;

    assert_true(seen->count < 8);
    snprintf(seen->codes[seen->count], sizeof(seen->codes[0]), "%s", unknown->code);
    seen->rows[seen->count++] = unknown->place.row;
}

static void take_open_run(void *context, const struct view_open_run *open)
{
    struct seen *seen = context;

    seen->unknown += open->unknown;
}

static void unknown_attempts_come_oldest_first_and_no_more_than_asked_for(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);
    struct ledger *view = open_view(place);
    struct seen seen = {0};

    send_one(place->ledger, run.id, 9, "A", OUTCOME_UNKNOWN);
    send_one(place->ledger, run.id, 3, "B", OUTCOME_UNKNOWN);
    send_one(place->ledger, run.id, 5, "C", OUTCOME_UNKNOWN);
    send_one(place->ledger, run.id, 4, "D", OUTCOME_ACCEPTED);
    assert_int_equal(view_unknown_oldest(view, 2, take_unknown, &seen, &err), 0);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.rows[0], 3);
    assert_int_equal(seen.rows[1], 5);
    assert_string_equal(seen.codes[0], "CODE");
    ledger_close(view);
}

static void intent_is_unknown_once_its_run_is_dead(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);
    struct ledger *view = open_view(place);
    struct row_ref ref = ref_of(run.id, 2, "A");
    struct seen seen = {0};

    assert_int_equal(ledger_run_lock(place->ledger, run.id, &err), 1);
    begin(place->ledger);
    intend(place->ledger, &ref);
    send_row(place->ledger, run.id, 3, "B", OUTCOME_UNKNOWN);
    commit(place->ledger);
    assert_int_equal(view_open_runs(view, take_open_run, &seen, &err), 0);
    assert_int_equal(seen.unknown, 1);
    assert_int_equal(view_unknown_oldest(view, 1, take_unknown, &seen, &err), 0);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.rows[0], 3);

    ledger_close(place->ledger); /* with it goes the lock */
    place->ledger = NULL;
    memset(&seen, 0, sizeof(seen));
    assert_int_equal(view_open_runs(view, take_open_run, &seen, &err), 0);
    assert_int_equal(seen.unknown, 2);
    assert_int_equal(view_unknown_oldest(view, 8, take_unknown, &seen, &err), 0);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.codes[0], "RUN_ENDED");
    assert_string_equal(seen.codes[1], "CODE");
    ledger_close(view);
}

static void list_has_every_unknown_attempt_once(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);
    struct ledger *view = open_view(place);
    struct view_unknown unknown;
    struct view_list *list;
    char last[32] = "";
    size_t count = 0;

    begin(place->ledger);
    for (uint64_t row = 2; row < 300; row++) {
        char order_no[32];

        snprintf(order_no, sizeof(order_no), "CL%llu", (unsigned long long)(row * 7919 % 1000));
        send_row(place->ledger, run.id, row, order_no,
                 row % 3 ? OUTCOME_UNKNOWN : OUTCOME_ACCEPTED);
    }
    commit(place->ledger);
    assert_int_equal(view_list_open(view, &list, &err), 0);
    for (; view_list_next(list, &unknown, &err) > 0; count++) {
        assert_true(strcmp(last, unknown.claim_order_no) < 0);
        snprintf(last, sizeof(last), "%s", unknown.claim_order_no);
        assert_string_equal(unknown.message, "the gateway's words");
        assert_string_equal(unknown.run_name, run.name);
    }
    assert_int_equal(count, 199);
    view_list_close(list);
    ledger_close(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LEDGER(nothing_is_made_where_no_ledger_is),
        WITH_LEDGER(what_is_no_ledger_is_refused),
        WITH_LEDGER(versions_are_told_apart_and_an_earlier_one_is_left_as_it_is),
        WITH_LEDGER(view_cannot_write),
        WITH_LEDGER(path_of_any_bytes_is_opened),
        WITH_LEDGER(backup_on_a_read_only_medium_can_be_looked_at),
        ON_BOTH(runs_come_newest_first),
        ON_BOTH(state_of_a_run_is_told_by_its_lock_and_its_end),
        WITH_LEDGER(without_a_lock_file_no_run_is_active_and_none_is_made),
        ON_BOTH(counts_are_those_of_the_report_or_of_the_rows_so_far),
        ON_BOTH(writer_and_viewer_do_not_wait_for_each_other),
        WITH_LEDGER(only_calls_of_today_and_bans_in_force_are_shown),
        ON_BOTH(unknown_attempts_come_oldest_first_and_no_more_than_asked_for),
        ON_BOTH(intent_is_unknown_once_its_run_is_dead),
        ON_BOTH(list_has_every_unknown_attempt_once),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

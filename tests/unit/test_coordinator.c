/* Unit tests of run/coordinator: whole runs of one export, with a submitter that follows a script.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "input/export/export.h"
#include "ledger_place.h"
#include "memfile.h"
#include "report/report.h"
#include "run/coordinator.h"
#include "run/halt.h"
#include "scripted_submitter.h"

#define NOW_MS INT64_C(1670803200000) /* 2022-12-12 08:00:00 in Beijing */
#define SCRIPT(...)                                                                                \
    script_begin((const struct cue[]){__VA_ARGS__},                                                \
                 sizeof((const struct cue[]){__VA_ARGS__}) / sizeof(struct cue))

/* Rows 2 to 7; the fourth has no date, and the last one is another content of the first. */
static const char export_text[] =
    "workcard_id,claim_order_no,claim_status,claim_time,claim_fee,claim_desc\n"
    "815,A,1,2022-12-01 10:00:00,100,\n"
    "815,B,1,2022-12-01 10:00:00,200,\n"
    "815,C,1,2022-12-01 10:00:00,300,\n"
    "815,D,1,,400,\n"
    "815,E,1,2022-12-01 10:00:00,500,\n"
    "815,A,1,2022-12-01 10:00:00,600,\n";

#define FIRST_ROW 2
#define LAST_ROW 7

/* A run of that export. */
struct desk {
    struct place *place;
    char report_path[160];
    struct memfile file;
    struct row_source row_source;
    struct inspection inspection;
    struct submit_settings submit;
    struct run_record run;
    struct coordinator_settings settings;
    struct coordinator_progress progress; /* as shown last */
    struct coordinator_stop stop;
    bool breaks; /* the ledger, once calls are in flight */
};

static void note_progress(void *context, const struct coordinator_progress *progress)
{
    struct desk *desk = context;

    desk->progress = *progress;
    if (desk->breaks && progress->in_flight)
        run_sql(desk->place->path, "DROP TABLE row");
    desk->breaks = false;
}

static void set_desk(struct place *place, struct desk *d)
{
    *d = (struct desk){.place = place, .file = memfile_text(export_text)};
    snprintf(d->report_path, sizeof(d->report_path), "%s/report.csv", place->folder);
    d->row_source.reader.delimiter = ',';
    d->row_source.now_ms = NOW_MS;
    rules_init(&d->row_source.rules);
    assert_int_equal(export_open(d->file.path, &d->row_source.export, &err), 0);
    assert_int_equal(inspection_run(&d->row_source, &d->inspection, &err), 0);
    d->submit.app.app_key = "key";
    d->run = create_run(place->ledger, 1);
    assert_int_equal(ledger_run_lock(place->ledger, d->run.id, &err), 1);
    d->settings = (struct coordinator_settings){.row_source = &d->row_source,
                                                .inspection = &d->inspection,
                                                .submit = &d->submit,
                                                .platform = PLATFORM,
                                                .ledger = place->ledger,
                                                .run = &d->run,
                                                .in_flight = 4,
                                                .workers = 2,
                                                .limit = -1,
                                                .max_failures = -1,
                                                .max_failures_percent = -1,
                                                .max_changed = -1,
                                                .outage_patience_ms = 60000,
                                                .show = note_progress,
                                                .context = d};
}

static void clear_desk(struct desk *d)
{
    inspection_release(&d->inspection);
    export_close(d->row_source.export);
    memfile_close(&d->file);
}

/* One start of the run; its result. */
static int start(struct desk *d)
{
    const struct report_settings report = {.path = d->report_path,
                                           .row_source = &d->row_source,
                                           .inspection = &d->inspection,
                                           .ledger = d->place->ledger,
                                           .run = d->run.id};
    int result;

    d->stop = (struct coordinator_stop){0};
    assert_int_equal(report_open(&report, &d->settings.report, &err), 0);
    result = coordinator_run(&d->settings, &d->stop, &err);
    report_close(d->settings.report);
    return result;
}

/* What the ledger has of a row: OUTCOME_COUNT where it is not final. */
static void assert_row(struct desk *d, uint64_t row, enum outcome outcome, const char *code)
{
    struct row_place place = {d->run.id, row};
    struct known_row known = {0};

    assert_true(ledger_row_get(d->place->ledger, place, &known, &err) >= 0);
    assert_int_equal(outcome_is_there(&known.record) ? known.record.outcome : OUTCOME_COUNT,
                     outcome);
    assert_string_equal(known.record.code, code);
    known_row_release(&known);
}

static size_t times_started(uint64_t row)
{
    size_t times = 0;

    for (size_t i = 0; i < script.started_count; i++)
        times += script.started[i] == row;
    return times;
}

static void every_row_is_final_at_the_end_of_a_run(void **state)
{
    struct desk d;

    set_desk(*state, &d);
    SCRIPT({.row = 3, .kind = VERDICT_REJECTED, .code = "NO"},
           {.row = 4, .kind = VERDICT_UNKNOWN, .code = "TIMEOUT"},
           {.row = 6, .kind = VERDICT_AGAIN, .code = "BUSY"});
    assert_int_equal(start(&d), 0);
    assert_int_equal(d.stop.exit_code, 0);
    assert_row(&d, 2, OUTCOME_ACCEPTED, "ACCEPTED");
    assert_row(&d, 3, OUTCOME_REJECTED, "NO");
    assert_row(&d, 4, OUTCOME_UNKNOWN, "TIMEOUT");
    assert_row(&d, 5, OUTCOME_COUNT, ""); /* its rules say enough of it */
    assert_row(&d, 6, OUTCOME_FAILED, "BUSY");
    assert_row(&d, 7, OUTCOME_ACCEPTED, "ACCEPTED");
    assert_int_equal(d.progress.done, 6);
    assert_int_equal(d.progress.outcomes[OUTCOME_INVALID], 1);
    assert_int_equal(d.progress.in_flight, 0);
    assert_true(times_started(7) == 1 && script.started_count == 5);
    clear_desk(&d);
}

/* Another content of the claim is sent once it is known what became of the first. */
static void rows_of_one_claim_are_sent_one_after_the_other(void **state)
{
    struct desk d;

    set_desk(*state, &d);
    SCRIPT({.row = 2, .kind = VERDICT_UNKNOWN, .code = "TIMEOUT"});
    assert_int_equal(start(&d), 0);
    assert_int_equal(times_started(7), 0);
    assert_row(&d, 7, OUTCOME_UNSENT, "EARLIER_ROW_OPEN");
    clear_desk(&d);
}

static void row_is_sent_again_as_often_as_is_allowed(void **state)
{
    struct desk d;

    set_desk(*state, &d);
    d.settings.retries = 1;
    SCRIPT({.row = 3, .kind = VERDICT_AGAIN, .code = "BUSY"},
           {.row = 4, .kind = VERDICT_AGAIN, .code = "BUSY"},
           {.row = 4, .kind = VERDICT_AGAIN, .code = "BUSY"});
    assert_int_equal(start(&d), 0);
    assert_row(&d, 3, OUTCOME_ACCEPTED, "ACCEPTED");
    assert_row(&d, 4, OUTCOME_FAILED, "BUSY");
    assert_int_equal(times_started(3), 2);
    assert_int_equal(times_started(4), 2);
    clear_desk(&d);
}

static void limit_ends_a_start_and_the_next_one_goes_on(void **state)
{
    struct desk d;

    set_desk(*state, &d);
    d.settings.limit = 2;
    SCRIPT({.row = 99});
    assert_int_equal(start(&d), 0);
    assert_int_equal(d.stop.exit_code, EXIT_STOPPED);
    assert_string_equal(d.stop.because, "limit");
    assert_int_equal(script.started_count, 2);
    d.settings.limit = -1;
    assert_int_equal(start(&d), 0);
    assert_int_equal(d.stop.exit_code, 0);
    for (uint64_t row = FIRST_ROW; row <= LAST_ROW; row++)
        assert_int_equal(times_started(row), row != 5);
    assert_row(&d, 7, OUTCOME_ACCEPTED, "ACCEPTED");
    clear_desk(&d);
}

/* What the gateway says of one row ends the run; what is in flight is recorded, the rest is not
 * sent. */
static void answer_that_forbids_sending_stops_the_run(void **state)
{
    static const struct {
        enum verdict_kind kind;
        const char *because;
        bool is_unknown;
    } cases[] = {{VERDICT_STOP, "gateway", false},
                 {VERDICT_UNKNOWN_STOP, "gateway", true},
                 {VERDICT_QUOTA, "quota", false}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct desk d;

        set_desk(*state, &d);
        d.settings.in_flight = d.settings.workers = 1;
        SCRIPT({.row = 2, .kind = cases[i].kind, .code = "NO", .exit_code = EXIT_TRY_LATER});
        assert_int_equal(start(&d), 0);
        assert_int_equal(d.stop.exit_code, EXIT_TRY_LATER);
        assert_string_equal(d.stop.because, cases[i].because);
        assert_int_equal(script.started_count, 1);
        assert_row(&d, 2, cases[i].is_unknown ? OUTCOME_UNKNOWN : OUTCOME_COUNT, "NO");
        assert_row(&d, 3, OUTCOME_COUNT, "");
        /* The ledger is used again: what is unknown is settled, so that the claim is free. */
        run_sql(d.place->path, "DELETE FROM open_attempt; DELETE FROM ban");
        clear_desk(&d);
    }
}

static void failures_over_the_limit_stop_the_run(void **state)
{
    struct desk d;

    set_desk(*state, &d);
    d.settings.in_flight = d.settings.workers = 1;
    d.settings.max_failures = 1;
    SCRIPT({.row = 2, .kind = VERDICT_AGAIN, .code = "BUSY"},
           {.row = 3, .kind = VERDICT_AGAIN, .code = "BUSY"});
    assert_int_equal(start(&d), 0);
    assert_int_equal(d.stop.exit_code, EXIT_STOPPED);
    assert_string_equal(d.stop.because, "max-failures");
    clear_desk(&d);
}

/* A row whose claim another run has in flight stays unsent once it has waited long enough. */
static void claim_that_another_run_holds_is_given_up(void **state)
{
    struct place *place = *state;
    struct run_record other = create_run(place->ledger, 2);
    struct row_ref theirs = ref_of(other.id, 9, "B");
    struct ledger *others;
    struct desk d;

    set_desk(place, &d);
    others = open_ledger(place->path);
    assert_int_equal(ledger_run_lock(others, other.id, &err), 1);
    begin(place->ledger);
    intend(place->ledger, &theirs);
    commit(place->ledger);
    SCRIPT({.row = 99});
    assert_int_equal(start(&d), 0);
    assert_int_equal(times_started(3), 0);
    assert_row(&d, 3, OUTCOME_UNSENT, "HELD_BY_RUN");
    assert_row(&d, 4, OUTCOME_ACCEPTED, "ACCEPTED");
    assert_int_equal(d.stop.exit_code, EXIT_TRY_LATER);
    ledger_close(others);
    clear_desk(&d);
}

/* The answer that is in may be another row's: it is believed no more. */
static void row_of_a_suspect_answer_is_warned_of(void **state)
{
    static const uint64_t suspicions[] = {4};
    struct known_row known = {0};
    struct desk d;

    set_desk(*state, &d);
    SCRIPT({.row = 99});
    script.suspicions = suspicions;
    script.suspicion_count = 1;
    script.suspicions_from = 5; /* all of them */
    assert_int_equal(start(&d), 0);
    assert_int_equal(ledger_row_get(d.place->ledger, (struct row_place){d.run.id, 4}, &known, &err),
                     1);
    assert_true(known.record.outcome == OUTCOME_UNKNOWN ||
                strstr(known.record.warnings, "SUSPECT_ANSWER"));
    known_row_release(&known);
    clear_desk(&d);
}

static void workers_that_cannot_be_started_are_an_error(void **state)
{
    struct desk d;

    set_desk(*state, &d);
    SCRIPT({.row = 99});
    script.submitters_max = 1;
    assert_int_equal(start(&d), -1);
    assert_int_equal(err.exit_code, EXIT_RESOURCES);
    assert_int_equal(script.started_count, 0);
    clear_desk(&d);
}

/* What came is told, for it could not be stored. */
static void ledger_that_cannot_be_written_is_an_error(void **state)
{
    struct desk d;

    set_desk(*state, &d);
    SCRIPT({.row = 99});
    d.breaks = true;
    assert_int_equal(start(&d), -1);
    assert_true(err.exit_code);
    assert_true(script.started_count);
    clear_desk(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LEDGER(every_row_is_final_at_the_end_of_a_run),
        WITH_LEDGER(rows_of_one_claim_are_sent_one_after_the_other),
        WITH_LEDGER(row_is_sent_again_as_often_as_is_allowed),
        WITH_LEDGER(limit_ends_a_start_and_the_next_one_goes_on),
        WITH_LEDGER(answer_that_forbids_sending_stops_the_run),
        WITH_LEDGER(failures_over_the_limit_stop_the_run),
        WITH_LEDGER(claim_that_another_run_holds_is_given_up),
        WITH_LEDGER(row_of_a_suspect_answer_is_warned_of),
        WITH_LEDGER(workers_that_cannot_be_started_are_an_error),
        WITH_LEDGER(ledger_that_cannot_be_written_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of report/report: the ledger's projection, line by line, as far as rows are final. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "base/file/file.h"
#include "failing_realloc.h"
#include "input/inspection/claim_rows.h"
#include "report/draft.h"
#include "report/line.h"
#include "report/report.h"
#include "run_on_server.h"

/* Everything a report is made of, in a folder of its own. */
struct desk {
    struct run_place place;
    char partial_path[160];
    struct report_settings settings;
    struct report *report;
    struct buffer text;
};

static int set_up(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    *state = desk;
    run_place_make(&desk->place, run_place_rows);
    snprintf(desk->partial_path, sizeof(desk->partial_path), "%s.partial", desk->place.report_path);
    desk->settings = (struct report_settings){.path = desk->place.report_path,
                                              .row_source = &desk->place.row_source,
                                              .inspection = &desk->place.inspection,
                                              .ledger = desk->place.ledger,
                                              .run = desk->place.run.id};
    return report_open(&desk->settings, &desk->report, &err);
}

static int tear_down(void **state)
{
    struct desk *desk = *state;

    report_close(desk->report);
    buffer_release(&desk->text);
    run_place_remove(&desk->place);
    free(desk);
    return 0;
}

/* Records a final row in a transaction of its own. */
static void note(struct desk *desk, uint64_t row, const char *order_no, enum outcome outcome,
                 const char *code)
{
    struct row_ref ref = run_place_ref(&desk->place, row, order_no);
    struct row_record record = run_place_record_of(row, ROW_FINAL, outcome, code);

    run_place_begin(&desk->place);
    assert_int_equal(ledger_row_note(desk->place.ledger, &ref, &record, false, &err), 0);
    run_place_commit(&desk->place);
}

static const char *read_text(struct desk *desk, const char *path)
{
    assert_int_equal(file_read_all(path, 1 << 20, &desk->text, &err), 0);
    return buffer_string(&desk->text);
}

static void assert_line(const char *text, const char *line)
{
    if (!strstr(text, line))
        print_error("%s", text);
    assert_non_null(strstr(text, line));
}

static size_t count_lines(const char *text)
{
    size_t count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void finished_report_has_one_line_for_every_row(void **state)
{
    struct desk *desk = *state;
    const char *text;

    note(desk, 2, "A", OUTCOME_ACCEPTED, "SUCCESS");
    note(desk, 3, "B", OUTCOME_REJECTED, "50");
    assert_int_equal(report_finish(desk->report, "STOPPED", "the run stopped", &err), 0);
    text = read_text(desk, desk->partial_path);
    assert_memory_equal(text, LINE_BOM LINE_HEADER, strlen(LINE_BOM LINE_HEADER));
    assert_int_equal(count_lines(text), 5);
    assert_line(text, "\n2,1,,1,A,1,2022-12-01 10:00:00,100,accepted,SUCCESS,,said the gateway,"
                      "CHANGED_SINCE_ACCEPTED,1,200,r1,2022-12-12T08:00:00.000+08:00,5,");
    assert_line(text, "\n3,2,,1,B,1,2022-12-01 00:00:00,200,rejected,50,,said the gateway,"
                      "DATE_ONLY;CHANGED_SINCE_ACCEPTED,1,200,r1,");
    assert_line(text, "\n4,3,,,C,1,2022-12-01 10:00:00,0,invalid,SUCCESS_WITHOUT_FEE,,");
    assert_line(text, "\n5,4,'=why,1,D,2,2022-12-01 10:00:00,0,unsent,STOPPED,,the run stopped,,0,"
                      ",,,,");
}

static void report_follows_no_further_than_rows_are_final(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(report_advance(desk->report, 2, 100, &err), 0);
    assert_int_equal(tally_all_rows(report_tally(desk->report)), 0);

    /* Row 2 becomes final after the report has looked. */
    note(desk, 2, "A", OUTCOME_ACCEPTED, "SUCCESS");
    assert_int_equal(report_advance(desk->report, 3, 100, &err), 0);
    assert_int_equal(tally_all_rows(report_tally(desk->report)), 1);
    note(desk, 3, "B", OUTCOME_UNKNOWN, "TIMEOUT");
    assert_int_equal(report_advance(desk->report, 5, 1, &err), 0);
    assert_int_equal(tally_all_rows(report_tally(desk->report)), 2);
    assert_int_equal(report_advance(desk->report, 5, 100, &err), 0);
    assert_int_equal(tally_all_rows(report_tally(desk->report)), 3);
    note(desk, 5, "D", OUTCOME_FAILED, "1");
    assert_int_equal(report_finish(desk->report, "STOPPED", "", &err), 0);
    assert_int_equal(tally_rows(report_tally(desk->report), OUTCOME_ACCEPTED), 1);
    assert_int_equal(tally_rows(report_tally(desk->report), OUTCOME_UNKNOWN), 1);
    assert_int_equal(tally_rows(report_tally(desk->report), OUTCOME_INVALID), 1);
    assert_int_equal(tally_rows(report_tally(desk->report), OUTCOME_FAILED), 1);
    assert_true(tally_fee(report_tally(desk->report), OUTCOME_ACCEPTED) == 100);
    assert_int_equal(count_lines(read_text(desk, desk->partial_path)), 5);
}

static void report_takes_its_name_only_when_it_is_published(void **state)
{
    struct desk *desk = *state;
    struct stat status;

    assert_int_equal(report_finish(desk->report, "STOPPED", "", &err), 0);
    assert_int_equal(access(desk->place.report_path, F_OK), -1);
    assert_int_equal(stat(desk->partial_path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(status.st_size, report_draft(desk->report)->bytes);
    assert_int_equal(output_take_name(&report_draft(desk->report)->output, &err), 0);
    assert_int_equal(access(desk->partial_path, F_OK), -1);
    assert_int_equal(access(desk->place.report_path, F_OK), 0);
}

static void digest_of_the_report_is_that_of_its_bytes(void **state)
{
    struct desk *desk = *state;
    unsigned char said[DIGEST_SHA256_BYTES];
    unsigned char counted[DIGEST_SHA256_BYTES];
    struct digest *sha256 = digest_open();

    assert_int_equal(report_finish(desk->report, "STOPPED", "", &err), 0);
    assert_int_equal(digest_finish(report_draft(desk->report)->sha256, said), 0);
    read_text(desk, desk->partial_path);
    assert_int_equal(digest_update(sha256, desk->text.ptr, desk->text.len), 0);
    assert_int_equal(digest_finish(sha256, counted), 0);
    digest_close(sha256);
    assert_memory_equal(said, counted, sizeof(said));
}

static void report_without_memory_is_an_error_and_never_another_report(void **state)
{
    struct desk *desk = *state;
    char *whole;
    int failures = 0;

    note(desk, 2, "A", OUTCOME_ACCEPTED, "SUCCESS");
    assert_int_equal(report_finish(desk->report, "STOPPED", "the run stopped", &err), 0);
    whole = strdup(read_text(desk, desk->partial_path));
    assert_non_null(whole);
    for (int at = 0;; at++) {
        int result;

        report_close(desk->report);
        assert_int_equal(report_open(&desk->settings, &desk->report, &err), 0);
        reallocs_until_failure = at;
        result = report_finish(desk->report, "STOPPED", "the run stopped", &err);
        if (reallocs_until_failure >= 0)
            break;
        failures++;
        assert_int_equal(result, -1);
        assert_int_equal(err.exit_code, EXIT_RESOURCES);
    }
    reallocs_until_failure = -1;
    assert_true(failures >= 4);
    assert_string_equal(read_text(desk, desk->partial_path), whole);
    free(whole);
}

static void begin_anew(struct desk *desk)
{
    report_close(desk->report);
    assert_int_equal(report_open(&desk->settings, &desk->report, &err), 0);
}

/* Gives the rows of the export as a run does, all but the one at that place. */
static void give_all_but(struct desk *desk, uint64_t left_out)
{
    struct claim_rows *claim_rows;
    struct claim_store store = {0};
    struct known_row known = {0};
    struct judged_row row;
    uint64_t place = 0;

    assert_int_equal(
        claim_rows_open(desk->settings.row_source, desk->settings.inspection, &claim_rows, &err),
        0);
    for (; claim_rows_next(claim_rows, &store, &row, &err) > 0; place++) {
        struct row_place at = {desk->settings.run, row.row};
        int found = ledger_row_get(desk->place.ledger, at, &known, &err);

        if (place != left_out)
            assert_int_equal(
                report_take(desk->report, place, &row, found ? &known.record : NULL, &err), 0);
    }
    report_take_end(desk->report, place);
    claim_rows_close(claim_rows);
    claim_store_release(&store);
    known_row_release(&known);
}

/* Three rows that are final, and one that is invalid: the text of their report, to be freed. */
static char *read_report(struct desk *desk)
{
    note(desk, 2, "A", OUTCOME_SKIPPED, "ALREADY_ACCEPTED");
    note(desk, 3, "B", OUTCOME_ACCEPTED, "SUCCESS");
    note(desk, 5, "D", OUTCOME_SKIPPED, "ALREADY_ACCEPTED");
    assert_int_equal(report_finish(desk->report, "STOPPED", "", &err), 0);
    return strdup(read_text(desk, desk->partial_path));
}

#define NONE UINT64_MAX

static void rows_that_are_given_are_neither_read_nor_asked_for_again(void **state)
{
    struct desk *desk = *state;
    char *whole = read_report(desk);

    begin_anew(desk);
    give_all_but(desk, NONE);
    assert_int_equal(truncate(desk->place.export_path, 0), 0);
    assert_int_equal(report_advance(desk->report, 6, 1, &err), 0);
    assert_int_equal(report_finish(desk->report, "STOPPED", "", &err), 0);
    assert_string_equal(read_text(desk, desk->partial_path), whole);
    assert_true(tally_fee(report_tally(desk->report), OUTCOME_ACCEPTED) == 200);
    assert_int_equal(tally_rows(report_tally(desk->report), OUTCOME_INVALID), 1);
    free(whole);
}

static void from_the_first_row_that_is_not_given_the_report_reads_for_itself(void **state)
{
    struct desk *desk = *state;
    char *whole = read_report(desk);

    for (uint64_t left_out = 0; left_out < 4; left_out++) {
        begin_anew(desk);
        give_all_but(desk, left_out);
        assert_int_equal(tally_all_rows(report_tally(desk->report)), left_out);
        for (int i = 0; i < 8; i++)
            assert_int_equal(report_advance(desk->report, 6, 1, &err), 0);
        assert_int_equal(tally_all_rows(report_tally(desk->report)), 4);
        assert_int_equal(report_finish(desk->report, "STOPPED", "", &err), 0);
        assert_string_equal(read_text(desk, desk->partial_path), whole);
    }
    free(whole);
}

static void report_that_begins_anew_reads_what_was_given(void **state)
{
    struct desk *desk = *state;
    char *whole = read_report(desk);

    begin_anew(desk);
    give_all_but(desk, NONE);
    assert_true(report_has_written(desk->report, 5));
    assert_int_equal(report_restart(desk->report, &err), 0);
    assert_false(report_has_written(desk->report, 5));
    give_all_but(desk, NONE);
    assert_int_equal(tally_all_rows(report_tally(desk->report)), 0);
    assert_int_equal(report_finish(desk->report, "STOPPED", "", &err), 0);
    assert_string_equal(read_text(desk, desk->partial_path), whole);
    free(whole);
}

static void report_has_one_writer(void **state)
{
    struct desk *desk = *state;
    struct report *second;

    assert_int_equal(report_open(&desk->settings, &second, &err), -1);
    assert_null(second);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
}

/* A large one takes longer than who holds its run may be silent. */
static void who_writes_a_report_is_heard_of(void **state)
{
    struct desk *desk = *state;
    char url[CLUSTER_URL_BYTES];

    report_close(desk->report);
    desk->report = NULL;
    hold_run_on_server(&desk->place, url);
    desk->settings.ledger = desk->place.ledger;
    desk->settings.run = desk->place.run.id;
    assert_int_equal(report_open(&desk->settings, &desk->report, &err), 0);
    assert_int_equal(report_finish(desk->report, "NOT_SENT", "stopped", &err), 0);
    assert_true(beats_at(url) >= 4);
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DESK(finished_report_has_one_line_for_every_row),
        AT_DESK(report_follows_no_further_than_rows_are_final),
        AT_DESK(report_takes_its_name_only_when_it_is_published),
        AT_DESK(digest_of_the_report_is_that_of_its_bytes),
        AT_DESK(report_without_memory_is_an_error_and_never_another_report),
        AT_DESK(rows_that_are_given_are_neither_read_nor_asked_for_again),
        AT_DESK(from_the_first_row_that_is_not_given_the_report_reads_for_itself),
        AT_DESK(report_that_begins_anew_reads_what_was_given),
        AT_DESK(report_has_one_writer),
        AT_DESK(who_writes_a_report_is_heard_of),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

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

#include "base/error.h"
#include "base/file/file.h"
#include "failing_realloc.h"
#include "memfile.h"
#include "report/draft.h"
#include "report/line.h"
#include "report/report.h"

#define PLATFORM "http://127.0.0.1:8080/router/rest"
#define NOW_MS INT64_C(1670803200000) /* 2022-12-12 08:00:00 in Beijing */

static const char export_text[] =
    "workcard_id,claim_order_no,claim_status,claim_time,claim_fee,claim_desc\n"
    "1,A,1,2022-12-01 10:00:00,100,\n"
    "2,B,1,2022-12-01,200,\n"
    "3,C,1,2022-12-01 10:00:00,0,\n"
    "4,D,2,2022-12-01 10:00:00,0,=why\n";

static struct error err;

/* Everything a report is made of, in a folder of its own. */
struct desk {
    char folder[64];
    char ledger_path[128], report_path[128], partial_path[160];
    struct memfile file;
    struct row_source row_source;
    struct inspection inspection;
    struct ledger *ledger;
    int64_t run;
    struct report_settings settings;
    struct report *report;
    struct buffer text;
};

static void create_run(struct desk *desk)
{
    struct run_record run = {
        .command = "upload",
        .platform = PLATFORM,
        .export_name = "claims.csv",
        .export_sha256 = desk->inspection.survey.sha256,
        .reading = "",
        .report_path = desk->report_path,
        .stopped_because = "",
    };

    assert_int_equal(ledger_begin(desk->ledger, &err), 0);
    assert_int_equal(ledger_run_create(desk->ledger, &run, &err), 0);
    assert_int_equal(ledger_commit(desk->ledger, &err), 0);
    desk->run = run.id;
}

static int set_up(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    *state = desk;
    snprintf(desk->folder, sizeof(desk->folder), "/tmp/claimbatch-test-XXXXXX");
    assert_non_null(mkdtemp(desk->folder));
    snprintf(desk->ledger_path, sizeof(desk->ledger_path), "%s/ledger.db", desk->folder);
    snprintf(desk->report_path, sizeof(desk->report_path), "%s/report.csv", desk->folder);
    snprintf(desk->partial_path, sizeof(desk->partial_path), "%s.partial", desk->report_path);
    desk->file = memfile_text(export_text);
    desk->row_source.reader.delimiter = ',';
    desk->row_source.now_ms = NOW_MS;
    rules_init(&desk->row_source.rules);
    assert_int_equal(export_open(desk->file.path, &desk->row_source.export, &err), 0);
    assert_int_equal(inspection_run(&desk->row_source, &desk->inspection, &err), 0);
    assert_int_equal(ledger_open(desk->ledger_path, &desk->ledger, &err), 0);
    create_run(desk);
    desk->settings = (struct report_settings){.path = desk->report_path,
                                              .row_source = &desk->row_source,
                                              .inspection = &desk->inspection,
                                              .ledger = desk->ledger,
                                              .run = desk->run};
    return report_open(&desk->settings, &desk->report, &err);
}

static int tear_down(void **state)
{
    static const char *const names[] = {"ledger.db", "ledger.db.lock", "report.csv",
                                        "report.csv.partial"};
    struct desk *desk = *state;
    char path[160];

    report_close(desk->report);
    ledger_close(desk->ledger);
    inspection_release(&desk->inspection);
    export_close(desk->row_source.export);
    memfile_close(&desk->file);
    buffer_release(&desk->text);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        snprintf(path, sizeof(path), "%s/%s", desk->folder, names[i]);
        unlink(path);
    }
    rmdir(desk->folder);
    free(desk);
    return 0;
}

/* Records a final row in a transaction of its own. */
static void note(struct desk *desk, uint64_t row, const char *order_no, enum outcome outcome,
                 const char *code)
{
    struct row_ref ref = {
        .platform = PLATFORM, .place = {desk->run, row}, .key = {(int64_t)row - 1, order_no}};
    struct row_record record = {
        .row = row,
        .state = ROW_FINAL,
        .outcome = outcome,
        .counts_as = outcome,
        .attempts = 1,
        .http_status = 200,
        .submitted_ms = NOW_MS,
        .duration_ms = 5,
        .code = code,
        .sub_code = "",
        .message = "said the gateway",
        .request_id = "r1",
        .warnings = "changed-since-accepted",
    };

    assert_int_equal(ledger_begin(desk->ledger, &err), 0);
    assert_int_equal(ledger_row_note(desk->ledger, &ref, &record, false, &err), 0);
    assert_int_equal(ledger_commit(desk->ledger, &err), 0);
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
                      "changed-since-accepted,1,200,r1,2022-12-12T08:00:00.000+08:00,5,");
    assert_line(text, "\n3,2,,1,B,1,2022-12-01 00:00:00,200,rejected,50,,said the gateway,"
                      "DATE_ONLY;changed-since-accepted,1,200,r1,");
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
    assert_int_equal(access(desk->report_path, F_OK), -1);
    assert_int_equal(stat(desk->partial_path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(status.st_size, report_draft(desk->report)->bytes);
    assert_int_equal(output_take_name(&report_draft(desk->report)->output, &err), 0);
    assert_int_equal(access(desk->partial_path, F_OK), -1);
    assert_int_equal(access(desk->report_path, F_OK), 0);
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

static void report_has_one_writer(void **state)
{
    struct desk *desk = *state;
    struct report *second;

    assert_int_equal(report_open(&desk->settings, &second, &err), -1);
    assert_null(second);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
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
        AT_DESK(report_has_one_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of report/page: one file, of a bounded size, that says what it leaves out. */
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
#include "command/audit/audit.h"
#include "command/audit/page/page.h"
#include "page_words.h"

static struct error err;

static void make(const struct audit *audit)
{
    buffer_reset(&page);
    assert_int_equal(page_make(audit, "1.2.3", NOW_MS, &page, &err), 0);
    assert_true(page.len < PAGE_BYTES_MAX);
    assert_int_equal(strncmp(page.ptr, "<!doctype html>", 15), 0);
    assert_string_equal(page.ptr + page.len - strlen("</html>\n"), "</html>\n");
}

static void assert_has(const char *words)
{
    if (!strstr(page.ptr, words))
        fail_msg("not on the page: %s", words);
}

/* As many rows as an audit keeps, whose texts are all this one. */
static struct audit_row *make_rows(size_t count, const char *text)
{
    struct audit_row *rows = calloc(count, sizeof(*rows));

    assert_non_null(rows);
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct audit_row){
            .row = i * 3 + 2,
            .outcome = OUTCOME_UNKNOWN,
            .fee_fen = INT64_MAX,
            .status = 1,
            .attempts = INT32_MAX,
            .http_status = INT32_MAX,
            .submitted_ms = NOW_MS,
            .workcard_id = text,
            .claim_order_no = text,
            .claim_desc = text,
            .code = text,
            .sub_code = text,
            .message = text,
            .request_id = text,
        };
    return rows;
}

static void an_audit_of_nothing_is_a_page(void **state)
{
    struct audit audit = {.agrees = true};

    (void)state;
    make(&audit);
    assert_has("Everything that was checked agrees");
    assert_has("The reports have no rows.");
    assert_has("There are none.");
    assert_has("claimbatch 1.2.3");
    assert_has("2022-12-12 08:00:00");
}

static void the_policy_allows_nothing_but_what_is_in_the_page(void **state)
{
    struct audit audit = {.agrees = true};

    (void)state;
    make(&audit);
    assert_has("default-src 'none'; style-src 'sha256-");
    assert_has("script-src 'sha256-");
    assert_has("base-uri 'none'; form-action 'none'");
    assert_int_equal(count_of("<script"), 1);
    assert_int_equal(count_of("<style"), 1);
    assert_int_equal(count_of("src="), 0);
    assert_int_equal(count_of("http:"), 0);
    assert_int_equal(count_of("https:"), 0);
    assert_int_equal(count_of("url("), 0);
    assert_int_equal(count_of("@import"), 0);
}

static void contents_stay_text(void **state)
{
    static const char evil[] = "</td><script>alert(1)</script><img src=x onerror=alert(2)>\" x='";
    struct audit_report report = {.path = evil, .has_manifest = true};
    struct manifest_event event = {evil, NOW_MS, 0, evil};
    struct audit_event listed = {0, &event};
    struct audit_code code = {.outcome = OUTCOME_UNKNOWN, .rows = 1, .first_count = 1};
    struct audit_disagreement disagreement = {AUDIT_ITSELF, 0, 7, (char *)(uintptr_t)evil};
    struct audit audit = {
        .disagreements = &disagreement,
        .disagreement_count = 1,
        .disagreements_found = 1,
        .notes = {(char *)(uintptr_t)evil},
        .note_count = 1,
        .reports = &report,
        .report_count = 1,
        .export_path = evil,
        .rows = 2,
        .outcomes[OUTCOME_UNKNOWN].rows = 2,
        .codes = &code,
        .code_count = 1,
        .open_rows = make_rows(2, evil),
        .open_count = 2,
        .events = &listed,
        .event_count = 1,
    };

    (void)state;
    report.manifest.command = report.manifest.platform = report.manifest.stopped_because = evil;
    report.manifest.input_name = evil;
    snprintf(code.code, sizeof(code.code), "%.60s", evil);
    snprintf(code.message, sizeof(code.message), "%s", evil);
    advice_find(code.code, "", code.outcome, &code.advice);
    timeline_add(&audit.timeline, NOW_MS, OUTCOME_UNKNOWN);
    make(&audit);
    assert_int_equal(count_of("<script"), 1);
    assert_int_equal(count_of("<img"), 0);
    assert_true(count_of("&lt;script&gt;alert(1)") > 10);
    free(audit.open_rows);
}

static void five_thousand_rows_that_need_a_person_fit(void **state)
{
    struct audit audit = {
        .agrees = true,
        .rows = 1000000,
        .outcomes[OUTCOME_UNKNOWN].rows = 1000000,
        .open_rows = make_rows(AUDIT_OPEN_ROWS_MAX, ""),
        .open_count = AUDIT_OPEN_ROWS_MAX,
        .open_left_out = 995000,
    };

    (void)state;
    for (size_t i = 0; i < AUDIT_OPEN_ROWS_MAX; i++) {
        struct audit_row *row = &audit.open_rows[i];

        row->workcard_id = "700000000123456";
        row->claim_order_no = "PICC-2026-0001234567";
        row->claim_desc = "材料不齐：缺少维修清单与发票原件，客户未在规定时间内补交";
        row->code = "50";
        row->sub_code = "isv.invalid-parameter";
        row->message = "the connection broke and the request was not sent a second time";
        row->request_id = "16kv1t4qcsqpx";
        row->fee_fen = 12345678;
        row->attempts = 5;
        row->http_status = 200;
    }
    make(&audit);
    assert_int_equal(count_of("<tr id=r"), AUDIT_OPEN_ROWS_MAX);
    assert_has("995,000 further rows");
    free(audit.open_rows);
}

static void rows_that_do_not_fit_are_counted(void **state)
{
    char text[AUDIT_TEXT_BYTES];
    struct audit_code code = {.outcome = OUTCOME_UNKNOWN, .rows = 1, .first_count = 2};
    struct audit audit = {
        .agrees = true,
        .rows = AUDIT_OPEN_ROWS_MAX,
        .outcomes[OUTCOME_UNKNOWN].rows = AUDIT_OPEN_ROWS_MAX,
        .codes = &code,
        .code_count = 1,
        .open_count = AUDIT_OPEN_ROWS_MAX,
        .open_left_out = 5,
    };
    char words[64];
    size_t rows;

    (void)state;
    memset(text, '&', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    audit.open_rows = make_rows(AUDIT_OPEN_ROWS_MAX, text);
    code.first_rows[0] = audit.open_rows[0].row;
    code.first_rows[1] = audit.open_rows[AUDIT_OPEN_ROWS_MAX - 1].row;
    advice_find("", "", code.outcome, &code.advice);
    make(&audit);
    rows = count_of("<tr id=r");
    assert_true(rows > 100 && rows < AUDIT_OPEN_ROWS_MAX);
    snprintf(words, sizeof(words), "<b>%zu", AUDIT_OPEN_ROWS_MAX - rows + 5);
    assert_int_equal(count_of("further rows"), 1);
    /* No number leads to a row that is not there. */
    assert_has("<a href=\"#r2\">2</a>");
    assert_int_equal(count_of("<a href=\"#r"), 2); /* and the way to the table */
    free(audit.open_rows);
}

static void everything_at_its_greatest_stays_under_the_limit(void **state)
{
    char text[AUDIT_TEXT_BYTES];
    struct audit audit = {
        .disagreement_count = AUDIT_DISAGREEMENTS_MAX,
        .disagreements_found = UINT64_MAX,
        .report_count = AUDIT_REPORTS_MAX,
        .export_path = text,
        .rows = UINT64_MAX,
        .code_count = AUDIT_CODES_MAX,
        .open_count = AUDIT_OPEN_ROWS_MAX,
        .open_left_out = UINT64_MAX / 2,
        .event_count = 5000,
        .note_count = AUDIT_NOTES_MAX,
        .started_ms = NOW_MS,
        .finished_ms = NOW_MS + 1,
    };
    struct manifest_event event = {text, NOW_MS, NOW_MS + 5, text};

    (void)state;
    memset(text, '<', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    audit.disagreements = calloc(audit.disagreement_count, sizeof(*audit.disagreements));
    audit.reports = calloc(audit.report_count, sizeof(*audit.reports));
    audit.codes = calloc(audit.code_count, sizeof(*audit.codes));
    audit.events = calloc(audit.event_count, sizeof(*audit.events));
    audit.open_rows = make_rows(audit.open_count, text);
    for (size_t i = 0; i < audit.disagreement_count; i++)
        audit.disagreements[i] = (struct audit_disagreement){AUDIT_ITSELF, 0, i + 2, text};
    for (size_t i = 0; i < audit.report_count; i++) {
        audit.reports[i] = (struct audit_report){.path = text, .has_manifest = true};
        audit.reports[i].manifest.command = audit.reports[i].manifest.platform = text;
        audit.reports[i].manifest.stopped_because = audit.reports[i].manifest.input_name = text;
        for (int k = 0; k < OUTCOME_COUNT; k++)
            audit.reports[i].sums[k].rows = UINT64_MAX / 8;
    }
    for (size_t i = 0; i < audit.code_count; i++) {
        audit.codes[i] = (struct audit_code){.outcome = OUTCOME_UNKNOWN, .rows = UINT64_MAX / 2};
        memcpy(audit.codes[i].code, text, sizeof(audit.codes[i].code) - 1);
        memcpy(audit.codes[i].message, text, sizeof(audit.codes[i].message) - 1);
        advice_find("TIMEOUT", "", OUTCOME_UNKNOWN, &audit.codes[i].advice);
    }
    for (size_t i = 0; i < audit.event_count; i++)
        audit.events[i] = (struct audit_event){0, &event};
    for (size_t i = 0; i < audit.note_count; i++)
        audit.notes[i] = text;
    for (int i = 0; i < OUTCOME_COUNT; i++)
        audit.outcomes[i].rows = UINT64_MAX / 8;
    for (int i = 0; i < 20000; i++)
        timeline_add(&audit.timeline, NOW_MS + i * 977, (enum outcome)(i % OUTCOME_COUNT));
    make(&audit);
    assert_true(count_of("left out") >= 4);
    assert_true(count_of("<tr id=r") > 100);
    free(audit.disagreements);
    free(audit.reports);
    free(audit.codes);
    free(audit.events);
    free(audit.open_rows);
}

static void a_page_takes_the_place_of_a_page_and_of_nothing_else(void **state)
{
    struct audit audit = {.agrees = true};
    char folder[] = "/tmp/claimbatch-test-XXXXXX";
    char path[64], link[64];
    struct stat status;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/page.html", folder);
    snprintf(link, sizeof(link), "%s/link.html", folder);
    make(&audit);
    assert_int_equal(page_write(&page, path, &err), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(status.st_size, page.len);
    assert_int_equal(page_write(&page, path, &err), 0); /* again */
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(page_look(link, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    unlink(link);
    assert_int_equal(page_look(folder, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_int_equal(truncate(path, 5), 0);
    assert_int_equal(page_write(&page, path, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 5);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_audit_of_nothing_is_a_page),
        cmocka_unit_test(the_policy_allows_nothing_but_what_is_in_the_page),
        cmocka_unit_test(contents_stay_text),
        cmocka_unit_test(five_thousand_rows_that_need_a_person_fit),
        cmocka_unit_test(rows_that_do_not_fit_are_counted),
        cmocka_unit_test(everything_at_its_greatest_stays_under_the_limit),
        cmocka_unit_test(a_page_takes_the_place_of_a_page_and_of_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, release_page);
}

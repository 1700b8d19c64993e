/* Unit tests of report/doubtful. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "command/audit/audit.h"
#include "command/audit/suspect_lines.h"
#include "report/scan.h"

static void note_of_call(struct suspect_lines *doubtful, size_t report, int64_t submitted_ms,
                         uint64_t row, enum outcome outcome, const char *id, const char *code,
                         const char *warnings)
{
    struct scan_row line = {0};
    struct error err;

    line.line.record = (struct row_record){.row = row,
                                           .outcome = outcome,
                                           .submitted_ms = submitted_ms,
                                           .duration_ms = 5,
                                           .request_id = id,
                                           .code = code,
                                           .warnings = ""};
    line.line.warnings = warnings;
    assert_int_equal(suspect_lines_note(doubtful, report, &line, &err), 0);
}

static void note(struct suspect_lines *doubtful, size_t report, uint64_t row, enum outcome outcome,
                 const char *id, const char *code, const char *warnings)
{
    note_of_call(doubtful, report, (int64_t)row * 100, row, outcome, id, code, warnings);
}

/* Goal: an id on two rows is named once, with both; the same row of two reports, unknown rows and
 * those that a person settled do not count. */
static void shared_request_id_is_named_once(void **state)
{
    struct audit_report reports[2] = {{.path = "a"}, {.path = "b"}};
    struct audit audit = {.agrees = true, .reports = reports, .report_count = 2};
    struct suspect_lines *doubtful;
    struct error err;

    (void)state;
    assert_int_equal(suspect_lines_open(&audit, &doubtful, &err), 0);
    note(doubtful, 0, 2, OUTCOME_ACCEPTED, "same", "OK", "");
    note(doubtful, 0, 3, OUTCOME_ACCEPTED, "own", "OK", "");
    note(doubtful, 1, 3, OUTCOME_ACCEPTED, "own", "OK", "");
    note(doubtful, 0, 4, OUTCOME_UNKNOWN, "own", "ANSWER_REPEATED", "");
    note(doubtful, 0, 5, OUTCOME_ACCEPTED, "own", "RESOLVED_ACCEPTED", "");
    note(doubtful, 0, 6, OUTCOME_ACCEPTED, "", "OK", "");
    note(doubtful, 0, 7, OUTCOME_ACCEPTED, "", "OK", "");
    note(doubtful, 0, 8, OUTCOME_REJECTED, "same", "NO", "");
    note(doubtful, 0, 9, OUTCOME_REJECTED, "same", "NO", "");
    assert_int_equal(suspect_lines_finish(doubtful, &err), 0);
    assert_int_equal(audit.disagreements_found, 1);
    assert_int_equal(audit.disagreements[0].row, 8);
    assert_non_null(strstr(audit.disagreements[0].text, "'same' stands on row 2 too (on 3 rows"));
    suspect_lines_close(doubtful);
    audit.reports = NULL;
    audit.report_count = 0;
    audit_release(&audit);
}

/* Goal: the rows of a batch call may share its id; that of another call is named. */
static void rows_of_one_call_may_share_its_request_id(void **state)
{
    struct audit_report reports[1] = {{.path = "a"}};

    (void)state;
    for (int64_t later = 0; later < 2; later++) {
        struct audit audit = {.agrees = true, .reports = reports, .report_count = 1};
        struct suspect_lines *doubtful;
        struct error err;

        assert_int_equal(suspect_lines_open(&audit, &doubtful, &err), 0);
        for (uint64_t row = 2; row < 22; row++)
            note_of_call(doubtful, 0, 500, row, OUTCOME_ACCEPTED, "shared", "OK", "");
        note_of_call(doubtful, 0, 500 + later, 30, OUTCOME_REJECTED, "shared", "NO", "");
        assert_int_equal(suspect_lines_finish(doubtful, &err), 0);
        assert_int_equal(audit.disagreements_found, later);
        if (later)
            assert_int_equal(audit.disagreements[0].row, 30);
        suspect_lines_close(doubtful);
        audit.reports = NULL;
        audit.report_count = 0;
        audit_release(&audit);
    }
}

static void suspect_answer_is_named(void **state)
{
    struct audit_report reports[1] = {{.path = "a"}};
    struct audit audit = {.agrees = true, .reports = reports, .report_count = 1};
    struct suspect_lines *doubtful;
    struct error err;

    (void)state;
    assert_int_equal(suspect_lines_open(&audit, &doubtful, &err), 0);
    note(doubtful, 0, 2, OUTCOME_ACCEPTED, "x", "OK", "COUNT_NOT_ONE;SUSPECT_ANSWER");
    assert_int_equal(suspect_lines_finish(doubtful, &err), 0);
    assert_int_equal(audit.disagreements_found, 1);
    assert_non_null(strstr(audit.disagreements[0].text, "SUSPECT_ANSWER"));
    suspect_lines_close(doubtful);
    audit.reports = NULL;
    audit.report_count = 0;
    audit_release(&audit);
}

/* Goal: more ids than one part holds, and one of them on two rows far apart. */
static void many_ids_are_looked_through_in_parts(void **state)
{
    struct audit_report reports[1] = {{.path = "a"}};
    struct audit audit = {.agrees = true, .reports = reports, .report_count = 1};
    struct suspect_lines *doubtful;
    struct error err;
    char id[32];

    (void)state;
    assert_int_equal(suspect_lines_open(&audit, &doubtful, &err), 0);
    for (uint64_t row = 2; row < 2 + 2 * SUSPECT_LINES_PART; row++) {
        snprintf(id, sizeof(id), "id-%llu",
                 row == 1 + 2 * SUSPECT_LINES_PART ? 5ull : (unsigned long long)row);
        note(doubtful, 0, row, OUTCOME_ACCEPTED, id, "OK", "");
    }
    assert_int_equal(suspect_lines_finish(doubtful, &err), 0);
    assert_int_equal(audit.disagreements_found, 1);
    assert_int_equal(audit.disagreements[0].row, 1 + 2 * SUSPECT_LINES_PART);
    suspect_lines_close(doubtful);
    audit.reports = NULL;
    audit.report_count = 0;
    audit_release(&audit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_request_id_is_named_once),
        cmocka_unit_test(rows_of_one_call_may_share_its_request_id),
        cmocka_unit_test(suspect_answer_is_named),
        cmocka_unit_test(many_ids_are_looked_through_in_parts),
    };

    return cmocka_run_group_tests_name("doubtful", tests, NULL, NULL);
}

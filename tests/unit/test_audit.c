/*
 * Unit tests of report/audit: whatever byte of a report is another one, the audit notices, and the
 * row that has it is named.
 *
 * A sample of all bytes; CLAIMBATCH_UNIT_LONG=1 build-test/tests/test_audit tries each of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/file/file.h"
#include "base/hex.h"
#include "command/audit/audit.h"
#include "input/claim/claim_digest.h"
#include "input/inspection/claim_rows.h"
#include "publish.h"
#include "report/line.h"
#include "run_place.h"

#define ROWS 80
#define STRIDE 307 /* of the sample */

/* A run of ROWS rows whose report was published. */
struct desk {
    struct run_place place;
    char manifest_path[160];
    struct buffer report, manifest; /* as they were published */
    uint64_t *row_at;               /* the row that each byte of the report belongs to; 0: none */
};

/* ---- a run ---- */

static void append_export_row(struct buffer *text, uint64_t row)
{
    static const char *const reasons[] = {"缺少发票，拒赔",         "\"two\nlines\"", "=1+1", "a;b",
                                          "\"he said \"\"no\"\"\"", "'quoted"};

    if (row % 7 == 0)
        buffer_format(text, "%d,CL%08d,2,2022-12-01 10:00:00,0,%s\n", (int)row + 700000, (int)row,
                      reasons[row % (sizeof(reasons) / sizeof(*reasons))]);
    else if (row % 13 == 0)
        buffer_format(text, "%d,CL%08d,1,2022-12-01 10:00:00,12.5,\n", (int)row + 700000, (int)row);
    else
        buffer_format(text, "%d,CL%08d,1,2022-12-01%s,%d,\n", (int)row + 700000, (int)row,
                      row % 5 ? " 10:00:00" : "", (int)row + 100);
}

static void make_place(struct run_place *place)
{
    struct buffer text = {0};

    buffer_text(&text, "workcard_id,claim_order_no,claim_status,claim_time,claim_fee,claim_desc\n");
    for (uint64_t row = 2; row < ROWS + 2; row++)
        append_export_row(&text, row);
    run_place_make(place, buffer_string(&text));
    buffer_release(&text);
}

/* Of every kind some; every 19th row is left unsent. */
static void send_row(struct desk *desk, const struct judged_row *row)
{
    static const enum outcome outcomes[] = {OUTCOME_ACCEPTED, OUTCOME_ACCEPTED, OUTCOME_REJECTED,
                                            OUTCOME_ACCEPTED, OUTCOME_UNKNOWN,  OUTCOME_FAILED};
    enum outcome outcome = outcomes[row->row % (sizeof(outcomes) / sizeof(*outcomes))];
    char request_id[32];
    struct row_ref ref = {.platform = PLATFORM,
                          .place = {desk->place.run.id, row->row},
                          .key = {row->claim.workcard_id, row->claim.claim_order_no},
                          .fee_fen = row->claim.claim_fee,
                          .changed = row->row % 11 == 0};
    bool refused;
    struct row_record record = {
        .row = row->row,
        .state = ROW_FINAL,
        .outcome = outcome,
        .counts_as = outcome,
        .attempts = 1 + (int)row->row % 2,
        .http_status = outcome == OUTCOME_UNKNOWN ? 0 : 200,
        .submitted_ms = NOW_MS + (int64_t)row->row * 7,
        .duration_ms = 40 + (int64_t)row->row % 50,
        .code = outcome == OUTCOME_ACCEPTED ? "SUCCESS" : "CODE_OF_IT",
        .sub_code = outcome == OUTCOME_REJECTED ? "isv.refused" : "",
        .message = outcome == OUTCOME_REJECTED ? "不予受理, \"why\"" : "ok",
        .request_id = request_id,
        .warnings = ref.changed ? "CHANGED_SINCE_ACCEPTED" : "",
    };

    snprintf(request_id, sizeof(request_id), "id-%llu", (unsigned long long)row->row);
    if (row->invalid || row->row % 19 == 0)
        return;
    assert_int_equal(claim_digest(&row->claim, record.digest), 0);
    assert_int_equal(ledger_row_intend(desk->place.ledger, &ref, &record, &refused, &err), 0);
    assert_false(refused);
    assert_int_equal(ledger_row_end(desk->place.ledger, &ref, &record, &err), 0);
}

static void send_rows(struct desk *desk)
{
    struct claim_store store = {0};
    struct claim_rows *claim_rows = NULL;
    struct judged_row row;

    assert_int_equal(
        claim_rows_open(&desk->place.row_source, &desk->place.inspection, &claim_rows, &err), 0);
    assert_int_equal(ledger_begin(desk->place.ledger, &err), 0);
    while (claim_rows_next(claim_rows, &store, &row, &err) > 0)
        send_row(desk, &row);
    assert_int_equal(ledger_commit(desk->place.ledger, &err), 0);
    claim_rows_close(claim_rows);
    claim_store_release(&store);
}

static void publish(struct desk *desk)
{
    publish_report(desk->place.report_path, &desk->place.row_source, &desk->place.inspection,
                   desk->place.ledger, &desk->place.run);
    assert_int_equal(file_read_all(desk->place.report_path, 1 << 20, &desk->report, &err), 0);
    assert_int_equal(file_read_all(desk->manifest_path, 1 << 20, &desk->manifest, &err), 0);
}

/* Finds out which row each byte belongs to. A line end belongs to the row that it ends. */
static void map_rows(struct desk *desk)
{
    uint64_t row = 0;
    bool is_quoted = false;
    bool is_head = true;

    desk->row_at = calloc(desk->report.len, sizeof(*desk->row_at));
    assert_non_null(desk->row_at);
    for (size_t i = 0; i < desk->report.len; i++) {
        desk->row_at[i] = row;
        is_quoted ^= desk->report.ptr[i] == '"';
        if (desk->report.ptr[i] == '\n' && !is_quoted) {
            row = is_head ? 2 : row + 1;
            is_head = false;
        }
    }
    assert_int_equal(row, ROWS + 2);
}

static int set_up(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    *state = desk;
    make_place(&desk->place);
    snprintf(desk->manifest_path, sizeof(desk->manifest_path), "%s.manifest.json",
             desk->place.report_path);
    send_rows(desk);
    publish(desk);
    map_rows(desk);
    return 0;
}

static int tear_down(void **state)
{
    struct desk *desk = *state;

    buffer_release(&desk->report);
    buffer_release(&desk->manifest);
    run_place_remove(&desk->place);
    free(desk->row_at);
    free(desk);
    return 0;
}

/* ---- bytes ---- */

static void put_byte(const char *path, size_t at, char byte)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    close(fd);
}

/* Whether one of the disagreements names the row. */
static bool names(const struct audit *audit, uint64_t row)
{
    for (size_t i = 0; i < audit->disagreement_count; i++)
        if (audit->disagreements[i].row == row)
            return true;
    return false;
}

/* Why a run stopped, with which it explains a row that it did not send, nobody else knows. */
static bool is_told_by_the_report_alone(const struct desk *desk, size_t at)
{
    static const char words[] = ",NOT_SENT,,the run stopped,";

    for (size_t start = at < sizeof(words) ? 0 : at - sizeof(words) + 3; start < at; start++)
        if (memcmp(desk->report.ptr + start, words, strlen(words)) == 0)
            return at != start + strlen(",NOT_SENT,") && at < start + strlen(words) - 1;
    return false;
}

static void assert_noticed(struct desk *desk, size_t at, bool is_whole, uint64_t *ret_refused)
{
    const char *path = desk->place.report_path;
    struct audit_settings settings = {
        .paths = &path,
        .path_count = 1,
        .export.path = is_whole ? desk->place.export_path : NULL,
        .ledger_path = is_whole ? desk->place.ledger_path : NULL,
        .ledger_is_named = true,
    };
    struct audit audit;
    int result = audit_run(&settings, &audit, &err);
    uint64_t row = desk->row_at[at];

    if (result) {
        assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
        assert_int_equal(row, 0); /* in the first line, and so no report any more */
        ++*ret_refused;
    } else if (audit.agrees) {
        fail_msg("byte %zu of row %d: nothing was noticed", at, (int)row);
    } else if (is_whole && !names(&audit, row)) {
        for (size_t i = 0; i < audit.disagreement_count && i < 9; i++)
            print_error("row %d: %s\n", (int)audit.disagreements[i].row,
                        audit.disagreements[i].text);
        fail_msg("byte %zu of row %d: the row is not named", at, (int)row);
    }
    audit_release(&audit);
}

static bool is_long(void)
{
    return getenv("CLAIMBATCH_UNIT_LONG") != NULL;
}

/* Flips a bit of each byte; another one with each round. */
static void flip_all(struct desk *desk, bool is_whole, void (*fit)(struct desk *, size_t, char))
{
    uint64_t refused = 0;
    uint64_t tried = 0;

    for (size_t at = 0; at < desk->report.len; at++) {
        char byte = desk->report.ptr[at] ^ (char)(1 << at % 8);

        /* Of the sample: the first line and the first row, and then some of all. */
        if (!is_long() && desk->row_at[at] > 2 && at % STRIDE)
            continue;
        if (is_whole && is_told_by_the_report_alone(desk, at))
            continue;
        put_byte(desk->place.report_path, at, byte);
        if (fit)
            fit(desk, at, byte);
        assert_noticed(desk, at, is_whole, &refused);
        put_byte(desk->place.report_path, at, desk->report.ptr[at]);
        tried++;
    }
    assert_int_equal(refused, strlen(LINE_BOM LINE_HEADER));
    if (is_long())
        print_message("%llu bytes flipped, of which %llu made it no report\n",
                      (unsigned long long)tried, (unsigned long long)refused);
}

static void a_true_report_agrees_with_its_export_and_its_ledger(void **state)
{
    struct desk *desk = *state;
    const char *path = desk->place.report_path;
    struct audit_settings settings = {.paths = &path,
                                      .path_count = 1,
                                      .export.path = desk->place.export_path,
                                      .ledger_path = desk->place.ledger_path};
    struct audit audit;

    assert_int_equal(audit_run(&settings, &audit, &err), 0);
    if (!audit.agrees)
        fail_msg("row %d: %s", (int)audit.disagreements[0].row, audit.disagreements[0].text);
    assert_int_equal(audit.rows, ROWS);
    assert_int_equal(audit.export, AUDIT_AGREES);
    assert_int_equal(audit.reports[0].ledger, AUDIT_AGREES);
    audit_release(&audit);
}

static void a_flipped_byte_is_noticed_by_the_manifest_alone(void **state)
{
    flip_all(*state, false, NULL);
}

static void a_flipped_byte_is_named_with_export_and_ledger(void **state)
{
    flip_all(*state, true, NULL);
}

/* Makes the manifest say what the report's bytes are now. */
static void forge_digest(struct desk *desk, size_t at, char byte)
{
    unsigned char sha256[DIGEST_SHA256_BYTES];
    char was[MANIFEST_SHA256_TEXT_BYTES], is[MANIFEST_SHA256_TEXT_BYTES];
    struct digest *digests[2] = {digest_open(), digest_open()};
    char *place;

    digest_update(digests[0], desk->report.ptr, desk->report.len);
    digest_finish(digests[0], sha256);
    hex_format(sha256, sizeof(sha256), was);
    digest_update(digests[1], desk->report.ptr, at);
    digest_update(digests[1], &byte, 1);
    digest_update(digests[1], desk->report.ptr + at + 1, desk->report.len - at - 1);
    digest_finish(digests[1], sha256);
    hex_format(sha256, sizeof(sha256), is);
    digest_close(digests[0]);
    digest_close(digests[1]);
    place = strstr(desk->manifest.ptr, was);
    assert_non_null(place);
    memcpy(place, is, strlen(is));
    write_file(desk->manifest_path, desk->manifest.ptr, desk->manifest.len, 0600);
    memcpy(place, was, strlen(was));
}

static void a_flipped_byte_is_named_though_the_manifest_was_made_to_fit(void **state)
{
    struct desk *desk = *state;

    flip_all(desk, true, forge_digest);
    write_file(desk->manifest_path, desk->manifest.ptr, desk->manifest.len, 0600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_true_report_agrees_with_its_export_and_its_ledger),
        cmocka_unit_test(a_flipped_byte_is_noticed_by_the_manifest_alone),
        cmocka_unit_test(a_flipped_byte_is_named_with_export_and_ledger),
        cmocka_unit_test(a_flipped_byte_is_named_though_the_manifest_was_made_to_fit),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

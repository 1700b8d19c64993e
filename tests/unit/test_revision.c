/* Unit tests of report/revision: a report beside a ledger that knows more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/file/file.h"
#include "command/resolve/revision.h"
#include "input/claim/claim_digest.h"
#include "publish.h"
#include "run_on_server.h"

/* A run whose report was published: row 2 is accepted, 3 unknown, 4 invalid, 5 unsent. */
struct desk {
    struct run_place place;
    struct manifest_found manifest;
    struct revision_settings settings;
    struct revision *revision;
    struct buffer text;
};

static void digest_of(uint64_t row, unsigned char *ret_digest)
{
    static const struct claim claims[] = {
        [2] = {1, "", 1, "A", 1, "2022-12-01 10:00:00", 100},
        [3] = {2, "", 1, "B", 1, "2022-12-01 00:00:00", 200},
        [4] = {3, "", 1, "C", 1, "2022-12-01 10:00:00", 0},
        [5] = {4, "=why", 1, "D", 2, "2022-12-01 10:00:00", 0},
    };

    assert_int_equal(claim_digest(&claims[row], ret_digest), 0);
}

/* Sends a row and records what came of it. */
static void send_row(struct desk *desk, uint64_t row, const char *order_no, enum row_state state,
                     enum outcome outcome, const char *code)
{
    struct row_ref ref = run_place_ref(&desk->place, row, order_no);
    bool refused;
    struct row_record record = run_place_record_of(row, state, outcome, code);

    record.http_status = 0; /* some have no answer */
    digest_of(row, record.digest);
    run_place_begin(&desk->place);
    assert_int_equal(ledger_row_intend(desk->place.ledger, &ref, &record, &refused, &err), 0);
    assert_false(refused);
    assert_int_equal(ledger_row_end(desk->place.ledger, &ref, &record, &err), 0);
    run_place_commit(&desk->place);
}

static void settle_row(struct desk *desk, uint64_t row, const char *order_no, enum outcome outcome)
{
    struct row_ref ref = run_place_ref(&desk->place, row, order_no);
    unsigned char digest[DIGEST_CLAIM_BYTES];
    struct settlement settlement = {.outcome = outcome,
                                    .digest = digest,
                                    .submitted_ms = NOW_MS,
                                    .by = "desk",
                                    .reason = "phone",
                                    .at_ms = NOW_MS + 1};

    digest_of(row, digest);
    run_place_begin(&desk->place);
    assert_int_equal(ledger_row_resolve(desk->place.ledger, &ref, &settlement, &err), 1);
    run_place_commit(&desk->place);
}

static void publish(struct desk *desk)
{
    publish_report(desk->place.report_path, &desk->place.row_source, &desk->place.inspection,
                   desk->place.ledger, &desk->place.run);
    desk->place.run.published = true;
    run_place_save(&desk->place);
    assert_int_equal(manifest_read(desk->place.report_path, &desk->manifest, &err), 1);
}

static int set_up(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    *state = desk;
    run_place_make(&desk->place, run_place_rows);
    send_row(desk, 2, "A", ROW_FINAL, OUTCOME_ACCEPTED, "SUCCESS");
    send_row(desk, 3, "B", ROW_FINAL, OUTCOME_UNKNOWN, "TIMEOUT");
    publish(desk);
    desk->settings = (struct revision_settings){.program_version = "2",
                                                .path = desk->place.report_path,
                                                .manifest = &desk->manifest,
                                                .ledger = desk->place.ledger,
                                                .run = &desk->place.run};
    return 0;
}

static int tear_down(void **state)
{
    struct desk *desk = *state;

    revision_close(desk->revision);
    manifest_found_release(&desk->manifest);
    buffer_release(&desk->text);
    run_place_remove(&desk->place);
    free(desk);
    return 0;
}

static const char *read_report(struct desk *desk)
{
    assert_int_equal(file_read_all(desk->place.report_path, 1 << 20, &desk->text, &err), 0);
    return buffer_string(&desk->text);
}

static void write_report(struct desk *desk, const char *text)
{
    FILE *file = fopen(desk->place.report_path, "wb");

    assert_non_null(file);
    assert_int_equal(fputs(text, file) < 0, 0);
    assert_int_equal(fclose(file), 0);
}

/* Replaces `old`, which is there, by `new` of the same length. */
static void change_report(struct desk *desk, const char *old, const char *new)
{
    char *text = strdup(read_report(desk));
    char *at = strstr(text, old);

    assert_non_null(at);
    memcpy(at, new, strlen(new));
    write_report(desk, text);
    free(text);
}

static void open_revision(struct desk *desk)
{
    assert_int_equal(revision_open(&desk->settings, &desk->revision, &err), 0);
}

static void assert_refused(struct desk *desk, const char *words)
{
    assert_int_equal(revision_open(&desk->settings, &desk->revision, &err), -1);
    assert_null(desk->revision);
    assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
    if (!strstr(err.text, words))
        print_error("%s\n", err.text);
    assert_non_null(strstr(err.text, words));
}

/* Reads all rows and returns how many differ. */
static int count_differing(struct desk *desk)
{
    struct revision_row row;
    int count = 0;
    uint64_t expected = 2;

    assert_int_equal(revision_restart(desk->revision, &err), 0);
    for (; revision_next(desk->revision, &row, &err) == 1; expected++) {
        assert_int_equal(row.line.record.row, expected);
        count += row.differs;
    }
    assert_int_equal(expected, 6);
    return count;
}

static void what_the_ledger_knows_alike_does_not_differ(void **state)
{
    struct desk *desk = *state;

    open_revision(desk);
    assert_false(revision_was_cut_short(desk->revision));
    assert_int_equal(count_differing(desk), 0);
    assert_int_equal(count_differing(desk), 0);
}

static void settled_row_is_published_and_the_others_stay_byte_for_byte(void **state)
{
    struct desk *desk = *state;
    char *old = strdup(read_report(desk));
    const char *row_3 = strstr(old, "\n3,");
    const char *row_4 = strstr(old, "\n4,");
    const char *now;
    struct run_record run;
    struct run_count counts[OUTCOME_COUNT];

    settle_row(desk, 3, "B", OUTCOME_ACCEPTED);
    open_revision(desk);
    assert_int_equal(count_differing(desk), 1);
    assert_null(revision_tally(desk->revision));
    assert_int_equal(revision_publish(desk->revision, NULL, &err), 0);
    assert_int_equal(tally_rows(revision_tally(desk->revision), OUTCOME_ACCEPTED), 2);
    now = read_report(desk);
    assert_memory_equal(now, old, (size_t)(row_3 - old));
    assert_string_equal(strstr(now, "\n4,"), row_4);
    assert_non_null(strstr(now, "\n3,2,,1,B,1,2022-12-01 00:00:00,200,accepted,RESOLVED_ACCEPTED,,"
                                "settled by desk: phone (it was unknown: TIMEOUT: said the "
                                "gateway),DATE_ONLY;CHANGED_SINCE_ACCEPTED,1,,r1,"));
    assert_int_equal(ledger_run_named(desk->place.ledger, desk->place.run.name, &run, &err), 1);
    assert_true(run.published);
    assert_int_equal(run.open_rows, 1);
    assert_int_equal(ledger_run_count_get(desk->place.ledger, run.id, counts, &err), 0);
    assert_int_equal(counts[OUTCOME_ACCEPTED].rows, 2);
    assert_int_equal(counts[OUTCOME_UNKNOWN].rows, 0);
    assert_string_equal(counts[OUTCOME_ACCEPTED].fee_fen, "300");
    free(old);
}

static void new_manifest_keeps_what_the_old_one_says_of_the_export(void **state)
{
    struct desk *desk = *state;
    struct manifest_found now;

    settle_row(desk, 3, "B", OUTCOME_FAILED);
    open_revision(desk);
    assert_int_equal(revision_publish(desk->revision, NULL, &err), 0);
    assert_int_equal(manifest_read(desk->place.report_path, &now, &err), 1);
    assert_string_equal(now.input_sha256, desk->manifest.input_sha256);
    assert_string_equal(now.input_name, desk->manifest.input_name);
    assert_string_equal(now.input_path, desk->manifest.input_path);
    assert_int_equal(now.input_bytes, desk->manifest.input_bytes);
    assert_memory_equal(now.reading.columns, desk->manifest.reading.columns,
                        sizeof(now.reading.columns));
    assert_memory_equal(now.reading.rules.severity, desk->manifest.reading.rules.severity,
                        sizeof(now.reading.rules.severity));
    assert_int_equal(now.reading.delimiter, desk->manifest.reading.delimiter);
    assert_string_equal(now.program_version, "2");
    assert_int_equal(now.finished_ms, desk->manifest.finished_ms);
    assert_int_equal(now.replaced_count, 1);
    assert_string_equal(now.replaced[0], desk->manifest.report_sha256);
    assert_string_not_equal(now.report_sha256, desk->manifest.report_sha256);
    assert_int_equal(now.rows[OUTCOME_FAILED], 1);
    manifest_found_release(&now);
}

static void row_that_waits_for_a_repeat_is_unsent(void **state)
{
    struct desk *desk = *state;
    struct revision_row row;

    send_row(desk, 5, "D", ROW_AGAIN, OUTCOME_UNSENT, "10");
    open_revision(desk);
    assert_int_equal(count_differing(desk), 1);
    assert_int_equal(revision_restart(desk->revision, &err), 0);
    while (revision_next(desk->revision, &row, &err) == 1)
        if (row.differs) {
            assert_int_equal(row.line.record.outcome, OUTCOME_UNSENT);
            assert_string_equal(row.line.record.code, "10");
            assert_string_equal(row.was->line.record.code, "NOT_SENT");
        }
}

static void invalid_row_that_was_sent_since_cannot_be_told(void **state)
{
    struct desk *desk = *state;
    struct revision_row row;
    char partial[160];
    int found;

    send_row(desk, 4, "C", ROW_FINAL, OUTCOME_ACCEPTED, "SUCCESS");
    open_revision(desk);
    while ((found = revision_next(desk->revision, &row, &err)) == 1)
        assert_true(row.line.record.row < 4);
    assert_int_equal(found, -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
    assert_int_equal(revision_publish(desk->revision, NULL, &err), -1);
    snprintf(partial, sizeof(partial), "%s.partial", desk->place.report_path);
    assert_int_equal(access(partial, F_OK), -1);
}

static void report_that_was_changed_is_refused_with_the_row(void **state)
{
    struct desk *desk = *state;

    change_report(desk, ",A,", ",Z,");
    assert_refused(desk, "row 2");
    change_report(desk, ",Z,", ",A,");
    change_report(desk, "\n3,", "\n2,");
    assert_refused(desk, "moved or doubled");
    change_report(desk, "\n2,2", "\n3,2");
    change_report(desk, "TIMEOUT", "TIMEDUT");
    assert_refused(desk, "rows do not show");
}

static void report_without_its_manifest_is_taken_where_publishing_was_cut_short(void **state)
{
    struct desk *desk = *state;

    memset(desk->manifest.report_sha256, '0', MANIFEST_SHA256_TEXT_BYTES - 1);
    assert_refused(desk, "rows do not show");
    desk->place.run.published = false;
    run_place_save(&desk->place);
    open_revision(desk);
    assert_true(revision_was_cut_short(desk->revision));
    assert_int_equal(revision_publish(desk->revision, NULL, &err), 0);
    revision_close(desk->revision);
    desk->revision = NULL;
    desk->manifest.report_rows++;
    assert_refused(desk, "its rows are 4, not 5");
}

/* A large report takes longer to be read than who holds its run may be silent. */
static void who_reads_a_report_is_heard_of(void **state)
{
    struct desk *desk = *state;
    struct revision_row row;
    char url[CLUSTER_URL_BYTES];

    hold_run_on_server(&desk->place, url);
    desk->settings.ledger = desk->place.ledger;
    open_revision(desk);
    while (revision_next(desk->revision, &row, &err) > 0)
        ;
    assert_true(beats_at(url) >= 4);
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DESK(what_the_ledger_knows_alike_does_not_differ),
        AT_DESK(settled_row_is_published_and_the_others_stay_byte_for_byte),
        AT_DESK(new_manifest_keeps_what_the_old_one_says_of_the_export),
        AT_DESK(row_that_waits_for_a_repeat_is_unsent),
        AT_DESK(invalid_row_that_was_sent_since_cannot_be_told),
        AT_DESK(report_that_was_changed_is_refused_with_the_row),
        AT_DESK(who_reads_a_report_is_heard_of),
        AT_DESK(report_without_its_manifest_is_taken_where_publishing_was_cut_short),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

/* Unit tests of report/proof: a report is taken at its word, or it is said what speaks against it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/hex.h"
#include "report/unaltered.h"

static const unsigned char written_sha256[DIGEST_SHA256_BYTES] = {1, 2, 3};
static const unsigned char other_sha256[DIGEST_SHA256_BYTES] = {4};

static struct error err;

/* The manifest of rows 2 (accepted, 100 fen), 3 (failed, 200) and 4 (failed, 300). */
static struct manifest_found manifest_of_three(void)
{
    struct manifest_found manifest = {.report_rows = 3};

    manifest.rows[OUTCOME_ACCEPTED] = 1;
    manifest.fee_fen[OUTCOME_ACCEPTED] = 100;
    manifest.rows[OUTCOME_FAILED] = 2;
    manifest.fee_fen[OUTCOME_FAILED] = 500;
    hex_format(written_sha256, DIGEST_SHA256_BYTES, manifest.report_sha256);
    return manifest;
}

static struct scan_row row_of(uint64_t row, enum outcome outcome, int64_t fee)
{
    struct scan_row scanned = {
        .start_line = row, .has_claim = true, .digest_fits = true, .digest = ""};

    for (int i = 0; i < FIELD_COUNT; i++)
        scanned.line.fields[i] = "";
    scanned.line.record = (struct row_record){.row = row, .outcome = outcome};
    scanned.claim = (struct claim){1, "", 1, "A", 1, "2022-12-01 10:00:00", fee};
    return scanned;
}

static struct scan_row edited(struct scan_row row, enum scan_edit edit)
{
    row.digest_fits = false;
    row.edit = edit;
    return row;
}

static bool is_taken(const struct scan_row *row)
{
    return row->line.record.outcome == OUTCOME_FAILED;
}

/* Shows the rows and finishes; err says what is wrong. */
static int prove(struct unaltered *unaltered, const struct scan_row *rows, size_t count,
                 const unsigned char *sha256)
{
    int result = 0;

    for (size_t i = 0; i < count && !result; i++)
        result = unaltered_show(unaltered, &rows[i], is_taken(&rows[i]), &err);
    if (!result)
        result = unaltered_finish(unaltered, sha256, &err);
    unaltered_release(unaltered);
    return result;
}

static void assert_refused(const struct unaltered *settings, const struct scan_row *rows,
                           size_t count, const unsigned char *sha256, const char *words)
{
    struct unaltered unaltered = *settings;

    assert_int_equal(prove(&unaltered, rows, count, sha256), -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
    if (!strstr(err.text, words) || !strstr(err.text, "nothing was sent"))
        fail_msg("'%s' not in: %s", words, err.text);
}

static void the_report_as_it_was_written_is_proven(void **state)
{
    struct manifest_found manifest = manifest_of_three();
    struct scan_row rows[] = {row_of(2, OUTCOME_ACCEPTED, 100), row_of(3, OUTCOME_FAILED, 200),
                              row_of(4, OUTCOME_FAILED, 300)};

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct unaltered unaltered = {.path = "r.csv",
                                      .manifest = &manifest,
                                      .accept_edits = i & 1,
                                      .is_all_there_is = i >> 1};

        assert_int_equal(prove(&unaltered, rows, 3, written_sha256), 0);
        assert_int_equal(unaltered.edited, 0);
    }
}

static void other_bytes_are_taken_only_by_a_persons_word_and_where_a_ledger_knows(void **state)
{
    struct manifest_found manifest = manifest_of_three();
    struct scan_row rows[] = {row_of(2, OUTCOME_ACCEPTED, 100), row_of(3, OUTCOME_FAILED, 200),
                              row_of(4, OUTCOME_FAILED, 300)};
    struct unaltered unaltered = {.path = "r.csv", .manifest = &manifest};

    (void)state;
    assert_refused(&unaltered, rows, 3, other_sha256, "not byte for byte");
    unaltered.is_all_there_is = true;
    assert_refused(&unaltered, rows, 3, other_sha256, "nothing else tells what was sent");
    unaltered.accept_edits = true;
    assert_refused(&unaltered, rows, 3, other_sha256, "nothing else tells what was sent");
    unaltered.is_all_there_is = false;
    assert_int_equal(prove(&unaltered, rows, 3, other_sha256), 0);
}

static void edits_are_named_by_row_and_taken_only_by_a_persons_word(void **state)
{
    struct manifest_found manifest = manifest_of_three();
    struct scan_row rows[] = {row_of(2, OUTCOME_ACCEPTED, 100),
                              edited(row_of(3, OUTCOME_FAILED, 7), SCAN_EDIT_CONTENT),
                              row_of(4, OUTCOME_FAILED, 300)};
    struct unaltered unaltered = {.path = "r.csv", .manifest = &manifest};

    (void)state;
    assert_refused(&unaltered, rows, 3, other_sha256, "row 3: the digest does not fit");
    unaltered.accept_edits = unaltered.is_all_there_is = true;
    assert_refused(&unaltered, rows, 3, other_sha256, "only the report tells what was sent");
    unaltered.is_all_there_is = false;
    assert_int_equal(prove(&unaltered, rows, 3, other_sha256), 0);
    assert_int_equal(unaltered.edited, 1);
}

static void an_edit_of_a_row_that_is_not_taken_is_never_accepted(void **state)
{
    struct manifest_found manifest = manifest_of_three();
    struct scan_row rows[] = {edited(row_of(2, OUTCOME_ACCEPTED, 100), SCAN_EDIT_CONTENT),
                              row_of(3, OUTCOME_FAILED, 200), row_of(4, OUTCOME_FAILED, 300)};
    struct unaltered unaltered = {.path = "r.csv", .manifest = &manifest, .accept_edits = true};

    (void)state;
    assert_refused(&unaltered, rows, 3, other_sha256, "but it is accepted, and not taken");
}

static void what_a_spreadsheet_did_is_never_accepted(void **state)
{
    static const enum scan_edit edits[] = {SCAN_EDIT_DATE, SCAN_EDIT_SCIENTIFIC, SCAN_EDIT_ZEROS};
    struct manifest_found manifest = manifest_of_three();
    struct unaltered unaltered = {.path = "r.csv", .manifest = &manifest, .accept_edits = true};

    (void)state;
    for (size_t i = 0; i < sizeof(edits) / sizeof(*edits); i++) {
        struct scan_row rows[] = {row_of(2, OUTCOME_ACCEPTED, 100),
                                  edited(row_of(3, OUTCOME_FAILED, 200), edits[i]),
                                  row_of(4, OUTCOME_FAILED, 300)};

        assert_refused(&unaltered, rows, 3, other_sha256, "never taken");
    }
}

static void rows_that_are_missing_doubled_or_moved_are_told_apart(void **state)
{
    struct manifest_found manifest = manifest_of_three();
    struct scan_row a = row_of(2, OUTCOME_ACCEPTED, 100);
    struct scan_row b = row_of(3, OUTCOME_FAILED, 200);
    struct scan_row c = row_of(4, OUTCOME_FAILED, 300);
    struct scan_row d = row_of(5, OUTCOME_FAILED, 300);
    struct unaltered unaltered = {.path = "r.csv", .manifest = &manifest, .accept_edits = true};

    (void)state;
    assert_refused(&unaltered, (struct scan_row[]){a, b}, 2, other_sha256, "it is cut");
    assert_refused(&unaltered, NULL, 0, other_sha256,
                   "number of rows, 0, than its manifest says, 3");
    assert_refused(&unaltered, (struct scan_row[]){a, b, c, d}, 4, other_sha256, "rows were added");
    assert_refused(&unaltered, (struct scan_row[]){a, b, b}, 3, other_sha256, "doubled");
    assert_refused(&unaltered, (struct scan_row[]){a, c, b}, 3, other_sha256,
                   "row 3 (line 3) stands behind row 4");
}

static void outcomes_are_counted_against_the_manifest(void **state)
{
    struct manifest_found manifest = manifest_of_three();
    struct scan_row a = row_of(2, OUTCOME_ACCEPTED, 100);
    struct scan_row b = row_of(3, OUTCOME_FAILED, 200);
    struct scan_row c = row_of(4, OUTCOME_FAILED, 300);
    struct unaltered unaltered = {.path = "r.csv", .manifest = &manifest, .accept_edits = true};

    (void)state;
    a.line.record.outcome = OUTCOME_FAILED;
    assert_refused(&unaltered, (struct scan_row[]){a, b, c}, 3, other_sha256,
                   "outcomes were changed");
    /* As many as before, but not the same: their money tells. */
    b.line.record.outcome = OUTCOME_ACCEPTED;
    assert_refused(&unaltered, (struct scan_row[]){a, b, c}, 3, other_sha256,
                   "1 row accepted of 200 fen, and its manifest says 1 of 100 fen");
}

static void cells_that_claimbatch_does_not_write_are_named(void **state)
{
    struct manifest_found manifest = manifest_of_three();
    struct scan_row rows[] = {row_of(2, OUTCOME_ACCEPTED, 100), row_of(3, OUTCOME_FAILED, 200)};
    struct unaltered unaltered = {.path = "r.csv", .manifest = &manifest, .accept_edits = true};

    (void)state;
    rows[1].malformed = 1u << SCAN_SUBMITTED_AT | 1u << SCAN_ATTEMPTS;
    assert_refused(&unaltered, rows, 2, other_sha256, "row 3 (line 3)");
    assert_refused(&unaltered, rows, 2, other_sha256, "attempts, submitted_at");
    rows[1].malformed = SCAN_ALL_MALFORMED;
    assert_refused(&unaltered, rows, 2, other_sha256, "line 3: it has cells too many or too few");
}

static void no_more_rows_are_named_than_a_person_reads(void **state)
{
    struct manifest_found manifest = manifest_of_three();
    struct scan_row rows[UNALTERED_ROWS_NAMED + 3];
    struct unaltered unaltered = {.path = "r.csv", .manifest = &manifest};

    (void)state;
    for (size_t i = 0; i < UNALTERED_ROWS_NAMED + 3; i++)
        rows[i] = edited(row_of(i + 2, OUTCOME_FAILED, 1), SCAN_EDIT_CONTENT);
    assert_refused(&unaltered, rows, UNALTERED_ROWS_NAMED + 3, other_sha256, "and 3 more");
    assert_non_null(strstr(err.text, "row 11:"));
    assert_null(strstr(err.text, "row 12:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_report_as_it_was_written_is_proven),
        cmocka_unit_test(other_bytes_are_taken_only_by_a_persons_word_and_where_a_ledger_knows),
        cmocka_unit_test(edits_are_named_by_row_and_taken_only_by_a_persons_word),
        cmocka_unit_test(an_edit_of_a_row_that_is_not_taken_is_never_accepted),
        cmocka_unit_test(what_a_spreadsheet_did_is_never_accepted),
        cmocka_unit_test(rows_that_are_missing_doubled_or_moved_are_told_apart),
        cmocka_unit_test(outcomes_are_counted_against_the_manifest),
        cmocka_unit_test(cells_that_claimbatch_does_not_write_are_named),
        cmocka_unit_test(no_more_rows_are_named_than_a_person_reads),
    };

    return cmocka_run_group_tests_name("proof", tests, NULL, NULL);
}

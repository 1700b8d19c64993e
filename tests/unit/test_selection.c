/* Unit tests of report/remainder: which rows of a report are taken, and as what. */
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
#include "command/rerun/selection.h"
#include "input/claim/claim_digest.h"
#include "ledger_place.h"
#include "memfile.h"
#include "report/scan.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define NOW_MS INT64_C(1670803200000) /* 2022-12-12 08:00:00 in Beijing */

/* One row of a report; the claim is known by `order_no`. */
struct entry {
    enum outcome outcome;
    const char *order_no;
    int64_t fee;
    const char *code, *warnings;
};

/* A report with its manifest, and what is taken of it. */
struct desk {
    struct buffer text;
    struct memfile file;
    struct manifest_found manifest;
    struct selection_settings settings;
    struct selection *selection;
    struct row_source row_source;
    struct inspection inspection;
};

static void add_line(struct desk *desk, uint64_t row, const struct entry *entry)
{
    struct claim claim = {815, "=why", 1, entry->order_no, 1, "2022-12-01 10:00:00", entry->fee};
    char fee[24];
    struct line line = {
        .fields = {"815", "=why", "1", entry->order_no, "1", claim.claim_time, fee},
        .record = {.row = row,
                   .outcome = entry->outcome,
                   .code = entry->code ? entry->code : "CODE",
                   .sub_code = "",
                   .message = "said the gateway",
                   .request_id = ""},
        .warnings = entry->warnings ? entry->warnings : "",
        .has_digest = entry->outcome != OUTCOME_INVALID,
    };

    snprintf(fee, sizeof(fee), "%lld", (long long)entry->fee);
    assert_int_equal(claim_digest(&claim, line.record.digest), 0);
    line_append(&line, &desk->text);
    desk->manifest.report_rows++;
    desk->manifest.rows[entry->outcome]++;
    desk->manifest.fee_fen[entry->outcome] += line.has_digest ? entry->fee : 0;
}

/* Of a run that the ledger of the place knows. */
static void make_report(struct desk *desk, struct place *place, const struct entry *entries,
                        size_t count)
{
    unsigned char sha256[DIGEST_SHA256_BYTES];
    struct digest *hash = digest_open();

    memset(desk, 0, sizeof(*desk));
    buffer_text(&desk->text, LINE_BOM LINE_HEADER);
    for (size_t i = 0; i < count; i++)
        add_line(desk, i + 2, &entries[i]);
    assert_int_equal(digest_update(hash, desk->text.ptr, desk->text.len), 0);
    assert_int_equal(digest_finish(hash, sha256), 0);
    digest_close(hash);
    hex_format(sha256, DIGEST_SHA256_BYTES, desk->manifest.report_sha256);
    desk->file = memfile_open(desk->text.ptr, desk->text.len);
    desk->settings.path = desk->file.path;
    desk->settings.manifest = &desk->manifest;
    desk->manifest.platform = PLATFORM;
    desk->settings.ledger = place->ledger;
    {
        struct run_record run = create_run(place->ledger, 1);

        desk->settings.run = run.id;
        desk->settings.sequence = run.sequence;
    }
    desk->row_source.now_ms = NOW_MS;
    rules_init(&desk->row_source.rules);
}

static int inspect(struct desk *desk)
{
    if (selection_open(&desk->settings, &desk->selection, &err))
        return -1;
    return selection_inspect(desk->selection, &desk->row_source, &desk->inspection, &err);
}

static void release(struct desk *desk)
{
    inspection_release(&desk->inspection);
    selection_close(desk->selection);
    memfile_close(&desk->file);
    buffer_release(&desk->text);
}

/* Inspects, and reads the rows twice; they are those, up to a 0. */
static void assert_taken(struct desk *desk, const uint64_t *rows)
{
    struct claim_store store = {0};

    if (inspect(desk))
        fail_msg("%s", err.text);
    for (int pass = 0; pass < 2; pass++) {
        struct claim_rows *claim_rows;
        struct judged_row row;
        size_t i = 0;

        assert_int_equal(claim_rows_open(&desk->row_source, &desk->inspection, &claim_rows, &err),
                         0);
        while (claim_rows_next(claim_rows, &store, &row, &err) > 0)
            assert_int_equal(row.row, rows[i++]);
        assert_int_equal(rows[i], 0);
        assert_int_equal(desk->inspection.rows, i);
        claim_rows_close(claim_rows);
    }
    claim_store_release(&store);
}

static const struct entry one_of_each[] = {
    {OUTCOME_ACCEPTED, "A", 1, NULL, NULL}, {OUTCOME_REJECTED, "B", 2, NULL, NULL},
    {OUTCOME_FAILED, "C", 4, NULL, NULL},   {OUTCOME_UNKNOWN, "D", 8, NULL, NULL},
    {OUTCOME_INVALID, "E", 16, NULL, NULL}, {OUTCOME_SKIPPED, "F", 32, NULL, NULL},
    {OUTCOME_UNSENT, "G", 64, NULL, NULL},
};

static void rows_are_taken_as_the_settings_say_with_their_own_numbers(void **state)
{
    static const struct {
        bool rejected, unknown;
        uint64_t rows[6];
        int64_t fee;
    } cases[] = {
        {false, false, {4, 8, 0}, 68},
        {true, false, {3, 4, 8, 0}, 70},
        {false, true, {4, 5, 8, 0}, 76},
        {true, true, {3, 4, 5, 8, 0}, 78},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct desk desk;

        make_report(&desk, *state, one_of_each, COUNT(one_of_each));
        desk.settings.rejected = cases[i].rejected;
        desk.settings.unknown = cases[i].unknown;
        assert_taken(&desk, cases[i].rows);
        assert_true(inspection_fee(&desk.inspection) == cases[i].fee);
        assert_int_equal(desk.inspection.rows + desk.inspection.left_out, COUNT(one_of_each));
        assert_int_equal(selection_counts(desk.selection)->rows[OUTCOME_SKIPPED], 1);
        release(&desk);
    }
}

static void a_row_is_exactly_what_it_was(void **state)
{
    static const struct entry entries[] = {
        {OUTCOME_FAILED, "=A", 0, NULL, "COUNT_NOT_ONE;CHANGED_SINCE_ACCEPTED;DATE_ONLY"},
        {OUTCOME_UNKNOWN, "B", 7, "TIMEOUT", NULL},
    };
    struct claim_store store = {0};
    struct claim_rows *claim_rows;
    struct judged_row row;
    struct desk desk;

    make_report(&desk, *state, entries, COUNT(entries));
    desk.settings.unknown = true;
    assert_int_equal(inspect(&desk), 0);
    assert_int_equal(claim_rows_open(&desk.row_source, &desk.inspection, &claim_rows, &err), 0);
    assert_int_equal(claim_rows_next(claim_rows, &store, &row, &err), 1);
    /* A status 1 without a fee was judged when it was an export's row, by the rules of then. */
    assert_false(row.invalid);
    assert_string_equal(row.claim.claim_order_no, "=A");
    assert_string_equal(row.claim.claim_desc, "=why");
    assert_string_equal(row.noted, "COUNT_NOT_ONE;DATE_ONLY");
    assert_false(row.may_resend);
    assert_null(row.unknown_row);
    assert_int_equal(claim_rows_next(claim_rows, &store, &row, &err), 1);
    assert_true(row.may_resend);
    assert_string_equal(row.unknown_row, "TIMEOUT said the gateway");
    assert_false(row.is_unrecorded);
    claim_rows_close(claim_rows);
    claim_store_release(&store);
    release(&desk);
}

static void an_edited_row_is_judged_like_new_content(void **state)
{
    static const struct entry entries[] = {{OUTCOME_FAILED, "A", 5, NULL, NULL},
                                           {OUTCOME_FAILED, "B", 5, NULL, NULL}};
    struct desk desk;
    char *at;

    make_report(&desk, *state, entries, COUNT(entries));
    at = strstr(desk.text.ptr, ",A,1,2022-12-01 10:00:00,5,");
    memcpy(at, ",A,1,2022-12-01 10:00:00,0,", 27); /* accepted claims pay something */
    assert_int_equal(pwrite(desk.file.fd, desk.text.ptr, desk.text.len, 0), desk.text.len);
    assert_int_equal(inspect(&desk), -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
    selection_close(desk.selection);
    inspection_release(&desk.inspection);
    desk.settings.accept_edits = true;
    assert_taken(&desk, (const uint64_t[]){2, 3, 0});
    assert_int_equal(selection_counts(desk.selection)->edited, 1);
    assert_int_equal(desk.inspection.invalid, 1);
    assert_int_equal(desk.inspection.first_row[RULE_SUCCESS_WITHOUT_FEE], 2);
    release(&desk);
}

static void a_limit_that_is_set_now_holds_now(void **state)
{
    static const struct entry entries[] = {{OUTCOME_FAILED, "A", 5, NULL, NULL},
                                           {OUTCOME_FAILED, "B", 6, NULL, NULL}};
    struct desk desk;

    make_report(&desk, *state, entries, COUNT(entries));
    desk.row_source.rules.max_fee = 5;
    assert_taken(&desk, (const uint64_t[]){2, 3, 0});
    assert_int_equal(desk.inspection.invalid, 1);
    assert_int_equal(desk.inspection.first_row[RULE_MAX_FEE], 3);
    release(&desk);
}

/* ---- claims that stand in a report more than once ---- */

static const struct entry behind_unknown[] = {
    {OUTCOME_FAILED, "A", 1, NULL, NULL},
    {OUTCOME_UNKNOWN, "A", 2, NULL, NULL},
    {OUTCOME_UNSENT, "A", 3, NULL, NULL},
    {OUTCOME_UNSENT, "B", 3, NULL, NULL},
};

/* The row that stands in the way of row 4 of behind_unknown. */
static uint64_t obstacle_of_row_4(struct desk *desk)
{
    struct claim_store store = {0};
    struct claim_rows *claim_rows;
    struct judged_row row = {0};
    uint64_t obstacle = 0;

    if (inspect(desk))
        fail_msg("%s", err.text);
    assert_int_equal(claim_rows_open(&desk->row_source, &desk->inspection, &claim_rows, &err), 0);
    while (claim_rows_next(claim_rows, &store, &row, &err) > 0) {
        if (row.row == 4)
            obstacle = row.open_row;
        else
            assert_int_equal(row.open_row, 0);
    }
    claim_rows_close(claim_rows);
    claim_store_release(&store);
    return obstacle;
}

static void a_row_behind_an_unknown_one_waits_for_it(void **state)
{
    struct place *place = *state;
    struct desk desk;

    make_report(&desk, place, behind_unknown, COUNT(behind_unknown));
    desk.settings.run = 0;
    assert_int_equal(obstacle_of_row_4(&desk), 3);
    release(&desk);

    make_report(&desk, place, behind_unknown, COUNT(behind_unknown));
    send_one(place->ledger, desk.settings.run, 3, "A", OUTCOME_UNKNOWN);
    assert_int_equal(obstacle_of_row_4(&desk), 3);
    release(&desk);
}

static void a_row_that_is_taken_itself_is_nothing_to_wait_for(void **state)
{
    struct desk desk;

    for (int known = 0; known < 2; known++) {
        make_report(&desk, *state, behind_unknown, COUNT(behind_unknown));
        desk.settings.unknown = true;
        desk.settings.run = known ? desk.settings.run : 0;
        assert_int_equal(obstacle_of_row_4(&desk), 0);
        release(&desk);
    }
}

static void the_ledger_tells_what_was_settled_since(void **state)
{
    static const struct {
        uint64_t row; /* that was sent since */
        enum outcome outcome;
        bool waits;
    } cases[] = {
        {3, OUTCOME_ACCEPTED, false}, {3, OUTCOME_REJECTED, false}, {3, OUTCOME_UNKNOWN, true},
        {3, OUTCOME_FAILED, true},    {2, OUTCOME_ACCEPTED, true}, /* an older one */
        {4, OUTCOME_ACCEPTED, false},
    };
    struct place *place = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct desk desk;

        make_report(&desk, place, behind_unknown, COUNT(behind_unknown));
        send_one(place->ledger, desk.settings.run, cases[i].row, "A", cases[i].outcome);
        assert_int_equal(obstacle_of_row_4(&desk), cases[i].waits ? 3 : 0);
        release(&desk);
        if (cases[i].outcome == OUTCOME_UNKNOWN)
            run_sql(place->path, "DELETE FROM open_attempt");
    }
}

static void without_a_ledger_rows_before_an_accepted_one_are_left(void **state)
{
    static const struct entry entries[] = {
        {OUTCOME_REJECTED, "A", 1, NULL, NULL}, {OUTCOME_ACCEPTED, "A", 2, NULL, NULL},
        {OUTCOME_REJECTED, "A", 3, NULL, NULL}, {OUTCOME_REJECTED, "B", 1, NULL, NULL},
        {OUTCOME_ACCEPTED, "C", 1, NULL, NULL},
    };
    struct desk desk;

    make_report(&desk, *state, entries, COUNT(entries));
    desk.settings.run = 0;
    desk.settings.rejected = true;
    assert_taken(&desk, (const uint64_t[]){4, 5, 0});
    assert_int_equal(selection_counts(desk.selection)->superseded, 1);
    release(&desk);

    make_report(&desk, *state, entries, COUNT(entries));
    desk.settings.rejected = true;
    assert_taken(&desk,
                 (const uint64_t[]){2, 4, 5, 0}); /* the ledger knows that it is superseded */
    release(&desk);
}

static void rows_before_one_that_was_accepted_in_an_earlier_run_are_left(void **state)
{
    static const struct entry entries[] = {
        {OUTCOME_REJECTED, "A", 1, NULL, NULL},
        {OUTCOME_SKIPPED, "A", 2, "ALREADY_ACCEPTED", NULL},
        {OUTCOME_REJECTED, "B", 1, NULL, NULL},
        {OUTCOME_SKIPPED, "B", 1, "DUPLICATE_IN_FILE", NULL},
    };
    struct desk desk;

    make_report(&desk, *state, entries, COUNT(entries));
    desk.settings.rejected = true;
    assert_taken(&desk, (const uint64_t[]){4, 0});
    release(&desk);
}

/* ---- what is refused ---- */

static void a_damaged_report_yields_no_row(void **state)
{
    struct desk desk;

    make_report(&desk, *state, one_of_each, COUNT(one_of_each));
    desk.manifest.rows[OUTCOME_FAILED]++;
    assert_int_equal(inspect(&desk), -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
    release(&desk);

    make_report(&desk, *state, one_of_each, COUNT(one_of_each));
    assert_int_equal(ftruncate(desk.file.fd, (off_t)desk.text.len - 1), 0);
    desk.settings.run = 0;
    assert_int_equal(inspect(&desk), -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
    assert_non_null(strstr(err.text, "is cut"));
    release(&desk);
}

static void a_report_that_is_not_there_is_missing(void **state)
{
    struct selection_settings settings = {.path = "/nowhere/report.csv"};
    struct selection *selection;

    (void)state;
    assert_int_equal(selection_open(&settings, &selection, &err), -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_MISSING);
    assert_null(selection);
    selection_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LEDGER(rows_are_taken_as_the_settings_say_with_their_own_numbers),
        WITH_LEDGER(a_row_is_exactly_what_it_was),
        WITH_LEDGER(an_edited_row_is_judged_like_new_content),
        WITH_LEDGER(a_limit_that_is_set_now_holds_now),
        WITH_LEDGER(a_row_behind_an_unknown_one_waits_for_it),
        WITH_LEDGER(a_row_that_is_taken_itself_is_nothing_to_wait_for),
        WITH_LEDGER(the_ledger_tells_what_was_settled_since),
        WITH_LEDGER(without_a_ledger_rows_before_an_accepted_one_are_left),
        WITH_LEDGER(rows_before_one_that_was_accepted_in_an_earlier_run_are_left),
        WITH_LEDGER(a_damaged_report_yields_no_row),
        WITH_LEDGER(a_report_that_is_not_there_is_missing),
    };

    return cmocka_run_group_tests_name("remainder", tests, NULL, NULL);
}

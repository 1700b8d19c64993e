/* Unit tests of input/supply: the rows of a run, by the reader or by another kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "input/inspection/claim_rows.h"
#include "memfile.h"

#define NOW_MS INT64_C(1670803200000) /* 2022-12-12 08:00:00 in Beijing */

static const char export_text[] =
    "workcard_id,claim_order_no,claim_status,claim_time,claim_fee,claim_desc\n"
    "1,A,1,2022-12-01 10:00:00,100,\n"
    "\n"
    "2,B,1,2022-12-01,200,\n"
    "3,C,1,2022-12-01 10:00:00,0,\n"
    "4,D,2,2022-12-01 10:00:00,0,why\n";

static struct error err;

static void every_pass_over_an_export_yields_the_same_rows(void **state)
{
    struct memfile file = memfile_text(export_text);
    struct row_source row_source = {.reader.delimiter = ',', .now_ms = NOW_MS};
    struct inspection inspection;
    struct claim_store store = {0};

    (void)state;
    rules_init(&row_source.rules);
    assert_int_equal(export_open(file.path, &row_source.export, &err), 0);
    assert_int_equal(inspection_run(&row_source, &inspection, &err), 0);
    for (int pass = 0; pass < 2; pass++) {
        struct claim_rows *claim_rows;
        struct judged_row row;

        assert_int_equal(claim_rows_open(&row_source, &inspection, &claim_rows, &err), 0);
        assert_int_equal(claim_rows_next(claim_rows, &store, &row, &err), 1);
        assert_int_equal(row.row, 2);
        assert_false(row.invalid);
        assert_int_equal(row.claim.claim_fee, 100);
        assert_string_equal(row.claim.claim_order_no, "A");
        assert_string_equal(row.noted, "");
        assert_true(row.may_resend);
        assert_null(row.unknown_row);
        assert_false(row.is_unrecorded);
        assert_int_equal(claim_rows_next(claim_rows, &store, &row, &err), 1);
        assert_int_equal(row.row, 4);
        assert_int_equal(row.findings.count, 1);
        assert_int_equal(row.findings.list[0].rule, RULE_DATE_ONLY);
        assert_int_equal(claim_rows_next(claim_rows, &store, &row, &err), 1);
        assert_true(row.invalid);
        assert_string_equal(claim_raw(row.columns, row.record, FIELD_CLAIM_FEE), "0");
        assert_int_equal(claim_rows_next(claim_rows, &store, &row, &err), 1);
        assert_string_equal(row.claim.claim_desc, "why");
        assert_int_equal(claim_rows_next(claim_rows, &store, &row, &err), 0);
        claim_rows_close(claim_rows);
    }
    claim_store_release(&store);
    inspection_release(&inspection);
    export_close(row_source.export);
    memfile_close(&file);
}

/* ---- another kind ---- */

static struct {
    int opened, closed, read;
} calls;

static int open_pass(const struct row_source *row_source, void **ret_pass, struct error *error)
{
    calls.opened++;
    *ret_pass = &calls;
    return *(const int *)row_source->selection
               ? 0
               : error_set(error, EXIT_INPUT_REFUSED, "it is damaged");
}

static int next_row(void *pass, struct claim_store *store, struct judged_row *ret_row,
                    struct error *error)
{
    (void)store;
    (void)error;
    assert_ptr_equal(pass, &calls);
    ret_row->row = 40 + (uint64_t)calls.read;
    return calls.read++ < 2;
}

static void close_pass(void *pass)
{
    assert_ptr_equal(pass, &calls);
    calls.closed++;
}

static const struct claim_rows_kind kind = {open_pass, next_row, close_pass};

static void another_kind_reads_its_own_rows(void **state)
{
    static const int whole = 1;
    struct row_source row_source = {.kind = &kind, .selection = &whole};
    struct claim_store store = {0};
    struct claim_rows *claim_rows;
    struct judged_row row;

    (void)state;
    memset(&calls, 0, sizeof(calls));
    assert_int_equal(claim_rows_open(&row_source, NULL, &claim_rows, &err), 0);
    assert_int_equal(claim_rows_next(claim_rows, &store, &row, &err), 1);
    assert_int_equal(row.row, 40);
    assert_int_equal(claim_rows_next(claim_rows, &store, &row, &err), 1);
    assert_int_equal(claim_rows_next(claim_rows, &store, &row, &err), 0);
    claim_rows_close(claim_rows);
    assert_int_equal(calls.opened, 1);
    assert_int_equal(calls.closed, 1);
}

static void a_pass_that_cannot_begin_is_closed_and_says_why(void **state)
{
    static const int damaged = 0;
    struct row_source row_source = {.kind = &kind, .selection = &damaged};
    struct claim_rows *claim_rows = NULL;

    (void)state;
    memset(&calls, 0, sizeof(calls));
    assert_int_equal(claim_rows_open(&row_source, NULL, &claim_rows, &err), -1);
    assert_null(claim_rows);
    assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
    assert_int_equal(calls.closed, 1);
    claim_rows_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pass_over_an_export_yields_the_same_rows),
        cmocka_unit_test(another_kind_reads_its_own_rows),
        cmocka_unit_test(a_pass_that_cannot_begin_is_closed_and_says_why),
    };

    return cmocka_run_group_tests_name("supply", tests, NULL, NULL);
}

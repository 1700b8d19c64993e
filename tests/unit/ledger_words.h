/* Short words for what the tests of the ledger itself do in every line. */
#ifndef CLAIMBATCH_TESTS_LEDGER_WORDS_H
#define CLAIMBATCH_TESTS_LEDGER_WORDS_H

#include "ledger_place.h"

#define EXPORT 0xaa

/* A run of EXPORT, in a transaction of its own; its id. */
static inline int64_t new_run(struct ledger *ledger, const char *platform)
{
    struct run_record run = run_record(platform, EXPORT);

    record_run(ledger, &run);
    return run.id;
}

/* The newest run of a command; 0 where there is none. */
static inline int find_run(struct ledger *ledger, const char *command, const char *platform,
                           unsigned char export, struct run_record *ret_run)
{
    const struct run_record wanted = run_record(platform, export);

    return ledger_run_find(ledger, command, platform, wanted.export_sha256, ret_run, &err);
}

static inline void note(struct ledger *ledger, int64_t run, uint64_t row, const char *order_no,
                        bool repeated)
{
    struct row_ref ref = ref_of(run, row, order_no);
    struct row_record record = record_of(&ref, ROW_FINAL, OUTCOME_SKIPPED);

    assert_int_equal(ledger_row_note(ledger, &ref, &record, repeated, &err), 0);
}

static inline size_t count_rows(struct ledger *ledger, int64_t run)
{
    struct ledger_rows *rows;
    struct known_row known = {0};
    size_t count = 0;

    assert_int_equal(ledger_rows_open(ledger, run, &rows, &err), 0);
    while (ledger_rows_next(rows, &known, &err) == 1)
        count++;
    known_row_release(&known);
    ledger_rows_close(rows);
    return count;
}

/* The row's record without its texts; it must be there. */
static inline struct row_record row_of(struct ledger *ledger, int64_t run, uint64_t row)
{
    struct known_row known = {0};

    assert_int_equal(ledger_row_get(ledger, (struct row_place){run, row}, &known, &err), 1);
    assert_int_equal(known.record.row, row);
    known_row_release(&known);
    known.record.code = known.record.sub_code = known.record.message = NULL;
    known.record.request_id = known.record.warnings = NULL;
    return known.record;
}

#endif

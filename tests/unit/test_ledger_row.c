/* Unit tests of ledger: rows as they are recorded and read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "both_places.h"
#include "ledger/changed.h"
#include "ledger_words.h"

static void a_row_that_was_asked_for_does_not_hold_an_old_view(void **state)
{
    struct place *place = *state;
    struct ledger *ledger = place->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct ledger *other;
    struct known_row known = {0};

    begin(ledger);
    send_row(ledger, run, 2, "A", OUTCOME_UNKNOWN);
    commit(ledger);
    assert_int_equal(ledger_row_get(ledger, (struct row_place){run, 2}, &known, &err), 1);
    other = open_ledger(place->path);
    new_run(other, PLATFORM);
    ledger_close(other);
    begin(ledger);
    commit(ledger);
    assert_string_equal(known.record.message, "the gateway's words");
    known_row_release(&known);
}

static void row_keeps_all_that_a_report_line_says(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "理赔'\"; DROP TABLE row; --");
    struct row_record record = record_of(&ref, ROW_FINAL, OUTCOME_REJECTED);
    struct ledger_rows *rows;
    const struct row_record *read;
    struct known_row known = {0};

    record.attempts = 3;
    record.tries = 2;
    record.http_status = 200;
    record.counts_as = OUTCOME_FAILED;
    record.submitted_ms = 1670774400007;
    record.duration_ms = 51;
    memset(record.digest, 0xee, sizeof(record.digest));
    record.code = "50";
    record.sub_code = "isv.invalid-parameter";
    record.message = "参数错误,\n\"x\"";
    record.request_id = "abc";
    record.warnings = "changed-since-accepted";
    begin(ledger);
    intend(ledger, &ref);
    assert_int_equal(ledger_row_end(ledger, &ref, &record, &err), 0);
    commit(ledger);

    assert_int_equal(ledger_rows_open(ledger, run, &rows, &err), 0);
    assert_int_equal(ledger_rows_next(rows, &known, &err), 1);
    read = &known.record;
    assert_int_equal(read->row, 2);
    assert_int_equal(read->state, ROW_FINAL);
    assert_int_equal(read->outcome, OUTCOME_REJECTED);
    assert_int_equal(read->counts_as, OUTCOME_FAILED);
    assert_int_equal(read->attempts, 3);
    assert_int_equal(read->tries, 2);
    assert_int_equal(read->http_status, 200);
    assert_int_equal(read->submitted_ms, 1670774400007);
    assert_int_equal(read->duration_ms, 51);
    assert_memory_equal(read->digest, record.digest, sizeof(read->digest));
    assert_string_equal(read->code, record.code);
    assert_string_equal(read->sub_code, record.sub_code);
    assert_string_equal(read->message, record.message);
    assert_string_equal(read->request_id, record.request_id);
    assert_string_equal(read->warnings, record.warnings);
    assert_int_equal(ledger_rows_next(rows, &known, &err), 0);
    ledger_rows_close(rows);
    known_row_release(&known);
}

/* What it was changed from holds of the attempt or the note that said so. */
static void a_change_goes_when_the_row_is_judged_anew(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "A");
    struct row_record again = record_of(&ref, ROW_AGAIN, OUTCOME_UNSENT);
    struct row_record note = record_of(&ref, ROW_NOTED, OUTCOME_UNKNOWN);
    struct changed_sum sent, held;

    again.attempts = note.attempts = 1;
    ref.changed = ref.has_before = true;
    ref.before_fen = 411;
    ref.fee_fen = 401;
    begin(ledger);
    intend(ledger, &ref);
    assert_int_equal(ledger_row_end(ledger, &ref, &again, &err), 0);
    assert_int_equal(ledger_row_note(ledger, &ref, &note, true, &err), 0);
    assert_int_equal(ledger_changed_sum(ledger, run, &sent, &held, &err), 0);
    assert_int_equal(sent.rows, 1);
    ref.changed = false;
    assert_int_equal(ledger_row_note(ledger, &ref, &note, true, &err), 0);
    commit(ledger);
    assert_int_equal(ledger_changed_sum(ledger, run, &sent, &held, &err), 0);
    assert_int_equal(sent.rows, 0);
    assert_int_equal(held.rows, 0);
}

/* One value each that a note may have besides what was decided, and a note without any. */
static void give_value(struct row_record *record, int which)
{
    int *const numbers[] = {&record->attempts, &record->tries, &record->http_status};
    int64_t *const times[] = {&record->submitted_ms, &record->duration_ms, &record->round};
    const char **const texts[] = {&record->sub_code, &record->request_id, &record->warnings};

    if (which < 3)
        *numbers[which] = 7;
    else if (which < 6)
        *times[which - 3] = 7;
    else if (which < 9)
        *texts[which - 6] = "seven";
}

static void assert_same_record(const struct row_record *a, const struct row_record *b)
{
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->outcome, b->outcome);
    assert_int_equal(a->counts_as, b->counts_as);
    assert_int_equal(a->attempts, b->attempts);
    assert_int_equal(a->tries, b->tries);
    assert_int_equal(a->http_status, b->http_status);
    assert_int_equal(a->submitted_ms, b->submitted_ms);
    assert_int_equal(a->duration_ms, b->duration_ms);
    assert_int_equal(a->round, b->round);
    assert_memory_equal(a->digest, b->digest, sizeof(a->digest));
    assert_string_equal(a->code, b->code);
    assert_string_equal(a->sub_code, b->sub_code);
    assert_string_equal(a->message, b->message);
    assert_string_equal(a->request_id, b->request_id);
    assert_string_equal(a->warnings, b->warnings);
}

/* Each over a row that is there already, too. */
static void note_keeps_each_value(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct known_row known = {0};

    begin(ledger);
    for (int before = -1; before <= 9; before++)
        for (int which = 0; which <= 9; which++) {
            struct row_ref ref = ref_of(run, (uint64_t)(before + 2) * 10 + (uint64_t)which, "A");
            struct row_record record = record_of(&ref, ROW_NOTED, OUTCOME_SKIPPED);
            struct row_record bare;

            record.counts_as = OUTCOME_UNSENT;
            record.attempts = record.tries = record.http_status = 0;
            record.submitted_ms = record.duration_ms = record.round = 0;
            record.sub_code = record.request_id = record.warnings = "";
            bare = record;
            if (before >= 0) {
                give_value(&bare, before);
                assert_int_equal(ledger_row_note(ledger, &ref, &bare, false, &err), 0);
            }
            give_value(&record, which);
            record.message = "as decided";
            assert_int_equal(ledger_row_note(ledger, &ref, &record, false, &err), 0);
            assert_int_equal(ledger_row_get(ledger, ref.place, &known, &err), 1);
            assert_same_record(&known.record, &record);
        }
    commit(ledger);
    known_row_release(&known);
}

/* The next row of the cursor; 0: there is none. */
static uint64_t next_row(struct ledger_rows *rows)
{
    struct known_row known = {0};
    int found = ledger_rows_next(rows, &known, &err);
    uint64_t row = known.record.row;

    known_row_release(&known);
    assert_int_equal(found, row ? 1 : 0);
    return row;
}

static void cursor_goes_through_the_rows_in_order_and_on_when_there_are_more(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct ledger_rows *rows;

    begin(ledger);
    note(ledger, run, 10, "B", false);
    note(ledger, run, 9, "A", false);
    note(ledger, run, 300, "C", false);
    note(ledger, run + 1, 11, "D", false);
    commit(ledger);
    assert_int_equal(ledger_rows_open(ledger, run, &rows, &err), 0);
    assert_int_equal(next_row(rows), 9);
    assert_int_equal(next_row(rows), 10);

    /* A cursor that is open neither blocks a writer nor is it disturbed by one. */
    begin(ledger);
    assert_int_equal(next_row(rows), 300);
    assert_int_equal(next_row(rows), 0);
    note(ledger, run, 400, "E", false);
    commit(ledger);
    assert_int_equal(next_row(rows), 400);
    assert_int_equal(next_row(rows), 0);
    assert_int_equal(next_row(rows), 0);
    ledger_rows_close(rows);
    ledger_rows_close(NULL);
}

static bool knows(struct ledger_rows *rows, uint64_t row)
{
    struct known_row known = {0};
    int found = ledger_rows_find(rows, row, &known, &err);

    assert_int_equal(known.record.row, found ? row : 0);
    known_row_release(&known);
    assert_true(found >= 0);
    return found;
}

static void cursor_finds_rows_in_their_order_and_before_it(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct ledger_rows *rows;

    begin(ledger);
    note(ledger, run, 3, "A", false);
    note(ledger, run, 5, "B", false);
    note(ledger, run + 1, 7, "C", false);
    commit(ledger);
    assert_int_equal(ledger_rows_open(ledger, run, &rows, &err), 0);
    for (int look = 0; look < 2; look++) {
        if (look)
            assert_int_equal(ledger_look_begin(ledger, &err), 0);
        assert_false(knows(rows, 2));
        assert_true(knows(rows, 3));
        assert_true(knows(rows, 3));
        assert_false(knows(rows, 4));
        assert_true(knows(rows, 5));
        assert_false(knows(rows, 7));
        assert_false(knows(rows, 8));
        assert_true(knows(rows, 3));
        ledger_look_end(ledger);
        assert_true(knows(rows, 5));
    }
    ledger_rows_close(rows);
}

static void cursor_that_reads_ahead_asks_once_what_is_behind_the_last_row(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct ledger_rows *rows;

    begin(ledger);
    note(ledger, run, 3, "A", false);
    commit(ledger);
    assert_int_equal(ledger_rows_open(ledger, run, &rows, &err), 0);
    ledger_rows_read_ahead(rows);
    assert_false(knows(rows, 2));
    assert_true(knows(rows, 3));
    assert_false(knows(rows, 4));
    begin(ledger);
    note(ledger, run, 5, "B", false);
    commit(ledger);
    assert_false(knows(rows, 5));
    assert_true(knows(rows, 3)); /* who goes back has it read anew */
    assert_true(knows(rows, 5));
    ledger_rows_close(rows);
}

/* It would have the ledger's log grow, and the own transaction fail. */
static void cursor_holds_no_view_beyond_a_look(void **state)
{
    struct place *place = *state;
    struct ledger *other = open_ledger(place->path);
    int64_t run = new_run(place->ledger, PLATFORM);
    struct ledger_rows *rows;

    begin(place->ledger);
    note(place->ledger, run, 5, "A", false);
    note(place->ledger, run, 6, "B", false);
    commit(place->ledger);
    assert_int_equal(ledger_rows_open(place->ledger, run, &rows, &err), 0);
    assert_int_equal(ledger_look_begin(place->ledger, &err), 0);
    assert_true(knows(rows, 5));
    begin(other);
    note(other, run, 4, "C", false);
    commit(other);
    assert_false(knows(rows, 4));
    ledger_look_end(place->ledger);
    assert_true(knows(rows, 4));
    begin(other);
    note(other, run, 7, "D", false);
    commit(other);
    begin(place->ledger);
    assert_true(knows(rows, 7));
    commit(place->ledger);
    ledger_rows_close(rows);
    ledger_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(a_row_that_was_asked_for_does_not_hold_an_old_view),
        ON_BOTH(row_keeps_all_that_a_report_line_says),
        ON_BOTH(a_change_goes_when_the_row_is_judged_anew),
        ON_BOTH(note_keeps_each_value),
        ON_BOTH(cursor_goes_through_the_rows_in_order_and_on_when_there_are_more),
        ON_BOTH(cursor_finds_rows_in_their_order_and_before_it),
        ON_BOTH(cursor_that_reads_ahead_asks_once_what_is_behind_the_last_row),
        ON_BOTH(cursor_holds_no_view_beyond_a_look),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

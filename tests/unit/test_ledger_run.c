/* Unit tests of ledger: runs, their rounds and events, and who is alive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "both_places.h"
#include "holder.h"
#include "ledger_words.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void run_is_found_by_command_platform_and_content(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    struct run_record run;

    assert_int_equal(find_run(ledger, "upload", PLATFORM, EXPORT, &run), 0);
    new_run(ledger, PLATFORM);
    assert_int_equal(find_run(ledger, "rerun", PLATFORM, EXPORT, &run), 0);
    assert_int_equal(find_run(ledger, "upload", OTHER_PLATFORM, EXPORT, &run), 0);
    assert_int_equal(find_run(ledger, "upload", PLATFORM, EXPORT + 1, &run), 0);
    assert_int_equal(find_run(ledger, "upload", PLATFORM, EXPORT, &run), 1);
    assert_string_equal(run.export_name, "claims.csv");
    assert_int_equal(run.export_bytes, 4711);
    assert_string_equal(run.reading, "utf-8 , fen");
    assert_string_equal(run.report_path, "claims.report.csv");
    assert_int_equal(run.started_ms, 1670774400000);
    assert_int_equal(run.finished_ms, 0);
    assert_false(run.complete);
    assert_false(run.published);
    assert_memory_equal(run.name, "20221212-", 9);
}

static void newest_run_is_found(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t first = new_run(ledger, PLATFORM);
    int64_t second = new_run(ledger, PLATFORM);
    struct run_record run;

    assert_true(second > first);
    assert_int_equal(find_run(ledger, "upload", PLATFORM, EXPORT, &run), 1);
    assert_int_equal(run.id, second);
}

static void run_remembers_how_it_ended(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    struct run_record run;

    new_run(ledger, PLATFORM);
    assert_int_equal(find_run(ledger, "upload", PLATFORM, EXPORT, &run), 1);
    run.started_ms += 5;
    run.finished_ms = run.started_ms + 7;
    run.stopped_because = "quota";
    run.complete = true;
    run.published = true;
    run.report_path = "elsewhere.csv";
    run.open_rows = 3;
    run.invalid_rows = 2;
    begin(ledger);
    assert_int_equal(ledger_run_save(ledger, &run, &err), 0);
    commit(ledger);
    assert_int_equal(find_run(ledger, "upload", PLATFORM, EXPORT, &run), 1);
    assert_int_equal(run.started_ms, 1670774400005);
    assert_int_equal(run.finished_ms, 1670774400012);
    assert_string_equal(run.stopped_because, "quota");
    assert_true(run.complete);
    assert_true(run.published);
    assert_string_equal(run.report_path, "elsewhere.csv");
    assert_int_equal(run.open_rows, 3);
    assert_int_equal(run.invalid_rows, 2);
}

static void run_remembers_its_counts(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct run_count counts[OUTCOME_COUNT] = {0};
    struct run_count read[OUTCOME_COUNT];

    for (int i = 0; i < OUTCOME_COUNT; i++) {
        counts[i].rows = (uint64_t)i * 10;
        counts[i].counts_as = (uint64_t)i;
        snprintf(counts[i].fee_fen, MONEY_TEXT_BYTES, "9223372036854775807%d", i);
    }
    for (int again = 0; again < 2; again++) {
        begin(ledger);
        assert_int_equal(ledger_run_count_put(ledger, run, counts, &err), 0);
        commit(ledger);
    }
    assert_int_equal(ledger_run_count_get(ledger, run, read, &err), 0);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        assert_int_equal(read[i].rows, counts[i].rows);
        assert_int_equal(read[i].counts_as, counts[i].counts_as);
        assert_string_equal(read[i].fee_fen, counts[i].fee_fen);
    }
    assert_int_equal(ledger_run_count_get(ledger, run + 1, read, &err), 0);
    assert_int_equal(read[OUTCOME_UNSENT].rows, 0);
}

static void run_has_rows_once_one_is_recorded(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);

    assert_int_equal(ledger_run_has_rows(ledger, run, &err), 0);
    begin(ledger);
    note(ledger, run, 2, "A", false);
    commit(ledger);
    assert_int_equal(ledger_run_has_rows(ledger, run, &err), 1);
    assert_int_equal(ledger_run_has_rows(ledger, run + 1, &err), 0);
}

static void run_last_row_is_the_last_that_is_recorded(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    int64_t next = new_run(ledger, PLATFORM);
    uint64_t last = 99;

    assert_int_equal(ledger_run_last_row(ledger, run, &last, &err), 0);
    assert_int_equal(last, 0);
    begin(ledger);
    note(ledger, run, 7, "A", false);
    note(ledger, run, 2, "B", false);
    note(ledger, next, 11, "C", false);
    commit(ledger);
    assert_int_equal(ledger_run_last_row(ledger, run, &last, &err), 0);
    assert_int_equal(last, 7);
}

static void run_has_rows_once_one_may_be_on_the_wire(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "A");

    begin(ledger);
    intend(ledger, &ref);
    commit(ledger);
    assert_int_equal(ledger_run_has_rows(ledger, run, &err), 1);
    assert_int_equal(ledger_run_has_rows(ledger, run + 1, &err), 0);
}

static void round_is_the_same_for_the_same_words(void **state)
{
    static const struct {
        enum round_kind kind;
        const char *by, *reason;
        bool same;
    } cases[] = {
        {ROUND_RESEND_UNKNOWN, "ops", "ticket 7", true},
        {ROUND_RESUBMIT, "ops", "ticket 7", false},
        {ROUND_RESEND_UNKNOWN, "audit", "ticket 7", false},
        {ROUND_RESEND_UNKNOWN, "ops", "ticket 8", false},
    };
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    int64_t other_run = new_run(ledger, PLATFORM);
    struct round first;
    struct round round;

    begin(ledger);
    assert_int_equal(
        ledger_round_open(ledger, run, ROUND_RESEND_UNKNOWN, "ops", "ticket 7", 5, &first, &err),
        0);
    assert_true(first.id > 0);
    assert_int_equal(first.kind, ROUND_RESEND_UNKNOWN);
    assert_false(first.finished);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(ledger_round_open(ledger, run, cases[i].kind, cases[i].by, cases[i].reason,
                                           6, &round, &err),
                         0);
        assert_int_equal(round.id == first.id, cases[i].same);
    }
    assert_int_equal(ledger_round_open(ledger, other_run, ROUND_RESEND_UNKNOWN, "ops", "ticket 7",
                                       6, &round, &err),
                     0);
    assert_int_not_equal(round.id, first.id);

    assert_int_equal(ledger_round_finish(ledger, first.id, 9, &err), 0);
    commit(ledger);
    begin(ledger);
    assert_int_equal(
        ledger_round_open(ledger, run, ROUND_RESEND_UNKNOWN, "ops", "ticket 7", 10, &round, &err),
        0);
    commit(ledger);
    assert_int_equal(round.id, first.id);
    assert_true(round.finished);
}

struct locked_run {
    const char *ledger;
    int64_t run;
};

static int lock_run(const void *of)
{
    const struct locked_run *locked = of;
    struct ledger *ledger = NULL;

    return ledger_open(locked->ledger, &ledger, &err) ||
           ledger_run_lock(ledger, locked->run, &err) != 1;
}

static void run_is_alive_as_long_as_its_process(void **state)
{
    struct place *place = *state;
    int64_t run = new_run(place->ledger, PLATFORM), other = new_run(place->ledger, PLATFORM);
    const struct locked_run locked = {place->path, run};
    int lock, lock_other;
    bool is_alive, is_other_alive;
    struct holder holder;

    assert_false(ledger_run_is_alive(place->ledger, run));
    holder = holder_start(lock_run, &locked);
    is_alive = ledger_run_is_alive(place->ledger, run);
    is_other_alive = ledger_run_is_alive(place->ledger, other);
    lock = ledger_run_lock(place->ledger, run, &err);
    lock_other = ledger_run_lock(place->ledger, other, &err);
    /* Nothing may fail before: it has the server's pipes, too, and would keep it, and so this. */
    holder_kill(&holder);
    assert_true(is_alive);
    assert_false(is_other_alive);
    assert_int_equal(lock, 0);
    assert_int_equal(lock_other, 1);
    assert_false(ledger_run_is_alive(place->ledger, run));
    assert_int_equal(ledger_run_lock(place->ledger, run, &err), 1);
}

static void own_run_is_alive(void **state)
{
    struct place *place = *state;
    struct ledger *other = open_ledger(place->path);
    int64_t run = new_run(place->ledger, PLATFORM);

    assert_int_equal(ledger_run_lock(place->ledger, run, &err), 1);
    assert_true(ledger_run_is_alive(place->ledger, run));
    assert_true(ledger_run_is_alive(other, run));
    assert_int_equal(ledger_run_lock(other, run, &err), 0);
    ledger_close(other);
    assert_true(ledger_run_is_alive(place->ledger, run));
    ledger_close(place->ledger);
    place->ledger = open_ledger(place->path);
    assert_false(ledger_run_is_alive(place->ledger, run));
}

static void write_event(void *context, const struct event *event)
{
    char line[64];

    snprintf(line, sizeof(line), "%s %d-%d %s;", ledger_event_name(event->kind), (int)event->at_ms,
             (int)event->until_ms, event->text);
    strcat(context, line);
}

static void events_of_a_run_are_kept_in_the_order_of_time(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    struct event ban = {EVENT_BAN, 20, 0, "ban"};
    struct event start = {EVENT_START, 10, 0, "start"};
    char said[256] = "";

    begin(ledger);
    assert_int_equal(ledger_event_put(ledger, run, &ban, &err), 0);
    assert_int_equal(ledger_event_put(ledger, run, &start, &err), 0);
    assert_int_equal(ledger_event_put(ledger, run + 1, &start, &err), 0);
    ban.until_ms = 30;
    assert_int_equal(ledger_event_put(ledger, run, &ban, &err), 0);
    commit(ledger);
    assert_int_equal(ledger_events_visit(ledger, run, write_event, said, &err), 0);
    assert_string_equal(said, "start 10-0 start;ban 20-30 ban;");
}

static void count_event(void *context, const struct event *event)
{
    (void)event;
    ++*(int *)context;
}

static void events_of_a_run_are_not_kept_without_bound(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = new_run(ledger, PLATFORM);
    int count = 0;

    begin(ledger);
    for (int i = 1; i <= LEDGER_EVENTS_MAX + 10; i++) {
        struct event ban = {EVENT_BAN, i, 0, ""};

        assert_int_equal(ledger_event_put(ledger, run, &ban, &err), 0);
    }
    commit(ledger);
    assert_int_equal(ledger_events_visit(ledger, run, count_event, &count, &err), 0);
    assert_int_equal(count, LEDGER_EVENTS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(run_is_found_by_command_platform_and_content),
        ON_BOTH(newest_run_is_found),
        ON_BOTH(run_remembers_how_it_ended),
        ON_BOTH(events_of_a_run_are_kept_in_the_order_of_time),
        ON_BOTH(events_of_a_run_are_not_kept_without_bound),
        ON_BOTH(run_remembers_its_counts),
        ON_BOTH(run_has_rows_once_one_is_recorded),
        ON_BOTH(run_has_rows_once_one_may_be_on_the_wire),
        ON_BOTH(run_last_row_is_the_last_that_is_recorded),
        ON_BOTH(round_is_the_same_for_the_same_words),
        ON_BOTH(run_is_alive_as_long_as_its_process),
        ON_BOTH(own_run_is_alive),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

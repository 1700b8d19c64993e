/* Unit tests of prune: what is old is forgotten, and nothing that keeps a claim from being sent
 * twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "both_places.h"
#include "ledger/maintenance/prune.h"
#include "ledger/maintenance/verify.h"
#include "ledger/view/view.h"

#define OLD_MS (STARTED_MS + 1000)
#define BEFORE_MS (STARTED_MS + 5000)
#define YOUNG_MS (STARTED_MS + 9000)

static struct prune prune(struct ledger *ledger)
{
    struct prune pruned;

    if (prune_run(ledger, BEFORE_MS, &pruned, &err))
        fail_msg("%s", err.text);
    return pruned;
}

static struct prune plan(struct ledger *ledger)
{
    struct prune planned;

    if (prune_plan(ledger, BEFORE_MS, &planned, &err))
        fail_msg("%s", err.text);
    return planned;
}

static void refuse_damage(void *context, const char *sentence)
{
    (void)context;
    fail_msg("%s", sentence);
}

static void assert_in_order(const struct place *place)
{
    struct ledger *view;
    uint64_t found;

    if (is_on_server(place->ledger))
        return; /* it has no chains */
    assert_int_equal(view_open(place->path, &view, &err), 0);
    assert_int_equal(verify_ledger(view, refuse_damage, NULL, &found, &err), 0);
    ledger_close(view);
}

static int64_t count(const struct place *place, const char *table, int64_t run)
{
    char sql[2][128];

    for (int i = 0; i < 2; i++)
        snprintf(sql[i], sizeof(sql[i]), "SELECT count(*) FROM %s%s WHERE run=%lld",
                 i ? "claimbatch." : "", table, (long long)run);
    return ask_place(place->ledger, sql[0], sql[1]);
}

/* A run that was finished long ago. */
static struct run_record old_run(struct ledger *ledger, unsigned char export)
{
    struct run_record run = create_run(ledger, export);

    finish_run(ledger, &run, OLD_MS, "");
    return run;
}

static void details_go_and_what_was_accepted_stays(void **state)
{
    struct place *place = *state;
    struct run_count counts[OUTCOME_COUNT] = {{0}};
    struct run_record run = create_run(place->ledger, 1);
    struct event event = {.kind = EVENT_START, .at_ms = 5, .text = "start"};
    struct claim_state before, after;
    struct prune pruned;
    struct round round;

    begin(place->ledger);
    assert_int_equal(ledger_run_count_put(place->ledger, run.id, counts, &err), 0);
    assert_int_equal(ledger_event_put(place->ledger, run.id, &event, &err), 0);
    assert_int_equal(ledger_round_open(place->ledger, run.id, ROUND_RESUBMIT, "claims-desk", "why",
                                       5, &round, &err),
                     0);
    commit(place->ledger);
    send_one(place->ledger, run.id, 2, "A", OUTCOME_ACCEPTED);
    send_one(place->ledger, run.id, 3, "B", OUTCOME_REJECTED);
    finish_run(place->ledger, &run, OLD_MS, "");
    before = claim_of(place->ledger, "A");

    pruned = prune(place->ledger);
    assert_int_equal(pruned.runs, 1);
    assert_int_equal(pruned.rows, 2);
    assert_int_equal(count(place, "row", run.id), 0);
    assert_int_equal(count(place, "run_count", run.id), 0);
    assert_int_equal(count(place, "event", run.id), 0);
    assert_int_equal(count(place, "round", run.id), 0);
    after = claim_of(place->ledger, "A");
    assert_memory_equal(&before, &after, sizeof(before));
    assert_string_equal(after.accepted_run_name, run.name);
    assert_false(claim_of(place->ledger, "B").accepted);
    assert_int_equal(ask_place(place->ledger, "SELECT count(*) FROM claim",
                               "SELECT count(*) FROM claimbatch.claim"),
                     2);
    assert_in_order(place);
}

static void settlement_goes_with_its_run(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);
    struct row_ref ref = ref_of(run.id, 2, "A");
    struct row_record record = record_of(&ref, ROW_FINAL, OUTCOME_UNKNOWN);
    struct settlement settlement = {OUTCOME_ACCEPTED, record.digest, record.submitted_ms,
                                    "claims-desk",    "ticket",      77};

    send_one(place->ledger, run.id, 2, "A", OUTCOME_UNKNOWN);
    begin(place->ledger);
    assert_int_equal(ledger_row_resolve(place->ledger, &ref, &settlement, &err), 1);
    commit(place->ledger);
    finish_run(place->ledger, &run, OLD_MS, "");
    assert_int_equal(count(place, "settlement", run.id), 1);
    assert_int_equal(prune(place->ledger).runs, 1);
    assert_int_equal(count(place, "settlement", run.id), 0);
    assert_true(claim_of(place->ledger, "A").accepted);
    assert_in_order(place);
}

static void same_export_is_a_new_run_afterwards(void **state)
{
    struct place *place = *state;
    unsigned char sha256[DIGEST_SHA256_BYTES] = {1};
    struct run_record run = old_run(place->ledger, 1);
    struct run_record found;

    assert_int_equal(ledger_run_find(place->ledger, "upload", PLATFORM, sha256, &found, &err), 1);
    prune(place->ledger);
    assert_int_equal(ledger_run_find(place->ledger, "upload", PLATFORM, sha256, &found, &err), 0);
    assert_int_equal(ledger_run_get(place->ledger, run.id, &found, &err), 1);
    assert_string_equal(found.name, run.name);
    assert_string_equal(found.platform, PLATFORM);
    assert_int_equal(found.started_ms, STARTED_MS);
    assert_string_equal(found.export_name, "");
    assert_string_equal(found.report_path, "");
}

static void young_interrupted_active_and_unsettled_runs_stay(void **state)
{
    struct place *place = *state;
    struct ledger *ledger = place->ledger;
    struct run_record young = create_run(ledger, 1);
    struct run_record interrupted = create_run(ledger, 2);
    struct run_record active = old_run(ledger, 3);
    struct run_record unknown_row = create_run(ledger, 4);
    struct ledger *other;
    struct prune pruned;

    for (int64_t run = 1; run < 4; run++)
        send_one(ledger, run, 2, (const char *[]){"A", "B", "C"}[run - 1], OUTCOME_ACCEPTED);
    send_one(ledger, unknown_row.id, 2, "D", OUTCOME_UNKNOWN);
    finish_run(ledger, &young, YOUNG_MS, "");
    finish_run(ledger, &unknown_row, OLD_MS, "");
    assert_int_equal(ledger_open(place->path, &other, &err), 0);
    assert_int_equal(ledger_run_lock(other, active.id, &err), 1);

    pruned = prune(ledger);
    assert_int_equal(pruned.runs, 0);
    assert_int_equal(pruned.rows, 0);
    assert_int_equal(pruned.kept_active, 1);
    assert_int_equal(pruned.kept_open, 1);
    assert_int_equal(run_sql(place->path, "SELECT count(*) FROM row"), 4);
    ledger_close(other);
    assert_int_equal(prune(ledger).runs, 1); /* the one that was active */
    assert_int_equal(count(place, "row", interrupted.id), 1);
    assert_in_order(place);
}

static void plan_is_what_is_done_and_does_nothing(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);
    struct run_record unknown_row = create_run(place->ledger, 2);
    struct prune planned, done;
    struct ledger *view;

    send_one(place->ledger, run.id, 2, "A", OUTCOME_ACCEPTED);
    send_one(place->ledger, run.id, 3, "B", OUTCOME_ACCEPTED);
    send_one(place->ledger, unknown_row.id, 2, "C", OUTCOME_UNKNOWN);
    finish_run(place->ledger, &run, OLD_MS, "");
    finish_run(place->ledger, &unknown_row, OLD_MS, "");
    assert_int_equal(view_open(place->path, &view, &err), 0);
    planned = plan(view);
    ledger_close(view);
    assert_int_equal(count(place, "row", run.id), 2);
    done = prune(place->ledger);
    done.was_vacuumed = false;
    assert_memory_equal(&planned, &done, sizeof(done));
    assert_int_equal(done.rows, 2);
}

/* Rows of one claim in runs that go and runs that stay, in turn. */
static void chains_lead_past_what_went(void **state)
{
    struct place *place = *state;
    struct ledger *ledger = place->ledger;
    struct run_record runs[5];

    for (int i = 0; i < 5; i++)
        runs[i] = create_run(ledger, (unsigned char)(i + 1));
    for (int i = 0; i < 5; i++) {
        send_one(ledger, runs[i].id, 2, "A", OUTCOME_REJECTED);
        send_one(ledger, runs[i].id, 6, "A", OUTCOME_REJECTED);
    }
    finish_run(ledger, &runs[0], OLD_MS, "");
    finish_run(ledger, &runs[2], OLD_MS, "");
    finish_run(ledger, &runs[4], OLD_MS, "");
    assert_int_equal(prune(ledger).rows, 6);
    assert_in_order(place);
    assert_int_equal(row_before(ledger, runs[3].id, 6, "A"), 2);
    assert_int_equal(row_before(ledger, runs[1].id, 6, "A"), 2);
    assert_int_equal(row_before(ledger, runs[1].id, 2, "A"), 0);

    /* A row that comes late into the older of the two that stay finds its place. */
    send_one(ledger, runs[1].id, 4, "A", OUTCOME_REJECTED);
    assert_int_equal(row_before(ledger, runs[1].id, 6, "A"), 4);
    assert_int_equal(row_before(ledger, runs[1].id, 4, "A"), 2);
    assert_in_order(place);
}

static void claim_without_rows_takes_new_ones(void **state)
{
    struct place *place = *state;
    struct ledger *ledger = place->ledger;
    struct run_record run = create_run(ledger, 1);
    struct run_record next = create_run(ledger, 2);

    send_one(ledger, run.id, 2, "A", OUTCOME_ACCEPTED);
    finish_run(ledger, &run, OLD_MS, "");
    assert_int_equal(prune(ledger).rows, 1);
    assert_int_equal(ask_place(place->ledger, "SELECT last_run FROM claim",
                               "SELECT count(*) FROM claimbatch.row"),
                     0);
    send_one(ledger, next.id, 3, "A", OUTCOME_REJECTED);
    send_one(ledger, next.id, 5, "A", OUTCOME_ACCEPTED);
    assert_int_equal(row_before(ledger, next.id, 5, "A"), 3);
    assert_int_equal(claim_of(ledger, "A").accepted_at.run, next.id);
    assert_in_order(place);
}

static void rows_that_wait_are_released_behind_what_went(void **state)
{
    struct place *place = *state;
    struct ledger *ledger = place->ledger;
    struct run_record open = create_run(ledger, 1);
    struct run_record gone = create_run(ledger, 2);
    struct run_record waiting = create_run(ledger, 3);
    struct row_ref ref = ref_of(open.id, 2, "A");
    struct row_record record = record_of(&ref, ROW_FINAL, OUTCOME_UNKNOWN);
    struct known_row known = {0};
    struct settlement settlement = {OUTCOME_FAILED, record.digest, record.submitted_ms,
                                    "claims-desk",  "ticket",      77};
    struct row_ref wait;

    send_one(ledger, open.id, 2, "A", OUTCOME_UNKNOWN);
    for (int64_t run = gone.id; run <= waiting.id; run++) {
        struct row_record waits;

        wait = ref_of(run, 4, "A");
        waits = record_of(&wait, ROW_FINAL, OUTCOME_UNKNOWN);
        waits.attempts = 0;
        begin(ledger);
        assert_int_equal(ledger_row_note(ledger, &wait, &waits, false, &err), 0);
        commit(ledger);
    }
    finish_run(ledger, &gone, OLD_MS, "");
    assert_int_equal(prune(ledger).rows, 1);
    begin(ledger);
    assert_int_equal(ledger_row_resolve(ledger, &ref, &settlement, &err), 1);
    commit(ledger);
    assert_int_equal(ledger_row_get(ledger, (struct row_place){waiting.id, 4}, &known, &err), 1);
    assert_string_equal(known.record.code, "RELEASED");
    assert_int_equal(known.record.outcome, OUTCOME_UNSENT);
    known_row_release(&known);
    assert_in_order(place);
}

/* Sent once more after a person let it, and unknown again: of the first attempt nobody has said
 * anything when the second was not executed. */
static void attempt_behind_the_open_one_stays(void **state)
{
    struct place *place = *state;
    struct ledger *ledger = place->ledger;
    struct run_record first = create_run(ledger, 1);
    struct run_record second = create_run(ledger, 2);
    struct row_ref ref = ref_of(second.id, 3, "A");
    struct row_record record = record_of(&ref, ROW_FINAL, OUTCOME_UNKNOWN);
    struct settlement settlement = {OUTCOME_FAILED, record.digest, record.submitted_ms,
                                    "claims-desk",  "ticket",      77};
    struct claim_state claim;

    send_one(ledger, first.id, 2, "A", OUTCOME_UNKNOWN);
    ref.resend = true;
    begin(ledger);
    intend(ledger, &ref);
    end_row(ledger, &ref, ROW_FINAL, OUTCOME_UNKNOWN);
    commit(ledger);
    finish_run(ledger, &first, OLD_MS, "");
    finish_run(ledger, &second, OLD_MS, "");
    assert_int_equal(prune(ledger).kept_open, 2);
    begin(ledger);
    assert_int_equal(ledger_row_resolve(ledger, &ref, &settlement, &err), 1);
    commit(ledger);
    claim = claim_of(ledger, "A");
    assert_true(claim.open);
    assert_int_equal(claim.open_at.run, first.id);
    assert_in_order(place);
}

static void more_than_one_transaction_holds_is_forgotten_whole(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);

    begin(place->ledger);
    for (uint64_t row = 2; row < 5002; row++) {
        char order_no[16];

        snprintf(order_no, sizeof(order_no), "C%llu", (unsigned long long)row);
        send_row(place->ledger, run.id, row, order_no, OUTCOME_ACCEPTED);
    }
    commit(place->ledger);
    finish_run(place->ledger, &run, OLD_MS, "");
    assert_int_equal(prune(place->ledger).rows, 5000);
    assert_int_equal(run_sql(place->path, "SELECT count(*) FROM row"), 0);
    assert_int_equal(run_sql(place->path, "SELECT count(*) FROM claim WHERE last_run<>0"), 0);
    assert_int_equal(
        run_sql(place->path, "SELECT count(*) FROM claim WHERE accepted_run IS NOT NULL"), 5000);
    assert_in_order(place);
}

static void pruning_that_was_cut_off_is_brought_to_its_end(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);

    send_one(place->ledger, run.id, 2, "A", OUTCOME_ACCEPTED);
    finish_run(place->ledger, &run, OLD_MS, "");
    /* As far as the first transaction. */
    run_sql(place->path, "UPDATE run SET export_sha256=zeroblob(32)");
    assert_in_order(place);
    assert_int_equal(prune(place->ledger).rows, 1);
    assert_int_equal(count(place, "row", run.id), 0);
    assert_int_equal(prune(place->ledger).rows, 0);
    assert_in_order(place);
}

static void file_shrinks_only_when_no_run_is_alive(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);
    struct run_record alive = create_run(place->ledger, 2);
    struct ledger *other;

    send_one(place->ledger, run.id, 2, "A", OUTCOME_ACCEPTED);
    finish_run(place->ledger, &run, OLD_MS, "");
    assert_int_equal(ledger_open(place->path, &other, &err), 0);
    assert_int_equal(ledger_run_lock(other, alive.id, &err), 1);
    assert_false(prune(place->ledger).was_vacuumed);
    ledger_close(other);
    finish_run(place->ledger, &alive, OLD_MS, "");
    send_one(place->ledger, alive.id, 2, "B", OUTCOME_ACCEPTED);
    assert_true(prune(place->ledger).was_vacuumed);
    assert_int_equal(run_sql(place->path, "PRAGMA freelist_count"), 0);
    assert_in_order(place);
}

/* As long as it is noted as being carried over, a log that is cut is one that was removed. */
static void log_keeps_its_length_while_the_ledger_is_open(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);
    struct stat before, after;
    char path[160];

    send_one(place->ledger, run.id, 2, "A", OUTCOME_ACCEPTED);
    finish_run(place->ledger, &run, OLD_MS, "");
    snprintf(path, sizeof(path), "%s-wal", place->path);
    assert_int_equal(stat(path, &before), 0);
    assert_true(prune(place->ledger).was_vacuumed);
    assert_int_equal(stat(path, &after), 0);
    assert_true(after.st_size >= before.st_size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(details_go_and_what_was_accepted_stays),
        ON_BOTH(settlement_goes_with_its_run),
        ON_BOTH(same_export_is_a_new_run_afterwards),
        WITH_LEDGER(young_interrupted_active_and_unsettled_runs_stay),
        ON_BOTH(plan_is_what_is_done_and_does_nothing),
        ON_BOTH(chains_lead_past_what_went),
        ON_BOTH(claim_without_rows_takes_new_ones),
        ON_BOTH(rows_that_wait_are_released_behind_what_went),
        ON_BOTH(attempt_behind_the_open_one_stays),
        WITH_LEDGER(more_than_one_transaction_holds_is_forgotten_whole),
        WITH_LEDGER(pruning_that_was_cut_off_is_brought_to_its_end),
        WITH_LEDGER(file_shrinks_only_when_no_run_is_alive),
        WITH_LEDGER(log_keeps_its_length_while_the_ledger_is_open),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

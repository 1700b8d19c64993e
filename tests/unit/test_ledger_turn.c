/* Unit tests of turn: what a run tells the ledger and asks of it, in a file and on a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "both_places.h"
#include "ledger/turn.h"
#include "ledger_words.h"

static const struct app app = {PLATFORM, "12345678"};

/* A start that works on a run of its own. */
struct start {
    struct ledger *ledger;
    int64_t run;
};

static struct start start_run(struct ledger *ledger, unsigned char export)
{
    struct start start = {ledger, create_run(ledger, export).id};

    if (ledger_run_lock(ledger, start.run, &err) != 1 ||
        ledger_turns_open(ledger, start.run, &app, 0, &err))
        fail_msg("%s", err.text);
    return start;
}

static void begin_turn(const struct start *start)
{
    if (ledger_turn_begin(start->ledger, &err))
        fail_msg("%s", err.text);
}

static void commit_turn(const struct start *start)
{
    if (ledger_turn_commit(start->ledger, &err))
        fail_msg("%s", err.text);
}

static struct row_ref ref_in(const struct start *start, uint64_t row, const char *order_no,
                             struct row_link *link)
{
    struct row_ref ref = ref_of(start->run, row, order_no);

    ref.link = link;
    return ref;
}

/* In as many turns as it takes. */
static struct row_facts facts_of(const struct start *start, const struct row_ref *ref)
{
    struct row_facts facts;
    int waits;

    do {
        begin_turn(start);
        waits = ledger_row_ask(start->ledger, ref, true, &facts, &err);
        if (waits < 0)
            fail_msg("%s", err.text);
        commit_turn(start);
    } while (waits);
    return facts;
}

/* In a turn of its own: whether it was taken. */
static bool is_taken(const struct start *start, const struct row_ref *ref)
{
    struct row_record record = record_of(ref, ROW_AGAIN, OUTCOME_UNSENT);
    bool refused = false;

    begin_turn(start);
    if (ledger_row_intend(start->ledger, ref, &record, &refused, &err))
        fail_msg("%s", err.text);
    commit_turn(start);
    return !refused;
}

static void end_in(const struct start *start, const struct row_ref *ref, enum row_state state,
                   enum outcome outcome)
{
    struct row_record record = record_of(ref, state, outcome);

    begin_turn(start);
    if (ledger_row_end(start->ledger, ref, &record, &err))
        fail_msg("%s", err.text);
    commit_turn(start);
}

static void row_is_asked_for_intended_and_ended(void **state)
{
    struct start start = start_run(((struct place *)*state)->ledger, 1);
    struct row_link link = {0};
    struct row_ref ref = ref_in(&start, 2, "A", &link);
    struct row_facts facts = facts_of(&start, &ref);

    assert_false(facts.claim.open || facts.claim.accepted || facts.has_before);
    assert_true(is_taken(&start, &ref));
    assert_true(claim_of(start.ledger, "A").open_is_intent);
    end_in(&start, &ref, ROW_FINAL, OUTCOME_ACCEPTED);
    assert_false(claim_of(start.ledger, "A").open);
    assert_int_equal(row_of(start.ledger, start.run, 2).outcome, OUTCOME_ACCEPTED);

    ledger_row_forget(&link);
    ref = ref_in(&start, 3, "A", &link);
    facts = facts_of(&start, &ref);
    assert_true(facts.claim.accepted && facts.has_before);
    assert_int_equal(facts.claim.accepted_at.row, 2);
    assert_int_equal(facts.before.row, 2);
    ledger_row_forget(&link);
}

/* What is decided already is not asked for again in each turn. */
static void turn_that_follows_on_own_ones_has_no_news(void **state)
{
    struct start start = start_run(((struct place *)*state)->ledger, 1);
    struct row_link link = {0};
    struct row_ref ref = ref_in(&start, 2, "A", &link);

    facts_of(&start, &ref);
    assert_true(is_taken(&start, &ref));
    begin_turn(&start);
    assert_false(ledger_has_news(start.ledger));
    commit_turn(&start);
    ledger_row_forget(&link);
}

static void what_another_start_has_begun_is_refused(void **state)
{
    struct place *place = *state;
    struct start start = start_run(place->ledger, 1);
    struct start other = start_run(open_ledger(place->path), 2);
    struct row_link known = {0}, mine = {0}, theirs = {0};
    struct row_ref before = ref_in(&start, 2, "A", &known);
    struct row_ref ref = ref_in(&start, 3, "A", &mine);
    struct row_ref also = ref_in(&other, 2, "A", &theirs);

    /* Of a claim that neither knows, and of one that both know. */
    facts_of(&start, &before);
    facts_of(&other, &also);
    assert_true(is_taken(&start, &before));
    assert_false(is_taken(&other, &also));
    end_in(&start, &before, ROW_FINAL, OUTCOME_REJECTED);
    ledger_row_forget(&theirs);
    facts_of(&start, &ref);
    facts_of(&other, &also);
    assert_true(is_taken(&other, &also));
    assert_false(is_taken(&start, &ref));
    end_in(&other, &also, ROW_FINAL, OUTCOME_UNKNOWN);
    assert_int_equal(claim_of(start.ledger, "A").open_at.run, other.run);
    ledger_close(other.ledger);
}

static void resend_is_put_off_and_accepted_then(void **state)
{
    struct start start = start_run(((struct place *)*state)->ledger, 1);
    struct row_link link = {0};
    struct row_ref ref = ref_in(&start, 2, "A", &link);

    facts_of(&start, &ref);
    assert_true(is_taken(&start, &ref));
    end_in(&start, &ref, ROW_FINAL, OUTCOME_UNKNOWN);
    ref.resend = true;
    assert_true(facts_of(&start, &ref).claim.open);
    assert_true(is_taken(&start, &ref));
    end_in(&start, &ref, ROW_AGAIN, OUTCOME_UNSENT);
    assert_true(claim_of(start.ledger, "A").open);
    assert_false(claim_of(start.ledger, "A").open_is_intent);
    assert_int_equal(row_of(start.ledger, start.run, 2).outcome, OUTCOME_UNKNOWN);

    facts_of(&start, &ref);
    assert_true(is_taken(&start, &ref));
    end_in(&start, &ref, ROW_FINAL, OUTCOME_ACCEPTED);
    assert_false(claim_of(start.ledger, "A").open);
    assert_true(claim_of(start.ledger, "A").accepted);
}

static bool has_warning(const struct start *start, uint64_t row, const char *code)
{
    struct known_row known = {0};
    bool has;

    assert_int_equal(
        ledger_row_get(start->ledger, (struct row_place){start->run, row}, &known, &err), 1);
    has = strcmp(known.record.warnings, code) == 0;
    known_row_release(&known);
    return has;
}

static void note_row(const struct start *start, const struct row_ref *ref)
{
    struct row_record record = record_of(ref, ROW_NOTED, OUTCOME_SKIPPED);

    if (ledger_row_note(start->ledger, ref, &record, false, &err))
        fail_msg("%s", err.text);
}

static void rows_are_noted_warned_of_and_doubted(void **state)
{
    struct start start = start_run(((struct place *)*state)->ledger, 1);
    struct row_link link = {0};
    struct row_ref ref = ref_in(&start, 2, "A", &link);
    struct row_record note = record_of(&ref, ROW_NOTED, OUTCOME_SKIPPED);
    struct row_ref late;
    struct row_record doubt;

    facts_of(&start, &ref);
    assert_true(is_taken(&start, &ref));
    end_in(&start, &ref, ROW_FINAL, OUTCOME_FAILED);
    late = ref_of(start.run, 2, "A"); /* its job is another row's by now */
    doubt = record_of(&late, ROW_FINAL, OUTCOME_UNKNOWN);
    ledger_row_forget(&link);
    ref = ref_in(&start, 3, "B", &link);
    note.row = 3;
    begin_turn(&start);
    assert_int_equal(ledger_row_note(start.ledger, &ref, &note, false, &err), 0);
    assert_int_equal(ledger_row_doubt(start.ledger, &late, &doubt, &err), 0);
    commit_turn(&start);
    begin_turn(&start);
    assert_int_equal(ledger_row_warn(start.ledger, ref.place, "SUSPECT_ANSWER", &err), 1);
    commit_turn(&start);
    assert_int_equal(row_of(start.ledger, start.run, 3).outcome, OUTCOME_SKIPPED);
    assert_true(has_warning(&start, 3, "SUSPECT_ANSWER"));
    assert_int_equal(row_of(start.ledger, start.run, 2).outcome, OUTCOME_UNKNOWN);
    assert_true(claim_of(start.ledger, "A").open);
}

static void ban_of_another_start_is_heard_of(void **state)
{
    struct place *place = *state;
    struct start start = start_run(place->ledger, 1);
    struct ledger *other = open_ledger(place->path);
    struct turn turn = {.run = start.run, .now_ms = STARTED_MS};
    struct turn_facts facts = {0};
    struct row_link link = {0};
    struct row_ref ref = ref_in(&start, 2, "A", &link);

    facts_of(&start, &ref);
    begin(other);
    assert_int_equal(ledger_ban_set(other, &app, clock_wall_ms(), 60000, &err), 0);
    commit(other);
    /* A server tells of it with the turn: so the next one knows. */
    for (int i = 0; i < 2 && !facts.ban.until_ms; i++) {
        begin_turn(&start);
        assert_int_equal(ledger_turn_facts(start.ledger, &app, &turn, &facts, &err), 0);
        note_row(&start, &ref);
        commit_turn(&start);
    }
    assert_in_range(facts.ban.until_ms, clock_wall_ms() + 50000, clock_wall_ms() + 61000);
    ledger_close(other);
}

/* What is asked outside of the turn is asked once more, and a commit makes the connection anew. */
static void a_connection_beside_the_turns_that_was_lost_is_replaced(void **state)
{
    struct place *place = *state;
    struct start start = start_run(place->ledger, 1);
    struct turn turn = {.run = start.run, .now_ms = STARTED_MS};
    struct turn_facts facts;

    assert_false(ledger_turn_is_lost(start.ledger));
    for (int i = 0; i < 2; i++) {
        cluster_run(place->path, "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
                                 "WHERE datname=current_database() AND pid<>pg_backend_pid()");
        assert_true(ledger_turn_is_lost(start.ledger));
        begin_turn(&start);
        if (i)
            assert_int_equal(ledger_turn_facts(start.ledger, &app, &turn, &facts, &err), 0);
        commit_turn(&start);
        assert_false(ledger_turn_is_lost(start.ledger));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(row_is_asked_for_intended_and_ended),
        ON_BOTH(turn_that_follows_on_own_ones_has_no_news),
        ON_BOTH(what_another_start_has_begun_is_refused),
        ON_BOTH(resend_is_put_off_and_accepted_then),
        ON_BOTH(rows_are_noted_warned_of_and_doubted),
        ON_BOTH(ban_of_another_start_is_heard_of),
        ON_SERVER(a_connection_beside_the_turns_that_was_lost_is_replaced),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

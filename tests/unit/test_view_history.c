/* Unit tests of view: the history of a claim. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "view_words.h"

struct history {
    char text[1024]; /* a word for each thing visited */
    struct view_claim claim;
};

static void tell(struct history *history, const char *word, uint64_t number)
{
    size_t len = strlen(history->text);

    snprintf(history->text + len, sizeof(history->text) - len, "%s%llu ", word,
             (unsigned long long)number);
}

static void take_claim(void *context, const struct view_claim *claim)
{
    struct history *history = context;

    history->claim = *claim;
    tell(history, "claim", (uint64_t)claim->workcard_id);
}

static void take_row(void *context, const struct view_row *row)
{
    tell(context, outcome_name(row->record.outcome), row->place.row);
    if (row->round)
        tell(context, row->round_reason, (uint64_t)row->round);
}

static void take_settlement(void *context, const struct view_settlement *settlement)
{
    assert_string_equal(settlement->was, "CODE: the gateway's words");
    tell(context, settlement->reason, (uint64_t)settlement->at_ms);
}

static struct history history_of(struct ledger *view, const char *order_no, size_t expected)
{
    struct history history = {0};
    const struct view_visitor visitor = {&history, take_claim, take_row, take_settlement};
    size_t claims;

    if (view_claim_history(view, order_no, &visitor, &claims, &err))
        fail_msg("%s", err.text);
    assert_int_equal(claims, expected);
    return history;
}

static void history_tells_every_row_of_every_run_oldest_first(void **state)
{
    struct place *place = *state;
    struct ledger *ledger = place->ledger;
    struct run_record first = create_run(ledger, 1);
    struct run_record second = create_run(ledger, 2);
    struct ledger *view = open_view(place);
    struct history history;

    send_one(ledger, first.id, 2, "A", OUTCOME_REJECTED);
    send_one(ledger, first.id, 7, "A", OUTCOME_FAILED);
    send_one(ledger, first.id, 8, "B", OUTCOME_ACCEPTED);
    send_one(ledger, second.id, 4, "A", OUTCOME_ACCEPTED);
    history = history_of(view, "A", 1);
    assert_string_equal(history.text, "claim815 rejected2 failed7 accepted4 ");
    assert_true(history.claim.state.accepted);
    assert_int_equal(history.claim.state.accepted_at.run, second.id);
    assert_int_equal(history.claim.rows, 3);
    assert_string_equal(history_of(view, "C", 0).text, "");
    ledger_close(view);
}

static void history_tells_rounds_and_settlements(void **state)
{
    struct place *place = *state;
    struct ledger *ledger = place->ledger;
    struct run_record run = create_run(ledger, 1);
    struct row_ref ref = ref_of(run.id, 2, "A");
    struct row_record record = record_of(&ref, ROW_FINAL, OUTCOME_UNKNOWN);
    struct settlement settlement = {OUTCOME_ACCEPTED, record.digest, record.submitted_ms,
                                    "claims-desk",    "ticket",      77};
    struct ledger *view = open_view(place);
    struct round round;

    begin(ledger);
    assert_int_equal(
        ledger_round_open(ledger, run.id, ROUND_RESUBMIT, "claims-desk", "why", 5, &round, &err),
        0);
    record.round = round.id;
    intend(ledger, &ref);
    assert_int_equal(ledger_row_end(ledger, &ref, &record, &err), 0);
    commit(ledger);
    assert_string_equal(history_of(view, "A", 1).text, "claim815 unknown2 why2 ");
    begin(ledger);
    assert_int_equal(ledger_row_resolve(ledger, &ref, &settlement, &err), 1);
    commit(ledger);
    assert_string_equal(history_of(view, "A", 1).text, "claim815 accepted2 why2 ticket77 ");
    ledger_close(view);
}

static void history_tells_all_workcards_of_a_number_and_what_is_open(void **state)
{
    struct place *place = *state;
    struct ledger *ledger = place->ledger;
    struct run_record run = create_run(ledger, 1);
    struct row_ref ref = ref_of(run.id, 5, "A");
    struct ledger *view = open_view(place);
    struct history history;

    send_one(ledger, run.id, 2, "A", OUTCOME_UNKNOWN);
    ref.key.workcard_id = 816;
    assert_int_equal(ledger_run_lock(ledger, run.id, &err), 1);
    begin(ledger);
    intend(ledger, &ref);
    commit(ledger);
    history = history_of(view, "A", 2);
    assert_string_equal(history.text, "claim815 unknown2 claim816 ");
    assert_true(history.claim.state.open);
    assert_true(history.claim.state.open_run_alive);
    assert_string_equal(history.claim.open_run_name, run.name);
    ledger_close(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(history_tells_every_row_of_every_run_oldest_first),
        ON_BOTH(history_tells_rounds_and_settlements),
        WITH_LEDGER(history_tells_all_workcards_of_a_number_and_what_is_open),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}

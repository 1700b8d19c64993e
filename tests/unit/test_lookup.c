/* Unit tests of ledger/lookup: whatever the order of questions, and whatever is written between
 * them, each claim is found as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ledger_place.h"

#define CLAIMS 600

/* What is expected of each claim. */
static struct model {
    bool accepted, open;
    uint64_t row;
} model[CLAIMS];

/* Numbers that begin alike, that differ by their length, and in bytes above 127; every third is of
 * another workcard with the number of the one before. */
static struct row_ref ref_number(int64_t run, int number, uint64_t row)
{
    static const char *const heads[] = {"", "A", "A-", "AB", "浙赔字", "a"};
    static char text[32];
    struct row_ref ref;
    int named = number % 3 == 2 ? number - 1 : number;

    snprintf(text, sizeof(text), "%s%d", heads[named % 6], named);
    ref = ref_of(run, row, text);
    ref.key.workcard_id += number % 3 == 2 ? (number % 2 ? -7 : 7) : 0;
    return ref;
}

static void assert_as_expected(struct ledger *ledger, int number)
{
    struct row_ref ref = ref_number(1, number, 0);
    struct claim_state state;

    assert_int_equal(ledger_claim_get(ledger, PLATFORM, &ref.key, &state, &err), 0);
    assert_int_equal(state.accepted, model[number].accepted);
    assert_int_equal(state.open, model[number].open);
    if (state.accepted)
        assert_int_equal(state.accepted_at.row, model[number].row);
}

static void accept(struct ledger *ledger, int64_t run, int number, uint64_t row)
{
    struct row_ref ref = ref_number(run, number, row);
    struct row_record record = record_of(&ref, ROW_FINAL, OUTCOME_ACCEPTED);

    if (!model[number].open)
        intend(ledger, &ref);
    assert_int_equal(ledger_row_end(ledger, &ref, &record, &err), 0);
    model[number] = (struct model){.accepted = true, .row = row};
}

static void intend_number(struct ledger *ledger, int64_t run, int number, uint64_t row)
{
    struct row_ref ref = ref_number(run, number, row);

    if (model[number].open)
        return;
    intend(ledger, &ref);
    model[number].open = true;
}

static void note(struct ledger *ledger, int64_t run, int number, uint64_t row)
{
    struct row_ref ref = ref_number(run, number, row);
    struct row_record record = record_of(&ref, ROW_NOTED, OUTCOME_SKIPPED);

    assert_int_equal(ledger_row_note(ledger, &ref, &record, false, &err), 0);
}

static int fill(void **state)
{
    struct place *place;
    int64_t run;

    if (make_place(state))
        return -1;
    place = *state;
    memset(model, 0, sizeof(model));
    run = create_run(place->ledger, 1).id;
    begin(place->ledger);
    for (int i = 0; i < CLAIMS; i++)
        if (i * 7 % 5 < 2)
            accept(place->ledger, run, i, (uint64_t)i + 2);
    commit(place->ledger);
    return 0;
}

static void claims_are_found_in_any_order(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;

    begin(ledger);
    for (int i = 0; i < CLAIMS; i++)
        assert_as_expected(ledger, i);
    for (int i = CLAIMS; i--;)
        assert_as_expected(ledger, i);
    for (int step = 1; step < CLAIMS; step += 17)
        for (int i = 0; i < CLAIMS; i += step)
            assert_as_expected(ledger, i);
    for (int i = 0; i < 10 * CLAIMS; i++)
        assert_as_expected(ledger, i * 7919 % CLAIMS);
    commit(ledger);
}

static void what_is_written_between_is_seen_at_once(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    uint64_t row = 1000;

    srand(1);
    begin(ledger);
    for (int i = 0; i < 10 * CLAIMS; i++) {
        int number = i / 10;

        switch (rand() % 8) {
        case 0:
            accept(ledger, 1, (number + rand() % 4) % CLAIMS, row++);
            break;
        case 1:
            intend_number(ledger, 1, (number + rand() % 4) % CLAIMS, row++);
            break;
        case 2:
            note(ledger, 1, number, row++);
            break;
        default:
            assert_as_expected(ledger, (number + rand() % 4) % CLAIMS);
        }
    }
    commit(ledger);
    begin(ledger);
    for (int i = 0; i < CLAIMS; i++)
        assert_as_expected(ledger, i);
    ledger_rollback(ledger);
}

static void what_was_taken_back_is_not_there(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    struct model before = model[2];

    assert_false(before.accepted);
    begin(ledger);
    assert_as_expected(ledger, 2);
    accept(ledger, 1, 2, 5000);
    assert_as_expected(ledger, 2);
    ledger_rollback(ledger);
    model[2] = before;
    assert_as_expected(ledger, 2);
    begin(ledger);
    assert_as_expected(ledger, 2);
    commit(ledger);
}

static void what_another_process_writes_is_seen_by_the_next_transaction(void **state)
{
    struct place *place = *state;
    struct ledger *other;

    assert_int_equal(ledger_open(place->path, &other, &err), 0);
    for (int i = 0; i < 20; i++) {
        begin(place->ledger);
        assert_as_expected(place->ledger, i);
        commit(place->ledger);
        assert_as_expected(place->ledger, i);
        begin(other);
        accept(other, 1, i, (uint64_t)i + 7000);
        commit(other);
        assert_as_expected(place->ledger, i); /* outside of a transaction, too */
        begin(place->ledger);
        assert_as_expected(place->ledger, i);
        commit(place->ledger);
    }
    ledger_close(other);
}

#define WITH_CLAIMS(test) cmocka_unit_test_setup_teardown(test, fill, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CLAIMS(claims_are_found_in_any_order),
        WITH_CLAIMS(what_is_written_between_is_seen_at_once),
        WITH_CLAIMS(what_was_taken_back_is_not_there),
        WITH_CLAIMS(what_another_process_writes_is_seen_by_the_next_transaction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of input/duplicates: rows of one claim in one file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "input/claim/claim.h"
#include "input/inspection/duplicates.h"

static struct claim make_claim(int64_t id, const char *order_no)
{
    return (struct claim){
        .workcard_id = id,
        .claim_desc = "",
        .claim_count = 1,
        .claim_order_no = order_no,
        .claim_status = 1,
        .claim_time = "2022-12-12 00:00:00",
        .claim_fee = 100,
    };
}

static void each_row_is_paired_with_the_one_before_it_of_its_claim(void **state)
{
    static const struct {
        int64_t id, fee;
        const char *order_no;
    } rows[] = {{1, 5, "A"}, {2, 5, "A"}, {1, 5, "A"}, {1, 6, "A"},
                {1, 5, "B"}, {2, 9, "A"}, {1, 6, "A"}};
    static const struct duplicate expected[] = {
        {4, 2, true}, {5, 4, false}, {7, 3, false}, {8, 5, true}};
    struct duplicates *duplicates = duplicates_open(DUPLICATES_IN_MEMORY);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct claim claim = make_claim(rows[i].id, rows[i].order_no);

        claim.claim_fee = rows[i].fee;
        assert_int_equal(duplicates_note(duplicates, i + 2, &claim), 0);
    }
    assert_int_equal(duplicates_find(duplicates), 4);
    for (size_t i = 0; i < 4; i++) {
        struct duplicate found = duplicates_at(duplicates, i);

        assert_int_equal(found.row, expected[i].row);
        assert_int_equal(found.before, expected[i].before);
        assert_int_equal(found.same_content, expected[i].same_content);
    }
    duplicates_close(duplicates);
}

/* More than are kept in memory, with claims that come again far away. */
#define MANY (2 * DUPLICATES_IN_MEMORY + DUPLICATES_IN_MEMORY / 2)
#define AGAIN 9973

static void note_many(struct duplicates *duplicates)
{
    for (size_t i = 0; i < MANY; i++) {
        struct claim claim = make_claim((int64_t)(i >= MANY - AGAIN ? i - (MANY - AGAIN) : i), "A");

        claim.claim_fee = i == MANY - 1 ? 99 : 5;
        assert_int_equal(duplicates_note(duplicates, i + 2, &claim), 0);
    }
}

static void expect_many(struct duplicates *duplicates)
{
    assert_int_equal(duplicates_find(duplicates), AGAIN);
    for (size_t i = 0; i < AGAIN; i++) {
        struct duplicate found = duplicates_at(duplicates, i);

        assert_int_equal(found.row, MANY - AGAIN + i + 2);
        assert_int_equal(found.before, i + 2);
        assert_int_equal(found.same_content, i != AGAIN - 1);
    }
}

static void of_more_rows_than_fit_into_memory_all_are_found(void **state)
{
    struct duplicates *duplicates = duplicates_open(DUPLICATES_IN_MEMORY);

    (void)state;
    note_many(duplicates);
    duplicates_clear(duplicates);
    note_many(duplicates);
    expect_many(duplicates);
    duplicates_close(duplicates);
}

static void without_a_place_for_a_file_all_are_found(void **state)
{
    struct duplicates *duplicates = duplicates_open(DUPLICATES_IN_MEMORY);

    (void)state;
    setenv("TMPDIR", "/nonexistent", 1);
    note_many(duplicates);
    unsetenv("TMPDIR");
    expect_many(duplicates);
    duplicates_close(duplicates);
}

static void every_field_is_content(void **state)
{
    (void)state;
    for (int field = 0; field < 6; field++) {
        struct duplicates *duplicates = duplicates_open(DUPLICATES_IN_MEMORY);
        struct claim claim = make_claim(7, "CL-7");

        assert_int_equal(duplicates_note(duplicates, 2, &claim), 0);
        claim.claim_desc = field == 0 ? "x" : claim.claim_desc;
        claim.claim_count += field == 1;
        claim.claim_status += field == 2;
        claim.claim_time[18] = field == 3 ? '1' : claim.claim_time[18];
        claim.claim_fee += field == 4;
        assert_int_equal(duplicates_note(duplicates, 3, &claim), 0);
        assert_int_equal(duplicates_find(duplicates), 1);
        assert_int_equal(duplicates_at(duplicates, 0).same_content, field == 5);
        duplicates_close(duplicates);
    }
}

static void texts_that_share_a_start_are_different_claims(void **state)
{
    static const char *const orders[] = {"",          "A",         "AA",
                                         "AAAAAAA",   "AAAAAAAA",  "AAAAAAAAA",
                                         "AAAAAAAAB", "BAAAAAAAA", "AAAAAAAAAAAAAAAA"};
    struct duplicates *duplicates = duplicates_open(DUPLICATES_IN_MEMORY);

    (void)state;
    for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
        struct claim claim = make_claim(1, orders[i]);

        assert_int_equal(duplicates_note(duplicates, i + 2, &claim), 0);
    }
    assert_int_equal(duplicates_find(duplicates), 0);
    duplicates_close(duplicates);
}

/* Against the plain way: for each row the last one of its claim, in a table by claim. */
static void many_rows_in_any_order_are_paired_as_the_plain_way_pairs_them(void **state)
{
    enum { ROWS = 60000, CLAIMS = 20000 };
    static uint64_t last[CLAIMS];
    static int64_t fee[CLAIMS];
    static struct duplicate expected[ROWS];
    struct duplicates *duplicates = duplicates_open(ROWS / 100);
    size_t count = 0;

    (void)state;
    srand(7);
    for (uint64_t row = 2; row < ROWS + 2; row++) {
        int id = rand() % CLAIMS;
        struct claim claim = make_claim(id, "CL");

        claim.claim_fee = rand() % 2;
        if (last[id])
            expected[count++] = (struct duplicate){row, last[id], fee[id] == claim.claim_fee};
        last[id] = row;
        fee[id] = claim.claim_fee;
        assert_int_equal(duplicates_note(duplicates, row, &claim), 0);
    }
    assert_int_equal(duplicates_count(duplicates), ROWS);
    assert_int_equal(duplicates_find(duplicates), count);
    for (size_t i = 0; i < count; i++) {
        struct duplicate found = duplicates_at(duplicates, i);

        assert_int_equal(found.row, expected[i].row);
        assert_int_equal(found.before, expected[i].before);
        assert_int_equal(found.same_content, expected[i].same_content);
    }
    duplicates_close(duplicates);
}

static void one_claim_again_and_again_is_a_chain(void **state)
{
    enum { ROWS = 5000 };
    struct duplicates *duplicates = duplicates_open(DUPLICATES_IN_MEMORY);
    struct claim claim = make_claim(1, "CL");

    (void)state;
    for (uint64_t row = 2; row < ROWS + 2; row++)
        assert_int_equal(duplicates_note(duplicates, row, &claim), 0);
    assert_int_equal(duplicates_find(duplicates), ROWS - 1);
    for (size_t i = 0; i < ROWS - 1; i++) {
        assert_int_equal(duplicates_at(duplicates, i).row, i + 3);
        assert_int_equal(duplicates_at(duplicates, i).before, i + 2);
        assert_true(duplicates_at(duplicates, i).same_content);
    }
    duplicates_close(duplicates);
}

static void nothing_noted_is_nothing_found(void **state)
{
    struct duplicates *duplicates = duplicates_open(DUPLICATES_IN_MEMORY);

    (void)state;
    assert_int_equal(duplicates_find(duplicates), 0);
    duplicates_close(duplicates);
    duplicates_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_paired_with_the_one_before_it_of_its_claim),
        cmocka_unit_test(of_more_rows_than_fit_into_memory_all_are_found),
        cmocka_unit_test(without_a_place_for_a_file_all_are_found),
        cmocka_unit_test(every_field_is_content),
        cmocka_unit_test(texts_that_share_a_start_are_different_claims),
        cmocka_unit_test(many_rows_in_any_order_are_paired_as_the_plain_way_pairs_them),
        cmocka_unit_test(one_claim_again_and_again_is_a_chain),
        cmocka_unit_test(nothing_noted_is_nothing_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What becomes of a row of which ledger and report say different things: the table, line by line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/import/merge.h"

#define END_MS 1000

/* clang-format off */
/* A row as "O@T": its outcome's letter and when it was sent; see record_of. "" : none. */
static const struct {
    const char *known, *said;
    const char *verdict; /* k, t, a, j; with ! where it differs */
} table[] = {
    /* what is not known is taken, but nothing is made of nothing */
    {"", "A@5", "t"}, {"", "R@5", "t"}, {"", "F@5", "t"}, {"", "U@5", "t"}, {"", "S", "t"},
    {"", "N@5", "t"}, {"", "N", "k"},
    /* an older report changes nothing */
    {"A@5", "A@5", "k"}, {"A@5", "U@5", "k"}, {"A@5", "U@4", "k"}, {"A@5", "R@4", "k"},
    {"A@5", "F@4", "k"}, {"A@5", "N", "k"}, {"R@5", "R@5", "k"}, {"R@5", "F@4", "k"},
    {"R@5", "U@5", "k"}, {"F@5", "N@4", "k"}, {"U@5", "U@5", "k"}, {"U@5", "F@4", "k"},
    /* a newer one is taken */
    {"F@5", "A@6", "t"}, {"R@5", "A@6", "t"}, {"F@5", "R@6", "t"}, {"F@5", "U@6", "t"},
    {"U@5", "U@6", "t"}, {"N@5", "A@6", "t"}, {"N@5", "F@5", "t"}, {"A@5", "A@6", "t"},
    {"S", "A@5", "t"}, {"S", "U@5", "t"},
    /* an accepted row that was resubmitted, and that answer was lost */
    {"A@5", "U@6", "t"}, {"U@6", "A@5", "a"},
    /* a definite answer for the same attempt ends an unknown; for another one it does not */
    {"U@5", "A@5", "t"}, {"U@5", "R@5", "t"}, {"U@5", "F@5", "t"}, {"U@5", "A@6", "t"},
    {"U@5", "R@6", "k!"}, {"U@5", "F@6", "k!"},
    /* the ledger saw an intent of a run that went on elsewhere */
    {"E@5", "A@6", "t"}, {"E@5", "R@6", "t"}, {"E@5", "F@4", "t"}, {"E@5", "N", "t"},
    {"E@5", "A@4", "t"}, {"E@2000", "R@6", "k"}, {"E@2000", "N", "k"},
    /* what was accepted is never lost */
    {"R@5", "A@5", "t!"}, {"F@6", "A@5", "t!"}, {"A@5", "R@5", "k!"}, {"A@5", "F@6", "k!"},
    /* an attempt that may have been executed stays unknown, whatever came later */
    {"R@6", "U@5", "j!"}, {"F@6", "U@5", "j!"}, {"N@6", "U@5", "j!"},
    /* of one attempt the ledger's word counts */
    {"R@5", "F@5", "k!"}, {"F@5", "R@5", "k!"},
};
/* clang-format on */

static struct row_record record_of(const char *text)
{
    struct row_record record = {.row = 2,
                                .state = ROW_FINAL,
                                .code = "",
                                .sub_code = "",
                                .message = "",
                                .request_id = "",
                                .warnings = ""};

    record.outcome = *text == 'A'   ? OUTCOME_ACCEPTED
                     : *text == 'R' ? OUTCOME_REJECTED
                     : *text == 'F' ? OUTCOME_FAILED
                     : *text == 'S' ? OUTCOME_SKIPPED
                     : *text == 'N' ? OUTCOME_UNSENT
                                    : OUTCOME_UNKNOWN;
    if (*text == 'S')
        record.state = ROW_NOTED;
    if (*text == 'N')
        record.state = ROW_AGAIN;
    if (*text == 'E')
        record.code = OUTCOME_ENDED_CODE;
    if (*text && text[1] == '@') {
        record.attempts = 1;
        record.submitted_ms = atoi(text + 2);
    }
    return record;
}

static void each_line_of_the_table(void **state)
{
    static const struct merge_report report = {END_MS, true};
    static const char letters[] = {
        [MERGE_KEEP] = 'k', [MERGE_TAKE] = 't', [MERGE_ACCEPT] = 'a', [MERGE_JOIN] = 'j'};

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        struct row_record known = record_of(table[i].known);
        struct row_record said = record_of(table[i].said);
        struct merge merge = merge_row(*table[i].known ? &known : NULL, &said, &report, false);
        char is[3] = {letters[merge.verdict], merge.differs ? '!' : '\0', '\0'};

        if (strcmp(is, table[i].verdict) != 0)
            fail_msg("'%s' and '%s' are %s, not %s", table[i].known, table[i].said, is,
                     table[i].verdict);
    }
}

static void what_a_person_settled_stays_settled(void **state)
{
    static const struct merge_report report = {END_MS, true};
    struct row_record known = record_of("R@6");
    struct row_record said = record_of("U@5");

    (void)state;
    assert_int_equal(merge_row(&known, &said, &report, true).verdict, MERGE_KEEP);
}

static void other_content_is_named_and_what_was_accepted_of_it_is_known(void **state)
{
    static const struct merge_report report = {END_MS, true};
    struct row_record known = record_of("R@5");
    struct row_record said = record_of("A@6");

    (void)state;
    said.digest[0] = 1;
    assert_int_equal(merge_row(&known, &said, &report, false).verdict, MERGE_ACCEPT);
    assert_true(merge_row(&known, &said, &report, false).differs);
    said = record_of("R@6");
    said.digest[0] = 1;
    assert_int_equal(merge_row(&known, &said, &report, false).verdict, MERGE_KEEP);
}

static void what_two_copies_of_a_ledger_had_executed_is_named(void **state)
{
    static const struct merge_report report = {END_MS, true};
    struct row_record known = record_of("A@5");

    (void)state;
    known.request_id = "one";
    for (int ms = 4; ms <= 6; ms += 2) {
        struct row_record said = record_of("A@5");

        said.submitted_ms = ms;
        said.request_id = "two";
        assert_int_equal(merge_row(&known, &said, &report, false).verdict, MERGE_KEEP);
        assert_true(merge_row(&known, &said, &report, false).differs);
        assert_true(merge_is_twice(&known, &said));
        said.request_id = known.request_id;
        assert_false(merge_row(&known, &said, &report, false).differs);
    }
}

static void what_was_resubmitted_is_one_history(void **state)
{
    static const struct merge_report report = {END_MS, true};
    struct row_record before = record_of("A@5");
    struct row_record after = record_of("A@6");

    (void)state;
    before.request_id = "one";
    after.request_id = "two";
    after.attempts = 2;
    assert_int_equal(merge_row(&before, &after, &report, false).verdict, MERGE_TAKE);
    assert_false(merge_row(&before, &after, &report, false).differs);
    assert_int_equal(merge_row(&after, &before, &report, false).verdict, MERGE_KEEP);
    assert_false(merge_row(&after, &before, &report, false).differs);
}

static void what_was_decided_without_an_attempt_is_as_old_as_its_report(void **state)
{
    struct merge_report report = {END_MS, true};
    struct row_record known = record_of("S");
    struct row_record said = record_of("S");

    (void)state;
    said.code = "SUPERSEDED";
    known.code = "ALREADY_ACCEPTED";
    assert_int_equal(merge_row(&known, &said, &report, false).verdict, MERGE_TAKE);
    report.is_newer = false;
    assert_int_equal(merge_row(&known, &said, &report, false).verdict, MERGE_KEEP);
    report.is_newer = true;
    assert_int_equal(merge_row(&known, &known, &report, false).verdict, MERGE_KEEP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_of_the_table),
        cmocka_unit_test(what_a_person_settled_stays_settled),
        cmocka_unit_test(other_content_is_named_and_what_was_accepted_of_it_is_known),
        cmocka_unit_test(what_two_copies_of_a_ledger_had_executed_is_named),
        cmocka_unit_test(what_was_resubmitted_is_one_history),
        cmocka_unit_test(what_was_decided_without_an_attempt_is_as_old_as_its_report),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of run/decision: each line of the table of contract section 5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "run/rows/fate.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define RUN 5
#define ROW 10

static const unsigned char same[DIGEST_CLAIM_BYTES] = {1};
static const unsigned char other[DIGEST_CLAIM_BYTES] = {2};

enum content { NONE, SAME, OTHER, UNSEEN };
enum open_attempt { CLOSED, UNSETTLED, INTENT_ALIVE, INTENT_DEAD };

struct scenario {
    const char *what;
    enum content accepted; /* the newest accepted content, and where it stands */
    struct row_place accepted_order;
    int64_t accepted_rank, rank; /* of its run and of this one in their line */
    enum open_attempt open;
    enum content before; /* of the row before in this file, and what it counts as */
    enum outcome before_counts_as;
    bool resend_unknown, resubmit; /* what a person said */
    bool is_history;               /* a later row of this file has what was accepted */
    enum fate fate;
};

static enum fate decide(const struct scenario *scenario)
{
    struct claim_state claim = {
        .accepted = scenario->accepted != NONE,
        .accepted_order = scenario->accepted_order,
        .accepted_unseen = scenario->accepted == UNSEEN,
        .accepted_rank = scenario->accepted_rank,
        .open = scenario->open != CLOSED,
        .open_is_intent = scenario->open == INTENT_ALIVE || scenario->open == INTENT_DEAD,
        .open_run_alive = scenario->open == INTENT_ALIVE,
    };
    struct row_record before = {.row = ROW - 1,
                                .state = ROW_FINAL,
                                .outcome = scenario->before_counts_as,
                                .counts_as = scenario->before_counts_as};
    struct fate_facts facts = {
        .order = {RUN, ROW},
        .rank = scenario->rank,
        .digest = same,
        .claim = &claim,
        .before = scenario->before == NONE ? NULL : &before,
        .resend_unknown = scenario->resend_unknown,
        .resubmit = scenario->resubmit,
        .is_history = scenario->is_history,
    };

    memcpy(claim.accepted_digest, scenario->accepted == SAME ? same : other, sizeof(same));
    memcpy(before.digest, scenario->before == SAME ? same : other, sizeof(same));
    return fate_make(&facts);
}

static void decide_all(const struct scenario *scenarios, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum fate fate = decide(&scenarios[i]);

        if (fate != scenarios[i].fate)
            fail_msg("%s: %d, not %d", scenarios[i].what, fate, scenarios[i].fate);
    }
}

static void never_accepted_is_sent(void **state)
{
    static const struct scenario scenarios[] = {
        {.what = "nothing is known", .fate = FATE_SEND},
    };

    (void)state;
    decide_all(scenarios, COUNT(scenarios));
}

static void accepted_same_content_is_skipped(void **state)
{
    static const struct scenario scenarios[] = {
        {.what = "accepted in an earlier run",
         .accepted = SAME,
         .accepted_order = {RUN - 1, 900},
         .fate = FATE_ACCEPTED},
        {.what = "accepted in a later run",
         .accepted = SAME,
         .accepted_order = {RUN + 1, 2},
         .fate = FATE_ACCEPTED},
        {.what = "accepted as this very row",
         .accepted = SAME,
         .accepted_order = {RUN, ROW},
         .fate = FATE_ACCEPTED},
    };

    (void)state;
    decide_all(scenarios, COUNT(scenarios));
}

static void accepted_other_content_is_judged_by_the_order_of_rows(void **state)
{
    static const struct scenario scenarios[] = {
        {.what = "other content of an earlier run, though of a higher row",
         .accepted = OTHER,
         .accepted_order = {RUN - 1, ROW + 100},
         .fate = FATE_SEND_CHANGED},
        {.what = "other content of an earlier row",
         .accepted = OTHER,
         .accepted_order = {RUN, ROW - 1},
         .fate = FATE_SEND_CHANGED},
        {.what = "other content of a later row",
         .accepted = OTHER,
         .accepted_order = {RUN, ROW + 1},
         .fate = FATE_SUPERSEDED},
        {.what = "other content of an earlier run, which a later row has",
         .accepted = OTHER,
         .accepted_order = {RUN - 1, 2},
         .is_history = true,
         .fate = FATE_SUPERSEDED},
        {.what = "content that is not known here, of an earlier run",
         .accepted = UNSEEN,
         .accepted_order = {RUN - 1, 2},
         .fate = FATE_SUPERSEDED},
        {.what = "other content of a later run, though of a lower row",
         .accepted = OTHER,
         .accepted_order = {RUN + 1, 2},
         .fate = FATE_SUPERSEDED},
        {.what = "a correction of the row whose own content is accepted",
         .accepted = OTHER,
         .accepted_order = {RUN, ROW},
         .rank = 7,
         .fate = FATE_SEND_CHANGED},
        {.what = "the row's own content, where a correction of it is accepted",
         .accepted = OTHER,
         .accepted_order = {RUN, ROW},
         .accepted_rank = 7,
         .fate = FATE_SUPERSEDED},
        {.what = "a correction of the row, where a later one is accepted",
         .accepted = OTHER,
         .accepted_order = {RUN, ROW},
         .accepted_rank = 9,
         .rank = 7,
         .fate = FATE_SUPERSEDED},
    };

    (void)state;
    decide_all(scenarios, COUNT(scenarios));
}

static void unknown_attempt_holds_back_whatever_the_content(void **state)
{
    static const struct scenario scenarios[] = {
        {.what = "nothing accepted", .open = UNSETTLED, .fate = FATE_UNSETTLED},
        {.what = "the same accepted",
         .accepted = SAME,
         .accepted_order = {RUN - 1, 2},
         .open = UNSETTLED,
         .fate = FATE_UNSETTLED},
        {.what = "another accepted",
         .accepted = OTHER,
         .accepted_order = {RUN - 1, 2},
         .open = UNSETTLED,
         .fate = FATE_UNSETTLED},
        {.what = "another accepted later",
         .accepted = OTHER,
         .accepted_order = {RUN + 1, 2},
         .open = UNSETTLED,
         .fate = FATE_UNSETTLED},
    };

    (void)state;
    decide_all(scenarios, COUNT(scenarios));
}

static void resend_goes_out_whatever_was_accepted_before_but_undoes_nothing(void **state)
{
    static const struct scenario scenarios[] = {
        {.what = "the same accepted before the attempt that is unknown",
         .accepted = SAME,
         .accepted_order = {RUN, ROW},
         .open = UNSETTLED,
         .resend_unknown = true,
         .fate = FATE_SEND},
        {.what = "another accepted of an earlier run",
         .accepted = OTHER,
         .accepted_order = {RUN - 1, 2},
         .open = UNSETTLED,
         .resend_unknown = true,
         .fate = FATE_SEND_CHANGED},
        {.what = "another accepted of a later run",
         .accepted = OTHER,
         .accepted_order = {RUN + 1, 2},
         .open = UNSETTLED,
         .resend_unknown = true,
         .fate = FATE_UNSETTLED},
        {.what = "the same accepted, and nothing is unknown any more",
         .accepted = SAME,
         .accepted_order = {RUN + 1, 2},
         .resend_unknown = true,
         .fate = FATE_ACCEPTED},
    };

    (void)state;
    decide_all(scenarios, COUNT(scenarios));
}

static void intent_of_a_run_that_is_alive_is_waited_for(void **state)
{
    static const struct scenario scenarios[] = {
        {.what = "nothing accepted", .open = INTENT_ALIVE, .fate = FATE_WAIT},
        {.what = "the same accepted",
         .accepted = SAME,
         .accepted_order = {RUN - 1, 2},
         .open = INTENT_ALIVE,
         .fate = FATE_WAIT},
    };

    (void)state;
    decide_all(scenarios, COUNT(scenarios));
}

static void intent_of_a_run_that_is_dead_becomes_unknown_first(void **state)
{
    static const struct scenario scenarios[] = {
        {.what = "nothing accepted", .open = INTENT_DEAD, .fate = FATE_RECOVER},
        {.what = "the same accepted",
         .accepted = SAME,
         .accepted_order = {RUN - 1, 2},
         .open = INTENT_DEAD,
         .fate = FATE_RECOVER},
    };

    (void)state;
    decide_all(scenarios, COUNT(scenarios));
}

static void repeat_in_the_file_is_a_duplicate_whatever_became_of_the_row_before(void **state)
{
    (void)state;
    for (int counts_as = 0; counts_as < OUTCOME_COUNT; counts_as++) {
        const struct scenario scenarios[] = {
            {.what = "nothing accepted",
             .before = SAME,
             .before_counts_as = (enum outcome)counts_as,
             .fate = FATE_DUPLICATE},
            {.what = "accepted as the row before",
             .accepted = SAME,
             .accepted_order = {RUN, ROW - 1},
             .before = SAME,
             .before_counts_as = (enum outcome)counts_as,
             .fate = FATE_DUPLICATE},
            {.what = "unsettled",
             .open = UNSETTLED,
             .before = SAME,
             .before_counts_as = (enum outcome)counts_as,
             .fate = FATE_DUPLICATE},
        };

        decide_all(scenarios, COUNT(scenarios));
    }
}

static void earlier_row_that_is_open_holds_back_the_later(void **state)
{
    static const struct scenario scenarios[] = {
        {.what = "failed",
         .before = OTHER,
         .before_counts_as = OUTCOME_FAILED,
         .fate = FATE_EARLIER_OPEN},
        {.what = "unsent",
         .before = OTHER,
         .before_counts_as = OUTCOME_UNSENT,
         .fate = FATE_EARLIER_OPEN},
        {.what = "unknown, and so unsettled",
         .open = UNSETTLED,
         .before = OTHER,
         .before_counts_as = OUTCOME_UNKNOWN,
         .fate = FATE_EARLIER_OPEN},
        {.what = "failed, though this content was accepted in an earlier run",
         .accepted = SAME,
         .accepted_order = {RUN - 1, 2},
         .before = OTHER,
         .before_counts_as = OUTCOME_FAILED,
         .fate = FATE_EARLIER_OPEN},
    };

    (void)state;
    decide_all(scenarios, COUNT(scenarios));
}

static void earlier_row_that_is_settled_leaves_it_to_the_history(void **state)
{
    static const struct scenario scenarios[] = {
        {.what = "accepted",
         .accepted = OTHER,
         .accepted_order = {RUN, ROW - 1},
         .before = OTHER,
         .before_counts_as = OUTCOME_ACCEPTED,
         .fate = FATE_SEND_CHANGED},
        {.what = "rejected",
         .before = OTHER,
         .before_counts_as = OUTCOME_REJECTED,
         .fate = FATE_SEND},
        {.what = "rejected, and this content was accepted in an earlier run",
         .accepted = SAME,
         .accepted_order = {RUN - 1, 2},
         .before = OTHER,
         .before_counts_as = OUTCOME_REJECTED,
         .fate = FATE_ACCEPTED},
        {.what = "skipped",
         .before = OTHER,
         .before_counts_as = OUTCOME_SKIPPED,
         .fate = FATE_SEND},
    };

    (void)state;
    decide_all(scenarios, COUNT(scenarios));
}

static void person_may_have_unsettled_claims_sent_again(void **state)
{
    static const struct scenario scenarios[] = {
        {.what = "unsettled", .open = UNSETTLED, .resend_unknown = true, .fate = FATE_SEND},
        {.what = "unsettled, and only --resubmit was said",
         .open = UNSETTLED,
         .resubmit = true,
         .fate = FATE_UNSETTLED},
        {.what = "accepted, which is not unsettled",
         .accepted = SAME,
         .accepted_order = {RUN - 1, 2},
         .resend_unknown = true,
         .fate = FATE_ACCEPTED},
        {.what = "on the wire in another run",
         .open = INTENT_ALIVE,
         .resend_unknown = true,
         .resubmit = true,
         .fate = FATE_WAIT},
        {.what = "behind an earlier row that is unknown",
         .open = UNSETTLED,
         .before = OTHER,
         .before_counts_as = OUTCOME_UNKNOWN,
         .resend_unknown = true,
         .fate = FATE_EARLIER_OPEN},
    };

    (void)state;
    decide_all(scenarios, COUNT(scenarios));
}

static void person_may_have_accepted_content_sent_again(void **state)
{
    static const struct scenario scenarios[] = {
        {.what = "the same accepted",
         .accepted = SAME,
         .accepted_order = {RUN - 1, 2},
         .resubmit = true,
         .fate = FATE_SEND},
        {.what = "another accepted earlier",
         .accepted = OTHER,
         .accepted_order = {RUN - 1, 2},
         .resubmit = true,
         .fate = FATE_SEND_CHANGED},
        {.what = "another accepted later",
         .accepted = OTHER,
         .accepted_order = {RUN + 1, 2},
         .resubmit = true,
         .fate = FATE_SUPERSEDED},
        {.what = "another accepted earlier, which a later row has",
         .accepted = OTHER,
         .accepted_order = {RUN - 1, 2},
         .is_history = true,
         .resubmit = true,
         .fate = FATE_SUPERSEDED},
        {.what = "a repeat in the file",
         .accepted = SAME,
         .accepted_order = {RUN, ROW - 1},
         .before = SAME,
         .before_counts_as = OUTCOME_ACCEPTED,
         .resubmit = true,
         .fate = FATE_DUPLICATE},
    };

    (void)state;
    decide_all(scenarios, COUNT(scenarios));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_accepted_is_sent),
        cmocka_unit_test(accepted_same_content_is_skipped),
        cmocka_unit_test(accepted_other_content_is_judged_by_the_order_of_rows),
        cmocka_unit_test(unknown_attempt_holds_back_whatever_the_content),
        cmocka_unit_test(resend_goes_out_whatever_was_accepted_before_but_undoes_nothing),
        cmocka_unit_test(intent_of_a_run_that_is_alive_is_waited_for),
        cmocka_unit_test(intent_of_a_run_that_is_dead_becomes_unknown_first),
        cmocka_unit_test(repeat_in_the_file_is_a_duplicate_whatever_became_of_the_row_before),
        cmocka_unit_test(earlier_row_that_is_open_holds_back_the_later),
        cmocka_unit_test(earlier_row_that_is_settled_leaves_it_to_the_history),
        cmocka_unit_test(person_may_have_unsettled_claims_sent_again),
        cmocka_unit_test(person_may_have_accepted_content_sent_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

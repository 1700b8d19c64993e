/* Unit tests of the month's claims: what one claim's rows in several exports come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "command/audit/month/month_claims.h"
#include "command/audit/month/month_sums.h"

#define DAY INT64_C(20000)

static struct error err;

/* A row of one claim; `content` stands for its amount, too. */
static struct month_line line(size_t export, enum outcome outcome, const char *code, int content)
{
    return (struct month_line){
        .workcard_id = "7001",
        .claim_order_no = "CL1",
        .at_ms = (int64_t) export + 1,
        .day = DAY + (int64_t) export,
        .export = export,
        .row = export + 2,
        .outcome = outcome,
        .status = outcome == OUTCOME_INVALID ? MONTH_NO_STATUS : 1,
        .fee_fen = outcome == OUTCOME_INVALID ? 0 : content * 100,
        .content = outcome == OUTCOME_INVALID ? 0 : content,
        .code = code,
        .message = "",
        .request_id = "",
    };
}

struct step {
    enum outcome outcome;
    const char *code;
    int content;
};

#define STEPS_MAX 6

static struct month_claim claim;

static void fold(const struct step *steps)
{
    for (size_t i = 0; i < STEPS_MAX && steps[i].code; i++) {
        struct month_line l = line(i, steps[i].outcome, steps[i].code, steps[i].content);

        if (i)
            month_claim_add(&claim, &l);
        else
            month_claim_begin(&claim, &l);
    }
    assert_false(claim.texts.failed);
}

struct history {
    struct step steps[STEPS_MAX];
    enum outcome final;
    int accepted, first; /* content; 0: never accepted */
    uint64_t changes;
    bool is_twice;
    size_t teller; /* the step that says the final state */
};

#define ACCEPTED(content)                                                                          \
    {                                                                                              \
        OUTCOME_ACCEPTED, "", content                                                              \
    }
#define ALREADY(content)                                                                           \
    {                                                                                              \
        OUTCOME_SKIPPED, "ALREADY_ACCEPTED", content                                               \
    }
#define SUPERSEDED(content)                                                                        \
    {                                                                                              \
        OUTCOME_SKIPPED, "SUPERSEDED", content                                                     \
    }
#define UNKNOWN(content)                                                                           \
    {                                                                                              \
        OUTCOME_UNKNOWN, "TIMEOUT", content                                                        \
    }
#define REJECTED(content)                                                                          \
    {                                                                                              \
        OUTCOME_REJECTED, "NO", content                                                            \
    }
#define INVALID                                                                                    \
    {                                                                                              \
        OUTCOME_INVALID, "BAD_FEE", 0                                                              \
    }

static void the_newest_row_says_what_became_of_a_claim(void **state)
{
    static const struct history histories[] = {
        {{ACCEPTED(1)}, OUTCOME_ACCEPTED, 1, 1, 0, false, 0},
        {{REJECTED(1), ACCEPTED(2)}, OUTCOME_ACCEPTED, 2, 2, 0, false, 1},
        {{INVALID, ACCEPTED(2)}, OUTCOME_ACCEPTED, 2, 2, 0, false, 1},
        {{ACCEPTED(1), REJECTED(2)}, OUTCOME_REJECTED, 1, 1, 0, false, 1},
        /* told again: where it was accepted stays what says so */
        {{ACCEPTED(1), ALREADY(1), ALREADY(1)}, OUTCOME_ACCEPTED, 1, 1, 0, false, 0},
        {{ALREADY(1), REJECTED(2)}, OUTCOME_REJECTED, 1, 1, 0, false, 1},
        {{ACCEPTED(1), REJECTED(2), ALREADY(1)}, OUTCOME_ACCEPTED, 1, 1, 0, false, 2},
        /* corrected */
        {{ACCEPTED(1), ACCEPTED(2), ACCEPTED(3)}, OUTCOME_ACCEPTED, 3, 1, 2, false, 2},
        {{ACCEPTED(1), ALREADY(1), ACCEPTED(2)}, OUTCOME_ACCEPTED, 2, 1, 1, false, 2},
        {{ACCEPTED(1), ALREADY(2)}, OUTCOME_ACCEPTED, 2, 1, 1, false, 1},
        {{ACCEPTED(1), ACCEPTED(2), ACCEPTED(1)}, OUTCOME_ACCEPTED, 1, 1, 2, false, 2},
        /* what says nothing new */
        {{ACCEPTED(2), SUPERSEDED(1)}, OUTCOME_ACCEPTED, 2, 2, 0, false, 0},
        {{SUPERSEDED(1), ACCEPTED(2)}, OUTCOME_ACCEPTED, 2, 2, 0, false, 1},
        {{SUPERSEDED(1), SUPERSEDED(1)}, OUTCOME_SKIPPED, 0, 0, 0, false, 1},
        /* unknown until it is accepted */
        {{UNKNOWN(1), REJECTED(1)}, OUTCOME_UNKNOWN, 0, 0, 0, false, 0},
        {{UNKNOWN(1), INVALID, UNKNOWN(1)}, OUTCOME_UNKNOWN, 0, 0, 0, false, 2},
        {{ACCEPTED(1), UNKNOWN(2)}, OUTCOME_UNKNOWN, 1, 1, 0, false, 1},
        {{UNKNOWN(1), ALREADY(1)}, OUTCOME_ACCEPTED, 1, 1, 0, false, 1},
        /* one content, executed twice */
        {{ACCEPTED(1), ACCEPTED(1)}, OUTCOME_ACCEPTED, 1, 1, 0, true, 1},
        {{ACCEPTED(1), REJECTED(2), ACCEPTED(1)}, OUTCOME_ACCEPTED, 1, 1, 0, true, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(histories) / sizeof(*histories); i++) {
        const struct history *h = &histories[i];

        fold(h->steps);
        if (claim.final.outcome != h->final || claim.is_accepted != (h->accepted != 0) ||
            claim.changes != h->changes || claim.is_twice != h->is_twice ||
            claim.final.export != h->teller || claim.accepted_fen != h->accepted * 100 ||
            claim.first_fen != h->first * 100)
            fail_msg("history %zu: %s of row %llu, accepted %lld first %lld, %llu changes, %d", i,
                     outcome_name(claim.final.outcome), (unsigned long long)claim.final.row,
                     (long long)claim.accepted_fen, (long long)claim.first_fen,
                     (unsigned long long)claim.changes, claim.is_twice);
    }
    month_claim_release(&claim);
    claim = (struct month_claim){0};
}

/* ---- many claims ---- */

struct seen {
    size_t count;
    char names[8][16];
    enum outcome outcomes[8];
};

static int see(void *context, const struct month_claim *c, struct error *e)
{
    struct seen *seen = context;

    (void)e;
    assert_true(seen->count < 8);
    strcpy(seen->names[seen->count], c->final.claim_order_no);
    seen->outcomes[seen->count++] = c->final.outcome;
    return 0;
}

static int see_repeat(void *context, const struct month_repeat *repeat, struct error *e)
{
    size_t *count = context;

    (void)e;
    assert_string_equal(repeat->request_id, "r1");
    assert_int_equal(repeat->export_before, 0);
    assert_int_equal(repeat->export_after, 1);
    ++*count;
    return 0;
}

static void add(struct month_claims *claims, const char *order_no, size_t export,
                enum outcome outcome, const char *request_id)
{
    struct month_line l = line(export, outcome, "", 1);

    l.claim_order_no = order_no;
    l.request_id = request_id;
    l.alone = *order_no ? 0 : (int64_t) export + 1;
    assert_int_equal(month_claims_add(claims, &l, &err), 0);
}

static void rows_meet_their_claim_wherever_they_stand(void **state)
{
    struct month_claims *claims;
    struct seen all = {0}, open = {0}, first = {0};
    size_t repeats = 0;

    (void)state;
    assert_int_equal(month_claims_open(&claims, &err), 0);
    add(claims, "B", 1, OUTCOME_ACCEPTED, "r1");
    add(claims, "A", 0, OUTCOME_REJECTED, "r1");
    add(claims, "", 0, OUTCOME_INVALID, "");
    add(claims, "", 1, OUTCOME_INVALID, "");
    add(claims, "B", 0, OUTCOME_INVALID, "");
    add(claims, "C", 1, OUTCOME_UNKNOWN, "r2");
    add(claims, "D", 1, OUTCOME_ACCEPTED, "r2"); /* of the same export */
    assert_int_equal(month_claims_fold(claims, see, &all, &err), 0);
    assert_int_equal(all.count, 6);
    assert_string_equal(all.names[3], "B");
    assert_int_equal(all.outcomes[3], OUTCOME_ACCEPTED);
    assert_int_equal(month_claims_list(claims, MONTH_OPEN, UINT64_MAX, see, &open, &err), 0);
    assert_int_equal(open.count, 4);
    assert_string_equal(open.names[0], "C"); /* what is unknown is the most urgent */
    assert_string_equal(open.names[1], "A");
    assert_int_equal(month_claims_list(claims, MONTH_OPEN, 1, see, &first, &err), 0);
    assert_int_equal(first.count, 1);
    assert_int_equal(month_claims_repeats(claims, see_repeat, &repeats, &err), 0);
    assert_int_equal(repeats, 1);
    month_claims_close(claims);
}

/* ---- days ---- */

static void days_without_a_run_are_listed(void **state)
{
    struct month_sums *sums = month_sums_start();
    struct month_day *days;
    size_t count;
    char text[MONTH_DAY_BYTES];

    (void)state;
    assert_non_null(sums);
    assert_int_equal(month_sums_add_run(sums, DAY + 4, &err), 0);
    assert_int_equal(month_sums_add_run(sums, DAY, &err), 0);
    assert_int_equal(month_sums_add_run(sums, DAY + 1, &err), 0);
    assert_int_equal(month_sums_add_run(sums, MONTH_NO_DAY, &err), 0);
    assert_int_equal(month_sums_days(sums, &days, &count, &err), 0);
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(days[i].day, DAY + (int64_t)i);
        assert_int_equal(days[i].runs, i == 0 || i == 1 || i == 4);
    }
    assert_string_equal(month_sums_day_text(DAY, text), "2024-10-04");
    assert_string_equal(month_sums_day_text(MONTH_NO_DAY, text), "");
    free(days);
    month_sums_close(sums);
}

static void days_too_far_apart_are_listed_alone(void **state)
{
    struct month_sums *sums = month_sums_start();
    struct month_day *days;
    size_t count;

    (void)state;
    assert_non_null(sums);
    assert_int_equal(month_sums_add_run(sums, INT64_MIN + 1, &err), 0);
    assert_int_equal(month_sums_add_run(sums, DAY, &err), 0);
    assert_int_equal(month_sums_days(sums, &days, &count, &err), 0);
    assert_int_equal(count, 2);
    free(days);
    month_sums_close(sums);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_row_says_what_became_of_a_claim),
        cmocka_unit_test(rows_meet_their_claim_wherever_they_stand),
        cmocka_unit_test(days_without_a_run_are_listed),
        cmocka_unit_test(days_too_far_apart_are_listed_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

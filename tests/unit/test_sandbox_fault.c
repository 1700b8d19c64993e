/* Unit tests of sandbox/fault: the choice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "sandbox/fault.h"

#define CLAIMS 4000

static struct faults *open_faults(uint64_t seed, uint64_t attempts, const char *share)
{
    const struct faults_settings settings = {.seed = seed, .attempts = attempts};
    struct faults *faults = NULL;
    struct error err = {0};

    if (faults_open(&settings, &faults, &err) || faults_add(faults, share, &err))
        fail_msg("%s", err.text);
    return faults;
}

static const struct fault *strike(struct faults *faults, int64_t claim)
{
    struct draw draw = {0};

    fault_draw_claim(faults, claim, "C-1", &draw);
    return faults_choose(faults, FAULT_AFTER_BODY, &draw);
}

/* Which fault strikes each of the claims, whatever the order they come in. */
static void strike_all(struct faults *faults, bool backwards, const struct fault **ret_struck)
{
    for (int64_t i = 0; i < CLAIMS; i++) {
        int64_t claim = backwards ? CLAIMS - 1 - i : i;

        ret_struck[claim] = strike(faults, claim);
    }
}

static size_t count_struck(const struct fault **struck)
{
    size_t count = 0;

    for (size_t i = 0; i < CLAIMS; i++)
        count += struck[i] != NULL;
    return count;
}

static void the_order_of_arrival_changes_nothing(void **state)
{
    static const struct fault *forwards[CLAIMS], *backwards[CLAIMS], *other_seed[CLAIMS];
    struct faults *faults[] = {open_faults(7, 0, "all-unknown=20%"),
                               open_faults(7, 0, "all-unknown=20%"),
                               open_faults(8, 0, "all-unknown=20%")};

    (void)state;
    strike_all(faults[0], false, forwards);
    strike_all(faults[1], true, backwards);
    strike_all(faults[2], false, other_seed);
    assert_memory_equal(forwards, backwards, sizeof(forwards));
    assert_memory_not_equal(forwards, other_seed, sizeof(forwards));
    for (size_t i = 0; i < 3; i++)
        faults_close(faults[i]);
}

static void a_claim_that_comes_again_draws_anew(void **state)
{
    static const struct fault *first[CLAIMS], *second[CLAIMS];
    struct faults *faults = open_faults(7, 0, "http-502=50%");

    (void)state;
    strike_all(faults, false, first);
    strike_all(faults, false, second);
    assert_memory_not_equal(first, second, sizeof(first));
    faults_close(faults);
}

static void faults_strike_as_often_as_they_are_told(void **state)
{
    static const struct {
        const char *share;
        size_t least, most;
    } cases[] = {
        {"reject=0", 0, 0},         {"reject=1", CLAIMS, CLAIMS}, {"reject=100%", CLAIMS, CLAIMS},
        {"reject=0.5", 1800, 2200}, {"reject=1%", 10, 80},        {"all-rejected=50%", 1800, 2200},
    };
    static const struct fault *struck[CLAIMS];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct faults *faults = open_faults(3, 0, cases[i].share);

        strike_all(faults, false, struck);
        assert_in_range(count_struck(struck), cases[i].least, cases[i].most);
        faults_close(faults);
    }
}

static void only_the_first_attempts_are_struck_where_asked(void **state)
{
    struct faults *faults = open_faults(3, 2, "code-1=1");

    (void)state;
    assert_non_null(strike(faults, 1));
    assert_non_null(strike(faults, 1));
    assert_null(strike(faults, 1));
    assert_non_null(strike(faults, 2));
    faults_close(faults);
}

static void every_row_leaves_out_what_stops_a_run(void **state)
{
    static const struct fault *struck[CLAIMS];
    struct faults *faults = open_faults(3, 0, "every-row=1");

    (void)state;
    strike_all(faults, false, struck);
    for (size_t i = 0; i < CLAIMS; i++)
        assert_true(!struck[i] || struck[i]->class != FAULT_STOP);
    assert_true(faults_any(faults, FAULT_BEFORE_REQUEST));
    assert_true(faults_any(faults, FAULT_BEFORE_BODY));
    faults_close(faults);
}

static void a_wrong_share_is_refused(void **state)
{
    static const char *const shares[] = {
        "no-such-fault=1", "reject", "reject=",       "reject=2", "reject=-0.1", "reject=101%",
        "reject=1%%",      "all-=1", "all-nothing=1", "=1",       "http-502=60%"};

    (void)state;
    for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
        struct faults *faults = open_faults(1, 0, "http-503=50%");
        struct error err = {0};

        assert_int_equal(faults_add(faults, shares[i], &err), -1);
        assert_int_equal(err.exit_code, EXIT_BAD_USAGE);
        faults_close(faults);
    }
}

static void the_table_holds_every_name_once(void **state)
{
    (void)state;
    for (size_t i = 0; fault_at(i); i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(fault_at(i)->name, fault_at(j)->name);
}

/* Goal: a row's name, what it does and its class cannot contradict each other. */
static void the_table_agrees_with_itself(void **state)
{
    (void)state;
    for (size_t i = 0; fault_at(i); i++) {
        const struct fault *fault = fault_at(i);

        if (!strncmp(fault->name, "executed-", 9))
            assert_int_equal(fault->executes, FAULT_EXECUTED);
        if (fault->class == FAULT_ACCEPTED)
            assert_int_equal(fault->executes, FAULT_EXECUTED);
        else if (fault->class != FAULT_UNKNOWN && strcmp(fault->name, "code-55") != 0)
            assert_int_equal(fault->executes, FAULT_UNEXECUTED);
        if (fault->words == WORDS_ERROR || fault->words == WORDS_CALL_ERROR)
            assert_int_not_equal(fault->code, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_arrival_changes_nothing),
        cmocka_unit_test(a_claim_that_comes_again_draws_anew),
        cmocka_unit_test(faults_strike_as_often_as_they_are_told),
        cmocka_unit_test(only_the_first_attempts_are_struck_where_asked),
        cmocka_unit_test(every_row_leaves_out_what_stops_a_run),
        cmocka_unit_test(a_wrong_share_is_refused),
        cmocka_unit_test(the_table_holds_every_name_once),
        cmocka_unit_test(the_table_agrees_with_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

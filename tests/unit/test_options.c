/* Unit tests of cli/options: what is typed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "options_words.h"

/* ---- the table ---- */

static void defaults_are_those_of_the_contract(void **state)
{
    struct taken taken;
    const struct options *o = &taken.options;

    (void)state;
    assert_taken(&taken, &upload, "claims.csv", NULL);
    assert_string_equal(o->claims, "claims.csv");
    assert_string_equal(o->gateway, "https://eco.taobao.com/router/rest");
    assert_int_equal(o->sign_method, SIGN_HMAC_SHA256);
    assert_int_equal(o->in_flight, 16);
    assert_int_equal(o->retries, 4);
    assert_int_equal(o->connect_timeout_ms, 10000);
    assert_int_equal(o->timeout_ms, 30000);
    assert_int_equal(o->outage_patience_ms, 120000);
    assert_int_equal(o->limit, -1);
    assert_int_equal(o->max_failures, -1);
    assert_int_equal(o->max_failures_percent, -1);
    assert_int_equal(o->expect_rows, -1);
    assert_int_equal(o->expect_fee, -1);
    assert_int_equal(o->rules.max_fee, -1);
    assert_int_equal(o->reader.delimiter, ',');
    assert_int_equal(o->encoding, ENCODING_AUTO);
    assert_int_equal(o->progress, PROGRESS_AUTO);
    assert_null(o->report);
    assert_null(o->app_secret_file);
    assert_false(o->require_valid || o->dry_run || o->json || o->quiet || o->overwrite);
    release(&taken);
}

static void options_may_stand_before_and_behind_the_export(void **state)
{
    struct taken taken;

    (void)state;
    assert_taken(&taken, &upload, "-c 3 claims.csv --rate=9 -q --limit 0", NULL);
    assert_string_equal(taken.options.claims, "claims.csv");
    assert_int_equal(taken.options.in_flight, 3);
    assert_int_equal(taken.options.rate, 9);
    assert_int_equal(taken.options.limit, 0);
    assert_true(taken.options.quiet);
    release(&taken);
}

static void option_of_another_command_is_refused_and_says_so(void **state)
{
    (void)state;
    assert_refused(&check, "claims.csv --dry-run", NULL, EXIT_BAD_USAGE,
                   "check does not take --dry-run");
    assert_refused(&check, "-g url claims.csv", NULL, EXIT_BAD_USAGE,
                   "check does not take --gateway");
    assert_refused(&check, "claims.csv --dry-rnu", NULL, EXIT_BAD_USAGE, "there is no option");
}

static void mistakes_on_the_command_line_are_told(void **state)
{
    static const struct {
        const char *words, *sentence;
    } cases[] = {
        {"claims.csv --encodign gb18030", "did you mean --encoding?"},
        {"claims.csv --encoding", "--encoding needs a value"},
        {"claims.csv --json=yes", "--json takes no value"},
        {"claims.csv --max-fee 1.5", "--max-fee does not take '1.5'"},
        {"claims.csv --column fee=x", "--column does not take 'fee=x'"},
        {"claims.csv --rule bad-fee=off", "this rule is always an error"},
        {"claims.csv --delimiter ab", "--delimiter does not take 'ab'"},
        {"claims.csv more.csv", "'more.csv' is one too many"},
        {"-q", "CLAIMS.csv"},
        {"claims.csv -Z", "there is no option '-Z'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_refused(&check, cases[i].words, NULL, EXIT_BAD_USAGE, cases[i].sentence);
}

static void of_an_option_given_twice_the_last_wins(void **state)
{
    struct taken taken;

    (void)state;
    assert_taken(&taken, &upload, "-c 3 --in-flight 5 --max-failures 7 --max-failures 5% x", NULL);
    assert_int_equal(taken.options.in_flight, 5);
    assert_int_equal(taken.options.max_failures, -1);
    assert_int_equal(taken.options.max_failures_percent, 5);
    release(&taken);
}

static void help_of_a_command_has_its_options_alone(void **state)
{
    struct buffer text = {0};

    (void)state;
    options_help(&check, 80, &text);
    assert_non_null(strstr(text.ptr, "--encoding NAME"));
    assert_non_null(strstr(text.ptr, "(auto)"));
    assert_null(strstr(text.ptr, "--gateway"));
    assert_null(strstr(text.ptr, "--dry-run"));
    buffer_reset(&text);
    options_help(&upload, 80, &text);
    assert_non_null(strstr(text.ptr, "--gateway URL"));
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_contract),
        cmocka_unit_test(options_may_stand_before_and_behind_the_export),
        cmocka_unit_test(option_of_another_command_is_refused_and_says_so),
        cmocka_unit_test(mistakes_on_the_command_line_are_told),
        cmocka_unit_test(of_an_option_given_twice_the_last_wins),
        cmocka_unit_test(help_of_a_command_has_its_options_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

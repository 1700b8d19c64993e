/* Unit tests of cli/options and cli/settings: the configuration, and what is in force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "options_words.h"

/* ---- the configuration ---- */

static void configuration_sets_what_options_set(void **state)
{
    struct taken taken;
    const struct options *o = &taken.options;

    (void)state;
    assert_taken(&taken, &upload, "claims.csv",
                 "[gateway]\nurl = http://localhost/\napp_key = k\nsign_method = md5\n"
                 "app_secret_file = s\nsession_file = t\n"
                 "[run]\nin-flight = 7\noutage_patience = 2.5\nrequire-valid = yes\n"
                 "max-failures = 3%\nquiet = no\nprogress = never\n"
                 "[input]\nencoding = gb18030\ndelimiter = tab\nfee_unit = yuan\n"
                 "[columns]\nclaim_time = 时间\n"
                 "[rules]\nfuture-time = off\n"
                 "[verdicts]\nisp.a = rejected\nisv.b = unknown\n");
    assert_string_equal(o->gateway, "http://localhost/");
    assert_string_equal(o->app_key, "k");
    assert_string_equal(o->app_secret_file, "s");
    assert_string_equal(o->session_file, "t");
    assert_int_equal(o->sign_method, SIGN_MD5);
    assert_int_equal(o->in_flight, 7);
    assert_int_equal(o->outage_patience_ms, 2500);
    assert_true(o->require_valid);
    assert_false(o->quiet);
    assert_int_equal(o->max_failures_percent, 3);
    assert_int_equal(o->progress, PROGRESS_NEVER);
    assert_int_equal(o->encoding, ENCODING_GB18030);
    assert_int_equal(o->reader.delimiter, '\t');
    assert_int_equal(o->reader.fee_unit, FEE_UNIT_YUAN);
    assert_string_equal(o->reader.wanted_columns[FIELD_CLAIM_TIME], "时间");
    assert_int_equal(o->rules.severity[RULE_FUTURE_TIME], SEVERITY_OFF);
    assert_int_equal(o->verdict_count, 2);
    assert_string_equal(o->verdicts[0].sub_code, "isp.a");
    assert_int_equal(o->verdicts[0].kind, VERDICT_REJECTED);
    assert_int_equal(o->verdicts[1].kind, VERDICT_UNKNOWN);
    release(&taken);
}

static void options_win_over_the_environment_and_that_over_the_configuration(void **state)
{
    static const char config[] = "[gateway]\nca_file = c\n[run]\nin-flight = 7\n"
                                 "[columns]\nclaim_fee = a\nclaim_time = b\n";
    struct taken taken;

    (void)state;
    assert_taken(&taken, &upload, "x -c 9 --column claim_fee=z", config);
    assert_int_equal(taken.options.in_flight, 9);
    assert_string_equal(taken.options.reader.wanted_columns[FIELD_CLAIM_FEE], "z");
    assert_string_equal(taken.options.reader.wanted_columns[FIELD_CLAIM_TIME], "b");
    assert_string_equal(taken.options.ca_file, "c");
    release(&taken);
    certificates = "e";
    assert_taken(&taken, &upload, "x", config);
    assert_string_equal(taken.options.ca_file, "e");
    release(&taken);
    assert_taken(&taken, &upload, "x --ca-file o", config);
    certificates = NULL;
    assert_string_equal(taken.options.ca_file, "o");
    release(&taken);
}

static void secret_file_of_the_configuration_is_told_from_one_that_was_typed(void **state)
{
    static const char config[] = "[gateway]\napp_secret_file = c\nsession_file = d\n";
    struct taken taken;

    (void)state;
    assert_taken(&taken, &upload, "x --session-file o", config);
    assert_string_equal(options_secret_file(&taken.options).path, "c");
    assert_false(options_secret_file(&taken.options).typed);
    assert_string_equal(options_session_file(&taken.options).path, "o");
    assert_true(options_session_file(&taken.options).typed);
    release(&taken);
}

static void mistakes_in_a_configuration_name_file_and_line(void **state)
{
    static const struct {
        const char *config, *sentence;
    } cases[] = {
        {"[gatway]\nurl = x\n", "line 1: the section 'gatway': there is no such section; did you "
                                "mean [gateway]?"},
        {"[gatway]\n", "line 1: the section 'gatway'"},
        {"[run]\n[elsewhere]\n", "line 2: the section 'elsewhere'"},
        {"rate = 1\n", "line 1: the key 'rate': it stands before the first [section]"},
        {"[run]\nrat = 1\n", "line 2: the key 'rat': there is no such key; did you mean 'rate'?"},
        {"[run]\nqqqqqqqqqqqqqqq = 1\n", "there is no such key; claimbatch upload --print-config"},
        {"[run]\nurl = x\n", "it belongs into the section [gateway]"},
        {"[gateway]\nrate = 1\n", "it belongs into the section [run]"},
        {"[run]\nrate = fast\n", "line 2: rate does not take 'fast': it is a whole number"},
        {"[run]\nrequire-valid = perhaps\n", "require-valid does not take 'perhaps': it is yes or"},
        {"[run]\ntimeout = 0\n", "timeout does not take '0'"},
        {"[gateway]\napp_key =\n", "app_key does not take '': it must not be empty"},
        {"[gateway]\nsign_method = sha1\n", "sign_method does not take 'sha1'"},
        {"[input]\nfee_unit = cent\n", "fee_unit does not take 'cent'"},
        {"[columns]\nfee = x\n", "a column is one of workcard_id"},
        {"[columns]\nclaim_fee =\n", "the header of the column is missing"},
        {"[rules]\nnobody = off\n", "there is no rule of this name"},
        {"[rules]\nbad-fee = off\n", "this rule is always an error"},
        {"[rules]\ndate-only = perhaps\n", "does not take 'perhaps': it is error, warn or off"},
        {"[rules]\ndate-onyl = off\n", "there is no rule of this name; did you mean 'date-only'?"},
        {"[rules]\nmax-fee = off\n", "max-fee is set by --max-fee"},
        /* What only the command line takes is no suggestion. */
        {"[run]\nrow = 1\n", "never taken from a configuration"},
        {"[run]\nrowe = 1\n", "there is no such key; did you mean 'rate'?"},
        {"[run]\nversio = 1\n", "there is no such key; claimbatch upload --print-config"},
        /* What would be a part of a path, in silence. */
        {"[run]\nledger = a.db # b\n", "ledger does not take 'a.db # b': a comment stands on"},
        {"[run]\nledger = a.db\t; b\n", "a comment stands on a line of its own"},
        {"[run]\nledger = \"a.db\"\n", "write it without quotes"},
        {"[verdicts]\nisp.a = accepted\n", "the key 'isp.a': what it means is again"},
        {"[verdicts]\nisp.a = again\nisv.b = unknown\nisp.a = rejected\n", "line 2 has it already"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_refused(&upload, "claims.csv", cases[i].config, EXIT_BAD_CONFIG, cases[i].sentence);
}

static void what_is_a_persons_word_is_never_taken_from_a_configuration(void **state)
{
    static const char *const keys[] = {"overwrite",  "new-ledger", "resend-unknown", "resubmit",
                                       "by",         "reason",     "config",         "print-config",
                                       "new_ledger", "help",       "version"};

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        char config[64];

        snprintf(config, sizeof(config), "[run]\n%s = yes\n", keys[i]);
        assert_refused(&upload, "claims.csv", config, EXIT_BAD_CONFIG,
                       "it is never taken from a configuration");
    }
}

static void secret_in_a_configuration_is_refused_and_not_shown(void **state)
{
    static const char *const configs[] = {
        "[gateway]\napp_secret = hush\n",
        "[gateway]\napp-secret = hush\n",
        "[gateway]\nsession = hush\n",
        "[run]\nsecret = hush\n",
        "app_secret = hush\n",
        "[gateway]\npassword = hush\n",
        "[gateway]\naccess_token : hush\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(configs) / sizeof(*configs); i++) {
        struct taken taken;

        assert_refused(&upload, "claims.csv", configs[i], EXIT_BAD_CONFIG,
                       "a secret never stands in a configuration: take it out, put it into");
        assert_int_equal(take(&taken, &upload, "claims.csv", configs[i]), -1);
        assert_null(strstr(taken.err.text, "hush"));
        release(&taken);
    }
}

static void rule_in_a_configuration_may_have_underscores(void **state)
{
    struct taken taken;

    (void)state;
    assert_taken(&taken, &upload, "claims.csv", "[rules]\ndate_only = off\n");
    assert_int_equal(taken.options.rules.severity[RULE_DATE_ONLY], SEVERITY_OFF);
    release(&taken);
}

static void mistakes_show_in_a_command_that_does_not_take_the_key(void **state)
{
    struct taken taken;

    (void)state;
    assert_refused(&check, "x", "[run]\nin-flight = 0\n", EXIT_BAD_CONFIG, "line 2: in-flight");
    assert_taken(&taken, &check, "x", "[run]\nin-flight = 5\nreport = r.csv\njson = yes\n");
    assert_null(taken.options.report);
    assert_false(taken.options.json);
    release(&taken);
}

static void more_verdicts_than_there_is_room_for_are_refused(void **state)
{
    struct buffer config = {0};

    (void)state;
    buffer_text(&config, "[verdicts]\n");
    for (int i = 0; i <= OPTIONS_VERDICTS_MAX; i++)
        buffer_format(&config, "isp.%d = again\n", i);
    assert_refused(&upload, "x", config.ptr, EXIT_BAD_CONFIG, "line 66: the key 'isp.64': more");
    buffer_release(&config);
}

/* ---- what is in force ---- */

static void print_config_says_where_each_value_came_from(void **state)
{
    struct taken taken;
    struct buffer text = {0};

    (void)state;
    assert_taken(&taken, &upload, "--print-config --rate 9 --rule date-only=off",
                 "[run]\nin-flight = 7\nrate = 5\n[verdicts]\nisp.a = again\n");
    assert_true(taken.options.print_config);
    options_print_config(&taken.options, &text);
    assert_non_null(strstr(text.ptr, "line 2\nin-flight = 7\n"));
    assert_non_null(strstr(text.ptr, "# from the command line\nrate = 9\n"));
    assert_null(strstr(text.ptr, "rate = 5"));
    assert_non_null(strstr(text.ptr, "# the default\nretries = 4\n"));
    assert_non_null(strstr(text.ptr, "# from the command line\ndate-only = off\n"));
    assert_non_null(strstr(text.ptr, "[verdicts]\n# from /proc/self/fd/"));
    buffer_release(&text);
    release(&taken);
}

static void what_is_printed_does_nothing_to_a_terminal(void **state)
{
    struct taken taken;
    struct buffer text = {0};

    (void)state;
    assert_taken(&taken, &upload, "--print-config --app-key a\x1b[2J\xc2\x9b\x7f\xe2\x80\xae",
                 "[run]\n");
    options_print_config(&taken.options, &text);
    assert_non_null(strstr(text.ptr, "app_key = a\\x1B[2J\\u{009B}\\x7F\\u{202E}\n"));
    buffer_release(&text);
    release(&taken);
}

/* Comments apart. */
static void append_values(const char *text, struct buffer *ret_values)
{
    for (; *text; text += strcspn(text, "\n") + 1)
        if (*text != '#')
            buffer_append(ret_values, text, strcspn(text, "\n") + 1);
}

static void what_is_printed_can_be_read_back(void **state)
{
    struct taken taken;
    struct buffer first = {0}, second = {0}, values[2] = {{0}, {0}};

    (void)state;
    assert_taken(&taken, &upload,
                 "--print-config --delimiter ; --fee-unit yuan --column claim_fee=#1 --rule "
                 "date-only=off --app-key k --require-valid --max-failures 5%",
                 "[verdicts]\nisp.a = again\n");
    options_print_config(&taken.options, &first);
    release(&taken);
    assert_taken(&taken, &upload, "--print-config", first.ptr);
    options_print_config(&taken.options, &second);
    release(&taken);
    append_values(first.ptr, &values[0]);
    append_values(second.ptr, &values[1]);
    assert_string_equal(values[0].ptr, values[1].ptr);
    assert_non_null(strstr(values[1].ptr, "claim_fee = #1\n"));
    assert_non_null(strstr(values[1].ptr, "require-valid = yes\n"));
    buffer_release(&first);
    buffer_release(&second);
    buffer_release(&values[0]);
    buffer_release(&values[1]);
}

static void retyping_gives_what_decides_how_an_export_is_read(void **state)
{
    struct taken taken;
    struct buffer words = {0};

    (void)state;
    assert_taken(&taken, &check,
                 "x --json -o y --delimiter tab --column claim_fee=金额 --rule date-only=off -q "
                 "--max-fee 5",
                 "[input]\nfee_unit = yuan\n");
    options_retype(&taken.options, &words);
    assert_string_equal(words.ptr, " --delimiter tab --column 'claim_fee=金额' --rule "
                                   "date-only=off --max-fee 5");
    buffer_release(&words);
    release(&taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configuration_sets_what_options_set),
        cmocka_unit_test(options_win_over_the_environment_and_that_over_the_configuration),
        cmocka_unit_test(secret_file_of_the_configuration_is_told_from_one_that_was_typed),
        cmocka_unit_test(mistakes_in_a_configuration_name_file_and_line),
        cmocka_unit_test(what_is_a_persons_word_is_never_taken_from_a_configuration),
        cmocka_unit_test(secret_in_a_configuration_is_refused_and_not_shown),
        cmocka_unit_test(rule_in_a_configuration_may_have_underscores),
        cmocka_unit_test(mistakes_show_in_a_command_that_does_not_take_the_key),
        cmocka_unit_test(more_verdicts_than_there_is_room_for_are_refused),
        cmocka_unit_test(print_config_says_where_each_value_came_from),
        cmocka_unit_test(what_is_printed_does_nothing_to_a_terminal),
        cmocka_unit_test(what_is_printed_can_be_read_back),
        cmocka_unit_test(retyping_gives_what_decides_how_an_export_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

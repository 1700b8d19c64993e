/* Unit tests of advice: it says of a code what the program does about it, and leaves none out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/verdict.h"
#include "input/claim/rules.h"
#include "report/advice/advice.h"

/* How a row that was judged so ends, if it is not sent again. */
static enum outcome outcome_of(enum verdict_kind kind)
{
    switch (kind) {
    case VERDICT_ACCEPTED:
        return OUTCOME_ACCEPTED;
    case VERDICT_REJECTED:
        return OUTCOME_REJECTED;
    case VERDICT_UNKNOWN:
    case VERDICT_UNKNOWN_STOP:
        return OUTCOME_UNKNOWN;
    case VERDICT_AGAIN:
        return OUTCOME_FAILED;
    case VERDICT_OUTAGE:
    case VERDICT_WITHDRAWN:
    case VERDICT_BAN:
    case VERDICT_QUOTA:
    case VERDICT_STOP:
        break;
    }
    return OUTCOME_UNSENT;
}

static enum advice_executed executed_by(enum outcome outcome)
{
    return outcome == OUTCOME_ACCEPTED  ? ADVICE_EXECUTED
           : outcome == OUTCOME_UNKNOWN ? ADVICE_PERHAPS_EXECUTED
                                        : ADVICE_NOT_EXECUTED;
}

static struct verdict judge(const struct exchange *exchange, const struct answer *answer)
{
    const struct verdict_settings settings = {0};
    struct verdict verdict;

    verdict_judge(&settings, exchange, answer, &verdict);
    return verdict;
}

/* The advice of a verdict is about this very code and says the same of the row. */
static struct advice check_advice(const struct verdict *verdict, enum advice_kind kind)
{
    enum outcome outcome = outcome_of(verdict->kind);
    struct advice advice;

    advice_find(verdict->code, verdict->sub_code, outcome, &advice);
    if (advice.kind != kind)
        fail_msg("%s %s: the advice is of kind %s", verdict->code, verdict->sub_code,
                 advice_kind_name(advice.kind));
    assert_string_equal(advice.code, verdict->code);
    assert_int_equal(advice.executed, executed_by(outcome));
    assert_true(*advice.todo != '\0');
    return advice;
}

static void calls_without_an_answer_are_explained_as_they_are_judged(void **state)
{
    const struct answer answer = {0};

    (void)state;
    for (int transport = TRANSPORT_WITHDRAWN; transport <= TRANSPORT_INTERNAL; transport++) {
        struct exchange exchange = {.phase = PHASE_SENT, .transport = (enum transport)transport};
        bool never_sent = transport < TRANSPORT_TIMEOUT;
        struct verdict verdict;

        if (never_sent)
            exchange.phase = PHASE_NOT_SENT;
        verdict = judge(&exchange, &answer);
        check_advice(&verdict, ADVICE_ROW);
    }
}

static void call_that_did_not_leave_after_all_is_not_called_perhaps_executed(void **state)
{
    const struct exchange exchange = {.phase = PHASE_NOT_SENT, .transport = TRANSPORT_TIMEOUT};
    const struct answer answer = {0};
    struct verdict verdict = judge(&exchange, &answer);
    struct advice advice;

    (void)state;
    advice_find(verdict.code, "", OUTCOME_UNSENT, &advice);
    assert_int_equal(advice.executed, ADVICE_NOT_EXECUTED);
}

static void unreadable_answers_are_explained_as_they_are_judged(void **state)
{
    const struct exchange exchange = {.phase = PHASE_ANSWERED, .http_status = 200};

    (void)state;
    for (int kind = ANSWER_EMPTY; kind <= ANSWER_PARTS; kind++) {
        const struct answer answer = {.kind = (enum answer_kind)kind};
        struct verdict verdict = judge(&exchange, &answer);

        check_advice(&verdict, ADVICE_ROW);
    }
}

static void every_http_status_is_explained_as_it_is_judged(void **state)
{
    const struct answer answer = {0};

    (void)state;
    for (long status = 100; status < 600; status++) {
        const struct exchange exchange = {.phase = PHASE_ANSWERED, .http_status = status};
        struct verdict verdict;

        if (status == 200)
            continue;
        verdict = judge(&exchange, &answer);
        check_advice(&verdict, ADVICE_HTTP);
    }
}

static void every_code_of_the_gateway_is_explained_as_it_is_judged(void **state)
{
    static const char *const sub_codes[] = {"",
                                            "isv.invalid-parameter:claim_fee",
                                            "ISV.WORKCARD-NOT-EXIST",
                                            "isp.remote-service-error",
                                            "isp.call-limited",
                                            "isp.top-remote-service-unavailable",
                                            "accesscontrol.limited-by-app-access-count",
                                            "accesscontrol.limited-by-api-access-count",
                                            "zzz.unheard-of"};
    const struct exchange exchange = {.phase = PHASE_ANSWERED, .http_status = 200, .server_ms = -1};

    (void)state;
    for (int code = 0; code <= 1000; code++)
        for (size_t i = 0; i < sizeof(sub_codes) / sizeof(*sub_codes); i++) {
            struct answer answer = {.kind = ANSWER_ERROR, .code = code};
            struct verdict verdict;

            snprintf(answer.code_text, sizeof(answer.code_text), "%d", code);
            snprintf(answer.sub_code, sizeof(answer.sub_code), "%s", sub_codes[i]);
            verdict = judge(&exchange, &answer);
            check_advice(&verdict, ADVICE_GATEWAY);
        }
}

static void outcome_wins_where_the_user_has_overridden_a_verdict(void **state)
{
    struct advice advice;

    (void)state;
    advice_find("15", "isp.remote-service-error", OUTCOME_UNKNOWN, &advice);
    assert_int_equal(advice.kind, ADVICE_GATEWAY);
    assert_non_null(strstr(advice.todo, "claimbatch resolve"));
    advice_find("15", "isp.remote-service-error", OUTCOME_FAILED, &advice);
    assert_int_equal(advice.kind, ADVICE_OUTCOME);
    assert_int_equal(advice.executed, ADVICE_NOT_EXECUTED);
}

static void word_of_the_business_is_not_taken_for_one_of_ours(void **state)
{
    static const char *const words[] = {"BAD_TIME", "TIMEOUT", "HTTP_503", "7", "NO", "", "工单"};
    struct advice advice;

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        advice_find(words[i], "", OUTCOME_REJECTED, &advice);
        assert_int_equal(advice.kind, ADVICE_OUTCOME);
        assert_string_equal(advice.code, "rejected");
        advice_find(words[i], "", OUTCOME_ACCEPTED, &advice);
        assert_string_equal(advice.code, "accepted");
        assert_int_equal(advice.executed, ADVICE_EXECUTED);
    }
}

static void every_rule_is_explained_by_its_name_and_by_its_code(void **state)
{
    struct advice by_name, by_code, by_row;

    (void)state;
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        assert_true(advice_meaning(rule_name((enum rule)rule), 0, &by_name));
        assert_true(advice_meaning(rule_code((enum rule)rule), 0, &by_code));
        assert_int_equal(by_name.kind, ADVICE_RULE);
        assert_string_equal(by_name.code, rule_code((enum rule)rule));
        assert_string_equal(by_name.meaning, by_code.meaning);
        advice_find(rule_code((enum rule)rule), "", OUTCOME_INVALID, &by_row);
        assert_int_equal(by_row.kind, ADVICE_RULE);
    }
}

static void number_has_all_its_meanings(void **state)
{
    struct advice advice;

    (void)state;
    assert_true(advice_meaning("75", 0, &advice));
    assert_int_equal(advice.kind, ADVICE_EXIT);
    assert_true(advice_meaning("75", 1, &advice));
    assert_int_equal(advice.kind, ADVICE_GATEWAY);

    assert_true(advice_meaning("503", 0, &advice));
    assert_int_equal(advice.kind, ADVICE_HTTP);
    assert_string_equal(advice.code, "HTTP_503");
    assert_true(advice_meaning("503", 1, &advice));
    assert_int_equal(advice.kind, ADVICE_GATEWAY);
    assert_true(advice_meaning("http-503", 0, &advice));
    assert_false(advice_meaning("http-503", 1, &advice));
}

static void code_of_the_gateway_is_told_for_each_kind_of_sub_code_that_matters(void **state)
{
    static const struct {
        const char *word, *sub_code;
        enum advice_executed executed;
    } expected[] = {
        {"7", "*limited-by-app-access-count*", ADVICE_NOT_EXECUTED},
        {"7", "isp.*", ADVICE_PERHAPS_EXECUTED},
        {"7", "", ADVICE_NOT_EXECUTED},
        {"50", "isp.call-limited", ADVICE_NOT_EXECUTED},
        {"50", "isp.*service-unavailable*", ADVICE_NOT_EXECUTED},
        {"50", "isv.*", ADVICE_NOT_EXECUTED},
        {"50", "", ADVICE_PERHAPS_EXECUTED},
    };
    struct advice advice;
    size_t i = 0;

    (void)state;
    for (size_t k = 0; k < sizeof(expected) / sizeof(*expected); k++, i++) {
        if (k && strcmp(expected[k].word, expected[k - 1].word) != 0) {
            assert_false(advice_meaning(expected[k - 1].word, i, &advice));
            i = 0;
        }
        assert_true(advice_meaning(expected[k].word, i, &advice));
        assert_string_equal(advice.sub_code, expected[k].sub_code);
        assert_int_equal(advice.executed, expected[k].executed);
    }
    assert_false(advice_meaning("50", i, &advice));
}

static void entries_are_whole_and_are_found_by_their_names(void **state)
{
    struct advice entry, found;
    size_t i, k;

    (void)state;
    for (i = 0; advice_at(i, &entry); i++) {
        size_t len = strlen(entry.meaning);
        bool is_range = strchr(entry.code, ' ') != NULL; /* "100 and over" */

        assert_true(*entry.code && len > 5 && entry.meaning[len - 1] != '.');
        for (k = 0; !is_range && advice_meaning(entry.code, k, &found); k++)
            if (found.kind == entry.kind)
                break;
        if (!is_range && (found.kind != entry.kind || strcmp(found.code, entry.code) != 0))
            fail_msg("%s is not found by its name", entry.code);
    }
    assert_true(i > 100);
}

static void unknown_words_mean_nothing(void **state)
{
    static const char *const words[] = {
        "",    "zzz.unheard-of",       "TIMOUT", "HTTP_", "HTTP_200", "-1",
        "7.5", "12345678901234567890", "http"};
    struct advice advice;

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (advice_meaning(words[i], 0, &advice))
            fail_msg("'%s' is taken for %s", words[i], advice.code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_without_an_answer_are_explained_as_they_are_judged),
        cmocka_unit_test(call_that_did_not_leave_after_all_is_not_called_perhaps_executed),
        cmocka_unit_test(unreadable_answers_are_explained_as_they_are_judged),
        cmocka_unit_test(every_http_status_is_explained_as_it_is_judged),
        cmocka_unit_test(every_code_of_the_gateway_is_explained_as_it_is_judged),
        cmocka_unit_test(outcome_wins_where_the_user_has_overridden_a_verdict),
        cmocka_unit_test(word_of_the_business_is_not_taken_for_one_of_ours),
        cmocka_unit_test(every_rule_is_explained_by_its_name_and_by_its_code),
        cmocka_unit_test(number_has_all_its_meanings),
        cmocka_unit_test(code_of_the_gateway_is_told_for_each_kind_of_sub_code_that_matters),
        cmocka_unit_test(entries_are_whole_and_are_found_by_their_names),
        cmocka_unit_test(unknown_words_mean_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of sandbox/answer: what is said, to the byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sandbox/answer.h"

#define RESPONSE "tmall_serivcecenter_workcard_insurance_claim_response"

static const struct answer_form json = {.request_id = "r1"};
static const struct answer_form simple = {.request_id = "r1", .simple = true};
static const struct answer_form xml = {.request_id = "r1", .xml = true};

static void assert_said(struct buffer *text, const char *expected)
{
    assert_string_equal(buffer_string(text), expected);
    buffer_release(text);
}

static void a_success_has_a_wrapper_unless_simplified(void **state)
{
    struct buffer text = {0};

    (void)state;
    answer_success(&json, ANSWER_PLAIN, &text);
    assert_said(&text, "{\"" RESPONSE "\":{\"is_success\":true,\"msg_code\":\"SUCCESS\","
                       "\"msg_info\":\"处理成功\",\"request_id\":\"r1\"}}");
    answer_success(&simple, ANSWER_PLAIN, &text);
    assert_said(&text, "{\"is_success\":true,\"msg_code\":\"SUCCESS\","
                       "\"msg_info\":\"处理成功\",\"request_id\":\"r1\"}");
    answer_success(&xml, ANSWER_PLAIN, &text);
    assert_said(&text, "<?xml version=\"1.0\" encoding=\"utf-8\" ?><" RESPONSE
                       "><is_success>true</is_success><msg_code>SUCCESS</msg_code>"
                       "<msg_info>处理成功</msg_info><request_id>r1</request_id></" RESPONSE ">");
}

static void a_success_can_be_odd(void **state)
{
    static const struct {
        enum answer_oddity oddity;
        const char *text;
    } cases[] = {
        {ANSWER_STRING_BOOLEAN, "{\"is_success\":\"true\",\"msg_code\":\"SUCCESS\","
                                "\"msg_info\":\"处理成功\",\"request_id\":\"r1\"}"},
        {ANSWER_RAW_CONTROL, "{\"is_success\":true,\"msg_code\":\"SUCCESS\",\"msg_info\":"
                             "\"处理\x01成功\t\n\x1b[0m\",\"request_id\":\"r1\"}"},
        {ANSWER_NO_REQUEST_ID,
         "{\"is_success\":true,\"msg_code\":\"SUCCESS\",\"msg_info\":\"处理成功\"}"},
        {ANSWER_MISSING_IS_SUCCESS,
         "{\"msg_code\":\"SUCCESS\",\"msg_info\":\"处理成功\",\"request_id\":\"r1\"}"},
        {ANSWER_DOUBLED_IS_SUCCESS,
         "{\"is_success\":true,\"is_success\":false,\"msg_code\":\"SUCCESS\","
         "\"msg_info\":\"处理成功\",\"request_id\":\"r1\"}"},
        {ANSWER_WRONG_SHAPE,
         "{\"tmall_another_response\":{\"is_success\":true,\"msg_code\":\"SUCCESS\","
         "\"msg_info\":\"处理成功\",\"request_id\":\"r1\"}}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct buffer text = {0};

        answer_success(&simple, cases[i].oddity, &text);
        assert_said(&text, cases[i].text);
    }
}

static void a_rejection_says_false(void **state)
{
    struct buffer text = {0};

    (void)state;
    answer_rejection(&json, &text);
    assert_said(&text, "{\"" RESPONSE "\":{\"is_success\":false,"
                       "\"msg_code\":\"WORKCARD_STATUS_ERROR\","
                       "\"msg_info\":\"工单状态不允许回传理赔结果\",\"request_id\":\"r1\"}}");
}

static void an_error_leaves_out_what_it_does_not_know(void **state)
{
    const struct refusal bare = {.code = 25};
    const struct refusal full = {
        .code = 41, .sub_code = "isv.invalid-parameter:claim_fee", .sub_msg = "claim_fee is odd"};
    struct buffer text = {0};

    (void)state;
    answer_error(&simple, &bare, false, &text);
    assert_said(&text, "{\"error_response\":{\"code\":25,\"msg\":\"Invalid signature\","
                       "\"request_id\":\"r1\"}}");
    answer_error(&json, &full, true, &text);
    assert_said(&text, "{\"error_response\":{\"code\":\"41\",\"msg\":\"Invalid arguments\","
                       "\"sub_code\":\"isv.invalid-parameter:claim_fee\","
                       "\"sub_msg\":\"claim_fee is odd\",\"request_id\":\"r1\"}}");
    answer_error(&xml, &bare, false, &text);
    assert_said(&text, "<?xml version=\"1.0\" encoding=\"utf-8\" ?><error_response><code>25</code>"
                       "<msg>Invalid signature</msg><request_id>r1</request_id></error_response>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_success_has_a_wrapper_unless_simplified),
        cmocka_unit_test(a_success_can_be_odd),
        cmocka_unit_test(a_rejection_says_false),
        cmocka_unit_test(an_error_leaves_out_what_it_does_not_know),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of gateway/top: answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "gateway/top.h"

/* ---- answers ---- */

#define CLAIM(members) "{\"" TOP_RESPONSE "\":{" members "}}"
#define ERROR(members) "{\"error_response\":{" members "}}"

static struct answer parse(const char *body)
{
    struct answer answer;
    top_parse_answer(body, strlen(body), &answer);
    return answer;
}

static void success_is_read_with_every_tolerance(void **state)
{
    static const char *bodies[] = {
        CLAIM("\"is_success\":true"),
        CLAIM("\"is_success\":\"true\""),
        CLAIM("\"is_success\":\"TRUE\""),
        CLAIM("\"is_success\":\"True\",\"msg_code\":null"),
        "{\"is_success\":true}",
        "{\"is_success\":\"true\",\"request_id\":\"r\"}",
        "\xef\xbb\xbf \r\n\t" CLAIM("\"is_success\":true") " \r\n",
        CLAIM("\"is_success\":true,\"msg_info\":\"a\nb\tc\x01\""),
        CLAIM("\"is_success\":true,\"new\":{\"is_success\":false,\"x\":[1,{}]},\"y\":[]"),
        "{\"is\\u005fsuccess\":true}",
        "{\"other\":{\"is_success\":false},\"" TOP_RESPONSE "\":{\"is_success\":true}}",
        CLAIM("\"is_success\":true,\"msg_info\":\"\xff\xfe\""),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct answer answer = parse(bodies[i]);
        if (answer.kind != ANSWER_CLAIM || !answer.success)
            fail_msg("not read as success: %s", bodies[i]);
    }
}

static void what_is_not_clearly_success_is_not_success(void **state)
{
    static const struct {
        enum answer_kind kind;
        const char *body;
    } cases[] = {
        {ANSWER_CLAIM, CLAIM("\"is_success\":false")},
        {ANSWER_CLAIM, CLAIM("\"is_success\":\"False\"")},
        {ANSWER_CLAIM, "{\"is_success\":false,\"msg_code\":\"X\"}"},
        {ANSWER_SHAPE, CLAIM("")},
        {ANSWER_SHAPE, CLAIM("\"msg_code\":\"0\",\"msg_info\":\"success\"")},
        {ANSWER_SHAPE, CLAIM("\"is_success\":null")},
        {ANSWER_SHAPE, CLAIM("\"is_success\":1")},
        {ANSWER_SHAPE, CLAIM("\"is_success\":\"1\"")},
        {ANSWER_SHAPE, CLAIM("\"is_success\":\"yes\"")},
        {ANSWER_SHAPE, CLAIM("\"is_success\":\"true \"")},
        {ANSWER_SHAPE, CLAIM("\"is_success\":\"\"")},
        {ANSWER_SHAPE, CLAIM("\"is_success\":[true]")},
        {ANSWER_SHAPE, CLAIM("\"is_success\":{\"is_success\":true}")},
        {ANSWER_SHAPE, CLAIM("\"is_success\":true,\"is_success\":true")},
        {ANSWER_SHAPE, CLAIM("\"is_success\":true,\"is_success\":false")},
        {ANSWER_SHAPE, CLAIM("\"is_success\":false,\"is_success\":true")},
        {ANSWER_SHAPE, CLAIM("\"result\":{\"is_success\":true}")},
        {ANSWER_SHAPE, CLAIM("\"result\":[{\"is_success\":true}]")},
        {ANSWER_SHAPE, CLAIM("\"is_success\":true,\"code\":50")},
        {ANSWER_SHAPE, CLAIM("\"is_success\":true,\"sub_code\":\"isv.x\"")},
        {ANSWER_SHAPE, "{\"is_success\":true,\"" TOP_RESPONSE "\":{\"is_success\":true}}"},
        {ANSWER_SHAPE, "{\"" TOP_RESPONSE "\":{},\"" TOP_RESPONSE "\":{\"is_success\":true}}"},
        {ANSWER_SHAPE, "{\"" TOP_RESPONSE "\":true}"},
        {ANSWER_SHAPE, "{\"" TOP_RESPONSE "\":[{\"is_success\":true}]}"},
        {ANSWER_SHAPE, "{\"other_response\":{\"is_success\":true}}"},
        {ANSWER_SHAPE,
         "{\"" TOP_RESPONSE "\":{\"is_success\":true},\"error_response\":{\"code\":1}}"},
        {ANSWER_SHAPE, "{\"error_response\":{\"code\":1},\"is_success\":true}"},
        {ANSWER_SHAPE, "{\"error_response\":null,\"is_success\":true}"},
        {ANSWER_SHAPE, "{\"error_response\":{},\"is_success\":true}"},
        {ANSWER_SHAPE, ERROR("\"is_success\":true")},
        {ANSWER_SHAPE, ERROR("\"is_success\":true,\"code\":15")},
        {ANSWER_SHAPE, ERROR("")},
        {ANSWER_SHAPE, ERROR("\"msg\":\"x\"")},
        {ANSWER_SHAPE, ERROR("\"code\":null")},
        {ANSWER_SHAPE, ERROR("\"code\":\"\"")},
        {ANSWER_SHAPE, ERROR("\"code\":{}")},
        {ANSWER_SHAPE, ERROR("\"code\":true")},
        {ANSWER_SHAPE, ERROR("\"code\":1,\"code\":40")},
        {ANSWER_SHAPE, ERROR("\"code\":15,\"sub_code\":\"isp.a\",\"sub_code\":\"isv.a\"")},
        {ANSWER_SHAPE, "{\"code\":15,\"msg\":\"x\"}"},
        {ANSWER_SHAPE, "{}"},
        {ANSWER_SHAPE, "[]"},
        {ANSWER_SHAPE, "[{\"is_success\":true}]"},
        {ANSWER_SHAPE, "true"},
        {ANSWER_SHAPE, "\"is_success\""},
        {ANSWER_SHAPE, "42"},
        {ANSWER_EMPTY, ""},
        {ANSWER_EMPTY, " \r\n\t"},
        {ANSWER_EMPTY, "\xef\xbb\xbf"},
        {ANSWER_MALFORMED, "OK"},
        {ANSWER_MALFORMED, "{\"is_success\":true"},
        {ANSWER_MALFORMED, "{\"is_success\":tr"},
        {ANSWER_MALFORMED, "{\"is_success\":true}}"},
        {ANSWER_MALFORMED, "{\"is_success\":true} x"},
        {ANSWER_MALFORMED, "{\"is_success\":true}{\"is_success\":false}"},
        {ANSWER_MALFORMED, "{\"is_success\":True}"},
        {ANSWER_MALFORMED, "{'is_success':true}"},
        {ANSWER_MALFORMED, "{\"is_success\":true,}"},
        {ANSWER_MALFORMED, "{\"is_success\":true/* yes */}"},
        {ANSWER_MALFORMED, "\x01{\"is_success\":true}"},
        {ANSWER_MALFORMED, "{\"is_success\"\x01:true}"},
        {ANSWER_XML, "<?xml version=\"1.0\" encoding=\"utf-8\" ?><error_response><code>15</code>"},
        {ANSWER_XML, " \n<" TOP_RESPONSE "><is_success>true</is_success>"},
        {ANSWER_HTML, "<!DOCTYPE html><html>502"},
        {ANSWER_HTML, "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\">"},
        {ANSWER_HTML, "<HTML><body>is_success"},
        {ANSWER_HTML, "<h1>502</h1>"},
        {ANSWER_HTML, "<"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct answer answer = parse(cases[i].body);
        if (answer.kind != cases[i].kind || answer.success || answer.code != -1)
            fail_msg("kind %d, success %d: %s", answer.kind, answer.success, cases[i].body);
    }
}

static void every_cut_of_an_answer_is_no_success(void **state)
{
    static const char body[] = CLAIM("\"is_success\":true,\"msg_info\":\"\\u6210\xe5\x8a\x9f\"");
    struct answer answer;

    (void)state;
    for (size_t len = 0; len < strlen(body); len++) {
        top_parse_answer(body, len, &answer);
        assert_int_equal(answer.kind, len == 0 ? ANSWER_EMPTY : ANSWER_MALFORMED);
        assert_false(answer.success);
    }
}

static void words_of_a_claim_answer_are_kept(void **state)
{
    struct answer answer = parse(CLAIM("\"msg_info\":\"工单不存在\",\"msg_code\":\"NO_CARD\","
                                       "\"is_success\":false,\"request_id\":\"15b1\""));

    (void)state;
    assert_int_equal(answer.kind, ANSWER_CLAIM);
    assert_string_equal(answer.code_text, "NO_CARD");
    assert_string_equal(answer.message, "工单不存在");
    assert_string_equal(answer.request_id, "15b1");
    assert_string_equal(answer.sub_code, "");
    assert_string_equal(answer.sub_message, "");

    answer = parse("{\"request_id\":\"beside\",\"" TOP_RESPONSE
                   "\":{\"is_success\":true,\"msg_code\":200}}");
    assert_string_equal(answer.request_id, "beside");
    assert_string_equal(answer.code_text, "200");
    answer = parse("{\"request_id\":\"beside\",\"" TOP_RESPONSE
                   "\":{\"is_success\":true,\"request_id\":\"inside\"}}");
    assert_string_equal(answer.request_id, "inside");
}

static void words_of_an_error_are_kept(void **state)
{
    struct answer answer = parse(ERROR("\"code\":50,\"msg\":\"Remote service error\","
                                       "\"sub_code\":\"isv.invalid-parameter\","
                                       "\"sub_msg\":\"非法参数\",\"request_id\":123"));

    (void)state;
    assert_int_equal(answer.kind, ANSWER_ERROR);
    assert_int_equal(answer.code, 50);
    assert_string_equal(answer.code_text, "50");
    assert_string_equal(answer.message, "Remote service error");
    assert_string_equal(answer.sub_code, "isv.invalid-parameter");
    assert_string_equal(answer.sub_message, "非法参数");
    assert_string_equal(answer.request_id, "123");
    assert_int_equal(answer.ban_s, -1);
}

static void code_is_a_number_only_when_it_is_an_integer(void **state)
{
    static const struct {
        const char *body;
        int64_t code;
        const char *code_text;
    } cases[] = {
        {ERROR("\"code\":7"), 7, "7"},
        {ERROR("\"code\":\"7\""), 7, "7"},
        {ERROR("\"code\":\"007\""), 7, "007"},
        {ERROR("\"code\":9223372036854775807"), INT64_MAX, "9223372036854775807"},
        {ERROR("\"code\":9223372036854775808"), -1, "9223372036854775808"},
        {ERROR("\"code\":99999999999999999999999"), -1, "99999999999999999999999"},
        {ERROR("\"code\":7.0"), -1, "7.0"},
        {ERROR("\"code\":7e0"), -1, "7e0"},
        {ERROR("\"code\":-7"), -1, "-7"},
        {ERROR("\"code\":\" 7\""), -1, " 7"},
        {ERROR("\"code\":\"+7\""), -1, "+7"},
        {ERROR("\"code\":\"7 \""), -1, "7 "},
        {ERROR("\"code\":\"isp.x\""), -1, "isp.x"},
        {ERROR("\"code\":\"7\\u0000\""), -1, "7"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct answer answer = parse(cases[i].body);
        assert_int_equal(answer.kind, ANSWER_ERROR);
        assert_int_equal(answer.code, cases[i].code);
        assert_string_equal(answer.code_text, cases[i].code_text);
    }
}

static void length_of_a_ban_is_found_in_any_text(void **state)
{
    static const struct {
        const char *body;
        int64_t ban_s;
    } cases[] = {
        {ERROR("\"code\":7,\"sub_msg\":\"This ban will last for 1 more seconds\""), 1},
        {ERROR("\"code\":7,\"msg\":\"x. This ban will last for 86399 more seconds.\""), 86399},
        {ERROR("\"code\":7,\"sub_code\":\"This ban will last for 5 more seconds\""), 5},
        {ERROR("\"code\":7,\"msg\":\"ban will last for 3 more seconds\","
               "\"sub_msg\":\"ban will last for 2 more seconds\""),
         3},
        {ERROR("\"code\":7,\"msg\":\"ban will last for 99999999999999999999 more seconds\""),
         1000000000},
        {ERROR("\"code\":7,\"msg\":\"ban will last for  more seconds\""), -1},
        {ERROR("\"code\":7,\"msg\":\"ban will last for 9 more minutes\""), -1},
        {ERROR("\"code\":7,\"msg\":\"ban will last for 9\""), -1},
        {ERROR("\"code\":7,\"msg\":\"App Call Limited\""), -1},
    };
    struct buffer late = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(parse(cases[i].body).ban_s, cases[i].ban_s);

    buffer_text(&late, "{\"error_response\":{\"code\":7,\"sub_msg\":\"");
    for (int i = 0; i < ANSWER_TEXT_BYTES; i++)
        buffer_byte(&late, 'x');
    buffer_text(&late, "This ban will last for 7 more seconds\"}}");
    assert_int_equal(parse(buffer_string(&late)).ban_s, 7);
    buffer_release(&late);
}

static void texts_are_utf8_cut_at_a_character(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {"\xe5\x8a", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
        {"a\\u0000b", "ab"},
        {"\\u0007\\u001b[31m", "\x07\x1b[31m"},
    };
    struct buffer body = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buffer_reset(&body);
        buffer_format(&body, "{\"is_success\":true,\"msg_info\":\"%s\"}", cases[i].in);
        assert_string_equal(parse(buffer_string(&body)).message, cases[i].out);
    }

    for (size_t lead = 0; lead < 3; lead++) {
        struct answer answer;
        buffer_reset(&body);
        buffer_format(&body, "{\"is_success\":true,\"msg_info\":\"%.*s", (int)lead, "xx");
        for (int i = 0; i < ANSWER_TEXT_BYTES; i++)
            buffer_text(&body, "赔");
        buffer_text(&body, "\"}");
        answer = parse(buffer_string(&body));
        assert_int_equal(strlen(answer.message), (ANSWER_TEXT_BYTES - 1 - lead) / 3 * 3 + lead);
        assert_true(answer.success);
    }
    buffer_release(&body);
}

/* Goal: neither the stack nor the clock gives way to a hostile body of the largest size. */
static void bombs_end_quickly(void **state)
{
    static const char *patterns[] = {"[", "{\"a\":", "[[]", "\"", "\"\\u0001", "\x01", "\"\x01"};
    const size_t size = 1 << 20;
    char *body = malloc(size);
    struct answer answer;

    (void)state;
    assert_non_null(body);
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        for (size_t at = 0; at < size; at++)
            body[at] = patterns[i][at % strlen(patterns[i])];
        top_parse_answer(body, size, &answer);
        assert_true(answer.kind == ANSWER_SHAPE || answer.kind == ANSWER_MALFORMED);
    }
    memset(body, '\x01', size);
    memcpy(body, "{\"is_success\":true,\"msg_info\":\"", 31);
    memcpy(body + size - 2, "\"}", 2);
    top_parse_answer(body, size, &answer);
    assert_true(answer.success);
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_is_read_with_every_tolerance),
        cmocka_unit_test(what_is_not_clearly_success_is_not_success),
        cmocka_unit_test(every_cut_of_an_answer_is_no_success),
        cmocka_unit_test(words_of_a_claim_answer_are_kept),
        cmocka_unit_test(words_of_an_error_are_kept),
        cmocka_unit_test(code_is_a_number_only_when_it_is_an_integer),
        cmocka_unit_test(length_of_a_ban_is_found_in_any_text),
        cmocka_unit_test(texts_are_utf8_cut_at_a_character),
        cmocka_unit_test(bombs_end_quickly),
    };
    return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}

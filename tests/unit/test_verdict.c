/* Unit tests of gateway/verdict: protocol section 6, line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "gateway/verdict.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const struct verdict_settings plain = {.has_session = true};

static struct exchange answered(long http_status)
{
    return (struct exchange){.phase = PHASE_ANSWERED,
                             .transport = TRANSPORT_OK,
                             .http_status = http_status,
                             .retry_after_s = -1,
                             .server_ms = -1};
}

static struct verdict judge_with(const struct verdict_settings *settings,
                                 const struct exchange *exchange, const char *body)
{
    struct answer answer;
    struct verdict verdict;

    top_parse_answer(body, strlen(body), &answer);
    verdict_judge(settings, exchange, &answer, &verdict);
    return verdict;
}

static struct verdict judge(const char *body)
{
    const struct exchange exchange = answered(200);
    return judge_with(&plain, &exchange, body);
}

static struct verdict judge_error(int code, const char *sub_code)
{
    char body[256];

    snprintf(body, sizeof(body),
             "{\"error_response\":{\"code\":%d,\"msg\":\"m\",\"sub_code\":\"%s\"}}", code,
             sub_code);
    return judge(body);
}

static void assert_says(const struct verdict *verdict, const char *words)
{
    if (!strstr(verdict->message, words))
        fail_msg("'%s' is not in '%s'", words, verdict->message);
}

/* ---- calls without a whole answer ---- */

static void failure_before_hand_over_is_an_outage(void **state)
{
    static const struct {
        enum transport transport;
        const char *code;
    } cases[] = {
        {TRANSPORT_LOOKUP, "LOOKUP_FAILED"},       {TRANSPORT_CONNECT, "CONNECT_FAILED"},
        {TRANSPORT_PROXY, "PROXY_FAILED"},         {TRANSPORT_TLS, "TLS_FAILED"},
        {TRANSPORT_INTERNAL, "CLIENT_FAILED"},     {TRANSPORT_TIMEOUT, "TIMEOUT"},
        {TRANSPORT_UNCLEAN, "CONNECTION_UNCLEAN"}, {TRANSPORT_SOCKET, "SOCKET_FAILED"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct exchange exchange = {.phase = PHASE_NOT_SENT, .transport = cases[i].transport};
        struct verdict verdict = judge_with(&plain, &exchange, "{\"is_success\":true}");
        assert_int_equal(verdict.kind, VERDICT_OUTAGE);
        assert_int_equal(verdict.exit_code, 0);
        assert_int_equal(verdict.wait_ms, -1);
        assert_string_equal(verdict.code, cases[i].code);
        assert_says(&verdict, "was not sent");
    }
}

static void wrong_certificate_stops(void **state)
{
    struct exchange exchange = {
        .phase = PHASE_NOT_SENT, .transport = TRANSPORT_CERTIFICATE, .detail = "expired"};
    struct verdict verdict = judge_with(&plain, &exchange, "");

    (void)state;
    assert_int_equal(verdict.kind, VERDICT_STOP);
    assert_int_equal(verdict.exit_code, EXIT_UNREACHABLE);
    assert_string_equal(verdict.code, "CERTIFICATE_REFUSED");
    assert_says(&verdict, "(expired)");
}

static void gateway_without_http2_stops_where_nothing_else_is_wanted(void **state)
{
    struct exchange exchange = {.phase = PHASE_NOT_SENT, .transport = TRANSPORT_NO_HTTP2};
    struct verdict verdict = judge_with(&plain, &exchange, "");

    (void)state;
    assert_int_equal(verdict.kind, VERDICT_STOP);
    assert_int_equal(verdict.exit_code, EXIT_UNREACHABLE);
    assert_string_equal(verdict.code, "NO_HTTP2");
    assert_says(&verdict, "--http auto");
    assert_says(&verdict, "was not sent");
}

/* Goal: the one thing after hand-over that surely was not executed; whatever body there may be. */
static void refused_stream_is_sent_again(void **state)
{
    struct exchange exchange = {
        .phase = PHASE_SENT, .transport = TRANSPORT_REFUSED, .http_status = 200};
    struct verdict verdict = judge_with(&plain, &exchange, "{\"is_success\":true}");

    (void)state;
    assert_int_equal(verdict.kind, VERDICT_AGAIN);
    assert_int_equal(verdict.wait_ms, -1);
    assert_string_equal(verdict.code, "STREAM_REFUSED");
    assert_says(&verdict, "was not executed");
}

static void recalled_call_is_withdrawn(void **state)
{
    struct exchange exchange = {.phase = PHASE_NOT_SENT, .transport = TRANSPORT_WITHDRAWN};
    struct verdict verdict = judge_with(&plain, &exchange, "");

    (void)state;
    assert_int_equal(verdict.kind, VERDICT_WITHDRAWN);
    assert_string_equal(verdict.code, "WITHDRAWN");
}

/* Goal: no transport but a refused stream is anything but unknown once the request may have left,
   though the body that did come says success. */
static void everything_after_hand_over_is_unknown(void **state)
{
    static const char *codes[] = {
        [TRANSPORT_TIMEOUT] = "TIMEOUT",
        [TRANSPORT_CLOSED] = "CONNECTION_CLOSED",
        [TRANSPORT_RESET] = "CONNECTION_RESET",
        [TRANSPORT_CUT] = "ANSWER_CUT",
        [TRANSPORT_CODING] = "ANSWER_CODING",
        [TRANSPORT_NOT_HTTP] = "NOT_HTTP",
        [TRANSPORT_EARLY_ANSWER] = "EARLY_ANSWER",
        [TRANSPORT_EXCESS] = "ANSWER_EXCESS",
        [TRANSPORT_TOO_LARGE] = "ANSWER_TOO_LARGE",
        [TRANSPORT_WANTS_HTTP1] = "HTTP1_REQUIRED",
        [TRANSPORT_RESEND] = "RESEND_REFUSED",
        [TRANSPORT_INTERNAL] = "CLIENT_FAILED",
    };

    (void)state;
    for (int i = TRANSPORT_OK; i <= TRANSPORT_INTERNAL; i++) {
        struct exchange exchange = {
            .phase = PHASE_SENT, .transport = (enum transport)i, .http_status = 200};
        struct verdict verdict = judge_with(&plain, &exchange, "{\"is_success\":true}");
        if (i == TRANSPORT_REFUSED)
            continue;
        assert_int_equal(verdict.kind, VERDICT_UNKNOWN);
        assert_int_equal(verdict.exit_code, 0);
        assert_says(&verdict, "may have been stored");
        assert_true(verdict.code[0]);
        if (codes[i])
            assert_string_equal(verdict.code, codes[i]);
    }
}

static void timeout_says_how_long(void **state)
{
    struct exchange exchange = {
        .phase = PHASE_SENT, .transport = TRANSPORT_TIMEOUT, .duration_ms = 30012};
    struct verdict verdict = judge_with(&plain, &exchange, "");

    (void)state;
    assert_string_equal(verdict.message, "no whole answer within 30.0 s after the request left; "
                                         "the claim may have been stored");
}

/* ---- HTTP status ---- */

static void http_status_is_judged_before_the_body(void **state)
{
    static const struct {
        long status;
        enum verdict_kind kind;
        int exit_code;
    } cases[] = {
        {200, VERDICT_ACCEPTED, 0},
        {100, VERDICT_UNKNOWN, 0},
        {201, VERDICT_UNKNOWN, 0},
        {202, VERDICT_UNKNOWN, 0},
        {204, VERDICT_UNKNOWN, 0},
        {206, VERDICT_UNKNOWN, 0},
        {299, VERDICT_UNKNOWN, 0},
        {300, VERDICT_STOP, EXIT_UNREACHABLE},
        {301, VERDICT_STOP, EXIT_UNREACHABLE},
        {302, VERDICT_STOP, EXIT_UNREACHABLE},
        {304, VERDICT_STOP, EXIT_UNREACHABLE},
        {308, VERDICT_STOP, EXIT_UNREACHABLE},
        {399, VERDICT_STOP, EXIT_UNREACHABLE},
        {400, VERDICT_UNKNOWN, 0},
        {401, VERDICT_STOP, EXIT_NOT_PERMITTED},
        {402, VERDICT_UNKNOWN, 0},
        {403, VERDICT_STOP, EXIT_NOT_PERMITTED},
        {404, VERDICT_STOP, EXIT_UNREACHABLE},
        {405, VERDICT_STOP, EXIT_UNREACHABLE},
        {406, VERDICT_UNKNOWN, 0},
        {407, VERDICT_UNKNOWN, 0},
        {408, VERDICT_UNKNOWN, 0},
        {413, VERDICT_STOP, EXIT_UNREACHABLE},
        {418, VERDICT_UNKNOWN, 0},
        {429, VERDICT_AGAIN, 0},
        {499, VERDICT_UNKNOWN, 0},
        {500, VERDICT_UNKNOWN, 0},
        {502, VERDICT_UNKNOWN, 0},
        {503, VERDICT_UNKNOWN, 0},
        {504, VERDICT_UNKNOWN, 0},
        {599, VERDICT_UNKNOWN, 0},
        {600, VERDICT_UNKNOWN, 0},
        {0, VERDICT_UNKNOWN, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct exchange exchange = answered(cases[i].status);
        struct verdict verdict = judge_with(&plain, &exchange, "{\"is_success\":true}");
        char code[32];

        if (verdict.kind != cases[i].kind || verdict.exit_code != cases[i].exit_code)
            fail_msg("%ld: %d, exit %d", cases[i].status, verdict.kind, verdict.exit_code);
        snprintf(code, sizeof(code), "HTTP_%ld", cases[i].status);
        if (cases[i].status != 200)
            assert_string_equal(verdict.code, code);
    }
}

static void http_429_waits_as_long_as_it_says(void **state)
{
    static const struct {
        int64_t retry_after_s, wait_ms;
    } cases[] = {{-1, 1000}, {0, 0}, {7, 7000}, {600, 600000}, {601, 600000}, {INT64_MAX, 600000}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct exchange exchange = answered(429);
        exchange.retry_after_s = cases[i].retry_after_s;
        assert_int_equal(judge_with(&plain, &exchange, "").wait_ms, cases[i].wait_ms);
    }
}

static void only_a_429_and_a_ban_name_a_wait(void **state)
{
    struct exchange exchange = answered(503);

    (void)state;
    exchange.retry_after_s = 7;
    assert_int_equal(judge_with(&plain, &exchange, "").wait_ms, -1);
    exchange.http_status = 200;
    assert_int_equal(judge_with(&plain, &exchange, "{\"is_success\":true}").wait_ms, -1);
}

/* ---- answers ---- */

static void is_success_decides(void **state)
{
    struct verdict verdict =
        judge("{\"is_success\":true,\"msg_code\":\"0\",\"msg_info\":\"ok\",\"request_id\":\"r1\"}");

    (void)state;
    assert_int_equal(verdict.kind, VERDICT_ACCEPTED);
    assert_string_equal(verdict.code, "0");
    assert_string_equal(verdict.message, "ok");
    assert_string_equal(verdict.request_id, "r1");

    verdict = judge("{\"is_success\":false,\"msg_code\":\"NO_CARD\",\"msg_info\":\"工单不存在\"}");
    assert_int_equal(verdict.kind, VERDICT_REJECTED);
    assert_string_equal(verdict.code, "NO_CARD");
    assert_string_equal(verdict.message, "工单不存在");
}

static void answer_that_says_nothing_is_unknown(void **state)
{
    static const struct {
        const char *body, *code, *words;
    } cases[] = {
        {"", "ANSWER_EMPTY", "empty"},
        {"<?xml version=\"1.0\"?><error_response><code>9</code></error_response>", "ANSWER_XML",
         "XML though JSON was asked for"},
        {"<html>", "ANSWER_HTML", "page"},
        {"{\"is_success\":tr", "ANSWER_MALFORMED", "JSON"},
        {"{\"msg_code\":\"0\"}", "ANSWER_SHAPE", "does not say"},
        {"{\"error_response\":{\"msg\":\"x\"}}", "ANSWER_SHAPE", "does not say"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct verdict verdict = judge(cases[i].body);
        assert_int_equal(verdict.kind, VERDICT_UNKNOWN);
        assert_string_equal(verdict.code, cases[i].code);
        assert_says(&verdict, cases[i].words);
        assert_says(&verdict, "may have been stored");
    }
}

#define LIMITED "accesscontrol.limited-by-"

static void error_codes_are_judged_by_the_table(void **state)
{
    static const struct {
        int code;
        const char *sub_code;
        enum verdict_kind kind;
        int exit_code;
    } cases[] = {
        /* the quota of the day */
        {7, LIMITED "app-access-count", VERDICT_QUOTA, EXIT_TRY_LATER},
        /* bans */
        {4, "", VERDICT_BAN, 0},
        {5, "", VERDICT_BAN, 0},
        {6, "", VERDICT_BAN, 0},
        {7, "", VERDICT_BAN, 0},
        {8, "", VERDICT_BAN, 0},
        {7, LIMITED "api-access-count", VERDICT_BAN, 0},
        {7, LIMITED "app-api-access-count", VERDICT_BAN, 0},
        {7, LIMITED "dynamic-access-count", VERDICT_BAN, 0},
        {8, LIMITED "app-access-count", VERDICT_BAN, 0},
        {7, "isv.access-limited", VERDICT_BAN, 0}, /* again over rejected */
        /* again */
        {1, "", VERDICT_AGAIN, 0},
        {10, "", VERDICT_AGAIN, 0},
        {10, "isv.whatever", VERDICT_AGAIN, 0}, /* again over rejected */
        {15, "isp.service-unavailable", VERDICT_AGAIN, 0},
        {15, "isp.item-update-service-unavailable", VERDICT_AGAIN, 0},
        {15, "isp.top-remote-service-unavailable-tmall", VERDICT_AGAIN, 0},
        {50, "isp.service-unavailable", VERDICT_AGAIN, 0},
        {101, "isp.service-unavailable", VERDICT_AGAIN, 0},
        {530, "isp.service-unavailable", VERDICT_AGAIN, 0},
        {900, "isp.top-remote-service-unavailable", VERDICT_AGAIN, 0},
        {15, "isp.call-limited", VERDICT_AGAIN, 0},
        {50, "isp.call-limited", VERDICT_AGAIN, 0},
        {900, "isp.call-limited", VERDICT_AGAIN, 0},
        /* the back end may have stored it */
        {15, "isp.remote-service-error", VERDICT_UNKNOWN, 0},
        {15, "isp.remote-service-timeout", VERDICT_UNKNOWN, 0},
        {15, "ISP.remote-service-error", VERDICT_UNKNOWN, 0},
        {15, "isp.call-limited-x", VERDICT_UNKNOWN, 0},
        {50, "isp.unknown-error", VERDICT_UNKNOWN, 0},
        {900, "isp.null-pointer-exception", VERDICT_UNKNOWN, 0},
        /* again only under the codes named */
        {100, "isp.service-unavailable", VERDICT_UNKNOWN, 0},
        {3, "isp.service-unavailable", VERDICT_UNKNOWN, 0},
        {41, "isp.service-unavailable", VERDICT_UNKNOWN, 0},
        {7, "isp.call-limited", VERDICT_UNKNOWN, 0},
        /* unknown over again, over ban, over rejected */
        {1, "isp.remote-service-error", VERDICT_UNKNOWN, 0},
        {10, "isp.remote-service-error", VERDICT_UNKNOWN, 0},
        {7, "isp.remote-service-error", VERDICT_UNKNOWN, 0},
        {41, "isp.remote-service-error", VERDICT_UNKNOWN, 0},
        {60, "isp.remote-service-error", VERDICT_UNKNOWN, 0},
        /* and it still stops where the code stops */
        {9, "isp.x", VERDICT_UNKNOWN_STOP, EXIT_NOT_PERMITTED},
        {12, "isp.x", VERDICT_UNKNOWN_STOP, EXIT_NOT_PERMITTED},
        {27, "isp.x", VERDICT_UNKNOWN_STOP, EXIT_NOT_PERMITTED},
        {42, "isp.x", VERDICT_UNKNOWN_STOP, EXIT_NOT_PERMITTED},
        {44, "isp.x", VERDICT_UNKNOWN_STOP, EXIT_NOT_PERMITTED},
        /* refused content */
        {40, "", VERDICT_REJECTED, 0},
        {41, "", VERDICT_REJECTED, 0},
        {43, "", VERDICT_REJECTED, 0},
        {47, "", VERDICT_REJECTED, 0},
        {41, "isv.invalid-parameter", VERDICT_REJECTED, 0},
        {15, "isv.invalid-parameter", VERDICT_REJECTED, 0},
        {50, "isv.invalid-parameter", VERDICT_REJECTED, 0},
        {3, "isv.x", VERDICT_REJECTED, 0},
        {530, "isv.x", VERDICT_REJECTED, 0},
        {900, "isv.x", VERDICT_REJECTED, 0},
        {60, "isv.x", VERDICT_REJECTED, 0},
        /* nothing may be sent until a person has fixed it */
        {9, "", VERDICT_STOP, EXIT_NOT_PERMITTED},
        {11, "isv.permission-api-package-limit", VERDICT_STOP, EXIT_NOT_PERMITTED},
        {11, "", VERDICT_STOP, EXIT_NOT_PERMITTED},
        {12, "", VERDICT_STOP, EXIT_NOT_PERMITTED},
        {13, "", VERDICT_STOP, EXIT_NOT_PERMITTED},
        {21, "", VERDICT_STOP, EXIT_NOT_PERMITTED},
        {25, "", VERDICT_STOP, EXIT_NOT_PERMITTED},
        {26, "", VERDICT_STOP, EXIT_NOT_PERMITTED},
        {27, "invalid-sessionkey", VERDICT_STOP, EXIT_NOT_PERMITTED},
        {29, "isv.appkey-not-exists", VERDICT_STOP, EXIT_NOT_PERMITTED},
        {31, "", VERDICT_STOP, EXIT_NOT_PERMITTED},
        {34, "", VERDICT_STOP, EXIT_NOT_PERMITTED},
        {42, "", VERDICT_STOP, EXIT_NOT_PERMITTED},
        {44, "", VERDICT_STOP, EXIT_NOT_PERMITTED},
        /* neither isp nor isv */
        {3, "", VERDICT_UNKNOWN, 0},
        {15, "", VERDICT_UNKNOWN, 0},
        {15, "tmall.some-error", VERDICT_UNKNOWN, 0},
        {15, "xisv.x", VERDICT_UNKNOWN, 0},
        {15, "isvx", VERDICT_UNKNOWN, 0},
        {50, "", VERDICT_UNKNOWN, 0},
        {100, "", VERDICT_UNKNOWN, 0},
        {101, "x", VERDICT_UNKNOWN, 0},
        {530, "", VERDICT_UNKNOWN, 0},
        {2000000000, "", VERDICT_UNKNOWN, 0},
        /* codes nobody described */
        {0, "", VERDICT_UNKNOWN_STOP, EXIT_UNREACHABLE},
        {2, "", VERDICT_UNKNOWN_STOP, EXIT_UNREACHABLE},
        {14, "", VERDICT_UNKNOWN_STOP, EXIT_UNREACHABLE},
        {20, "x", VERDICT_UNKNOWN_STOP, EXIT_UNREACHABLE},
        {35, "", VERDICT_UNKNOWN_STOP, EXIT_UNREACHABLE},
        {39, "", VERDICT_UNKNOWN_STOP, EXIT_UNREACHABLE},
        {45, "", VERDICT_UNKNOWN_STOP, EXIT_UNREACHABLE},
        {46, "", VERDICT_UNKNOWN_STOP, EXIT_UNREACHABLE},
        {48, "", VERDICT_UNKNOWN_STOP, EXIT_UNREACHABLE},
        {49, "", VERDICT_UNKNOWN_STOP, EXIT_UNREACHABLE},
        {51, "", VERDICT_UNKNOWN_STOP, EXIT_UNREACHABLE},
        {99, "", VERDICT_UNKNOWN_STOP, EXIT_UNREACHABLE},
        /* not a code at all */
        {-1, "", VERDICT_UNKNOWN, 0},
        {-1, "isv.x", VERDICT_UNKNOWN, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct verdict verdict = judge_error(cases[i].code, cases[i].sub_code);
        char code[32];

        if (verdict.kind != cases[i].kind || verdict.exit_code != cases[i].exit_code)
            fail_msg("%d %s: %d, exit %d", cases[i].code, cases[i].sub_code, verdict.kind,
                     verdict.exit_code);
        snprintf(code, sizeof(code), "%d", cases[i].code);
        assert_string_equal(verdict.code, code);
        assert_string_equal(verdict.sub_code, cases[i].sub_code);
        assert_true(verdict.kind == VERDICT_BAN ? verdict.wait_ms == 1000 : verdict.wait_ms == -1);
    }
}

static void ban_lasts_as_long_as_it_says(void **state)
{
    struct verdict verdict =
        judge("{\"error_response\":{\"code\":7,\"msg\":\"App Call Limited\",\"sub_msg\":"
              "\"This ban will last for 42 more seconds\"}}");

    (void)state;
    assert_int_equal(verdict.kind, VERDICT_BAN);
    assert_int_equal(verdict.wait_ms, 42000);
    assert_string_equal(verdict.message,
                        "App Call Limited: This ban will last for 42 more seconds");
}

static void quota_says_when_to_start_again(void **state)
{
    struct verdict verdict = judge_error(7, LIMITED "app-access-count");

    (void)state;
    assert_says(&verdict, "m; ");
    assert_says(&verdict, "00:00 Beijing time");
}

static void missing_session_is_named_when_there_was_none(void **state)
{
    static const struct verdict_settings without = {.has_session = false};
    const struct exchange exchange = answered(200);
    static const char body[] = "{\"error_response\":{\"code\":26,\"msg\":\"Missing Session\"}}";
    struct verdict verdict = judge_with(&without, &exchange, body);

    (void)state;
    assert_says(&verdict, "Missing Session; the call carried no session; try --session-file");
    verdict = judge_with(&plain, &exchange, body);
    assert_null(strstr(verdict.message, "--session-file"));
}

static void refused_timestamp_says_how_far_the_clocks_differ(void **state)
{
    static const char body[] = "{\"error_response\":{\"code\":31,\"msg\":\"Invalid Timestamp\"}}";
    struct exchange exchange = answered(200);
    struct verdict verdict;

    (void)state;
    exchange.sent_ms = 1000000;
    exchange.server_ms = 1000000 - 901000;
    verdict = judge_with(&plain, &exchange, body);
    assert_says(&verdict, "Invalid Timestamp; this machine's clock is 901 s ahead of");
    exchange.server_ms = 1000000 + 700000;
    verdict = judge_with(&plain, &exchange, body);
    assert_says(&verdict, "is 700 s behind");
    exchange.server_ms = -1;
    verdict = judge_with(&plain, &exchange, body);
    assert_says(&verdict, "set this machine's clock");
}

/* A stopped process sends, when it goes on, what it had signed: that is no fault of a clock. */
static void refused_timestamp_of_a_request_that_left_late_is_sent_again(void **state)
{
    static const char body[] = "{\"error_response\":{\"code\":31,\"msg\":\"Invalid Timestamp\"}}";
    static const char later[] = "{\"error_response\":{\"code\":31,\"msg\":\"Invalid Timestamp\","
                                "\"sub_code\":\"isp.x\"}}";
    static const struct {
        int64_t sent_ms, ended_ms, server_ms;
        enum verdict_kind kind;
    } cases[] = {
        {1000, 701000, 702000, VERDICT_AGAIN},   /* stopped after it was handed over */
        {701000, 701100, 702000, VERDICT_AGAIN}, /* … before */
        {1000, 601000, 1202000, VERDICT_STOP},   /* the clock is wrong as well */
        {1000, 601000, 0, VERDICT_STOP},         {1000, 601000, -1, VERDICT_AGAIN},
        {1000, 600999, 601000, VERDICT_STOP}, /* it was not late */
        {1000, 1100, 901000, VERDICT_STOP},
    };
    struct exchange exchange = answered(200);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        exchange.signed_ms = 1000;
        exchange.sent_ms = cases[i].sent_ms;
        exchange.ended_ms = cases[i].ended_ms;
        exchange.server_ms = cases[i].server_ms;
        assert_int_equal(judge_with(&plain, &exchange, body).kind, cases[i].kind);
        assert_int_equal(judge_with(&plain, &exchange, later).kind, VERDICT_UNKNOWN_STOP);
        exchange.signed_ms = 0;
        assert_int_equal(judge_with(&plain, &exchange, body).kind, VERDICT_STOP);
    }
}

static void override_wins_for_its_sub_code_alone(void **state)
{
    static const struct verdict_override overrides[] = {
        {"isp.remote-service-error", VERDICT_AGAIN},
        {"isv.odd", VERDICT_UNKNOWN},
        {"odd", VERDICT_REJECTED},
    };
    static const struct verdict_settings settings = {overrides, COUNT(overrides), true};
    static const struct {
        const char *code, *sub_code;
        enum verdict_kind kind;
    } cases[] = {
        {"15", "isp.remote-service-error", VERDICT_AGAIN},
        {"50", "isp.remote-service-error", VERDICT_AGAIN},
        {"15", "isp.remote-service-error2", VERDICT_UNKNOWN},
        {"15", "ISP.remote-service-error", VERDICT_UNKNOWN},
        {"41", "isv.odd", VERDICT_UNKNOWN},
        {"41", "isv.other", VERDICT_REJECTED},
        {"11", "odd", VERDICT_REJECTED},
        {"15", "", VERDICT_UNKNOWN},
    };
    const struct exchange exchange = answered(200);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char body[256];
        struct verdict verdict;
        snprintf(body, sizeof(body), "{\"error_response\":{\"code\":%s,\"sub_code\":\"%s\"}}",
                 cases[i].code, cases[i].sub_code);
        verdict = judge_with(&settings, &exchange, body);
        assert_int_equal(verdict.kind, cases[i].kind);
        assert_int_equal(verdict.exit_code, 0);
    }
}

/* Goal: however long the gateway's words, ours are whole and no character is cut. */
static void long_words_are_cut_rather_than_the_advice(void **state)
{
    struct buffer body = {0};
    struct verdict verdict;

    (void)state;
    for (size_t lead = 0; lead < 3; lead++) {
        buffer_reset(&body);
        buffer_format(&body, "{\"error_response\":{\"code\":15,\"msg\":\"%.*s", (int)lead, "xx");
        for (int i = 0; i < 300; i++)
            buffer_text(&body, "赔");
        buffer_text(&body, "\",\"sub_msg\":\"");
        for (int i = 0; i < 300; i++)
            buffer_text(&body, "付");
        buffer_text(&body, "\"}}");
        verdict = judge(buffer_string(&body));
        assert_says(&verdict, "付; the claim may have been stored");
    }
    buffer_release(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failure_before_hand_over_is_an_outage),
        cmocka_unit_test(wrong_certificate_stops),
        cmocka_unit_test(gateway_without_http2_stops_where_nothing_else_is_wanted),
        cmocka_unit_test(refused_stream_is_sent_again),
        cmocka_unit_test(recalled_call_is_withdrawn),
        cmocka_unit_test(everything_after_hand_over_is_unknown),
        cmocka_unit_test(timeout_says_how_long),
        cmocka_unit_test(http_status_is_judged_before_the_body),
        cmocka_unit_test(http_429_waits_as_long_as_it_says),
        cmocka_unit_test(only_a_429_and_a_ban_name_a_wait),
        cmocka_unit_test(is_success_decides),
        cmocka_unit_test(answer_that_says_nothing_is_unknown),
        cmocka_unit_test(error_codes_are_judged_by_the_table),
        cmocka_unit_test(ban_lasts_as_long_as_it_says),
        cmocka_unit_test(quota_says_when_to_start_again),
        cmocka_unit_test(missing_session_is_named_when_there_was_none),
        cmocka_unit_test(refused_timestamp_says_how_far_the_clocks_differ),
        cmocka_unit_test(refused_timestamp_of_a_request_that_left_late_is_sent_again),
        cmocka_unit_test(override_wins_for_its_sub_code_alone),
        cmocka_unit_test(long_words_are_cut_rather_than_the_advice),
    };
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}

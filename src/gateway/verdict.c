#include "gateway/verdict.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define STORED "the claim may have been stored"

/* ---- words ---- */

/* The longest beginning of `text` that fits into `size` bytes and does not cut a character. */
static size_t fitting_len(const char *text, size_t size)
{
    size_t len = strlen(text);

    if (len <= size)
        return len;
    for (len = size; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
        ;
    return len;
}

static void append(char *text, size_t size, const char *more)
{
    size_t used = strlen(text);
    size_t len = fitting_len(more, size - 1 - used);

    memcpy(text + used, more, len);
    text[used + len] = '\0';
}

/* The gateway's words, then ours: its words are cut rather than the advice. */
static void compose_message(const struct answer *answer, const char *advice,
                            char ret_message[VERDICT_TEXT_BYTES])
{
    size_t room = VERDICT_TEXT_BYTES - (*advice ? strlen(advice) + 2 : 0);

    ret_message[0] = '\0';
    append(ret_message, room, answer->message);
    if (answer->sub_message[0] && strcmp(answer->sub_message, answer->message) != 0) {
        append(ret_message, room, *ret_message ? ": " : "");
        append(ret_message, room, answer->sub_message);
    }
    if (*advice) {
        append(ret_message, VERDICT_TEXT_BYTES, *ret_message ? "; " : "");
        append(ret_message, VERDICT_TEXT_BYTES, advice);
    }
}

static void set(struct verdict *verdict, enum verdict_kind kind, int exit_code, const char *code)
{
    verdict->kind = kind;
    verdict->exit_code = exit_code;
    snprintf(verdict->code, sizeof(verdict->code), "%s", code);
}

/* ---- calls without a whole answer ---- */

/* `not_sent` is the verdict before hand-over; after it all but a refused stream is unknown. */
static const struct {
    const char *code;
    enum verdict_kind not_sent;
    int exit_code;
    const char *sentence;
} transports[] = {
    [TRANSPORT_OK] = {"NO_ANSWER", VERDICT_OUTAGE, 0, "no answer"},
    [TRANSPORT_WITHDRAWN] = {"WITHDRAWN", VERDICT_WITHDRAWN, 0, "withdrawn"},
    [TRANSPORT_LOOKUP] = {"LOOKUP_FAILED", VERDICT_OUTAGE, 0,
                          "the name of the gateway could not be looked up"},
    [TRANSPORT_CONNECT] = {"CONNECT_FAILED", VERDICT_OUTAGE, 0,
                           "no connection to the gateway could be made"},
    [TRANSPORT_SOCKET] = {"SOCKET_FAILED", VERDICT_OUTAGE, 0,
                          "this machine can open no further connection"},
    [TRANSPORT_PROXY] = {"PROXY_FAILED", VERDICT_OUTAGE, 0,
                         "the proxy did not connect to the gateway"},
    [TRANSPORT_TLS] = {"TLS_FAILED", VERDICT_OUTAGE, 0, "the TLS handshake failed"},
    [TRANSPORT_CERTIFICATE] = {"CERTIFICATE_REFUSED", VERDICT_STOP, EXIT_UNREACHABLE,
                               "the gateway's certificate cannot be trusted; check --gateway, the "
                               "trusted certificates and this machine's clock"},
    [TRANSPORT_NO_HTTP2] = {"NO_HTTP2", VERDICT_STOP, EXIT_UNREACHABLE,
                            "the gateway, or what stands before it, does not offer HTTP/2; take "
                            "--http auto or --http 1.1"},
    [TRANSPORT_UNCLEAN] = {"CONNECTION_UNCLEAN", VERDICT_OUTAGE, 0,
                           "a new connection was closed, or bytes came on it, before it was used"},
    [TRANSPORT_TIMEOUT] = {"TIMEOUT", VERDICT_OUTAGE, 0, "no whole answer in time"},
    [TRANSPORT_CLOSED] = {"CONNECTION_CLOSED", VERDICT_OUTAGE, 0,
                          "the connection was closed without an answer"},
    [TRANSPORT_RESET] = {"CONNECTION_RESET", VERDICT_OUTAGE, 0, "the connection broke"},
    [TRANSPORT_CUT] = {"ANSWER_CUT", VERDICT_OUTAGE, 0, "the answer ended before its end"},
    [TRANSPORT_CODING] = {"ANSWER_CODING", VERDICT_OUTAGE, 0,
                          "the answer is compressed in a way that cannot be read"},
    [TRANSPORT_NOT_HTTP] = {"NOT_HTTP", VERDICT_OUTAGE, 0, "what came back is no HTTP"},
    [TRANSPORT_EARLY_ANSWER] =
        {"EARLY_ANSWER", VERDICT_OUTAGE, 0,
         "an answer came before the request had arrived, so it cannot be about it"},
    [TRANSPORT_EXCESS] = {"ANSWER_EXCESS", VERDICT_OUTAGE, 0,
                          "bytes came behind the end of the answer, so it may be about another "
                          "row"},
    [TRANSPORT_TOO_LARGE] = {"ANSWER_TOO_LARGE", VERDICT_OUTAGE, 0,
                             "the answer is larger than 1 MiB, or its head than 64 KiB"},
    [TRANSPORT_REFUSED] = {"STREAM_REFUSED", VERDICT_OUTAGE, 0,
                           "the gateway ended its connection, or had too many requests on it, "
                           "before it looked at this one"},
    [TRANSPORT_WANTS_HTTP1] = {"HTTP1_REQUIRED", VERDICT_OUTAGE, 0,
                               "the gateway asks for HTTP/1.1; take --http 1.1"},
    [TRANSPORT_RESEND] = {"RESEND_REFUSED", VERDICT_OUTAGE, 0,
                          "the connection broke and the request was not sent a second time"},
    [TRANSPORT_INTERNAL] = {"CLIENT_FAILED", VERDICT_OUTAGE, 0, "the HTTP client failed"},
};

static void sent_sentence(const struct exchange *exchange, char *ret_text, size_t size)
{
    if (exchange->transport == TRANSPORT_REFUSED)
        snprintf(ret_text, size, "%s; the claim was not executed",
                 transports[exchange->transport].sentence);
    else if (exchange->transport == TRANSPORT_TIMEOUT)
        snprintf(ret_text, size,
                 "no whole answer within %" PRId64 ".%" PRId64 " s after the request left; " STORED,
                 exchange->duration_ms / 1000, exchange->duration_ms % 1000 / 100);
    else
        snprintf(ret_text, size, "%s; " STORED, transports[exchange->transport].sentence);
}

static enum verdict_kind kind_of(const struct exchange *exchange)
{
    if (exchange->phase == PHASE_NOT_SENT)
        return transports[exchange->transport].not_sent;
    return exchange->transport == TRANSPORT_REFUSED ? VERDICT_AGAIN : VERDICT_UNKNOWN;
}

static void judge_transport(const struct exchange *exchange, struct verdict *verdict)
{
    bool sent = exchange->phase != PHASE_NOT_SENT;
    enum verdict_kind kind = kind_of(exchange);

    set(verdict, kind, kind == VERDICT_STOP ? transports[exchange->transport].exit_code : 0,
        transports[exchange->transport].code);
    if (sent)
        sent_sentence(exchange, verdict->message, sizeof(verdict->message));
    else
        snprintf(verdict->message, sizeof(verdict->message), "%s; the claim was not sent",
                 transports[exchange->transport].sentence);
    if (exchange->detail[0]) {
        append(verdict->message, sizeof(verdict->message), " (");
        append(verdict->message, sizeof(verdict->message), exchange->detail);
        append(verdict->message, sizeof(verdict->message), ")");
    }
}

/* ---- HTTP status ---- */

#define CHECK_ADDRESS "the claim was not taken; check --gateway"

static const struct {
    long first, last;
    enum verdict_kind kind;
    int exit_code;
    const char *sentence;
} statuses[] = {
    {429, 429, VERDICT_AGAIN, 0, "the gateway asks to wait"},
    {300, 399, VERDICT_STOP, EXIT_UNREACHABLE,
     "the answer is a redirection, which is never followed; " CHECK_ADDRESS},
    {401, 401, VERDICT_STOP, EXIT_NOT_PERMITTED, "access refused; " CHECK_ADDRESS},
    {403, 403, VERDICT_STOP, EXIT_NOT_PERMITTED,
     "access refused, perhaps to this network address; " CHECK_ADDRESS},
    {404, 405, VERDICT_STOP, EXIT_UNREACHABLE, "there is no such service; " CHECK_ADDRESS},
    {413, 413, VERDICT_STOP, EXIT_UNREACHABLE, "the request is too large; " CHECK_ADDRESS},
    {LONG_MIN, LONG_MAX, VERDICT_UNKNOWN, 0, STORED},
};

bool verdict_is_firewall_code(const char *code)
{
    return strcmp(code, "HTTP_403") == 0 || strcmp(code, "HTTP_405") == 0 ||
           strcmp(code, "HTTP_413") == 0;
}

static void judge_status(const struct exchange *exchange, struct verdict *verdict)
{
    long status = exchange->http_status;
    size_t i = 0;
    char code[VERDICT_CODE_BYTES];

    while (status < statuses[i].first || status > statuses[i].last)
        i++;
    snprintf(code, sizeof(code), "HTTP_%ld", status);
    set(verdict, statuses[i].kind, statuses[i].exit_code, code);
    snprintf(verdict->message, sizeof(verdict->message), "HTTP status %ld; %s", status,
             statuses[i].sentence);
    if (statuses[i].kind != VERDICT_AGAIN)
        return;
    verdict->wait_ms = 1000;
    if (exchange->retry_after_s > VERDICT_RETRY_AFTER_MAX_S)
        verdict->wait_ms = VERDICT_RETRY_AFTER_MAX_S * INT64_C(1000);
    else if (exchange->retry_after_s >= 0)
        verdict->wait_ms = exchange->retry_after_s * 1000;
}

/* ---- answers that say nothing about the row ---- */

static const struct {
    const char *code, *sentence;
} unreadable[] = {
    [ANSWER_EMPTY] = {"ANSWER_EMPTY", "the answer is empty; " STORED},
    [ANSWER_XML] = {"ANSWER_XML", "the answer is XML though JSON was asked for; " STORED},
    [ANSWER_HTML] = {"ANSWER_HTML", "the answer is a page for people; " STORED},
    [ANSWER_MALFORMED] = {"ANSWER_MALFORMED", "the answer is not whole JSON; " STORED},
    [ANSWER_SHAPE] = {"ANSWER_SHAPE",
                      "the answer does not say whether the claim was taken; " STORED},
    [ANSWER_PARTS] = {"ANSWER_PARTS",
                      "the answer has not one part for each claim of the call; " STORED},
};

/* ---- errors of the gateway ---- */

#define ANY INT64_MIN, INT64_MAX

/*
 * The first row that matches wins; the order is that of caution. A code that is no plain integer is
 * -1. The isp rows stand before all others but the one kind of isp that surely did not execute,
 * because behind any other the back end may have stored the claim, whatever the code says.
 */
static const struct rule_row {
    int64_t first, last;  /* codes */
    const char *sub_code; /* a pattern of fnmatch, whatever the case; NULL: any or none */
    enum verdict_kind kind;
    int exit_code;
} rows[] = {
    {9, 9, "isp.*", VERDICT_UNKNOWN_STOP, EXIT_NOT_PERMITTED},
    {11, 13, "isp.*", VERDICT_UNKNOWN_STOP, EXIT_NOT_PERMITTED},
    {21, 34, "isp.*", VERDICT_UNKNOWN_STOP, EXIT_NOT_PERMITTED},
    {42, 42, "isp.*", VERDICT_UNKNOWN_STOP, EXIT_NOT_PERMITTED},
    {44, 44, "isp.*", VERDICT_UNKNOWN_STOP, EXIT_NOT_PERMITTED},
    {15, 15, "isp.*service-unavailable*", VERDICT_AGAIN, 0},
    {50, 50, "isp.*service-unavailable*", VERDICT_AGAIN, 0},
    {101, INT64_MAX, "isp.*service-unavailable*", VERDICT_AGAIN, 0},
    {15, 15, "isp.call-limited", VERDICT_AGAIN, 0},
    {50, 50, "isp.call-limited", VERDICT_AGAIN, 0},
    {101, INT64_MAX, "isp.call-limited", VERDICT_AGAIN, 0},
    {ANY, "isp.*", VERDICT_UNKNOWN, 0},
    {INT64_MIN, -1, NULL, VERDICT_UNKNOWN, 0},

    {7, 7, "*limited-by-app-access-count*", VERDICT_QUOTA, EXIT_TRY_LATER},
    {4, 8, NULL, VERDICT_BAN, 0},
    {1, 1, NULL, VERDICT_AGAIN, 0},
    {10, 10, NULL, VERDICT_AGAIN, 0},

    {9, 9, NULL, VERDICT_STOP, EXIT_NOT_PERMITTED},
    {11, 13, NULL, VERDICT_STOP, EXIT_NOT_PERMITTED},
    {21, 34, NULL, VERDICT_STOP, EXIT_NOT_PERMITTED},
    {42, 42, NULL, VERDICT_STOP, EXIT_NOT_PERMITTED},
    {44, 44, NULL, VERDICT_STOP, EXIT_NOT_PERMITTED},

    {40, 41, NULL, VERDICT_REJECTED, 0},
    {43, 43, NULL, VERDICT_REJECTED, 0},
    {47, 47, NULL, VERDICT_REJECTED, 0},
    {ANY, "isv.*", VERDICT_REJECTED, 0},

    {3, 3, NULL, VERDICT_UNKNOWN, 0},
    {15, 15, NULL, VERDICT_UNKNOWN, 0},
    {50, 50, NULL, VERDICT_UNKNOWN, 0},
    {100, INT64_MAX, NULL, VERDICT_UNKNOWN, 0},
    {ANY, NULL, VERDICT_UNKNOWN_STOP, EXIT_UNREACHABLE},
};

static bool row_matches(const struct rule_row *row, const struct answer *answer)
{
    if (answer->code < row->first || answer->code > row->last)
        return false;
    return !row->sub_code || fnmatch(row->sub_code, answer->sub_code, FNM_CASEFOLD) == 0;
}

static const struct verdict_override *override_of(const struct verdict_settings *settings,
                                                  const char *sub_code)
{
    for (size_t i = 0; *sub_code && i < settings->override_count; i++) {
        if (strcmp(settings->overrides[i].sub_code, sub_code) == 0)
            return &settings->overrides[i];
    }
    return NULL;
}

/* Code 31: the gateway refuses the timestamp. */
static void clock_advice(const struct exchange *exchange, char *ret_text, size_t size)
{
    int64_t ahead_s = (exchange->sent_ms - exchange->server_ms) / 1000;

    if (exchange->server_ms < 0)
        snprintf(ret_text, size, "set this machine's clock");
    else
        snprintf(ret_text, size,
                 "this machine's clock is %" PRId64 " s %s that of the gateway, which allows 600 s",
                 ahead_s < 0 ? -ahead_s : ahead_s, ahead_s < 0 ? "behind" : "ahead of");
}

#define CLOCKS_MS 600000 /* how far the gateway lets a timestamp be off */

/* Code 31 of a request that was right when it was signed: this process, or its machine, was stopped
 * before it left. By what the clock says now the next one is right. */
static bool is_late(const struct exchange *exchange, const struct answer *answer)
{
    int64_t off_ms = exchange->server_ms < 0 ? 0 : exchange->ended_ms - exchange->server_ms;

    return answer->code == 31 && exchange->signed_ms &&
           exchange->ended_ms - exchange->signed_ms >= CLOCKS_MS && off_ms < CLOCKS_MS &&
           off_ms > -CLOCKS_MS;
}

#define ADVICE_BYTES 160

static void advise(const struct verdict_settings *settings, const struct exchange *exchange,
                   const struct answer *answer, enum verdict_kind kind,
                   char ret_advice[ADVICE_BYTES])
{
    const char *advice = "";

    if (kind == VERDICT_AGAIN && answer->code == 31)
        advice = "this process was stopped for more than 600 s after it had signed the request";
    else if (kind == VERDICT_QUOTA)
        advice = "the quota of the day is used up; start again after 00:00 Beijing time";
    else if (kind == VERDICT_UNKNOWN || kind == VERDICT_UNKNOWN_STOP)
        advice = STORED;
    else if (kind == VERDICT_STOP && answer->code == 26 && !settings->has_session)
        advice = "the call carried no session; try --session-file";
    else if (kind == VERDICT_STOP && answer->code == 31) {
        clock_advice(exchange, ret_advice, ADVICE_BYTES);
        return;
    }
    snprintf(ret_advice, ADVICE_BYTES, "%s", advice);
}

static void judge_error(const struct verdict_settings *settings, const struct exchange *exchange,
                        const struct answer *answer, struct verdict *verdict)
{
    const struct verdict_override *override = override_of(settings, answer->sub_code);
    char advice[ADVICE_BYTES];
    size_t i = 0;

    while (!row_matches(&rows[i], answer))
        i++;
    if (override)
        set(verdict, override->kind, 0, answer->code_text);
    else if (rows[i].kind == VERDICT_STOP && is_late(exchange, answer))
        set(verdict, VERDICT_AGAIN, 0, answer->code_text);
    else
        set(verdict, rows[i].kind, rows[i].exit_code, answer->code_text);
    if (verdict->kind == VERDICT_BAN)
        verdict->wait_ms = 1000 * (answer->ban_s > 0 ? answer->ban_s : 1);
    advise(settings, exchange, answer, verdict->kind, advice);
    compose_message(answer, advice, verdict->message);
}

static void judge_answer(const struct verdict_settings *settings, const struct exchange *exchange,
                         const struct answer *answer, struct verdict *verdict)
{
    memcpy(verdict->sub_code, answer->sub_code, sizeof(verdict->sub_code));
    memcpy(verdict->request_id, answer->request_id, sizeof(verdict->request_id));
    switch (answer->kind) {
    case ANSWER_CLAIM:
        set(verdict, answer->success ? VERDICT_ACCEPTED : VERDICT_REJECTED, 0, answer->code_text);
        compose_message(answer, "", verdict->message);
        break;
    case ANSWER_ERROR:
        judge_error(settings, exchange, answer, verdict);
        break;
    case ANSWER_EMPTY:
    case ANSWER_XML:
    case ANSWER_HTML:
    case ANSWER_MALFORMED:
    case ANSWER_SHAPE:
    case ANSWER_PARTS:
        set(verdict, VERDICT_UNKNOWN, 0, unreadable[answer->kind].code);
        snprintf(verdict->message, sizeof(verdict->message), "%s",
                 unreadable[answer->kind].sentence);
        break;
    }
}

void verdict_judge(const struct verdict_settings *settings, const struct exchange *exchange,
                   const struct answer *answer, struct verdict *ret_verdict)
{
    *ret_verdict = (struct verdict){.kind = VERDICT_UNKNOWN, .wait_ms = -1};
    if (exchange->phase != PHASE_ANSWERED)
        judge_transport(exchange, ret_verdict);
    else if (exchange->http_status != 200)
        judge_status(exchange, ret_verdict);
    else
        judge_answer(settings, exchange, answer, ret_verdict);
}

void verdict_doubt(struct verdict *verdict, const char *code, const char *reason)
{
    /* A ban holds for all rows, so also where the answer was another one's. */
    if (verdict->kind != VERDICT_BAN)
        verdict->wait_ms = -1;
    set(verdict, VERDICT_UNKNOWN, 0, code);
    verdict->sub_code[0] = '\0';
    snprintf(verdict->message, sizeof(verdict->message), "%s; " STORED, reason);
}

#include "call.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "failure.h"
#include "handle.h"

/* Of libcurl's words, what is looked at. */
#define WORDS_BYTES 80

/* ---- callbacks of libcurl ---- */

static size_t tags_of(const struct exchange *exchange)
{
    size_t count = 0;

    for (; exchange; exchange = exchange->company)
        count++;
    return count;
}

static void note_departure(struct calls *calls, const struct exchange *exchange)
{
    if (calls->departures)
        calls->departures[calls->departed++] =
            (struct departure){exchange->sent_mono_ms, tags_of(exchange)};
}

/* The words are listened to all the time: they alone tell that a stream was refused. */
static bool join(struct call *call, const char *remote_ip, int local_port)
{
    bool is_clean;

    call->is_http2 = call->calls->has_shared = true;
    call->shared = connections_join(call->calls->connections, remote_ip, local_port, &is_clean);
    if (is_clean)
        curl_easy_setopt(call->handle, CURLOPT_VERBOSE, 1L);
    return is_clean;
}

/*
 * Whether the connection is fit for the request. Once one speaks HTTP/2, libcurl 7.88 shares others
 * of the gateway's, too, that do not, busy as they are: from then on none of these is used, but new
 * ones that are never shared.
 */
static bool take_connection(struct call *call, const char *remote_ip, int local_port)
{
    struct calls *calls = call->calls;
    bool is_clean = true;

    if (calls->is_tls && calls->http != CLIENT_HTTP_1_1 && !call->keeps_to_http1) {
        if (handle_speaks_http2(call->handle))
            return join(call, remote_ip, local_port);
        call->lacks_http2 = calls->http == CLIENT_HTTP_2;
        calls->is_mixed = calls->has_shared;
        if (call->lacks_http2 || calls->is_mixed)
            return false;
    }
    connections_use(calls->connections, remote_ip, local_port, call->exchange, &call->connection,
                    &is_clean);
    return is_clean;
}

/*
 * The gate of protocol section 8: called each time before the request is put on a connection. The
 * second time libcurl wants to repeat what the gateway may have executed. A connection that is not
 * clean is not used: the client then takes a fresh one. To get one may have taken long, so whether
 * it is too late is asked here once more.
 */
static int on_handover(void *context, char *remote_ip, char *local_ip, int remote_port,
                       int local_port)
{
    struct call *call = context;
    struct exchange *exchange = call->exchange;
    struct calls *calls = call->calls;

    (void)local_ip, (void)remote_port;
    call->late = exchange->handovers == 0 && deadline_is_over(calls->send_before);
    if (call->late)
        return CURL_PREREQFUNC_ABORT;
    call->unclean = exchange->handovers == 0 && !take_connection(call, remote_ip, local_port);
    if (call->unclean || exchange->handovers++ > 0)
        return CURL_PREREQFUNC_ABORT;
    exchange->connection = call->connection ? connection_number(call->connection) : 0;
    call->head = (struct head){.is_http2 = call->is_http2};
    exchange->sent_ms = clock_wall_ms();
    exchange->sent_mono_ms = clock_mono_ms();
    note_departure(calls, exchange);
    return CURL_PREREQFUNC_OK;
}

/* Whether the request, whole, has arrived: what comes before that answers another one. The system
 * knows what the peer has acknowledged, of encrypted connections too. */
static bool has_arrived(const struct call *call)
{
    curl_off_t uploaded = 0;

    curl_easy_getinfo(call->handle, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    return (uint64_t)uploaded >= call->exchange->body.len &&
           (!call->connection || connection_is_acknowledged(call->connection));
}

/* Its answer may be another's. The connection may be used again before this call's end is known
 * here, so that is seen to at once. */
static void doubt(struct call *call)
{
    call->followed = true;
    if (call->connection)
        connection_retire(call->connection);
}

static bool begins_with(const char *words, size_t len, const char *beginning)
{
    return len >= strlen(beginning) && memcmp(words, beginning, strlen(beginning)) == 0;
}

static void take_goaway(struct call *call, uint32_t last_stream)
{
    struct calls *calls = call->calls;

    calls->goaways[calls->goaway_next] = (struct goaway){call->shared, last_stream};
    calls->goaway_next = (calls->goaway_next + 1) % GOAWAYS_KEPT;
}

/* Of HTTP/2. What is said of the connection is said to any of its calls. */
static void take_words(struct call *call, const char *words)
{
    unsigned number;

    if (sscanf(words, "Using Stream ID: %u", &number) == 1 ||
        sscanf(words, "[HTTP/2] [%u] OPENED", &number) == 1)
        call->stream = number;
    else if (sscanf(words, "recveived GOAWAY, error=%*d, last_stream=%u", &number) == 1 ||
             sscanf(words, "received GOAWAY, error=%*u, last_stream=%u", &number) == 1)
        take_goaway(call, number);
    else if (begins_with(words, strlen(words), "REFUSED_STREAM, "))
        call->refused = true;
    else if (begins_with(words, strlen(words), "Downgrades to HTTP/1.1"))
        call->wants_http1 = true;
}

/*
 * libcurl drops bytes behind the end of an answer, and tells it only in its words for people, so
 * these are listened to from the end of the head on: before, they would cost time. So it is with
 * what becomes of a stream of HTTP/2, from the beginning on.
 */
static int on_words(CURL *handle, curl_infotype type, char *words, size_t len, void *context)
{
    struct call *call = context;
    char text[WORDS_BYTES];

    (void)handle;
    if (type != CURLINFO_TEXT)
        return 0;
    if (begins_with(words, len, "Excess found") ||
        begins_with(words, len, "Leftovers after chunking"))
        doubt(call);
    if (call->is_http2) {
        snprintf(text, sizeof(text), "%.*s", (int)len, words);
        take_words(call, text);
    }
    return 0;
}

/* Interim answers may come while the request is still on its way. */
static bool take_line(struct call *call, const char *line, size_t len)
{
    bool had_status = call->head.has_final_status;

    if (!head_take(&call->head, line, len))
        return false;
    if (call->head.has_final_status && !had_status && !has_arrived(call)) {
        call->exchange->early = true;
        return false;
    }
    return true;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct call *call = context;
    size_t len = size * count;

    if (call->head.is_whole)
        return head_take(&call->head, bytes, len) ? len : 0; /* a trailer */
    if (!take_line(call, bytes, len))
        return 0;
    if (call->head.is_ambiguous && call->connection)
        connection_retire(call->connection);
    if (call->head.is_whole)
        curl_easy_setopt(call->handle, CURLOPT_VERBOSE, 1L);
    return len;
}

static size_t on_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct call *call = context;
    struct exchange *exchange = call->exchange;
    size_t len = size * count;

    exchange->oversized = len > EXCHANGE_ANSWER_BYTES - exchange->answer.len;
    if (exchange->oversized)
        return 0;
    buffer_append(&exchange->answer, bytes, len);
    return exchange->answer.failed ? 0 : len;
}

/* ---- the end of a call ---- */

/* Where a refusal comes with the beginning of an answer, libcurl drops that; but it keeps the
 * fields. */
static bool has_begun_answer(const struct call *call)
{
    return call->head.bytes > 0 ||
           curl_easy_nextheader(call->handle, CURLH_PSEUDO | CURLH_HEADER | CURLH_1XX, 0, NULL);
}

static bool is_above_last(const struct call *call)
{
    for (size_t i = 0; i < GOAWAYS_KEPT; i++) {
        const struct goaway *goaway = &call->calls->goaways[i];

        if (goaway->connection == call->shared && call->stream > goaway->last_stream)
            return true;
    }
    return false;
}

/*
 * Whether the gateway has said that it did not process the request (RFC 9113, section 8.7). libcurl
 * says it in words, and wants to repeat the request; but of the last stream of a connection, after
 * GOAWAY, it says that the connection failed.
 */
static bool is_refused(const struct call *call)
{
    return call->shared && (call->refused || is_above_last(call)) && !call->wants_http1 &&
           !has_begun_answer(call);
}

/* What ended a call after its request was handed to a connection. */
static enum transport transport_sent(const struct call *call, CURLcode code)
{
    const struct exchange *exchange = call->exchange;

    if (is_refused(call))
        return TRANSPORT_REFUSED;
    if (exchange->handovers > 1)
        return call->wants_http1 ? TRANSPORT_WANTS_HTTP1 : TRANSPORT_RESEND;
    if (exchange->early)
        return TRANSPORT_EARLY_ANSWER;
    if (call->followed)
        return TRANSPORT_EXCESS;
    if (exchange->oversized || call->head.is_large)
        return TRANSPORT_TOO_LARGE;
    if (call->head.is_odd)
        return TRANSPORT_NOT_HTTP;
    if (call->is_http2 && call->head.bytes == 0 && (code == CURLE_OK || code == CURLE_PARTIAL_FILE))
        return TRANSPORT_CLOSED;
    return code == CURLE_OK ? TRANSPORT_CUT : failure_sent(code);
}

/* The status line and fields of the last answer, of a cut one too. */
static void take_head(struct calls *calls, struct exchange *exchange, const struct head *head)
{
    exchange->http_status = head->status;
    exchange->server_ms = head_date_ms(head, &calls->date);
    exchange->retry_after_s = head_retry_after_s(head);
}

/* libcurl 7.88 says of some streams that were cut off that they ended well. */
static bool has_announced_length(const struct call *call)
{
    curl_off_t announced = -1, came = 0;

    curl_easy_getinfo(call->handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    curl_easy_getinfo(call->handle, CURLINFO_SIZE_DOWNLOAD_T, &came);
    return announced < 0 || announced == came;
}

static bool is_answered(const struct call *call, CURLcode code)
{
    return code == CURLE_OK && has_announced_length(call) && call->head.is_whole &&
           !call->exchange->early && !call->followed;
}

static void judge_phase(struct call *call, CURLcode code)
{
    struct exchange *exchange = call->exchange;
    curl_off_t uploaded = 0;

    if (exchange->handovers == 0) {
        exchange->phase = PHASE_NOT_SENT;
        exchange->transport = call->unclean ? TRANSPORT_UNCLEAN : failure_not_sent(code);
        if (call->lacks_http2)
            exchange->transport = TRANSPORT_NO_HTTP2;
        if (call->late)
            exchange->transport = TRANSPORT_WITHDRAWN;
        call->socket_error = failure_of_sockets(exchange->transport);
        if (call->socket_error)
            exchange->transport = TRANSPORT_SOCKET;
        return;
    }
    take_head(call->calls, exchange, &call->head);
    curl_easy_getinfo(call->handle, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    if ((uint64_t)uploaded < exchange->body.len && exchange->http_status != 0)
        exchange->early = true;
    /* Another call of this client has found meanwhile that the connection repeats answers. */
    if (call->connection && connection_is_retired(call->connection) && !call->head.is_ambiguous)
        call->followed = true;
    exchange->phase = is_answered(call, code) ? PHASE_ANSWERED : PHASE_SENT;
    exchange->transport =
        exchange->phase == PHASE_ANSWERED ? TRANSPORT_OK : transport_sent(call, code);
}

static void take_times(struct exchange *exchange)
{
    int64_t now_ms = clock_mono_ms();

    exchange->ended_ms = clock_wall_ms();
    if (exchange->handovers == 0) {
        exchange->sent_ms = exchange->ended_ms;
        exchange->sent_mono_ms = now_ms;
    }
    exchange->duration_ms = now_ms - exchange->sent_mono_ms;
}

/* Where it was we who said no, and where the words are of another connection than the one that the
 * request was put on, libcurl's words tell nothing, or the wrong thing. */
static bool has_words(const struct exchange *exchange)
{
    switch (exchange->transport) {
    case TRANSPORT_OK:
    case TRANSPORT_WITHDRAWN:
    case TRANSPORT_RESEND:
    case TRANSPORT_REFUSED:
    case TRANSPORT_WANTS_HTTP1:
    case TRANSPORT_UNCLEAN:
    case TRANSPORT_NO_HTTP2:
    case TRANSPORT_CLOSED:
    case TRANSPORT_EARLY_ANSWER:
    case TRANSPORT_EXCESS:
    case TRANSPORT_TOO_LARGE:
    case TRANSPORT_NOT_HTTP:
        return false;
    default:
        return true;
    }
}

static const char *words_of(const struct call *call, CURLcode code)
{
    if (call->socket_error)
        return strerror(call->socket_error);
    if (!has_words(call->exchange))
        return "";
    return call->calls->has_proxy || !call->words[0] ? curl_easy_strerror(code) : call->words;
}

/* A connection that does not answer in time may be dead: no further call waits for it, but those
 * that are on it do. */
static void leave(struct call *call)
{
    struct connections *connections = call->calls->connections;

    if (!call->shared)
        return;
    if (call->exchange->transport == TRANSPORT_TIMEOUT)
        connections_retire(connections, call->shared);
    connections_leave(connections, call->shared);
    call->shared = 0;
}

void call_end(struct call *call, CURLcode code)
{
    struct exchange *exchange = call->exchange;

    judge_phase(call, code);
    take_times(exchange);
    snprintf(exchange->detail, sizeof(exchange->detail), "%.*s", (int)sizeof(exchange->detail) - 1,
             words_of(call, code));
    if (exchange->phase != PHASE_ANSWERED && call->connection)
        connection_retire(call->connection);
    connections_rest(call->calls->connections, &call->connection);
    leave(call);
}

/* ---- the beginning ---- */

CURLcode call_set_up_model(CURL *model)
{
    CURLcode code = curl_easy_setopt(model, CURLOPT_PREREQFUNCTION, on_handover);

    if (code == CURLE_OK)
        code = curl_easy_setopt(model, CURLOPT_HEADERFUNCTION, on_header);
    if (code == CURLE_OK)
        code = curl_easy_setopt(model, CURLOPT_WRITEFUNCTION, on_answer);
    if (code == CURLE_OK)
        code = curl_easy_setopt(model, CURLOPT_DEBUGFUNCTION, on_words);
    return code;
}

static CURLcode set_up(struct call *call)
{
    const struct buffer *body = &call->exchange->body;
    CURL *handle = call->handle;
    CURLcode code = CURLE_OK;

#define SET(option, value)                                                                         \
    if (code == CURLE_OK)                                                                          \
    code = curl_easy_setopt(handle, option, value)

    SET(CURLOPT_PREREQDATA, call);
    SET(CURLOPT_HEADERDATA, call);
    SET(CURLOPT_WRITEDATA, call);
    SET(CURLOPT_DEBUGDATA, call);
    SET(CURLOPT_ERRORBUFFER, call->words);
    SET(CURLOPT_PRIVATE, call);
    SET(CURLOPT_POSTFIELDS, buffer_string(body));
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
    SET(CURLOPT_FRESH_CONNECT, call->fresh ? 1L : 0L);
    if (call->exchange->url.len) {
        SET(CURLOPT_CURLU, NULL); /* it would win */
        SET(CURLOPT_URL, buffer_string(&call->exchange->url));
    }
#undef SET
    return code;
}

CURLcode call_begin(struct call *call, CURL *model)
{
    call->words[0] = '\0';
    call->head = (struct head){0};
    call->connection = NULL;
    call->shared = 0;
    call->stream = 0;
    call->followed = call->unclean = call->late = false;
    call->is_http2 = call->refused = call->wants_http1 = call->lacks_http2 = false;
    if (call->calls->is_mixed)
        handle_keep_to_http1(model);
    call->keeps_to_http1 = call->calls->is_mixed;
    call->socket_error = 0;
    call->handle = curl_easy_duphandle(model);
    return call->handle ? set_up(call) : CURLE_OUT_OF_MEMORY;
}

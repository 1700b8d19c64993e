/* Unit tests of gateway/http/failure: how a call ended, and whether it was sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client_words.h"

static void assert_ends(const struct step *script, const char *body, enum transport transport,
                        int64_t timeout_ms)
{
    struct server *server = start_server("http", script, NULL);
    struct client *client = open_client(server->url, 1, NULL, timeout_ms);
    struct exchange exchange = {0};

    call(client, &exchange, body);
    assert_int_equal(exchange.phase, PHASE_SENT);
    assert_int_equal(exchange.transport, transport);
    client_close(client);
    stop_server(server);
    release(&exchange);
}

/* A call with a body of so many bytes is answered before all of them are there. */
static void assert_early(const struct step *script, size_t size)
{
    char *body = malloc(size);

    assert_non_null(body);
    memset(body, 'x', size);
    body[size - 1] = '\0';
    assert_ends(script, body, TRANSPORT_EARLY_ANSWER, PATIENCE_MS);
    free(body);
}

static void broken_answers_are_told_apart(void **state)
{
    static const struct step closes[] = {{READ, NULL}, {END, NULL}};
    static const struct step resets[] = {{READ, NULL}, {RESET, NULL}};
    static const struct step cuts[] = {
        {READ, NULL}, {SAY, HEAD "Content-Length: 50\r\n\r\n{\"is_success\""}, {END, NULL}};
    static const struct step cuts_a_chunk[] = {
        {READ, NULL}, {SAY, HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"is_"}, {END, NULL}};
    static const struct step no_last_chunk[] = {
        {READ, NULL}, {SAY, HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"}, {END, NULL}};
    static const struct step no_http[] = {{READ, NULL}, {SAY, "220 mail ready\r\n"}, {END, NULL}};
    static const struct step bare_json[] = {
        {READ, NULL}, {SAY, "{\"is_success\":true}"}, {END, NULL}};
    static const struct step large[] = {
        {READ, NULL}, {SAY, HEAD "Connection: close\r\n\r\n"}, {SAY_LARGE, NULL}, {END, NULL}};
    static const struct {
        const struct step *script;
        enum transport transport;
    } cases[] = {
        {closes, TRANSPORT_CLOSED},      {resets, TRANSPORT_RESET},
        {cuts, TRANSPORT_CUT},           {cuts_a_chunk, TRANSPORT_CUT},
        {no_last_chunk, TRANSPORT_CUT},  {no_http, TRANSPORT_NOT_HTTP},
        {bare_json, TRANSPORT_NOT_HTTP}, {large, TRANSPORT_TOO_LARGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_ends(cases[i].script, "x", cases[i].transport, PATIENCE_MS);
}

static void silence_after_hand_over_is_a_timeout(void **state)
{
    static const struct step stalls[] = {{READ, NULL}, {STALL, NULL}};
    static const struct step stalls_in_the_answer[] = {
        {READ, NULL}, {SAY, HEAD "Content-Length: 50\r\n\r\n{"}, {STALL, NULL}};

    (void)state;
    assert_ends(stalls, "x", TRANSPORT_TIMEOUT, 200);
    assert_ends(stalls_in_the_answer, "x", TRANSPORT_TIMEOUT, 200);
}

/* Goal: an answer to a request that has not left whole is none, whatever it says and however the
   upload goes on. */
static void answer_before_the_body_is_early(void **state)
{
    static const struct step answers_and_reads_nothing[] = {
        {READ_HEAD, NULL}, {SAY, ANSWER}, {AWAIT, NULL}};
    static const struct step refuses[] = {
        {READ_HEAD, NULL},
        {SAY, "HTTP/1.1 413 X\r\nConnection: close\r\nContent-Length: 1\r\n\r\n."},
        {AWAIT, NULL}};
    static const struct step refuses_without_a_word[] = {
        {READ_HEAD, NULL},
        {SAY, "HTTP/1.1 413 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
        {AWAIT, NULL}};

    (void)state;
    assert_early(answers_and_reads_nothing, (size_t)32 << 20);
    assert_early(refuses, (size_t)32 << 20);
    assert_early(refuses_without_a_word, (size_t)32 << 20);
}

/* Goal: an answer is none to a request that waits in the system's buffers for a peer that takes no
 * more, though libcurl has sent it whole. */
static void answer_before_the_request_has_arrived_is_early(void **state)
{
    static const struct step answers_from_the_head[] = {
        {READ_HEAD, NULL}, {SAY, ANSWER}, {AWAIT, NULL}};

    (void)state;
    /* More than the peer's window, less than the system takes from us. */
    assert_early(answers_from_the_head, 200000);
}

/* Goal: an answer that begins early stays early though the server reads the rest of the body. */
static void early_answer_stays_early_when_the_body_follows(void **state)
{
    static const struct step script[] = {{READ_HEAD, NULL},
                                         {SAY, HEAD "Content-Length: 4\r\n\r\n{}"},
                                         {READ, NULL},
                                         {SAY, "  "},
                                         {END, NULL}};

    (void)state;
    assert_early(script, (size_t)32 << 20);
}

static void assert_not_sent(const char *url, const char *ca_file, enum transport transport,
                            int64_t timeout_ms)
{
    struct client *client = open_client(url, 1, ca_file, timeout_ms);
    struct exchange exchange = {0};

    call(client, &exchange, "x");
    assert_int_equal(exchange.phase, PHASE_NOT_SENT);
    assert_int_equal(exchange.transport, transport);
    assert_int_equal(exchange.handovers, 0);
    assert_int_equal(exchange.http_status, 0);
    assert_true(exchange.sent_ms > 0);
    assert_int_equal(exchange.duration_ms, 0);
    assert_true(exchange.detail[0]);
    client_close(client);
    release(&exchange);
}

static void refused_connection_is_not_sent(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int bound = socket(AF_INET, SOCK_STREAM, 0); /* and never listened on */
    char url[64];

    (void)state;
    assert_int_equal(bind(bound, (struct sockaddr *)&address, len), 0);
    getsockname(bound, (struct sockaddr *)&address, &len);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(address.sin_port));
    assert_not_sent(url, NULL, TRANSPORT_CONNECT, PATIENCE_MS);
    close(bound);
}

static void failed_name_lookup_is_not_sent(void **state)
{
    (void)state;
    assert_not_sent("http://a-label-of-more-than-63-characters-which-no-resolver-can-look-up-at-"
                    "all.invalid/",
                    NULL, TRANSPORT_LOOKUP, PATIENCE_MS);
}

static void failed_handshake_is_not_sent(void **state)
{
    static const struct step speaks_no_tls[] = {{SAY, "HTTP/1.1 400 X\r\n\r\n"}, {END, NULL}};
    static const struct step closes[] = {{END, NULL}};
    static const struct step stalls[] = {{STALL, NULL}};
    static const struct {
        const struct step *script;
        enum transport transport;
        int64_t timeout_ms;
    } cases[] = {{speaks_no_tls, TRANSPORT_TLS, PATIENCE_MS},
                 {closes, TRANSPORT_TLS, PATIENCE_MS},
                 {stalls, TRANSPORT_CONNECT, 200}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct server *server = start_server("https", cases[i].script, NULL);
        assert_not_sent(server->url, NULL, cases[i].transport, cases[i].timeout_ms);
        stop_server(server);
    }
}

static void proxy_that_refuses_is_not_sent(void **state)
{
    static const struct step refuses[] = {
        {READ_HEAD, NULL},
        {SAY, "HTTP/1.1 403 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
        {END, NULL}};
    static const struct step closes[] = {{READ_HEAD, NULL}, {END, NULL}};
    const struct step *scripts[] = {refuses, closes};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct server *server = start_server("http", scripts[i], NULL);
        proxy_in_force = server->url;
        assert_not_sent("https://gateway.invalid/", NULL, TRANSPORT_PROXY, PATIENCE_MS);
        proxy_in_force = NULL;
        stop_server(server);
    }
}

static void proxy_that_is_not_found_is_not_sent(void **state)
{
    (void)state;
    proxy_in_force =
        "http://a-label-of-more-than-63-characters-which-no-resolver-can-look-up-at-all."
        "invalid:1";
    assert_not_sent("https://gateway.invalid/", NULL, TRANSPORT_PROXY, PATIENCE_MS);
    proxy_in_force = NULL;
}

/* Goal: a trusted certificate for this host is spoken to, an untrusted one, one of another host and
   an unreadable CA file are told from other failures. */
static void certificate_must_be_trusted_and_of_this_host(void **state)
{
    static const struct step script[] = {{HANDSHAKE, NULL}, {READ, NULL},  {SAY, ANSWER},
                                         {READ, NULL},      {SAY, ANSWER}, {END, NULL}};
    char path[] = "/tmp/claimbatch-test-ca-XXXXXX";
    struct server *server = start_server("https", script, NULL);
    struct client *client = NULL;
    struct exchange exchange = {0};

    (void)state;
    close(mkstemp(path));
    server->tls = make_tls("IP:127.0.0.1", path);
    client = open_client(server->url, 1, path, PATIENCE_MS);
    for (int i = 0; i < 2; i++) {
        call(client, &exchange, "x");
        assert_int_equal(exchange.phase, PHASE_ANSWERED);
    }
    assert_int_equal(server->connection_count, 1);
    client_close(client);
    assert_not_sent(server->url, NULL, TRANSPORT_CERTIFICATE, PATIENCE_MS);
    assert_not_sent(server->url, "/nonexistent/ca.pem", TRANSPORT_CERTIFICATE, PATIENCE_MS);
    stop_server(server);

    server = start_server("https", script, NULL);
    server->tls = make_tls("IP:127.0.0.2", path);
    assert_not_sent(server->url, path, TRANSPORT_CERTIFICATE, PATIENCE_MS);
    stop_server(server);
    unlink(path);
    release(&exchange);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_answers_are_told_apart),
        cmocka_unit_test(silence_after_hand_over_is_a_timeout),
        cmocka_unit_test(answer_before_the_body_is_early),
        cmocka_unit_test(answer_before_the_request_has_arrived_is_early),
        cmocka_unit_test(early_answer_stays_early_when_the_body_follows),
        cmocka_unit_test(refused_connection_is_not_sent),
        cmocka_unit_test(failed_name_lookup_is_not_sent),
        cmocka_unit_test(failed_handshake_is_not_sent),
        cmocka_unit_test(proxy_that_refuses_is_not_sent),
        cmocka_unit_test(proxy_that_is_not_found_is_not_sent),
        cmocka_unit_test(certificate_must_be_trusted_and_of_this_host),
    };

    return cmocka_run_group_tests_name("failure", tests, start_library, stop_library);
}

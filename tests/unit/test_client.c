/* Unit tests of gateway/http/client: what goes out and comes back, recall and wake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "client_words.h"

/* Goal: method, path, header and body are those of protocol section 2, and what came is told. */
static void call_sends_a_form_and_brings_the_answer(void **state)
{
    static const struct step script[] = {
        {READ, NULL}, {SAY, HEAD "Retry-After: 7\r\nContent-Length: 2\r\n\r\n{}"}, {END, NULL}};
    struct server *server = start_server("http", script, NULL);
    struct client *client = open_client(server->url, 1, NULL, PATIENCE_MS);
    struct exchange exchange = {0};

    (void)state;
    call(client, &exchange, "a=1&b=%E4%BD%A0");
    assert_int_equal(exchange.phase, PHASE_ANSWERED);
    assert_int_equal(exchange.transport, TRANSPORT_OK);
    assert_int_equal(exchange.http_status, 200);
    assert_string_equal(buffer_string(&exchange.answer), "{}");
    assert_int_equal(exchange.retry_after_s, 7);
    assert_int_equal(exchange.server_ms, INT64_C(1670774400000));
    assert_true(exchange.sent_ms > INT64_C(1670774400000));
    assert_true(exchange.sent_mono_ms > 0 && exchange.duration_ms >= 0);
    assert_string_equal(exchange.detail, "");

    assert_ptr_equal(strstr(server->request, "POST /router/rest HTTP/1.1\r\n"), server->request);
    assert_non_null(strstr(server->request,
                           "Content-Type: application/x-www-form-urlencoded;charset=utf-8\r\n"));
    assert_non_null(strstr(server->request, "User-Agent: claimbatch-test\r\n"));
    assert_null(strstr(server->request, "Expect"));
    assert_non_null(strstr(server->request, "Accept-Encoding: identity\r\n"));
    assert_string_equal(strstr(server->request, "\r\n\r\n") + 4, "a=1&b=%E4%BD%A0");
    client_close(client);
    stop_server(server);
    release(&exchange);
}

static void retry_after_may_be_a_date(void **state)
{
    static const struct {
        const char *answer;
        bool in_future;
        int64_t seconds;
    } cases[] = {
        {"HTTP/1.1 429 X\r\nContent-Length: 0\r\n\r\n", false, -1},
        {"HTTP/1.1 429 X\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n", false, 0},
        {"HTTP/1.1 429 X\r\nRetry-After: 20221212\r\nContent-Length: 0\r\n\r\n", false, 20221212},
        {"HTTP/1.1 429 X\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", false, -1},
        {"HTTP/1.1 429 X\r\nRetry-After: Sun, 11 Dec 2022 16:00:00 GMT\r\nContent-Length: "
         "0\r\n\r\n",
         false, 0},
        {"HTTP/1.1 429 X\r\nRetry-After: Fri, 11 Dec 2099 16:00:00 GMT\r\nContent-Length: "
         "0\r\n\r\n",
         true, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct step script[] = {{READ, NULL}, {SAY, cases[i].answer}, {END, NULL}};
        struct server *server = start_server("http", script, NULL);
        struct client *client = open_client(server->url, 1, NULL, PATIENCE_MS);
        struct exchange exchange = {0};

        call(client, &exchange, "x");
        assert_int_equal(exchange.http_status, 429);
        assert_int_equal(exchange.server_ms, -1);
        if (cases[i].in_future)
            assert_true(exchange.retry_after_s > 86400);
        else
            assert_int_equal(exchange.retry_after_s, cases[i].seconds);
        client_close(client);
        stop_server(server);
        release(&exchange);
    }
}

/* Goal: a header line that continues none is no HTTP, and does not reach into the headers of the
 * call before, on the same slot: libcurl 7.88.1 frees those twice. */
static void header_line_that_begins_with_a_blank_harms_nothing(void **state)
{
    static const char *const heads[] = {
        "HTTP/1.1 200 OK\r\n Server: x\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\n\tServer: x\r\n y\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 100 X\r\n Server: x\r\n\r\n" ANSWER,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        const struct step odd[] = {{READ, NULL}, {SAY, ANSWER},   {READ, NULL}, {SAY, ANSWER},
                                   {READ, NULL}, {SAY, heads[i]}, {END, NULL}};
        struct server *server = start_server("http", odd, answering);
        struct client *client = open_client(server->url, 1, NULL, PATIENCE_MS);
        struct exchange exchange = {0};

        for (int call_number = 0; call_number < 5; call_number++) {
            call(client, &exchange, "x");
            assert_int_equal(exchange.phase, call_number == 2 ? PHASE_SENT : PHASE_ANSWERED);
            assert_int_equal(exchange.transport,
                             call_number == 2 ? TRANSPORT_NOT_HTTP : TRANSPORT_OK);
        }
        client_close(client);
        stop_server(server);
        release(&exchange);
    }
}

static void redirect_is_not_followed(void **state)
{
    static const struct step script[] = {
        {READ, NULL},
        {SAY, "HTTP/1.1 307 X\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"},
        {AGAIN, NULL}};
    struct server *server = start_server("http", script, NULL);
    struct client *client = open_client(server->url, 1, NULL, PATIENCE_MS);
    struct exchange exchange = {0};

    (void)state;
    call(client, &exchange, "x");
    assert_int_equal(exchange.phase, PHASE_ANSWERED);
    assert_int_equal(exchange.http_status, 307);
    assert_int_equal(server->request_count, 1);
    client_close(client);
    stop_server(server);
    release(&exchange);
}

/* Goal: a server that reads a whole request on a reused connection, executes it and closes without
   an answer makes libcurl send it again; it must not come to that. */
static void request_is_never_sent_a_second_time(void **state)
{
    static const struct step executes_the_second_and_closes[] = {
        {READ, NULL}, {SAY, ANSWER}, {READ, NULL}, {END, NULL}};
    static const struct step executes_the_second_and_resets[] = {
        {READ, NULL}, {SAY, ANSWER}, {READ, NULL}, {RESET, NULL}};
    const struct step *firsts[] = {executes_the_second_and_closes, executes_the_second_and_resets};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct server *server = start_server("http", firsts[i], answering);
        struct client *client = open_client(server->url, 1, NULL, PATIENCE_MS);
        struct exchange exchange = {0};

        call(client, &exchange, "first");
        assert_int_equal(exchange.phase, PHASE_ANSWERED);
        call(client, &exchange, "second");
        assert_int_equal(exchange.phase, PHASE_SENT);
        assert_int_equal(exchange.transport, TRANSPORT_RESEND);
        assert_int_equal(exchange.handovers, 2);
        assert_true(exchange.sent_mono_ms > 0);
        assert_int_equal(server->request_count, 2);
        call(client, &exchange, "third");
        assert_int_equal(exchange.phase, PHASE_ANSWERED);
        assert_int_equal(server->request_count, 3);
        assert_non_null(strstr(server->request, "\r\n\r\nthird"));
        client_close(client);
        stop_server(server);
        release(&exchange);
    }
}

/* As after a SIGSTOP, or where the whole machine was: the answer is there, and is read. */
static void time_in_which_it_was_stopped_does_not_count(void **state)
{
    static const struct step answers_when_told[] = {
        {READ, NULL}, {AWAIT, NULL}, {SAY, ANSWER}, {END, NULL}};
    struct server *server = start_server("http", answers_when_told, NULL);
    struct client *client = open_client(server->url, 1, NULL, 1500);
    struct exchange exchange = {0};

    (void)state;
    fill(&exchange, "x");
    client_send(client, &exchange);
    while (server->request_count < 1)
        assert_null(client_collect(client, 1));
    server_go_on(server);
    sleep(3);
    collect(client, 1);
    assert_int_equal(exchange.phase, PHASE_ANSWERED);
    client_close(client);
    stop_server(server);
    release(&exchange);
}

/* Goal: a recall withdraws what is not handed over, and only that. */
static void recall_withdraws_only_what_has_not_left(void **state)
{
    static const struct step handshake_never_ends[] = {{STALL, NULL}};
    static const struct step answers_when_told[] = {
        {READ, NULL}, {AWAIT, NULL}, {SAY, ANSWER}, {END, NULL}};
    struct server *mute = start_server("https", handshake_never_ends, NULL);
    struct server *slow = start_server("http", answers_when_told, NULL);
    struct client *to_mute = open_client(mute->url, 3, NULL, PATIENCE_MS);
    struct client *to_slow = open_client(slow->url, 2, NULL, PATIENCE_MS);
    struct exchange exchanges[3] = {0}, left = {0}, fresh = {0};

    (void)state;
    for (int i = 0; i < 3; i++) {
        fill(&exchanges[i], "x");
        client_send(to_mute, &exchanges[i]);
    }
    while (mute->connection_count < 3)
        assert_null(client_collect(to_mute, 1));
    client_recall(to_mute);
    collect(to_mute, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(exchanges[i].phase, PHASE_NOT_SENT);
        assert_int_equal(exchanges[i].transport, TRANSPORT_WITHDRAWN);
    }

    fill(&left, "left");
    client_send(to_slow, &left);
    while (slow->request_count < 1)
        assert_null(client_collect(to_slow, 1));
    fill(&fresh, "fresh");
    client_send(to_slow, &fresh); /* not driven yet */
    client_recall(to_slow);
    assert_ptr_equal(client_collect(to_slow, PATIENCE_MS), &fresh);
    assert_int_equal(fresh.transport, TRANSPORT_WITHDRAWN);
    server_go_on(slow);
    collect(to_slow, 1);
    assert_int_equal(left.phase, PHASE_ANSWERED);
    assert_int_equal(slow->request_count, 1);

    client_close(to_mute);
    client_close(to_slow);
    stop_server(mute);
    stop_server(slow);
    for (int i = 0; i < 3; i++)
        release(&exchanges[i]);
    release(&left);
    release(&fresh);
}

static void *wake(void *client)
{
    client_wake(client);
    return NULL;
}

/* Goal: a wake ends the wait, also one that begins after it. */
static void wake_ends_the_wait(void **state)
{
    struct client *client = open_client("http://127.0.0.1:1/", 1, NULL, PATIENCE_MS);
    pthread_t thread;

    (void)state;
    client_wake(client);
    assert_null(client_collect(client, INT32_MAX));
    pthread_create(&thread, NULL, wake, client);
    assert_null(client_collect(client, INT32_MAX));
    pthread_join(thread, NULL);
    client_close(client);
    client_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(call_sends_a_form_and_brings_the_answer),
        cmocka_unit_test(retry_after_may_be_a_date),
        cmocka_unit_test(header_line_that_begins_with_a_blank_harms_nothing),
        cmocka_unit_test(redirect_is_not_followed),
        cmocka_unit_test(request_is_never_sent_a_second_time),
        cmocka_unit_test(time_in_which_it_was_stopped_does_not_count),
        cmocka_unit_test(recall_withdraws_only_what_has_not_left),
        cmocka_unit_test(wake_ends_the_wait),
    };

    return cmocka_run_group_tests_name("client", tests, start_library, stop_library);
}

/* Unit tests of gateway/http/connections: which are kept, and which are clean enough for another
 * request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client_words.h"

/* Goal: as many connections as calls in flight, and they are kept for all later calls. */
static void connections_are_kept_for_every_slot(void **state)
{
    static const struct step script[] = {{READ, NULL}, {AWAIT, NULL}, {SAY, ANSWER}, {AGAIN, NULL}};
    struct server *server = start_server("http", script, NULL);
    struct client *client = open_client(server->url, 64, NULL, PATIENCE_MS);
    struct exchange *exchanges = calloc(64, sizeof(*exchanges));

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 64; i++) {
            fill(&exchanges[i], "x");
            client_send(client, &exchanges[i]);
        }
        while (server->request_count < 64 * (round + 1))
            assert_null(client_collect(client, 1));
        for (int i = 0; i < 64; i++)
            server_go_on(server);
        collect(client, 64);
        for (int i = 0; i < 64; i++) {
            assert_int_equal(exchanges[i].phase, PHASE_ANSWERED);
            assert_int_equal(exchanges[i].handovers, 1);
        }
        assert_int_equal(server->connection_count, 64);
    }
    client_close(client);
    stop_server(server);
    for (int i = 0; i < 64; i++)
        release(&exchanges[i]);
    free(exchanges);
}

/* The first call is answered on the first connection; what happens there before the second one is
 * to keep that from being used. */
static void assert_second_call_is_on_a_new_connection(struct server *server, const char *ca_file)
{
    struct client *client = open_client(server->url, 1, ca_file, PATIENCE_MS);
    struct exchange exchange = {0};

    for (int i = 0; i < 3; i++) {
        call(client, &exchange, i ? "later" : "first");
        assert_int_equal(exchange.phase, PHASE_ANSWERED);
        assert_int_equal(exchange.handovers, 1);
        assert_string_equal(buffer_string(&exchange.answer), "{}");
        assert_int_equal(server->request_count, i + 1);
        assert_int_equal(server->connection_count, i ? 2 : 1);
        if (i == 0)
            await_arrival(server);
    }
    client_close(client);
    stop_server(server);
    release(&exchange);
}

/* Goal: an answer that was there before the request is not the answer to it. */
static void answer_that_nobody_asked_for_is_not_taken(void **state)
{
    static const struct step first[] = {{READ, NULL}, {SAY, ANSWER},  {AWAIT, NULL},
                                        {SAY, STRAY}, {ARRIVE, NULL}, {STALL, NULL}};

    (void)state;
    assert_second_call_is_on_a_new_connection(start_server("http", first, answering), NULL);
}

/* Goal: a server that closes idle connections makes no row unknown. */
static void connection_that_was_closed_while_idle_is_not_used(void **state)
{
    static const struct step first[] = {{READ, NULL},    {SAY, ANSWER},  {AWAIT, NULL},
                                        {HANG_UP, NULL}, {ARRIVE, NULL}, {STALL, NULL}};

    (void)state;
    assert_second_call_is_on_a_new_connection(start_server("http", first, answering), NULL);
}

/* Goal: bytes behind the end of an answer, in one piece with it, make it unknown, and its
 * connection is not used again. */
static void answer_with_bytes_behind_its_end_is_not_believed(void **state)
{
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    static const char *const answers[] = {
        ANSWER ANSWER,  ANSWER "x",  CHUNKED CHUNKED,
        CHUNKED "\r\n", ANSWER "\n", HEAD "Content-Length: 0\r\n\r\n" ANSWER,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct step script[] = {{READ, NULL}, {SAY, answers[i]}, {STALL, NULL}};
        struct server *server = start_server("http", script, answering);
        struct client *client = open_client(server->url, 1, NULL, PATIENCE_MS);
        struct exchange exchange = {0};

        call(client, &exchange, "x");
        assert_int_equal(exchange.phase, PHASE_SENT);
        assert_int_equal(exchange.transport, TRANSPORT_EXCESS);
        call(client, &exchange, "x");
        assert_int_equal(exchange.phase, PHASE_ANSWERED);
        assert_int_equal(server->connection_count, 2);
        client_close(client);
        stop_server(server);
        release(&exchange);
    }
}

/* The tags of suspect calls, of a client of one slot. */
static size_t suspicions(struct client *client, uint64_t tags[CLIENT_SUSPICIONS(1)])
{
    return client_suspicions(client, tags);
}

/* Goal: bytes that come unasked make the call before them suspect, whether they are seen while the
 * connection is idle, when it is to be used again, or at the end; a farewell does not. */
static void bytes_that_nobody_asked_for_make_the_answer_before_suspect(void **state)
{
    static const struct step stray[] = {{READ, NULL}, {SAY, ANSWER},  {AWAIT, NULL},
                                        {SAY, STRAY}, {ARRIVE, NULL}, {STALL, NULL}};
    static const struct step leaves[] = {{READ, NULL},    {SAY, ANSWER},  {AWAIT, NULL},
                                         {HANG_UP, NULL}, {ARRIVE, NULL}, {STALL, NULL}};
    enum { WHILE_IDLE, WHEN_USED, AT_THE_END, MOMENTS };

    (void)state;
    for (int i = 0; i < 2 * MOMENTS; i++) {
        struct server *server = start_server("http", i < MOMENTS ? stray : leaves, answering);
        struct client *client = open_client(server->url, 1, NULL, PATIENCE_MS);
        struct exchange exchange = {.tag = 77};
        uint64_t tags[CLIENT_SUSPICIONS(1)];
        size_t count = 0;

        call(client, &exchange, "x");
        assert_int_equal(exchange.phase, PHASE_ANSWERED);
        assert_int_equal(suspicions(client, tags), 0);
        await_arrival(server);
        exchange.tag = 78;
        if (i % MOMENTS == WHILE_IDLE)
            assert_null(client_collect(client, PATIENCE_MS));
        else if (i % MOMENTS == WHEN_USED)
            call(client, &exchange, "x");
        else
            client_last_look(client);
        count = suspicions(client, tags);
        assert_int_equal(count, i < MOMENTS);
        if (count)
            assert_int_equal(tags[0], 77);
        call(client, &exchange, "x");
        assert_int_equal(exchange.phase, PHASE_ANSWERED);
        assert_int_equal(server->connection_count, 2);
        assert_int_equal(suspicions(client, tags), 0);
        client_close(client);
        stop_server(server);
        release(&exchange);
    }
}

/* Goal: all tags of a call are suspect with it, and only those of the last one on the connection;
 * as many departures are told; and it goes to its own address. */
static void call_of_several_tags_is_suspect_as_a_whole(void **state)
{
    static const struct step stray[] = {{READ, NULL},   {SAY, ANSWER}, {READ, NULL},
                                        {SAY, ANSWER},  {AWAIT, NULL}, {SAY, STRAY},
                                        {ARRIVE, NULL}, {STALL, NULL}};
    struct server *server = start_server("http", stray, answering);
    struct client *client = open_client_of(3, server->url, 1, NULL, PATIENCE_MS);
    struct exchange third = {.tag = 79}, second = {.tag = 78, .company = &third};
    struct exchange first = {.tag = 77, .company = &second};
    struct departure departure;
    uint64_t tags[CLIENT_SUSPICIONS(3)];

    (void)state;
    buffer_format(&first.url, "%s/elsewhere?v=2", server->url);
    call(client, &first, "x");
    assert_int_equal(client_departures(client, &departure), 1);
    assert_int_equal(departure.tags, 3);
    assert_non_null(strstr(server->request, "/elsewhere?v=2 HTTP/1.1"));
    first.company = NULL;
    second.company = NULL;
    call(client, &second, "x");
    assert_int_equal(client_departures(client, &departure), 1);
    assert_int_equal(departure.tags, 1);
    assert_null(strstr(server->request, "elsewhere"));
    first.tag = 80;
    await_arrival(server);
    client_last_look(client);
    assert_int_equal(client_suspicions(client, tags), 1);
    assert_int_equal(tags[0], 78);
    client_close(client);
    stop_server(server);
    release(&first);
    release(&second);

    server = start_server("http", stray + 2, answering);
    client = open_client_of(3, server->url, 1, NULL, PATIENCE_MS);
    second = (struct exchange){.tag = 78, .company = &third};
    call(client, &second, "x");
    await_arrival(server);
    client_last_look(client);
    assert_int_equal(client_suspicions(client, tags), 2);
    assert_int_equal(tags[0], 78);
    assert_int_equal(tags[1], 79);
    client_close(client);
    stop_server(server);
    release(&second);
}

/* Goal: a connection that is retired is not used for a further call. */
static void retired_connection_is_not_used_again(void **state)
{
    struct server *server = start_server("http", answering, NULL);
    struct client *client = open_client(server->url, 1, NULL, PATIENCE_MS);
    struct exchange exchange = {0};
    uint64_t first, tags[CLIENT_SUSPICIONS(1)];

    (void)state;
    call(client, &exchange, "x");
    first = exchange.connection;
    assert_true(first > 0);
    call(client, &exchange, "x");
    assert_int_equal(exchange.connection, first);
    client_retire(client, first);
    call(client, &exchange, "x");
    assert_int_equal(exchange.phase, PHASE_ANSWERED);
    assert_true(exchange.connection != first);
    assert_int_equal(server->connection_count, 2);
    assert_int_equal(suspicions(client, tags), 0);
    client_close(client);
    stop_server(server);
    release(&exchange);
}

/* Goal: the same holds for what comes encrypted; and a session ticket, which comes before the first
   answer, is not taken for that. */
static void stray_bytes_of_tls_keep_a_connection_from_being_used(void **state)
{
    static const struct step says_more[] = {{HANDSHAKE, NULL}, {READ, NULL}, {SAY, ANSWER},
                                            {AWAIT, NULL},     {SAY, STRAY}, {ARRIVE, NULL},
                                            {STALL, NULL}};
    static const struct step hangs_up[] = {{HANDSHAKE, NULL}, {READ, NULL},    {SAY, ANSWER},
                                           {AWAIT, NULL},     {HANG_UP, NULL}, {ARRIVE, NULL},
                                           {STALL, NULL}};
    static const struct step answers[] = {{HANDSHAKE, NULL}, {READ, NULL},  {SAY, ANSWER},
                                          {READ, NULL},      {SAY, ANSWER}, {END, NULL}};
    const struct step *firsts[] = {says_more, hangs_up};
    char path[] = "/tmp/claimbatch-test-ca-XXXXXX";

    (void)state;
    close(mkstemp(path));
    for (size_t i = 0; i < 2; i++) {
        struct server *server = start_server("https", firsts[i], answers);

        server->tls = make_tls("IP:127.0.0.1", path);
        assert_second_call_is_on_a_new_connection(server, path);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_are_kept_for_every_slot),
        cmocka_unit_test(answer_that_nobody_asked_for_is_not_taken),
        cmocka_unit_test(connection_that_was_closed_while_idle_is_not_used),
        cmocka_unit_test(answer_with_bytes_behind_its_end_is_not_believed),
        cmocka_unit_test(bytes_that_nobody_asked_for_make_the_answer_before_suspect),
        cmocka_unit_test(call_of_several_tags_is_suspect_as_a_whole),
        cmocka_unit_test(retired_connection_is_not_used_again),
        cmocka_unit_test(stray_bytes_of_tls_keep_a_connection_from_being_used),
    };

    return cmocka_run_group_tests_name("connections", tests, start_library, stop_library);
}

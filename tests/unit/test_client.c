/* Unit tests of gateway/client against scripted servers on loopback sockets. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/error.h"
#include "gateway/http/client.h"

#define PATIENCE_MS 10000 /* a test that waits longer has failed */

/* ---- the scripted server: each connection has a thread and a script ---- */

enum action {
    END, /* closes */
    READ,
    READ_HEAD, /* the header and what of the body came with it */
    SAY,
    SAY_LARGE, /* a chunk of 64 KiB of blanks, 17 times */
    RESET,
    STALL,   /* until the peer closes */
    AWAIT,   /* until the test calls server_go_on, or stops the server */
    ARRIVE,  /* until the client's system has all that was said; counted as arrived */
    HANG_UP, /* no more will be said; the connection stays half open */
    HANDSHAKE,
    AGAIN, /* from the beginning */
};

struct step {
    enum action action;
    const char *text;
};

#define SCRIPTS_MAX 4
#define CONNECTIONS_MAX 128
#define REQUEST_BYTES 4096

struct server {
    int listener;
    int port;
    char url[64];
    const struct step
        *scripts[SCRIPTS_MAX]; /* of the first, second, … connection; the last again */
    size_t script_count;
    SSL_CTX *tls;
    int go_on[2];
    pthread_t thread;
    pthread_t connections[CONNECTIONS_MAX];
    atomic_int connection_count, request_count, arrived_count;
    pthread_mutex_t lock;        /* of `request`, between connections */
    char request[REQUEST_BYTES]; /* the last one read whole */
};

struct connection {
    struct server *server;
    const struct step *script;
    int fd;
    SSL *tls;
};

static ssize_t receive(struct connection *connection, char *bytes, size_t size)
{
    if (connection->tls)
        return SSL_read(connection->tls, bytes, (int)size);
    return recv(connection->fd, bytes, size, 0);
}

static void say(struct connection *connection, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t sent = connection->tls ? SSL_write(connection->tls, text, (int)len)
                                       : send(connection->fd, text, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        text += sent;
        len -= (size_t)sent;
    }
}

static bool read_request(struct connection *connection, bool whole)
{
    char *request = calloc(1, REQUEST_BYTES), *body = NULL;
    size_t used = 0, total = SIZE_MAX;

    while (used < total) {
        char rest[65536];
        char *to = used < REQUEST_BYTES - 1 ? request + used : rest;
        size_t room = to == rest ? sizeof(rest) : REQUEST_BYTES - 1 - used;
        ssize_t got = receive(connection, to, room);

        if (got <= 0)
            break;
        used += (size_t)got;
        body = body ? body : strstr(request, "\r\n\r\n");
        if (body && total == SIZE_MAX)
            total = whole ? (size_t)(body - request) + 4 +
                                strtoul(strstr(request, "Content-Length:") + 15, NULL, 10)
                          : 0;
    }
    if (used >= total && total != SIZE_MAX) {
        pthread_mutex_lock(&connection->server->lock);
        memcpy(connection->server->request, request, REQUEST_BYTES);
        pthread_mutex_unlock(&connection->server->lock);
        connection->server->request_count++;
    }
    free(request);
    return used >= total && total != SIZE_MAX;
}

static void say_large(struct connection *connection)
{
    static char chunk[65536];

    memset(chunk, ' ', sizeof(chunk));
    for (int i = 0; i < 17; i++)
        say(connection, chunk, sizeof(chunk));
}

static bool handshake(struct connection *connection)
{
    connection->tls = SSL_new(connection->server->tls);
    SSL_set_fd(connection->tls, connection->fd);
    return SSL_accept(connection->tls) == 1;
}

static void reset_on_close(int fd)
{
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
}

static bool arrive(struct connection *connection)
{
    int queued = 1;

    while (ioctl(connection->fd, SIOCOUTQ, &queued) == 0 && queued > 0)
        poll(NULL, 0, 1);
    connection->server->arrived_count++;
    return true;
}

static bool play_step(struct connection *connection, const struct step *step)
{
    char byte = 0;

    switch (step->action) {
    case READ:
    case READ_HEAD:
        return read_request(connection, step->action == READ);
    case SAY:
        say(connection, step->text, strlen(step->text));
        return true;
    case SAY_LARGE:
        say_large(connection);
        return true;
    case RESET:
        reset_on_close(connection->fd);
        return false;
    case STALL:
        poll(&(struct pollfd){connection->fd, POLLRDHUP, 0}, 1, PATIENCE_MS);
        return false;
    case AWAIT:
        return read(connection->server->go_on[0], &byte, 1) == 1;
    case ARRIVE:
        return arrive(connection);
    case HANG_UP:
        return shutdown(connection->fd, SHUT_WR) == 0;
    case HANDSHAKE:
        return handshake(connection);
    case END:
    case AGAIN:
        break;
    }
    return false;
}

static void *serve_connection(void *context)
{
    struct connection *connection = context;
    const struct step *step = connection->script;

    while (step->action != END && play_step(connection, step)) {
        step++;
        if (step->action == AGAIN)
            step = connection->script;
    }
    SSL_free(connection->tls);
    close(connection->fd);
    free(connection);
    return NULL;
}

static void *serve(void *context)
{
    struct server *server = context;
    int fd = -1;

    while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
        struct connection *connection = calloc(1, sizeof(*connection));
        size_t number = (size_t)server->connection_count;
        size_t script = number < server->script_count ? number : server->script_count - 1;

        *connection = (struct connection){server, server->scripts[script], fd, NULL};
        if (number == CONNECTIONS_MAX)
            abort();
        pthread_create(&server->connections[number], NULL, serve_connection, connection);
        server->connection_count++;
    }
    return NULL;
}

static struct server *start_server(const char *scheme, const struct step *first,
                                   const struct step *second)
{
    struct server *server = calloc(1, sizeof(*server));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int small = 4096;

    assert_non_null(server);
    pthread_mutex_init(&server->lock, NULL);
    server->scripts[0] = first;
    server->scripts[1] = second;
    server->script_count = second ? 2 : 1;
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(server->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(server->listener, 128), 0);
    getsockname(server->listener, (struct sockaddr *)&address, &len);
    server->port = ntohs(address.sin_port);
    snprintf(server->url, sizeof(server->url), "%s://127.0.0.1:%d/router/rest", scheme,
             server->port);
    assert_int_equal(pipe(server->go_on), 0);
    pthread_create(&server->thread, NULL, serve, server);
    return server;
}

static void server_go_on(struct server *server)
{
    assert_int_equal(write(server->go_on[1], "", 1), 1);
}

static void stop_server(struct server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->go_on[1]);
    for (int i = 0; i < server->connection_count; i++)
        pthread_join(server->connections[i], NULL);
    close(server->go_on[0]);
    close(server->listener);
    SSL_CTX_free(server->tls);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

/* ---- calls ---- */

static const char *proxy_in_force;

static struct client *open_client(const char *url, size_t capacity, const char *ca_file,
                                  int64_t timeout_ms)
{
    const struct client_settings settings = {.url = url,
                                             .ca_file = ca_file,
                                             .proxy = proxy_in_force,
                                             .user_agent = "claimbatch-test",
                                             .connect_timeout_ms = timeout_ms,
                                             .timeout_ms = timeout_ms};
    struct client *client = NULL;
    struct error err = {0};

    if (client_open(&settings, capacity, &client, &err) != 0)
        fail_msg("%s", err.text);
    return client;
}

/* Collects until `count` calls have ended. */
static void collect(struct client *client, size_t count)
{
    while (count > 0) {
        struct exchange *done = client_collect(client, PATIENCE_MS);
        assert_non_null(done);
        for (; done; done = done->next) {
            assert_true(count > 0);
            count--;
        }
    }
}

static void fill(struct exchange *exchange, const char *body)
{
    buffer_reset(&exchange->body);
    buffer_text(&exchange->body, body);
}

static void release(struct exchange *exchange)
{
    buffer_release(&exchange->body);
    buffer_release(&exchange->answer);
}

static void call(struct client *client, struct exchange *exchange, const char *body)
{
    fill(exchange, body);
    client_send(client, exchange);
    do
        assert_null(exchange->next);
    while (client_collect(client, PATIENCE_MS) != exchange);
}

#define HEAD "HTTP/1.1 200 OK\r\nDate: Sun, 11 Dec 2022 16:00:00 GMT\r\n"
#define ANSWER HEAD "Content-Length: 2\r\n\r\n{}"

static const struct step answering[] = {{READ, NULL}, {SAY, ANSWER}, {AGAIN, NULL}};

static int start_library(void **state)
{
    struct error err = {0};

    (void)state;
    return client_library_init(&err);
}

static int stop_library(void **state)
{
    (void)state;
    client_library_release();
    return 0;
}

/* ---- what goes out and comes back ---- */

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

/* ---- at most once ---- */

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

static void await_arrival(struct server *server)
{
    server_go_on(server);
    while (server->arrived_count < 1)
        poll(NULL, 0, 1);
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

#define STRAY HEAD "Content-Length: 19\r\n\r\n{\"is_success\":true}"

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
            client_settle(client);
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

/* ---- after hand-over ---- */

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
    size_t size = (size_t)32 << 20;
    char *body = malloc(size);

    (void)state;
    assert_non_null(body);
    memset(body, 'x', size);
    body[size - 1] = '\0';
    assert_ends(answers_and_reads_nothing, body, TRANSPORT_EARLY_ANSWER, PATIENCE_MS);
    assert_ends(refuses, body, TRANSPORT_EARLY_ANSWER, PATIENCE_MS);
    assert_ends(refuses_without_a_word, body, TRANSPORT_EARLY_ANSWER, PATIENCE_MS);
    free(body);
}

/* Goal: an answer is none to a request that waits in the system's buffers for a peer that takes no
 * more, though libcurl has sent it whole. */
static void answer_before_the_request_has_arrived_is_early(void **state)
{
    static const struct step answers_from_the_head[] = {
        {READ_HEAD, NULL}, {SAY, ANSWER}, {AWAIT, NULL}};
    size_t size = 200000; /* more than the peer's window, less than the system takes from us */
    char *body = malloc(size);

    (void)state;
    assert_non_null(body);
    memset(body, 'x', size);
    body[size - 1] = '\0';
    assert_ends(answers_from_the_head, body, TRANSPORT_EARLY_ANSWER, PATIENCE_MS);
    free(body);
}

/* Goal: an answer that begins early stays early though the server reads the rest of the body. */
static void early_answer_stays_early_when_the_body_follows(void **state)
{
    static const struct step script[] = {{READ_HEAD, NULL},
                                         {SAY, HEAD "Content-Length: 4\r\n\r\n{}"},
                                         {READ, NULL},
                                         {SAY, "  "},
                                         {END, NULL}};
    size_t size = (size_t)32 << 20;
    char *body = malloc(size);

    (void)state;
    assert_non_null(body);
    memset(body, 'x', size);
    body[size - 1] = '\0';
    assert_ends(script, body, TRANSPORT_EARLY_ANSWER, PATIENCE_MS);
    free(body);
}

/* ---- before hand-over ---- */

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

/* ---- TLS ---- */

/* A self-signed certificate for `address`; written to `path` too. */
static SSL_CTX *make_tls(const char *address, const char *path)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_EXTENSION *name = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, address);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_add_ext(certificate, name, -1);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    fclose(file);
    assert_int_equal(SSL_CTX_use_certificate(tls, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(tls, key), 1);
    X509_EXTENSION_free(name);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return tls;
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

/* ---- recall and wake ---- */

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
        cmocka_unit_test(connections_are_kept_for_every_slot),
        cmocka_unit_test(redirect_is_not_followed),
        cmocka_unit_test(request_is_never_sent_a_second_time),
        cmocka_unit_test(answer_that_nobody_asked_for_is_not_taken),
        cmocka_unit_test(connection_that_was_closed_while_idle_is_not_used),
        cmocka_unit_test(answer_with_bytes_behind_its_end_is_not_believed),
        cmocka_unit_test(bytes_that_nobody_asked_for_make_the_answer_before_suspect),
        cmocka_unit_test(retired_connection_is_not_used_again),
        cmocka_unit_test(broken_answers_are_told_apart),
        cmocka_unit_test(silence_after_hand_over_is_a_timeout),
        cmocka_unit_test(answer_before_the_body_is_early),
        cmocka_unit_test(answer_before_the_request_has_arrived_is_early),
        cmocka_unit_test(early_answer_stays_early_when_the_body_follows),
        cmocka_unit_test(refused_connection_is_not_sent),
        cmocka_unit_test(failed_name_lookup_is_not_sent),
        cmocka_unit_test(failed_handshake_is_not_sent),
        cmocka_unit_test(proxy_that_refuses_is_not_sent),
        cmocka_unit_test(certificate_must_be_trusted_and_of_this_host),
        cmocka_unit_test(stray_bytes_of_tls_keep_a_connection_from_being_used),
        cmocka_unit_test(recall_withdraws_only_what_has_not_left),
        cmocka_unit_test(wake_ends_the_wait),
    };
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to connections the peer has closed */
    /* The environment has no say. */
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("https_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    return cmocka_run_group_tests_name("client", tests, start_library, stop_library);
}

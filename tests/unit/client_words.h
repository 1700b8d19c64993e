/* What the tests of the client do in every line, with a scripted server at the other end. */
#ifndef CLAIMBATCH_TESTS_CLIENT_WORDS_H
#define CLAIMBATCH_TESTS_CLIENT_WORDS_H

#include <poll.h>
#include <signal.h>

#include "base/error.h"
#include "gateway/http/client.h"
#include "scripted_server.h"

static const char *proxy_in_force;

static inline struct client *open_client_of(size_t tags, const char *url, size_t capacity,
                                            const char *ca_file, int64_t timeout_ms)
{
    const struct client_settings settings = {.url = url,
                                             .ca_file = ca_file,
                                             .proxy = proxy_in_force,
                                             .user_agent = "claimbatch-test",
                                             .connect_timeout_ms = timeout_ms,
                                             .timeout_ms = timeout_ms,
                                             .tells_departures = tags > 1,
                                             .tags = tags};
    struct client *client = NULL;
    struct error err = {0};

    if (client_open(&settings, capacity, &client, &err) != 0)
        fail_msg("%s", err.text);
    return client;
}

static inline struct client *open_client(const char *url, size_t capacity, const char *ca_file,
                                         int64_t timeout_ms)
{
    return open_client_of(1, url, capacity, ca_file, timeout_ms);
}

/* Collects until `count` calls have ended. */
static inline void collect(struct client *client, size_t count)
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

static inline void fill(struct exchange *exchange, const char *body)
{
    buffer_reset(&exchange->body);
    buffer_text(&exchange->body, body);
}

static inline void release(struct exchange *exchange)
{
    buffer_release(&exchange->body);
    buffer_release(&exchange->answer);
    buffer_release(&exchange->url);
}

static inline void call(struct client *client, struct exchange *exchange, const char *body)
{
    fill(exchange, body);
    client_send(client, exchange);
    do
        assert_null(exchange->next);
    while (client_collect(client, PATIENCE_MS) != exchange);
}

#define HEAD "HTTP/1.1 200 OK\r\nDate: Sun, 11 Dec 2022 16:00:00 GMT\r\n"

#define ANSWER HEAD "Content-Length: 2\r\n\r\n{}"

#define STRAY HEAD "Content-Length: 19\r\n\r\n{\"is_success\":true}"

static const struct step answering[] = {{READ, NULL}, {SAY, ANSWER}, {AGAIN, NULL}};

static inline int start_library(void **state)
{
    struct error err = {0};

    (void)state;
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to connections the peer has closed */
    /* The environment has no say. */
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("https_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    return client_library_init(&err);
}

static inline int stop_library(void **state)
{
    (void)state;
    client_library_release();
    return 0;
}

static inline void await_arrival(struct server *server)
{
    server_go_on(server);
    while (server->arrived_count < 1)
        poll(NULL, 0, 1);
}

#endif

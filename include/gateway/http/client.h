/*
 * client: HTTP calls to the gateway; hides libcurl.
 *
 * One client belongs to one worker thread and drives up to `capacity` calls with one multi handle
 * over kept-alive connections. Its one invariant: a request is handed to a connection at most once
 * (protocol section 8); what ends after that moment says PHASE_SENT. TLS is always verified,
 * redirects are never followed, only http and https are spoken; HTTP/1.1, and HTTP/2 over TLS where
 * it is asked for. The process ignores SIGPIPE (stop_watch): OpenSSL writes to connections that the
 * peer has closed.
 *
 * Tested by tests/unit/test_client.c and tests/e2e/test_transport.py
 */
#ifndef CLAIMBATCH_GATEWAY_HTTP_CLIENT_H
#define CLAIMBATCH_GATEWAY_HTTP_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/http/exchange.h"

struct client;
struct deadline;
struct error;

/* An idle connection older than this is not used again: shorter than what gateways and proxies
 * keep. */
#define CLIENT_IDLE_CONNECTION_S 10

/* Over TLS. In the clear it is HTTP/1.1, whatever is asked for. */
enum client_http {
    CLIENT_HTTP_1_1,  /* nothing else is offered */
    CLIENT_HTTP_AUTO, /* HTTP/2 where the gateway takes it */
    CLIENT_HTTP_2,    /* nothing is sent where it does not */
};

/* Borrowed strings, for the life of the client. */
struct client_settings {
    const char *url;
    const char *ca_file;  /* further trusted certificates instead of the system's, or NULL */
    const char *proxy;    /* NULL or "": none; libcurl reads no environment */
    const char *no_proxy; /* hosts that are reached without it, or NULL */
    const char *user_agent;
    enum client_http http;
    int64_t connect_timeout_ms;
    int64_t timeout_ms; /* of the whole call */
    bool tells_departures;
    size_t tags;                        /* most tags of a call; 0: one */
    const char *content_type;           /* of every body; NULL: that of a form */
    const struct deadline *send_before; /* nothing is handed to a connection then; NULL: never */
};

/* Once a process, before the first client and before threads; and at its end. */
int client_library_init(struct error *err);
void client_library_release(void);

int client_open(const struct client_settings *settings, size_t capacity, struct client **ret_client,
                struct error *err);
/* Every call must have been collected before. NULL is fine. */
void client_close(struct client *client);

/* Begins a call with exchange->body; at most `capacity` at a time. The exchange is borrowed until
   it is collected; if the call cannot even be begun it is collected with PHASE_NOT_SENT and
   TRANSPORT_INTERNAL. */
void client_send(struct client *client, struct exchange *exchange);

/*
 * Drives all calls, waiting at most timeout_ms for something to happen, and gives back those that
 * have ended, linked by `next`; NULL if none.
 */
struct exchange *client_collect(struct client *client, int timeout_ms);

/*
 * With `tells_departures`: moves what was handed to a connection since the last call to `ret`,
 * which has room for `capacity` of them, and returns how many. client_collect then waits no further
 * once there is one, so that whoever counts calls a second hears of them before their answers come.
 */
size_t client_departures(struct client *client, struct departure *ret);

/*
 * Moves to `ret`, which has room for CLIENT_SUSPICIONS(capacity * tags), the tags of ended calls
 * whose answer may be another's, because bytes that nobody had asked for came behind it (protocol
 * section 8), and returns how many. They may be told before their exchange is collected, and long
 * after. Called after each client_collect, and once more after client_last_look.
 */
#define CLIENT_SUSPICIONS(tags) (4 * (tags) + 1)
size_t client_suspicions(struct client *client, uint64_t *ret);

/* The connection of that number is not to be used for a further call. */
void client_retire(struct client *client, uint64_t connection);

/* A last look at idle connections, before client_close. */
void client_last_look(struct client *client);

/* Ends the wait of client_collect; from any thread, also just before it is called. */
void client_wake(struct client *client);

/* Ends with TRANSPORT_WITHDRAWN every call that was not handed to a connection; they are collected
 * as usual. */
void client_recall(struct client *client);

#endif

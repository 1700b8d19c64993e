/*
 * connections: the connections of a client, and whether one is clean enough for another request.
 *
 * libcurl before 8.0 takes a kept connection for good although its peer has closed it, or has sent
 * bytes that nobody asked for. The one makes a row unknown without need; the other would be read as
 * the answer to the request that comes next, and shows that the answer before it may be another
 * row's (protocol section 8). So every connection is looked at before a request is put on it, while
 * it is idle, and when it ends. Hides the sockets, which libcurl opens and closes through here. One
 * thread uses it.
 *
 * Tested by tests/unit/test_connections.c and tests/e2e/test_transport.py
 */
#ifndef CLAIMBATCH_GATEWAY_HTTP_CONNECTIONS_H
#define CLAIMBATCH_GATEWAY_HTTP_CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

struct connection;
struct connections;
struct exchange;

/* At most `capacity` calls at a time, of at most `tags` tags. `is_tls`: what comes on them are
 * TLS's records, of which some are its own. NULL without memory. */
struct connections *connections_open(size_t capacity, size_t tags, bool is_tls);
/* After the handles that were set up and their multi handle are cleaned up. NULL is fine. */
void connections_close(struct connections *connections);

/* Has the handle open and close its sockets through here. */
CURLcode connections_set_up(struct connections *connections, CURL *handle);

/*
 * The connection that CURLOPT_PREREQFUNCTION names, for one more request, that of the
 * exchange;
 * *ret_is_clean: it is neither closed nor retired, nor do bytes wait on it (of TLS, on its first
 * use they may). *ret_connection is NULL where it did not come through here, and becomes NULL when
 * the connection is closed or used again.
 */
void connections_use(struct connections *connections, const char *remote_ip, int local_port,
                     const struct exchange *exchange, struct connection **ret_connection,
                     bool *ret_is_clean);

/*
 * The same for a connection of HTTP/2, which many calls share: what comes on it is not looked at,
 * for each frame names its request. Returns its number, for connections_leave; 0 where it did not
 * come through here.
 */
uint64_t connections_join(struct connections *connections, const char *remote_ip, int local_port,
                          bool *ret_is_clean);

/* A call that joined has ended. A connection that is retired is cut off when its last one has:
 * libcurl would go on offering it. */
void connections_leave(struct connections *connections, uint64_t number);

/* For the life of the client; never 0. */
uint64_t connection_number(const struct connection *connection);

/* Whether the peer has acknowledged all that was sent on it. An answer that comes before is none to
 * what was sent. */
bool connection_is_acknowledged(const struct connection *connection);

/* Its call has ended with a whole answer: what comes from now on, until it is used again, was not
 * asked for, and makes that call suspect. NULL is fine; *connection becomes NULL. */
void connections_rest(struct connections *connections, struct connection **connection);

/* It is not to be used again. By number, for who does not know whether it still lives. */
void connection_retire(struct connection *connection);
bool connection_is_retired(const struct connection *connection);
void connections_retire(struct connections *connections, uint64_t number);

/* Idle connections, to be waited for with others; the array lives until the next call. */
unsigned connections_idle(struct connections *connections, struct curl_waitfd **ret_fds);
/* Looks at them: all of them, or with `only_ready` those that the wait has found ready. */
void connections_look(struct connections *connections, bool only_ready);

/* Moves the tags of calls that became suspect since the last time to `ret`, with room for
 * CLIENT_SUSPICIONS of them. */
size_t connections_suspicions(struct connections *connections, uint64_t *ret);

#endif

/*
 * connections: the connections of a client, and whether one is clean enough for another request.
 *
 * libcurl before 8.0 takes a kept connection for good although its peer has closed it, or has sent
 * bytes that nobody asked for. The one makes a row unknown without need; the other would be read as
 * the answer to the request that comes next. So every connection is looked at before a request is
 * put on it. Hides the sockets, which libcurl opens and closes through here. One thread uses it.
 *
 * Tested by tests/unit/test_client.c and tests/e2e/test_transport.py
 */
#ifndef CLAIMBATCH_GATEWAY_CONNECTIONS_H
#define CLAIMBATCH_GATEWAY_CONNECTIONS_H

#include <stdbool.h>

#include <curl/curl.h>

struct connections;

struct connections *connections_open(void); /* NULL without memory */
/* After the handles that were set up and their multi handle are cleaned up. NULL is fine. */
void connections_close(struct connections *connections);

/* Has the handle open and close its sockets through here. */
CURLcode connections_set_up(struct connections *connections, CURL *handle);

/*
 * Whether a request may be put on the connection, known as CURLOPT_PREREQFUNCTION tells: it is
 * neither closed, nor do bytes wait on it. `is_tls`: on its first use they may, for they are TLS's
 * own. Counts as a use. A connection that did not come through here is taken for clean.
 */
bool connections_use(struct connections *connections, const char *remote_ip, int local_port,
                     bool is_tls);

#endif

#include "connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Without it uthash ends the program when it has no memory; with it an entry that could not be
 * added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

/* By what libcurl names a connection. Compared as bytes: zeroed before it is filled in, and without
 * padding. */
struct ends {
    char remote_ip[48]; /* INET6_ADDRSTRLEN is 46 */
    int32_t local_port;
};

struct connection {
    UT_hash_handle by_fd, by_ends;
    struct connection *prev, *next; /* while its ends are not known */
    int fd;
    struct ends ends; /* local_port 0: not known yet */
    bool is_used;
};

struct connections {
    struct connection *by_fd;   /* all of them */
    struct connection *by_ends; /* those that are connected, as far as anybody asked */
    struct connection *unknown; /* the others, in the order they were opened */
};

/* ---- opening and closing ---- */

static void forget(struct connections *connections, struct connection *connection)
{
    HASH_DELETE(by_fd, connections->by_fd, connection);
    if (connection->ends.local_port)
        HASH_DELETE(by_ends, connections->by_ends, connection);
    else
        DL_DELETE(connections->unknown, connection);
    free(connection);
}

static int note(struct connections *connections, int fd)
{
    struct connection *connection = calloc(1, sizeof(*connection));

    if (!connection)
        return -1;
    connection->fd = fd;
    HASH_ADD(by_fd, connections->by_fd, fd, sizeof(connection->fd), connection);
    if (!connection->by_fd.tbl) {
        free(connection);
        return -1;
    }
    DL_APPEND(connections->unknown, connection);
    return 0;
}

static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

    (void)purpose;
    if (fd >= 0 && note(context, fd)) {
        close(fd);
        fd = -1;
    }
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int on_close(void *context, curl_socket_t fd)
{
    struct connections *connections = context;
    struct connection *connection = NULL;

    HASH_FIND(by_fd, connections->by_fd, &fd, sizeof(fd), connection);
    if (connection)
        forget(connections, connection);
    return close(fd);
}

struct connections *connections_open(void)
{
    return calloc(1, sizeof(struct connections));
}

void connections_close(struct connections *connections)
{
    struct connection *connection, *next;

    if (!connections)
        return;
    HASH_ITER(by_fd, connections->by_fd, connection, next)
    {
        forget(connections, connection);
    }
    free(connections);
}

CURLcode connections_set_up(struct connections *connections, CURL *handle)
{
    CURLcode code = curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, on_open);

    if (code == CURLE_OK)
        code = curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, connections);
    if (code == CURLE_OK)
        code = curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    if (code == CURLE_OK)
        code = curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, connections);
    return code;
}

/* ---- looking at one ---- */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int read_ends(int fd, struct ends *ret_ends)
{
    union address local, remote;
    socklen_t local_len = sizeof(local), remote_len = sizeof(remote);
    bool is_v6;

    memset(ret_ends, 0, sizeof(*ret_ends));
    if (getsockname(fd, &local.any, &local_len) || getpeername(fd, &remote.any, &remote_len))
        return -1;
    is_v6 = remote.any.sa_family == AF_INET6;
    if (!inet_ntop(remote.any.sa_family,
                   is_v6 ? (void *)&remote.v6.sin6_addr : (void *)&remote.v4.sin_addr,
                   ret_ends->remote_ip, sizeof(ret_ends->remote_ip)))
        return -1;
    ret_ends->local_port = ntohs(is_v6 ? local.v6.sin6_port : local.v4.sin_port);
    return 0;
}

/* Asks those whose ends are not known, the oldest first, until one has these. */
static struct connection *identify(struct connections *connections, const struct ends *ends)
{
    struct connection *connection, *next;
    struct ends found;

    DL_FOREACH_SAFE(connections->unknown, connection, next)
    {
        if (read_ends(connection->fd, &found) || !found.local_port)
            continue;
        connection->ends = found;
        HASH_ADD(by_ends, connections->by_ends, ends, sizeof(connection->ends), connection);
        if (!connection->by_ends.tbl) {
            connection->ends.local_port = 0;
            continue;
        }
        DL_DELETE(connections->unknown, connection);
        if (memcmp(&found, ends, sizeof(found)) == 0)
            return connection;
    }
    return NULL;
}

static struct connection *find(struct connections *connections, const char *remote_ip,
                               int local_port)
{
    struct connection *connection = NULL;
    struct ends ends;

    memset(&ends, 0, sizeof(ends));
    snprintf(ends.remote_ip, sizeof(ends.remote_ip), "%s", remote_ip);
    ends.local_port = local_port;
    HASH_FIND(by_ends, connections->by_ends, &ends, sizeof(ends), connection);
    return connection ? connection : identify(connections, &ends);
}

bool connections_use(struct connections *connections, const char *remote_ip, int local_port,
                     bool is_tls)
{
    struct connection *connection = find(connections, remote_ip, local_port);
    bool is_first_use;
    ssize_t waiting;
    char byte;

    if (!connection)
        return true;
    is_first_use = !connection->is_used;
    connection->is_used = true;
    waiting = recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (waiting < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    return waiting > 0 && is_tls && is_first_use;
}

#include "connections.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Without it uthash ends the program when it has no memory; with it an entry that could not be
 * added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "gateway/http/client.h"
#include "stray.h"

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
    ino_t inode; /* of the socket: libcurl closes one that was never connected without a word, and
                    its descriptor may be another's by now */
    struct ends ends; /* local_port 0: not known yet */
    uint64_t number;
    bool is_used, is_retired;
    size_t sharers; /* calls of HTTP/2 that are on it */
    bool is_idle;   /* among the idle ones, after an answer */
    struct connection *
        *user; /* where the call that used it last knows it; NULL once it has ended */
    struct connection *idle_prev, *idle_next;
    size_t tag_count;
    uint64_t tags[]; /* of that call */
};

struct connections {
    struct connection *by_fd;   /* all of them */
    struct connection *by_ends; /* those that are connected, as far as anybody asked */
    struct connection *unknown; /* the others, in the order they were opened */
    struct connection *idle;
    bool is_tls;
    size_t tags_max; /* of a call */
    uint64_t last_number;
    struct curl_waitfd *waits; /* of the idle ones, in their order */
    unsigned wait_count;
    uint64_t *suspicions; /* tags, not told yet; room for CLIENT_SUSPICIONS */
    size_t suspicion_count, suspicion_room;
};

/* ---- what nobody asked for ---- */

static void wake_up(struct connections *connections, struct connection *connection)
{
    if (connection->is_idle)
        DL_DELETE2(connections->idle, connection, idle_prev, idle_next);
    connection->is_idle = false;
}

static void suspect(struct connections *connections, const struct connection *connection)
{
    if (connections->suspicion_room - connections->suspicion_count < connection->tag_count)
        return;
    memcpy(connections->suspicions + connections->suspicion_count, connection->tags,
           connection->tag_count * sizeof(*connection->tags));
    connections->suspicion_count += connection->tag_count;
}

/* Bytes that are there now belong to no call any more: the answer before them is suspect. */
static enum stray check(struct connections *connections, struct connection *connection)
{
    enum stray found = stray_look(connection->fd, connections->is_tls);

    if (found == STRAY_NOTHING || !connection->is_used || connection->is_retired)
        return found;
    if (found == STRAY_BYTES)
        suspect(connections, connection);
    connection->is_retired = true;
    wake_up(connections, connection);
    return found;
}

static void let_go(struct connection *connection)
{
    if (connection->user)
        *connection->user = NULL;
    connection->user = NULL;
}

/* ---- opening and closing ---- */

static void forget(struct connections *connections, struct connection *connection)
{
    wake_up(connections, connection);
    let_go(connection);
    HASH_DELETE(by_fd, connections->by_fd, connection);
    if (connection->ends.local_port)
        HASH_DELETE(by_ends, connections->by_ends, connection);
    else
        DL_DELETE(connections->unknown, connection);
    free(connection);
}

static bool is_open(const struct connection *connection)
{
    struct stat status;

    return fstat(connection->fd, &status) == 0 && status.st_ino == connection->inode;
}

static int note(struct connections *connections, int fd)
{
    struct connection *connection = NULL;
    struct stat status;

    HASH_FIND(by_fd, connections->by_fd, &fd, sizeof(fd), connection);
    if (connection)
        forget(connections, connection);
    connection = calloc(1, sizeof(*connection) + connections->tags_max * sizeof(*connection->tags));
    if (!connection || fstat(fd, &status)) {
        free(connection);
        return -1;
    }
    connection->fd = fd;
    connection->inode = status.st_ino;
    connection->number = ++connections->last_number;
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
    if (connection) {
        check(connections, connection);
        forget(connections, connection);
    }
    return close(fd);
}

struct connections *connections_open(size_t capacity, size_t tags, bool is_tls)
{
    struct connections *connections = calloc(1, sizeof(*connections));

    if (!connections)
        return NULL;
    connections->is_tls = is_tls;
    connections->tags_max = tags;
    connections->suspicion_room = CLIENT_SUSPICIONS(capacity * tags);
    connections->suspicions = calloc(connections->suspicion_room, sizeof(*connections->suspicions));
    /* libcurl keeps as many as there are calls, and a few that are being made. */
    connections->wait_count = (unsigned)(2 * capacity);
    connections->waits = calloc(connections->wait_count, sizeof(*connections->waits));
    if (!connections->suspicions || !connections->waits) {
        connections_close(connections);
        return NULL;
    }
    return connections;
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
    free(connections->suspicions);
    free(connections->waits);
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
        if (!is_open(connection)) {
            forget(connections, connection);
            continue;
        }
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
    /* What carried a call libcurl closes with a word (on_close). */
    if (connection && !connection->is_used && !is_open(connection)) {
        forget(connections, connection);
        connection = NULL;
    }
    return connection ? connection : identify(connections, &ends);
}

static void take_tags(const struct connections *connections, const struct exchange *exchange,
                      struct connection *connection)
{
    size_t count = 0;

    for (; exchange && count < connections->tags_max; exchange = exchange->company)
        connection->tags[count++] = exchange->tag;
    connection->tag_count = count;
}

void connections_use(struct connections *connections, const char *remote_ip, int local_port,
                     const struct exchange *exchange, struct connection **ret_connection,
                     bool *ret_is_clean)
{
    struct connection *connection = find(connections, remote_ip, local_port);
    enum stray found;

    *ret_connection = connection;
    *ret_is_clean = true;
    if (!connection)
        return;
    found = check(connections, connection);
    *ret_is_clean = !connection->is_retired &&
                    (found == STRAY_NOTHING ||
                     (found == STRAY_BYTES && connections->is_tls && !connection->is_used));
    wake_up(connections, connection);
    let_go(connection);
    if (!*ret_is_clean) {
        *ret_connection = NULL;
        return;
    }
    connection->is_used = true;
    take_tags(connections, exchange, connection);
    connection->user = ret_connection;
}

static struct connection *find_number(struct connections *connections, uint64_t number)
{
    struct connection *connection, *next;

    HASH_ITER(by_fd, connections->by_fd, connection, next)
    {
        if (connection->number == number)
            return connection;
    }
    return NULL;
}

uint64_t connections_join(struct connections *connections, const char *remote_ip, int local_port,
                          bool *ret_is_clean)
{
    struct connection *connection = find(connections, remote_ip, local_port);

    *ret_is_clean = !connection || !connection->is_retired;
    if (!connection || connection->is_retired)
        return 0;
    connection->sharers++;
    return connection->number;
}

void connections_leave(struct connections *connections, uint64_t number)
{
    struct connection *connection = find_number(connections, number);

    if (connection && --connection->sharers == 0 && connection->is_retired)
        shutdown(connection->fd, SHUT_RDWR);
}

uint64_t connection_number(const struct connection *connection)
{
    return connection->number;
}

/* ---- in use and idle ---- */

bool connection_is_acknowledged(const struct connection *connection)
{
    int queued = 0;

    return ioctl(connection->fd, SIOCOUTQ, &queued) != 0 || queued == 0;
}

void connections_rest(struct connections *connections, struct connection **connection)
{
    struct connection *rests = *connection;

    if (!rests)
        return;
    let_go(rests);
    rests->is_idle = true;
    DL_APPEND2(connections->idle, rests, idle_prev, idle_next);
}

void connection_retire(struct connection *connection)
{
    connection->is_retired = true;
}

bool connection_is_retired(const struct connection *connection)
{
    return connection->is_retired;
}

void connections_retire(struct connections *connections, uint64_t number)
{
    struct connection *connection = find_number(connections, number);

    if (connection)
        connection->is_retired = true;
}

unsigned connections_idle(struct connections *connections, struct curl_waitfd **ret_fds)
{
    struct connection *connection;
    unsigned count = 0;

    DL_FOREACH2(connections->idle, connection, idle_next)
    {
        if (count == connections->wait_count)
            break;
        connections->waits[count++] =
            (struct curl_waitfd){.fd = connection->fd, .events = CURL_WAIT_POLLIN};
    }
    *ret_fds = connections->waits;
    return count;
}

void connections_look(struct connections *connections, bool only_ready)
{
    struct connection *connection, *next;
    unsigned i = 0;

    DL_FOREACH_SAFE2(connections->idle, connection, next, idle_next)
    {
        bool is_ready = i < connections->wait_count && connections->waits[i].revents;

        if (!only_ready || is_ready)
            check(connections, connection);
        i++;
    }
}

size_t connections_suspicions(struct connections *connections, uint64_t *ret)
{
    size_t count = connections->suspicion_count;

    if (count)
        memcpy(ret, connections->suspicions, count * sizeof(*ret));
    connections->suspicion_count = 0;
    return count;
}

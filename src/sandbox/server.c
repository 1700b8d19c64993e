#include "server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/stop.h"
#include "worker.h"

#define BACKLOG 4096
#define LINGERING_MAX 1024
#define LINGER_MS 1000

/* A socket whose end was announced to the client. Closing it at once would turn that into a reset
 * as soon as the client has sent something. */
struct lingering {
    int fd;
    int64_t close_ms;
};

struct server {
    const struct server_settings *settings;
    struct worker_settings worker_settings;
    int listen_fd;
    int failure_fd;
    int port;
    struct worker *workers[SERVER_THREADS_MAX];
    uint64_t connections;                      /* accepted so far */
    int struck_fd;                             /* refuse-connect struck it; -1: it did not */
    uint64_t struck_number;                    /* which connection that is */
    int64_t refuse_until_ms;                   /* nobody listens until then; 0: somebody does */
    struct lingering lingering[LINGERING_MAX]; /* ring, oldest first */
    size_t lingering_first, lingering_count;
};

/* ---- opening ---- */

static int bind_to(const struct addrinfo *address, int port)
{
    struct sockaddr_storage name = {0};
    int on = 1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    memcpy(&name, address->ai_addr, address->ai_addrlen);
    if (name.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&name)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)&name)->sin_port = htons((uint16_t)port);
    if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
                    bind(fd, (struct sockaddr *)&name, address->ai_addrlen))) {
        int cause = errno;

        close(fd);
        errno = cause;
        return -1;
    }
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_storage name = {0};
    socklen_t len = sizeof(name);

    if (getsockname(fd, (struct sockaddr *)&name, &len))
        return -1;
    return ntohs(name.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&name)->sin6_port
                                            : ((struct sockaddr_in *)&name)->sin_port);
}

/*
 * A socket that was bound to a port of the system's choice would lose it when it stops listening
 * for a while, so the port is bound again by its number while the first socket holds it.
 */
static int bind_socket(const struct addrinfo *address, int port)
{
    int chosen = bind_to(address, port);
    int fd;

    if (chosen < 0 || port)
        return chosen;
    fd = bind_to(address, port_of(chosen));
    close(chosen);
    return fd;
}

static int open_socket(struct server *server, struct error *err)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    const struct server_settings *settings = server->settings;
    struct addrinfo *address = NULL;

    if (getaddrinfo(settings->address, NULL, &hints, &address))
        return error_set(err, EXIT_BAD_USAGE, "'%s' is no numeric address",
                         LOG_QUOTED(settings->address));
    server->listen_fd = bind_socket(address, settings->port);
    freeaddrinfo(address);
    if (server->listen_fd < 0 || listen(server->listen_fd, BACKLOG))
        return error_set(err, EXIT_CANNOT_CREATE, "cannot listen on '%s' port %d: %s",
                         LOG_QUOTED(settings->address), settings->port, strerror(errno));
    server->port = port_of(server->listen_fd);
    return 0;
}

int server_open(const struct server_settings *settings, struct server **ret_server,
                struct error *err)
{
    struct server *server = calloc(1, sizeof(*server));

    if (!server)
        return error_no_memory(err);
    server->settings = settings;
    server->listen_fd = -1;
    server->struck_fd = -1;
    server->failure_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->worker_settings = (struct worker_settings){.service = &settings->service,
                                                       .certificate = settings->certificate,
                                                       .key = settings->key,
                                                       .failure_fd = server->failure_fd};
    if (server->failure_fd < 0) {
        error_set(err, EXIT_RESOURCES, "cannot make an eventfd: %s", strerror(errno));
        goto fail;
    }
    if (open_socket(server, err))
        goto fail;
    for (size_t i = 0; i < settings->threads; i++)
        if (worker_start(&server->worker_settings, &server->workers[i], err))
            goto fail;
    *ret_server = server;
    return 0;
fail:
    server_close(server);
    return -1;
}

void server_close(struct server *server)
{
    if (!server)
        return;
    if (server->listen_fd >= 0)
        close(server->listen_fd);
    if (server->struck_fd >= 0)
        close(server->struck_fd);
    for (size_t i = 0; i < server->settings->threads; i++)
        worker_stop(server->workers[i]);
    for (size_t i = 0; i < server->lingering_count; i++)
        close(server->lingering[(server->lingering_first + i) % LINGERING_MAX].fd);
    if (server->failure_fd >= 0)
        close(server->failure_fd);
    free(server);
}

int server_port(const struct server *server)
{
    return server->port;
}

/* ---- connections that fail before a request ---- */

static void close_oldest_lingering(struct server *server)
{
    close(server->lingering[server->lingering_first].fd);
    server->lingering_first = (server->lingering_first + 1) % LINGERING_MAX;
    server->lingering_count--;
}

static void linger(struct server *server, int fd)
{
    struct lingering *place;

    if (server->lingering_count == LINGERING_MAX)
        close_oldest_lingering(server);
    place =
        &server->lingering[(server->lingering_first + server->lingering_count++) % LINGERING_MAX];
    *place = (struct lingering){.fd = fd, .close_ms = clock_mono_ms() + LINGER_MS};
    shutdown(fd, SHUT_WR);
}

static void close_with_reset(int fd)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(fd);
}

static void refuse_handshake(struct server *server, int fd)
{
    static const char alert[] = "\x15\x03\x03\x00\x02\x02\x28"; /* fatal, handshake_failure */
    ssize_t ignored = send(fd, alert, sizeof(alert) - 1, MSG_NOSIGNAL);

    (void)ignored;
    linger(server, fd);
}

static void serve(struct server *server, int fd, uint64_t number)
{
    const int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    worker_adopt(server->workers[number % server->settings->threads], fd, number);
}

/* Holds a connection back until nobody listens any more: its answer must not come before. */
static void hold_back(struct server *server, int fd)
{
    if (server->struck_fd >= 0) {
        serve(server, fd, server->connections);
        return;
    }
    server->struck_fd = fd;
    server->struck_number = server->connections;
}

static int take_connection(struct server *server, int fd, struct error *err)
{
    const struct fault *fault = NULL;

    server->connections++;
    if (service_accept(&server->settings->service, server->connections, &fault, err)) {
        close(fd);
        return -1;
    }
    switch (fault ? fault->effect : EFFECT_ANSWER) {
    case EFFECT_CLOSE:
        linger(server, fd);
        break;
    case EFFECT_RESET:
        close_with_reset(fd);
        break;
    case EFFECT_NO_TLS:
        refuse_handshake(server, fd);
        break;
    case EFFECT_REFUSE:
        hold_back(server, fd);
        break;
    default:
        serve(server, fd, server->connections);
        break;
    }
    return 0;
}

static void keep_alive(struct server *server, bool keep)
{
    for (size_t i = 0; i < server->settings->threads; i++)
        worker_keep_alive(server->workers[i], keep);
}

/* Shut down, a listening socket keeps its port and refuses; it can listen again. */
static void stop_listening(struct server *server)
{
    keep_alive(server, false);
    shutdown(server->listen_fd, SHUT_RD);
    server->refuse_until_ms = clock_mono_ms() + SERVER_REFUSE_MS;
    serve(server, server->struck_fd, server->struck_number);
    server->struck_fd = -1;
}

static int listen_again(struct server *server, struct error *err)
{
    server->refuse_until_ms = 0;
    keep_alive(server, true);
    if (listen(server->listen_fd, BACKLOG))
        return error_set(err, EXIT_CANNOT_CREATE, "cannot listen again: %s", strerror(errno));
    return 0;
}

/* ---- the loop ---- */

/* Takes all that wait, so that nobody is reset when the socket stops listening. */
static int take_connections(struct server *server, struct error *err)
{
    for (;;) {
        int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0)
            return error_set(err, EXIT_RESOURCES, "cannot accept a connection: %s",
                             strerror(errno));
        if (take_connection(server, fd, err))
            return -1;
    }
    if (server->struck_fd >= 0)
        stop_listening(server);
    return 0;
}

static int next_timeout_ms(const struct server *server)
{
    int64_t next_ms = INT64_MAX;
    int64_t left_ms;

    if (server->lingering_count)
        next_ms = server->lingering[server->lingering_first].close_ms;
    if (server->refuse_until_ms && server->refuse_until_ms < next_ms)
        next_ms = server->refuse_until_ms;
    if (next_ms == INT64_MAX)
        return -1;
    left_ms = next_ms - clock_mono_ms();
    return left_ms > 0 ? (int)left_ms : 0;
}

static int do_what_is_due(struct server *server, struct error *err)
{
    int64_t now_ms = clock_mono_ms();

    while (server->lingering_count && server->lingering[server->lingering_first].close_ms <= now_ms)
        close_oldest_lingering(server);
    if (server->refuse_until_ms && server->refuse_until_ms <= now_ms)
        return listen_again(server, err);
    return 0;
}

static int first_failure(struct server *server, struct error *err)
{
    for (size_t i = 0; i < server->settings->threads; i++) {
        const struct error *failure = worker_failure(server->workers[i]);

        if (failure) {
            *err = *failure;
            return -1;
        }
    }
    return 0;
}

int server_run(struct server *server, struct error *err)
{
    while (!stop_signal()) {
        struct pollfd fds[] = {
            {.fd = stop_fd(), .events = POLLIN},
            {.fd = server->failure_fd, .events = POLLIN},
            {.fd = server->refuse_until_ms ? -1 : server->listen_fd, .events = POLLIN},
        };

        if (poll(fds, 3, next_timeout_ms(server)) < 0 && errno != EINTR)
            return error_set(err, EXIT_INTERNAL, "cannot wait: %s", strerror(errno));
        if (first_failure(server, err) || do_what_is_due(server, err))
            return -1;
        if (fds[2].revents && !server->refuse_until_ms && take_connections(server, err))
            return -1;
    }
    return 0;
}

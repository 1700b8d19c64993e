#include <setjmp.h>
#include <stdarg.h>
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

#include "scripted_server.h"

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

struct server *start_server(const char *scheme, const struct step *first, const struct step *second)
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

void server_go_on(struct server *server)
{
    assert_int_equal(write(server->go_on[1], "", 1), 1);
}

void stop_server(struct server *server)
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

SSL_CTX *make_tls(const char *address, const char *path)
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

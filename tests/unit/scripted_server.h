/* A server on a loopback socket that does what a script says; each connection has a thread and a
 * script. */
#ifndef CLAIMBATCH_TESTS_SCRIPTED_SERVER_H
#define CLAIMBATCH_TESTS_SCRIPTED_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#define PATIENCE_MS 10000 /* a test that waits longer has failed */

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

/* The second script, if there is one, is that of all connections but the first. */
struct server *start_server(const char *scheme, const struct step *first,
                            const struct step *second);
void server_go_on(struct server *server);
void stop_server(struct server *server);

/* A self-signed certificate for `address`; written to `path` too. */
SSL_CTX *make_tls(const char *address, const char *path);

#endif

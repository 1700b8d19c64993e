/*
 * server: the listening socket, the connections that come, and the workers that serve them.
 *
 * Tested by tests/e2e/test_sandbox.py
 */
#ifndef CLAIMBATCH_SANDBOX_SERVER_H
#define CLAIMBATCH_SANDBOX_SERVER_H

#include <stddef.h>

#include "service.h"

struct error;
struct server;

#define SERVER_THREADS_MAX 64
#define SERVER_REFUSE_MS 200 /* how long nobody listens when the fault refuse-connect strikes */

/* Borrowed, for the life of the server. */
struct server_settings {
    const char *address; /* numeric */
    int port;            /* 0: the system chooses */
    size_t threads;
    const char *certificate, *key; /* PEM; NULL: plain HTTP */
    struct service_settings service;
};

/* Listens and starts the workers. EXIT_CANNOT_CREATE when the address cannot be had. */
int server_open(const struct server_settings *settings, struct server **ret_server,
                struct error *err);

/* The port it listens on. */
int server_port(const struct server *server);

/* Serves until a signal asks for a stop (0), or until something fails. */
int server_run(struct server *server, struct error *err);

/* Ends every connection. NULL is fine. */
void server_close(struct server *server);

#endif

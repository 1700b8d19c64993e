/*
 * worker: one thread that speaks HTTP over its share of the connections.
 *
 * Hides libmicrohttpd and GnuTLS. Workers share nothing but what the service borrows: each has its
 * own event loop, timers and requests. It carries out what the service decided at the exact phase
 * of the request.
 *
 * Tested by tests/e2e/test_sandbox.py
 */
#ifndef CLAIMBATCH_SANDBOX_WORKER_H
#define CLAIMBATCH_SANDBOX_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service.h"

struct error;
struct worker;

#define WORKER_BODY_BYTES ((size_t)4 << 20) /* a longer body closes the connection */
#define WORKER_HOLD_MS 60000                /* longest time a request is held without an answer */

/* Borrowed, for the life of the worker. */
struct worker_settings {
    const struct service_settings *service;
    const char *certificate, *key; /* PEM; NULL: plain HTTP */
    int failure_fd;                /* an eventfd, written to when a worker fails */
};

int worker_start(const struct worker_settings *settings, struct worker **ret_worker,
                 struct error *err);

/* Ends all connections and the thread. NULL is fine. */
void worker_stop(struct worker *worker);

/* Takes ownership of the accepted, non-blocking socket. From the accepting thread. */
void worker_adopt(struct worker *worker, int fd, uint64_t connection);

/* Without, every answer is the last of its connection. Any thread. */
void worker_keep_alive(struct worker *worker, bool keep_alive);

/* Why the worker failed, or NULL. Any thread. */
const struct error *worker_failure(struct worker *worker);

#endif

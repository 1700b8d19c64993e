/*
 * service: what becomes of one call, from its parameters to the text of its answer.
 *
 * Checks it, asks the limits, lets a fault strike, executes, and notes it in the journal before
 * anything is answered. Knows nothing of connections. A service is used by one thread; what it
 * borrows is shared by all.
 *
 * Tested by tests/e2e/test_sandbox.py
 */
#ifndef CLAIMBATCH_SANDBOX_SERVICE_H
#define CLAIMBATCH_SANDBOX_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "fault.h"
#include "form.h"

struct error;
struct journal;
struct limit;
struct service;

#define SERVICE_BATCH_MAX 20

/* Borrowed, for the life of the service. */
struct service_settings {
    const char *app_key;
    const char *app_secret;
    const char *session; /* NULL: none is asked for */
    struct faults *faults;
    struct limit *limit;
    struct journal *journal; /* NULL: none is kept */
    int64_t latency_min_ms, latency_max_ms;
};

struct call {
    uint64_t connection;
    uint64_t request; /* of this connection, from 1 */
    const char *path;
    struct form form;
    char *batch; /* body of a batch call, else NULL; it is decoded in place */
    size_t batch_len;
};

struct reply {
    enum fault_effect effect;
    int status;
    const char *content_type;
    int64_t delay_ms;
    struct buffer body; /* kept from call to call */
};

int service_open(const struct service_settings *settings, struct service **ret_service,
                 struct error *err);
void service_close(struct service *service);

/* A new connection, before anything is read. NULL, or the fault that strikes it. */
int service_accept(const struct service_settings *settings, uint64_t connection,
                   const struct fault **ret_fault, struct error *err);

/* The headers of a call were read. When a fault strikes now, *ret_strikes and the reply. */
int service_begin(struct service *service, const struct call *call, bool *ret_strikes,
                  struct reply *ret_reply, struct error *err);

/* The whole call was read. -1 when it could not be noted: then nothing may be answered. */
int service_answer(struct service *service, struct call *call, struct reply *ret_reply,
                   struct error *err);

#endif

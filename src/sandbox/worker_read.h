/*
 * worker_read: a request is read, with its parameters wherever they stand.
 *
 * Tested by tests/e2e/test_sandbox.py
 */
#ifndef CLAIMBATCH_SANDBOX_WORKER_READ_H
#define CLAIMBATCH_SANDBOX_WORKER_READ_H

#include "worker_answer.h"

/* What a connection carries through its life. */
struct link {
    uint64_t connection;
    uint64_t requests;
};

enum MHD_Result worker_read_begin(struct worker *worker, struct MHD_Connection *connection,
                                  const char *path, const char *method, void **ret_request);
enum MHD_Result worker_read_body(struct request *request, const char *bytes, size_t *len);
enum MHD_Result worker_read_end(struct request *request);
struct request *worker_read_take_request(struct worker *worker);

#endif

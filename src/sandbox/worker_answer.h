/*
 * worker_answer: an answer leaves, at the moment and in the shape that was decided.
 *
 * Tested by tests/e2e/test_sandbox.py
 */
#ifndef CLAIMBATCH_SANDBOX_WORKER_ANSWER_H
#define CLAIMBATCH_SANDBOX_WORKER_ANSWER_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/buffer.h"
#include "base/error.h"
#include "service.h"
#include "timers.h"
#include "worker.h"

#define HOLD_LOOK_US 20000     /* how often a held request looks whether its client has left */
#define SLOW_ANSWER_US 1000000 /* a slow answer takes so long */
#define PATH_REST "/router/rest"
#define PATH_BATCH "/router/batch"

/* A request is suspended exactly while it is among the timers. */
enum stage { STAGE_READING, STAGE_WAITING, STAGE_ANSWERING, STAGE_HOLDING };

struct request {
    struct worker *worker;
    struct MHD_Connection *connection;
    enum stage stage;
    int page_status; /* not for the service: this status and a page */
    struct call call;
    struct buffer body;
    struct buffer multipart;
    struct reply reply;
    int64_t hold_until_us;
    bool may_write; /* the next byte of a slow answer */
    struct request *next;
};

/* A socket on its way to the worker. */
struct arrival {
    int fd;
    uint64_t connection;
};

struct worker {
    const struct worker_settings *settings;
    struct service *service;
    struct MHD_Daemon *daemon;
    struct timers timers;
    struct request *idle; /* requests to use again */
    uint64_t adopting;    /* number of the connection that is just being added */
    pthread_t thread;
    int wake_fd;
    atomic_bool stopping;
    atomic_bool keeps_alive;
    atomic_bool failed;
    struct error error; /* valid once failed */
    pthread_mutex_t lock;
    /* all below: under lock */
    struct arrival *arrivals;
    size_t arrival_count, arrival_capacity;
};

enum MHD_Result worker_answer_page_only(struct request *request);
enum MHD_Result worker_answer_deliver(struct request *request);
int64_t worker_answer_now_us(void);
enum MHD_Result worker_answer_suspend_until(struct request *request, int64_t due_us);
int worker_answer_socket_of(const struct request *request);
enum MHD_Result worker_answer_fail(struct worker *worker);
void worker_answer_wake(int fd);

#endif

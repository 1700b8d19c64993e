#include "worker.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/error.h"
#include "timers.h"
#include "worker_answer.h"
#include "worker_read.h"

#define CONNECTIONS_MAX 65000

/* ---- requests ---- */

static void give_back(struct worker *worker, struct request *request)
{
    request->next = worker->idle;
    worker->idle = request;
}

static void free_requests(struct worker *worker)
{
    struct request *request;

    while ((request = worker->idle)) {
        worker->idle = request->next;
        buffer_release(&request->body);
        buffer_release(&request->multipart);
        buffer_release(&request->reply.body);
        free(request);
    }
}

static bool client_has_left(const struct request *request)
{
    struct pollfd socket = {.fd = worker_answer_socket_of(request), .events = POLLRDHUP};

    return poll(&socket, 1, 0) > 0;
}

static void fire_timers(struct worker *worker)
{
    int64_t now = worker_answer_now_us();
    struct request *request;

    while ((request = timers_take(&worker->timers, now))) {
        if (request->stage == STAGE_HOLDING && now < request->hold_until_us &&
            !client_has_left(request) && timers_add(&worker->timers, now + HOLD_LOOK_US, request))
            continue;
        request->may_write = true;
        MHD_resume_connection(request->connection);
    }
}

/* ---- what libmicrohttpd calls ---- */

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *bytes, size_t *len, void **ret_request)
{
    struct worker *worker = context;
    struct request *request = *ret_request;

    (void)version;
    if (!request)
        return worker_read_begin(worker, connection, path, method, ret_request);
    if (*len)
        return worker_read_body(request, bytes, len);
    switch (request->stage) {
    case STAGE_READING:
        return worker_read_end(request);
    case STAGE_WAITING:
        return atomic_load(&worker->stopping) ? MHD_NO : worker_answer_deliver(request);
    case STAGE_ANSWERING:
    case STAGE_HOLDING:
        break;
    }
    return MHD_NO;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code)
{
    (void)connection, (void)code;
    if (*request)
        give_back(context, *request);
    *request = NULL;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **link,
                          enum MHD_ConnectionNotificationCode code)
{
    struct worker *worker = context;
    struct link *made;

    (void)connection;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        free(*link);
        return;
    }
    made = calloc(1, sizeof(*made));
    if (made)
        made->connection = worker->adopting;
    *link = made;
}

/* ---- the loop ---- */

/* Takes over the sockets that arrived; their number is known to on_connection meanwhile. */
static void adopt_arrivals(struct worker *worker)
{
    const struct sockaddr_in peer = {.sin_family = AF_INET};

    pthread_mutex_lock(&worker->lock);
    for (size_t i = 0; i < worker->arrival_count; i++) {
        worker->adopting = worker->arrivals[i].connection;
        MHD_add_connection(worker->daemon, worker->arrivals[i].fd, (const struct sockaddr *)&peer,
                           sizeof(peer));
    }
    worker->arrival_count = 0;
    pthread_mutex_unlock(&worker->lock);
}

static int64_t wait_us(struct worker *worker)
{
    MHD_UNSIGNED_LONG_LONG daemon_ms = 0;
    int64_t next_us = timers_next(&worker->timers);
    int64_t left_us = next_us == INT64_MAX ? INT64_MAX : next_us - worker_answer_now_us();

    if (MHD_get_timeout(worker->daemon, &daemon_ms) == MHD_YES &&
        (int64_t)daemon_ms * 1000 < left_us)
        left_us = (int64_t)daemon_ms * 1000;
    return left_us < 0 ? 0 : left_us;
}

static void wait_for_work(struct worker *worker, int daemon_fd)
{
    struct pollfd fds[] = {{.fd = daemon_fd, .events = POLLIN},
                           {.fd = worker->wake_fd, .events = POLLIN}};
    int64_t left_us = wait_us(worker);
    struct timespec left = {.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000};
    uint64_t count;

    if (ppoll(fds, 2, left_us == INT64_MAX ? NULL : &left, NULL) > 0 && fds[1].revents) {
        ssize_t ignored = read(worker->wake_fd, &count, sizeof(count));

        (void)ignored;
    }
}

/* Every suspended request has to be resumed before the daemon may be stopped. */
static void abandon_requests(struct worker *worker)
{
    struct request *request;

    while ((request = timers_take(&worker->timers, INT64_MAX)))
        MHD_resume_connection(request->connection);
    MHD_run(worker->daemon);
}

static void *run(void *context)
{
    struct worker *worker = context;
    int daemon_fd = MHD_get_daemon_info(worker->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;

    while (!atomic_load(&worker->stopping)) {
        adopt_arrivals(worker);
        fire_timers(worker);
        MHD_run(worker->daemon);
        wait_for_work(worker, daemon_fd);
    }
    abandon_requests(worker);
    return NULL;
}

static struct MHD_Daemon *start_daemon(struct worker *worker)
{
    const struct worker_settings *settings = worker->settings;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)settings->key},
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)settings->certificate},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_NO_LISTEN_SOCKET | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_TURBO | (settings->certificate ? MHD_USE_TLS : 0U);

    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, worker, MHD_OPTION_NOTIFY_COMPLETED,
                            on_completed, worker, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
                            worker, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                            MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY,
                            settings->certificate ? tls : plain, MHD_OPTION_END);
}

static void release(struct worker *worker)
{
    if (worker->daemon)
        MHD_stop_daemon(worker->daemon);
    for (size_t i = 0; i < worker->arrival_count; i++)
        close(worker->arrivals[i].fd);
    free(worker->arrivals);
    free_requests(worker);
    timers_release(&worker->timers);
    service_close(worker->service);
    if (worker->wake_fd >= 0)
        close(worker->wake_fd);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}

int worker_start(const struct worker_settings *settings, struct worker **ret_worker,
                 struct error *err)
{
    struct worker *worker = calloc(1, sizeof(*worker));

    if (!worker)
        return error_no_memory(err);
    worker->settings = settings;
    atomic_init(&worker->keeps_alive, true);
    pthread_mutex_init(&worker->lock, NULL);
    worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (service_open(settings->service, &worker->service, err)) {
        release(worker);
        return -1;
    }
    worker->daemon = start_daemon(worker);
    if (worker->wake_fd < 0 || !worker->daemon ||
        pthread_create(&worker->thread, NULL, run, worker)) {
        release(worker);
        return error_set(err, EXIT_RESOURCES, "cannot start an HTTP server: %s", strerror(errno));
    }
    *ret_worker = worker;
    return 0;
}

void worker_stop(struct worker *worker)
{
    if (!worker)
        return;
    atomic_store(&worker->stopping, true);
    worker_answer_wake(worker->wake_fd);
    pthread_join(worker->thread, NULL);
    release(worker);
}

/* Under lock. */
static bool add_arrival(struct worker *worker, struct arrival arrival)
{
    if (!ARRAY_HAS_ROOM(worker->arrivals, worker->arrival_count, worker->arrival_capacity))
        return false;
    worker->arrivals[worker->arrival_count++] = arrival;
    return true;
}

void worker_adopt(struct worker *worker, int fd, uint64_t connection)
{
    pthread_mutex_lock(&worker->lock);
    if (!add_arrival(worker, (struct arrival){.fd = fd, .connection = connection}))
        close(fd);
    pthread_mutex_unlock(&worker->lock);
    worker_answer_wake(worker->wake_fd);
}

void worker_keep_alive(struct worker *worker, bool keep_alive)
{
    atomic_store(&worker->keeps_alive, keep_alive);
}

const struct error *worker_failure(struct worker *worker)
{
    return atomic_load(&worker->failed) ? &worker->error : NULL;
}

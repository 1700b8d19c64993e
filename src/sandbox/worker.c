#include "worker.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "base/error.h"
#include "timers.h"

#define CONNECTIONS_MAX 65000
#define HOLD_LOOK_US 20000     /* how often a held request looks whether its client has left */
#define SLOW_ANSWER_US 1000000 /* a slow answer takes so long */
#define PATH_REST "/router/rest"
#define PATH_BATCH "/router/batch"

/* What a connection carries through its life. */
struct link {
    uint64_t connection;
    uint64_t requests;
};

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

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void wake(int fd)
{
    uint64_t one = 1;
    ssize_t ignored = write(fd, &one, sizeof(one));

    (void)ignored;
}

/* The error has been filled in. Always MHD_NO, which closes the connection. */
static enum MHD_Result fail(struct worker *worker)
{
    atomic_store(&worker->failed, true);
    wake(worker->settings->failure_fd);
    return MHD_NO;
}

/* ---- requests ---- */

static struct request *take_request(struct worker *worker)
{
    struct request *request = worker->idle;

    if (request)
        worker->idle = request->next;
    else
        request = calloc(1, sizeof(*request));
    if (!request)
        return NULL;
    request->worker = worker;
    request->stage = STAGE_READING;
    request->page_status = 0;
    request->may_write = false;
    request->call.form.count = 0;
    request->call.form.overflow = false;
    request->call.batch = NULL;
    request->call.batch_len = 0;
    buffer_reset(&request->body);
    buffer_reset(&request->multipart);
    return request;
}

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

/* Takes the request out of the event loop until then; MHD_NO when the worker is stopping. */
static enum MHD_Result suspend_until(struct request *request, int64_t due_us)
{
    struct worker *worker = request->worker;

    if (atomic_load(&worker->stopping))
        return MHD_NO;
    if (!timers_add(&worker->timers, due_us, request)) {
        error_no_memory(&worker->error);
        return fail(worker);
    }
    MHD_suspend_connection(request->connection);
    return MHD_YES;
}

static int socket_of(const struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info ? info->connect_fd : -1;
}

static bool client_has_left(const struct request *request)
{
    struct pollfd socket = {.fd = socket_of(request), .events = POLLRDHUP};

    return poll(&socket, 1, 0) > 0;
}

static void fire_timers(struct worker *worker)
{
    int64_t now = now_us();
    struct request *request;

    while ((request = timers_take(&worker->timers, now))) {
        if (request->stage == STAGE_HOLDING && now < request->hold_until_us &&
            !client_has_left(request) && timers_add(&worker->timers, now + HOLD_LOOK_US, request))
            continue;
        request->may_write = true;
        MHD_resume_connection(request->connection);
    }
}

/* ---- answering ---- */

static enum MHD_Result queue(struct request *request, struct MHD_Response *response, int status,
                             const char *content_type)
{
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    if (status == MHD_HTTP_FOUND)
        MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, "/elsewhere");
    if (status == MHD_HTTP_TOO_MANY_REQUESTS)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (!atomic_load(&request->worker->keeps_alive))
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    result = MHD_queue_response(request->connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_whole(struct request *request)
{
    struct reply *reply = &request->reply;

    return queue(
        request,
        MHD_create_response_from_buffer(reply->body.len, reply->body.ptr, MHD_RESPMEM_PERSISTENT),
        reply->status, reply->content_type);
}

static enum MHD_Result answer_page_only(struct request *request)
{
    const char *page = answer_page();

    return queue(
        request,
        MHD_create_response_from_buffer(strlen(page), (void *)page, MHD_RESPMEM_PERSISTENT),
        request->page_status, "text/html;charset=UTF-8");
}

static ssize_t read_half(void *context, uint64_t position, char *to, size_t max)
{
    const struct request *request = context;
    size_t half = request->reply.body.len / 2;
    size_t len = half - (size_t)position < max ? half - (size_t)position : max;

    if (position >= half)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    memcpy(to, request->reply.body.ptr + position, len);
    return (ssize_t)len;
}

static ssize_t read_slowly(void *context, uint64_t position, char *to, size_t max)
{
    struct request *request = context;
    int64_t pause_us = SLOW_ANSWER_US / ((int64_t)request->reply.body.len + 1);

    (void)max;
    if (!request->may_write)
        return suspend_until(request, now_us() + pause_us) == MHD_YES
                   ? 0
                   : MHD_CONTENT_READER_END_WITH_ERROR;
    request->may_write = false;
    *to = request->reply.body.ptr[position];
    return 1;
}

static enum MHD_Result answer_through(struct request *request, MHD_ContentReaderCallback reader)
{
    request->may_write = false;
    return queue(
        request,
        MHD_create_response_from_callback(request->reply.body.len, 4096, reader, request, NULL),
        request->reply.status, request->reply.content_type);
}

/* Past libmicrohttpd, which would never say such a thing. Always MHD_NO. */
static enum MHD_Result send_raw(struct request *request, const char *text)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    ssize_t ignored;

    if (request->worker->settings->certificate && info)
        ignored = gnutls_record_send(info->tls_session, text, strlen(text));
    else
        ignored = send(socket_of(request), text, strlen(text), MSG_NOSIGNAL);
    (void)ignored;
    return MHD_NO;
}

/* Dissolving the association of a TCP socket sends a reset at once; closing it later adds nothing.
 * Always MHD_NO. */
static enum MHD_Result reset_connection(struct request *request)
{
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    int ignored = connect(socket_of(request), &nobody, sizeof(nobody));

    (void)ignored;
    return MHD_NO;
}

static enum MHD_Result hold(struct request *request)
{
    int64_t now = now_us();

    request->stage = STAGE_HOLDING;
    request->hold_until_us = now + WORKER_HOLD_MS * INT64_C(1000);
    return suspend_until(request, now + HOLD_LOOK_US);
}

/* MHD_NO closes the connection without a further byte. */
static enum MHD_Result deliver(struct request *request)
{
    request->stage = STAGE_ANSWERING;
    switch (request->reply.effect) {
    case EFFECT_ANSWER:
        return answer_whole(request);
    case EFFECT_SLOW:
        return answer_through(request, read_slowly);
    case EFFECT_CUT:
        return answer_through(request, read_half);
    case EFFECT_CUT_HEADER:
        return send_raw(request, "HTTP/1.1 200 OK\r\n");
    case EFFECT_NOT_HTTP:
        return send_raw(request, "\x16\x03\x01 SSH-2.0-not http at all\r\n\r\n");
    case EFFECT_RESET:
        return reset_connection(request);
    case EFFECT_HOLD:
        return hold(request);
    case EFFECT_CLOSE:
    case EFFECT_REFUSE:
    case EFFECT_NO_TLS:
        break;
    }
    return MHD_NO;
}

/* ---- reading ---- */

static enum MHD_Result on_argument(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    (void)kind;
    form_add(context, name, value ? value : "");
    return MHD_YES;
}

/* A new request by its path and HTTP method; 0 when it is one for the service. */
static int page_status_of(const char *path, const char *method)
{
    bool is_batch = !strcmp(path, PATH_BATCH);

    if (strcmp(path, PATH_REST) != 0 && !is_batch)
        return MHD_HTTP_NOT_FOUND;
    if (!strcmp(method, MHD_HTTP_METHOD_POST) ||
        (!strcmp(method, MHD_HTTP_METHOD_GET) && !is_batch))
        return 0;
    return MHD_HTTP_METHOD_NOT_ALLOWED;
}

static enum MHD_Result begin_request(struct worker *worker, struct MHD_Connection *connection,
                                     const char *path, const char *method, void **ret_request)
{
    struct request *request = take_request(worker);
    struct link *link =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    bool strikes = false;

    if (!request || !link)
        return MHD_NO;
    *ret_request = request;
    request->connection = connection;
    request->page_status = page_status_of(path, method);
    request->call.connection = link->connection;
    request->call.request = ++link->requests;
    request->call.path = strcmp(path, PATH_BATCH) ? PATH_REST : PATH_BATCH;
    if (request->page_status)
        return MHD_YES;
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, on_argument, &request->call.form);
    if (service_begin(worker->service, &request->call, &strikes, &request->reply, &worker->error))
        return fail(worker);
    return strikes ? deliver(request) : MHD_YES;
}

static enum MHD_Result read_body(struct request *request, const char *bytes, size_t *len)
{
    buffer_append(&request->body, bytes, *len);
    *len = 0;
    return request->body.failed || request->body.len > WORKER_BODY_BYTES ? MHD_NO : MHD_YES;
}

/* Gathers names and values, each with its NUL. */
static enum MHD_Result on_multipart(void *context, enum MHD_ValueKind kind, const char *name,
                                    const char *filename, const char *content_type,
                                    const char *encoding, const char *bytes, uint64_t offset,
                                    size_t len)
{
    struct buffer *gathered = context;

    (void)kind, (void)content_type, (void)encoding;
    if (filename)
        return MHD_YES; /* a file is not signed */
    if (offset == 0) {
        buffer_append(gathered, "", gathered->len != 0);
        buffer_append(gathered, name, strlen(name) + 1);
    }
    buffer_append(gathered, bytes, len);
    return MHD_YES;
}

static bool read_multipart(struct request *request)
{
    struct MHD_PostProcessor *processor =
        MHD_create_post_processor(request->connection, 4096, on_multipart, &request->multipart);
    bool ok = processor && MHD_post_process(processor, buffer_string(&request->body),
                                            request->body.len) == MHD_YES;

    if (processor)
        MHD_destroy_post_processor(processor);
    for (size_t at = 0; ok && at < request->multipart.len;) {
        const char *name = request->multipart.ptr + at;
        const char *value = name + strlen(name) + 1;

        form_add(&request->call.form, name, value);
        at += strlen(name) + strlen(value) + 2;
    }
    return ok && !request->multipart.failed;
}

static bool read_parameters(struct request *request)
{
    const char *type = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                   MHD_HTTP_HEADER_CONTENT_TYPE);

    if (!buffer_reserve(&request->body, 0))
        return false;
    request->body.ptr[request->body.len] = '\0';
    if (!strcmp(request->call.path, PATH_BATCH)) {
        request->call.batch = request->body.ptr;
        request->call.batch_len = request->body.len;
        return true;
    }
    if (type && !strncasecmp(type, MHD_HTTP_POST_ENCODING_MULTIPART_FORMDATA,
                             strlen(MHD_HTTP_POST_ENCODING_MULTIPART_FORMDATA)))
        return read_multipart(request);
    form_decode(&request->call.form, request->body.ptr);
    return true;
}

static enum MHD_Result end_request(struct request *request)
{
    struct worker *worker = request->worker;

    if (request->page_status)
        return answer_page_only(request);
    if (!read_parameters(request))
        return MHD_NO;
    if (service_answer(worker->service, &request->call, &request->reply, &worker->error))
        return fail(worker);
    if (!request->reply.delay_ms)
        return deliver(request);
    request->stage = STAGE_WAITING;
    return suspend_until(request, now_us() + request->reply.delay_ms * 1000);
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
        return begin_request(worker, connection, path, method, ret_request);
    if (*len)
        return read_body(request, bytes, len);
    switch (request->stage) {
    case STAGE_READING:
        return end_request(request);
    case STAGE_WAITING:
        return atomic_load(&worker->stopping) ? MHD_NO : deliver(request);
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
    int64_t left_us = next_us == INT64_MAX ? INT64_MAX : next_us - now_us();

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
    wake(worker->wake_fd);
    pthread_join(worker->thread, NULL);
    release(worker);
}

/* Under lock. */
static bool add_arrival(struct worker *worker, struct arrival arrival)
{
    if (worker->arrival_count == worker->arrival_capacity) {
        size_t capacity = worker->arrival_capacity ? 2 * worker->arrival_capacity : 64;
        struct arrival *arrivals = realloc(worker->arrivals, capacity * sizeof(*arrivals));

        if (!arrivals)
            return false;
        worker->arrivals = arrivals;
        worker->arrival_capacity = capacity;
    }
    worker->arrivals[worker->arrival_count++] = arrival;
    return true;
}

void worker_adopt(struct worker *worker, int fd, uint64_t connection)
{
    pthread_mutex_lock(&worker->lock);
    if (!add_arrival(worker, (struct arrival){.fd = fd, .connection = connection}))
        close(fd);
    pthread_mutex_unlock(&worker->lock);
    wake(worker->wake_fd);
}

void worker_keep_alive(struct worker *worker, bool keep_alive)
{
    atomic_store(&worker->keeps_alive, keep_alive);
}

const struct error *worker_failure(struct worker *worker)
{
    return atomic_load(&worker->failed) ? &worker->error : NULL;
}

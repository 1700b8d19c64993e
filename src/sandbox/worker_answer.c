#include "worker_answer.h"

#include <gnutls/gnutls.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "base/error.h"
#include "timers.h"
#include "worker.h"
#include "worker_read.h"

void worker_answer_wake(int fd)
{
    uint64_t one = 1;
    ssize_t ignored = write(fd, &one, sizeof(one));

    (void)ignored;
}

/* The error has been filled in. Always MHD_NO, which closes the connection. */
enum MHD_Result worker_answer_fail(struct worker *worker)
{
    atomic_store(&worker->failed, true);
    worker_answer_wake(worker->settings->failure_fd);
    return MHD_NO;
}

int64_t worker_answer_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Takes the request out of the event loop until then; MHD_NO when the worker is stopping. */
enum MHD_Result worker_answer_suspend_until(struct request *request, int64_t due_us)
{
    struct worker *worker = request->worker;

    if (atomic_load(&worker->stopping))
        return MHD_NO;
    if (!timers_add(&worker->timers, due_us, request)) {
        error_no_memory(&worker->error);
        return worker_answer_fail(worker);
    }
    MHD_suspend_connection(request->connection);
    return MHD_YES;
}

int worker_answer_socket_of(const struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info ? info->connect_fd : -1;
}

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

enum MHD_Result worker_answer_page_only(struct request *request)
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
        return worker_answer_suspend_until(request, worker_answer_now_us() + pause_us) == MHD_YES
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
        ignored = send(worker_answer_socket_of(request), text, strlen(text), MSG_NOSIGNAL);
    (void)ignored;
    return MHD_NO;
}

/* Dissolving the association of a TCP socket sends a reset at once; closing it later adds nothing.
 * Always MHD_NO. */
static enum MHD_Result reset_connection(struct request *request)
{
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    int ignored = connect(worker_answer_socket_of(request), &nobody, sizeof(nobody));

    (void)ignored;
    return MHD_NO;
}

static enum MHD_Result hold(struct request *request)
{
    int64_t now = worker_answer_now_us();

    request->stage = STAGE_HOLDING;
    request->hold_until_us = now + WORKER_HOLD_MS * INT64_C(1000);
    return worker_answer_suspend_until(request, now + HOLD_LOOK_US);
}

/* MHD_NO closes the connection without a further byte. */
enum MHD_Result worker_answer_deliver(struct request *request)
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

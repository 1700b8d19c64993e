#include "worker_read.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/error.h"
#include "worker.h"
#include "worker_answer.h"

struct request *worker_read_take_request(struct worker *worker)
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

enum MHD_Result worker_read_begin(struct worker *worker, struct MHD_Connection *connection,
                                  const char *path, const char *method, void **ret_request)
{
    struct request *request = worker_read_take_request(worker);
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
        return worker_answer_fail(worker);
    return strikes ? worker_answer_deliver(request) : MHD_YES;
}

enum MHD_Result worker_read_body(struct request *request, const char *bytes, size_t *len)
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

enum MHD_Result worker_read_end(struct request *request)
{
    struct worker *worker = request->worker;

    if (request->page_status)
        return worker_answer_page_only(request);
    if (!read_parameters(request))
        return MHD_NO;
    if (service_answer(worker->service, &request->call, &request->reply, &worker->error))
        return worker_answer_fail(worker);
    if (!request->reply.delay_ms)
        return worker_answer_deliver(request);
    request->stage = STAGE_WAITING;
    return worker_answer_suspend_until(request,
                                       worker_answer_now_us() + request->reply.delay_ms * 1000);
}

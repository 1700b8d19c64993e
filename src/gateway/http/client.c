#include "gateway/http/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/error.h"
#include "call.h"
#include "connections.h"
#include "curl_memory.h"
#include "handle.h"

/* Room for one call. */
struct slot {
    struct call call;
    struct slot *next_free;
};

/*
 * Driven by perform, not by socket_action: that spares looking at calls which wait, but pays system
 * calls for each call; measured, it is slower at 64 in flight and no faster at 1024.
 */
struct client {
    CURLM *multi;
    CURL *model;
    struct calls calls;
    int64_t timeout_ms, driven_ms; /* of a call; when libcurl drove them last, monotonic */
    CURLU *url;
    struct curl_slist *headers;
    struct curl_memory *memory;
    struct slot *slots;
    size_t capacity;
    struct slot *free;     /* list by next_free */
    struct exchange *done; /* ended, not collected; list by next, in the order they ended */
    struct exchange **done_tail;
};

/* ---- slots ---- */

static void drop_handle(struct client *client, struct call *call)
{
    curl_multi_remove_handle(client->multi, call->handle);
    curl_easy_cleanup(call->handle);
    call->handle = NULL;
}

/* Takes the exchange out of its slot and puts it where client_collect finds it. */
static void release_slot(struct client *client, struct slot *slot)
{
    struct exchange *exchange = slot->call.exchange;

    drop_handle(client, &slot->call);
    exchange->next = NULL;
    *client->done_tail = exchange;
    client->done_tail = &exchange->next;
    slot->call.exchange = NULL;
    slot->next_free = client->free;
    client->free = slot;
}

static bool begin(struct client *client, struct call *call)
{
    return call_begin(call, client->model) == CURLE_OK &&
           curl_multi_add_handle(client->multi, call->handle) == CURLM_OK;
}

/* Begins the call once more, on a connection of its own. */
static bool begin_afresh(struct client *client, struct call *call)
{
    call->fresh = true;
    drop_handle(client, call);
    if (begin(client, call))
        return true;
    call->unclean = true;
    return false;
}

static void end_call(struct client *client, struct slot *slot, CURLcode code)
{
    if (slot->call.unclean && !slot->call.fresh && !slot->call.lacks_http2 &&
        begin_afresh(client, &slot->call))
        return;
    call_end(&slot->call, code);
    release_slot(client, slot);
}

/* ---- opening and closing ---- */

int client_library_init(struct error *err)
{
    /* libcurl would write the keys of each connection there, for whoever listens. */
    unsetenv("SSLKEYLOGFILE");
    if (curl_memory_take_over(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, EXIT_INTERNAL, "libcurl cannot be initialised; nothing was sent");
    return 0;
}

void client_library_release(void)
{
    curl_global_cleanup();
}

static int open_model(struct client *client, const struct client_settings *settings,
                      struct error *err)
{
    CURLcode code;

    if (handle_model(settings, client->url, client->headers, &client->model, err))
        return -1;
    code = connections_set_up(client->calls.connections, client->model);
    if (code == CURLE_OK)
        code = call_set_up_model(client->model);
    return code == CURLE_OK ? 0 : handle_lacks(code, err);
}

static void open_slots(struct client *client)
{
    for (size_t i = 0; i < client->capacity; i++) {
        client->slots[i].call.calls = &client->calls;
        client->slots[i].next_free = client->free;
        client->free = &client->slots[i];
    }
}

int client_open(const struct client_settings *settings, size_t capacity, struct client **ret_client,
                struct error *err)
{
    struct client *client = calloc(1, sizeof(*client));
    bool is_tls = strncasecmp(settings->url, "https:", strlen("https:")) == 0;

    *ret_client = NULL;
    if (!client)
        return error_no_memory(err);
    client->capacity = capacity;
    client->done_tail = &client->done;
    client->slots = calloc(capacity, sizeof(*client->slots));
    client->multi = curl_multi_init();
    client->calls.connections =
        connections_open(capacity, settings->tags ? settings->tags : 1, is_tls);
    client->calls.is_tls = is_tls;
    client->timeout_ms = settings->timeout_ms;
    client->driven_ms = clock_mono_ms();
    client->calls.http = settings->http;
    client->calls.send_before = settings->send_before;
    client->calls.has_proxy = handle_has_proxy(settings);
    client->url = handle_url(settings->url);
    client->headers = handle_headers(settings);
    client->memory = BLOCKS_ARE_KEPT ? curl_memory_open() : NULL; /* without, it is slower */
    if (settings->tells_departures)
        client->calls.departures = calloc(capacity, sizeof(*client->calls.departures));
    if (!client->slots || !client->multi || !client->calls.connections || !client->url ||
        !client->headers || (settings->tells_departures && !client->calls.departures)) {
        error_no_memory(err);
        goto failed;
    }
    /* Every slot may keep its connection. */
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)capacity);
    if (open_model(client, settings, err) != 0)
        goto failed;
    open_slots(client);
    *ret_client = client;
    return 0;
failed:
    client_close(client);
    return -1;
}

void client_close(struct client *client)
{
    if (!client)
        return;
    for (size_t i = 0; client->slots && i < client->capacity; i++)
        curl_easy_cleanup(client->slots[i].call.handle);
    curl_easy_cleanup(client->model);
    curl_multi_cleanup(client->multi);
    connections_close(client->calls.connections);
    curl_slist_free_all(client->headers);
    curl_url_cleanup(client->url);
    curl_memory_close(client->memory);
    free(client->slots);
    free(client->calls.departures);
    free(client);
}

/* ---- calls ---- */

static void reset_exchange(struct exchange *exchange)
{
    exchange->phase = PHASE_NOT_SENT;
    exchange->transport = TRANSPORT_INTERNAL;
    exchange->detail[0] = '\0';
    exchange->http_status = 0;
    exchange->retry_after_s = -1;
    exchange->server_ms = -1;
    exchange->sent_ms = 0;
    exchange->sent_mono_ms = 0;
    exchange->ended_ms = 0;
    exchange->duration_ms = 0;
    buffer_reset(&exchange->answer);
    exchange->next = NULL;
    exchange->connection = 0;
    exchange->handovers = 0;
    exchange->oversized = false;
    exchange->early = false;
}

void client_send(struct client *client, struct exchange *exchange)
{
    struct slot *slot = client->free;

    reset_exchange(exchange);
    client->free = slot->next_free;
    slot->call.exchange = exchange;
    slot->call.fresh = false;
    slot->call.begun_ms = clock_mono_ms();
    slot->call.stopped_ms = 0;
    curl_memory_use(client->memory);
    if (!begin(client, &slot->call))
        end_call(client, slot, CURLE_OUT_OF_MEMORY);
    curl_memory_use(NULL);
}

/* Without libcurl's help no call would ever end. */
static void end_all(struct client *client)
{
    for (size_t i = 0; i < client->capacity; i++) {
        if (client->slots[i].call.exchange)
            end_call(client, &client->slots[i], CURLE_FAILED_INIT);
    }
}

static struct slot *slot_of(struct call *call)
{
    return (struct slot *)((char *)call - offsetof(struct slot, call));
}

static void end_finished_calls(struct client *client)
{
    int left = 0;
    CURLMsg *message = NULL;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        struct call *call = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        end_call(client, slot_of(call), message->data.result);
    }
}

#define STOPPED_MS 1000 /* who comes back so much later than he should was stopped */

/* A process that goes on after it was stopped finds answers that came meanwhile, and libcurl would
 * say that they are late before it reads them: that time does not count. */
static void allow_for_stop(struct client *client, int64_t stopped_ms, int64_t now_ms)
{
    for (size_t i = 0; i < client->capacity; i++) {
        struct call *call = &client->slots[i].call;

        if (!call->handle)
            continue;
        call->stopped_ms +=
            stopped_ms < now_ms - call->begun_ms ? stopped_ms : now_ms - call->begun_ms;
        curl_easy_setopt(call->handle, CURLOPT_TIMEOUT_MS,
                         (long)(client->timeout_ms + call->stopped_ms));
    }
}

/* After a wait of at most waited_ms. */
static void drive(struct client *client, int waited_ms)
{
    int running = 0;
    int64_t now_ms = clock_mono_ms();

    if (now_ms - client->driven_ms - waited_ms >= STOPPED_MS)
        allow_for_stop(client, now_ms - client->driven_ms - waited_ms, now_ms);
    client->driven_ms = now_ms;
    if (curl_multi_perform(client->multi, &running) != CURLM_OK)
        end_all(client);
    end_finished_calls(client);
}

/* For calls, and for what idle connections bring unasked. */
static void wait(struct client *client, int timeout_ms)
{
    struct curl_waitfd *fds = NULL;
    unsigned count = connections_idle(client->calls.connections, &fds);

    curl_multi_poll(client->multi, fds, count, timeout_ms, NULL);
    connections_look(client->calls.connections, true);
}

struct exchange *client_collect(struct client *client, int timeout_ms)
{
    struct exchange *done = NULL;

    curl_memory_use(client->memory);
    drive(client, 0);
    if (!client->done && !client->calls.departed) {
        wait(client, timeout_ms);
        drive(client, timeout_ms);
    }
    curl_memory_use(NULL);
    done = client->done;
    client->done = NULL;
    client->done_tail = &client->done;
    return done;
}

size_t client_departures(struct client *client, struct departure *ret)
{
    size_t count = client->calls.departed;

    if (count)
        memcpy(ret, client->calls.departures, count * sizeof(*ret));
    client->calls.departed = 0;
    return count;
}

size_t client_suspicions(struct client *client, uint64_t *ret)
{
    return connections_suspicions(client->calls.connections, ret);
}

void client_retire(struct client *client, uint64_t connection)
{
    connections_retire(client->calls.connections, connection);
}

void client_last_look(struct client *client)
{
    connections_look(client->calls.connections, false);
}

void client_wake(struct client *client)
{
    curl_multi_wakeup(client->multi);
}

void client_recall(struct client *client)
{
    for (size_t i = 0; i < client->capacity; i++) {
        struct slot *slot = &client->slots[i];

        if (!slot->call.exchange || slot->call.exchange->handovers > 0)
            continue;
        call_end(&slot->call, CURLE_OK);
        slot->call.exchange->transport = TRANSPORT_WITHDRAWN;
        slot->call.exchange->detail[0] = '\0';
        release_slot(client, slot);
    }
}

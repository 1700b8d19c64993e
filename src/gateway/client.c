#include "gateway/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/error.h"
#include "connections.h"
#include "failure.h"
#include "handle.h"
#include "head.h"

/* Room for one call. */
struct slot {
    struct client *client;
    CURL *handle;              /* of the call at hand: a copy of the model; else NULL */
    struct exchange *exchange; /* NULL while free */
    struct slot *next_free;
    struct head head;
    bool unclean;                /* the connection at hand was not fit for use */
    bool fresh;                  /* a new connection was asked for because of that */
    char words[CURL_ERROR_SIZE]; /* libcurl's, on a failure */
};

/*
 * Driven by perform, not by socket_action: that spares looking at calls which wait, but pays system
 * calls for each call; measured, it is slower at 64 in flight and no faster at 1024.
 */
struct client {
    CURLM *multi;
    CURL *model;
    struct connections *connections;
    bool is_tls;
    struct curl_slist *headers;
    struct slot *slots;
    size_t capacity;
    struct slot *free;     /* list by next_free */
    struct exchange *done; /* ended, not collected; list by next */

    /* tells_departures: those not told yet. An exchange departs once, and what has departed is
     * asked for before an ended one makes room for the next, so they are at most `capacity`. */
    struct departure *departures;
    size_t departed;

    struct head_date date;
};

/* ---- the end of a call ---- */

/* What ended a call after its request was handed to a connection. */
static enum transport transport_sent(const struct slot *slot, CURLcode code)
{
    const struct exchange *exchange = slot->exchange;

    if (exchange->handovers > 1)
        return TRANSPORT_RESEND;
    if (exchange->early)
        return TRANSPORT_EARLY_ANSWER;
    if (exchange->oversized || slot->head.is_large)
        return TRANSPORT_TOO_LARGE;
    if (slot->head.is_odd)
        return TRANSPORT_NOT_HTTP;
    return code == CURLE_OK ? TRANSPORT_CUT : failure_sent(code);
}

/* The status line and fields of the last answer, of a cut one too. */
static void take_head(struct client *client, struct exchange *exchange, const struct head *head)
{
    exchange->http_status = head->status;
    exchange->server_ms = head_date_ms(head, &client->date);
    exchange->retry_after_s = head_retry_after_s(head);
}

static void judge_phase(struct slot *slot, CURLcode code)
{
    struct exchange *exchange = slot->exchange;
    CURL *handle = slot->handle;
    curl_off_t uploaded = 0;

    if (exchange->handovers == 0) {
        exchange->phase = PHASE_NOT_SENT;
        exchange->transport = slot->unclean ? TRANSPORT_UNCLEAN : failure_not_sent(code);
        return;
    }
    take_head(slot->client, exchange, &slot->head);
    curl_easy_getinfo(handle, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    if ((uint64_t)uploaded < exchange->body.len && exchange->http_status != 0)
        exchange->early = true;
    if (code == CURLE_OK && exchange->http_status != 0 && slot->head.is_whole && !exchange->early) {
        exchange->phase = PHASE_ANSWERED;
        exchange->transport = TRANSPORT_OK;
    } else {
        exchange->phase = PHASE_SENT;
        exchange->transport = transport_sent(slot, code);
    }
}

static void take_times(struct exchange *exchange)
{
    int64_t now_ms = clock_mono_ms();

    if (exchange->handovers == 0) {
        exchange->sent_ms = clock_wall_ms();
        exchange->sent_mono_ms = now_ms;
    }
    exchange->duration_ms = now_ms - exchange->sent_mono_ms;
}

static void drop_handle(struct client *client, struct slot *slot)
{
    curl_multi_remove_handle(client->multi, slot->handle);
    curl_easy_cleanup(slot->handle);
    slot->handle = NULL;
}

/* Takes the exchange out of its slot and puts it where client_collect finds it. */
static void release_slot(struct client *client, struct slot *slot)
{
    struct exchange *exchange = slot->exchange;

    drop_handle(client, slot);
    take_times(exchange);
    exchange->next = client->done;
    client->done = exchange;
    slot->exchange = NULL;
    slot->next_free = client->free;
    client->free = slot;
}

static CURLcode set_up_call(struct slot *slot)
{
    const struct buffer *body = &slot->exchange->body;
    CURL *handle = slot->handle;
    CURLcode code = CURLE_OK;

#define SET(option, value)                                                                         \
    if (code == CURLE_OK)                                                                          \
    code = curl_easy_setopt(handle, option, value)

    SET(CURLOPT_PREREQDATA, slot);
    SET(CURLOPT_HEADERDATA, slot);
    SET(CURLOPT_WRITEDATA, slot);
    SET(CURLOPT_ERRORBUFFER, slot->words);
    SET(CURLOPT_PRIVATE, slot);
    SET(CURLOPT_POSTFIELDS, buffer_string(body));
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
    SET(CURLOPT_FRESH_CONNECT, slot->fresh ? 1L : 0L);
#undef SET
    return code;
}

static bool begin(struct client *client, struct slot *slot)
{
    slot->words[0] = '\0';
    slot->head = (struct head){0};
    slot->handle = curl_easy_duphandle(client->model);
    return slot->handle && set_up_call(slot) == CURLE_OK &&
           curl_multi_add_handle(client->multi, slot->handle) == CURLM_OK;
}

/* Begins the call once more, on a connection of its own. */
static bool begin_afresh(struct client *client, struct slot *slot)
{
    slot->fresh = true;
    drop_handle(client, slot);
    return begin(client, slot);
}

static void end_call(struct client *client, struct slot *slot, CURLcode code)
{
    struct exchange *exchange = slot->exchange;

    if (slot->unclean && !slot->fresh && begin_afresh(client, slot))
        return;
    judge_phase(slot, code);
    /* Where it was we who said no, libcurl's words tell nothing. */
    if (exchange->transport == TRANSPORT_RESEND || exchange->transport == TRANSPORT_UNCLEAN)
        exchange->detail[0] = '\0';
    else if (exchange->phase != PHASE_ANSWERED)
        snprintf(exchange->detail, sizeof(exchange->detail), "%.*s",
                 (int)sizeof(exchange->detail) - 1,
                 slot->words[0] ? slot->words : curl_easy_strerror(code));
    release_slot(client, slot);
}

/* ---- callbacks of libcurl ---- */

static void note_departure(struct client *client, const struct exchange *exchange)
{
    if (client->departures)
        client->departures[client->departed++] =
            (struct departure){exchange->sent_ms, exchange->sent_mono_ms};
}

/*
 * The gate of protocol section 8: called each time before the request is put on a connection. The
 * second time libcurl wants to repeat what the gateway may have executed. A connection that is not
 * clean is not used: end_call then takes a fresh one.
 */
static int on_handover(void *context, char *remote_ip, char *local_ip, int remote_port,
                       int local_port)
{
    struct slot *slot = context;
    struct exchange *exchange = slot->exchange;
    struct client *client = slot->client;

    (void)local_ip, (void)remote_port;
    slot->unclean = exchange->handovers == 0 &&
                    !connections_use(client->connections, remote_ip, local_port, client->is_tls);
    if (slot->unclean || exchange->handovers++ > 0)
        return CURL_PREREQFUNC_ABORT;
    slot->head = (struct head){0};
    exchange->sent_ms = clock_wall_ms();
    exchange->sent_mono_ms = clock_mono_ms();
    note_departure(client, exchange);
    return CURL_PREREQFUNC_OK;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct slot *slot = context;

    return head_take(&slot->head, bytes, size * count) ? size * count : 0;
}

static size_t on_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct slot *slot = context;
    struct exchange *exchange = slot->exchange;
    size_t len = size * count;
    curl_off_t uploaded = 0;

    if (exchange->answer.len == 0) {
        curl_easy_getinfo(slot->handle, CURLINFO_SIZE_UPLOAD_T, &uploaded);
        exchange->early = (uint64_t)uploaded < exchange->body.len;
    }
    exchange->oversized = len > EXCHANGE_ANSWER_BYTES - exchange->answer.len;
    if (exchange->early || exchange->oversized)
        return 0;
    buffer_append(&exchange->answer, bytes, len);
    return exchange->answer.failed ? 0 : len;
}

/* ---- opening and closing ---- */

int client_library_init(struct error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, EXIT_INTERNAL, "libcurl cannot be initialised; nothing was sent");
    return 0;
}

void client_library_release(void)
{
    curl_global_cleanup();
}

/* The callbacks; their contexts are each call's own. */
static int open_model(struct client *client, const struct client_settings *settings,
                      struct error *err)
{
    CURLcode code = CURLE_OK;

    if (handle_model(settings, client->headers, &client->model, err))
        return -1;
    code = connections_set_up(client->connections, client->model);
    if (code == CURLE_OK)
        code = curl_easy_setopt(client->model, CURLOPT_PREREQFUNCTION, on_handover);
    if (code == CURLE_OK)
        code = curl_easy_setopt(client->model, CURLOPT_HEADERFUNCTION, on_header);
    if (code == CURLE_OK)
        code = curl_easy_setopt(client->model, CURLOPT_WRITEFUNCTION, on_answer);
    return code == CURLE_OK ? 0 : handle_lacks(code, err);
}

static void open_slots(struct client *client)
{
    for (size_t i = 0; i < client->capacity; i++) {
        client->slots[i].client = client;
        client->slots[i].next_free = client->free;
        client->free = &client->slots[i];
    }
}

int client_open(const struct client_settings *settings, size_t capacity, struct client **ret_client,
                struct error *err)
{
    struct client *client = calloc(1, sizeof(*client));

    *ret_client = NULL;
    if (!client)
        return error_no_memory(err);
    client->capacity = capacity;
    client->slots = calloc(capacity, sizeof(*client->slots));
    client->multi = curl_multi_init();
    client->connections = connections_open();
    client->is_tls = strncasecmp(settings->url, "https:", strlen("https:")) == 0;
    client->headers = handle_headers();
    if (settings->tells_departures)
        client->departures = calloc(capacity, sizeof(*client->departures));
    if (!client->slots || !client->multi || !client->connections || !client->headers ||
        (settings->tells_departures && !client->departures)) {
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
        curl_easy_cleanup(client->slots[i].handle);
    curl_easy_cleanup(client->model);
    curl_multi_cleanup(client->multi);
    connections_close(client->connections);
    curl_slist_free_all(client->headers);
    free(client->slots);
    free(client->departures);
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
    exchange->duration_ms = 0;
    buffer_reset(&exchange->answer);
    exchange->next = NULL;
    exchange->handovers = 0;
    exchange->oversized = false;
    exchange->early = false;
}

void client_send(struct client *client, struct exchange *exchange)
{
    struct slot *slot = client->free;

    reset_exchange(exchange);
    client->free = slot->next_free;
    slot->exchange = exchange;
    slot->unclean = slot->fresh = false;
    if (!begin(client, slot))
        end_call(client, slot, CURLE_OUT_OF_MEMORY);
}

/* Without libcurl's help no call would ever end. */
static void end_all(struct client *client)
{
    for (size_t i = 0; i < client->capacity; i++) {
        if (client->slots[i].exchange)
            end_call(client, &client->slots[i], CURLE_FAILED_INIT);
    }
}

static void end_finished_calls(struct client *client)
{
    int left = 0;
    CURLMsg *message = NULL;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        struct slot *slot = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot);
        end_call(client, slot, message->data.result);
    }
}

static void drive(struct client *client)
{
    int running = 0;

    if (curl_multi_perform(client->multi, &running) != CURLM_OK)
        end_all(client);
    end_finished_calls(client);
}

struct exchange *client_collect(struct client *client, int timeout_ms)
{
    struct exchange *done = NULL;

    drive(client);
    if (!client->done && !client->departed) {
        curl_multi_poll(client->multi, NULL, 0, timeout_ms, NULL);
        drive(client);
    }
    done = client->done;
    client->done = NULL;
    return done;
}

size_t client_departures(struct client *client, struct departure *ret)
{
    size_t count = client->departed;

    if (count)
        memcpy(ret, client->departures, count * sizeof(*ret));
    client->departed = 0;
    return count;
}

void client_wake(struct client *client)
{
    curl_multi_wakeup(client->multi);
}

void client_recall(struct client *client)
{
    for (size_t i = 0; i < client->capacity; i++) {
        struct slot *slot = &client->slots[i];

        if (!slot->exchange || slot->exchange->handovers > 0)
            continue;
        slot->exchange->transport = TRANSPORT_WITHDRAWN;
        release_slot(client, slot);
    }
}

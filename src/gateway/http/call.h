/*
 * call: one call on its way through libcurl: what its callbacks see, and what its end means.
 *
 * The gate of protocol section 8 is here: a request is handed to a connection at most once.
 *
 * Tested by tests/unit/test_client.c
 */
#ifndef CLAIMBATCH_GATEWAY_HTTP_CALL_H
#define CLAIMBATCH_GATEWAY_HTTP_CALL_H

#include <stdbool.h>

#include <curl/curl.h>

#include "connections.h"
#include "gateway/http/client.h"
#include "gateway/http/exchange.h"
#include "head.h"

/* That the gateway processes no stream above the last one on a connection. */
struct goaway {
    uint64_t connection;
    uint32_t last_stream;
};

/* They are asked for when the calls of their connection end, which is at once. */
#define GOAWAYS_KEPT 64

/* What the calls of a client share. */
struct calls {
    struct connections *connections;
    struct head_date date;
    enum client_http http;
    const struct deadline *send_before;
    bool is_tls;
    bool has_shared;                     /* a connection has agreed on HTTP/2 */
    bool is_mixed;                       /* … and a later one has not: from now on HTTP/1.1 */
    struct goaway goaways[GOAWAYS_KEPT]; /* the last ones of HTTP/2 */
    size_t goaway_next;
    bool has_proxy; /* libcurl's words may be about it, and are not kept */

    /* NULL: nobody asks. Those not told yet. An exchange departs once, and what has departed is
     * asked for before an ended one makes room for the next, so they are at most as many as calls.
     */
    struct departure *departures;
    size_t departed;
};

struct call {
    struct calls *calls;
    CURL *handle;                 /* a copy of the model; NULL while free */
    struct exchange *exchange;    /* NULL while free */
    int64_t begun_ms, stopped_ms; /* monotonic; how long this process was stopped since */
    struct head head;
    struct connection *connection; /* it was handed to; NULL: none, or it is not known any more */
    uint64_t shared;               /* the number of the one of HTTP/2 that it was handed to, or 0 */
    bool is_http2;
    uint32_t stream;             /* of HTTP/2; 0: not known */
    bool refused;                /* HTTP/2: surely not processed */
    bool wants_http1;            /* HTTP/2: to be sent as HTTP/1.1 */
    bool lacks_http2;            /* the gateway does not speak it */
    bool keeps_to_http1;         /* HTTP/2 is not asked for any more */
    bool followed;               /* bytes came behind the end of the answer */
    bool unclean;                /* the connection at hand was not fit for use */
    bool late;                   /* it was too late to hand it over */
    int socket_error;            /* errno, where this machine had no socket for it; or 0 */
    bool fresh;                  /* a new connection was asked for because of that */
    char words[CURL_ERROR_SIZE]; /* libcurl's, on a failure */
};

/* Sets the callbacks of a model. */
CURLcode call_set_up_model(CURL *model);

/* Makes the call ready to begin its exchange with a handle of its own, a copy of the model. */
CURLcode call_begin(struct call *call, CURL *model);

/* Fills in the exchange's end. */
void call_end(struct call *call, CURLcode code);

#endif

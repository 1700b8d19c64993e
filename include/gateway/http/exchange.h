/*
 * exchange: what is known of one HTTP call, from the first byte to its end.
 *
 * Plain facts, without judgement: the client fills them in, verdict judges them.
 *
 * Tested by tests/unit/test_verdict.c
 */
#ifndef CLAIMBATCH_GATEWAY_HTTP_EXCHANGE_H
#define CLAIMBATCH_GATEWAY_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* How far the call came. The line that matters: has the request been handed to a connection? */
enum phase {
    PHASE_NOT_SENT, /* surely no byte of it left */
    PHASE_SENT,     /* handed to a connection; bytes may have left */
    PHASE_ANSWERED, /* a whole HTTP answer came, after the whole body had left */
};

/* What ended the call. */
enum transport {
    TRANSPORT_OK,          /* PHASE_ANSWERED */
    TRANSPORT_WITHDRAWN,   /* PHASE_NOT_SENT: recalled, or it was too late for it */
    TRANSPORT_LOOKUP,      /* PHASE_NOT_SENT: name lookup failed */
    TRANSPORT_CONNECT,     /* PHASE_NOT_SENT: refused, no route, connect timeout */
    TRANSPORT_SOCKET,      /* PHASE_NOT_SENT: this machine has no socket left */
    TRANSPORT_PROXY,       /* PHASE_NOT_SENT */
    TRANSPORT_TLS,         /* PHASE_NOT_SENT: handshake failed, not because of the certificate */
    TRANSPORT_CERTIFICATE, /* PHASE_NOT_SENT: wrong, expired, of another host, unreadable CA file */
    TRANSPORT_NO_HTTP2, /* PHASE_NOT_SENT: the gateway does not speak it, nothing else is wanted */
    TRANSPORT_UNCLEAN,  /* PHASE_NOT_SENT: bytes came on a new connection before it was used, or
                           it was closed */
    TRANSPORT_TIMEOUT,  /* no whole answer in time */
    TRANSPORT_CLOSED,   /* closed without one byte of an answer */
    TRANSPORT_RESET,    /* reset or broken while sending or receiving */
    TRANSPORT_CUT,      /* an answer began and did not end as announced */
    TRANSPORT_CODING,   /* an answer is coded in a way that libcurl cannot undo */
    TRANSPORT_NOT_HTTP, /* what came is no HTTP */
    TRANSPORT_EARLY_ANSWER, /* an answer came before the request had arrived whole */
    TRANSPORT_EXCESS,       /* bytes came behind the end of the answer */
    TRANSPORT_TOO_LARGE,    /* the answer is over EXCHANGE_ANSWER_BYTES, or its head too large */
    TRANSPORT_REFUSED,      /* HTTP/2: surely not processed (RFC 9113, section 8.7) */
    TRANSPORT_WANTS_HTTP1,  /* HTTP/2: the gateway wants HTTP/1.1 for the request */
    TRANSPORT_RESEND,   /* libcurl was about to send the request a second time and was stopped */
    TRANSPORT_INTERNAL, /* anything else libcurl reports, out of memory included */
};

#define EXCHANGE_ANSWER_BYTES ((size_t)1 << 20)

/* When a request was handed to a connection. By the clock on the wall nobody could tell how long
 * ago that was, for it may be set at any moment. */
struct departure {
    int64_t mono_ms;
    size_t tags; /* of the call: as many claims have left */
};

struct exchange {
    /* in: set by the one who sends; the body must not change until the exchange is done */
    uint64_t tag; /* what the caller knows the call by */
    struct exchange
        *company; /* others whose tags the call has as well; else they are not looked at */
    struct buffer body;
    int64_t signed_ms; /* wall time that the request says; 0: not known */
    struct buffer url; /* where it goes; empty: where all calls of the client go */

    /* out: valid once the exchange is done */
    enum phase phase;
    enum transport transport;
    char detail[160];      /* libcurl's words on a failure; no secret can be in it */
    long http_status;      /* 0 when none came */
    int64_t retry_after_s; /* of the Retry-After header (a date is turned into seconds from now); -1
                              if none */
    int64_t server_ms;     /* wall time of the Date header, or -1 */
    int64_t sent_ms; /* wall time when it was handed to the connection, or when it ended if it never
                        was */
    int64_t sent_mono_ms; /* the same moment of the monotonic clock */
    int64_t ended_ms;     /* wall time when it ended */
    int64_t duration_ms;  /* from hand-over to the end; 0 if never handed over */
    struct buffer answer; /* body of the answer; kept and reused from call to call */
    uint64_t connection; /* the number of the one it was handed to, within its client; 0: not known,
                            or HTTP/2, where an answer cannot take another one's place on it */

    /* the client's */
    struct exchange *next;
    int handovers;  /* how often libcurl was about to put it on a connection */
    bool oversized; /* the answer is over EXCHANGE_ANSWER_BYTES */
    bool early;     /* the answer began before the request had arrived */
};

#endif

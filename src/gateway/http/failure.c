#include "failure.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum transport failure_not_sent(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return TRANSPORT_LOOKUP;
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
        return TRANSPORT_CONNECT;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
        return TRANSPORT_PROXY;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return TRANSPORT_CERTIFICATE;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_USE_SSL_FAILED:
        return TRANSPORT_TLS;
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
        /* Before hand-over only a proxy is talked to in the clear. */
        return TRANSPORT_PROXY;
    default:
        return TRANSPORT_INTERNAL;
    }
}

enum transport failure_sent(CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return TRANSPORT_TIMEOUT;
    case CURLE_GOT_NOTHING:
    /* libcurl makes a new connection only when the first one ended without a byte of an answer;
     * that this failed too is no news of the request. */
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
        return TRANSPORT_CLOSED;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return TRANSPORT_RESET;
    case CURLE_PARTIAL_FILE:
        return TRANSPORT_CUT;
    case CURLE_BAD_CONTENT_ENCODING:
        return TRANSPORT_CODING;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_FUNCTION_ARGUMENT: /* a header line that libcurl cannot store */
        return TRANSPORT_NOT_HTTP;
    default:
        return TRANSPORT_INTERNAL;
    }
}

int failure_of_sockets(enum transport not_sent)
{
    int fd;

    if (not_sent != TRANSPORT_LOOKUP && not_sent != TRANSPORT_CONNECT &&
        not_sent != TRANSPORT_PROXY && not_sent != TRANSPORT_INTERNAL)
        return 0;
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

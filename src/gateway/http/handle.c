#include "handle.h"

#include <stdio.h>
#include <string.h>

#include <openssl/ssl.h>

#include "base/error.h"
#include "gateway/top.h"

#define CONTENT_TYPE "Content-Type: "
#define USER_AGENT "User-Agent: "
#define LINE_BYTES 128

/* A call is one send and one answer of a few hundred bytes: small buffers keep slots cheap. */
#define RECEIVE_BUFFER_BYTES 4096L
/* Of HTTP/2: libcurl 7.88 mixes up a head that is longer, and an answer that is longer stops its
 * neighbours until it is fetched. */
#define SHARED_RECEIVE_BUFFER_BYTES 16384L
#define UPLOAD_BUFFER_BYTES 16384L

bool handle_has_proxy(const struct client_settings *settings)
{
    return settings->proxy && *settings->proxy;
}

/*
 * "Expect:" keeps libcurl from asking first whether the body is welcome. No coding is asked for;
 * CURLOPT_ACCEPT_ENCODING says so too, and CURLOPT_USERAGENT who asks, but libcurl would put the
 * lines together for each call.
 */
struct curl_slist *handle_headers(const struct client_settings *settings)
{
    char content_type[LINE_BYTES], user_agent[LINE_BYTES];
    const char *const lines[] = {content_type, "Accept-Encoding: identity", "Expect:", user_agent};
    size_t count = sizeof(lines) / sizeof(*lines) - handle_has_proxy(settings);
    struct curl_slist *headers = NULL;

    snprintf(content_type, sizeof(content_type), CONTENT_TYPE "%s",
             settings->content_type ? settings->content_type : TOP_CONTENT_TYPE);
    snprintf(user_agent, sizeof(user_agent), USER_AGENT "%s", settings->user_agent);
    for (size_t i = 0; i < count; i++) {
        struct curl_slist *longer = curl_slist_append(headers, lines[i]);

        if (!longer) {
            curl_slist_free_all(headers);
            return NULL;
        }
        headers = longer;
    }
    return headers;
}

/* The first failure, or CURLE_OK. */
static CURLcode set_up_tls(CURL *handle, const char *ca_file)
{
    CURLcode code = curl_easy_setopt(handle, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);

    if (code != CURLE_OK || !ca_file)
        return code;
    /* Without the second, the folder built into libcurl would be trusted beside the file. */
    code = curl_easy_setopt(handle, CURLOPT_CAINFO, ca_file);
    return code != CURLE_OK ? code : curl_easy_setopt(handle, CURLOPT_CAPATH, NULL);
}

/*
 * HTTP/2 is asked for by ALPN. Calls wait for the first connection to tell whether they can share
 * it. With CURL_RTSPREQ_RECEIVE, which means nothing to HTTP, libcurl does not repeat a request
 * because its connection broke: the one repeat that is left is that of a refused stream, and it is
 * told in words (Curl_retry_request). Without it the two could not be told apart.
 */
static CURLcode set_up_version(CURL *handle, enum client_http http)
{
    long version = http == CLIENT_HTTP_1_1 ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS;
    CURLcode code = curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, version);

    if (code != CURLE_OK || http == CLIENT_HTTP_1_1)
        return code;
    code = curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, SHARED_RECEIVE_BUFFER_BYTES);
    if (code != CURLE_OK)
        return code;
    /* A libcurl without RTSP does not know it: what it repeats is then unknown. */
    curl_easy_setopt(handle, CURLOPT_RTSP_REQUEST, (long)CURL_RTSPREQ_RECEIVE);
    return curl_easy_setopt(handle, CURLOPT_PIPEWAIT, 1L);
}

void handle_keep_to_http1(CURL *model)
{
    curl_easy_setopt(model, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(model, CURLOPT_PIPEWAIT, 0L);
}

bool handle_speaks_http2(CURL *handle)
{
    const struct curl_tlssessioninfo *session = NULL;
    const unsigned char *name = NULL;
    unsigned len = 0;

    if (curl_easy_getinfo(handle, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || !session ||
        session->backend != CURLSSLBACKEND_OPENSSL || !session->internals)
        return false;
    SSL_get0_alpn_selected(session->internals, &name, &len);
    return len == 2 && memcmp(name, "h2", 2) == 0;
}

static CURLcode set_up(CURL *handle, const struct client_settings *settings, CURLU *url,
                       struct curl_slist *headers)
{
    CURLcode code = set_up_tls(handle, settings->ca_file);

#define SET(option, value)                                                                         \
    if (code == CURLE_OK)                                                                          \
    code = curl_easy_setopt(handle, option, value)

    /* As text it would be parsed for each call. */
    SET(CURLOPT_CURLU, url);
    /* Set in any case: libcurl would look into the environment. */
    SET(CURLOPT_PROXY, settings->proxy ? settings->proxy : "");
    SET(CURLOPT_NOPROXY, settings->no_proxy ? settings->no_proxy : "");
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_HTTPHEADER, headers);
    /* With this a coding that comes all the same is undone. */
    SET(CURLOPT_ACCEPT_ENCODING, "identity");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    /* A proxy is told who asks, too, and headers are the gateway's alone. */
    SET(CURLOPT_USERAGENT, handle_has_proxy(settings) ? settings->user_agent : NULL);
    SET(CURLOPT_NOSIGNAL, 1L);
    /* A lookup that does not answer is left to its thread: nothing waits for it, neither a call
     * whose time is up nor a stop. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)settings->connect_timeout_ms);
    SET(CURLOPT_TIMEOUT_MS, (long)settings->timeout_ms);
    SET(CURLOPT_MAXAGE_CONN, (long)CLIENT_IDLE_CONNECTION_S);
    SET(CURLOPT_BUFFERSIZE, RECEIVE_BUFFER_BYTES);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER_BYTES);
#undef SET
    return code == CURLE_OK ? set_up_version(handle, settings->http) : code;
}

int handle_lacks(CURLcode code, struct error *err)
{
    if (code == CURLE_OUT_OF_MEMORY)
        return error_no_memory(err);
    return error_set(err, EXIT_INTERNAL,
                     "libcurl here lacks something that is needed: %s; nothing was sent",
                     curl_easy_strerror(code));
}

CURLU *handle_url(const char *text)
{
    CURLU *url = curl_url();

    if (url && curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK) {
        curl_url_cleanup(url);
        url = NULL;
    }
    return url;
}

int handle_model(const struct client_settings *settings, CURLU *url, struct curl_slist *headers,
                 CURL **ret_model, struct error *err)
{
    CURL *model = curl_easy_init();
    CURLcode code = model ? set_up(model, settings, url, headers) : CURLE_OUT_OF_MEMORY;

    *ret_model = NULL;
    if (code != CURLE_OK) {
        curl_easy_cleanup(model);
        return handle_lacks(code, err);
    }
    *ret_model = model;
    return 0;
}

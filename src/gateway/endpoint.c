#include "gateway/endpoint.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/character.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "gateway/mask.h"

/* Protocol section 2. The claims of one are the claims of all. */
static const char *const production_hosts[] = {"eco.taobao.com", "gw.api.taobao.com",
                                               "api.taobao.com"};

/* As the domain name system has it; libcurl before 8.4 writes longer ones beyond a buffer when it
 * speaks to a SOCKS proxy. */
#define HOST_MAX 253

static int refuse(const char *url, const char *why, struct error *err)
{
    struct buffer masked = {0};
    int result;

    mask_url(url, &masked);
    result = error_set(err, EXIT_BAD_CONFIG, "the gateway '%s' is refused: %s",
                       LOG_QUOTED(masked.failed ? "" : buffer_string(&masked)), why);
    buffer_release(&masked);
    return result;
}

static bool is_loopback(const char *host)
{
    struct in_addr address;

    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

static bool is_production(const char *host)
{
    for (size_t i = 0; i < sizeof(production_hosts) / sizeof(*production_hosts); i++)
        if (strcasecmp(host, production_hosts[i]) == 0)
            return true;
    return false;
}

static bool has_part(CURLU *parsed, CURLUPart part)
{
    char *text = NULL;
    bool found = curl_url_get(parsed, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return found;
}

static int check(CURLU *parsed, const char *url, bool allow_plaintext,
                 struct endpoint *ret_endpoint, struct error *err)
{
    char *scheme = NULL;
    char *host = NULL;
    char *whole = NULL;
    int result = -1;

    if (has_part(parsed, CURLUPART_USER) || has_part(parsed, CURLUPART_PASSWORD) ||
        has_part(parsed, CURLUPART_QUERY) || has_part(parsed, CURLUPART_FRAGMENT))
        return refuse(url, _("it must not carry a user name, a query or a fragment"), err);
    if (curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) ||
        curl_url_get(parsed, CURLUPART_HOST, &host, 0)) {
        refuse(url, _("it is not a URL such as https://eco.taobao.com/router/rest"), err);
        goto out;
    }
    if (strlen(host) > HOST_MAX) {
        refuse(url, _("its host name is too long"), err);
        goto out;
    }
    if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0) {
        refuse(url, _("only https and http are spoken"), err);
        goto out;
    }
    if (strcmp(scheme, "http") == 0 && !is_loopback(host) && !allow_plaintext) {
        refuse(
            url,
            _("plain http would send personal data unprotected; use https, or --allow-plaintext"),
            err);
        goto out;
    }
    for (char *p = host; *p; p++)
        *p = character_lower(*p);
    /* A dot at the end is the same host to the name servers, so it must not be another platform. */
    if (strlen(host) > 1 && host[strlen(host) - 1] == '.')
        host[strlen(host) - 1] = '\0';
    curl_url_set(parsed, CURLUPART_HOST, host, 0);
    if (curl_url_get(parsed, CURLUPART_URL, &whole, CURLU_NO_DEFAULT_PORT) ||
        strlen(whole) >= ENDPOINT_BYTES) {
        refuse(url, _("it is too long"), err);
        goto out;
    }
    snprintf(ret_endpoint->url, ENDPOINT_BYTES, "%s", whole);
    ret_endpoint->is_loopback = is_loopback(host);
    snprintf(ret_endpoint->platform, ENDPOINT_BYTES, "%s",
             is_production(host) ? ENDPOINT_PRODUCTION : whole);
    result = 0;
out:
    curl_free(scheme);
    curl_free(host);
    curl_free(whole);
    return result;
}

int endpoint_parse(const char *url, bool allow_plaintext, struct endpoint *ret_endpoint,
                   struct error *err)
{
    CURLU *parsed = curl_url();
    int result;

    if (!parsed)
        return error_no_memory(err);
    if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME))
        result = refuse(url, _("it is not a URL such as https://eco.taobao.com/router/rest"), err);
    else
        result = check(parsed, url, allow_plaintext, ret_endpoint, err);
    curl_url_cleanup(parsed);
    return result;
}

int endpoint_batch_url(const struct endpoint *endpoint, char ret_url[ENDPOINT_BYTES],
                       struct error *err)
{
    static const char single[] = "/router/rest", batch[] = "/router/batch";
    size_t len = strlen(endpoint->url), path = strlen(single);

    if (len < path || strcmp(endpoint->url + len - path, single) != 0)
        return error_set(err, EXIT_BAD_CONFIG,
                         "--batch needs a gateway whose URL ends in /router/rest: calls of several "
                         "claims go to /router/batch beside it; nothing was sent");
    if (len + strlen(batch) - path >= ENDPOINT_BYTES)
        return refuse(endpoint->url, _("it is too long"), err);
    snprintf(ret_url, ENDPOINT_BYTES, "%.*s%s", (int)(len - path), endpoint->url, batch);
    return 0;
}

#include "gateway/proxy.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/words/language.h"
#include "gateway/endpoint.h"

#define PARSE_FLAGS (CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME)

static const char *first_set(const char *const names[], const char **ret_name)
{
    for (size_t i = 0; names[i]; i++) {
        const char *value = getenv(names[i]);

        if (value && *value) {
            *ret_name = names[i];
            return value;
        }
    }
    *ret_name = "";
    return "";
}

static bool is_known_scheme(const char *scheme)
{
    static const char *const known[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (strcasecmp(scheme, known[i]) == 0)
            return true;
    return false;
}

static bool has_part(CURLU *parsed, CURLUPart part, const char *none)
{
    char *text = NULL;
    bool found = curl_url_get(parsed, part, &text, 0) == CURLUE_OK && strcmp(text, none) != 0;

    curl_free(text);
    return found;
}

/* A '/', '?' or '#' in a password that is not written as %2F, %3F, %23 ends the host before it. */
static bool is_usable(CURLU *parsed, const char *url)
{
    char *scheme = NULL;
    bool good;

    for (const char *p = url; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return false;
    if (curl_url_set(parsed, CURLUPART_URL, url, PARSE_FLAGS) != CURLUE_OK ||
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        return false;
    good = is_known_scheme(scheme) && has_part(parsed, CURLUPART_HOST, "") &&
           !has_part(parsed, CURLUPART_PATH, "/") && !has_part(parsed, CURLUPART_QUERY, "") &&
           !has_part(parsed, CURLUPART_FRAGMENT, "");
    curl_free(scheme);
    return good;
}

int proxy_find(const struct endpoint *endpoint, struct proxy *ret_proxy, struct error *err)
{
    /* HTTP_PROXY is not one of them: in a CGI program it would be a header of the client. */
    static const char *const of_https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                                           NULL};
    static const char *const of_http[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
    static const char *const exceptions[] = {"no_proxy", "NO_PROXY", NULL};
    const char *ignored;
    bool is_tls = strncmp(endpoint->url, "https:", strlen("https:")) == 0;
    CURLU *parsed;
    bool good;

    *ret_proxy = (struct proxy){"", "", ""};
    if (endpoint->is_loopback)
        return 0;
    ret_proxy->url = first_set(is_tls ? of_https : of_http, &ret_proxy->variable);
    ret_proxy->except = first_set(exceptions, &ignored);
    if (!*ret_proxy->url)
        return 0;
    parsed = curl_url();
    if (!parsed)
        return error_no_memory(err);
    good = is_usable(parsed, ret_proxy->url);
    curl_url_cleanup(parsed);
    if (good)
        return 0;
    return error_set(
        err, EXIT_BAD_CONFIG,
        "the variable %s names no proxy that can be used (its value is not shown: it "
        "may hold a password); nothing was sent. Write http://USER:PASSWORD@HOST:PORT, "
        "with %%2F, %%3F, %%23, %%40 and %%3A for / ? # @ and : in USER and PASSWORD",
        ret_proxy->variable);
}

static void append_part(CURLU *parsed, CURLUPart part, const char *before, struct buffer *ret_text)
{
    char *text = NULL;

    if (curl_url_get(parsed, part, &text, 0) == CURLUE_OK) {
        buffer_text(ret_text, before);
        buffer_text(ret_text, text);
    }
    curl_free(text);
}

void proxy_describe(const struct proxy *proxy, struct buffer *ret_text)
{
    CURLU *parsed = curl_url();

    if (!*proxy->url) {
        language_append(ret_text, "# proxy: none\n");
    } else if (parsed && is_usable(parsed, proxy->url)) {
        append_part(parsed, CURLUPART_SCHEME, "# proxy: ", ret_text);
        buffer_text(ret_text, has_part(parsed, CURLUPART_USER, "") ? "://***@" : "://");
        append_part(parsed, CURLUPART_HOST, "", ret_text);
        append_part(parsed, CURLUPART_PORT, ":", ret_text);
        language_format(ret_text, " (from the environment: %s)\n", proxy->variable);
    } else {
        language_format(ret_text, "# proxy: malformed (from the environment: %s)\n",
                        proxy->variable);
    }
    curl_url_cleanup(parsed);
}

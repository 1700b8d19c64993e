/*
 * handle: what the easy handles of a client have in common, as a model of which each call gets a
 * copy.
 *
 * A handle is never used for two calls: libcurl 7.84 to 8.0 keeps a pointer into the headers of the
 * call before, and a header line that begins with a blank then frees them a second time (fixed by
 * curl 8.1.0, not in Debian 12). curl_easy_reset does not clear it; a copy never has it.
 * Connections are the multi handle's and stay.
 *
 * Tested by tests/unit/test_client.c and tests/fuzz/fuzz_wire.c
 */
#ifndef CLAIMBATCH_GATEWAY_HTTP_HANDLE_H
#define CLAIMBATCH_GATEWAY_HTTP_HANDLE_H

#include <stdbool.h>

#include <curl/curl.h>

#include "gateway/http/client.h"

struct error;

bool handle_has_proxy(const struct client_settings *settings);

/* The header lines of every request; NULL without memory. */
struct curl_slist *handle_headers(const struct client_settings *settings);

/* The address of every request, parsed; NULL without memory, or where libcurl takes it for none. */
CURLU *handle_url(const char *text);

/* All but callbacks and what belongs to one call. `url` and `headers` are borrowed for the life of
 * the model and its copies. */
int handle_model(const struct client_settings *settings, CURLU *url, struct curl_slist *headers,
                 CURL **ret_model, struct error *err);

/* Copies of the model, from now on, neither ask for HTTP/2 nor share a connection. */
void handle_keep_to_http1(CURL *model);

/* Whether the connection that the handle is about to use has agreed on HTTP/2. */
bool handle_speaks_http2(CURL *handle);

/* What libcurl's code says of an option that could not be set. */
int handle_lacks(CURLcode code, struct error *err);

#endif

/*
 * failure: what libcurl's code for the end of a call means, before and after the request was handed
 * to a connection.
 *
 * Tested by tests/unit/test_failure.c
 */
#ifndef CLAIMBATCH_GATEWAY_HTTP_FAILURE_H
#define CLAIMBATCH_GATEWAY_HTTP_FAILURE_H

#include <curl/curl.h>

#include "gateway/http/exchange.h"

enum transport failure_not_sent(CURLcode code);
/* Whether this machine, not the network, is why no name was looked up and no connection made: it
 * has no descriptor or memory for a socket now, and libcurl does not tell that apart. 0, or an
 * errno. */
int failure_of_sockets(enum transport not_sent);
enum transport failure_sent(CURLcode code);

#endif

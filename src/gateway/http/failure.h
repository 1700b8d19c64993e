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
enum transport failure_sent(CURLcode code);

#endif

/*
 * proxy: which proxy the environment names for a gateway, looked at before anything is sent.
 *
 * libcurl would read the variables by itself, and name what is in them, a password too, where
 * something is wrong. Here they are read once, checked, and handed to libcurl; its words about a
 * proxy are kept nowhere. A loopback gateway is never reached through a proxy.
 *
 * Tested by tests/unit/test_proxy.c and tests/e2e/test_proxy.py
 */
#ifndef CLAIMBATCH_GATEWAY_PROXY_H
#define CLAIMBATCH_GATEWAY_PROXY_H

#include "base/buffer.h"

struct endpoint;
struct error;

struct proxy {
    const char *url;      /* "": none. It may hold a password. Borrowed from the environment */
    const char *variable; /* that names it */
    const char *except;   /* hosts that are reached without it, or "" */
};

/* EXIT_BAD_CONFIG, without the value, when the variable in force names no proxy that can be used.
 */
int proxy_find(const struct endpoint *endpoint, struct proxy *ret_proxy, struct error *err);

/* Appends a line for people, with the password masked. */
void proxy_describe(const struct proxy *proxy, struct buffer *ret_text);

#endif

/*
 * endpoint: the URL of a gateway, checked, and the platform it belongs to.
 *
 * Hides libcurl's URL parser.
 *
 * Tested by tests/unit/test_endpoint.c
 */
#ifndef CLAIMBATCH_GATEWAY_ENDPOINT_H
#define CLAIMBATCH_GATEWAY_ENDPOINT_H

#include <stdbool.h>

struct error;

#define ENDPOINT_BYTES 512
#define ENDPOINT_DEFAULT "https://eco.taobao.com/router/rest"
#define ENDPOINT_PRODUCTION "taobao" /* the platform of all production hosts */

struct endpoint {
    char url[ENDPOINT_BYTES];      /* normalised: scheme and host in lower case, no default port */
    bool is_loopback;              /* its host is this machine */
    char platform[ENDPOINT_BYTES]; /* ENDPOINT_PRODUCTION, or the normalised URL */
};

/*
 * Checks and normalises a URL. EXIT_BAD_CONFIG when it is no http or https URL, carries a user
 * name, a query or a fragment, or is plain http to a host that is not loopback and
 * `allow_plaintext` is false.
 */
int endpoint_parse(const char *url, bool allow_plaintext, struct endpoint *ret_endpoint,
                   struct error *err);

/* The URL of calls with several claims, which stands beside that of single calls. EXIT_BAD_CONFIG
 * where the endpoint's is none that has one beside it. */
int endpoint_batch_url(const struct endpoint *endpoint, char ret_url[ENDPOINT_BYTES],
                       struct error *err);

#endif

/*
 * stray: what lies on a connection though nobody has asked for anything on it.
 *
 * Tested by tests/unit/test_connections.c
 */
#ifndef CLAIMBATCH_GATEWAY_HTTP_STRAY_H
#define CLAIMBATCH_GATEWAY_HTTP_STRAY_H

#include <stdbool.h>

enum stray { STRAY_NOTHING, STRAY_END, STRAY_BYTES };

/* Looks at the socket without taking anything from it. `is_tls`: what comes are TLS's records, of
 * which some are its own. */
enum stray stray_look(int fd, bool is_tls);

#endif

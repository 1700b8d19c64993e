/*
 * host: the hosts of a server, as a URL lists them. Pure.
 *
 * Tested by tests/unit/test_host.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_HOST_H
#define CLAIMBATCH_LEDGER_POSTGRES_HOST_H

#include <stdbool.h>
#include <stddef.h>

/* How many there are between the commas, NULL being one without a name; and whether each of them is
 * on this host: a socket, or a name or an address of loopback. */
size_t host_count(const char *list, bool *ret_all_local);

struct buffer;

/* Puts the one of that place, counted from 0, into a buffer that is reset; of a list of one, such
 * as a port that all have, that is it. */
void host_nth(const char *list, size_t place, struct buffer *ret_host);

#endif

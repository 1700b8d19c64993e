/*
 * server_check: whether the server that a worker has connected to may be told what is sent: it has
 * the ledger that this start began with, keeps commits as the ledger was made for, and its clock
 * and this host's agree.
 *
 * A server of the URL that has another database, or a standby that was left without one of its own,
 * is connected to as well as the right one. The clocks tell until when the gateway takes what a
 * dead host has signed.
 *
 * Tested by tests/unit/test_server_check.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SERVER_CHECK_H
#define CLAIMBATCH_LEDGER_POSTGRES_SERVER_CHECK_H

#include "ledger/ledger.h"

struct error;
struct session;

#define SERVER_CHECK_CLOCK_MAX_MS 60000 /* nothing is sent where clocks differ by more */
#define SERVER_CHECK_CLOCK_WARN_MS 5000

/* With each new connection. `id` is the ledger's, "" at first: then it is filled in, and it is told
 * where clocks differ. EXIT_BAD_CONFIG. */
int server_check(struct session *session, const char *url, char id[LEDGER_ID_BYTES],
                 struct error *err);

#endif

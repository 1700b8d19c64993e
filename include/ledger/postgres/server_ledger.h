/*
 * server_ledger: the tables of a ledger on a PostgreSQL server are made; what is not done with such
 * a ledger is refused in plain words.
 *
 * Tested by tests/e2e/test_server_ledger.py
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SERVER_LEDGER_H
#define CLAIMBATCH_LEDGER_POSTGRES_SERVER_LEDGER_H

#include "ledger/ledger.h"

struct error;

#define SERVER_LEDGER_DURABILITY_BYTES 16

struct server_ledger {
    char id[LEDGER_ID_BYTES];
    char durability[SERVER_LEDGER_DURABILITY_BYTES]; /* a commit lasts with the "disk" of the
                                                        server, or with a "standby" as well */
};

/* Makes the tables in the database that the URL names. EXIT_CANNOT_CREATE where a ledger is there
 * already, EXIT_BAD_CONFIG where this one may not make it or the server would not keep it. */
int server_ledger_create(const char *url, struct server_ledger *ret_made, struct error *err);

/* Why that is not done with it. Always -1. */
int server_ledger_refuse(const char *url, struct error *err);

#endif

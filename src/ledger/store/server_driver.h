/*
 * server_driver: the statements of a ledger that is on a PostgreSQL server, asked over a session.
 *
 * A transaction that writes waits until no other of this kind is under way, as one of SQLite's
 * does. One that failed is rolled back.
 *
 * Tested by tests/unit/test_ledger_server.c
 */
#ifndef CLAIMBATCH_LEDGER_STORE_SERVER_DRIVER_H
#define CLAIMBATCH_LEDGER_STORE_SERVER_DRIVER_H

#include "database.h"

/* Connects the ledger with the server that its path names. EXIT_INPUT_MISSING where no ledger is in
 * that database, EXIT_BAD_CONFIG where it is of another version. */
int server_driver_open(struct ledger *ledger, struct error *err);

/* The same for who only looks at it: the server may be a standby. */
int server_driver_open_to_look(struct ledger *ledger, struct error *err);

/* Where the session that is not a run's turns' was lost another takes its place; what was asked of
 * it stays asked. Not in a transaction. */
int server_driver_restore(struct ledger *ledger, struct error *err);

/* After something asked outside of a transaction has failed: the same, where the session was lost,
 * and waits for a server that is away: for a moment, a run for its patience, until a signal. Else
 * fails with the error as it was; with EXIT_BAD_CONFIG where this server is not to be told anything
 * any more. */
int server_driver_await(struct ledger *ledger, struct error *err);

#endif

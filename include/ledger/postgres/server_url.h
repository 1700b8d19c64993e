/*
 * server_url: the name of a ledger on a PostgreSQL server.
 *
 * It is typed, logged, and kept in histories and configurations, so it may hold no password: what
 * has one, or looks as if it had one, is refused before anything else is done with it, in words
 * that do not repeat it.
 *
 * Tested by tests/unit/test_server_url.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SERVER_URL_H
#define CLAIMBATCH_LEDGER_POSTGRES_SERVER_URL_H

#include <stdbool.h>

struct error;

/* Whether a ledger is named by a URL: postgresql:// or postgres://. Anything else is a file. */
bool server_url_is(const char *ledger);

/*
 * EXIT_BAD_CONFIG for a URL with a password, or with a parameter that says what the program says
 * itself; and for a file's name that is another address in truth ("Postgresql://db", "host=db"), or
 * begins with what a shell should have replaced ("~/ledger.db" in a configuration): a new ledger
 * would be made there. A path with a slash before such words is what it is.
 */
int server_url_check(const char *ledger, struct error *err);

#endif

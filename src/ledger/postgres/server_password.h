/*
 * server_password: the password of a ledger's server, from where only the user can read it.
 *
 * Tested by tests/unit/test_session.c and tests/e2e/test_server_ledger.py
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SERVER_PASSWORD_H
#define CLAIMBATCH_LEDGER_POSTGRES_SERVER_PASSWORD_H

struct error;
struct secret;

/* The first line of ledger-password in $CREDENTIALS_DIRECTORY; none where that is not there: then
 * libpq looks into ~/.pgpass. EXIT_BAD_CONFIG where PGPASSWORD has one, which whoever sees the
 * environment reads. */
int server_password_read(struct secret *ret_password, struct error *err);

#endif

/*
 * server_sql: the statements of the ledger as a PostgreSQL server is asked them.
 *
 * They take the parameters and give the columns of those in sql.h, so that whoever asks need not
 * know which database answers. A row is known by (run, row) there, and the number that stands for
 * both comes apart in the statement. The open attempt is columns of its claim; a claim's rows are
 * found by an index, so a row that is linked has its claim's number, and no other is changed.
 *
 * Tested by tests/unit/test_ledger_server.c
 */
#ifndef CLAIMBATCH_LEDGER_STORE_SERVER_SQL_H
#define CLAIMBATCH_LEDGER_STORE_SERVER_SQL_H

#include "sql.h"

#define SERVER_SQL_PAGE 4096 /* rows that SQL_ROWS gives at most */

/* NULL: what a server is not asked. */
const char *server_sql_text(enum statement which);

/* What is known of a page of rows at once (ledger_import_ahead.h): of claims, by their numbers,
 * their workcards and the platform; of rows of a run, from one up to one; whether a person has
 * settled any of those. */
extern const char server_sql_ahead_claims[], server_sql_ahead_rows[], server_sql_ahead_settled[];

#endif

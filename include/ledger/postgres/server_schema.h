/*
 * server_schema: the tables of a ledger on a PostgreSQL server: the statements of
 * src/ledger/postgres/server_schema.sql, which the build puts into the program.
 *
 * They are one transaction, which makes what is missing, refuses a ledger of another version, and
 * gives the role claimbatch_user its rights where there is one.
 *
 * Tested by tests/e2e/test_server_schema.py
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SERVER_SCHEMA_H
#define CLAIMBATCH_LEDGER_POSTGRES_SERVER_SCHEMA_H

#include <stddef.h>

#define SERVER_SCHEMA_TEXT "1" /* that they make, and the only one that this program knows */

#define SERVER_SCHEMA_LOCK "4846791580151137331" /* that they take */

/* Taken by each transaction that changes runs, and not rows alone: there is one at a time. */
#define SERVER_COLD_LOCK "4846791580151137332"

extern const char server_schema_text[];
extern const size_t server_schema_text_bytes;

#endif

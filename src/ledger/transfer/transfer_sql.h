/*
 * transfer_sql: what a table of a ledger in a file says, and how a server is told.
 *
 * Tested by tests/e2e/test_server_move.py
 */
#ifndef CLAIMBATCH_LEDGER_TRANSFER_TRANSFER_SQL_H
#define CLAIMBATCH_LEDGER_TRANSFER_TRANSFER_SQL_H

#include <stddef.h>

/* One row of the first is a JSON object; many of them, in an array, are $1 of the second. */
struct transfer_table {
    const char *of_file, *to_server;
};

/* In the order in which they are told. NULL past the last. */
const struct transfer_table *transfer_sql_table(size_t i);

/* Before the first: where each row's claim is kept for as long as the transaction lasts. */
extern const char transfer_sql_begin[];

/* After the last: new numbers are behind those that came. */
extern const char transfer_sql_end[];

#endif

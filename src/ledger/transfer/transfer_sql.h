/*
 * transfer_sql: what the tables of a ledger in a file and of one on a server have in common, and
 * the statements by which either tells the other of them.
 *
 * Tested by tests/e2e/test_server_move.py
 */
#ifndef CLAIMBATCH_LEDGER_TRANSFER_TRANSFER_SQL_H
#define CLAIMBATCH_LEDGER_TRANSFER_TRANSFER_SQL_H

#include <stddef.h>

#include "base/buffer.h"

struct error;

enum transfer_way { TRANSFER_TO_SERVER, TRANSFER_TO_FILE };

/* One row of the first is a JSON object; many of them, in an array, are the only value of the
 * second. */
struct transfer_pair {
    const char *table; /* that is written; NULL: not known by one name */
    struct buffer from, into;
};

#define TRANSFER_TABLES_MAX 24

/* What a file is told by asks this of SQLite: the bytes that hexadecimal digits stand for. */
#define TRANSFER_BYTES "claimbatch_bytes"

/* Of all tables that go this way, in the order in which they are told. A session knows statements
 * by their addresses, so these must live as long as it does. */
struct transfer_sql {
    struct transfer_pair pairs[TRANSFER_TABLES_MAX];
    size_t count;
};

int transfer_sql_make(enum transfer_way way, struct transfer_sql *ret_sql, struct error *err);
void transfer_sql_release(struct transfer_sql *sql);

/* On the server, before the first: where each row's claim is kept for as long as the transaction
 * lasts. */
extern const char transfer_sql_begin[];

/* There, after the last: new numbers are behind those that came. */
extern const char transfer_sql_end[];

#endif

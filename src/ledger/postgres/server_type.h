/*
 * server_type: the types of values as a PostgreSQL server numbers them, in every version.
 *
 * Tested by tests/unit/test_session.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SERVER_TYPE_H
#define CLAIMBATCH_LEDGER_POSTGRES_SERVER_TYPE_H

enum server_type {
    SERVER_BOOL = 16,
    SERVER_BYTES = 17, /* bytea */
    SERVER_INT8 = 20,
    SERVER_INT4 = 23,
    SERVER_TEXT = 25,
    /* arrays of these */
    SERVER_BOOLS = 1000,
    SERVER_BYTES_ARRAY = 1001,
    SERVER_INT4S = 1007,
    SERVER_TEXTS = 1009,
    SERVER_INT8S = 1016,
};

#endif

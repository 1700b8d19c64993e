/*
 * server_array: an array as a PostgreSQL server reads it, built element by element. Pure.
 *
 * A zeroed struct with its type is an empty array. What fails without memory fails the buffer.
 *
 * Tested by tests/unit/test_server_array.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SERVER_ARRAY_H
#define CLAIMBATCH_LEDGER_POSTGRES_SERVER_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "server_type.h"

struct server_array {
    enum server_type type; /* SERVER_BOOLS … SERVER_INT8S */
    uint32_t count;
    bool has_null;
    struct buffer bytes; /* after server_array_end all of it */
};

/* Of SERVER_INT8S, SERVER_INT4S, which it has to fit, and SERVER_BOOLS. */
void server_array_number(struct server_array *array, int64_t number);
/* Of SERVER_TEXTS; NULL is null. */
void server_array_text(struct server_array *array, const char *text);
/* Of SERVER_BYTES_ARRAY. */
void server_array_bytes(struct server_array *array, const void *bytes, size_t len);
void server_array_null(struct server_array *array);

/* Nothing can be added any more. False where memory did not suffice. */
bool server_array_end(struct server_array *array);

/* Empties it, and keeps its memory. */
void server_array_reset(struct server_array *array);
void server_array_release(struct server_array *array);

#endif

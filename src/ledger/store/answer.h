/*
 * answer: what a statement asks a server, and the rows that came. Pure.
 *
 * The rows are copied: a session keeps those of its last statement alone, and many are asked while
 * the rows of one are looked through.
 *
 * Tested by tests/unit/test_answer.c
 */
#ifndef CLAIMBATCH_LEDGER_STORE_ANSWER_H
#define CLAIMBATCH_LEDGER_STORE_ANSWER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "ledger/postgres/session.h"

struct answer {
    int which; /* the statement */
    struct session_value values[SESSION_VALUES_MAX];
    bool is_asked;              /* the rows have come */
    struct buffer bytes, cells; /* of the rows: their texts, and where each of them begins */
    size_t columns, row;        /* the row at hand is `row` - 1 */
};

/* Takes the parameters, as database_ready does; texts and bytes are not copied. It is not asked
 * then. */
void answer_bind(struct answer *answer, int which, const char *types, va_list args);

/* How many parameters a statement's text has: $1 to $n, all of them. */
size_t answer_parameters(const char *statement);

/* The rows are let go; the parameters stay. */
void answer_reset(struct answer *answer);

/* A column of the next row; NULL is null. Where there is no memory for it, the buffers say so. */
void answer_add(struct answer *answer, const char *text);

/* The nth of all cells, counted from 0: NULL is null. */
const char *answer_cell(const struct answer *answer, size_t cell);

/* Goes to the next row: true until there is none. */
bool answer_next(struct answer *answer);

/* Of the row at hand. A number is 0 where it is null, and 1 where it is true; bytes are zeros where
 * they are not `size`. */
bool answer_is_null(const struct answer *answer, int column);
const char *answer_text(const struct answer *answer, int column);
int64_t answer_integer(const struct answer *answer, int column);
void answer_bytes(const struct answer *answer, int column, size_t size, unsigned char *ret_bytes);

void answer_release(struct answer *answer);

#endif

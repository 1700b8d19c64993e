/*
 * session_core: what the files of a session share. Private to them.
 *
 * Tested by tests/unit/test_session.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SESSION_CORE_H
#define CLAIMBATCH_LEDGER_POSTGRES_SESSION_CORE_H

#include <stddef.h>

#include "base/buffer.h"

struct error;

#define SESSION_STATEMENTS_MAX 64

struct session {
    const char *url;
    struct pg_conn *connection;
    struct pg_result *result;                       /* the last answer */
    const char *statements[SESSION_STATEMENTS_MAX]; /* prepared, in this order */
    size_t statement_count;
    struct buffer warnings; /* of the server, since the last statement began */
};

/* What the server said, or libpq did where it said nothing. Returns -1. */
int session_fail(const struct session *session, struct error *err);

/* Notices are asked not to come. */
void session_take_warning(void *session, const struct pg_result *result);

#endif

/*
 * session: a connection to the server that has the ledger; hides libpq, which the files of a
 * session alone include.
 *
 * Nothing is sent to a host that is neither a socket nor loopback before its certificate was
 * verified. What the server promises of commits is looked at once it is connected: a server that
 * forgets what it acknowledged keeps no ledger. A session belongs to one thread. What failed is an
 * error whose exit code says whether the same may work later; after one the session can only be
 * closed.
 *
 * Tested by tests/unit/test_session.c and tests/e2e/test_server_ledger.py
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SESSION_H
#define CLAIMBATCH_LEDGER_POSTGRES_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server_type.h"

struct error;
struct session;

/* EXIT_TRY_LATER where the server cannot be reached, EXIT_BAD_CONFIG where it, or who asks, is not
 * what it has to be. The URL must live as long as the session. */
int session_open(const char *url, struct session **ret_session, struct error *err);

/* The same for who only looks, on a standby, too: nothing can be written, a statement may take
 * minutes, and a signal that asks for a stop ends the waiting. */
int session_open_to_look(const char *url, struct session **ret_session, struct error *err);

void session_close(struct session *session); /* NULL is fine */
const char *session_url(const struct session *session);

/* Runs statements that give no rows, separated by semicolons. A warning of the server with them is
 * an error: one that comes with a commit means that it may be forgotten. */
int session_execute(struct session *session, const char *statements, struct error *err);

/* A value in the place of $1 …; its bytes are the caller's. */
struct session_value {
    enum server_type type;
    bool is_null;
    int64_t number;    /* of a SERVER_INT8, SERVER_INT4 or SERVER_BOOL; else … */
    const void *bytes; /* … which are null where this is NULL */
    size_t len;        /* of a SERVER_TEXT, which ends with a NUL, it is not asked */
};

#define SESSION_VALUES_MAX 40

/* Runs one statement, prepared when it comes for the first time and known by its address from then
 * on, as are the types of its values. Its rows stay until the next call. */
int session_ask(struct session *session, const char *statement, size_t count,
                const struct session_value *values, struct error *err);

/* The same in advance, for a pipeline. */
int session_prepare(struct session *session, const char *statement, size_t count,
                    const enum server_type *types, struct error *err);

/*
 * A pipeline: prepared statements that are one transaction, in one round trip. Nothing is said to
 * be sent before the commit; the answers are those to all of it then. Where it fails, the session
 * can go on only if session_is_usable: then nothing of the transaction is left. Else it may have
 * been committed, or may be some time later, as after a commit with a warning.
 */
int session_pipeline_begin(struct session *session, struct error *err);
int session_pipeline_send(struct session *session, const char *statement, size_t count,
                          const struct session_value *values, struct error *err);
int session_pipeline_commit(struct session *session, struct error *err);

/* The rows are those of that statement of the pipeline, counted from 0, from now on. */
void session_pipeline_show(struct session *session, size_t statement);

/*
 * Statements of the open transaction whose rows nobody asks for: they are sent, and their answers
 * are read with those of later ones. session_behind_end reads all of them, and has to come before
 * anything else is asked; what failed of any of them it tells, or an earlier send did.
 */
int session_behind_send(struct session *session, const char *statement, size_t count,
                        const struct session_value *values, struct error *err);
int session_behind_end(struct session *session, struct error *err);

/* The server's code of the last error (sqlstate.h), "" where there is none: it was lost. */
const char *session_state(const struct session *session);
bool session_is_usable(const struct session *session);

/* The same, and the server has not closed it meanwhile. */
bool session_is_open(const struct session *session);

int session_rows(const struct session *session);
int session_columns(const struct session *session);

/* A column of a row of the last answer, "" where it is null. */
const char *session_text(const struct session *session, int row, int column);
bool session_is_null(const struct session *session, int row, int column);
int64_t session_integer(const struct session *session, int row, int column); /* 0 */
bool session_bool(const struct session *session, int row, int column);       /* false */

/* The bytes of a bytea, all of them or none: false where it is null, or has not so many. */
bool session_bytes(const struct session *session, int row, int column, size_t count,
                   unsigned char *ret_bytes);

#endif

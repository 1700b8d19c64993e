/* What is asked of a server in a session, one statement after the other. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/stop.h"
#include "server_words.h"
#include "session.h"
#include "session_core.h"
#include "sqlstate.h"

#define NAME_BYTES 16

int session_refuse_pooler(const struct session *session, struct error *err)
{
    return error_set(
        err, EXIT_BAD_CONFIG,
        "the ledger '%s' is reached through a connection pooler (PgBouncer is one), "
        "which does not keep one session of the server for each connection: name the "
        "server's own host and port, or what forwards connections unchanged (HAProxy); "
        "nothing was sent",
        LOG_QUOTED(session->url));
}

int session_fail(struct session *session, const PGresult *result, struct error *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    struct buffer text = {0};

    snprintf(session->state, sizeof(session->state), "%s", state ? state : "");
    if (sqlstate_is_of_pooler(session->state))
        return session_refuse_pooler(session, err);
    server_words_join(words ? words : PQerrorMessage(session->connection), &text);
    error_set(err, sqlstate_exit_code(session->state), "ledger '%s': the server says: %s",
              LOG_QUOTED(session->url), LOG_QUOTED_WITHIN(buffer_string(&text), 1024));
    buffer_release(&text);
    return -1;
}

void session_take_warning(void *context, const PGresult *result)
{
    struct session *session = context;
    const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);

    session->is_ended |= severity && strcmp(severity, "FATAL") == 0;
    session->is_unacknowledged |= function && strcmp(function, "SyncRepWaitForLSN") == 0;
    if (session->warnings.len)
        buffer_text(&session->warnings, "; ");
    buffer_text(&session->warnings, words ? words : "?");
}

static void keep(struct session *session, PGresult *result)
{
    PQclear(session->result);
    session->shown = session->result = result;
}

int session_next(struct session *session, int64_t deadline_ms, PGresult **ret_result,
                 struct error *err)
{
    for (;;) {
        int left = PQflush(session->connection);
        int64_t wait_ms = deadline_ms - clock_mono_ms();
        struct pollfd fds[] = {
            {PQsocket(session->connection), left > 0 ? POLLIN | POLLOUT : POLLIN, 0},
            {stop_fd(), POLLIN, 0},
        };

        if (left >= 0 && !PQisBusy(session->connection)) {
            *ret_result = PQgetResult(session->connection);
            return 0;
        }
        if (session->only_looks && stop_signal())
            return error_set(err, EXIT_TRY_LATER, "stopped by a signal: %s",
                             strsignal(stop_signal()));
        if (left >= 0 &&
            (wait_ms <= 0 || poll(fds, session->only_looks ? 2 : 1, (int)wait_ms) == 0))
            return error_set(err, EXIT_TRY_LATER,
                             "ledger '%s': the server did not answer within %d s; whether it did "
                             "what it was told is not known",
                             LOG_QUOTED(session->url), (int)(session->answer_ms / 1000));
        if (left < 0 || !PQconsumeInput(session->connection)) {
            keep(session, NULL);
            return session_fail(session, NULL, err);
        }
    }
}

int session_check_warnings(const struct session *session, struct error *err)
{
    /* The last words of a server, of which nobody had asked anything, come as a warning, too. */
    bool passes = session->is_ended || session->is_unacknowledged;
    int code = passes ? EXIT_TRY_LATER : EXIT_BAD_CONFIG;

    if (session->warnings.len || session->warnings.failed)
        return error_set(err, code, "ledger '%s': the server warns: %s", LOG_QUOTED(session->url),
                         LOG_QUOTED(buffer_string(&session->warnings)));
    return 0;
}

/* Waits for the answer to what was sent. Not for ever: a commit that waits for a standby obeys no
 * limit of the server's. A signal that asks for a stop does not end it, since a commit may be under
 * way. */
static int take(struct session *session, int is_sent, struct error *err)
{
    int64_t deadline_ms = clock_mono_ms() + session->answer_ms;
    PGresult *result = NULL;
    ExecStatusType status;

    keep(session, NULL);
    if (is_sent)
        do {
            if (session_next(session, deadline_ms, &result, err))
                return -1;
            if (result)
                keep(session, result);
        } while (result);
    status = PQresultStatus(session->result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        return session_fail(session, session->result, err);
    return session_check_warnings(session, err);
}

int session_execute(struct session *session, const char *statements, struct error *err)
{
    buffer_reset(&session->warnings);
    return take(session, PQsendQuery(session->connection, statements), err);
}

/* Most significant byte first. */
static int put_number(unsigned char *ret_bytes, enum server_type type, int64_t number)
{
    int len = type == SERVER_INT8 ? 8 : type == SERVER_INT4 ? 4 : 1;

    for (int i = 0; i < len; i++)
        ret_bytes[i] = (unsigned char)((uint64_t)number >> (8 * (len - 1 - i)));
    return len;
}

static bool is_number(enum server_type type)
{
    return type == SERVER_INT8 || type == SERVER_INT4 || type == SERVER_BOOL;
}

static void name_of(int number, char ret_name[NAME_BYTES])
{
    snprintf(ret_name, NAME_BYTES, "s%d", number);
}

int session_put_values(struct session_parameters *p, size_t count,
                       const struct session_value *values, struct error *err)
{
    if (count > SESSION_VALUES_MAX)
        return error_set(err, EXIT_INTERNAL, "too many values of one statement");
    p->count = (int)count;
    for (size_t i = 0; i < count; i++) {
        const struct session_value *value = &values[i];

        p->types[i] = value->type;
        p->formats[i] = 1; /* the server's own, not texts */
        p->values[i] = NULL;
        if (!value->is_null)
            p->values[i] = is_number(value->type) ? (char *)p->numbers[i] : value->bytes;
        if (is_number(value->type))
            p->lengths[i] = put_number(p->numbers[i], value->type, value->number);
        else if (value->type == SERVER_TEXT)
            p->lengths[i] = value->bytes ? (int)strlen(value->bytes) : 0;
        else
            p->lengths[i] = (int)value->len;
    }
    return 0;
}

int session_number(const struct session *session, const char *statement)
{
    for (size_t i = 0; i < session->statement_count; i++)
        if (session->statements[i] == statement)
            return (int)i;
    return -1;
}

int session_send(struct session *session, const char *statement, const struct session_parameters *p)
{
    char name[NAME_BYTES];

    name_of(session_number(session, statement), name);
    return PQsendQueryPrepared(session->connection, name, p->count, p->values, p->lengths,
                               p->formats, 0);
}

static int prepare(struct session *session, const char *statement,
                   const struct session_parameters *p, struct error *err)
{
    char name[NAME_BYTES];

    if (session_number(session, statement) >= 0)
        return 0;
    if (session->statement_count == SESSION_STATEMENTS_MAX)
        return error_set(err, EXIT_INTERNAL, "too many statements of one session");
    name_of((int)session->statement_count, name);
    if (take(session, PQsendPrepare(session->connection, name, statement, p->count, p->types), err))
        return -1;
    session->statements[session->statement_count++] = statement;
    return 0;
}

int session_prepare(struct session *session, const char *statement, size_t count,
                    const enum server_type *types, struct error *err)
{
    struct session_parameters p = {.count = (int)count};

    buffer_reset(&session->warnings);
    for (size_t i = 0; i < count; i++)
        p.types[i] = types[i];
    return prepare(session, statement, &p, err);
}

int session_ask(struct session *session, const char *statement, size_t count,
                const struct session_value *values, struct error *err)
{
    struct session_parameters p;

    buffer_reset(&session->warnings);
    if (session_put_values(&p, count, values, err) || prepare(session, statement, &p, err))
        return -1;
    return take(session, session_send(session, statement, &p), err);
}

int session_columns(const struct session *session)
{
    return PQnfields(session->shown);
}

int session_rows(const struct session *session)
{
    return PQntuples(session->shown);
}

const char *session_text(const struct session *session, int row, int column)
{
    return PQgetvalue(session->shown, row, column);
}

bool session_is_null(const struct session *session, int row, int column)
{
    return PQgetisnull(session->shown, row, column) == 1;
}

int64_t session_integer(const struct session *session, int row, int column)
{
    return strtoll(session_text(session, row, column), NULL, 10);
}

bool session_bool(const struct session *session, int row, int column)
{
    return *session_text(session, row, column) == 't';
}

bool session_bytes(const struct session *session, int row, int column, size_t count,
                   unsigned char *ret_bytes)
{
    const char *text = session_text(session, row, column);

    return strncmp(text, "\\x", 2) == 0 && strlen(text) == 2 + 2 * count &&
           hex_parse(text + 2, count, ret_bytes);
}

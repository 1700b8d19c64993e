/* Statements that are sent one behind the other, as one transaction, and answered together. */
#include <libpq-fe.h>
#include <poll.h>

#include "base/clock.h"
#include "base/error.h"
#include "session_core.h"

#define BEHIND_MAX 256 /* statements that one answer is waited for */
#define BEGUN 0        /* the answer to BEGIN; those to the statements follow */

static int send_words(struct session *session, const char *words, struct error *err)
{
    if (!PQsendQueryParams(session->connection, words, 0, NULL, NULL, NULL, NULL, 0))
        return session_fail(session, NULL, err);
    return 0;
}

static void forget(struct session *session)
{
    session->shown = session->result;
    while (session->answer_count)
        PQclear(session->answers[--session->answer_count]);
}

int session_pipeline_begin(struct session *session, struct error *err)
{
    forget(session);
    if (PQtransactionStatus(session->connection) == PQTRANS_INERROR &&
        session_execute(session, "ROLLBACK", err))
        return -1;
    buffer_reset(&session->warnings);
    if (!PQenterPipelineMode(session->connection))
        return session_fail(session, NULL, err);
    return send_words(session, "BEGIN", err);
}

int session_pipeline_send(struct session *session, const char *statement, size_t count,
                          const struct session_value *values, struct error *err)
{
    struct session_parameters p;

    if (session_number(session, statement) < 0)
        return error_set(err, EXIT_INTERNAL, "a statement was not prepared");
    if (session_put_values(&p, count, values, err))
        return -1;
    return session_send(session, statement, &p) ? 0 : session_fail(session, NULL, err);
}

/* One answer, and whether it is one of an error: the first one is told. */
static int take(struct session *session, PGresult *result, bool *failed, struct error *err)
{
    ExecStatusType status = PQresultStatus(result);
    bool is_error = status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;

    if (is_error && !*failed)
        session_fail(session, result, err);
    *failed = *failed || is_error;
    if (session->answer_count == SESSION_PIPELINE_MAX) {
        PQclear(result);
        return error_set(err, EXIT_INTERNAL, "too many statements of one pipeline");
    }
    session->answers[session->answer_count++] = result;
    return 0;
}

static int take_all(struct session *session, bool *failed, struct error *err)
{
    int64_t deadline_ms = clock_mono_ms() + SESSION_ANSWER_MS;
    PGresult *result;

    for (;;) {
        if (session_next(session, deadline_ms, &result, err))
            return -1;
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
            break;
        if (result && take(session, result, failed, err))
            return -1;
        if (PQstatus(session->connection) == CONNECTION_BAD)
            return *failed ? -1 : session_fail(session, NULL, err);
    }
    PQclear(result);
    return PQexitPipelineMode(session->connection) ? 0 : session_fail(session, NULL, err);
}

int session_pipeline_commit(struct session *session, struct error *err)
{
    bool failed = false;

    session->state[0] = '\0';
    if (send_words(session, "COMMIT", err))
        return -1;
    if (!PQpipelineSync(session->connection))
        return session_fail(session, NULL, err);
    if (take_all(session, &failed, err) || failed)
        return -1;
    return session_check_warnings(session, err);
}

void session_pipeline_show(struct session *session, size_t statement)
{
    size_t answer = BEGUN + 1 + statement;

    session->shown = answer < session->answer_count ? session->answers[answer] : NULL;
}

/* ---- in a transaction that was begun before ---- */

static int take_behind(struct session *session, struct error *err)
{
    int64_t deadline_ms = clock_mono_ms() + session->answer_ms;
    bool failed = false;
    PGresult *result;

    for (;;) {
        bool is_error, is_end;

        if (session_next(session, deadline_ms, &result, err))
            return -1;
        is_error = result && PQresultStatus(result) == PGRES_FATAL_ERROR;
        is_end = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        if (is_error && !failed)
            session_fail(session, result, err);
        failed = failed || is_error;
        PQclear(result);
        if (is_end)
            break;
        if (PQstatus(session->connection) == CONNECTION_BAD)
            return failed ? -1 : session_fail(session, NULL, err);
    }
    session->behind_count = 0;
    if (!PQexitPipelineMode(session->connection))
        return session_fail(session, NULL, err);
    return failed ? -1 : session_check_warnings(session, err);
}

int session_behind_end(struct session *session, struct error *err)
{
    if (!session->behind_count)
        return 0;
    if (!PQpipelineSync(session->connection))
        return session_fail(session, NULL, err);
    return take_behind(session, err);
}

static int begin_behind(struct session *session, const char *statement, size_t count,
                        const struct session_value *values, struct error *err)
{
    enum server_type types[SESSION_VALUES_MAX];

    if (session_number(session, statement) < 0) {
        for (size_t i = 0; i < count && i < SESSION_VALUES_MAX; i++)
            types[i] = values[i].type;
        if (session_behind_end(session, err) ||
            session_prepare(session, statement, count, types, err))
            return -1;
    }
    if (session->behind_count)
        return 0;
    buffer_reset(&session->warnings);
    return PQenterPipelineMode(session->connection) ? 0 : session_fail(session, NULL, err);
}

int session_behind_send(struct session *session, const char *statement, size_t count,
                        const struct session_value *values, struct error *err)
{
    struct session_parameters p;

    if (session_put_values(&p, count, values, err) ||
        begin_behind(session, statement, count, values, err))
        return -1;
    session->behind_count++;
    if (!session_send(session, statement, &p))
        return session_fail(session, NULL, err);
    return session->behind_count < BEHIND_MAX ? 0 : session_behind_end(session, err);
}

/* ---- how it stands ---- */

const char *session_state(const struct session *session)
{
    return session->state;
}

static bool has_input(const struct session *session)
{
    struct pollfd input = {PQsocket(session->connection), POLLIN, 0};

    return poll(&input, 1, 0) > 0;
}

/* A server that ends a session says so first: the end of the stream comes behind that. */
bool session_is_open(const struct session *session)
{
    if (!session_is_usable(session))
        return false;
    for (int i = 0; i < 2 && has_input(session); i++)
        if (!PQconsumeInput(session->connection))
            return false;
    return PQstatus(session->connection) == CONNECTION_OK;
}

bool session_is_usable(const struct session *session)
{
    return PQstatus(session->connection) == CONNECTION_OK &&
           PQpipelineStatus(session->connection) == PQ_PIPELINE_OFF && !session->warnings.len;
}

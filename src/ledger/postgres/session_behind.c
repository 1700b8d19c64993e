/* Statements of an open transaction whose answers are not waited for one by one. */
#include <libpq-fe.h>

#include "base/clock.h"
#include "base/error.h"
#include "session_core.h"

#define BEHIND_MAX 256 /* statements that one answer is waited for */

static int take_all(struct session *session, struct error *err)
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
    return take_all(session, err);
}

static int begin(struct session *session, const char *statement, size_t count,
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

    if (session_put_values(&p, count, values, err) || begin(session, statement, count, values, err))
        return -1;
    session->behind_count++;
    if (!session_send(session, statement, &p))
        return session_fail(session, NULL, err);
    return session->behind_count < BEHIND_MAX ? 0 : session_behind_end(session, err);
}

/*
 * session_core: what the files of a session share. Private to them.
 *
 * Tested by tests/unit/test_session.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SESSION_CORE_H
#define CLAIMBATCH_LEDGER_POSTGRES_SESSION_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "session.h"
#include "sqlstate.h"

struct error;
struct pg_result;

#define SESSION_STATEMENTS_MAX 256
#define SESSION_PIPELINE_MAX 32 /* statements of one pipeline */
#define SESSION_ANSWER_MS 15000 /* longer than a statement may take */
#define SESSION_LOOK_MS 660000  /* the same of who only looks */

struct session {
    const char *url;
    bool only_looks;
    int64_t answer_ms; /* how long an answer is waited for */
    struct pg_conn *connection;
    struct pg_result *result;      /* the last answer to a single statement */
    const struct pg_result *shown; /* the answer that is asked for its rows: that, or one of … */
    struct pg_result *answers[SESSION_PIPELINE_MAX]; /* … the last pipeline's */
    size_t answer_count;
    size_t behind_count;        /* statements that were sent, and whose answers were not read yet */
    char state[SQLSTATE_BYTES]; /* of the last error */
    const char *statements[SESSION_STATEMENTS_MAX]; /* prepared, in this order */
    size_t statement_count;
    bool is_ended;          /* by the server, which has said so */
    bool is_unacknowledged; /* somebody has ended a commit's wait for the standby */
    struct buffer warnings; /* of the server, since the last statement, or pipeline, began */
};

/* Values as the server reads them. */
struct session_parameters {
    int count;
    unsigned int types[SESSION_VALUES_MAX];
    const char *values[SESSION_VALUES_MAX];
    int lengths[SESSION_VALUES_MAX];
    int formats[SESSION_VALUES_MAX];
    unsigned char numbers[SESSION_VALUES_MAX][sizeof(int64_t)];
};

int session_put_values(struct session_parameters *ret_parameters, size_t count,
                       const struct session_value *values, struct error *err);

/* Its number among those that were prepared, or -1. */
int session_number(const struct session *session, const char *statement);

/* Sends one that was prepared; 1, or 0 where that failed. */
int session_send(struct session *session, const char *statement,
                 const struct session_parameters *parameters);

/* Sends what is left, and reads what comes meanwhile, until it is known what libpq's next result
 * is: NULL at the end of a statement's. */
int session_next(struct session *session, int64_t deadline_ms, struct pg_result **ret_result,
                 struct error *err);

/* What the server said in that result, or libpq did where it is NULL. Returns -1. */
int session_fail(struct session *session, const struct pg_result *result, struct error *err);

/*
 * What a connection asks for at its beginning, what it has prepared and when it was lost are facts
 * of one session of the server. A pooler shares sessions out: settings that make commits durable
 * may be another one's. Returns -1.
 */
int session_refuse_pooler(const struct session *session, struct error *err);

/* Notices are asked not to come. */
void session_take_warning(void *session, const struct pg_result *result);
int session_check_warnings(const struct session *session, struct error *err);

#endif

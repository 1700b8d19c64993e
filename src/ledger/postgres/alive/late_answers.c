#include "late_answers.h"

#include <stdio.h>

#include "base/error.h"
#include "exclusive.h"
#include "ledger/ledger.h"
#include "ledger/postgres/server_turn_core.h"
#include "ledger/postgres/session.h"
#include "parameters.h"

static const enum turn_statement statements[] = {
    [SERVER_END_OVER] = TURN_OVER,
    [SERVER_END_STAYS] = TURN_STAY,
    [SERVER_END_PUT_OFF] = TURN_PUT_OFF,
};

/* Asks a statement of a turn with the arrays of this list behind its first value. */
static int ask_list(struct session *session, enum turn_statement statement,
                    struct server_list *list, int64_t run, struct error *err)
{
    struct session_value values[1 + TURN_RECORD_COUNT] = {{SERVER_INT8, .number = run}};

    for (size_t i = 0; i < TURN_RECORD_COUNT; i++) {
        struct server_array *array = &list->arrays[i];

        if (!server_array_end(array))
            return error_no_memory(err);
        values[i + 1] =
            (struct session_value){array->type, .bytes = array->bytes.ptr, .len = array->bytes.len};
    }
    return session_ask(session, turn_sql(statement), 1 + TURN_RECORD_COUNT, values, err);
}

/* What a turn would have done with it, had it come in time. */
static int apply(struct session *session, int64_t run, struct late_answer *answer,
                 struct error *err)
{
    enum turn_statement statement = statements[answer->end];
    const enum server_type *types;
    struct server_list list = {0};
    int result;

    turn_sql_types(statement, &types);
    for (size_t i = 0; i < TURN_RECORD_COUNT; i++)
        list.arrays[i].type = types[i + 1];
    server_turn_put_record(&list, &answer->attempt, answer->record);
    result = ask_list(session, statement, &list, run, err);
    for (size_t i = 0; i < TURN_RECORD_COUNT; i++)
        server_array_release(&list.arrays[i]);
    answer->applied = !result && session_rows(session) > 0;
    return result;
}

static int release_waiting(struct session *session, int64_t claim, struct error *err)
{
    struct server_array claims = {.type = SERVER_INT8S};
    struct session_value values[2] = {{.type = SERVER_INT8S},
                                      {.type = SERVER_TEXT, .bytes = OUTCOME_RELEASED_MESSAGE}};
    int result;

    server_array_number(&claims, claim);
    if (server_array_end(&claims)) {
        values[0].bytes = claims.bytes.ptr;
        values[0].len = claims.bytes.len;
        result = session_ask(session, turn_sql(TURN_RELEASE), 2, values, err);
    } else {
        result = error_no_memory(err);
    }
    server_array_release(&claims);
    return result;
}

/* What follows from one that has settled, or at least ended, its attempt. */
static int follow(struct session *session, int64_t run, const struct late_answer *answer,
                  struct error *err)
{
    static const char lift[] = "UPDATE claim SET settle_from=NULL WHERE id=$1 AND open_call=$2";
    static const char judge_anew[] = "UPDATE run SET released=released+1 WHERE id=$1";
    const struct server_attempt *attempt = &answer->attempt;

    if (answer->end == SERVER_END_STAYS
            ? parameters_ask(session, lift, err, "ii", attempt->claim, attempt->call)
            : release_waiting(session, attempt->claim, err))
        return -1;
    return parameters_ask(session, judge_anew, err, "i", run);
}

/* 1 where it is stored already. */
static int find(struct session *session, struct late_answer *answer, struct error *err)
{
    static const char known[] = "SELECT applied FROM late_answer WHERE call=$1";

    if (parameters_ask(session, known, err, "i", answer->attempt.call))
        return -1;
    if (!session_rows(session))
        return 0;
    answer->applied = session_bool(session, 0, 0);
    return 1;
}

/* 1 where a turn has recorded it, and nothing has been said of the row since. */
static int is_recorded(struct session *session, int64_t run, const struct late_answer *answer,
                       struct error *err)
{
    static const char same[] =
        "SELECT FROM row WHERE run=$1 AND row=$2 AND call=$3 AND state=$4 AND outcome=$5"
        " AND code=$6 AND submitted_ms=$7 AND message=$8";
    const struct row_record *r = answer->record;

    if (parameters_ask(session, same, err, "iiiiisis", run, (int64_t)r->row, answer->attempt.call,
                       (int64_t)r->state, (int64_t)r->outcome, r->code, r->submitted_ms,
                       r->message))
        return -1;
    return session_rows(session) > 0;
}

static int keep(struct session *session, int64_t run, const struct late_answer *answer,
                struct error *err)
{
    static const char put[] =
        "INSERT INTO late_answer(call, run, row, claim, outcome, applied, record)"
        " VALUES($1, $2, $3, $4, $5, $6=1, jsonb_build_object('state', $7, 'code', $8,"
        " 'sub_code', $9, 'message', $10, 'request_id', $11, 'http_status', $12, 'attempts', $13,"
        " 'submitted_ms', $14, 'duration_ms', $15))";
    const struct row_record *r = answer->record;
    int64_t outcome = r->state == ROW_FINAL ? r->outcome : OUTCOME_UNSENT;

    return parameters_ask(session, put, err, "iiiiiiissssiiii", answer->attempt.call, run,
                          (int64_t)r->row, answer->attempt.claim, outcome, (int64_t)answer->applied,
                          (int64_t)r->state, r->code, r->sub_code, r->message, r->request_id,
                          (int64_t)r->http_status, (int64_t)r->attempts, r->submitted_ms,
                          r->duration_ms);
}

/* 1 where it has changed something. */
static int store(struct session *session, int64_t run, struct late_answer *answer,
                 struct error *err)
{
    int found = find(session, answer, err);

    if (found)
        return found < 0 ? -1 : 0;
    if (apply(session, run, answer, err))
        return -1;
    if (!answer->applied) {
        found = is_recorded(session, run, answer, err);
        answer->applied = found > 0;
        return found ? (found < 0 ? -1 : 0) : keep(session, run, answer, err);
    }
    return follow(session, run, answer, err) || keep(session, run, answer, err) ? -1 : 1;
}

static int tell(struct session *session, int64_t run, int64_t applied, struct error *err)
{
    static const char put[] =
        "INSERT INTO event VALUES($1, floor(extract(epoch FROM clock_timestamp())*1000)::bigint,"
        " $2, 0, $3) ON CONFLICT DO NOTHING";
    char text[96];

    if (!applied)
        return 0;
    snprintf(text, sizeof(text), "answers that came after the run was taken over: %lld",
             (long long)applied);
    return parameters_ask(session, put, err, "iis", run, (int64_t)EVENT_LATE_ANSWER, text);
}

static int store_all(struct session *session, int64_t run, struct late_answer *answers,
                     size_t count, struct error *err)
{
    int64_t applied = 0;

    for (size_t i = 0; i < count; i++) {
        int changed = store(session, run, &answers[i], err);

        if (changed < 0)
            return -1;
        applied += changed;
    }
    return tell(session, run, applied, err);
}

int late_answers_store(struct session *session, int64_t run, struct late_answer *answers,
                       size_t count, struct error *err)
{
    if (exclusive_begin(session, err))
        return -1;
    return exclusive_end(session, store_all(session, run, answers, count, err), err);
}

/* A ledger on a server, its workers, and what a test says and asks there by SQL of its own. */
#ifndef CLAIMBATCH_TESTS_SERVER_PLACE_H
#define CLAIMBATCH_TESTS_SERVER_PLACE_H

#include "base/deadline.h"
#include "base/error.h"
#include "ledger/postgres/alive/lease.h"
#include "ledger/postgres/alive/worker.h"
#include "ledger/postgres/server_schema.h"
#include "ledger/postgres/server_turn.h"
#include "ledger/postgres/session.h"
#include "one_server.h"

#define PATIENCE_MS 60000

static inline void execute(struct session *session, const char *statements)
{
    struct error err;

    if (session_execute(session, statements, &err))
        fail_msg("%s: %s", statements, err.text);
}

/* The first column of the only row. */
static inline const char *value(struct session *session, const char *question)
{
    execute(session, question);
    assert_int_equal(session_rows(session), 1);
    return session_text(session, 0, 0);
}

static const char first_rows[] =
    "INSERT INTO platform(name) VALUES('p');"
    "INSERT INTO run(name, command, platform, export_name, export_sha256, export_bytes, reading,"
    " report_path, started_ms, finished_ms, stopped_because, complete, open_rows, invalid_rows,"
    " published, sequence) SELECT 'run '||n, 'upload', 1, 'e', '\\x00', 1, '', '', 1, 0, '', 0, 0,"
    " 0, 0, n FROM generate_series(1, 3) n;"
    "INSERT INTO worker(host, place, boot, pid, version) SELECT 'h', gen_random_uuid(), 'b', 1, 'v'"
    " FROM generate_series(1, 3);";

/* A new ledger of three runs and as many workers. */
static inline struct session *place_create(char url[CLUSTER_URL_BYTES])
{
    struct session *session;
    struct error err;

    if (!has_server)
        skip();
    cluster_create(&server, url);
    assert_int_equal(session_open(url, &session, &err), 0);
    execute(session, server_schema_text);
    execute(session, first_rows);
    return session;
}

/* Run and worker have the same number. */
static inline struct server_turn *place_turn(const char *url, struct worker *worker)
{
    const struct server_work work = {1, worker->id, NULL};
    struct server_turn *turn;
    struct error err;

    if (server_turn_open(url, worker, &work, PATIENCE_MS, &turn, &err))
        fail_msg("%s", err.text);
    return turn;
}

#define WORKER(number)                                                                             \
    {                                                                                              \
        .id = (number), .lease = &lease_real, .send_before = &(struct deadline)                    \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

static inline struct row_record place_record(uint64_t row, enum row_state state,
                                             enum outcome outcome)
{
    return (struct row_record){
        .row = row,
        .state = state,
        .outcome = outcome,
        .counts_as = outcome,
        .attempts = 1,
        .tries = 1,
        .http_status = 200,
        .submitted_ms = 1000 + (int64_t)row,
        .duration_ms = 7,
        .digest = {(unsigned char)row, 1},
        .code = "CODE",
        .sub_code = "",
        .message = "a message",
        .request_id = "id",
        .warnings = "",
    };
}

static inline struct claim_key place_key(int64_t number)
{
    static char order_no[8][24];
    static size_t next;
    char *text = order_no[next++ % 8];

    snprintf(text, sizeof(*order_no), "order %lld", (long long)number);
    return (struct claim_key){number, text};
}

static inline void commit(struct server_turn *turn)
{
    struct error err;

    if (server_turn_commit(turn, &err))
        fail_msg("%s", err.text);
}

static inline struct server_answer ask(struct server_turn *turn, int64_t claim)
{
    struct claim_key key = place_key(claim);
    struct server_answer answer = {0};

    server_turn_ask(turn, &key, 1000, true, true, &answer);
    commit(turn);
    return answer;
}

/* An intent of a claim as it was judged. */
struct attempt {
    struct server_intent intent;
    struct row_record record;
    bool refused;
    int64_t claim;
};

static inline void intend_attempt(struct server_turn *turn, int64_t claim, uint64_t row,
                                  int attempts, const struct server_answer *judged,
                                  struct attempt *ret_attempt)
{
    *ret_attempt = (struct attempt){
        .intent = {.call = server_turn_call(turn),
                   .key = place_key(claim),
                   .claim = judged->claim,
                   .version = judged->version,
                   .resend = judged->facts.claim.open && !judged->facts.claim.open_is_intent,
                   .changed = judged->facts.claim.accepted,
                   .has_before = judged->facts.claim.has_fee,
                   .before_fen = judged->facts.claim.fee_fen,
                   .fee_fen = 500},
        .record = place_record(row, ROW_UNTOUCHED, OUTCOME_ACCEPTED),
    };
    ret_attempt->record.attempts = attempts;
    server_turn_intend(turn, &ret_attempt->intent, &ret_attempt->record, &ret_attempt->refused,
                       &ret_attempt->claim);
}

static inline void intend(struct server_turn *turn, int64_t claim, uint64_t row,
                          const struct server_answer *judged, struct attempt *ret_attempt)
{
    intend_attempt(turn, claim, row, 1, judged, ret_attempt);
}

static inline void end_row(struct server_turn *turn, const struct attempt *attempt,
                           enum server_end end, enum row_state state, enum outcome outcome)
{
    struct server_attempt ended = {
        .call = attempt->intent.call, .claim = attempt->claim, .has_fee = true, .fee_fen = 500};
    struct row_record record = place_record(attempt->record.row, state, outcome);

    server_turn_end(turn, &ended, end, &record);
}

/* Asked, sent and ended so, each in its turn. */
static inline struct attempt send_once(struct server_turn *turn, int64_t claim, uint64_t row,
                                       enum server_end end, enum outcome outcome)
{
    struct server_answer judged = ask(turn, claim);
    struct attempt attempt;

    intend(turn, claim, row, &judged, &attempt);
    commit(turn);
    assert_false(attempt.refused);
    end_row(turn, &attempt, end, ROW_FINAL, outcome);
    commit(turn);
    server_answer_release(&judged);
    return attempt;
}

#endif

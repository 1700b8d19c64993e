#include "server_answer.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "turn_sql.h"

static void read_numbers(const struct session *session, int row, int first,
                         struct row_record *ret_record)
{
    *ret_record = (struct row_record){
        .row = (uint64_t)session_integer(session, row, first + TURN_ROW_NUMBER),
        .state = (enum row_state)session_integer(session, row, first + TURN_ROW_STATE),
        .outcome = (enum outcome)session_integer(session, row, first + TURN_ROW_OUTCOME),
        .counts_as = (enum outcome)session_integer(session, row, first + TURN_ROW_COUNTS_AS),
        .attempts = (int)session_integer(session, row, first + TURN_ROW_ATTEMPTS),
        .tries = (int)session_integer(session, row, first + TURN_ROW_TRIES),
        .http_status = (int)session_integer(session, row, first + TURN_ROW_HTTP_STATUS),
        .submitted_ms = session_integer(session, row, first + TURN_ROW_SUBMITTED_MS),
        .duration_ms = session_integer(session, row, first + TURN_ROW_DURATION_MS),
        .round = session_integer(session, row, first + TURN_ROW_ROUND),
        .code = "",
        .sub_code = "",
        .message = "",
        .request_id = "",
        .warnings = "",
    };
    session_bytes(session, row, first + TURN_ROW_DIGEST, DIGEST_CLAIM_BYTES, ret_record->digest);
}

static int read_row(const struct session *session, int row, int first, struct known_row *ret_known,
                    struct error *err)
{
    struct row_record record;

    known_row_reset(ret_known);
    if (session_is_null(session, row, first))
        return 0;
    read_numbers(session, row, first, &record);
    record.code = session_text(session, row, first + TURN_ROW_CODE);
    record.sub_code = session_text(session, row, first + TURN_ROW_SUB_CODE);
    record.message = session_text(session, row, first + TURN_ROW_MESSAGE);
    record.request_id = session_text(session, row, first + TURN_ROW_REQUEST_ID);
    record.warnings = session_text(session, row, first + TURN_ROW_WARNINGS);
    return known_row_set(ret_known, &record, err);
}

static void read_accepted(const struct session *s, int row, struct claim_state *claim)
{
    static const unsigned char unseen[DIGEST_CLAIM_BYTES];

    claim->accepted = true;
    session_bytes(s, row, TURN_ANSWER_ACCEPTED_DIGEST, DIGEST_CLAIM_BYTES, claim->accepted_digest);
    claim->accepted_unseen = memcmp(claim->accepted_digest, unseen, sizeof(unseen)) == 0;
    claim->accepted_at.run = session_integer(s, row, TURN_ANSWER_ACCEPTED_RUN);
    claim->accepted_at.row = (uint64_t)session_integer(s, row, TURN_ANSWER_ACCEPTED_ROW);
    claim->accepted_order.run = session_integer(s, row, TURN_ANSWER_ACCEPTED_SEQUENCE);
    claim->accepted_order.row = claim->accepted_at.row;
    claim->accepted_rank = session_integer(s, row, TURN_ANSWER_ACCEPTED_RANK);
    claim->accepted_ms = session_integer(s, row, TURN_ANSWER_ACCEPTED_MS);
    claim->has_fee = !session_is_null(s, row, TURN_ANSWER_ACCEPTED_FEE);
    claim->fee_fen = session_integer(s, row, TURN_ANSWER_ACCEPTED_FEE);
    snprintf(claim->accepted_run_name, sizeof(claim->accepted_run_name), "%s",
             session_text(s, row, TURN_ANSWER_ACCEPTED_NAME));
}

static void read_open(const struct session *s, int row, struct claim_state *claim)
{
    claim->open = true;
    claim->open_at.run = session_integer(s, row, TURN_ANSWER_OPEN_RUN);
    claim->open_at.row = (uint64_t)session_integer(s, row, TURN_ANSWER_OPEN_ROW);
    claim->open_is_intent = session_bool(s, row, TURN_ANSWER_OPEN_INTENT);
    claim->open_run_alive = claim->open_is_intent && session_bool(s, row, TURN_ANSWER_OPEN_ALIVE);
}

int server_answer_read(const struct session *session, int row, struct server_answer *ret_answer,
                       struct error *err)
{
    struct row_facts *facts = &ret_answer->facts;

    *facts = (struct row_facts){0};
    ret_answer->claim = session_integer(session, row, TURN_ANSWER_CLAIM);
    ret_answer->version = (int32_t)session_integer(session, row, TURN_ANSWER_VERSION);
    ret_answer->open_call = session_integer(session, row, TURN_ANSWER_OPEN_CALL);
    ret_answer->is_early = session_bool(session, row, TURN_ANSWER_IS_EARLY);
    if (!session_is_null(session, row, TURN_ANSWER_ACCEPTED_RUN))
        read_accepted(session, row, &facts->claim);
    if (!session_is_null(session, row, TURN_ANSWER_OPEN_CALL))
        read_open(session, row, &facts->claim);
    facts->has_before = !session_is_null(session, row, TURN_ANSWER_BEFORE);
    read_numbers(session, row, TURN_ANSWER_BEFORE, &facts->before);
    return read_row(session, row, TURN_ANSWER_OPEN, &ret_answer->open, err) ||
                   read_row(session, row, TURN_ANSWER_LAST, &ret_answer->last, err)
               ? -1
               : 0;
}

void server_answer_release(struct server_answer *answer)
{
    known_row_release(&answer->open);
    known_row_release(&answer->last);
}

void server_answer_facts(const struct session *session, struct server_facts *ret_facts)
{
    *ret_facts = (struct server_facts){
        .now_ms = session_integer(session, 0, TURN_FACT_NOW_MS),
        .ban_ms = session_integer(session, 0, TURN_FACT_BAN_MS),
        .day = (int32_t)session_integer(session, 0, TURN_FACT_DAY),
        .calls = session_integer(session, 0, TURN_FACT_CALLS),
        .generation = session_integer(session, 0, TURN_FACT_GENERATION),
        .halt_code = (int)session_integer(session, 0, TURN_FACT_HALT_CODE),
    };
}

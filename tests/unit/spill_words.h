/* Answers that a test keeps in a spill. */
#ifndef CLAIMBATCH_TESTS_SPILL_WORDS_H
#define CLAIMBATCH_TESTS_SPILL_WORDS_H

#include "ledger/postgres/outage/spill.h"

#define SPILL_LEDGER "0123456789abcdef0123456789abcdef"

/* Of a call of claim 1000000 + call, which was accepted. */
static inline struct spill_answer spill_answer_of(int64_t run, int64_t call)
{
    return (struct spill_answer){
        .run = run,
        .attempt = {.call = call, .claim = 1000000 + call, .has_fee = true, .fee_fen = 9950},
        .end = SERVER_END_OVER,
        .record = {.row = (uint64_t)call,
                   .state = ROW_FINAL,
                   .outcome = OUTCOME_ACCEPTED,
                   .counts_as = OUTCOME_ACCEPTED,
                   .attempts = 4,
                   .tries = 3,
                   .round = 2,
                   .http_status = 200,
                   .submitted_ms = 1234567890123,
                   .duration_ms = 50,
                   .digest = {7, 0, 255},
                   .code = "ACCEPTED",
                   .sub_code = "",
                   .message = "said '\" 中文",
                   .request_id = "id",
                   .warnings = "W1;W2"},
    };
}

static inline int append_answers(struct spill *spill, const struct spill_answer *answers,
                                 size_t count, struct error *err)
{
    struct buffer records = {0};
    int result;

    for (size_t i = 0; i < count; i++)
        spill_put(&records, &answers[i]);
    result = spill_append(spill, records.ptr, records.len, count, err);
    buffer_release(&records);
    return result;
}

#endif

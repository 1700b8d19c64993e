/* What the tests of a report's lines begin with. */
#ifndef CLAIMBATCH_TESTS_LINE_WORDS_H
#define CLAIMBATCH_TESTS_LINE_WORDS_H

#include "report/line.h"

/* Of a row that was sent once, in 2022-12-12T00:00:00.007+08:00, and answered. */
static inline struct row_record answered_record(uint64_t row, enum outcome outcome)
{
    return (struct row_record){
        .row = row,
        .state = ROW_FINAL,
        .outcome = outcome,
        .counts_as = outcome,
        .attempts = 1,
        .http_status = 200,
        .submitted_ms = 1670774400007,
        .duration_ms = 51,
        .code = "SUCCESS",
        .sub_code = "",
        .message = "ok",
        .request_id = "abc",
        .warnings = "",
    };
}

#endif

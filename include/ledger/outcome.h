/*
 * outcome: what became of a row (contract section 3), and everything a report line says about it.
 *
 * Tested by tests/unit/test_outcome.c
 */
#ifndef CLAIMBATCH_LEDGER_OUTCOME_H
#define CLAIMBATCH_LEDGER_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

/* The values are stored in ledgers: never renumber. */
enum outcome {
    OUTCOME_ACCEPTED = 0,
    OUTCOME_REJECTED = 1,
    OUTCOME_FAILED = 2,
    OUTCOME_UNKNOWN = 3,
    OUTCOME_INVALID = 4,
    OUTCOME_SKIPPED = 5,
    OUTCOME_UNSENT = 6,
    OUTCOME_COUNT = 7,
};

/* "accepted" … "unsent". */
const char *outcome_name(enum outcome outcome);

/* The same for people, in their language; and with the name that the report has where that is
 * another. All labels of a table need so many columns. */
#define OUTCOME_LABEL_BYTES 64
const char *outcome_word(enum outcome outcome);
const char *outcome_label(enum outcome outcome, char ret_text[OUTCOME_LABEL_BYTES]);
size_t outcome_label_columns(void);
bool outcome_parse(const char *name, enum outcome *ret_outcome);

/* Where a row is in its life. The values are stored in ledgers: never renumber. */
enum row_state {
    ROW_UNTOUCHED = 0, /* nothing is recorded of it */
    ROW_AGAIN = 2,     /* surely not executed; is to be sent again */
    ROW_FINAL = 3,     /* has the outcome of an attempt */
    ROW_NOTED = 4,     /* has an outcome without an attempt: what was known of its claim decided */
};

/* What the ledger holds of one row of one run. Texts are never NULL. */
struct row_record {
    uint64_t row; /* as a spreadsheet counts */
    enum row_state state;
    enum outcome outcome;   /* where outcome_is_there */
    enum outcome counts_as; /* for the exit code: of a DUPLICATE_IN_FILE, what the row it repeats
                               counts as */
    int attempts;           /* calls that were handed to a connection, or may have been */
    int tries;              /* those of them that used up one of --retries */
    int64_t round;          /* the last round in which it was sent; 0: none */
    int http_status;        /* of the last attempt; 0: none */
    int64_t submitted_ms;   /* wall time of the last attempt; 0: never sent */
    int64_t duration_ms;    /* of the last attempt */
    unsigned char digest[DIGEST_CLAIM_BYTES];
    const char *code;
    const char *sub_code;
    const char *message;
    const char *request_id;
    const char *warnings; /* codes that arose in the run, joined by ';'; those of the rules are not
                             stored */
};

/* The row of an earlier run for whose attempt a row waits, by the message that refill gives it; 0:
 * none. */
uint64_t outcome_awaited_row(const struct row_record *record);

/* Of an attempt whose run, or host, ended without having told of it: unknown. */
#define OUTCOME_ENDED_CODE "RUN_ENDED"
#define OUTCOME_ENDED_MESSAGE "the run ended before an answer came; the claim may have been stored"

/* Of a row that waited for an attempt which is settled now: unsent. */
#define OUTCOME_RELEASED_CODE "RELEASED"
#define OUTCOME_RELEASED_MESSAGE                                                                   \
    "the attempt of this claim that it waited for is settled now: the same command judges it "     \
    "again"

/* Whether the row is at its end, as far as this start goes. */
bool outcome_is_there(const struct row_record *record);

/* Whether its outcome is that of no attempt of its own. */
bool outcome_is_noted(const struct row_record *record);

#endif

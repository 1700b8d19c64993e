/*
 * turn_sql: the statements of a turn, each of which may come twice and does its work once: what it
 * writes stands under the number of a call, or is set where it was not.
 *
 * Rows are told of in arrays, one for each column, sorted as the locks are to be taken.
 *
 * Tested by tests/unit/test_turn_sql.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_TURN_SQL_H
#define CLAIMBATCH_LEDGER_POSTGRES_TURN_SQL_H

#include <stddef.h>

#include "server_type.h"

enum turn_statement {
    TURN_FENCE,     /* worker, epoch: CB001 where the worker is another's to end, or ended */
    TURN_BEAT,      /* worker, calls so far */
    TURN_OVER,      /* run, records: the attempt is over; gives the calls that were open */
    TURN_STAY,      /* the same; it stays open, as one that is unknown */
    TURN_PUT_OFF,   /* the same; of a resend, whose earlier attempt is the open one again */
    TURN_RELEASE,   /* claims, message: rows that wait for their attempt wait no more */
    TURN_NOTE,      /* run, records: of rows that have no attempt */
    TURN_DOUBT,     /* run, records: they may be the open attempt */
    TURN_WARN,      /* run, rows, codes */
    TURN_CHANGE,    /* run, rows, fees before, fees after: of rows that are noted */
    TURN_UNCHANGED, /* run, rows: that were, and are no more */
    TURN_NEW,       /* intents of claims that are not known; gives the calls that are open now */
    TURN_INTEND,    /* … of known ones */
    TURN_ASK,       /* gives what is known of claims */
    TURN_FACTS,     /* platform, app key, run: gives what no row tells */
    TURN_STATEMENT_COUNT,
};

#define TURN_CALL_BITS 28 /* of a call's number are the worker's own count */

/* The arrays of records, in this order behind the run. A fee may be null. */
enum turn_record {
    TURN_RECORD_CALL,
    TURN_RECORD_CLAIM, /* 0: none */
    TURN_RECORD_ROW,
    TURN_RECORD_STATE,
    TURN_RECORD_OUTCOME,
    TURN_RECORD_COUNTS_AS,
    TURN_RECORD_HTTP_STATUS,
    TURN_RECORD_ATTEMPTS,
    TURN_RECORD_TRIES,
    TURN_RECORD_SUBMITTED_MS,
    TURN_RECORD_DURATION_MS,
    TURN_RECORD_ROUND,
    TURN_RECORD_DIGEST,
    TURN_RECORD_CODE,
    TURN_RECORD_SUB_CODE,
    TURN_RECORD_MESSAGE,
    TURN_RECORD_REQUEST_ID,
    TURN_RECORD_WARNINGS,
    TURN_RECORD_FEE,
    TURN_RECORD_COUNT,
};

/* The arrays of intents, behind platform, worker and run. TURN_NEW has those before the claim. */
enum turn_intent {
    TURN_INTENT_CALL,
    TURN_INTENT_WORKCARD,
    TURN_INTENT_ORDER_NO,
    TURN_INTENT_ROW,
    TURN_INTENT_SUBMITTED_MS,
    TURN_INTENT_ROUND,
    TURN_INTENT_ATTEMPTS,
    TURN_INTENT_TRIES,
    TURN_INTENT_DIGEST,
    TURN_INTENT_WARNINGS,
    TURN_INTENT_CLAIM,
    TURN_INTENT_VERSION, /* as it was judged */
    TURN_INTENT_RESEND,  /* one that is unknown is no obstacle */
    TURN_INTENT_CHANGED, /* it was accepted with other content */
    TURN_INTENT_BEFORE,  /* … which came to that; may be null */
    TURN_INTENT_FEE,
    TURN_INTENT_COUNT,
};

/* The columns of an answer to TURN_ASK; those of rows are as in turn_row. */
enum turn_answer {
    TURN_ANSWER_ORDINAL, /* from 1 */
    TURN_ANSWER_CLAIM,   /* null: not known */
    TURN_ANSWER_VERSION,
    TURN_ANSWER_ACCEPTED_RUN, /* null: nothing was accepted */
    TURN_ANSWER_ACCEPTED_ROW,
    TURN_ANSWER_ACCEPTED_MS,
    TURN_ANSWER_ACCEPTED_DIGEST,
    TURN_ANSWER_ACCEPTED_FEE,
    TURN_ANSWER_ACCEPTED_NAME, /* of its run */
    TURN_ANSWER_ACCEPTED_SEQUENCE,
    TURN_ANSWER_ACCEPTED_RANK,
    TURN_ANSWER_OPEN_CALL, /* null: none is open */
    TURN_ANSWER_OPEN_RUN,
    TURN_ANSWER_OPEN_ROW,
    TURN_ANSWER_OPEN_INTENT,
    TURN_ANSWER_OPEN_ALIVE, /* its worker is */
    TURN_ANSWER_IS_EARLY,   /* it may not be settled, or sent again, yet */
    TURN_ANSWER_BEFORE,     /* the row before, with the first columns of turn_row */
};

enum turn_row {
    TURN_ROW_NUMBER, /* null: there is none */
    TURN_ROW_STATE,
    TURN_ROW_OUTCOME,
    TURN_ROW_COUNTS_AS,
    TURN_ROW_ATTEMPTS,
    TURN_ROW_TRIES,
    TURN_ROW_HTTP_STATUS,
    TURN_ROW_SUBMITTED_MS,
    TURN_ROW_DURATION_MS,
    TURN_ROW_DIGEST,
    TURN_ROW_ROUND,
    TURN_ROW_CODE, /* from here on not of the row before */
    TURN_ROW_SUB_CODE,
    TURN_ROW_MESSAGE,
    TURN_ROW_REQUEST_ID,
    TURN_ROW_WARNINGS,
    TURN_ROW_COLUMNS,
};

#define TURN_ANSWER_OPEN (TURN_ANSWER_BEFORE + (int)TURN_ROW_CODE)  /* the open attempt's row */
#define TURN_ANSWER_LAST (TURN_ANSWER_OPEN + (int)TURN_ROW_COLUMNS) /* the claim's newest row */

/* What a fact's column is. */
enum turn_fact {
    TURN_FACT_NOW_MS,
    TURN_FACT_BAN_MS, /* what is left of it */
    TURN_FACT_DAY,
    TURN_FACT_CALLS,
    TURN_FACT_GENERATION,
    TURN_FACT_HALT_CODE,
    TURN_FACT_HALT_TEXT,
};

const char *turn_sql(enum turn_statement statement);

/* The types of its values; how many is returned. */
size_t turn_sql_types(enum turn_statement statement, const enum server_type **ret_types);

#endif

/*
 * server_turn_core: what the files of a turn share. Private to them.
 *
 * Tested by tests/unit/test_server_turn.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SERVER_TURN_CORE_H
#define CLAIMBATCH_LEDGER_POSTGRES_SERVER_TURN_CORE_H

#include "alive/in_flight.h"
#include "alive/worker.h"
#include "outage/spill.h"
#include "server_array.h"
#include "server_turn.h"
#include "session.h"
#include "turn_sql.h"

/* Where what was asked is to be written. */
struct server_place {
    int64_t call; /* of an intent */
    bool *refused;
    int64_t *claim;
    struct server_answer *answer;
};

/* What one statement tells of rows: its arrays, without what stands before them. */
struct server_list {
    size_t columns;
    struct server_array arrays[TURN_RECORD_COUNT];
    size_t count, room;
    struct server_place *places; /* of TURN_NEW, TURN_INTEND and TURN_ASK */
};

struct server_turn {
    const char *url;
    struct worker *worker;
    struct server_work work;
    int64_t patience_ms;
    char ledger[LEDGER_ID_BYTES]; /* its id; "" until it was connected */
    struct session *session;      /* NULL: lost */
    bool repeated;                /* something of it may have been carried out before */
    bool no_memory;
    int64_t beat_ms; /* when what is to be answered was sent, where it beats; else 0 */
    struct in_flight in_flight;
    struct in_flight said; /* the calls that something is queued of */
    const char *app_key;   /* of the facts that are asked for; NULL: none */
    struct server_facts *facts;
    struct server_list lists[TURN_STATEMENT_COUNT];
    struct {
        struct buffer ends; /* that are queued, as records of a spill */
        size_t count;
        size_t len, upto;    /* of them, what the spill has */
        struct spill *spill; /* NULL: none */
        bool is_hindered;    /* that was told */
    } kept;
    size_t sent;                          /* of this pipeline */
    size_t numbers[TURN_STATEMENT_COUNT]; /* where they stand in it */
};

void server_turn_make_lists(struct server_turn *turn);

/* Adds a record to the arrays of a statement that takes records. */
void server_turn_put_record(struct server_list *list, const struct server_attempt *attempt,
                            const struct row_record *record);

/* Nothing is queued any more. */
void server_turn_forget(struct server_turn *turn);

/* Keeps an end that is queued, should the turn not be acknowledged. */
void server_turn_keep_end(struct server_turn *turn, const struct spill_answer *answer);

/* All of it was acknowledged; or it is closed. */
void server_turn_keep_no_more(struct server_turn *turn);
void server_turn_keep_close(struct server_turn *turn);

#endif

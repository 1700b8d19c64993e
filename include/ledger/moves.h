/*
 * moves: reports that made room for those of other runs, and where they are now.
 *
 * A move is recorded before anything is renamed, and ended once it is durable: what lies between
 * was cut short, and is completed by whoever opens the ledger next. Paths are absolute.
 *
 * Tested by tests/unit/test_move.c and tests/e2e/test_move.py
 */
#ifndef CLAIMBATCH_LEDGER_MOVES_H
#define CLAIMBATCH_LEDGER_MOVES_H

#include <stdint.h>

#include "ledger/ledger.h"

struct error;

struct report_move {
    int64_t id;
    struct buffer run;      /* whose report it is; "": none of ours */
    struct buffer from, to; /* of the report; its manifest goes with it */
    int64_t at_ms;
};

/* A zeroed one is fine. */
void ledger_move_release(struct report_move *move);

/* Records a move that is to be made, in a transaction of its own; sets its id. */
int ledger_move_begin(struct ledger *ledger, struct report_move *move, struct error *err);

/* Records that it was made, and that the run's report is there, in a transaction of its own. */
int ledger_move_end(struct ledger *ledger, const struct report_move *move, struct error *err);

/* Forgets one of which nothing was done. */
int ledger_move_withdraw(struct ledger *ledger, const struct report_move *move, struct error *err);

/* The first move with an id above `after` that is not ended: 1, or 0. */
int ledger_move_open(struct ledger *ledger, int64_t after, struct report_move *ret_move,
                     struct error *err);

/* Appends where the report of this run went that was at `from`: 1, or 0 when it was not moved. */
int ledger_move_find(struct ledger *ledger, const char *run, const char *from,
                     struct buffer *ret_to, struct error *err);

/* The runs whose reports went away from `from`, newest first; `nth` from 0: 1 and its name, or 0.
 */
int ledger_move_away(struct ledger *ledger, const char *from, int64_t nth, struct buffer *ret_run,
                     struct buffer *ret_to, struct error *err);

#endif

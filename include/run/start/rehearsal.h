/*
 * rehearsal: what a run would do, without doing it.
 *
 * One more pass over the rows with a look at the ledger; nothing is written and nothing is sent.
 * Rows of one claim in the same file are judged as if none came before: what becomes of the later
 * ones depends on answers that are not there yet. Only where what was accepted stands in a later
 * row they are known to be older.
 *
 * Tested by tests/e2e/test_upload.py
 */
#ifndef CLAIMBATCH_RUN_START_REHEARSAL_H
#define CLAIMBATCH_RUN_START_REHEARSAL_H

#include "base/money.h"
#include "input/inspection/inspection.h"
#include "ledger/changed.h"
#include "run/rows/fate.h"
#include "run/rows/history.h"
#include "run/start/alike.h"
#include "run/start/other_number.h"
#include "run/start/other_work_order.h"

struct error;

struct rehearsal {
    uint64_t rows[FATE_COUNT];
    money fee[FATE_COUNT]; /* fen */
    /* Of FATE_SEND_CHANGED those whose accepted content is not of this very export. */
    struct changed_sum changed;
    uint64_t done; /* final by an earlier start of this run */
    struct history *history;
    /* Of FATE_SEND, unless the rule damaged-order-no is off. */
    struct alike_found alike;
    struct other_work_order_found other_work_order;
    struct other_number_found other_number;
};

/* Borrowed. */
struct rehearsal_settings {
    const struct row_source *row_source;
    const struct inspection *inspection;
    struct ledger *ledger; /* NULL: nothing was ever sent */
    const char *platform;
    int64_t run;           /* the run these rows belong to, 0 if it is a new one */
    int64_t sequence;      /* as in struct run_record; 0: there is no run yet */
    int64_t rank;          /* … */
    enum round_kind round; /* what a person says to send again */
    void (*visit)(void *context, const struct claim *claim); /* is called with the first claims that
                                                                would be sent, in their order … */
    size_t visits;                                           /* … so many at most */
    void *context;
};

/* Judges every valid row. What it gives back is to be released, also after a failure. */
int rehearsal_run(const struct rehearsal_settings *settings, struct rehearsal *ret_rehearsal,
                  struct error *err);
void rehearsal_release(struct rehearsal *rehearsal);

#endif

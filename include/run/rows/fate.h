/*
 * fate: what happens to a row, given what the ledger knows of its claim (contract section 5).
 *
 * Pure, and a table: the first line that holds decides. The rows of one file come before the
 * claim's history: what happened to an earlier row of the same file says more about this one than
 * what other runs did.
 *
 * Tested by tests/unit/test_fate.c, line by line
 */
#ifndef CLAIMBATCH_RUN_ROWS_FATE_H
#define CLAIMBATCH_RUN_ROWS_FATE_H

#include <stdbool.h>

#include "ledger/ledger.h"

enum fate {
    FATE_SEND,
    FATE_SEND_CHANGED, /* with the warning changed-since-accepted */
    FATE_ACCEPTED,     /* skipped ALREADY_ACCEPTED */
    FATE_SUPERSEDED,   /* skipped SUPERSEDED */
    FATE_DUPLICATE,    /* skipped DUPLICATE_IN_FILE */
    FATE_EARLIER_OPEN, /* unsent EARLIER_ROW_OPEN */
    FATE_UNSETTLED,    /* unknown UNSETTLED */
    FATE_WAIT,         /* another run that is alive has an intent: ask again */
    FATE_RECOVER,      /* a run that is dead has an intent: make it unknown, then decide again */
    FATE_COUNT,
};

struct fate_facts {
    struct row_place order;      /* where the row to be decided stands */
    int64_t rank;                /* of its run, in the order of those that sent this row */
    const unsigned char *digest; /* of its content */
    const struct claim_state *claim;
    const struct row_record
        *before; /* the row directly before it of this claim in this file, or NULL */
    bool
        resend_unknown; /* a person said to send unsettled claims again, and this one was not yet */
    bool resubmit;      /* … or accepted ones */
    bool is_history;    /* a later row of this file has what was accepted: see history.h */
};

enum fate fate_make(const struct fate_facts *facts);

/* Whether what is recorded of a row says that a firewall in front of the gateway may have disliked
 * it, and no more: see run/firewall.h. */
bool fate_was_disliked(const struct row_record *record);

#endif

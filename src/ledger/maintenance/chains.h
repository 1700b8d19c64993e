/*
 * chains: every claim of a ledger, and whether what it says is what its rows say. Private to this
 * folder.
 *
 * Tested by tests/unit/test_verify.c
 */
#ifndef CLAIMBATCH_LEDGER_MAINTENANCE_CHAINS_H
#define CLAIMBATCH_LEDGER_MAINTENANCE_CHAINS_H

#include "ledger/chain.h"

struct chains_visitor {
    void *context;
    void (*say)(void *context, const char *sentence);
};

/* Says each contradiction. -1 when the ledger cannot be read on, with nothing rolled back: what
 * that means is for the caller. */
int chains_verify(struct ledger *ledger, const struct chains_visitor *visitor, struct error *err);

#endif

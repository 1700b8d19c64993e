/*
 * apply: decisions meet the ledger.
 *
 * All of one call are one transaction: all are recorded, or none. A decision settles the unknown
 * attempt of its row's claim only if it names that very attempt; else it is refused, and said is
 * what the ledger holds in its place.
 *
 * Tested by tests/e2e/test_resolve.py
 */
#ifndef CLAIMBATCH_COMMAND_RESOLVE_APPLY_H
#define CLAIMBATCH_COMMAND_RESOLVE_APPLY_H

#include <stdint.h>

#include "decisions.h"
#include "ledger/ledger.h"

struct error;

struct apply {
    struct ledger *ledger;
    struct run_record *run;      /* of the report; this process has its lock */
    struct decisions *decisions; /* each with its claim, or refused already */

    /* set by apply_decisions */
    uint64_t settled;
    uint64_t before; /* of which the very same was said before; nothing is changed */
};

/*
 * Records the decisions. A run whose row was settled is unpublished from then on, until its report
 * is published anew. EXIT_INPUT_REFUSED when any decision is refused.
 */
int apply_decisions(struct apply *apply, struct error *err);

#endif

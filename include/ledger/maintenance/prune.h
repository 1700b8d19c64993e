/*
 * prune: a ledger forgets what is old.
 *
 * Works in small transactions between those of running uploads, and may be cut off at any moment:
 * the next one goes on. Whatever it is told, it never forgets a claim's key, its newest accepted
 * content and place, or an attempt that nobody has settled; and no claim ever leads to a row that
 * is not there.
 *
 * Tested by tests/unit/test_prune.c
 */
#ifndef CLAIMBATCH_LEDGER_MAINTENANCE_PRUNE_H
#define CLAIMBATCH_LEDGER_MAINTENANCE_PRUNE_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"

/* What pruning forgets. */
struct prune {
    uint64_t runs;
    uint64_t rows;
    uint64_t kept_open;   /* runs that are old enough, but have an attempt nobody has settled */
    uint64_t kept_active; /* … or are alive */
    bool was_vacuumed;    /* the file has become smaller */
};

/* What pruning runs that ended before a moment would forget; forgets nothing. Takes a ledger of
 * view_open, too. */
int prune_plan(struct ledger *ledger, int64_t before_ms, struct prune *ret_plan, struct error *err);

/*
 * Forgets rows, counts, rounds, events and settlements of the runs that ended before a moment,
 * their export and report. What is left of such a run is its name, platform, origin and times; it
 * is nobody's export any more, so the same export is a new run.
 */
int prune_run(struct ledger *ledger, int64_t before_ms, struct prune *ret_pruned,
              struct error *err);

#endif

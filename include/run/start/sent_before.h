/*
 * sent_before: what other runs sent of a claim.
 *
 * Tested by tests/e2e/test_other_work_order.py and tests/e2e/test_other_number.py
 */
#ifndef CLAIMBATCH_RUN_START_SENT_BEFORE_H
#define CLAIMBATCH_RUN_START_SENT_BEFORE_H

#include <stdbool.h>
#include <stdint.h>

struct claim;
struct claim_key;
struct error;
struct ledger;

/* Borrowed. What this run sent itself does not count. */
struct sent_before {
    struct ledger *ledger;
    const char *platform;
    int64_t run, sequence; /* as in struct run_record; 0: there is no run yet */
};

/* Whether anything was accepted of the claim with this key, or its outcome is not known: 1, or 0
 * where there is nothing. *ret_same: it was what `claim` would be with that key. */
int sent_before_look(const struct sent_before *settings, const struct claim_key *key,
                     const struct claim *claim, bool *ret_same, struct error *err);

#endif

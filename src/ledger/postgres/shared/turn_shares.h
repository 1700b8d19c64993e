/*
 * turn_shares: what a run has of what all workers of its app key share: the rate, the day's calls.
 *
 * It is asked for outside of the turns' own connection, by the ledger's session.
 *
 * Tested by tests/unit/test_ledger_turn.c and tests/e2e/test_server_upload.py
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SHARED_TURN_SHARES_H
#define CLAIMBATCH_LEDGER_POSTGRES_SHARED_TURN_SHARES_H

#include <stdint.h>

#include "app.h"
#include "member_watch.h"
#include "rate_share.h"

struct app;
struct error;
struct ledger;

struct turn_shares {
    struct app_key app; /* its key is the run's, and lives as long */
    struct app_block block;
    struct rate_share rate;
    struct member_watch watch;
};

/* The ledger has its worker. */
int turn_shares_begin(struct turn_shares *shares, struct ledger *ledger, const struct app *app,
                      struct error *err);

/* What is left of the block is given back; where that fails it is lost to the day. */
void turn_shares_end(struct turn_shares *shares, struct ledger *ledger);

/* As rate_share_step, after a look at who else shares. Not in a transaction. */
int turn_shares_step(struct turn_shares *shares, struct ledger *ledger,
                     const struct rate_share_turn *turn, struct error *err);

/* How many calls of the day may be made, a block at a time; 0: the quota is used up. */
int turn_shares_calls_left(struct turn_shares *shares, struct ledger *ledger, int64_t quota,
                           int64_t *ret_left, struct error *err);

/* Calls of another day than the block's were counted when that was taken. */
void turn_shares_charge(struct turn_shares *shares, int32_t day, int64_t calls);

#endif

/*
 * turn: the transactions in which a run tells the ledger what became of its rows, and asks of
 * others, one after the other.
 *
 * With a ledger in a file each function of ledger.h does at once what it says. With one on a server
 * they are queued, and the commit carries them out in one round trip: until then nothing is known
 * of what was asked, and after it all is. A turn is repeated until the server has acknowledged it,
 * so an answer in it is never lost with a connection.
 *
 * Tested by tests/unit/test_ledger_turn.c
 */
#ifndef CLAIMBATCH_LEDGER_TURN_H
#define CLAIMBATCH_LEDGER_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/shared_limits.h"

struct deadline;
struct error;
struct ledger;

/* For a run that this process has locked. The app key is borrowed until the ledger is closed. A
 * server that cannot be reached is waited for so long: then a commit has failed for good. */
int ledger_turns_open(struct ledger *ledger, int64_t run, const struct app *app,
                      int64_t patience_ms, struct error *err);

/* As ledger_begin, ledger_commit and ledger_rollback. */
int ledger_turn_begin(struct ledger *ledger, struct error *err);
int ledger_turn_commit(struct ledger *ledger, struct error *err);
void ledger_turn_rollback(struct ledger *ledger);

/* Whether a connection that is not the turns' own was lost, so that what is asked outside of them
 * would wait. A commit makes it anew. */
bool ledger_turn_is_lost(const struct ledger *ledger);

/* Whether the commit that has failed may succeed later, for the server could not be reached and has
 * not been waited for too long: the same turn goes on, and more may be queued in it. */
bool ledger_turn_waits(const struct ledger *ledger);

/* After a commit that has failed for good, and what has come since was queued: keeps the answers on
 * this host, where the ledger is on a server, and adds to the error where they are; where another
 * host has taken the run over they are told as late ones. Whether that was done. */
bool ledger_turn_keep(struct ledger *ledger, struct error *err);

#endif

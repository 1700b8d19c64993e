/*
 * ledger_witness: what the witness of this host says of a ledger on a server that was opened, told
 * as the count of commits beside a ledger that is a file is (ledger/commits.h).
 *
 * Tested by tests/unit/test_ledger_witness.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_OUTAGE_LEDGER_WITNESS_H
#define CLAIMBATCH_LEDGER_POSTGRES_OUTAGE_LEDGER_WITNESS_H

struct error;
struct host_lock;
struct ledger;

/* When it has been opened, by whomever: where this host has a witness that it may read, and that
 * knows of more than the ledger, so many commits are lost. The host may be NULL: it has none. */
int ledger_witness_look(struct ledger *ledger, const struct host_lock *host, struct error *err);

/* Before its worker begins, which the witness is told of from then on. EXIT_CANNOT_CREATE. */
int ledger_witness_open(struct ledger *ledger, struct error *err);

/* Once a transaction is committed: where a person has said in it that the ledger is to be used as
 * it is. Where that cannot be written it has to be said again. */
void ledger_witness_forget(struct ledger *ledger);

#endif

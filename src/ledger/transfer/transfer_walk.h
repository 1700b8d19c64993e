/*
 * transfer_walk: all tables of a ledger are carried over, either way.
 *
 * Tested by tests/e2e/test_server_move.py
 */
#ifndef CLAIMBATCH_LEDGER_TRANSFER_TRANSFER_WALK_H
#define CLAIMBATCH_LEDGER_TRANSFER_TRANSFER_WALK_H

#include "transfer_sql.h"

struct ledger;
struct transfer;

/* In the open transactions of both, the one that is told being empty. EXIT_TRY_LATER where a signal
 * asks for a stop. */
int transfer_walk(enum transfer_way way, struct ledger *file, struct ledger *server,
                  const struct transfer_sql *sql, struct error *err);

/* In the open transaction of a file: one that has it open may not have seen what is said of it
 * since, and who opens it later waits. EXIT_TRY_LATER. */
int transfer_check_alone(struct ledger *file, struct error *err);

/* Whether each has as much as the other, which is counted. EXIT_INTERNAL. */
int transfer_compare(struct ledger *file, struct ledger *server, struct transfer *ret_counts,
                     struct error *err);

#endif

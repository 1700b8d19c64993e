/*
 * transfer: a ledger moves from a file to a PostgreSQL server, with all that it knows, and with its
 * id.
 *
 * The file is marked first: from then on whoever opens it is refused, and told where the ledger is.
 * So where the move was cut short nothing can be sent with either, and the same again completes it.
 *
 * Tested by tests/e2e/test_server_move.py
 */
#ifndef CLAIMBATCH_LEDGER_TRANSFER_TRANSFER_H
#define CLAIMBATCH_LEDGER_TRANSFER_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

struct error;

struct transfer {
    int64_t runs, claims, rows;
    bool was_done; /* by an earlier one: nothing was left to do */
};

/*
 * The database must hold no ledger, or one with which nothing was done. EXIT_TRY_LATER while a run
 * is alive; EXIT_BAD_CONFIG for a file that is damaged, that was moved elsewhere, or that a run has
 * not looked at since it was copied.
 */
int transfer_to_server(const char *path, const char *url, struct transfer *ret_transfer,
                       struct error *err);

#endif

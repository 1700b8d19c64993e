/*
 * transfer: a ledger moves from a file to a PostgreSQL server, or back, with all that it knows, and
 * with its id.
 *
 * Who opens the one that it has left is refused, and told where the ledger is. On the way there the
 * file is marked first, and the server has it with its commit. On the way back the file is filled
 * marked, and on the disk; then the server is marked, and then the file's mark is taken away. So at
 * no moment both can be used, and the same again completes a move that was cut short.
 *
 * Tested by tests/e2e/test_server_move.py and tests/e2e/test_server_back.py
 */
#ifndef CLAIMBATCH_LEDGER_TRANSFER_TRANSFER_H
#define CLAIMBATCH_LEDGER_TRANSFER_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

struct error;

struct transfer {
    int64_t runs, claims, rows;
    int64_t evidence; /* answers that contradict a person, which are events of their runs now */
    bool was_done;    /* by an earlier one: nothing was left to do */
    bool was_cut;     /* an earlier one was: what was left of it is done, and nothing counted */
};

/*
 * The database must hold no ledger, or one with which nothing was done. EXIT_TRY_LATER while a run
 * is alive; EXIT_BAD_CONFIG for a file that is damaged, that was moved elsewhere, or that a run has
 * not looked at since it was copied.
 */
int transfer_to_server(const char *path, const char *url, struct transfer *ret_transfer,
                       struct error *err);

/*
 * The file must not be there, or hold a ledger with which nothing was done, or be the one that was
 * moved there. EXIT_TRY_LATER while a host is at work, or it is not known whether the server was
 * told; EXIT_INPUT_REFUSED while a claim may still leave of which a host that is gone has left an
 * intent; EXIT_BAD_CONFIG for a ledger that is damaged, or that was moved to another file, and
 * where this host keeps answers that it does not take.
 */
int transfer_to_file(const char *url, const char *path, struct transfer *ret_transfer,
                     struct error *err);

#endif

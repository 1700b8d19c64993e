/*
 * status_move: a ledger is moved to a PostgreSQL server, or back to a file.
 *
 * Tested by tests/e2e/test_server_move.py
 */
#ifndef CLAIMBATCH_COMMAND_STATUS_STATUS_MOVE_H
#define CLAIMBATCH_COMMAND_STATUS_STATUS_MOVE_H

struct error;
struct status;

int status_move(struct status *s, struct error *err);

#endif

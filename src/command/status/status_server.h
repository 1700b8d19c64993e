/*
 * status_server: what a status shows of a ledger on a server besides.
 *
 * Tested by tests/e2e/test_server_status.py
 */
#ifndef CLAIMBATCH_COMMAND_STATUS_STATUS_SERVER_H
#define CLAIMBATCH_COMMAND_STATUS_STATUS_SERVER_H

struct error;
struct status;

/* What its commits last with, who is at work, and what came late; nothing of a file. */
int status_server_show(struct status *s, struct error *err);

/* Once all is shown: what contradicts what the ledger says is told as an error. */
void status_server_tell(const struct status *s);

#endif
